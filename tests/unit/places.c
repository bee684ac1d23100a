/* engine/places.h: files below the store, and what mail programs do to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "engine/places.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct room {
	char root[64];
	int fd;
	struct places *places;
	struct arena *arena;
};

static int room_open(void **context)
{
	struct room *room = calloc(1, sizeof *room);

	snprintf(room->root, sizeof room->root, "/tmp/koc-places-XXXXXX");
	assert_non_null(mkdtemp(room->root));
	room->fd = open(room->root, O_RDONLY | O_DIRECTORY);
	room->places = places_open(room->fd);
	room->arena = arena_new();
	*context = room;
	return 0;
}

static int drop(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static int room_close(void **context)
{
	struct room *room = *context;

	nftw(room->root, drop, 8, FTW_DEPTH | FTW_PHYS);
	free(room->places);
	close(room->fd);
	arena_free(room->arena);
	free(room);
	return 0;
}

static void file_make(struct room *room, const char *path)
{
	int fd = openat(room->fd, path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

static void finds_what_was_renamed(void **context)
{
	static const struct {
		const char *lies, *sought, *found;
	} rows[] = {
		{ "Conflicts/mail/cur/1.a:2,S", "Conflicts/mail/cur/1.a:2,S", "Conflicts/mail/cur/1.a:2,S" },
		{ "Conflicts/mail/cur/1.a:2,FS", "Conflicts/mail/cur/1.a:2,S", "Conflicts/mail/cur/1.a:2,FS" },
		{ "Conflicts/mail/new/1.a", "Conflicts/mail/cur/1.a:2,", "Conflicts/mail/new/1.a" },
		{ "Conflicts/mail/cur/1.a", "Conflicts/mail/cur/1.a:2,S", "Conflicts/mail/cur/1.a" },
		{ "Conflicts/mail/cur/1.ab:2,S", "Conflicts/mail/cur/1.a:2,S", NULL },
		{ "Conflicts/mail/cur/1.a.2:2,S", "Conflicts/mail/cur/1.a:2,S", NULL },
		{ "Conflicts/mail/tmp/1.a:2,S", "Conflicts/mail/cur/1.a:2,S", NULL },
		{ "Conflicts/calendars/Home/a.ics", "Conflicts/calendars/Home/a.ics", "Conflicts/calendars/Home/a.ics" },
		{ "Conflicts/calendars/Home/a.ics:2,S", "Conflicts/calendars/Home/a.ics", NULL },
		{ "Conflicts/calendars/Home/a.ics", "Conflicts/calendars/None/a.ics", NULL },
		{ "Conflicts/calendars/Home/a.ics", "a.ics", NULL },
	};
	struct room *room = *context;
	static const char *const directories[] = { "Conflicts/mail/cur", "Conflicts/mail/new", "Conflicts/mail/tmp",
						   "Conflicts/calendars/Home" };
	size_t checked = 0;

	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
		assert_null(room->places->prepare(room->places, directories[i]));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, checked++) {
		const char *found;

		file_make(room, rows[i].lies);
		found = room->places->find(room->places, rows[i].sought, room->arena);
		if (rows[i].found)
			assert_string_equal(found, rows[i].found);
		else
			assert_null(found);
		assert_int_equal(unlinkat(room->fd, rows[i].lies, 0), 0);
	}
	assert_true(checked >= 11);
}

static void opens_files_only(void **context)
{
	struct room *room = *context;
	struct stat status;
	int fd = -1;

	assert_null(room->places->prepare(room->places, "Conflicts/contacts/A"));
	file_make(room, "Conflicts/contacts/A/a.vcf");
	assert_null(room->places->open(room->places, "Conflicts/contacts/A/a.vcf", &fd, &status));
	assert_int_equal(status.st_size, 1);
	close(fd);
	assert_true(fail_is(room->places->open(room->places, "Conflicts/contacts/A/b.vcf", &fd, &status),
			    FAIL_MISSING));
	assert_true(fail_is(room->places->open(room->places, "Conflicts/None/b.vcf", &fd, &status), FAIL_MISSING));
	assert_int_equal(symlinkat("a.vcf", room->fd, "Conflicts/contacts/A/link.vcf"), 0);
	assert_non_null(room->places->open(room->places, "Conflicts/contacts/A/link.vcf", &fd, &status));
	assert_int_equal(mkfifoat(room->fd, "Conflicts/contacts/A/fifo.vcf", 0600), 0);
	assert_non_null(room->places->open(room->places, "Conflicts/contacts/A/fifo.vcf", &fd, &status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_what_was_renamed, room_open, room_close),
		cmocka_unit_test_setup_teardown(opens_files_only, room_open, room_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
