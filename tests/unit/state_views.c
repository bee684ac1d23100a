/* The tables as the program knows them are those of schema.sql, and the views for scripts
 * answer. */
#include "unit/state_room.h"
#include "unit/state_shell.h"

#include "state/table.h"

/* The constraint of a column that holds words. */
static const char *words_check(struct room *room, const struct field *field)
{
	const char *text = arena_printf(room->arena, "CHECK (%s IN (", field->column);

	for (size_t i = 0; field->words[i]; i++)
		text = arena_printf(room->arena, "%s%s'%s'", text, i ? ", " : "", field->words[i]);
	return arena_printf(room->arena, "%s))", text);
}

static void tables_are_the_schema(void **context)
{
	struct room *room = room_of(context);
	size_t columns = 0;
	sqlite3 *db;

	ok(state_open(room->directory, "mail.db", &room->state));
	db = other_open(room, "mail.db");
	assert_string_equal(other_ask(db, "SELECT count(*) FROM sqlite_schema"
					  " WHERE type = 'table' AND name NOT LIKE 'sqlite%'"),
			    "11\n");
	assert_int_equal(TABLES, 11);
	for (size_t t = 0; t < TABLES; t++) {
		const struct table *table = &tables[t];
		const char *made, *want = "", *indexed = "";

		made = arena_printf(room->arena, "SELECT sql FROM sqlite_schema WHERE name = '%s'",
				    table->name);
		made = arena_str(room->arena, other_ask(db, made));
		for (size_t i = 0; i < table->count; i++, columns++) {
			const struct field *field = &table->fields[i];

			want = arena_printf(room->arena, "%s%s\n", want, field->column);
			if (field_indexed(field))
				indexed = arena_printf(room->arena, "%s%s\n", indexed,
						       field->column);
			if (field->type == FIELD_WORD)
				assert_non_null(strstr(made, words_check(room, field)));
		}
		assert_string_equal(
			other_ask(db, arena_printf(room->arena,
						   "SELECT name FROM pragma_table_info('%s')",
						   table->name)),
			want);
		assert_string_equal(
			other_ask(db, arena_printf(room->arena,
						   "SELECT name FROM pragma_table_info('%s')"
						   " WHERE pk AND name IN ('row', 'conflict') OR name = 'marks' OR"
						   " name IN (SELECT c.name FROM"
						   " pragma_index_list('%s') AS l,"
						   " pragma_index_info(l.name) AS c)",
						   table->name, table->name)),
			indexed);
	}
	assert_true(columns > 80);
	sqlite3_close(db);
}

static void views_fill(struct room *room)
{
	struct state_folder mail = { .path = "mail/INBOX", .roles = ROLE_INBOX | ROLE_SUBSCRIBED,
				     .name = { "INBOX", "INBOX" }, .mode = MODE_TEXT };
	struct state_folder dates = { .kind = KIND_EVENTS, .path = "calendars/Home",
				      .title = "Home sweet", .color = "#00ff00" };
	static const struct {
		const char *ref, *fields;
	} items[] = {
		{ "e", "{\"component\":\"event\",\"summary\":\"Lunch\",\"start\":\"2026-11-22\","
		       "\"end\":\"2026-11-23\",\"all_day\":true,\"attendees\":2,"
		       "\"categories\":[\"a\",\"b, c\"]}" },
		{ "t", "{\"component\":\"task\",\"summary\":\"Do\",\"due\":\"2026-11-22 10:00:00\","
		       "\"zone\":\"UTC\",\"status\":\"completed\",\"percent\":100}" },
		{ "n", "{\"component\":\"note\",\"description\":\"text\"}" },
		{ "c", "{\"component\":\"contact\",\"name\":\"Jane Doe\",\"emails\":[\"j@x\",\"k@x\"],"
		       "\"version\":\"4.0\",\"has_photo\":true}" },
	};
	struct conflict conflict = { .when = 1700000000, .folder = "mail/INBOX", .item = "Hello",
				     .path = "Conflicts/mail/cur/a", .name = "a", .why = "twice" };
	struct pending pending = { .side = LOCAL, .ref = "b", .why = PENDING_SET_ASIDE,
				   .text = "too large" };
	int64_t run;
	struct row row;

	ok(state_folder_put(room->state, &mail));
	ok(state_folder_put(room->state, &dates));
	row = row_make(mail.id, "0000000007", "a");
	row.side[SERVER].flags = row.side[LOCAL].flags =
		(struct flags){ FLAG_SEEN | FLAG_FORWARDED | FLAG_DELETED, "$Junk x" };
	row.print.size = 1000;
	row.date = 1700000000;
	row.sent = 1600000000;
	row.message_id = "<1@x>";
	row.subject = "Hello | \n";
	row.from = "Jane";
	ok(state_row_put(room->state, &row));
	row = row_make(mail.id, "0000000008", "b");
	row.marks = ROW_TEXT | ROW_KEPT;
	row.print.size = 500;
	ok(state_row_put(room->state, &row));
	row = row_make(mail.id, "4294967295", NULL);
	row.side[SERVER].flags.bits = FLAG_FLAGGED;
	ok(state_row_put(room->state, &row));
	row = row_make(dates.id, "x.ics", "x.ics");
	row.side[LOCAL].digest = digest_of("x", 1);
	row.key = "u1";
	ok(state_row_put(room->state, &row));
	for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
		row = row_make(dates.id, items[i].ref, items[i].ref);
		row.key = items[i].ref;
		ok(state_row_put(room->state, &row));
		ok(state_base_put(room->state, row.id, "x", 1, items[i].fields));
	}
	pending.folder = mail.id;
	ok(state_pending_put(room->state, &pending));
	pending = (struct pending){ .folder = dates.id, .side = SERVER, .ref = "e", .why = PENDING_HELD,
				    .text = "a removal" };
	ok(state_pending_put(room->state, &pending));
	ok(state_conflict_put(room->state, &conflict));
	ok(state_run_begin(room->state, 1700000000, &run));
	ok(state_history_add(room->state, run, "f", "i", "t"));
	ok(state_history_add(room->state, run, "f", "i", "t"));
	ok(state_run_end(room->state, run, 1700000060, 3, "1 held"));
	ok(state_run_begin(room->state, 1700000100, &run));
}

