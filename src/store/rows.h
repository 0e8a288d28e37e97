/*
 * The rows: what can be asked of the database, one function per statement or two. All run inside
 * the caller's transaction (db_begin_read/db_begin_write). RC_NONE: no such row (deletes and purges
 * give RC_OK then, too). RC_TAKEN: a unique index refused. Texts in results are the caller's to
 * release.
 */
#ifndef AFFO_STORE_ROWS_H
#define AFFO_STORE_ROWS_H

#include "model/gateway.h"
#include "model/session.h"
#include "model/user.h"
#include "store/db.h"

/* user_row.c ------------------------------------------------------------------------------- */

struct user_keys {
	struct str email_key;
	struct str phone_key; /* absent: NULL, not unique (none, or a test recipient) */
	/* user_row_update only: the stored key stays, whatever it is. Imported rows may have keys
	 * that today's rules wouldn't give. */
	bool keeps_email_key, keeps_phone_key;
};

/* Inserts with user's email, phone, names, roles, is_active, password and the three times; the id
 * is given back. RC_TAKEN. */
MUST_USE enum rc user_row_insert(
    struct db *db, const struct user *user, struct user_keys keys, int64_t *ret_id);
MUST_USE enum rc user_row_get(struct db *db, int64_t id, struct user *ret); /* with the password */
MUST_USE enum rc user_row_by_email(struct db *db, struct str email_key, struct user *ret);
/* The users with that phone: the one by phone_key. */
MUST_USE enum rc user_row_by_phone(struct db *db, struct str phone_key, struct user *ret);
/* Writes email, phone, names, phone_verified, updated_at. RC_TAKEN, RC_NONE. */
MUST_USE enum rc user_row_update(struct db *db, const struct user *user, struct user_keys keys);
MUST_USE enum rc user_row_set_password(struct db *db, int64_t id, struct str hash, int64_t now);
MUST_USE enum rc user_row_set_roles(struct db *db, int64_t id, struct str roles, int64_t now);
MUST_USE enum rc user_row_set_active(struct db *db, int64_t id, bool is_active, int64_t now);
MUST_USE enum rc user_row_set_last_login(struct db *db, int64_t id, int64_t now);
/* phone_verified of whoever has the phone now; RC_OK also when nobody has. */
MUST_USE enum rc user_row_verify_phone(struct db *db, struct str phone_key, int64_t now);
/* Of all who have this phone without a key (a test recipient's). */
MUST_USE enum rc user_row_verify_shared_phone(struct db *db, struct str phone, int64_t now);
/* Up to max users with id > after, in the order of ids. */
MUST_USE enum rc user_row_list(
    struct db *db, int64_t after, size_t max, struct user *ret, size_t *ret_n);
/* A password hash of an existing user, drawn by `draw` (any 64 bits, mapped to the ids): for the
 * dummy hash. RC_NONE: no user has one. */
MUST_USE enum rc user_row_sample_password(struct db *db, uint64_t draw, struct buf *ret);

/* session_row.c ---------------------------------------------------------------------------- */

/* RC_NONE: there is no such user. */
MUST_USE enum rc session_row_insert(
    struct db *db, const struct session *session, struct str address, struct str user_agent);
MUST_USE enum rc session_row_get(struct db *db, struct str jti, struct session *ret);
/* What verify needs, in one statement: the session if it is there, the user if it is there. */
struct session_view {
	bool has_session;
	struct session session;
	bool has_user;
	bool is_active;
	char *roles, *email; /* NULL without a user */
};
/* Frees the contents and zeroes. */
void session_view_release(struct session_view *view);
MUST_USE enum rc session_row_view(
    struct db *db, struct str jti, int64_t user_id, struct session_view *ret);
/* Writes counter, parent, issued_at, seen, retries, last_seen_at. */
MUST_USE enum rc session_row_rotate(struct db *db, const struct session *session);
/* RC_NONE: the login is over, or its current counter is another. */
MUST_USE enum rc session_row_set_seen(struct db *db, struct str jti, int64_t counter, int64_t now);
/* Moves last_seen_at forward to `at`; RC_OK also when it is later, or the login is over. */
MUST_USE enum rc session_row_touch(struct db *db, struct str jti, int64_t at);
MUST_USE enum rc session_row_delete(struct db *db, struct str jti);
/* All of the user's but keep_jti (absent: all); *ret_n of them, may be NULL. */
MUST_USE enum rc session_row_delete_user(
    struct db *db, int64_t user_id, struct str keep_jti, size_t *ret_n);
/* Up to max of the user's that live at `now`, last seen first; the caller releases each. */
MUST_USE enum rc session_row_list(struct db *db, int64_t user_id, int64_t now, size_t max,
    struct session_info *ret, size_t *ret_n);
/* Those that live at `now`. */
MUST_USE enum rc session_row_count(struct db *db, int64_t user_id, int64_t now, int64_t *ret);
/* The one idle longest of those; RC_OK also when there is none. */
MUST_USE enum rc session_row_delete_idlest(struct db *db, int64_t user_id, int64_t now);
/* Up to max rows that expired by then; *ret_n is how many went. */
MUST_USE enum rc session_row_purge(struct db *db, int64_t before, size_t max, size_t *ret_n);

/* token_row.c: reset tokens (one_time_token) ------------------------------------------------ */

/* The newest only: replaces the user's former one. user_id 0 with is_void: the dummy row. */
MUST_USE enum rc token_row_put(struct db *db, struct str token_hash, int64_t user_id,
    int64_t created_at, int64_t expires_at, bool is_void);
MUST_USE enum rc token_row_get(struct db *db, struct str token_hash, int64_t now,
    int64_t *ret_user_id); /* RC_NONE: unknown, used, void or expired */
