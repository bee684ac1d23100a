-- Views: for people and scripts.  koc itself never reads them, and promises to keep them.  An upgrade makes
-- them anew.  koc-state(5) documents them; see schema.sql.

DROP VIEW IF EXISTS koc_message;
DROP VIEW IF EXISTS koc_item;
DROP VIEW IF EXISTS koc_event;
DROP VIEW IF EXISTS koc_task;
DROP VIEW IF EXISTS koc_note;
DROP VIEW IF EXISTS koc_contact;
DROP VIEW IF EXISTS koc_folder;
DROP VIEW IF EXISTS koc_conflict;
DROP VIEW IF EXISTS koc_run;

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

-- A row without fields (it could not be agreed on, or not be read) is of its folder's kind.
CREATE VIEW koc_item (
	folder,
	kind,
	uid,
	file,
	href,
	fields,
	kept,
	pending,
	reason
) AS SELECT
	folder.path,
	coalesce(fields ->> 'component', substr(folder.kind, 1, length(folder.kind) - 1)),
	key,
	local_ref,
	server_ref,
	fields,
	marks & 1,
	coalesce((SELECT why FROM pending AS p
			WHERE p.folder = r.folder AND side = 'server' AND ref = server_ref),
		(SELECT why FROM pending AS p
			WHERE p.folder = r.folder AND side = 'local' AND ref = local_ref)),
	coalesce((SELECT text FROM pending AS p
			WHERE p.folder = r.folder AND side = 'server' AND ref = server_ref),
		(SELECT text FROM pending AS p
			WHERE p.folder = r.folder AND side = 'local' AND ref = local_ref))
FROM row AS r
JOIN folder ON folder.id = r.folder
LEFT JOIN base ON base.row = r.id
WHERE folder.kind <> 'mail';

CREATE VIEW koc_event (
	folder,
	uid,
	file,
	summary,
	start,
	end,
	all_day,
	zone,
	location,
	description,
	status,
	rrule,
	last,
	organizer,
	attendees,
	categories,
	alarms,
	pending,
	reason
) AS SELECT
	folder,
	uid,
	file,
	fields ->> 'summary',
	fields ->> 'start',
	fields ->> 'end',
	fields ->> 'all_day',
	fields ->> 'zone',
	fields ->> 'location',
	fields ->> 'description',
	fields ->> 'status',
	fields ->> 'rrule',
	fields ->> 'last',
	fields ->> 'organizer',
	fields ->> 'attendees',
	(SELECT group_concat(value, ', ') FROM json_each(fields, '$.categories')),
	fields ->> 'alarms',
	pending,
	reason
FROM koc_item
WHERE kind = 'event';

CREATE VIEW koc_task (
	folder,
	uid,
	file,
	summary,
	start,
	due,
	all_day,
	zone,
	completed,
	status,
	percent,
	priority,
	rrule,
	last,
	location,
	description,
	categories,
	alarms,
	pending,
	reason
) AS SELECT
	folder,
	uid,
	file,
	fields ->> 'summary',
	fields ->> 'start',
	fields ->> 'due',
	fields ->> 'all_day',
	fields ->> 'zone',
	fields ->> 'completed',
	fields ->> 'status',
	fields ->> 'percent',
	fields ->> 'priority',
	fields ->> 'rrule',
	fields ->> 'last',
	fields ->> 'location',
	fields ->> 'description',
	(SELECT group_concat(value, ', ') FROM json_each(fields, '$.categories')),
	fields ->> 'alarms',
	pending,
	reason
FROM koc_item
WHERE kind = 'task';

CREATE VIEW koc_note (
	folder,
	uid,
	file,
	summary,
	start,
	all_day,
	zone,
	description,
	status,
	categories,
	pending,
	reason
) AS SELECT
	folder,
	uid,
	file,
	fields ->> 'summary',
	fields ->> 'start',
	fields ->> 'all_day',
	fields ->> 'zone',
	fields ->> 'description',
	fields ->> 'status',
	(SELECT group_concat(value, ', ') FROM json_each(fields, '$.categories')),
	pending,
	reason
FROM koc_item
WHERE kind = 'note';

CREATE VIEW koc_contact (
	folder,
	uid,
	file,
	name,
	family,
	given,
	org,
	email,
	emails,
	phone,
	phones,
	birthday,
	categories,
	version,
	is_group,
	has_photo,
	pending,
	reason
) AS SELECT
	folder,
	uid,
	file,
	fields ->> 'name',
	fields ->> 'family',
	fields ->> 'given',
	fields ->> 'org',
	fields ->> '$.emails[0]',
	(SELECT group_concat(value, ', ') FROM json_each(fields, '$.emails')),
	fields ->> '$.phones[0]',
	(SELECT group_concat(value, ', ') FROM json_each(fields, '$.phones')),
	fields ->> 'birthday',
	(SELECT group_concat(value, ', ') FROM json_each(fields, '$.categories')),
	fields ->> 'version',
	fields ->> 'is_group',
	fields ->> 'has_photo',
	pending,
	reason
FROM koc_item
WHERE kind = 'contact';

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
	pending,
	title,
	color
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
	(SELECT count(*) FROM pending WHERE pending.folder = f.id),
	title,
	color
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
	2 * id - (kind = 'mail'),
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