static void views_answer(void **context)
{
	static const struct {
		const char *sql, *want;
	} asks[] = {
		{ "SELECT * FROM koc_message ORDER BY uid",
		  "mail/INBOX|7|a|Hello | \n|Jane|<1@x>|2020-09-13 12:26:40|"
		  "2023-11-14 22:13:20|1000|$Forwarded \\Seen \\Deleted|$Junk x|full|0||\n"
		  "mail/INBOX|8|b||||||500|||text|1|set-aside|too large\n"
		  "mail/INBOX|4294967295|||||||0|\\Flagged||full|0||\n" },
		{ "SELECT * FROM koc_folder ORDER BY folder",
		  "calendars/Home|events|full||||5|0|0|1|Home sweet|#00ff00\n"
		  "mail/INBOX|mail|text|inbox subscribed|INBOX|INBOX|2|1|1500|1||\n" },
		{ "SELECT kind, uid, file, href, fields IS NULL, kept, pending, reason FROM koc_item"
		  " ORDER BY kind, uid",
		  "contact|c|c|c|0|0||\n"
		  "event|e|e|e|0|0|held|a removal\n"
		  "event|u1|x.ics|x.ics|1|0||\n"
		  "note|n|n|n|0|0||\n"
		  "task|t|t|t|0|0||\n" },
		{ "SELECT * FROM koc_event ORDER BY uid",
		  "calendars/Home|e|e|Lunch|2026-11-22|2026-11-23|1||||||||2|a, b, c||held|a removal\n"
		  "calendars/Home|u1|x.ics||||||||||||||||\n" },
		{ "SELECT uid FROM koc_event WHERE end > start", "e\n" },
		{ "SELECT * FROM koc_task",
		  "calendars/Home|t|t|Do||2026-11-22 10:00:00||UTC||completed|100|||||||||\n" },
		{ "SELECT * FROM koc_note", "calendars/Home|n|n|||||text||||\n" },
		{ "SELECT * FROM koc_contact",
		  "calendars/Home|c|c|Jane Doe||||j@x|j@x, k@x|||||4.0||1||\n" },
		{ "SELECT * FROM koc_conflict",
		  "1|2023-11-14 22:13:20|mail|mail/INBOX|Hello|twice|Conflicts/mail/cur/a|a|0\n" },
		{ "SELECT * FROM koc_run",
		  "1|2023-11-14 22:13:20|2023-11-14 22:14:20|3|1 held|2\n"
		  "2|2023-11-14 22:15:00||||0\n" },
	};
	struct room *room = room_of(context);
	bool shell = access("/usr/bin/sqlite3", X_OK) == 0;
	size_t asked = 0;
	sqlite3 *db;

	ok(state_open(room->directory, "mail.db", &room->state));
	views_fill(room);
	db = other_open(room, "mail.db");
	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++, asked++) {
		char text[4096] = "";
		size_t size;
		FILE *pipe;

		assert_string_equal(other_ask(db, asks[i].sql), asks[i].want);
		if (!shell)
			continue;
		pipe = popen(arena_printf(room->arena, "sqlite3 -batch -readonly '%s' '%s'",
					  path_in(room, "mail.db"), asks[i].sql),
			     "r");
		assert_non_null(pipe);
		size = fread(text, 1, sizeof text - 1, pipe);
		text[size] = '\0';
		assert_int_equal(pclose(pipe), 0);
		assert_string_equal(text, asks[i].want);
	}
	assert_int_equal(asked, 10);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALONE(tables_are_the_schema),
		ALONE(views_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