MUST_USE enum rc token_row_delete_user(struct db *db, int64_t user_id);
MUST_USE enum rc token_row_purge(struct db *db, int64_t now, size_t max, size_t *ret_n);

/* verification_row.c: phone codes ---------------------------------------------------------- */

struct verification {
	char request_id[RANDOM_ID_LEN + 1]; /* what the code is derived from */
	int64_t created_at, expires_at;
	int64_t wrong; /* guesses */
};
/* The live one of the phone (not used, not expired). */
MUST_USE enum rc verification_row_get(
    struct db *db, struct str phone, int64_t now, struct verification *ret);
MUST_USE enum rc verification_row_put(
    struct db *db, struct str phone, const struct verification *verification);
MUST_USE enum rc verification_row_wrong(struct db *db, struct str phone); /* + 1 */
MUST_USE enum rc verification_row_delete(struct db *db, struct str phone);
MUST_USE enum rc verification_row_purge(struct db *db, int64_t now, size_t max, size_t *ret_n);

/* bad_recipient_row.c ---------------------------------------------------------------------- */

/* Recipients that a gateway called bad, remembered until a time. */
MUST_USE enum rc bad_recipient_row_put(struct db *db, struct str recipient, int64_t until_at);
MUST_USE enum rc bad_recipient_row_get(struct db *db, struct str recipient, int64_t now);
MUST_USE enum rc bad_recipient_row_purge(struct db *db, int64_t now, size_t max, size_t *ret_n);

/* day_count_row.c -------------------------------------------------------------------------- */

/* One more of scope on that day (days since 1970); *ret_n is how many there are now. */
MUST_USE enum rc day_count_row_add(struct db *db, int64_t day, struct str scope, int64_t *ret_n);
MUST_USE enum rc day_count_row_purge(struct db *db, int64_t before_day, size_t max, size_t *ret_n);

/* outbox_row.c ----------------------------------------------------------------------------- */

/* In message's state: pending, or void (which list and depth never see, and whose claimer finishes
 * it as void). */
MUST_USE enum rc outbox_row_insert(struct db *db, const struct message *message);
/* Claims up to max rows that are due (pending or void, retry_at <= now, lease over), oldest first,
 * until lease_until. One UPDATE ... RETURNING. A leased row's retry_at is the end of its lease. */
MUST_USE enum rc outbox_row_claim(struct db *db, int64_t now, int64_t lease_until, size_t max,
    struct message *ret, size_t *ret_n);
/* When the next row becomes due; RC_NONE: the outbox is empty. */
MUST_USE enum rc outbox_row_next_at(struct db *db, int64_t *ret_at);
/* state, retry_at, attempts, gateway, result; the lease ends, and `sealed` is erased unless the
 * state is pending or held. Only while the lease is still lease_until: else RC_NONE. */
MUST_USE enum rc outbox_row_finish(struct db *db, const struct message *message, int64_t now);
MUST_USE enum rc outbox_row_get(struct db *db, struct str id, struct message *ret);
MUST_USE enum rc outbox_row_list(struct db *db, struct str after_id, size_t max,
    struct message *ret, size_t *ret_n); /* newest first; after_id absent: from the start */
/* state, retry_at, result of a row that nobody has a lease on; `sealed` as with _finish. RC_NONE.
 */
MUST_USE enum rc outbox_row_change(struct db *db, const struct message *message, int64_t now);
/* What is in the outbox, but for what is void, by channel and state. */
MUST_USE enum rc outbox_row_depth(
    struct db *db, int64_t now, struct outbox_depth ret[CHANNEL__MAX][MESSAGE_STATE__MAX]);
/* Ends up to max held rows that expired. */
MUST_USE enum rc outbox_row_expire_held(struct db *db, int64_t now, size_t max, size_t *ret_n);
/* Due now: pending rows (id absent: all pending) and, by id, held ones. *ret_n rows. */
MUST_USE enum rc outbox_row_retry(struct db *db, struct str id, int64_t now, size_t *ret_n);
/* The gateway last used for this recipient on this channel; RC_NONE. */
MUST_USE enum rc outbox_row_last_gateway(
    struct db *db, enum channel channel, struct str recipient, struct buf *ret);
MUST_USE enum rc outbox_row_purge(struct db *db, int64_t done_before, size_t max, size_t *ret_n);

/* gateway_row.c: switch and circuit breaker, and what each made of its messages ------------- */

/* RC_NONE: never used. */
MUST_USE enum rc gateway_row_get(struct db *db, struct str name, struct gateway_state *ret);
/* All but is_off, which stays. */
MUST_USE enum rc gateway_row_put(struct db *db, struct str name, const struct gateway_state *state);
/* Sets is_off, and what the circuit breaker has noted to nothing. */
MUST_USE enum rc gateway_row_switch(struct db *db, struct str name, bool is_off);

/* One more attempt. */
MUST_USE enum rc gateway_row_count(
    struct db *db, struct str name, enum delivery_result result, int64_t took_ms, int64_t now);
MUST_USE enum rc gateway_row_counts(
    struct db *db, struct str name, struct gateway_count ret[static DELIVERY__MAX]);

/* audit_row.c ------------------------------------------------------------------------------ */

/* What happened, by whom, to whom (0: nobody); detail holds no secret. */
MUST_USE enum rc audit_row_insert(struct db *db, int64_t at, struct str event, int64_t actor_id,
    int64_t user_id, struct str address, struct str detail);
MUST_USE enum rc audit_row_purge(struct db *db, int64_t before, size_t max, size_t *ret_n);

#endif
