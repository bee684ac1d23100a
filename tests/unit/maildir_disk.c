/* store/maildir: a vault on another file system, and a disk that is full.  Both are made in a mount
 * namespace of their own; where that may not be had the tests are skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "maildir_room.h"

#include "apart.h"

#define OLD "Subject: old\n\n"
#define NEW "Subject: new\n\n"

/* ---- another file system ------------------------------------------------------------------ */

static void across(void)
{
	struct store_folder folder = room_named("mail/F");
	struct write writes[3] = {
		{ .folder = &folder, .name = "n", .date = 1000000000 },
		{ .folder = &folder, .replaces = "a", .into = ".koc/vault/a", .date = 1000000000 },
		{ .folder = &folder, .replaces = "b", .into = ".koc/vault/b", .if_revision = "old" },
	};
	struct removal removal = { .folder = &folder, .ref = "c", .into = ".koc/vault/c" };
	struct listing *listing;
	char path[96];
	struct room room;

	room_begin(&room);
	snprintf(path, sizeof path, "%s/.koc", room.path);
	assert_true(mount_memory(path, "size=1m"));
	close(room.spool.directory);
	room_directory(&room, ".koc/spool");
	room_directory(&room, ".koc/vault");
	room.spool.directory = openat(room.root, ".koc/spool", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/cur/a:2,S", OLD);
	room_put(&room, "mail/F/cur/b:2,S", OLD);
	room_put(&room, "mail/F/cur/c:2,S", OLD);
	for (size_t i = 0; i < COUNT(writes); i++)
		writes[i].body = room_body(&room, NEW, i < 2);
	ASSERT_OK(store_write(room.store, writes, COUNT(writes), room.arena));
	ASSERT_OK(store_remove(room.store, &removal, 1, room.arena));
	ASSERT_OK(store_sync(room.store));
	ASSERT_OK(writes[0].fail);
	ASSERT_OK(writes[1].fail);
	assert_true(fail_is(writes[2].fail, FAIL_STALE) && !writes[2].came_out);
	ASSERT_OK(removal.fail);
	assert_string_equal(room_text(&room, "mail/F/new/n"), NEW);
	assert_string_equal(room_text(&room, "mail/F/cur/a:2,S"), NEW);
	assert_string_equal(room_text(&room, "mail/F/cur/b:2,S"), OLD);
	assert_string_equal(room_text(&room, ".koc/vault/a"), OLD);
	assert_string_equal(room_text(&room, ".koc/vault/c"), OLD);
	assert_int_equal(room_count(&room, "mail"), 3);
	listing = room_list(&room, "mail/F");
	for (size_t i = 0; i < 2; i++) {
		const struct entry *entry = room_entry(listing, writes[i].now.ref);

		assert_string_equal(entry->revision, writes[i].now.revision);
		assert_int_equal(entry->date, 1000000000);
	}
	listing_free(listing);
	for (size_t i = 0; i < COUNT(writes); i++)
		body_free(writes[i].body);
	assert_int_equal(room_count(&room, ".koc"), 2);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
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
	char path[128];
	const struct fail *fail = NULL;
	struct store_folder folder = room_named("mail/F");
	struct listing *listing;
	struct room room;
	size_t batches = 0, done = 0, kept;

	room_begin(&room);
	room_folder(&room, "mail/F");
	memset(text, 'x', sizeof text - 1);
	memcpy(text, "Subject: x\n\n", 12);
	/* In tmp/ first, as there is no room for another copy in the spool. */
	for (; !fail && batches < 20; batches++) {
		struct write writes[4];

		for (size_t i = 0; i < COUNT(writes); i++)
			writes[i] = (struct write){ .folder = &folder,
						    .flags = { FLAG_SEEN, "Fresh" },
						    .body = room_body(&room, text, false) };
		fail = store_write(room.store, writes, COUNT(writes), room.arena);
		for (size_t i = 0; i < COUNT(writes); i++) {
			assert_int_equal(writes[i].fail != NULL, fail != NULL);
			done += !writes[i].fail;
			body_free(writes[i].body);
		}
	}
	assert_true(fail_is(fail, FAIL_DISK));
	assert_int_equal(fail->scope, FAIL_ACCOUNT);
	assert_true(batches > 3);
	/* All that can be seen is whole, and nothing else is left. */
	listing = room_list(&room, "mail/F");
	kept = listing->count;
	assert_int_equal(kept, done);
	for (size_t i = 0; i < listing->count; i++) {
		assert_int_equal(listing->entries[i].size, strlen(text));
		snprintf(path, sizeof path, "mail/F/cur/%s:2,Sa", listing->entries[i].ref);
	}
	listing_free(listing);
	assert_int_equal(room_count(&room, "mail/F/tmp"), 0);
	/* It goes on when there is room. */
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(unlinkat(room.root, path, 0) == 0 || i, 1);
	room_write(&room, "mail/F", OLD, NULL, (struct flags){ 0 });
	assert_int_equal(room_count(&room, "mail/F/cur"), kept - 1);
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
