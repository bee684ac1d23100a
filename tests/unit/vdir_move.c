/* store/vdir: moving, copying and removing items; nobody else is at work (vdir_race.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include <errno.h>

#define HOME "calendars/Home"
#define WORK "calendars/Work"

static const struct store_folder home = { .path = HOME, .name = HOME, .kind = KIND_EVENTS };

static void rooms_begin(struct room *room)
{
	room_begin(room);
	room_collection(room, HOME);
	room_collection(room, WORK);
	room_collection(room, "tasks/Work");
	room_collection(room, "contacts/Work");
	room_put(room, "outside", "outside");
}

static void test_transfer(void **state)
{
	static const struct {
		const char *ref, *to, *name;
		bool copy;
		const char *taken[3];    /* what is there already */
		const char *as;          /* NULL: refused */
		enum fail_code code;
	} table[] = {
		{ "a.ics", WORK, NULL, false, { NULL }, "a.ics", FAIL_CODES },
		{ "a.ics", WORK, NULL, true, { NULL }, "a.ics", FAIL_CODES },
		{ "a.ics", "tasks/Work", NULL, false, { NULL }, "a.ics", FAIL_CODES },
		{ "a.ics", WORK, NULL, false, { "a.ics" }, "a-2.ics", FAIL_CODES },
		{ "a.ics", WORK, NULL, true, { "a.ics", "a-2.ics" }, "a-3.ics", FAIL_CODES },
		{ "e\nf.ics", WORK, NULL, false, { NULL }, "e\nf.ics", FAIL_CODES },
		{ "e\nf.ics", WORK, NULL, true, { "e\nf.ics" }, "e\nf-2.ics", FAIL_CODES },
		{ "a.ics", WORK, "b.ics", false, { NULL }, "b.ics", FAIL_CODES },
		{ "a.ics", WORK, "b", true, { "a.ics" }, "b.ics", FAIL_CODES },
		{ "a.ics", WORK, "b.ics", false, { "b.ics" }, NULL, FAIL_EXISTS },
		{ "a.ics", WORK, "../b.ics", false, { NULL }, "a.ics", FAIL_CODES },
		{ "a.ics", HOME, "b.ics", false, { NULL }, "b.ics", FAIL_CODES },
		{ "a.ics", HOME, NULL, true, { NULL }, "a-2.ics", FAIL_CODES },
		{ "a.ics", "contacts/Work", NULL, false, { NULL }, NULL, FAIL_REFUSED },
		{ "a.ics", "calendars/None", NULL, false, { NULL }, NULL, FAIL_MISSING },
		{ "none.ics", WORK, NULL, false, { NULL }, NULL, FAIL_MISSING },
		{ "../../outside", WORK, NULL, true, { NULL }, NULL, FAIL_MISSING },
		{ "link.ics", WORK, NULL, true, { NULL }, NULL, FAIL_STALE },
		{ "link.ics", WORK, NULL, false, { NULL }, NULL, FAIL_STALE },
		{ "directory.ics", WORK, NULL, false, { NULL }, NULL, FAIL_STALE },
	};
	size_t done = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct store_folder to = room_named(table[i].to);
		struct transfer transfer = { .folder = &home, .to = &to, .ref = table[i].ref,
					     .name = table[i].name, .copy = table[i].copy };
		char before[64], after[64], path[64];
		struct stat old = { 0 }, new;
		struct listing *listing;
		struct room room;

		rooms_begin(&room);
		snprintf(before, sizeof before, HOME "/%s", table[i].ref);
		room_put(&room, HOME "/a.ics", "text");
		room_put(&room, HOME "/e\nf.ics", "text");
		room_directory(&room, HOME "/directory.ics");
		assert_int_equal(symlinkat("../../outside", room.root, HOME "/link.ics"), 0);
		for (size_t k = 0; k < 3 && table[i].taken[k]; k++) {
			snprintf(path, sizeof path, "%s/%s", table[i].to, table[i].taken[k]);
			room_put(&room, path, "taken");
		}
		room_tick(&room);
		fstatat(room.root, before, &old, AT_SYMLINK_NOFOLLOW);
		ASSERT_OK(store_transfer(room.store, &transfer, 1, room.arena));
		ASSERT_OK(store_sync(room.store));
		for (size_t k = 0; k < 3 && table[i].taken[k]; k++) {
			snprintf(path, sizeof path, "%s/%s", table[i].to, table[i].taken[k]);
			assert_string_equal(room_text(&room, path), "taken");
		}
		assert_string_equal(room_text(&room, "outside"), "outside");
		if (table[i].code != FAIL_CODES) {
			assert_true(fail_is(transfer.fail, table[i].code));
			assert_null(transfer.now.ref);
			assert_string_equal(room_text(&room, HOME "/a.ics"), "text");
			room_end(&room);
			continue;
		}
		ASSERT_OK(transfer.fail);
		assert_string_equal(transfer.now.ref, table[i].as);
		snprintf(after, sizeof after, "%s/%s", table[i].to, table[i].as);
		assert_string_equal(room_text(&room, after), "text");
		assert_int_equal(room_has(&room, before), table[i].copy);
		assert_int_equal(fstatat(room.root, after, &new, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(new.st_ino == old.st_ino, !table[i].copy);
		/* A copy is a new file. */
		if (table[i].copy)
			assert_true(new.st_mtim.tv_sec > old.st_mtim.tv_sec ||
				    new.st_mtim.tv_nsec != old.st_mtim.tv_nsec);
		listing = room_list(&room, table[i].to);
		assert_string_equal(room_entry(listing, table[i].as)->revision, transfer.now.revision);
		listing_free(listing);
		done++;
		room_end(&room);
	}
	assert_true(done >= 12 && COUNT(table) - done >= 8);
}

