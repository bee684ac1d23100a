/* store/vdir: a vault on another file system, a collection on another one, and a disk that is full.  They are
 * made in a mount namespace of their own; where that may not be had the tests are skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include "apart.h"

#define HOME "calendars/Home"
#define WORK "calendars/Work"

static const struct store_folder home = { .path = HOME, .name = HOME, .kind = KIND_EVENTS };
static const struct store_folder work = { .path = WORK, .name = WORK, .kind = KIND_EVENTS };

/* ---- another file system ------------------------------------------------------------------ */

static void across(void)
{
	struct write writes[] = {
		{ .folder = &home, .key = "new" },
		{ .folder = &work, .key = "new" },
		{ .folder = &home, .replaces = "a.ics", .into = ".koc/vault/a" },
		{ .folder = &work, .replaces = "b.ics", .into = ".koc/vault/b" },
		{ .folder = &home, .replaces = "c.ics", .into = ".koc/vault/c", .if_revision = "old" },
	};
	struct removal removals[] = {
		{ .folder = &home, .ref = "d.ics", .into = ".koc/vault/d" },
		{ .folder = &work, .ref = "e.ics", .into = ".koc/vault/e" },
	};
	struct transfer transfers[] = {
		{ .folder = &home, .to = &work, .ref = "f.ics" },
		{ .folder = &work, .to = &home, .ref = "g.ics", .copy = true },
	};
	struct listing *listings[2];
	char path[96], other[96];
	struct room room;

	room_begin(&room);
	room_collection(&room, HOME);
	room_collection(&room, WORK);
	snprintf(path, sizeof path, "%s/.koc", room.path);
	snprintf(other, sizeof other, "%s/" WORK, room.path);
	assert_true(mount_memory(path, "size=1m") && mount_memory(other, "size=1m"));
	room_directory(&room, ".koc/vault");
	room_put(&room, HOME "/a.ics", "old");
	room_put(&room, WORK "/b.ics", "old");
	room_put(&room, HOME "/c.ics", "kept");
	room_put(&room, HOME "/d.ics", "gone");
	room_put(&room, WORK "/e.ics", "gone");
	room_put(&room, HOME "/f.ics", "moved");
	room_put(&room, WORK "/g.ics", "copied");
	for (size_t i = 0; i < COUNT(writes); i++)
		writes[i].body = room_body(&room, "new", false);
	ASSERT_OK(store_write(room.store, writes, COUNT(writes), room.arena));
	ASSERT_OK(store_remove(room.store, removals, COUNT(removals), room.arena));
	ASSERT_OK(store_transfer(room.store, transfers, COUNT(transfers), room.arena));
	ASSERT_OK(store_sync(room.store));
	for (size_t i = 0; i < COUNT(writes); i++) {
		if (i < 4)
			ASSERT_OK(writes[i].fail);
		else
			assert_true(fail_is(writes[i].fail, FAIL_STALE) && !writes[i].came_out);
		body_free(writes[i].body);
	}
	for (size_t i = 0; i < 2; i++) {
		ASSERT_OK(removals[i].fail);
		ASSERT_OK(transfers[i].fail);
	}
	assert_string_equal(room_text(&room, HOME "/new.ics"), "new");
	assert_string_equal(room_text(&room, WORK "/new.ics"), "new");
	assert_string_equal(room_text(&room, HOME "/a.ics"), "new");
	assert_string_equal(room_text(&room, WORK "/b.ics"), "new");
	assert_string_equal(room_text(&room, HOME "/c.ics"), "kept");
	assert_string_equal(room_text(&room, ".koc/vault/a"), "old");
	assert_string_equal(room_text(&room, ".koc/vault/b"), "old");
	assert_string_equal(room_text(&room, ".koc/vault/d"), "gone");
	assert_string_equal(room_text(&room, ".koc/vault/e"), "gone");
	assert_string_equal(room_text(&room, WORK "/f.ics"), "moved");
	assert_string_equal(room_text(&room, HOME "/g.ics"), "copied");
	assert_string_equal(room_text(&room, WORK "/g.ics"), "copied");
	assert_int_equal(room_count(&room, ""), 12);
	listings[0] = room_list(&room, HOME);
	listings[1] = room_list(&room, WORK);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(room_entry(listings[i % 2], writes[i].now.ref)->revision,
				    writes[i].now.revision);
	listing_free(listings[0]);
	listing_free(listings[1]);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
	assert_int_equal(umount2(other, MNT_DETACH), 0);
	room_end(&room);
}

static void test_across(void **state)
{
	(void)state;
	apart(across, "size=4m");
}

/* ---- full --------------------------------------------------------------------------------- */

static void full(void)
{
	static char text[20000];
	const struct fail *fail = NULL;
	size_t batches = 0, done = 0;
	struct listing *listing;
	struct write write;
	struct room room;
	char path[128];

	room_begin(&room);
	room_collection(&room, HOME);
	memset(text, 'x', sizeof text - 1);
	for (; !fail && batches < 20; batches++) {
		struct write writes[4];

		for (size_t i = 0; i < COUNT(writes); i++)
			writes[i] = (struct write){
				.folder = &home,
				.key = arena_printf(room.arena, "%zu-%zu", batches, i),
				.body = room_body(&room, text, false),
			};
		fail = store_write(room.store, writes, COUNT(writes), room.arena);
		for (size_t i = 0; i < COUNT(writes); i++) {
			assert_int_equal(writes[i].fail != NULL, fail != NULL);
			assert_int_equal(writes[i].now.ref != NULL, !fail);
			done += !writes[i].fail;
			body_free(writes[i].body);
		}
	}
	assert_true(fail_is(fail, FAIL_DISK));
	assert_int_equal(fail->scope, FAIL_ACCOUNT);
	assert_true(batches > 3);
	/* All that can be seen is whole, and nothing else is left. */
	listing = room_list(&room, HOME);
	assert_int_equal(listing->count, done);
	for (size_t i = 0; i < listing->count; i++)
		assert_int_equal(listing->entries[i].size, strlen(text));
	assert_int_equal(room_count(&room, HOME), done);
	/* Replacing needs room, too: the old one stays. */
	write = (struct write){ .folder = &home, .replaces = listing->entries[0].ref,
				.into = ".koc/vault/old", .body = room_body(&room, text, false) };
	while (!fail_is(store_write(room.store, &write, 1, room.arena), FAIL_DISK)) {
		ASSERT_OK(write.fail);
		write.replaces = write.now.ref;
		write.into = arena_printf(room.arena, ".koc/vault/%zu", ++done);
		assert_true(done < 1000);
	}
	assert_null(write.now.ref);
	assert_int_equal(room_count(&room, HOME), listing->count);
	/* It goes on when there is room. */
	for (size_t i = 1; i < 3; i++) {
		snprintf(path, sizeof path, HOME "/%s", listing->entries[i].ref);
		assert_int_equal(unlinkat(room.root, path, 0), 0);
	}
	write.into = ".koc/vault/last";
	ASSERT_OK(store_write(room.store, &write, 1, room.arena));
	ASSERT_OK(write.fail);
	ASSERT_OK(store_sync(room.store));
	assert_int_equal(room_count(&room, HOME), listing->count - 2);
	body_free(write.body);
	listing_free(listing);
	room_end(&room);
}

static void test_full(void **state)
{
	(void)state;
	apart(full, "size=512k");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_across),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
