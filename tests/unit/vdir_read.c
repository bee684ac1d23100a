/* store/vdir: reading items, of all sorts and while they are written to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>

#define HOME "calendars/Home"

static const struct store_folder home = { .path = HOME, .name = HOME, .kind = KIND_EVENTS };

static void home_begin(struct room *room)
{
	room_begin(room);
	room_collection(room, HOME);
}

static void test_read(void **state)
{
	static const struct {
		const char *ref;
		enum fail_code code; /* FAIL_CODES: none */
	} table[] = {
		{ "a.ics", FAIL_CODES },      { "empty.ics", FAIL_CODES },  { "several.ics", FAIL_CODES },
		{ "none.ics", FAIL_MISSING }, { "link.ics", FAIL_DATA },    { "directory.ics", FAIL_DATA },
		{ "fifo.ics", FAIL_DATA },    { "large.ics", FAIL_DATA },   { "../../outside", FAIL_MISSING },
		{ "/etc/passwd", FAIL_MISSING }, { "", FAIL_MISSING },	    { ".", FAIL_MISSING },
		{ ".koc-new-1", FAIL_MISSING }, { "displayname", FAIL_MISSING },
	};
	struct read reads[COUNT(table)];
	size_t read_count = 0;
	struct listing *listing;
	const char *text;
	struct room room;
	int fd;

	(void)state;
	home_begin(&room);
	text = room_event(&room, "uid", "one");
	room_put(&room, HOME "/a.ics", text);
	room_put(&room, HOME "/empty.ics", "");
	room_put(&room, HOME "/several.ics",
		 "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
		 "BEGIN:VEVENT\r\nUID:first\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
		 "BEGIN:VEVENT\r\nUID:second\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
		 "END:VCALENDAR\r\n");
	room_put(&room, HOME "/.koc-new-1", "x");
	room_put(&room, HOME "/displayname", "x");
	room_put(&room, "outside", "x");
	room_directory(&room, HOME "/directory.ics");
	assert_int_equal(mkfifoat(room.root, HOME "/fifo.ics", 0600), 0);
	assert_int_equal(symlinkat("../../outside", room.root, HOME "/link.ics"), 0);
	fd = openat(room.root, HOME "/large.ics", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, (off_t)ITEM_MOST + 1), 0);
	close(fd);
	listing = room_list(&room, HOME);
	for (size_t i = 0; i < COUNT(table); i++)
		reads[i] = (struct read){ .folder = &home, .ref = table[i].ref,
					  .part = i % 2 ? PART_WHOLE : PART_PRINT, .key = "before" };
	ASSERT_OK(store_read(room.store, reads, COUNT(table), NULL, NULL, room.arena));
	for (size_t i = 0; i < COUNT(table); i++) {
		if (table[i].code != FAIL_CODES) {
			assert_true(fail_is(reads[i].fail, table[i].code));
			assert_int_equal(reads[i].fail->scope, FAIL_ITEM);
			assert_null(reads[i].body);
			assert_null(reads[i].key);
			continue;
		}
		ASSERT_OK(reads[i].fail);
		assert_string_equal(reads[i].now.ref, table[i].ref);
		assert_string_equal(reads[i].now.revision, room_entry(listing, table[i].ref)->revision);
		assert_true(digest_known(&reads[i].now.digest) && digest_known(&reads[i].normal));
		assert_true(reads[i].print.size == room_entry(listing, table[i].ref)->size);
		assert_int_equal(reads[i].body != NULL, reads[i].part == PART_WHOLE);
		assert_false(reads[i].has_flags);
		read_count++;
	}
	assert_int_equal(read_count, 3);
	assert_string_equal(reads[0].key, "uid");
	assert_null(reads[0].wrong);
	assert_null(reads[1].key);
	assert_non_null(reads[1].wrong);
	assert_string_equal(reads[2].key, "first");
	assert_non_null(reads[2].wrong);
	assert_non_null(strstr(reads[7].fail->text, "16 MB"));
	for (size_t i = 0; i < COUNT(table); i++)
		body_free(reads[i].body);
	listing_free(listing);
	room_end(&room);
}

/* A file to which somebody writes while it is read: it is stale, or one of its versions. */
static void test_read_torn(void **state)
{
	enum { SIZE = 200000 };
	struct read read = { .folder = &home, .ref = "a.ics", .part = PART_WHOLE };
	size_t whole = 0, stale = 0;
	char *text = malloc(SIZE + 1), first;
	struct room room;
	pid_t child;

	(void)state;
	home_begin(&room);
	memset(text, '0', SIZE);
	text[SIZE] = '\0';
	room_put(&room, HOME "/a.ics", text);
	child = room_fork();
	if (child == 0) {
		int fd = openat(room.root, HOME "/a.ics", O_WRONLY | O_CLOEXEC);

		for (unsigned i = 0;; i++) {
			memset(text, '0' + (int)(i % 10), SIZE);
			for (size_t at = 0; at < SIZE; at += 10000)
				if (pwrite(fd, text + at, 10000, (off_t)at) != 10000)
					_exit(1);
			if (i % 4 == 0)
				nanosleep(&(struct timespec){ 0, 500000 }, NULL);
		}
	}
	for (int i = 0; i < 2000 && (whole < 20 || stale < 20); i++) {
		size_t got = 0, at = 0;

		ASSERT_OK(store_read(room.store, &read, 1, NULL, NULL, room.arena));
		if (read.fail) {
			assert_true(fail_is(read.fail, FAIL_STALE));
			stale++;
			continue;
		}
		whole++;
		ASSERT_OK(body_read(read.body, 0, &first, 1, &got));
		/* Between two writes of the other one it may be a mixture, which has a revision of its own:
		 * then the next look finds another one. */
		do {
			ASSERT_OK(body_read(read.body, at, text, SIZE, &got));
			at += got;
		} while (got);
		assert_int_equal(at, SIZE);
		body_free(read.body);
		arena_reset(room.arena);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	print_message("%zu read, %zu stale\n", whole, stale);
	assert_true(whole + stale >= 40 && stale >= 1);
	free(text);
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
