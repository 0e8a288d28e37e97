-- What the migrations NNNN_*.sql give, with its meaning: for reading, no program runs it. A test
-- compares. Times are epoch milliseconds UTC, booleans 0 or 1, random ids base64url text.

CREATE TABLE "user" (
	id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, not even after a purge
	email TEXT NOT NULL, -- as typed
	email_key TEXT NOT NULL, -- its normal form: who is first is decided by the index on this
	phone TEXT, -- +DIGITS, or what was imported
	phone_key TEXT, -- its normal form; NULL: no phone, or one that many may have (test recipients)
	first_name TEXT,
	last_name TEXT,
	password TEXT, -- the hash, as crypt(5) writes them; NULL: cannot log in by password
	roles TEXT NOT NULL, -- joined with ","
	is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
	phone_verified INTEGER NOT NULL CHECK (phone_verified IN (0, 1)),
	last_login_at INTEGER NOT NULL, -- created_at until the first login
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_email_key ON "user" (email_key);
CREATE UNIQUE INDEX user_phone_key ON "user" (phone_key) WHERE phone_key IS NOT NULL;
-- For the test recipients.
CREATE INDEX user_phone_shared ON "user" (phone) WHERE phone_key IS NULL AND phone IS NOT NULL;
-- For drawing a hash whose parameters an unknown user's login is to cost.
CREATE INDEX user_with_password ON "user" (id) WHERE password IS NOT NULL;

-- One row per login.
CREATE TABLE session (
	jti TEXT NOT NULL PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
	counter INTEGER NOT NULL, -- of the current token
	parent INTEGER NOT NULL, -- the counter before; -1: none
	issued_at INTEGER NOT NULL, -- when the current counter was
	seen INTEGER NOT NULL CHECK (seen IN (0, 1)), -- the current token was used
	retries INTEGER NOT NULL, -- successors voided in this generation
	expires_at INTEGER NOT NULL, -- for good, whatever is refreshed
	created_at INTEGER NOT NULL,
	last_seen_at INTEGER NOT NULL,
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user_id, last_seen_at);
CREATE INDEX session_expires_at ON session (expires_at);

-- Password resets. A request for an unknown e-mail writes a void row, to cost the same.
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

-- Phone codes: the code itself is derived from a key that isn't here, and request_id.
CREATE TABLE verification (
	phone TEXT NOT NULL PRIMARY KEY,
	request_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	wrong INTEGER NOT NULL -- guesses so far
) STRICT, WITHOUT ROWID;
CREATE INDEX verification_expires_at ON verification (expires_at);

-- Whom a gateway called unreachable for good.
CREATE TABLE bad_recipient (
	recipient TEXT NOT NULL PRIMARY KEY,
	until_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX bad_recipient_until_at ON bad_recipient (until_at);

-- Messages on their way.
CREATE TABLE outbox (
	seq INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival
	id TEXT NOT NULL, -- the idempotency key with every gateway
	kind TEXT NOT NULL, -- password_reset, phone_code, alert
	channel TEXT NOT NULL, -- sms, email
	state TEXT NOT NULL, -- pending, sent, rejected, expired, held, cancelled, void
	recipient TEXT NOT NULL,
	language TEXT NOT NULL, -- '': none
	sealed TEXT, -- what it says, for the queue's key alone; NULL once done
	is_resend INTEGER NOT NULL CHECK (is_resend IN (0, 1)),
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	retry_at INTEGER NOT NULL, -- when it is due; for a leased row the end of its lease
	lease_until INTEGER NOT NULL, -- 0: nobody has it
	attempts INTEGER NOT NULL,
	gateway TEXT, -- last used
	result TEXT, -- last, for people
	done_at INTEGER -- NULL: pending or held, or void and not taken yet
) STRICT;
CREATE UNIQUE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_due ON outbox (retry_at) WHERE state IN ('pending', 'void') AND done_at IS NULL;
CREATE INDEX outbox_recipient ON outbox (recipient, channel) WHERE gateway IS NOT NULL;
CREATE INDEX outbox_done_at ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_held ON outbox (expires_at) WHERE state = 'held';

-- Whether each gateway may be used: what an admin says, and its circuit breaker.
CREATE TABLE gateway_state (
	name TEXT NOT NULL PRIMARY KEY,
	is_off INTEGER NOT NULL CHECK (is_off IN (0, 1)), -- by an admin, until she enables it
	faults INTEGER NOT NULL, -- in a row
	out_until INTEGER NOT NULL, -- 0: in service
	out_ms INTEGER NOT NULL -- how long it was out last, for doubling
) STRICT, WITHOUT ROWID;

-- What became of the messages given to each gateway: one row per result.
CREATE TABLE gateway_result (
	name TEXT NOT NULL,
	result TEXT NOT NULL, -- ok, bad_recipient, permanent, later, misconfigured
	n INTEGER NOT NULL,
	total_ms INTEGER NOT NULL, -- that these attempts took
	max_ms INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	last_at INTEGER NOT NULL,
	PRIMARY KEY (name, result)
) STRICT, WITHOUT ROWID;

-- What happened, by whom, to whom (0: nobody). Outlives the users, so no reference to them.
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

-- How often something happened on a day (days since 1970, UTC): SMS by what caps them, alerts,
-- what a user did to himself.
CREATE TABLE day_count (
	day INTEGER NOT NULL,
	scope TEXT NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (day, scope)
) STRICT, WITHOUT ROWID;
