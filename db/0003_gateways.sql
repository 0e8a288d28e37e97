-- What an admin sees of the gateways, and may switch. What was counted until now begins anew: it
-- was counted without the results and their times.
CREATE TABLE gateway_state (
	name TEXT NOT NULL PRIMARY KEY,
	is_off INTEGER NOT NULL CHECK (is_off IN (0, 1)),
	faults INTEGER NOT NULL,
	out_until INTEGER NOT NULL,
	out_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO gateway_state (name, is_off, faults, out_until, out_ms)
	SELECT name, 0, faults, out_until, out_ms FROM gateway;
DROP TABLE gateway;

CREATE TABLE gateway_result (
	name TEXT NOT NULL,
	result TEXT NOT NULL,
	n INTEGER NOT NULL,
	total_ms INTEGER NOT NULL,
	max_ms INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	last_at INTEGER NOT NULL,
	PRIMARY KEY (name, result)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_held ON outbox (expires_at) WHERE state = 'held';

PRAGMA user_version = 3;
