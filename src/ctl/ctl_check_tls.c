/* Which versions of TLS the site speaks. */
#include "ctl/ctl_check.h"

static bool
speaks(struct ctl_check *check, enum http_tls tls)
{
	static const struct ctl_check_case what = { .method = "GET", .path = "/nothing/" };
	bool does;

	check->probe.tls = tls;
	does = ctl_check_ask(check, &what);
	check->probe.tls = HTTP_TLS_ANY;
	return does;
}

void
ctl_check_tls(struct ctl_check *check)
{
	if (!str_starts(str_from(check->url), STR("https:"))) {
		ctl_check_say(check, "tls", false,
		    "the URL begins with http: passwords and tokens can be read on their way; "
		    "serve "
		    "https, as example-server.conf does");
		return;
	}
	if (speaks(check, HTTP_TLS_1_3))
		ctl_check_say(check, "tls-1.3", true, "TLS 1.3 is spoken");
	else
		ctl_check_say(check, "tls-1.3", false,
		    "no TLS 1.3; set ssl_protocols TLSv1.2 TLSv1.3, for nginx leaves it out by "
		    "itself");
	if (speaks(check, HTTP_TLS_1_0) || speaks(check, HTTP_TLS_1_1))
		ctl_check_say(check, "tls-old", false,
		    "TLS 1.0 or 1.1 is spoken, which can be broken; set ssl_protocols TLSv1.2 "
		    "TLSv1.3");
	else
		ctl_check_say(check, "tls-old", true, "nothing older than TLS 1.2 is spoken");
}
