-- What koc remembers between runs: one database a service of an account (.koc/mail.db,
-- .koc/dav.db).  koc-state(5) says what each column means.  tests/lint-state.sh holds the two
-- together and reads this file by its form: one column a line, a table's constraints in capitals.
--
-- Words are kept as text where people look, numbers where it is hot.  Times are seconds since the
-- epoch.  Refs compare as bytes, which is the drivers' own order.

PRAGMA application_id = 1802461998; -- "koc."
PRAGMA user_version = 1;

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
	mode TEXT NOT NULL CHECK (mode IN ('full', 'text', 'off'))
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
	CHECK (server_ref IS NOT NULL OR local_ref IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX row_server ON row (folder, server_ref);
CREATE UNIQUE INDEX row_local ON row (folder, local_ref);
CREATE INDEX row_digest ON row (local_digest) WHERE local_digest IS NOT NULL;
CREATE INDEX row_key ON row (key) WHERE key IS NOT NULL;

CREATE TABLE pending (
	folder INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
	side TEXT NOT NULL CHECK (side IN ('server', 'local')),
	ref TEXT NOT NULL,
	why TEXT NOT NULL CHECK (why IN ('held', 'set-aside', 'raced', 'direction', 'scope')),
	text TEXT NOT NULL,
	tries INTEGER NOT NULL,
	next INTEGER NOT NULL,
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

-- Views: for people and scripts.  koc itself never reads them, and promises to keep them.

CREATE VIEW koc_message (
	folder,
	uid,
	file,
	subject,
	sender,
	message_id,
	date,
	received,
	size,
	flags,
	keywords,
	form,
	kept,
	pending,
	reason
) AS SELECT
	folder.path,
	CAST(server_ref AS INTEGER),
	local_ref,
	subject,
	sender,
	message_id,
	datetime(nullif(sent, 0), 'unixepoch'),
	datetime(nullif(date, 0), 'unixepoch'),
	size,
	trim(iif(bits & 1, '\Draft ', '') || iif(bits & 2, '\Flagged ', '')
		|| iif(bits & 4, '$Forwarded ', '') || iif(bits & 8, '\Answered ', '')
		|| iif(bits & 16, '\Seen ', '') || iif(bits & 32, '\Deleted ', '')),
	words,
	iif(marks & 4, 'text', 'full'),
	marks & 1,
	coalesce((SELECT why FROM pending AS p
			WHERE p.folder = r.folder AND side = 'server' AND ref = server_ref),
		(SELECT why FROM pending AS p
			WHERE p.folder = r.folder AND side = 'local' AND ref = local_ref)),
	coalesce((SELECT text FROM pending AS p
			WHERE p.folder = r.folder AND side = 'server' AND ref = server_ref),
		(SELECT text FROM pending AS p
			WHERE p.folder = r.folder AND side = 'local' AND ref = local_ref))
FROM (SELECT *, iif(local_ref IS NULL, server_flags, local_flags) AS bits,
		coalesce(iif(local_ref IS NULL, server_keywords, local_keywords), '') AS words
	FROM row) AS r
JOIN folder ON folder.id = r.folder
WHERE folder.kind = 'mail';

CREATE VIEW koc_folder (
	folder,
	kind,
	mode,
	roles,
	server_name,
	local_name,
	items,
	unseen,
	size,
	pending
) AS SELECT
	path,
	kind,
	mode,
	trim(iif(roles & 1, 'inbox ', '') || iif(roles & 2, 'trash ', '')
		|| iif(roles & 4, 'junk ', '') || iif(roles & 8, 'drafts ', '')
		|| iif(roles & 16, 'sent ', '') || iif(roles & 32, 'archive ', '')
		|| iif(roles & 64, 'all ', '') || iif(roles & 128, 'flagged ', '')
		|| iif(roles & 256, 'important ', '') || iif(roles & 512, 'noselect ', '')
		|| iif(roles & 1024, 'subscribed ', '') || iif(roles & 2048, 'foreign ', '')
		|| iif(roles & 4096, 'label ', '')),
	server_name,
	local_name,
	(SELECT count(*) FROM row WHERE row.folder = f.id AND local_ref >= ''),
	(SELECT count(*) FROM row WHERE row.folder = f.id AND local_ref >= ''
		AND kind = 'mail' AND NOT local_flags & 16),
	(SELECT coalesce(sum(row.size), 0) FROM row WHERE row.folder = f.id AND local_ref >= ''),
	(SELECT count(*) FROM pending WHERE pending.folder = f.id)
FROM folder AS f;

CREATE VIEW koc_conflict (
	number,
	time,
	kind,
	folder,
	item,
	why,
	file,
	name,
	announced
) AS SELECT
	id,
	datetime(at, 'unixepoch'),
	kind,
	folder,
	item,
	why,
	path,
	name,
	announced
FROM conflict;

CREATE VIEW koc_run (
	run,
	began,
	ended,
	status,
	summary,
	changes
) AS SELECT
	id,
	datetime(began, 'unixepoch'),
	datetime(nullif(ended, 0), 'unixepoch'),
	iif(ended, status, NULL),
	summary,
	(SELECT count(*) FROM history WHERE history.run = run.id)
FROM run;
