/* store/maildir: a folder of 100,000 messages, and 200 folders: time and memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "maildir_room.h"

#include <sys/resource.h>
#include <time.h>

#define MESSAGES 100000
#define FOLDERS  200

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

/* Names as deliveries make them. */
static void name_of(unsigned i, char out[80])
{
	snprintf(out, 80, "%u.R%08x%08xP4711Q%u.mail.example.org%s", 1700000000 + i * 7 % 50000,
		 i * 2654435761u, i, i, i % 3 ? ":2,S" : ":2,RSab");
}

static void test_messages(void **state)
{
	struct store_folder folder = room_named("mail/F");
	struct look look = { .folder = &folder, .cursor = "" };
	struct flag_change change = { .folder = &folder };
	double start, listed, again, flagged;
	char name[80];
	struct room room;
	long before;
	int cur;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/dovecot-keywords", "0 $Junk\n1 Work\n");
	cur = openat(room.root, "mail/F/cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned i = 0; i < MESSAGES; i++) {
		int fd;

		name_of(i, name);
		fd = openat(cur, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	before = peak();
	start = seconds();
	ASSERT_OK(store_list(room.store, &look, 1));
	listed = seconds() - start;
	ASSERT_OK(look.fail);
	assert_int_equal(look.listing->count, MESSAGES);
	assert_false(look.listing->unstable);
	print_message("%d messages listed in %.0f ms; the listing takes %.1f MB, the peak %.1f MB\n",
		      MESSAGES, listed * 1e3, (double)arena_size(look.listing->arena) / 1e6,
		      (double)(peak() - before) / 1e3);
	assert_true(arena_size(look.listing->arena) <= 18 * 1000 * 1000);
	/* An item whose hint is wrong costs a look at all names, once a call. */
	change.ref = arena_str(room.arena, look.listing->entries[MESSAGES / 2].ref);
	change.hint.bits = FLAG_DRAFT;
	change.add.bits = FLAG_FLAGGED;
	listing_free(look.listing);
	start = seconds();
	ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
	flagged = seconds() - start;
	ASSERT_OK(change.fail);
	start = seconds();
	for (int i = 0; i < 100; i++)
		assert_true(room_exists(&room, "mail/F", change.ref));
	again = seconds() - start;
	print_message("one flag with a wrong hint: %.0f ms; 100 times exists: %.1f ms\n",
		      flagged * 1e3, again * 1e3);
	close(cur);
	room_end(&room);
}

static void test_folders(void **state)
{
	struct store_known known[FOLDERS] = { 0 };
	struct folder_list list;
	size_t quiet = 0;
	struct room room;
	double start;

	(void)state;
	room_begin(&room);
	for (int i = 0; i < FOLDERS; i++) {
		char path[32], file[64];

		snprintf(path, sizeof path, "mail/f%03d", i);
		room_folder(&room, path);
		for (int k = 0; k < 20; k++) {
			snprintf(file, sizeof file, "%s/cur/%d:2,S", path, k);
			room_put(&room, file, "x");
		}
	}
	for (int i = 0; i < FOLDERS; i++) {
		char path[32];
		struct listing *listing;

		snprintf(path, sizeof path, "mail/f%03d", i);
		known[i].path = known[i].name = arena_str(room.arena, path);
		listing = room_list(&room, path);
		known[i].cursor = arena_str(room.arena, listing->cursor);
		listing_free(listing);
	}
	room_again(&room);
	start = seconds();
	ASSERT_OK(store_folders(room.store, known, FOLDERS, room.arena, &list));
	print_message("%d folders without news: %.2f ms\n", FOLDERS, (seconds() - start) * 1e3);
	for (size_t i = 0; i < list.count; i++)
		quiet += list.items[i].news == NEWS_NONE;
	assert_int_equal(list.count, FOLDERS);
	assert_true(quiet >= FOLDERS * 9 / 10);
	room_end(&room);
}

/* What durability costs: batches as the engine makes them. */
static void test_batches(void **state)
{
	static char text[25000];
	struct store_folder folder = room_named("mail/F");
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	memset(text, 'x', sizeof text - 1);
	memcpy(text, "Subject: x\n\n", 12);
	for (size_t i = 0; i + 2 < sizeof text; i += 70)
		text[i + 69 < sizeof text - 1 ? i + 69 : i] = '\n';
	for (int batch = 0; batch < 3; batch++) {
		struct write writes[500];
		double spooled, written, start = seconds();

		for (size_t i = 0; i < COUNT(writes); i++)
			writes[i] = (struct write){ .folder = &folder,
						    .flags.bits = i % 2 ? FLAG_SEEN : 0,
						    .date = 1700000000,
						    .body = room_body(&room, text, true) };
		spooled = seconds() - start;
		start = seconds();
		ASSERT_OK(store_write(room.store, writes, COUNT(writes), room.arena));
		ASSERT_OK(store_sync(room.store));
		written = seconds() - start;
		for (size_t i = 0; i < COUNT(writes); i++) {
			ASSERT_OK(writes[i].fail);
			body_free(writes[i].body);
		}
		print_message("500 messages of 25 KB: spooled in %.0f ms, written in %.0f ms\n",
			      spooled * 1e3, written * 1e3);
	}
	assert_int_equal(room_count(&room, "mail/F"), 1500);
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
