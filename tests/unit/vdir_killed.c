/* store/vdir: killed at each step, stopped in the middle.  No bytes may be lost, and nothing half done may be
 * seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include "local_race.h"
#include "store/vdir/label.h"

#define HOME "calendars/Home"
#define WORK "calendars/Work"
#define ITEM HOME "/x.ics"

static const struct store_folder home = { .path = HOME, .name = HOME, .kind = KIND_EVENTS };

#define OLD  "old\n"
#define NEW  "new\n"
#define MORE "more\n"

static void do_write(struct room *room)
{
	struct store_folder work = room_named(WORK);
	struct write writes[3] = {
		{ .folder = &home, .key = "w0" },
		{ .folder = &work, .key = "w1" },
		{ .folder = &home, .name = "w2.ics" },
	};

	for (size_t i = 0; i < COUNT(writes); i++)
		writes[i].body = room_body(room, i == 1 ? MORE : NEW, false);
	ASSERT_OK(store_write(room->store, writes, COUNT(writes), room->arena));
	ASSERT_OK(store_sync(room->store));
	/* A run after a kill finds some of them, and knows them for its own. */
	for (size_t i = 0; i < COUNT(writes); i++) {
		ASSERT_OK(writes[i].fail);
		body_free(writes[i].body);
	}
}

static void see_write(struct room *room, bool done)
{
	static const char *const files[] = { HOME "/w0.ics", WORK "/w1.ics", HOME "/w2.ics" };
	size_t there = 0;

	for (size_t i = 0; i < COUNT(files); i++)
		if (room_has(room, files[i])) {
			assert_string_equal(room_text(room, files[i]), i == 1 ? MORE : NEW);
			there++;
		}
	if (done)
		assert_int_equal(there, COUNT(files));
}

static void replace_item(struct room *room, bool no_exchange)
{
	static unsigned again;
	char into[32];
	struct write write = { .folder = &home, .replaces = "x.ics", .into = into };

	/* Another run, another place. */
	snprintf(into, sizeof into, ".koc/vault/r%u", again++);
	((struct vdir *)room->store)->no_exchange = no_exchange;
	if (strcmp(room_text(room, ITEM), NEW) == 0)
		return;
	write.body = room_body(room, NEW, false);
	ASSERT_OK(store_write(room->store, &write, 1, room->arena));
	ASSERT_OK(write.fail);
	ASSERT_OK(store_sync(room->store));
	body_free(write.body);
}

static void do_replace(struct room *room)
{
	replace_item(room, false);
}

static void do_replace_linked(struct room *room)
{
	replace_item(room, true);
}

/* The name is never absent; once the new bytes are there, the old ones are in their place, and before that
 * nothing is. */
static void see_replace(struct room *room, bool done)
{
	bool replaced = strcmp(room_text(room, ITEM), NEW) == 0;

	assert_true(replaced || strcmp(room_text(room, ITEM), OLD) == 0);
	assert_true(replaced || !done);
	assert_int_equal(copies_of(room, OLD), 1);
	assert_int_equal(room_count(room, ".koc/vault"), replaced);
}

static void transfer_item(struct room *room, bool copy)
{
	struct store_folder work = room_named(WORK);
	struct transfer transfer = { .folder = &home, .to = &work, .ref = "y.ics", .copy = copy,
				     .name = "there.ics" };

	ASSERT_OK(store_transfer(room->store, &transfer, 1, room->arena));
	assert_true(!transfer.fail || fail_is(transfer.fail, FAIL_MISSING) ||
		    fail_is(transfer.fail, FAIL_EXISTS));
	ASSERT_OK(store_sync(room->store));
}

static void do_move(struct room *room)
{
	transfer_item(room, false);
}

static void do_copy(struct room *room)
{
	transfer_item(room, true);
}

static void see_move(struct room *room, bool done)
{
	assert_int_equal(copies_of(room, MORE), 1);
	assert_int_equal(room_has(room, HOME "/y.ics"), !room_has(room, WORK "/there.ics"));
	assert_true(!done || room_has(room, WORK "/there.ics"));
}

static void see_copy(struct room *room, bool done)
{
	assert_string_equal(room_text(room, HOME "/y.ics"), MORE);
	if (done || room_has(room, WORK "/there.ics"))
		assert_string_equal(room_text(room, WORK "/there.ics"), MORE);
}

static void do_remove(struct room *room)
{
	struct removal removal = { .folder = &home, .ref = "x.ics", .into = ".koc/vault/x" };

	ASSERT_OK(store_remove(room->store, &removal, 1, room->arena));
	assert_true(!removal.fail || fail_is(removal.fail, FAIL_MISSING));
	ASSERT_OK(store_sync(room->store));
}

static void see_remove(struct room *room, bool done)
{
	assert_int_equal(copies_of(room, OLD), 1);
	assert_int_equal(room_has(room, ITEM), !room_has(room, ".koc/vault/x"));
	assert_true(!done || room_has(room, ".koc/vault/x"));
}

static void do_label(struct room *room)
{
	ASSERT_OK(store_label(room->store, &home, "At home", "#00ff00"));
	ASSERT_OK(store_sync(room->store));
}

static void see_label(struct room *room, bool done)
{
	const char *title = room_text(room, HOME "/" LABEL_TITLE);

	assert_true(strcmp(title, "At home") == 0 || (!done && strcmp(title, "Home") == 0));
	title = room_text(room, HOME "/" LABEL_COLOR);
	assert_true(strcmp(title, "#00ff00") == 0 || (!done && strcmp(title, "") == 0));
}

