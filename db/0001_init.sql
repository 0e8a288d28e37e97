-- The first schema. Times are epoch milliseconds, booleans 0 or 1, random ids base64url.
PRAGMA application_id = 1095124559; -- "AFFO"

CREATE TABLE "user" (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	email TEXT NOT NULL,
	email_key TEXT NOT NULL,
	phone TEXT,
	phone_key TEXT,
	first_name TEXT,
	last_name TEXT,
	password TEXT,
	roles TEXT NOT NULL,
	is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
	phone_verified INTEGER NOT NULL CHECK (phone_verified IN (0, 1)),
	last_login_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_email_key ON "user" (email_key);
CREATE UNIQUE INDEX user_phone_key ON "user" (phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX user_phone_shared ON "user" (phone) WHERE phone_key IS NULL AND phone IS NOT NULL;
CREATE INDEX user_with_password ON "user" (id) WHERE password IS NOT NULL;

CREATE TABLE session (
	jti TEXT NOT NULL PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
	counter INTEGER NOT NULL,
	parent INTEGER NOT NULL,
	issued_at INTEGER NOT NULL,
	seen INTEGER NOT NULL CHECK (seen IN (0, 1)),
	retries INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	last_seen_at INTEGER NOT NULL,
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user_id, last_seen_at);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE one_time_token (
	token_hash TEXT NOT NULL PRIMARY KEY,
	user_id INTEGER REFERENCES "user" (id) ON DELETE CASCADE,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	is_void INTEGER NOT NULL CHECK (is_void IN (0, 1)),
	CHECK (user_id IS NOT NULL OR is_void = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_token_user ON one_time_token (user_id);
CREATE INDEX one_time_token_expires_at ON one_time_token (expires_at);

CREATE TABLE verification (
	phone TEXT NOT NULL PRIMARY KEY,
	request_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	wrong INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX verification_expires_at ON verification (expires_at);

CREATE TABLE bad_recipient (
	recipient TEXT NOT NULL PRIMARY KEY,
	until_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX bad_recipient_until_at ON bad_recipient (until_at);

CREATE TABLE outbox (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	channel TEXT NOT NULL,
	state TEXT NOT NULL,
	recipient TEXT NOT NULL,
	language TEXT NOT NULL,
	sealed TEXT,
	is_resend INTEGER NOT NULL CHECK (is_resend IN (0, 1)),
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	retry_at INTEGER NOT NULL,
	lease_until INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	gateway TEXT,
	result TEXT,
	done_at INTEGER
) STRICT;
CREATE UNIQUE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_due ON outbox (retry_at) WHERE state = 'pending';
CREATE INDEX outbox_recipient ON outbox (recipient, channel) WHERE gateway IS NOT NULL;
CREATE INDEX outbox_done_at ON outbox (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE gateway (
	name TEXT NOT NULL PRIMARY KEY,
	faults INTEGER NOT NULL,
	out_until INTEGER NOT NULL,
	out_ms INTEGER NOT NULL,
	sent INTEGER NOT NULL,
	failed INTEGER NOT NULL,
	last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	at INTEGER NOT NULL,
	event TEXT NOT NULL,
	actor_id INTEGER NOT NULL,
	user_id INTEGER NOT NULL,
	address TEXT NOT NULL,
	detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_user ON audit (user_id, id);

PRAGMA user_version = 1;
