-- How often something happened on a day (days since 1970, UTC): SMS by what caps them, alerts.
CREATE TABLE day_count (
	day INTEGER NOT NULL,
	scope TEXT NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (day, scope)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