static void do_folders(struct room *room)
{
	struct store_folder made = room_named("tasks/Made"), renamed, gone = room_named("tasks/Renamed"),
			    empty = room_named("calendars/Empty");
	const struct fail *fail;

	fail = store_make(room->store, made.path, 0, room->arena, &renamed);
	assert_true(!fail || fail_is(fail, FAIL_EXISTS));
	fail = store_rename(room->store, &made, gone.path, room->arena, &renamed);
	assert_true(!fail || fail_is(fail, FAIL_EXISTS));
	fail = store_drop(room->store, &gone);
	assert_true(!fail || fail_is(fail, FAIL_MISSING));
	fail = store_drop(room->store, &empty);
	assert_true(!fail || fail_is(fail, FAIL_MISSING));
	ASSERT_OK(store_sync(room->store));
}

static void see_folders(struct room *room, bool done)
{
	struct folder_list list;

	ASSERT_OK(store_folders(room->store, NULL, 0, room->arena, &list));
	for (size_t i = 0; i < list.count; i++)
		assert_false(list.items[i].unsupported);
	assert_int_equal(copies_of(room, OLD), 1);
	if (done) {
		assert_false(room_has(room, "calendars/Empty"));
		assert_false(room_has(room, "tasks/Renamed"));
	}
}

static const struct scenario scenarios[] = {
	{ "write", do_write, see_write, 3 },
	{ "replace", do_replace, see_replace, 4 },
	{ "replace without exchange", do_replace_linked, see_replace, 4 },
	{ "move", do_move, see_move, 1 },
	{ "copy", do_copy, see_copy, 1 },
	{ "remove", do_remove, see_remove, 1 },
	{ "label", do_label, see_label, 2 },
	{ "folders", do_folders, see_folders, 7 },
};

static void killed_room(struct room *room)
{
	room_begin(room);
	room_collection(room, HOME);
	room_collection(room, WORK);
	room_collection(room, "calendars/Empty");
	room_put(room, "calendars/Empty/" LABEL_TITLE, "Empty");
	room_put(room, "calendars/Empty/" LABEL_COLOR, "#010203");
	room_put(room, HOME "/" LABEL_TITLE, "Home");
	room_put(room, ITEM, OLD);
	room_put(room, HOME "/y.ics", MORE);
}

static void test_killed(void **state)
{
	unsigned total = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		bool ended = false;
		unsigned n = 0;

		while (!ended) {
			struct room room;
			struct listing *listing;

			killed_room(&room);
			ended = run_killed(&room, scenario, ++n);
			/* The next run: it sees nothing half, nothing lost … */
			room_again(&room);
			scenario->see(&room, ended);
			listing = room_list(&room, HOME);
			for (size_t k = 0; k < listing->count; k++)
				assert_true(listing->entries[k].size >= strlen(OLD));
			listing_free(listing);
			/* … and does what was not done. */
			scenario->run(&room);
			scenario->see(&room, true);
			/* What was in the way of a dead run goes with the next one that writes there. */
			copies_of(&room, "");
			assert_int_equal(sought.dotted, 0);
			assert_false(room_has(&room, ".koc/dav.swap"));
			room_end(&room);
		}
		print_message("%s: %u steps\n", scenario->name, n - 1);
		assert_true(n - 1 >= scenario->least);
		total += n - 1;
	}
	assert_true(total > 20);
}

/* Killed while the temporary files are written, which no step tells: what is left is not seen, and goes. */
static void test_leftovers(void **state)
{
	struct listing *listing;
	struct room room;

	(void)state;
	room_begin(&room);
	room_collection(&room, HOME);
	room_put(&room, HOME "/.koc-new-1f-1", "hal");
	room_put(&room, HOME "/.koc-0123456789abcdef", "hal");
	room_put(&room, HOME "/.koc-swap.1.old", "theirs");
	listing = room_list(&room, HOME);
	assert_int_equal(listing->count, 0);
	listing_free(listing);
	assert_true(room_has(&room, HOME "/.koc-new-1f-1"));
	room_collection(&room, WORK);
	do_write(&room);
	assert_false(room_has(&room, HOME "/.koc-new-1f-1"));
	assert_false(room_has(&room, HOME "/.koc-0123456789abcdef"));
	assert_true(room_has(&room, HOME "/.koc-swap.1.old"));
	room_end(&room);
}

/* A batch that is stopped in the middle: what was done is told, what was not is not. */
static const struct fail *refuse_later(void *context, const char *what)
{
	(void)what;
	if (*(unsigned *)context == 0)
		return fail_make(FAIL_STOPPED, FAIL_ALL, "stopped");
	--*(unsigned *)context;
	return NULL;
}

static void test_stopped(void **state)
{
	size_t partly = 0;

	(void)state;
	for (unsigned n = 0; n < 20; n++) {
		struct write writes[12];
		const struct fail *fail;
		unsigned left = n;
		size_t done = 0;
		struct room room;

		room_begin(&room);
	room_collection(&room, HOME);
		for (size_t i = 0; i < COUNT(writes); i++)
			writes[i] = (struct write){
				.folder = &home,
				.key = arena_printf(room.arena, "k%zu", i),
				.body = room_body(&room, arena_printf(room.arena, "%zu", i), false),
			};
		step_set_hook(refuse_later, &left);
		fail = store_write(room.store, writes, COUNT(writes), room.arena);
		step_set_hook(NULL, NULL);
		assert_int_equal(fail != NULL, n < COUNT(writes));
		for (size_t i = 0; i < COUNT(writes); i++) {
			assert_int_equal(writes[i].fail == NULL, writes[i].now.ref != NULL);
			done += !writes[i].fail;
			body_free(writes[i].body);
		}
		assert_int_equal(done, n < COUNT(writes) ? n : COUNT(writes));
		partly += done > 0 && done < COUNT(writes);
		assert_int_equal(room_count(&room, HOME), done);
		room_end(&room);
	}
	assert_true(partly >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
