#include "store/statements.h"

#include <stddef.h>

#define USER_COLUMNS                                                                               \
	"id, email, phone, first_name, last_name, roles, is_active, phone_verified, "              \
	"last_login_at, created_at, updated_at, password"
#define SESSION_COLUMNS                                                                            \
	"jti, user_id, counter, parent, issued_at, seen, retries, expires_at, created_at, "        \
	"last_seen_at"
/* What the index outbox_due has, word for word. */
#define OUTBOX_WAITS "state IN ('pending', 'void') AND done_at IS NULL"
#define OUTBOX_COLUMNS                                                                             \
	"id, kind, channel, state, recipient, language, sealed, is_resend, created_at, "           \
	"expires_at, retry_at, lease_until, attempts, gateway, result, done_at"

/* clang-format off */
const struct statement statements[STMT__MAX] = {
	[STMT_BEGIN_READ] = { "BEGIN", NULL },
	[STMT_BEGIN_WRITE] = { "BEGIN IMMEDIATE", NULL },
	[STMT_COMMIT] = { "COMMIT", NULL },
	[STMT_ROLLBACK] = { "ROLLBACK", NULL },
	[STMT_USER_VERSION] = { "PRAGMA user_version", NULL },
	[STMT_DATA_VERSION] = { "PRAGMA data_version", NULL },

	[STMT_USER_INSERT] = {
		"INSERT INTO \"user\" (email, email_key, phone, phone_key, first_name, last_name,"
		" password, roles, is_active, phone_verified, last_login_at, created_at,"
		" updated_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id",
		NULL },
	[STMT_USER_GET] = { "SELECT " USER_COLUMNS " FROM \"user\" WHERE id = $1", NULL },
	[STMT_USER_BY_EMAIL] = {
		"SELECT " USER_COLUMNS " FROM \"user\" WHERE email_key = $1", NULL },
	[STMT_USER_BY_PHONE] = {
		"SELECT " USER_COLUMNS " FROM \"user\" WHERE phone_key = $1", NULL },
	[STMT_USER_UPDATE] = {
		"UPDATE \"user\" SET email = $2, phone = $4, first_name = $6, last_name = $7,"
		" phone_verified = $8, updated_at = $9,"
		" email_key = CASE WHEN $10 = 1 THEN email_key ELSE $3 END,"
		" phone_key = CASE WHEN $11 = 1 THEN phone_key ELSE $5 END WHERE id = $1",
		NULL },
	[STMT_USER_SET_PASSWORD] = {
		"UPDATE \"user\" SET password = $2, updated_at = $3 WHERE id = $1", NULL },
	[STMT_USER_SET_ROLES] = {
		"UPDATE \"user\" SET roles = $2, updated_at = $3 WHERE id = $1", NULL },
	[STMT_USER_SET_ACTIVE] = {
		"UPDATE \"user\" SET is_active = $2, updated_at = $3 WHERE id = $1", NULL },
	[STMT_USER_SET_LAST_LOGIN] = {
		"UPDATE \"user\" SET last_login_at = $2 WHERE id = $1", NULL },
	[STMT_USER_VERIFY_PHONE] = {
		"UPDATE \"user\" SET phone_verified = 1, updated_at = $2"
		" WHERE phone_key = $1 AND phone_verified = 0",
		NULL },
	[STMT_USER_VERIFY_SHARED_PHONE] = {
		"UPDATE \"user\" SET phone_verified = 1, updated_at = $2"
		" WHERE phone = $1 AND phone_key IS NULL AND phone_verified = 0",
		NULL },
	[STMT_USER_LIST] = {
		"SELECT " USER_COLUMNS " FROM \"user\" WHERE id > $1 ORDER BY id LIMIT $2", NULL },
	[STMT_USER_LAST_ID] = { "SELECT max(id) FROM \"user\"", NULL },
	[STMT_USER_PASSWORD_FROM] = {
		"SELECT password FROM \"user\" WHERE id >= $1 AND password IS NOT NULL"
		" ORDER BY id LIMIT 1",
		NULL },

	[STMT_SESSION_INSERT] = {
		"INSERT INTO session (" SESSION_COLUMNS ", address, user_agent)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		NULL },
	[STMT_SESSION_GET] = { "SELECT " SESSION_COLUMNS " FROM session WHERE jti = $1", NULL },
	[STMT_SESSION_VIEW] = {
		"SELECT s.jti, s.user_id, s.counter, s.parent, s.issued_at, s.seen, s.retries,"
		" s.expires_at, s.created_at, s.last_seen_at, u.id, u.is_active, u.roles, u.email"
		" FROM (SELECT 1 AS one) AS o LEFT JOIN session AS s ON s.jti = $1"
		" LEFT JOIN \"user\" AS u ON u.id = $2",
		"the one row of a constant" },
	[STMT_SESSION_ROTATE] = {
		"UPDATE session SET counter = $2, parent = $3, issued_at = $4, seen = $5,"
		" retries = $6, last_seen_at = $7 WHERE jti = $1",
		NULL },
	[STMT_SESSION_SET_SEEN] = {
		"UPDATE session SET seen = 1, last_seen_at = $3 WHERE jti = $1 AND counter = $2",
		NULL },
	[STMT_SESSION_TOUCH] = {
		"UPDATE session SET last_seen_at = $2 WHERE jti = $1 AND last_seen_at < $2", NULL },
	[STMT_SESSION_DELETE] = { "DELETE FROM session WHERE jti = $1", NULL },
	[STMT_SESSION_DELETE_USER] = {
		"DELETE FROM session WHERE user_id = $1 AND jti <> $2", NULL },
	[STMT_SESSION_LIST] = {
		"SELECT " SESSION_COLUMNS ", address, user_agent FROM session"
		" WHERE user_id = $1 AND expires_at > $2"
		" ORDER BY last_seen_at DESC, jti DESC LIMIT $3",
		NULL },
	[STMT_SESSION_COUNT] = {
		"SELECT count(*) FROM session WHERE user_id = $1 AND expires_at > $2", NULL },
	[STMT_SESSION_DELETE_IDLEST] = {
		"DELETE FROM session WHERE jti = (SELECT jti FROM session WHERE user_id = $1"
		" AND expires_at > $2 ORDER BY last_seen_at, jti LIMIT 1)",
		NULL },
	[STMT_SESSION_PURGE] = {
		"DELETE FROM session WHERE jti IN (SELECT jti FROM session WHERE expires_at <= $1"
		" ORDER BY expires_at LIMIT $2)",
		NULL },

	[STMT_TOKEN_INSERT] = {
		"INSERT INTO one_time_token (token_hash, user_id, created_at, expires_at, is_void)"
		" VALUES ($1, $2, $3, $4, $5)",
		NULL },
	[STMT_TOKEN_GET] = {
		"SELECT user_id FROM one_time_token"
		" WHERE token_hash = $1 AND expires_at > $2 AND is_void = 0",
		NULL },
	[STMT_TOKEN_DELETE_USER] = { "DELETE FROM one_time_token WHERE user_id = $1", NULL },
	[STMT_TOKEN_PURGE] = {
		"DELETE FROM one_time_token WHERE token_hash IN (SELECT token_hash"
		" FROM one_time_token WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
		NULL },

	[STMT_VERIFICATION_GET] = {
		"SELECT request_id, created_at, expires_at, wrong FROM verification"
		" WHERE phone = $1 AND expires_at > $2",
		NULL },
	[STMT_VERIFICATION_PUT] = {
		"INSERT INTO verification (phone, request_id, created_at, expires_at, wrong)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (phone) DO UPDATE SET"
		" request_id = excluded.request_id, created_at = excluded.created_at,"
		" expires_at = excluded.expires_at, wrong = excluded.wrong",
		NULL },
	[STMT_VERIFICATION_WRONG] = {
		"UPDATE verification SET wrong = wrong + 1 WHERE phone = $1", NULL },
	[STMT_VERIFICATION_DELETE] = { "DELETE FROM verification WHERE phone = $1", NULL },
	[STMT_VERIFICATION_PURGE] = {
		"DELETE FROM verification WHERE phone IN (SELECT phone FROM verification"
		" WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
		NULL },
	[STMT_BAD_RECIPIENT_PUT] = {
		"INSERT INTO bad_recipient (recipient, until_at) VALUES ($1, $2)"
		" ON CONFLICT (recipient) DO UPDATE SET until_at = excluded.until_at",
		NULL },
	[STMT_BAD_RECIPIENT_GET] = {
		"SELECT until_at FROM bad_recipient WHERE recipient = $1 AND until_at > $2", NULL },
	[STMT_BAD_RECIPIENT_PURGE] = {
		"DELETE FROM bad_recipient WHERE recipient IN (SELECT recipient FROM bad_recipient"
		" WHERE until_at <= $1 ORDER BY until_at LIMIT $2)",
		NULL },

	[STMT_DAY_COUNT_ADD] = {
		"INSERT INTO day_count (day, scope, n) VALUES ($1, $2, 1)"
		" ON CONFLICT (day, scope) DO UPDATE SET n = day_count.n + 1 RETURNING n",
		NULL },
	[STMT_DAY_COUNT_PURGE] = {
		"DELETE FROM day_count WHERE (day, scope) IN"
		" (SELECT day, scope FROM day_count WHERE day < $1 LIMIT $2)",
		NULL },

	[STMT_OUTBOX_INSERT] = {
		"INSERT INTO outbox (" OUTBOX_COLUMNS ")"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
		NULL },
	/* A leased row is due when its lease ends: so one index finds both kinds. */
	[STMT_OUTBOX_CLAIM] = {
		"UPDATE outbox SET lease_until = $2, retry_at = $2 WHERE seq IN (SELECT seq"
		" FROM outbox WHERE " OUTBOX_WAITS " AND retry_at <= $1"
		" ORDER BY retry_at, seq LIMIT $3) RETURNING " OUTBOX_COLUMNS,
		NULL },
	[STMT_OUTBOX_NEXT_AT] = {
		"SELECT retry_at FROM outbox WHERE " OUTBOX_WAITS " AND retry_at >= 0"
		" ORDER BY retry_at LIMIT 1",
		NULL },
	[STMT_OUTBOX_FINISH] = {
		"UPDATE outbox SET state = $3, retry_at = $4, attempts = $5, gateway = $6,"
		" result = $7, lease_until = 0, done_at = $8,"
		" sealed = CASE WHEN $9 = 1 THEN sealed END"
		" WHERE id = $1 AND lease_until = $2 AND " OUTBOX_WAITS,
		NULL },
	[STMT_OUTBOX_GET] = { "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = $1", NULL },
	[STMT_OUTBOX_SEQ] = { "SELECT seq FROM outbox WHERE id = $1", NULL },
	[STMT_OUTBOX_LIST] = {
		"SELECT " OUTBOX_COLUMNS " FROM outbox WHERE seq < $1 AND state <> 'void'"
		" ORDER BY seq DESC LIMIT $2",
		NULL },
	[STMT_OUTBOX_RETRY_ALL] = {
		"UPDATE outbox SET retry_at = $1"
		" WHERE " OUTBOX_WAITS " AND state = 'pending' AND retry_at > $1"
		" AND lease_until <= $1",
		NULL },
	[STMT_OUTBOX_RETRY_ONE] = {
		"UPDATE outbox SET state = 'pending', retry_at = $2"
		" WHERE id = $1 AND state IN ('pending', 'held') AND lease_until <= $2",
		NULL },
	[STMT_OUTBOX_CHANGE] = {
		"UPDATE outbox SET state = $2, retry_at = $3, lease_until = 0, result = $4,"
		" done_at = $5, sealed = CASE WHEN $6 = 1 THEN sealed END WHERE id = $1",
		NULL },
	[STMT_OUTBOX_DEPTH] = {
		"SELECT state, channel, created_at, lease_until FROM outbox"
		" WHERE state <> 'void'",
		"an admin asks, for all of it" },
	[STMT_OUTBOX_EXPIRE_HELD] = {
		"UPDATE outbox SET state = 'expired', done_at = $1, sealed = NULL WHERE seq IN"
		" (SELECT seq FROM outbox WHERE state = 'held' AND expires_at <= $1"
		" ORDER BY expires_at LIMIT $2)",
		NULL },
	[STMT_OUTBOX_LAST_GATEWAY] = {
		"SELECT gateway FROM outbox WHERE recipient = $1 AND channel = $2"
		" AND gateway IS NOT NULL ORDER BY seq DESC LIMIT 1",
		NULL },
	[STMT_OUTBOX_PURGE] = {
		"DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE done_at < $1"
		" ORDER BY done_at LIMIT $2)",
		NULL },

	[STMT_GATEWAY_GET] = {
		"SELECT is_off, faults, out_until, out_ms FROM gateway_state WHERE name = $1",
		NULL },
	[STMT_GATEWAY_PUT] = {
		"INSERT INTO gateway_state (name, is_off, faults, out_until, out_ms)"
		" VALUES ($1, 0, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET"
		" faults = excluded.faults, out_until = excluded.out_until,"
		" out_ms = excluded.out_ms",
		NULL },
	[STMT_GATEWAY_SWITCH] = {
		"INSERT INTO gateway_state (name, is_off, faults, out_until, out_ms)"
		" VALUES ($1, $2, 0, 0, 0) ON CONFLICT (name) DO UPDATE SET"
		" is_off = excluded.is_off, faults = 0, out_until = 0, out_ms = 0",
		NULL },
	[STMT_GATEWAY_COUNT] = {
		"INSERT INTO gateway_result (name, result, n, total_ms, max_ms, last_ms, last_at)"
		" VALUES ($1, $2, 1, $3, $3, $3, $4) ON CONFLICT (name, result) DO UPDATE SET"
		" n = gateway_result.n + 1, total_ms = gateway_result.total_ms + $3,"
		" max_ms = CASE WHEN $3 > gateway_result.max_ms THEN $3"
		" ELSE gateway_result.max_ms END, last_ms = $3, last_at = $4",
		NULL },
	[STMT_GATEWAY_RESULT] = {
		"SELECT n, total_ms, max_ms, last_ms, last_at FROM gateway_result"
		" WHERE name = $1 AND result = $2",
		NULL },

	[STMT_AUDIT_INSERT] = {
		"INSERT INTO audit (at, event, actor_id, user_id, address, detail)"
		" VALUES ($1, $2, $3, $4, $5, $6)",
		NULL },
	[STMT_AUDIT_PURGE] = {
		"DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1"
		" ORDER BY at LIMIT $2)",
		NULL },
};
/* clang-format on */
