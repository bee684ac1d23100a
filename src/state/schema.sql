-- What koc remembers between runs: one database a service of an account (.koc/mail.db,
-- .koc/dav.db).  koc-state(5) says what each column means.  tests/lint-state.sh holds the two
-- together and reads this file by its form: one column a line, a table's constraints in capitals.
-- The views are in views.sql.  What makes this of an older version is in upgrade_VERSION.sql: it must come
-- to the same, so new columns are the last ones.
--
-- Words are kept as text where people look, numbers where it is hot.  Times are seconds since the
-- epoch.  Refs compare as bytes, which is the drivers' own order.

PRAGMA application_id = 1802461998; -- "koc."
PRAGMA user_version = 6;

CREATE TABLE folder (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL CHECK (kind IN ('mail', 'events', 'tasks', 'contacts', 'notes')),
	path TEXT NOT NULL UNIQUE,
	server_name TEXT,
	local_name TEXT,
	server_cursor TEXT NOT NULL,
	local_cursor TEXT NOT NULL,
	server_identity TEXT NOT NULL,
	local_identity TEXT NOT NULL,
	roles INTEGER NOT NULL,
	mode TEXT NOT NULL CHECK (mode IN ('full', 'text', 'off')),
	title TEXT,
	color TEXT,
	lasting TEXT
) STRICT;

-- NULLs differ from each other in a UNIQUE index, so that one index a side keeps refs unique, finds
-- and walks them, and finds the rows that have none as well.
CREATE TABLE row (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	folder INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
	key TEXT,
	server_ref TEXT,
	server_revision TEXT NOT NULL,
	server_digest BLOB,
	server_flags INTEGER NOT NULL,
	server_keywords TEXT,
	local_ref TEXT,
	local_revision TEXT NOT NULL,
	local_digest BLOB,
	local_flags INTEGER NOT NULL,
	local_keywords TEXT,
	size INTEGER NOT NULL,
	head BLOB,
	date INTEGER NOT NULL,
	marks INTEGER NOT NULL,
	message_id TEXT,
	subject TEXT,
	sender TEXT,
	sent INTEGER NOT NULL,
	normal BLOB,
	lasting TEXT,
	CHECK (server_ref IS NOT NULL OR local_ref IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX row_server ON row (folder, server_ref);
CREATE UNIQUE INDEX row_local ON row (folder, local_ref);
CREATE INDEX row_digest ON row (local_digest) WHERE local_digest IS NOT NULL;
CREATE INDEX row_key ON row (key) WHERE key IS NOT NULL;
CREATE INDEX row_text ON row (folder, server_ref) WHERE marks & 4;
CREATE INDEX row_head ON row (head) WHERE head IS NOT NULL;
CREATE INDEX row_whole ON row (folder, date) WHERE date <> 0 AND NOT marks & 13;

-- `bytes` comes last: what is before it is read without it.
CREATE TABLE base (
	row INTEGER PRIMARY KEY REFERENCES row (id) ON DELETE CASCADE,
	fields TEXT NOT NULL,
	bytes BLOB NOT NULL
) STRICT;

CREATE TABLE pending (
	folder INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
	side TEXT NOT NULL CHECK (side IN ('server', 'local')),
	ref TEXT NOT NULL,
	why TEXT NOT NULL CHECK (why IN ('held', 'set-aside', 'raced', 'direction', 'scope')),
	text TEXT NOT NULL,
	tries INTEGER NOT NULL,
	next INTEGER NOT NULL,
	revision TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (folder, side, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE intent (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	verb TEXT NOT NULL CHECK (verb IN ('append', 'copy', 'move')),
	from_folder INTEGER REFERENCES folder (id) ON DELETE SET NULL,
	to_folder INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
	from_ref TEXT,
	epoch TEXT NOT NULL,
	next TEXT NOT NULL,
	local_ref TEXT,
	row INTEGER REFERENCES row (id) ON DELETE SET NULL,
	size INTEGER NOT NULL,
	head BLOB,
	message_id TEXT,
	flags INTEGER NOT NULL,
	keywords TEXT,
	tries INTEGER NOT NULL
) STRICT;

CREATE TABLE vault (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	run INTEGER NOT NULL,
	folder TEXT NOT NULL,
	name TEXT NOT NULL,
	path TEXT NOT NULL,
	at INTEGER NOT NULL,
	why TEXT NOT NULL
) STRICT;

-- AUTOINCREMENT here: `koc conflicts keep 7` must never come to mean another conflict.
CREATE TABLE conflict (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	run INTEGER NOT NULL,
	at INTEGER NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('mail', 'events', 'tasks', 'contacts', 'notes')),
	folder TEXT NOT NULL,
	item TEXT NOT NULL,
	key TEXT,
	path TEXT,
	name TEXT,
	why TEXT NOT NULL,
	server_revision TEXT NOT NULL,
	local_revision TEXT NOT NULL,
	digest BLOB,
	announced INTEGER NOT NULL
) STRICT;

CREATE INDEX conflict_name ON conflict (folder, name);
CREATE INDEX conflict_path ON conflict (path);

-- Apart, so that a list of conflicts does not read them.
CREATE TABLE conflict_base (
	conflict INTEGER PRIMARY KEY REFERENCES conflict (id) ON DELETE CASCADE,
	bytes BLOB NOT NULL
) STRICT;

CREATE TABLE run (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	began INTEGER NOT NULL,
	ended INTEGER NOT NULL,
	status INTEGER NOT NULL,
	summary TEXT NOT NULL
) STRICT;

CREATE TABLE history (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	folder TEXT NOT NULL,
	item TEXT NOT NULL,
	text TEXT NOT NULL
) STRICT;
CREATE INDEX history_run ON history (run);

CREATE TABLE memo (
	name TEXT PRIMARY KEY NOT NULL,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
