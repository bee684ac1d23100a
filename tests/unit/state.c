/* state.h: folders, rows and the walk.  Every check runs on both implementations. */
#include "unit/state_room.h"

/* ---- what is kept comes back ---- */

static void text_is(const char *got, const char *want)
{
	if (!want)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void folders_kept(void **context)
{
	struct room *room = room_of(context);
	struct state_folder full = {
		.kind = KIND_TASKS,
		.path = "tasks/Übung",
		.name = { "INBOX.\xff", "dir/x" }, /* bytes, not always UTF-8 */
		.cursor = { "1:2:3", "9" },
		.identity = { "77", "inode" },
		.roles = ROLE_INBOX | ROLE_FOREIGN,
		.mode = MODE_OFF,
		.title = "Úkoly",
		.color = "#ff0000",
		.lasting = "F1",
	};
	struct state_folder bare = { .path = "mail/INBOX" };
	struct state_folder *folders;
	size_t count;

	ok(state_folders(room->state, room->arena, &folders, &count));
	assert_int_equal(count, 0);
	ok(state_folder_put(room->state, &full));
	ok(state_folder_put(room->state, &bare));
	assert_true(full.id > 0 && bare.id > 0 && full.id != bare.id);
	ok(state_folders(room->state, room->arena, &folders, &count));
	assert_int_equal(count, 2);
	assert_int_equal(folders[0].id, bare.id); /* by path */
	assert_int_equal(folders[0].kind, KIND_MAIL);
	assert_int_equal(folders[0].mode, MODE_FULL);
	for (int side = 0; side < SIDES; side++) {
		assert_null(folders[0].name[side]);
		assert_string_equal(folders[0].cursor[side], "");
		assert_string_equal(folders[0].identity[side], "");
		assert_string_equal(folders[1].name[side], full.name[side]);
		assert_string_equal(folders[1].cursor[side], full.cursor[side]);
		assert_string_equal(folders[1].identity[side], full.identity[side]);
	}
	assert_null(folders[0].title);
	assert_null(folders[0].color);
	assert_null(folders[0].lasting);
	assert_string_equal(folders[1].lasting, "F1");
	assert_string_equal(folders[1].title, "Úkoly");
	assert_string_equal(folders[1].color, "#ff0000");
	assert_string_equal(folders[1].path, full.path);
	assert_int_equal(folders[1].kind, KIND_TASKS);
	assert_int_equal(folders[1].mode, MODE_OFF);
	assert_int_equal(folders[1].roles, ROLE_INBOX | ROLE_FOREIGN);

	full.path = "tasks/A";
	full.name[SERVER] = NULL;
	full.mode = MODE_TEXT;
	full.color = NULL;
	ok(state_folder_put(room->state, &full));
	ok(state_folders(room->state, room->arena, &folders, &count));
	assert_int_equal(count, 2);
	assert_int_equal(folders[1].id, full.id);
	assert_string_equal(folders[1].path, "tasks/A");
	assert_null(folders[1].name[SERVER]);
	assert_string_equal(folders[1].name[LOCAL], "dir/x");
	assert_int_equal(folders[1].mode, MODE_TEXT);
	assert_string_equal(folders[1].title, "Úkoly");
	assert_null(folders[1].color);

	bare.path = "tasks/A"; /* taken */
	assert_int_equal(fails(state_folder_put(room->state, &bare), FAIL_STATE)->scope, FAIL_ITEM);
	bare.path = "mail/New";
	bare.id = 4711;
	fails(state_folder_put(room->state, &bare), FAIL_STATE);
	ok(state_folder_remove(room->state, 4711));
	ok(state_folder_remove(room->state, full.id));
	ok(state_folders(room->state, room->arena, &folders, &count));
	assert_int_equal(count, 1);
	assert_string_equal(folders[0].path, "mail/INBOX");
}

static void row_is(const struct row *got, const struct row *want)
{
	assert_non_null(got);
	assert_int_equal(got->id, want->id);
	assert_int_equal(got->folder, want->folder);
	text_is(got->key, want->key);
	for (int side = 0; side < SIDES; side++) {
		const struct version *a = &got->side[side], *b = &want->side[side];

		text_is(a->ref, b->ref);
		text_is(a->revision, b->revision ? b->revision : "");
		assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
		assert_int_equal(a->flags.bits, b->flags.bits);
		text_is(a->flags.keywords,
			b->flags.keywords && *b->flags.keywords ? b->flags.keywords : NULL);
	}
	assert_true(got->print.size == want->print.size);
	assert_memory_equal(&got->print.head, &want->print.head, sizeof got->print.head);
	assert_memory_equal(&got->normal, &want->normal, sizeof got->normal);
	text_is(got->lasting, want->lasting);
	assert_int_equal(got->date, want->date);
	assert_int_equal(got->marks, want->marks);
	text_is(got->message_id, want->message_id);
	text_is(got->subject, want->subject);
	text_is(got->from, want->from);
	assert_int_equal(got->sent, want->sent);
}

static void rows_kept(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), other = folder_new(room, "mail/B");
	char subject[64] = "Grüße, 'quoted' \"twice\" \\ \x01 \xff";
	struct row full = {
		.folder = folder,
		.key = "key@host",
		.side = { { "0000000007", "rev1", digest_of("s", 1), { 63, "$Junk a" } },
			  { "1700.M1P2.host", "1-2-3", digest_of("l", 1), { 16, "b" } } },
		.print = { UINT64_MAX, digest_of("h", 1) },
		.normal = digest_of("n", 1),
		.lasting = "M1",
		.date = -1,
		.marks = ROW_KEPT | ROW_TEXT,
		.message_id = "<a@b>",
		.subject = subject,
		.from = "",
		.sent = INT64_MAX,
	};
	struct row bare = row_make(folder, NULL, "x"), *row;
	const struct row *walked;

	bare.side[LOCAL].flags.keywords = "";
	ok(state_row_put(room->state, &full));
	ok(state_row_put(room->state, &bare));
	memset(subject, 'x', 5); /* it was copied */
	ok(state_row_find(room->state, folder, SERVER, "0000000007", room->arena, &row));
	assert_memory_equal(row->subject, "Grüße", strlen("Grüße"));
	memcpy(subject, "Grüße", 5);
	row_is(row, &full);
	ok(state_row_find(room->state, folder, LOCAL, "1700.M1P2.host", room->arena, &row));
	row_is(row, &full);
	ok(state_row_get(room->state, bare.id, room->arena, &row));
	row_is(row, &bare);
	ok(state_walk(room->state, folder, SERVER, NULL, NULL));
	ok(state_walk_next(room->state, &walked));
	row_is(walked, &full);
	state_walk_end(room->state);

	/* Everything changes, also what was known becomes unknown. */
	bare.id = full.id;
	bare.folder = other;
	bare.side[LOCAL].ref = "y";
	bare.print.size = 5;
	ok(state_row_put(room->state, &bare));
	ok(state_row_get(room->state, full.id, room->arena, &row));
	row_is(row, &bare);
	/* And only what no index covers. */
	bare.side[LOCAL].flags.bits = FLAG_SEEN;
	bare.subject = "now";
	ok(state_row_put(room->state, &bare));
	ok(state_row_get(room->state, full.id, room->arena, &row));
	row_is(row, &bare);

	ok(state_row_find(room->state, folder, SERVER, "7", room->arena, &row));
	assert_null(row);
	ok(state_row_find(room->state, 4711, LOCAL, "y", room->arena, &row));
	assert_null(row);
	ok(state_row_remove(room->state, full.id));
	ok(state_row_remove(room->state, full.id));
	ok(state_row_get(room->state, full.id, room->arena, &row));
	assert_null(row);
}

