/* state.h: the vault, conflicts, runs and their history.  Every check runs on both
 * implementations. */
#include "unit/state_room.h"

static void vault_and_conflicts_kept(void **context)
{
	struct room *room = room_of(context);
	struct vaulted vaulted = { .run = 3, .folder = "mail/A", .name = "n",
				   .path = ".koc/vault/x", .when = 100, .why = "removed there" };
	struct conflict conflict = { .run = 3, .when = 100, .kind = KIND_CONTACTS,
				     .folder = "contacts/A", .item = "Jane", .key = "uid",
				     .path = "Conflicts/x", .name = "x.vcf", .why = "edited twice",
				     .revision = { "s", "l" }, .digest = digest_of("x", 1) };
	struct conflict bare = { .kind = KIND_MAIL };
	struct vaulted *vault;
	struct conflict *conflicts;
	const char *data;
	int64_t last;
	size_t count, size;

	ok(state_vault_put(room->state, &vaulted));
	ok(state_vault(room->state, 100, room->arena, &vault, &count));
	assert_int_equal(count, 0);
	ok(state_vault(room->state, 101, room->arena, &vault, &count));
	assert_int_equal(count, 1);
	assert_int_equal(vault->run, 3);
	assert_int_equal(vault->when, 100);
	assert_string_equal(vault->folder, "mail/A");
	assert_string_equal(vault->name, "n");
	assert_string_equal(vault->path, ".koc/vault/x");
	assert_string_equal(vault->why, "removed there");
	ok(state_vault_remove(room->state, vaulted.id));
	ok(state_vault(room->state, INT64_MAX, room->arena, &vault, &count));
	assert_int_equal(count, 0);

	ok(state_conflict_put(room->state, &conflict));
	ok(state_conflict_put(room->state, &bare));
	conflict.announced = true;
	ok(state_conflict_put(room->state, &conflict));
	ok(state_conflicts(room->state, room->arena, &conflicts, &count));
	assert_int_equal(count, 2);
	assert_int_equal(conflicts[0].id, conflict.id);
	assert_int_equal(conflicts[0].run, 3);
	assert_int_equal(conflicts[0].when, 100);
	assert_int_equal(conflicts[0].kind, KIND_CONTACTS);
	assert_true(conflicts[0].announced);
	assert_string_equal(conflicts[0].folder, "contacts/A");
	assert_string_equal(conflicts[0].item, "Jane");
	assert_string_equal(conflicts[0].key, "uid");
	assert_string_equal(conflicts[0].path, "Conflicts/x");
	assert_string_equal(conflicts[0].name, "x.vcf");
	assert_string_equal(conflicts[0].why, "edited twice");
	assert_string_equal(conflicts[0].revision[SERVER], "s");
	assert_string_equal(conflicts[0].revision[LOCAL], "l");
	assert_true(digest_equal(&conflicts[0].digest, &conflict.digest));
	assert_false(conflicts[1].announced);
	assert_null(conflicts[1].path);
	assert_null(conflicts[1].key);
	last = bare.id;
	ok(state_conflict_base_put(room->state, conflict.id, "BEGIN\0END", 9));
	ok(state_conflict_base_get(room->state, conflict.id, room->arena, &data, &size));
	assert_int_equal(size, 9);
	assert_memory_equal(data, "BEGIN\0END", 9);
	ok(state_conflict_base_get(room->state, bare.id, room->arena, &data, &size));
	assert_null(data);
	assert_int_equal(conflict_number(&conflict), 2 * conflict.id);
	assert_int_equal(conflict_number(&bare), 2 * bare.id - 1);
	ok(state_conflict_get(room->state, conflict.id, room->arena, &conflicts));
	assert_string_equal(conflicts->path, "Conflicts/x");
	ok(state_conflict_remove(room->state, conflict.id));
	ok(state_conflict_get(room->state, conflict.id, room->arena, &conflicts));
	assert_null(conflicts);
	ok(state_conflict_base_get(room->state, conflict.id, room->arena, &data, &size));
	assert_null(data);
	ok(state_conflict_remove(room->state, last));
	bare.id = 0;
	ok(state_conflict_put(room->state, &bare));
	assert_true(bare.id > last); /* a number that a user was shown never means another */
	conflict.id = 4711;
	fails(state_conflict_put(room->state, &conflict), FAIL_STATE);
}