static void test_transfer_many(void **state)
{
	struct store_folder work = room_named(WORK);
	struct transfer transfers[60];
	struct room room;
	char path[32];

	(void)state;
	rooms_begin(&room);
	for (size_t i = 0; i < COUNT(transfers); i++) {
		snprintf(path, sizeof path, HOME "/m%02zu.ics", i / 2);
		if (i % 2 == 0 && i / 2 != 7)
			room_put(&room, path, "x");
		/* Each twice: first copied, then moved; the second one needs another name. */
		transfers[i] = (struct transfer){ .folder = &home, .to = &work, .copy = i % 2 == 0,
						  .ref = arena_str(room.arena, strrchr(path, '/') + 1) };
	}
	ASSERT_OK(store_transfer(room.store, transfers, COUNT(transfers), room.arena));
	for (size_t i = 0; i < COUNT(transfers); i++) {
		if (i / 2 == 7)
			assert_true(fail_is(transfers[i].fail, FAIL_MISSING));
		else
			ASSERT_OK(transfers[i].fail);
	}
	assert_int_equal(room_count(&room, HOME), 0);
	assert_int_equal(room_count(&room, WORK), 58);
	room_end(&room);
}

static void test_remove(void **state)
{
	static const struct {
		const char *ref, *into;
		const char *revision;    /* NULL: any; "": its own */
		enum fail_code code;     /* FAIL_CODES: none */
	} table[] = {
		{ "a.ics", ".koc/vault/1", NULL, FAIL_CODES },
		{ "b.ics", ".koc/vault/2", "", FAIL_CODES },
		{ "c.ics", ".koc/vault/3", "another", FAIL_STALE },
		{ "c.ics", ".koc/vault/taken", NULL, FAIL_EXISTS },
		{ "c.ics", ".koc/nothing/x", NULL, FAIL_SYSTEM },
		{ "c.ics", NULL, NULL, FAIL_USAGE },
		{ "none.ics", ".koc/vault/4", NULL, FAIL_MISSING },
		{ "../../outside", ".koc/vault/5", NULL, FAIL_MISSING },
		{ "link.ics", ".koc/vault/6", NULL, FAIL_STALE },
		{ "directory.ics", ".koc/vault/7", NULL, FAIL_STALE },
		{ "e\nf.ics", ".koc/vault/8.e\nf.ics", "", FAIL_CODES },
		{ "a.ics", ".koc/vault/9", NULL, FAIL_MISSING }, /* it went before */
	};
	struct removal removals[COUNT(table)];
	size_t removed = 0;
	struct listing *listing;
	struct room room;

	(void)state;
	rooms_begin(&room);
	room_put(&room, HOME "/a.ics", "a");
	room_put(&room, HOME "/b.ics", "b");
	room_put(&room, HOME "/c.ics", "c");
	room_put(&room, HOME "/e\nf.ics", "e");
	room_put(&room, ".koc/vault/taken", "older");
	room_directory(&room, HOME "/directory.ics");
	assert_int_equal(symlinkat("../../outside", room.root, HOME "/link.ics"), 0);
	listing = room_list(&room, HOME);
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct entry *entry = room_entry(listing, table[i].ref);

		removals[i] = (struct removal){ .folder = &home, .ref = table[i].ref, .into = table[i].into,
						.if_revision = table[i].revision };
		if (table[i].revision && !*table[i].revision)
			removals[i].if_revision = entry->revision;
	}
	ASSERT_OK(store_remove(room.store, removals, COUNT(table), room.arena));
	ASSERT_OK(store_sync(room.store));
	for (size_t i = 0; i < COUNT(table); i++) {
		if (table[i].code == FAIL_CODES) {
			char letter[2] = { table[i].ref[0], '\0' };

			ASSERT_OK(removals[i].fail);
			assert_string_equal(room_text(&room, table[i].into), letter);
			removed++;
		} else {
			assert_true(fail_is(removals[i].fail, table[i].code));
			assert_int_equal(removals[i].fail->scope, FAIL_ITEM);
		}
	}
	assert_int_equal(removed, 3);
	assert_string_equal(room_text(&room, HOME "/c.ics"), "c");
	assert_string_equal(room_text(&room, ".koc/vault/taken"), "older");
	assert_string_equal(room_text(&room, "outside"), "outside");
	assert_true(room_has(&room, HOME "/link.ics") && room_has(&room, HOME "/directory.ics"));
	assert_int_equal(room_count(&room, ".koc/vault"), 4);
	listing_free(listing);
	room_end(&room);
}

/* Items have no flags, and nothing is looked for. */
static void test_none(void **state)
{
	struct flag_change change = { .folder = &home, .ref = "a.ics", .add.bits = FLAG_SEEN,
				      .now.bits = FLAG_ALL };
	struct find find = { .folder = &home, .next = "", .count = 5 };
	struct room room;

	(void)state;
	rooms_begin(&room);
	room_put(&room, HOME "/a.ics", "a");
	ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
	assert_true(fail_is(change.fail, FAIL_REFUSED));
	assert_int_equal(change.now.bits, 0);
	ASSERT_OK(store_find(room.store, &find, 1, room.arena));
	ASSERT_OK(find.fail);
	assert_int_equal(find.count, 0);
	assert_int_equal(room.store->traits,
			 STORE_REFS_KEPT | STORE_IDEMPOTENT | STORE_TRANSFERS | STORE_LABELS);
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfer),
		cmocka_unit_test(test_transfer_many),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