static void rows_unique(void **context)
{
	static const struct {
		bool update;
		const char *server, *local;
		bool good;
	} tries[] = {
		{ false, "1", "new", false },
		{ false, "new", "a", false },
		{ false, "1", "a", false },
		{ false, "1", NULL, false },
		{ false, NULL, "a", false },
		{ false, NULL, NULL, false },
		{ false, "3", "c", true },
		{ false, NULL, "d", true },
		{ false, NULL, "e", true },
		{ false, "4", NULL, true },
		{ false, "5", NULL, true },
		{ false, "A", "A", true },
		{ true, "1", "b", false },
		{ true, "2", "a", false },
		{ true, NULL, NULL, false },
		{ true, "2", "b", true },
		{ true, "2", NULL, true },
		{ true, NULL, "b2", true },
	};
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), other = folder_new(room, "mail/B");
	int64_t second;
	size_t good = 0;
	struct row row;

	row_new(room, folder, "1", "a");
	second = row_new(room, folder, "2", "b");
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		const struct fail *f;

		row = row_make(folder, tries[i].server, tries[i].local);
		row.id = tries[i].update ? second : 0;
		f = state_row_put(room->state, &row);
		good += !f;
		if (tries[i].good)
			ok(f);
		else
			assert_int_equal(fails(f, FAIL_STATE)->scope, FAIL_ITEM);
		if (f)
			assert_int_equal(row.id, tries[i].update ? second : 0);
	}
	assert_int_equal(good, 9);
	row_new(room, other, "1", "a"); /* another folder's refs are others */
	row = row_make(4711, "1", "a");
	fails(state_row_put(room->state, &row), FAIL_STATE);
	row = row_make(folder, "9", "z");
	row.id = 4711;
	fails(state_row_put(room->state, &row), FAIL_STATE);

	/* A failure inside a transaction takes back nothing but itself. */
	ok(state_begin(room->state));
	row_new(room, folder, "100", NULL);
	row = row_make(folder, "1", NULL);
	fails(state_row_put(room->state, &row), FAIL_STATE);
	row_new(room, folder, "101", NULL);
	ok(state_commit(room->state));
	assert_string_equal(walk_text(room, folder, SERVER, "10", "109"), "100 101 ");
}