/* Found by the file that a conflict is about, and by the path of its loser. */
static void conflicts_found(void **context)
{
	static const struct {
		const char *folder, *name, *path;
	} put[] = {
		{ "mail/A", "1.x", "Conflicts/mail/cur/1.x:2,FS" },
		{ "mail/B", "1.x", "Conflicts/mail/cur/1.x.2:2," },
		{ "calendars/A", "x.ics", "Conflicts/calendars/A/x.ics" },
		{ "calendars/A", "x.ics", "Conflicts/calendars/A/x.2.ics" },
		{ "calendars/A", "y.ics", NULL },
	};
	static const struct {
		const char *path;
		bool there;
	} paths[] = {
		{ "Conflicts/mail/cur/1.x", true },           { "Conflicts/mail/cur/1", false },
		{ "Conflicts/mail/cur/1.x.2", true },         { "Conflicts/mail/cur/1.x.3", false },
		{ "Conflicts/calendars/A/x.ics", true },      { "Conflicts/calendars/A/x", false },
		{ "Conflicts/calendars/A/x.2.ics", true },    { "Conflicts/calendars/A/X.ics", false },
		{ "", false },
	};
	struct room *room = room_of(context);
	struct conflict *found = NULL;
	size_t count = 0, tried = 0;
	bool there = false;

	for (size_t i = 0; i < sizeof put / sizeof *put; i++) {
		struct conflict conflict = { .folder = put[i].folder, .name = put[i].name, .path = put[i].path,
					     .item = "i", .why = "w" };

		ok(state_conflict_put(room->state, &conflict));
	}
	ok(state_conflicts_named(room->state, "mail/B", "1.x", room->arena, &found, &count));
	assert_int_equal(count, 1);
	assert_string_equal(found->path, put[1].path);
	ok(state_conflicts_named(room->state, "calendars/A", "x.ics", room->arena, &found, &count));
	assert_int_equal(count, 2);
	ok(state_conflicts_named(room->state, "calendars/A", "y.ics", room->arena, &found, &count));
	assert_int_equal(count, 1);
	ok(state_conflicts_named(room->state, "calendars/B", "x.ics", room->arena, &found, &count));
	assert_int_equal(count, 0);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++, tried++) {
		ok(state_conflict_at(room->state, paths[i].path, room->arena, &there));
		if (there != paths[i].there)
			fail_msg("%s: %d", paths[i].path, there);
	}
	assert_true(tried >= 9);
}

static void history_kept(void **context)
{
	static const struct {
		const char *like;
		size_t most, want;
		const char *newest;
	} asks[] = {
		{ NULL, 100, 6, "100% sure" },  { "", 100, 6, "100% sure" },
		{ NULL, 2, 2, "100% sure" },    { NULL, 0, 0, NULL },
		{ "%", 100, 1, "100% sure" },   { "_", 100, 1, "under_score" },
		{ "\\", 100, 1, "back\\slash" }, { "INBOX", 100, 2, "remove" },
		{ "inbox", 1, 1, "remove" },    { "Grüße", 100, 1, "copy" },
		{ "MOVE", 100, 2, "flag" },     { "'", 100, 0, NULL },
		{ "a*", 100, 0, NULL },         { "under_score and more", 100, 0, NULL },
	};
	struct room *room = room_of(context);
	struct state_run *runs;
	struct history *history;
	int64_t first, second;
	size_t count, checked = 0;

	ok(state_run_begin(room->state, 1000, &first));
	ok(state_history_add(room->state, first, "mail/INBOX", "UID 7 Grüße", "copy"));
	ok(state_history_add(room->state, first, "mail/INBOX", "UID 8", "remove"));
	ok(state_history_add(room->state, first, "mail/Removed", "UID 9", "flag"));
	ok(state_run_end(room->state, first, 1001, 3, "1 held"));
	ok(state_run_begin(room->state, 2000, &second));
	ok(state_history_add(room->state, second, "f", "i", "under_score"));
	ok(state_history_add(room->state, second, "f", "i", "back\\slash"));
	ok(state_history_add(room->state, second, "f", "i", "100% sure"));
	fails(state_history_add(room->state, 4711, "f", "i", "t"), FAIL_STATE);
	fails(state_run_end(room->state, 4711, 1, 1, ""), FAIL_STATE);

	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++, checked++) {
		ok(state_history(room->state, asks[i].like, asks[i].most, room->arena, &history,
				 &count));
		assert_int_equal(count, asks[i].want);
		if (count)
			assert_string_equal(history[0].text, asks[i].newest);
	}
	assert_int_equal(checked, 14);
	ok(state_history(room->state, NULL, 100, room->arena, &history, &count));
	assert_int_equal(history[0].run, second);
	assert_int_equal(history[0].when, 2000);
	assert_int_equal(history[5].run, first);
	assert_int_equal(history[5].when, 1000);
	assert_string_equal(history[5].folder, "mail/INBOX");
	assert_string_equal(history[5].item, "UID 7 Grüße");

	ok(state_runs(room->state, 10, room->arena, &runs, &count));
	assert_int_equal(count, 2);
	assert_int_equal(runs[0].id, second);
	assert_int_equal(runs[0].ended, 0);
	assert_int_equal(runs[1].began, 1000);
	assert_int_equal(runs[1].ended, 1001);
	assert_int_equal(runs[1].status, 3);
	assert_string_equal(runs[1].summary, "1 held");
	ok(state_runs(room->state, 1, room->arena, &runs, &count));
	assert_int_equal(count, 1);
	assert_int_equal(runs[0].id, second);

	ok(state_prune(room->state, 1000));
	ok(state_runs(room->state, 10, room->arena, &runs, &count));
	assert_int_equal(count, 2);
	ok(state_prune(room->state, 1001));
	ok(state_runs(room->state, 10, room->arena, &runs, &count));
	assert_int_equal(count, 1);
	ok(state_history(room->state, NULL, 100, room->arena, &history, &count));
	assert_int_equal(count, 3);
	assert_int_equal(history[2].run, second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(vault_and_conflicts_kept),
		BOTH(conflicts_found),
		BOTH(history_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
