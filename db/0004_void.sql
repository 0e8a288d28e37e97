-- The queue takes void messages as well, and ends them: what it writes must not tell that somebody
-- has no account.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (retry_at) WHERE state IN ('pending', 'void') AND done_at IS NULL;

PRAGMA user_version = 4;