/* ---- questions ---- */

static void rows_found(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), other = folder_new(room, "mail/B");
	struct digest one = digest_of("1", 1), two = digest_of("2", 1), none = { 0 };
	struct row *rows, row;
	size_t count;

	for (int i = 0; i < 4; i++) {
		char ref[16];

		snprintf(ref, sizeof ref, "r%d", i);
		row = row_make(i % 2 ? folder : other, ref, ref);
		row.side[LOCAL].digest = i < 3 ? one : none;
		row.side[SERVER].digest = two; /* not looked at */
		row.key = i ? "k" : NULL;
		ok(state_row_put(room->state, &row));
	}
	ok(state_rows_by_digest(room->state, &one, room->arena, &rows, &count));
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		assert_memory_equal(&rows[i].side[LOCAL].digest, &one, sizeof one);
	ok(state_rows_by_digest(room->state, &two, room->arena, &rows, &count));
	assert_int_equal(count, 0);
	assert_null(rows);
	ok(state_rows_by_digest(room->state, &none, room->arena, &rows, &count));
	assert_int_equal(count, 0);
	ok(state_rows_by_key(room->state, "k", room->arena, &rows, &count));
	assert_int_equal(count, 3);
	ok(state_rows_by_key(room->state, "K", room->arena, &rows, &count));
	assert_int_equal(count, 0);
}

