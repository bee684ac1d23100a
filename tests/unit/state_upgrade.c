/* A database of an older koc becomes one of this koc, at once or not at all. */
#include "unit/state_room.h"
#include "unit/state_shell.h"
#include "unit/state_v1.h"

#include "state/table.h"

static const char content[] =
	"INSERT INTO folder VALUES (3, 'mail', 'mail/INBOX', 'INBOX', 'INBOX', '1:2', '3', '4', '5', 1, "
	"'text');"
	"INSERT INTO row VALUES (7, 3, NULL, '0000000009', '', NULL, 16, NULL, 'a', 'r', x'"
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', 17, 'x', 1000, NULL, 1, 4,"
	" '<1@x>', 'Hello', 'Jane', 5);"
	"INSERT INTO row VALUES (8, 3, NULL, NULL, '', NULL, 0, NULL, 'b', 'r', NULL, 0, NULL, 1, NULL, 1, 0,"
	" NULL, NULL, NULL, 0);"
	"INSERT INTO pending VALUES (3, 'local', 'b', 'set-aside', 'too large', 2, 99);"
	"INSERT INTO memo VALUES ('first', 'mail/INBOX');"
	"INSERT INTO run VALUES (41, 1700000000, 1700000060, 0, 'done');"
	"INSERT INTO history VALUES (1, 41, 'mail/INBOX', 'Hello', 'copied');";

static void old_make(struct room *room, const char *more)
{
	sqlite3 *db = other_open(room, "mail.db");
	char *error = NULL;

	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(db, state_v1, NULL, NULL, &error) || sqlite3_exec(db, content, NULL, NULL, &error) ||
	    sqlite3_exec(db, more, NULL, NULL, &error))
		fail_msg("%s", error);
	sqlite3_close(db);
}

static int version_of(struct room *room)
{
	sqlite3 *db = other_open(room, "mail.db");
	int version = atoi(other_ask(db, "PRAGMA user_version"));

	sqlite3_close(db);
	return version;
}

/* What can be told of a schema; how its tables are written down may differ. */
static const char *schema_of(struct room *room, const char *name)
{
	sqlite3 *db = other_open(room, name);
	const char *text = arena_str(
		room->arena,
		other_ask(db, "SELECT s.name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk"
			      " FROM sqlite_schema AS s, pragma_table_info(s.name) AS c"
			      " WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%' ORDER BY 1, 2"));

	text = arena_printf(room->arena, "%s%s", text,
			    other_ask(db, "SELECT s.name, f.* FROM sqlite_schema AS s,"
					  " pragma_foreign_key_list(s.name) AS f WHERE s.type = 'table'"
					  " ORDER BY 1, 2"));
	text = arena_printf(room->arena, "%s%s", text,
			    other_ask(db, "SELECT type, name, length(sql), sql LIKE '%STRICT%'"
					  " FROM sqlite_schema WHERE type <> 'table' ORDER BY 1, 2"));
	sqlite3_close(db);
	return text;
}

static void version_1_is_upgraded(void **context)
{
	struct room *room = room_of(context);
	struct state *fresh;
	struct state_folder *folders;
	struct pending *pending;
	struct row *row;
	const char *want, *memo;
	size_t count;

	old_make(room, "");
	assert_int_equal(version_of(room), 1);
	ok(state_open(room->directory, "mail.db", &room->state));
	assert_int_equal(version_of(room), 6);

	ok(state_open(room->directory, "dav.db", &fresh));
	state_close(fresh);
	want = schema_of(room, "dav.db");
	assert_true(strlen(want) > 3000);
	assert_non_null(strstr(want, "koc_event"));
	assert_string_equal(schema_of(room, "mail.db"), want);

	ok(state_folders(room->state, room->arena, &folders, &count)); /* all is there */
	assert_int_equal(count, 1);
	assert_string_equal(folders[0].cursor[SERVER], "1:2");
	assert_null(folders[0].title);
	ok(state_row_get(room->state, 7, room->arena, &row));
	assert_string_equal(row->subject, "Hello");
	assert_int_equal(row->side[LOCAL].digest.bytes[1], 0x11);
	assert_false(digest_known(&row->normal));
	assert_null(row->lasting);
	ok(state_pending(room->state, 3, room->arena, &pending, &count));
	assert_int_equal(count, 1);
	ok(state_memo_get(room->state, "first", room->arena, &memo));
	assert_string_equal(memo, "mail/INBOX");

	row->normal = digest_of("n", 1); /* and can be used */
	ok(state_row_put(room->state, row));
	ok(state_base_put(room->state, 7, "x", 1, "{}"));
	assert_true(row_new(room, 3, "0000000010", "c") == 9);
	ok(state_row_remove(room->state, 7));
	state_close(room->state);
	ok(state_open(room->directory, "mail.db", &room->state));
	ok(state_row_get(room->state, 9, room->arena, &row));
	assert_non_null(row);
}

static const struct fail *stop_at_commit(void *context, const char *what)
{
	size_t *stopped = context;

	if (strcmp(what, "commit") != 0)
		return NULL;
	++*stopped;
	return fail_make(FAIL_STOPPED, FAIL_ALL, "stopped");
}

static void upgrade_is_one_transaction(void **context)
{
	struct room *room = room_of(context);
	size_t stopped = 0;
	const char *before;
	sqlite3 *db;

	old_make(room, "");
	before = schema_of(room, "mail.db");
	step_set_hook(stop_at_commit, &stopped);
	fails(state_open(room->directory, "mail.db", &room->state), FAIL_STOPPED);
	step_set_hook(NULL, NULL);
	assert_int_equal(stopped, 1);
	assert_null(room->state);
	assert_int_equal(version_of(room), 1);
	assert_string_equal(schema_of(room, "mail.db"), before);

	db = other_open(room, "mail.db"); /* who is in the way now is not for ever */
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	fails(state_open(room->directory, "mail.db", &room->state), FAIL_LOCKED);
	sqlite3_close(db);
	assert_int_equal(version_of(room), 1);
	ok(state_open(room->directory, "mail.db", &room->state));
	assert_int_equal(version_of(room), 6);
}

/* Somebody has made a table of their own in it, with a name that is needed now. */
static void failed_upgrade_changes_nothing(void **context)
{
	struct room *room = room_of(context);
	const char *before;

	old_make(room, "CREATE TABLE base (mine)");
	before = schema_of(room, "mail.db");
	fails(state_open(room->directory, "mail.db", &room->state), FAIL_STATE);
	assert_null(room->state);
	assert_int_equal(version_of(room), 1);
	assert_string_equal(schema_of(room, "mail.db"), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALONE(version_1_is_upgraded),
		ALONE(upgrade_is_one_transaction),
		ALONE(failed_upgrade_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
