-- From version 1, which knew mail only, to version 2.

ALTER TABLE folder ADD COLUMN title TEXT;
ALTER TABLE folder ADD COLUMN color TEXT;
ALTER TABLE row ADD COLUMN normal BLOB;
ALTER TABLE pending ADD COLUMN revision TEXT NOT NULL DEFAULT '';
CREATE TABLE base (
	row INTEGER PRIMARY KEY REFERENCES row (id) ON DELETE CASCADE,
	fields TEXT NOT NULL,
	bytes BLOB NOT NULL
) STRICT;
PRAGMA user_version = 2;