static void rows_by_form(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), other = folder_new(room, "mail/B");
	static const uint32_t marks[] = { 0, ROW_TEXT, ROW_BARE, ROW_TEXT | ROW_WIRE, ROW_TEXT, ROW_WIRE, ROW_KEPT };
	struct digest one = digest_of("1", 1), two = digest_of("2", 1);
	struct row *rows;
	size_t count;

	for (int i = 0; i < 14; i++) {
		struct row row;
		char ref[16];

		snprintf(ref, sizeof ref, "r%02d", i);
		row = row_make(i < 7 ? folder : other, ref, i % 7 == 4 ? NULL : ref);
		row.marks = marks[i % 7];
		row.date = 100 + i;
		row.print.head = i % 7 == 1 ? one : two;
		ok(state_row_put(room->state, &row));
	}
	ok(state_rows_text(room->state, folder, 10, room->arena, &rows, &count));
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].side[SERVER].ref, "r03");
	assert_string_equal(rows[1].side[SERVER].ref, "r01");
	ok(state_rows_text(room->state, folder, 1, room->arena, &rows, &count));
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].side[SERVER].ref, "r03");
	ok(state_rows_by_head(room->state, &one, room->arena, &rows, &count));
	assert_int_equal(count, 2);
	ok(state_rows_by_head(room->state, &two, room->arena, &rows, &count));
	assert_int_equal(count, 12);
	ok(state_rows_whole(room->state, folder, 106, 10, room->arena, &rows, &count));
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].side[SERVER].ref, "r05");
	assert_string_equal(rows[1].side[SERVER].ref, "r00");
	ok(state_rows_whole(room->state, folder, 105, 10, room->arena, &rows, &count));
	assert_int_equal(count, 1);
}

static void walks(void **context)
{
	static const struct {
		const char *first, *last, *want;
	} ranges[] = {
		{ NULL, NULL, "\x01 0000000009 0000000010 A Z a aa ab b ~ ä \xff " },
		{ "", NULL, "\x01 0000000009 0000000010 A Z a aa ab b ~ ä \xff " },
		{ "a", "b", "a aa ab b " },
		{ "a", "a", "a " },
		{ "a0", "a~", "aa ab " },
		{ "b", "a", "" },
		{ "c", "d", "" },
		{ NULL, "0000000009", "\x01 0000000009 " },
		{ NULL, "", "" },
		{ "~", NULL, "~ ä \xff " },
		{ "\xff\xff", NULL, "" },
	};
	static const char *const refs[] = { "b",  "0000000010", "A", "~",  "ab", "\xff",
					    "aa", "0000000009", "Z", "\x01", "a", "ä" };
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), other = folder_new(room, "mail/B");
	const struct row *row;
	char first[] = "a";
	size_t checked = 0;

	for (size_t i = 0; i < sizeof refs / sizeof *refs; i++) {
		row_new(room, folder, refs[i], i % 2 ? refs[i] : NULL);
		row_new(room, other, refs[i], NULL);
	}
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++, checked++)
		assert_string_equal(
			walk_text(room, folder, SERVER, ranges[i].first, ranges[i].last),
			ranges[i].want);
	assert_int_equal(checked, 11);
	assert_string_equal(walk_text(room, folder, LOCAL, NULL, NULL),
			    "\x01 0000000009 0000000010 ~ ä \xff ");
	assert_string_equal(walk_text(room, 4711, SERVER, NULL, NULL), "");

	/* The range is copied; a walk may be left early; reading on the way is fine. */
	ok(state_walk(room->state, folder, SERVER, first, NULL));
	first[0] = '~';
	ok(state_walk_next(room->state, &row));
	assert_string_equal(row->side[SERVER].ref, "a");
	{
		struct row *found;

		ok(state_row_find(room->state, folder, SERVER, "b", room->arena, &found));
		assert_non_null(found);
	}
	ok(state_walk_next(room->state, &row));
	assert_string_equal(row->side[SERVER].ref, "aa");
	state_walk_end(room->state);
	state_walk_end(room->state);
	fails(state_walk_next(room->state, &row), FAIL_STATE);
	assert_null(row);
}

