/* state.h: transactions and open work; and that both implementations do the same whatever is done
 * to them.  Every check runs on both. */
#include "unit/state_room.h"

/* ---- transactions ---- */

/* A hook that counts, and fails from the call number `fail_at` on. */
struct gate {
	int count, fail_at;
};

static const struct fail *gate_pass(void *context, const char *what)
{
	struct gate *gate = context;

	assert_string_equal(what, "commit");
	if (++gate->count >= gate->fail_at && gate->fail_at)
		return fail_make(FAIL_STOPPED, FAIL_ALL, "stopped");
	return NULL;
}

/* Changes something in every table. */
static void change_all(struct room *room, int64_t folder, int64_t run)
{
	struct state_folder more = { .path = "mail/More" };
	struct row row = row_make(folder, "9", "i");
	struct pending pending = { .folder = folder, .side = LOCAL, .ref = "x" };
	struct intent intent = { .to = folder };
	struct vaulted vaulted = { .run = run };
	struct conflict conflict = { .run = run };
	int64_t second;

	ok(state_folder_put(room->state, &more));
	ok(state_row_put(room->state, &row));
	ok(state_pending_put(room->state, &pending));
	ok(state_intent_put(room->state, &intent));
	ok(state_vault_put(room->state, &vaulted));
	ok(state_conflict_put(room->state, &conflict));
	ok(state_run_begin(room->state, 5, &second));
	ok(state_history_add(room->state, second, "f", "i", "t"));
	ok(state_memo_put(room->state, "m", "v"));
	ok(state_row_remove(room->state, 1));
	ok(state_rows_unref(room->state, folder, SERVER));
}

/* What lies in every table, as text. */
static const char *dump(struct room *room, int64_t folder)
{
	static char text[65536];
	struct state_folder *folders;
	struct pending *pending;
	struct intent *intents;
	struct vaulted *vaulted;
	struct conflict *conflicts;
	struct state_run *runs;
	struct history *history;
	const char *memo;
	size_t counts[7];

	ok(state_folders(room->state, room->arena, &folders, &counts[0]));
	ok(state_pending(room->state, 0, room->arena, &pending, &counts[1]));
	ok(state_intents(room->state, room->arena, &intents, &counts[2]));
	ok(state_vault(room->state, INT64_MAX, room->arena, &vaulted, &counts[3]));
	ok(state_conflicts(room->state, room->arena, &conflicts, &counts[4]));
	ok(state_runs(room->state, SIZE_MAX, room->arena, &runs, &counts[5]));
	ok(state_history(room->state, NULL, SIZE_MAX, room->arena, &history, &counts[6]));
	ok(state_memo_get(room->state, "m", room->arena, &memo));
	text[0] = '\0';
	text_add(text, sizeof text, walk_text(room, folder, SERVER, NULL, NULL));
	text_add(text, sizeof text, "| ");
	text_add(text, sizeof text, walk_text(room, folder, LOCAL, NULL, NULL));
	for (size_t i = 0; i < 7; i++)
		text_add(text, sizeof text, arena_printf(room->arena, "| %zu ", counts[i]));
	text_add(text, sizeof text, memo ? memo : "-");
	return text;
}

#define BEFORE "1 2 | a b | 1 | 0 | 0 | 0 | 0 | 1 | 0 -"
#define AFTER  "| b i | 2 | 1 | 1 | 1 | 1 | 2 | 1 v"

static void transactions(void **context)
{
	struct room *room = room_of(context);
	int64_t folder = folder_new(room, "mail/A"), run;

	row_new(room, folder, "1", "a");
	row_new(room, folder, "2", "b");
	ok(state_run_begin(room->state, 1, &run));
	assert_string_equal(dump(room, folder), BEFORE);
	fails(state_commit(room->state), FAIL_STATE);
	state_rollback(room->state);

	ok(state_begin(room->state));
	fails(state_begin(room->state), FAIL_STATE);
	change_all(room, folder, run);
	assert_string_equal(dump(room, folder), AFTER); /* seen within */
	state_rollback(room->state);
	assert_string_equal(dump(room, folder), BEFORE);
	state_rollback(room->state);
	assert_string_equal(dump(room, folder), BEFORE);

	ok(state_begin(room->state));
	change_all(room, folder, run);
	ok(state_commit(room->state));
	assert_string_equal(dump(room, folder), AFTER);
	state_rollback(room->state);
	assert_string_equal(dump(room, folder), AFTER);

	/* Removals come back too. */
	ok(state_begin(room->state));
	ok(state_folder_remove(room->state, folder));
	ok(state_prune(room->state, INT64_MAX));
	ok(state_memo_put(room->state, "m", NULL));
	state_rollback(room->state);
	assert_string_equal(dump(room, folder), AFTER);
}

