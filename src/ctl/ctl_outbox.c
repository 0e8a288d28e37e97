#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/ctl.h"
#include "ctl/ctl_table.h"
#include "domain/admin_outbox.h"

enum { PAGE = 100, PAGE_TEXT_MAX = 1024 * 1024, NUMBER_MAX = 24 };

static bool
is_waiting(const struct message *message)
{
	return message->state == MESSAGE_PENDING || message->state == MESSAGE_HELD;
}

/* Given to a gateway just now, or about to be; a lease that is over was somebody's who died. */
static bool
is_under_way(const struct message *message)
{
	return message->state == MESSAGE_PENDING && message->lease_until > clock_now_ms();
}

/* Nothing of what it says: that is sealed, and not the admin's to read. */
static void
add_message(struct json_out *out, const struct message *message)
{
	json_out_object(out, NULL);
	json_out_string(out, "id", str_from(message->id));
	json_out_string(out, "kind", str_from(message_kind_name(message->kind)));
	json_out_string(out, "channel", str_from(channel_name(message->channel)));
	json_out_string(out, "recipient", str_from(message->recipient));
	json_out_string(out, "language", str_from(message->language));
	json_out_bool(out, "is_resend", message->is_resend);
	json_out_string(out, "state", str_from(message_state_name(message->state)));
	json_out_bool(out, "under_way", is_under_way(message));
	json_out_int(out, "attempts", message->attempts);
	json_out_string(out, "gateway", str_from(message->gateway));
	json_out_string(out, "result", str_from(message->result));
	ctl_add_time(out, "created_at", message->created_at);
	ctl_add_time(out, "expires_at", message->expires_at);
	ctl_add_time(out, "retry_at", message->state == MESSAGE_PENDING ? message->retry_at : 0);
	ctl_add_time(out, "done_at", message->done_at);
	json_out_end(out);
}

static enum rc
add_line(struct ctl_table *table, const struct message *message)
{
	char created[CLOCK_TEXT_MAX + 1], attempts[NUMBER_MAX];

	clock_format(message->created_at, true, created);
	(void)snprintf(attempts, sizeof(attempts), "%" PRId64, message->attempts);
	return ctl_table_add(table,
	    (const char *const[]){ message->id, created, message_kind_name(message->kind),
	        channel_name(message->channel), message->recipient,
	        message_state_name(message->state), attempts, message->gateway, message->result });
}

static enum ctl_status
list(struct ctl *ctl, struct ctl_table *table, struct json_out *out)
{
	char last[RANDOM_ID_LEN + 1] = "";
	struct message page[PAGE];
	enum rc rc;
	size_t n;

	do {
		n = 0;
		rc = admin_list_messages(
		    ctl->service, last[0] == '\0' ? STR_NULL : str_from(last), PAGE, page, &n);
		/* The last one of the page before was purged meanwhile: so are those after it. */
		if (rc == RC_NONE)
			return CTL_OK;
		for (size_t i = 0; rc == RC_OK && i < n; i++)
			if (table == NULL)
				add_message(out, &page[i]);
			else
				rc = add_line(table, &page[i]);
		if (n > 0)
			(void)snprintf(last, sizeof(last), "%s", page[n - 1].id);
		for (size_t i = 0; i < n; i++)
			message_release(&page[i]);
		if (rc != RC_OK)
			return ctl_refuse(rc, NULL);
		if (table == NULL && ctl_print(out->buf) != CTL_OK)
			return CTL_FAILED;
	} while (n == PAGE);
	return CTL_OK;
}

enum ctl_status
ctl_outbox_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_column columns[] = { { "ID", false }, { "CREATED", false },
		{ "KIND", false }, { "CHANNEL", false }, { "RECIPIENT", false }, { "STATE", false },
		{ "ATTEMPTS", true }, { "GATEWAY", false }, { "RESULT", false } };
	struct buf text = BUF_INIT(PAGE_TEXT_MAX);
	struct json_out out = json_out_to(&text);
	struct ctl_table *table = NULL;
	enum ctl_status status;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc != optind)
		return ctl_usage(ctl);
	if ((status = ctl_open_service(ctl)) != CTL_OK)
		return status;
	if (ctl->is_json) {
		json_out_array(&out, NULL);
		status = list(ctl, NULL, &out);
		json_out_end(&out);
		buf_add_char(&text, '\n');
		if (status == CTL_OK)
			status = ctl_print(&text);
	} else if (ctl_table_new(columns, sizeof(columns) / sizeof(columns[0]), true, &table) !=
	           RC_OK) {
		status = CTL_FAILED;
	} else if ((status = list(ctl, table, &out)) == CTL_OK) {
		status = ctl_refuse(ctl_table_print(table), NULL);
	}
	ctl_table_free(table);
	buf_release(&text);
	return status;
}

