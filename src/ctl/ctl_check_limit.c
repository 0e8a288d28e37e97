/*
 * Whether an address is limited, and whether clients can choose theirs. Password resets for
 * nobody are asked for until that is refused. No mail leaves, but the allowance of the caller's
 * address is used up then, for up to an hour.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "ctl/ctl_check.h"

enum {
	RESETS_MAX = 40, /* limits.send_address is 30 by default */
	ROUNDS_MAX = 4,
	TEXT_MAX = 512,
};

/* Asks once; the status, 0 for no answer. address: what the client pretends to come from. */
static long
ask_for_reset(struct ctl_check *check, const char *address)
{
	struct ctl_check_case what = {
		.method = "POST",
		.path = "/password/reset/",
		.headers = { { "Content-Type", STR("application/json") } },
	};
	static const char *const names[] = { "X-Forwarded-For", "X-Real-IP", "Client-IP",
		"True-Client-IP", "CF-Connecting-IP" };
	struct buf body = BUF_INIT(TEXT_MAX);
	bool is;

	for (size_t i = 0; address != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		what.headers[1 + i] = (struct http_header){ names[i], str_from(address) };
	/* Another one each time: recipients have a limit of their own. */
	buf_printf(&body,
	    "{\"email\":\"check-%08" PRIx32 "%08" PRIx32 "@affo-userctl.invalid\","
	    "\"url_template\":\"{token}\"}",
	    random_below(UINT32_MAX), random_below(UINT32_MAX));
	what.body = buf_str(&body);
	is = ctl_check_ask(check, &what);
	buf_release(&body);
	return is ? check->reply.status : 0;
}

/* Asks until it is refused; false: it never was, or something else came. */
static bool
use_up(struct ctl_check *check)
{
	struct buf came = BUF_INIT(TEXT_MAX);
	long status = 200;
	int n;

	for (n = 0; n < RESETS_MAX && status == 200; n++)
		status = ask_for_reset(check, NULL);
	ctl_check_describe(check, &came);
	if (status == 200)
		ctl_check_say(check, "limits", false,
		    "%d password resets in a row were asked for from one address, and none was "
		    "refused; is limits.send_address as large as that, or REMOTE_ADDR not "
		    "$remote_addr?",
		    n);
	else if (!ctl_check_is_error(check, 429, "TooManyRequests") ||
	         http_client_header(&check->reply, STR("Retry-After")).len == 0)
		ctl_check_say(check, "limits", false,
		    "password resets in a row: %s%s, not 429 TooManyRequests with Retry-After; set "
		    "limit_req_status 429 and error_page 429 /_affo_user/429; as "
		    "affo-user-params.conf has them",
		    buf_text(&came), status == 429 ? " without Retry-After" : "");
	else
		ctl_check_say(check, "limits", true, "an address is limited, here after %d", n - 1);
	buf_release(&came);
	return status == 429;
}

/* The limit gives back an event every two minutes or so, so one answer proves nothing: twice
 * another address must get what the own one is refused right after. */
static bool
believes_headers(struct ctl_check *check)
{
	char address[sizeof("203.0.113.255")];
	int proofs = 0;

	for (int i = 0; i < ROUNDS_MAX && proofs < 2; i++) {
		(void)snprintf(
		    address, sizeof(address), "203.0.113.%" PRIu32, 1 + random_below(254));
		if (ask_for_reset(check, address) != 200)
			return false;
		if (ask_for_reset(check, NULL) == 429)
			proofs++;
	}
	return proofs == 2;
}

void
ctl_check_limits(struct ctl_check *check)
{
	if (!use_up(check))
		return;
	if (believes_headers(check))
		ctl_check_say(check, "forwarded", false,
		    "a client that sends X-Forwarded-For (or the like) is no more limited: clients "
		    "choose their address; REMOTE_ADDR must be $remote_addr, and set_real_ip_from "
		    "may name proxies of yours only");
	else
		ctl_check_say(check, "forwarded", true, "clients can't choose their address");
}