static void commits_pass_a_step(void **context)
{
	struct room *room = room_of(context);
	struct gate gate = { 0 };
	int64_t folder, run;
	struct row row;

	step_set_hook(gate_pass, &gate);
	folder = folder_new(room, "mail/A");
	row_new(room, folder, "1", "a");
	row_new(room, folder, "2", "b");
	ok(state_run_begin(room->state, 1, &run));
	assert_int_equal(gate.count, 4); /* each its own transaction */
	assert_string_equal(dump(room, folder), BEFORE);
	assert_int_equal(gate.count, 4); /* reading passes none */

	ok(state_begin(room->state));
	change_all(room, folder, run);
	assert_int_equal(gate.count, 4);
	gate.fail_at = 5;
	fails(state_commit(room->state), FAIL_STOPPED);
	assert_string_equal(dump(room, folder), BEFORE);

	/* Stopped for good: nothing that is tried leaves a trace. */
	row = row_make(folder, "3", "c");
	fails(state_row_put(room->state, &row), FAIL_STOPPED);
	assert_int_equal(row.id, 0);
	fails(state_rows_unref(room->state, folder, SERVER), FAIL_STOPPED);
	fails(state_memo_put(room->state, "m", "v"), FAIL_STOPPED);
	fails(state_run_end(room->state, run, 9, 1, "x"), FAIL_STOPPED);
	fails(state_folder_remove(room->state, folder), FAIL_STOPPED);
	assert_int_equal(gate.count, 10);
	assert_string_equal(dump(room, folder), BEFORE);

	gate = (struct gate){ 0 };
	ok(state_row_put(room->state, &row));
	ok(state_rows_unref(room->state, folder, SERVER));
	assert_int_equal(gate.count, 2); /* unref is one transaction */
}

/* ---- open work ---- */

static void pending_kept(void **context)
{
	struct room *room = room_of(context);
	int64_t a = folder_new(room, "mail/Z"), b = folder_new(room, "mail/A");
	struct pending puts[] = {
		{ b, LOCAL, "y", PENDING_SCOPE, "", 0, 0, "" },
		{ a, LOCAL, "a", PENDING_RACED, NULL, 1, 2, "" },
		{ a, SERVER, "z", PENDING_HELD, "held", 0, 0, "12.3" },
		{ a, SERVER, "B", PENDING_DIRECTION, "", 0, 0, "" },
		{ a, LOCAL, "Z", PENDING_HELD, "", 0, 0, "" },
		{ a, LOCAL, "a", PENDING_SET_ASIDE, "too large", UINT32_MAX, INT64_MAX, "7.8" },
		{ b, SERVER, "y", PENDING_HELD, "", 0, 0, "" },
	};
	static const char *const order[] = { "B", "z", "Z", "a", "y", "y" };
	struct pending *list, wrong = { .folder = 4711, .ref = "x" };
	size_t count;

	for (size_t i = 0; i < sizeof puts / sizeof *puts; i++)
		ok(state_pending_put(room->state, &puts[i]));
	fails(state_pending_put(room->state, &wrong), FAIL_STATE);
	ok(state_pending(room->state, 0, room->arena, &list, &count));
	assert_int_equal(count, 6);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(list[i].ref, order[i]);
	assert_int_equal(list[4].side, SERVER);
	assert_int_equal(list[5].side, LOCAL);
	assert_int_equal(list[5].why, PENDING_SCOPE);
	/* The second one for a replaced the first. */
	assert_int_equal(list[3].folder, a);
	assert_int_equal(list[3].why, PENDING_SET_ASIDE);
	assert_string_equal(list[3].text, "too large");
	assert_string_equal(list[3].revision, "7.8");
	assert_int_equal(list[3].tries, UINT32_MAX);
	assert_int_equal(list[3].next, INT64_MAX);

	ok(state_pending_remove(room->state, a, LOCAL, "z")); /* the server's, so nothing */
	ok(state_pending_remove(room->state, a, SERVER, "z"));
	ok(state_pending(room->state, a, room->arena, &list, &count));
	assert_int_equal(count, 3);
	assert_string_equal(list[0].ref, "B");
	ok(state_folder_remove(room->state, a));
	ok(state_pending(room->state, 0, room->arena, &list, &count));
	assert_int_equal(count, 2);
	ok(state_pending(room->state, a, room->arena, &list, &count));
	assert_int_equal(count, 0);
}

