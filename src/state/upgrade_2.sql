-- From version 2 to version 3, which keeps the base of a conflict, and numbers conflicts of all services as one.

CREATE TABLE conflict_base (
	conflict INTEGER PRIMARY KEY REFERENCES conflict (id) ON DELETE CASCADE,
	bytes BLOB NOT NULL
) STRICT;
PRAGMA user_version = 3;