static void walk_guards_rows(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A");
	int64_t id = row_new(room, folder, "1", "a");
	struct pending pending = { .folder = folder, .ref = "1" };
	struct state_folder *folders;
	struct row change = row_make(folder, "2", "b");
	const struct row *row;
	size_t count;

	row_new(room, folder, "3", "c");
	ok(state_walk(room->state, folder, SERVER, NULL, NULL));
	fails(state_walk(room->state, folder, LOCAL, NULL, NULL), FAIL_STATE);
	ok(state_begin(room->state));
	fails(state_row_put(room->state, &change), FAIL_STATE);
	fails(state_row_remove(room->state, id), FAIL_STATE);
	fails(state_rows_unref(room->state, folder, LOCAL), FAIL_STATE);
	fails(state_folder_remove(room->state, folder), FAIL_STATE);
	ok(state_walk_next(room->state, &row));
	ok(state_pending_put(room->state, &pending)); /* the rest may change */
	ok(state_folders(room->state, room->arena, &folders, &count));
	folders[0].cursor[SERVER] = "new";
	ok(state_folder_put(room->state, &folders[0]));
	ok(state_commit(room->state));
	ok(state_begin(room->state));
	ok(state_memo_put(room->state, "m", "v"));
	state_rollback(room->state); /* and be taken back */
	ok(state_walk_next(room->state, &row));
	assert_string_equal(row->side[SERVER].ref, "3");
	ok(state_walk_next(room->state, &row));
	assert_null(row);
	state_walk_end(room->state);
	ok(state_row_put(room->state, &change));
	assert_string_equal(walk_text(room, folder, SERVER, NULL, NULL), "1 2 3 ");
}

static void rows_without_and_unref(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), other = folder_new(room, "mail/B");
	struct row *rows;
	uint64_t number;
	size_t count;

	row_new(room, folder, "1", "a");
	row_new(room, folder, "2", "b");
	row_new(room, folder, "3", NULL);
	row_new(room, folder, NULL, "d");
	row_new(room, folder, NULL, "e");
	row_new(room, other, "1", "a");
	ok(state_rows_count(room->state, folder, &number));
	assert_int_equal(number, 2);
	ok(state_rows_without(room->state, folder, SERVER, room->arena, &rows, &count));
	assert_int_equal(count, 2);
	assert_string_equal(rows[0].side[LOCAL].ref, "d");
	ok(state_rows_without(room->state, folder, LOCAL, room->arena, &rows, &count));
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].side[SERVER].ref, "3");

	ok(state_rows_unref(room->state, folder, SERVER));
	assert_string_equal(walk_text(room, folder, SERVER, NULL, NULL), "");
	assert_string_equal(walk_text(room, folder, LOCAL, NULL, NULL), "a b d e ");
	ok(state_rows_count(room->state, folder, &number));
	assert_int_equal(number, 0);
	ok(state_rows_count(room->state, other, &number));
	assert_int_equal(number, 1);
	ok(state_rows_unref(room->state, folder, LOCAL));
	ok(state_rows_without(room->state, folder, SERVER, room->arena, &rows, &count));
	assert_int_equal(count, 0);
	ok(state_rows_count(room->state, 4711, &number));
	assert_int_equal(number, 0);
}

static void rows_sized(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), other = folder_new(room, "mail/B");
	struct row here = row_make(folder, "1", "a"), only_here = row_make(folder, NULL, "b");
	struct row there = row_make(folder, "2", NULL), elsewhere = row_make(other, "1", "a");
	uint64_t bytes = 4711;

	ok(state_rows_size(room->state, folder, &bytes));
	assert_int_equal(bytes, 0);
	here.print.size = UINT64_C(5000000000); /* more than 32 bits */
	only_here.print.size = 7;
	there.print.size = 100;
	elsewhere.print.size = 1000;
	ok(state_row_put(room->state, &here));
	ok(state_row_put(room->state, &only_here));
	ok(state_row_put(room->state, &there));
	ok(state_row_put(room->state, &elsewhere));
	ok(state_rows_size(room->state, folder, &bytes));
	assert_int_equal(bytes, UINT64_C(5000000007));
	ok(state_rows_size(room->state, other, &bytes));
	assert_int_equal(bytes, 1000);
}