static void intents_kept(void **context)
{
	struct room *room = room_of(context);
	int64_t from = folder_new(room, "mail/A"), to = folder_new(room, "mail/B");
	int64_t row = row_new(room, from, "1", "a");
	struct intent full = {
		.verb = INTENT_MOVE,
		.folder = from,
		.to = to,
		.from_ref = "0000000001",
		.epoch = "77",
		.next = "0000000009",
		.local_ref = "a",
		.row = row,
		.print = { 1234, digest_of("h", 1) },
		.message_id = "<a@b>",
		.flags = { 16, "x y" },
		.tries = 1,
	};
	struct intent bare = { .to = to }, none = { 0 }, wrong = { .to = to, .row = 4711 };
	struct intent *list;
	size_t count;

	ok(state_intent_put(room->state, &full));
	ok(state_intent_put(room->state, &bare));
	fails(state_intent_put(room->state, &none), FAIL_STATE);
	fails(state_intent_put(room->state, &wrong), FAIL_STATE);
	full.tries = 2;
	ok(state_intent_put(room->state, &full));
	ok(state_intents(room->state, room->arena, &list, &count));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].id, full.id);
	assert_int_equal(list[0].verb, INTENT_MOVE);
	assert_int_equal(list[0].folder, from);
	assert_int_equal(list[0].to, to);
	assert_int_equal(list[0].row, row);
	assert_string_equal(list[0].from_ref, "0000000001");
	assert_string_equal(list[0].epoch, "77");
	assert_string_equal(list[0].next, "0000000009");
	assert_string_equal(list[0].local_ref, "a");
	assert_string_equal(list[0].message_id, "<a@b>");
	assert_string_equal(list[0].flags.keywords, "x y");
	assert_int_equal(list[0].flags.bits, 16);
	assert_int_equal(list[0].print.size, 1234);
	assert_true(digest_equal(&list[0].print.head, &full.print.head));
	assert_int_equal(list[0].tries, 2);
	assert_int_equal(list[1].verb, INTENT_APPEND);
	assert_int_equal(list[1].folder, 0);
	assert_int_equal(list[1].row, 0);
	assert_null(list[1].from_ref);
	assert_null(list[1].local_ref);
	assert_null(list[1].message_id);
	assert_string_equal(list[1].epoch, "");
	assert_false(digest_known(&list[1].print.head));

	ok(state_row_remove(room->state, row));
	ok(state_folder_remove(room->state, from));
	ok(state_intents(room->state, room->arena, &list, &count));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].row, 0);
	assert_int_equal(list[0].folder, 0);
	ok(state_intent_remove(room->state, bare.id));
	ok(state_intents(room->state, room->arena, &list, &count));
	assert_int_equal(count, 1);
	ok(state_folder_remove(room->state, to));
	ok(state_intents(room->state, room->arena, &list, &count));
	assert_int_equal(count, 0);
}

static void memos_kept(void **context)
{
	struct room *room = room_of(context);
	const char *value;

	ok(state_memo_get(room->state, "a", room->arena, &value));
	assert_null(value);
	ok(state_memo_put(room->state, "a", "1"));
	ok(state_memo_put(room->state, "b", ""));
	ok(state_memo_put(room->state, "a", "2\n3"));
	ok(state_memo_get(room->state, "a", room->arena, &value));
	assert_string_equal(value, "2\n3");
	ok(state_memo_get(room->state, "b", room->arena, &value));
	assert_string_equal(value, "");
	ok(state_memo_put(room->state, "a", NULL));
	ok(state_memo_put(room->state, "a", NULL));
	ok(state_memo_get(room->state, "a", room->arena, &value));
	assert_null(value);
}

/* ---- the same, whatever is done ---- */

struct dice {
	uint64_t seed;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
	dice->seed = dice->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice->seed >> 33) % sides;
}

