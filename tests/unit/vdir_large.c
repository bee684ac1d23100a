/* store/vdir: a collection of 10,000 items: time and memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include <sys/resource.h>
#include <time.h>

#define ITEMS 10000
#define WRITTEN 2000 /* of these through the driver: each batch waits for the disk */
#define BATCH 500
#define HOME  "calendars/Home"

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void write_all(struct room *room, const struct store_folder *home)
{
	struct arena *arena = arena_new();
	double start = seconds();
	long before = peak();

	for (unsigned from = 0; from < WRITTEN; from += BATCH) {
		struct write writes[BATCH] = { 0 };

		for (unsigned i = 0; i < BATCH; i++) {
			writes[i].folder = home;
			writes[i].key = arena_printf(arena, "20260101T000000Z-%u@example.com", from + i);
			writes[i].body = room_body(room, room_event(room, writes[i].key, "Lunch"), false);
		}
		ASSERT_OK(store_write(room->store, writes, BATCH, arena));
		ASSERT_OK(store_sync(room->store));
		for (unsigned i = 0; i < BATCH; i++) {
			ASSERT_OK(writes[i].fail);
			body_free(writes[i].body);
		}
		arena_reset(arena);
		arena_reset(room->arena);
	}
	print_message("%d items written in %.0f ms; the peak grew by %.1f MB\n", WRITTEN,
		      (seconds() - start) * 1e3, (double)(peak() - before) / 1e3);
	arena_free(arena);
	for (unsigned i = WRITTEN; i < ITEMS; i++) {
		char path[64], uid[40];

		snprintf(uid, sizeof uid, "20260101T000000Z-%u@example.com", i);
		snprintf(path, sizeof path, HOME "/%s.ics", uid);
		room_put(room, path, room_event(room, uid, "Lunch"));
		arena_reset(room->arena);
	}
	room_tick(room);
}

static const struct fail *count_read(void *context, struct read *read)
{
	size_t *count = context;

	*count += read->fail == NULL && read->key != NULL;
	body_free(read->body);
	read->body = NULL;
	return NULL;
}

static void test_items(void **state)
{
	struct store_folder home = room_named(HOME);
	struct look look = { .folder = &home, .cursor = "" };
	struct store_known known = { .path = HOME, .name = HOME };
	struct folder_list list;
	struct read *reads;
	struct room room;
	size_t count = 0;
	double start;
	long before;

	(void)state;
	room_begin(&room);
	room_collection(&room, HOME);
	write_all(&room, &home);
	before = peak();
	start = seconds();
	ASSERT_OK(store_list(room.store, &look, 1));
	ASSERT_OK(look.fail);
	assert_int_equal(look.listing->count, ITEMS);
	assert_false(look.listing->unstable);
	print_message("listed in %.1f ms; the listing takes %.1f MB, the peak grew by %.1f MB\n",
		      (seconds() - start) * 1e3, (double)arena_size(look.listing->arena) / 1e6,
		      (double)(peak() - before) / 1e3);
	assert_true(arena_size(look.listing->arena) <= 3 * 1000 * 1000);
	/* Another run finds that there is nothing new. */
	room_again(&room);
	known.cursor = look.listing->cursor;
	before = peak();
	start = seconds();
	ASSERT_OK(store_folders(room.store, &known, 1, room.arena, &list));
	assert_int_equal(list.items[0].news, NEWS_NONE);
	assert_int_equal(list.items[0].count, ITEMS);
	print_message("nothing new found in %.1f ms; the peak grew by %.1f MB\n", (seconds() - start) * 1e3,
		      (double)(peak() - before) / 1e3);
	assert_true(arena_size(room.arena) < 1000 * 1000);
	/* All are read once. */
	reads = arena_alloc(look.listing->arena, ITEMS * sizeof *reads);
	for (size_t i = 0; i < ITEMS; i++)
		reads[i] = (struct read){ .folder = &home, .ref = look.listing->entries[i].ref,
					  .part = PART_WHOLE };
	before = peak();
	start = seconds();
	ASSERT_OK(store_read(room.store, reads, ITEMS, count_read, &count, look.listing->arena));
	print_message("read in %.0f ms; the peak grew by %.1f MB\n", (seconds() - start) * 1e3,
		      (double)(peak() - before) / 1e3);
	assert_int_equal(count, ITEMS);
	listing_free(look.listing);
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_items) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
