#include "domain/admin_outbox.h"

#include <stdlib.h>

#include "base/clock.h"
#include "store/rows.h"

/* What an admin makes of a message that waits. */
struct change {
	const char *event; /* for the audit */
	enum message_state to;
	bool is_from_held_only;
	const char *result; /* NULL: the last one stays */
};

/* Inside a transaction. */
static enum rc
get(struct db *db, struct str id, struct message *ret)
{
	enum rc rc = outbox_row_get(db, id, ret);

	if (rc != RC_OK)
		return rc;
	if (ret->state != MESSAGE_VOID)
		return RC_OK;
	message_release(ret);
	return RC_NONE;
}

enum rc
admin_outbox_get(struct service *service, struct str id, struct message *ret)
{
	enum rc rc;

	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = get(service->db, id, ret);
	db_rollback(service->db);
	if (rc == RC_OK) {
		free(ret->sealed);
		ret->sealed = NULL;
	}
	return rc;
}

static enum rc
check(const struct change *change, const struct message *row, int64_t now)
{
	bool is_held = row->state == MESSAGE_HELD;

	if (!is_held && (row->state != MESSAGE_PENDING || change->is_from_held_only))
		return RC_TAKEN;
	return row->lease_until > now ? RC_BUSY : RC_OK;
}

/* Inside a transaction. */
static enum rc
put(struct db *db, const struct change *change, const struct message *message, int64_t now)
{
	struct message row = *message;
	char *result = change->result == NULL ? row.result : str_dup(str_from(change->result));
	enum rc rc;

	row.state = change->to;
	row.result = result;
	if (change->to == MESSAGE_PENDING)
		row.retry_at = now;
	rc = outbox_row_change(db, &row, now);
	if (rc == RC_OK)
		rc = audit_row_insert(
		    db, now, str_from(change->event), 0, 0, STR(""), str_from(row.id));
	if (change->result != NULL)
		free(result);
	return rc;
}

static enum rc
apply(struct service *service, const struct change *change, struct str id,
    enum message_state *ret_was)
{
	struct message row = { 0 };
	int64_t now = clock_now_ms();
	enum rc rc;

	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	if ((rc = get(service->db, id, &row)) != RC_OK)
		goto out;
	*ret_was = row.state;
	/* A release is of what was held: what waits anyway isn't. */
	if (row.state == change->to && !change->is_from_held_only)
		goto out;
	rc = check(change, &row, now);
	if (rc == RC_OK)
		rc = put(service->db, change, &row, now);
	if (rc == RC_OK)
		rc = db_commit(service->db);
out:
	db_rollback(service->db);
	message_release(&row);
	return rc;
}

enum rc
admin_outbox_hold(struct service *service, struct str id, enum message_state *ret_was)
{
	static const struct change hold = { .event = "outbox.hold", .to = MESSAGE_HELD };

	return apply(service, &hold, id, ret_was);
}

enum rc
admin_outbox_release(struct service *service, struct str id, enum message_state *ret_was)
{
	static const struct change release = {
		.event = "outbox.release", .to = MESSAGE_PENDING, .is_from_held_only = true
	};

	return apply(service, &release, id, ret_was);
}

enum rc
admin_outbox_cancel(struct service *service, struct str id, enum message_state *ret_was)
{
	static const struct change cancel = {
		.event = "outbox.cancel", .to = MESSAGE_CANCELLED, .result = "cancelled by an admin"
	};

	return apply(service, &cancel, id, ret_was);
}

enum rc
admin_outbox_depth(
    struct service *service, struct outbox_depth ret[CHANNEL__MAX][MESSAGE_STATE__MAX])
{
	enum rc rc;

	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = outbox_row_depth(service->db, clock_now_ms(), ret);
	db_rollback(service->db);
	return rc;
}