static void folder_takes_rows_along(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), other = folder_new(room, "mail/B");
	int64_t id = row_new(room, folder, "1", "a"), stays = row_new(room, other, "1", "a");
	struct state_folder *folders;
	struct row *row;
	size_t count;

	row_new(room, folder, "2", NULL);
	row_new(room, folder, NULL, "b");
	ok(state_folder_remove(room->state, folder));
	ok(state_row_get(room->state, id, room->arena, &row));
	assert_null(row);
	assert_string_equal(walk_text(room, folder, LOCAL, NULL, NULL), "");
	ok(state_row_get(room->state, stays, room->arena, &row));
	assert_non_null(row);
	ok(state_folders(room->state, room->arena, &folders, &count));
	assert_int_equal(count, 1);
	assert_true(folder_new(room, "mail/A") > folder); /* numbers are not given twice */
	assert_true(row_new(room, other, "9", NULL) > stays);
}

static void base_is(struct room *room, int64_t row, const char *want, size_t size)
{
	const char *data;
	size_t got;

	ok(state_base_get(room->state, row, room->arena, &data, &got));
	assert_int_equal(got, size);
	if (!want) {
		assert_null(data);
		return;
	}
	assert_non_null(data);
	assert_memory_equal(data, want, size);
}

static void bases_kept(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "calendars/A"), other = folder_new(room, "calendars/B");
	int64_t first = row_new(room, folder, "1", "a"), second = row_new(room, folder, "2", "b");
	int64_t third = row_new(room, other, "3", "c");
	size_t size = 300000;
	char *large = malloc(size);

	for (size_t i = 0; i < size; i++)
		large[i] = (char)i;
	base_is(room, first, NULL, 0);
	ok(state_base_put(room->state, first, "BEGIN\0:\xff\r\n", 10, "{\"summary\":\"x\"}"));
	ok(state_base_put(room->state, second, large, size, "{}"));
	ok(state_base_put(room->state, third, "", 0, "{}"));
	memset(large + 1, 'x', 5); /* it was copied */
	base_is(room, first, "BEGIN\0:\xff\r\n", 10);
	memcpy(large + 1, (const char[]){ 1, 2, 3, 4, 5 }, 5);
	base_is(room, second, large, size);
	base_is(room, third, "", 0);
	ok(state_base_put(room->state, first, large + 7, 3, "{}"));
	base_is(room, first, large + 7, 3);
	assert_int_equal(fails(state_base_put(room->state, 4711, "x", 1, "{}"), FAIL_STATE)->scope, FAIL_ITEM);
	base_is(room, 4711, NULL, 0);

	ok(state_begin(room->state));
	ok(state_base_put(room->state, first, "y", 1, "{}"));
	ok(state_row_remove(room->state, second));
	base_is(room, second, NULL, 0);
	state_rollback(room->state);
	base_is(room, first, large + 7, 3);
	base_is(room, second, large, size);

	ok(state_row_remove(room->state, second)); /* they go with their rows */
	base_is(room, second, NULL, 0);
	ok(state_folder_remove(room->state, other));
	base_is(room, third, NULL, 0);
	ok(state_rows_unref(room->state, folder, SERVER)); /* but not with a ref */
	base_is(room, first, large + 7, 3);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(folders_kept),
		BOTH(rows_kept),
		BOTH(rows_sized),
		BOTH(rows_unique),
		BOTH(rows_found),
		BOTH(rows_by_form),
		BOTH(walks),
		BOTH(walk_guards_rows),
		BOTH(rows_without_and_unref),
		BOTH(folder_takes_rows_along),
		BOTH(bases_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