/* One random change, told by what came out of it. */
static const char *change_any(struct room *room, struct dice *dice, const int64_t *folders)
{
	char server[4], local[4];
	int64_t folder = folders[roll(dice, 2)], id = 1 + roll(dice, 30);
	enum side side = (enum side)roll(dice, SIDES);
	const struct fail *f = NULL;
	struct row row;
	struct pending pending = { .folder = folder, .side = side, .ref = server };
	struct intent intent = { .to = folder, .folder = folders[1], .row = id };

	snprintf(server, sizeof server, "%u", roll(dice, 12));
	snprintf(local, sizeof local, "%u", roll(dice, 12));
	row = row_make(folder, roll(dice, 4) ? server : NULL, roll(dice, 4) ? local : NULL);
	switch (roll(dice, 14)) {
	case 0:
	case 1:
	case 2:
		f = state_row_put(room->state, &row);
		return f ? "row refused" : arena_printf(room->arena, "row %d", (int)row.id);
	case 3:
		row.id = id;
		f = state_row_put(room->state, &row);
		return f ? "update refused" : "updated";
	case 4:
		f = state_row_remove(room->state, id);
		break;
	case 5:
		f = state_rows_unref(room->state, folder, side);
		break;
	case 6:
		f = state_pending_put(room->state, &pending);
		break;
	case 7:
		f = state_pending_remove(room->state, folder, side, server);
		break;
	case 8:
		f = state_intent_put(room->state, &intent);
		return f ? "intent refused" : "intent";
	case 9:
	case 10:
		f = state_begin(room->state);
		return f ? "nested" : "begin";
	case 11:
		f = state_commit(room->state);
		return f ? "no commit" : "commit";
	case 12:
		state_rollback(room->state);
		return "rollback";
	case 13:
		f = state_base_put(room->state, id, server, strlen(server), local);
		return f ? "base refused" : "base";
	}
	return f ? f->text : "done";
}

/* All that lies in the folder, and what refers to it. */
static const char *dump_whole(struct room *room, int64_t folder)
{
	const char *text = arena_str(room->arena, dump(room, folder));
	struct pending *pending;
	struct intent *intents;
	const char *base;
	uint64_t rows;
	size_t count;

	ok(state_rows_count(room->state, folder, &rows));
	text = arena_printf(room->arena, "%s %d", text, (int)rows);
	ok(state_pending(room->state, folder, room->arena, &pending, &count));
	for (size_t i = 0; i < count; i++)
		text = arena_printf(room->arena, "%s p%d/%s", text, pending[i].side,
				    pending[i].ref);
	ok(state_intents(room->state, room->arena, &intents, &count));
	for (size_t i = 0; i < count; i++)
		text = arena_printf(room->arena, "%s i%d/%d", text, (int)intents[i].row,
				    (int)intents[i].to);
	for (int64_t id = 1; id <= 30; id++) {
		ok(state_base_get(room->state, id, room->arena, &base, &count));
		if (base)
			text = arena_printf(room->arena, "%s b%d/%.*s", text, (int)id, (int)count, base);
	}
	return text;
}

static void both_do_the_same(void **context)
{
	struct room *sqlite = room_of(context);
	struct room memory = { .arena = arena_new(), .state = state_memory() };
	struct room *rooms[] = { sqlite, &memory };
	size_t changes = 0, refused = 0;
	int64_t folders[2][2];

	for (int r = 0; r < 2; r++) {
		folders[r][0] = folder_new(rooms[r], "mail/A");
		folders[r][1] = folder_new(rooms[r], "mail/B");
	}
	ok(state_begin(sqlite->state)); /* short of syncs, most of it is in transactions */
	ok(state_begin(memory.state));
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		const char *said[2], *all[2];

		for (int r = 0; r < 2; r++) {
			struct dice dice = { seed * 7919 };

			said[r] = change_any(rooms[r], &dice, folders[r]);
			all[r] = dump_whole(rooms[r], folders[r][0]);
		}
		if (strcmp(said[0], said[1]) != 0 || strcmp(all[0], all[1]) != 0)
			print_error("change %d: %s, %s\n", (int)seed, said[0], said[1]);
		assert_string_equal(said[0], said[1]);
		assert_string_equal(all[0], all[1]);
		changes++;
		refused += strstr(said[0], "refused") != NULL;
		arena_reset(sqlite->arena);
		arena_reset(memory.arena);
	}
	assert_int_equal(changes, 3000);
	assert_true(refused > 100);
	state_close(memory.state);
	arena_free(memory.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(transactions),
		BOTH(commits_pass_a_step),
		BOTH(pending_kept),
		BOTH(intents_kept),
		BOTH(memos_kept),
		cmocka_unit_test_setup_teardown(both_do_the_same, room_setup_sqlite, room_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