static enum rc
add_lines(struct ctl_table *table, const struct message *message)
{
	char created[CLOCK_TEXT_MAX + 1], expires[CLOCK_TEXT_MAX + 1], retry[CLOCK_TEXT_MAX + 1],
	    done[CLOCK_TEXT_MAX + 1], attempts[NUMBER_MAX];
	const char *const lines[][2] = {
		{ "id", message->id },
		{ "kind", message_kind_name(message->kind) },
		{ "channel", channel_name(message->channel) },
		{ "recipient", message->recipient },
		{ "language", message->language },
		{ "resend", message->is_resend ? "yes" : "no" },
		{ "state", message_state_name(message->state) },
		{ "under way", is_under_way(message) ? "yes" : "no" },
		{ "failed rounds", attempts },
		{ "last gateway", message->gateway },
		{ "last result", message->result },
		{ "created", created },
		{ "expires", expires },
		{ "due", message->state == MESSAGE_PENDING ? retry : NULL },
		{ "done", is_waiting(message) ? NULL : done },
	};
	enum rc rc = RC_OK;

	(void)snprintf(attempts, sizeof(attempts), "%" PRId64, message->attempts);
	clock_format(message->created_at, true, created);
	clock_format(message->expires_at, true, expires);
	clock_format(message->retry_at, true, retry);
	clock_format(message->done_at, true, done);
	for (size_t i = 0; rc == RC_OK && i < sizeof(lines) / sizeof(lines[0]); i++)
		rc = ctl_table_add(table, lines[i]);
	return rc;
}

static enum ctl_status
show(const struct ctl *ctl, const struct message *message)
{
	static const struct ctl_column columns[] = { { "NAME", false }, { "VALUE", false } };
	struct buf text = BUF_INIT(PAGE_TEXT_MAX);
	struct ctl_table *table = NULL;
	enum ctl_status status;
	enum rc rc;

	if (ctl->is_json) {
		struct json_out out = json_out_to(&text);

		add_message(&out, message);
		buf_add_char(&text, '\n');
		status = ctl_print(&text);
	} else {
		if ((rc = ctl_table_new(columns, 2, false, &table)) == RC_OK &&
		    (rc = add_lines(table, message)) == RC_OK)
			rc = ctl_table_print(table);
		status = ctl_refuse(rc, NULL);
	}
	ctl_table_free(table);
	buf_release(&text);
	return status;
}

enum ctl_status
ctl_outbox_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct message message = { 0 };
	enum ctl_status status;
	enum rc rc;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind != 1)
		return ctl_usage(ctl);
	if ((status = ctl_open_service(ctl)) != CTL_OK)
		return status;
	rc = admin_outbox_get(ctl->service, str_from(argv[optind]), &message);
	if (rc == RC_NONE) {
		log_error("there is no message \"%.60s\"", argv[optind]);
		return CTL_FAILED;
	}
	status = rc == RC_OK ? show(ctl, &message) : ctl_refuse(rc, NULL);
	message_release(&message);
	return status;
}

enum ctl_status
ctl_outbox_retry(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	const char *id;
	enum ctl_status status;
	size_t n = 0;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind > 1)
		return ctl_usage(ctl);
	id = optind < argc ? argv[optind] : NULL;
	if ((status = ctl_open_service(ctl)) != CTL_OK)
		return status;
	status = ctl_refuse(admin_retry_messages(ctl->service, str_from(id), &n), NULL);
	if (status != CTL_OK)
		return status;
	if (id != NULL && n == 0) {
		log_error("no message \"%.60s\" waits", id);
		return CTL_FAILED;
	}
	(void)printf("%zu message%s due now\n", n, n == 1 ? " is" : "s are");
	return CTL_OK;
}
