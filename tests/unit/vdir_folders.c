/* store/vdir: collections: finding, making, renaming, dropping them; their labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include "store/vdir/label.h"

#include <errno.h>
#include <sys/wait.h>

static const struct store_folder *folder_of(const struct folder_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].path, path) == 0)
			return &list->items[i];
	return NULL;
}

static struct folder_list folders_of(struct room *room, const struct store_known *known, size_t count)
{
	struct folder_list list;

	ASSERT_OK(store_folders(room->store, known, count, room->arena, &list));
	assert_true(list.complete);
	for (size_t i = 1; i < list.count; i++)
		assert_true(strcmp(list.items[i - 1].path, list.items[i].path) < 0);
	return list;
}

/* ---- finding ------------------------------------------------------------------------------ */

static void test_folders(void **state)
{
	static const struct {
		const char *path;
		enum kind kind;
		bool usable;
	} table[] = {
		{ "calendars/Home", KIND_EVENTS, true },
		{ "calendars/J\xc3\xa4n & Co", KIND_EVENTS, true },
		{ "calendars/x.ics", KIND_EVENTS, true },
		{ "calendars/Alias", KIND_EVENTS, false },
		{ "calendars/a%2541", KIND_EVENTS, false },
		{ "calendars/a%0Ab", KIND_EVENTS, false },
		{ "calendars/long%25+", KIND_EVENTS, false },
		{ "calendars/%63ur", KIND_EVENTS, false },
		{ "contacts/Friends", KIND_CONTACTS, true },
		{ "notes/%FF", KIND_NOTES, false },
		{ "tasks/Home", KIND_TASKS, true },
	};
	struct folder_list list;
	struct room room;

	(void)state;
	room_begin(&room);
	list = folders_of(&room, NULL, 0);
	assert_int_equal(list.count, 0);
	/* Nothing is made by looking. */
	assert_false(room_has(&room, "calendars"));
	room_collection(&room, "calendars/Home");
	room_collection(&room, "calendars/Home/deeper");
	room_collection(&room, "calendars/J\xc3\xa4n & Co");
	room_collection(&room, "calendars/x.ics");
	room_collection(&room, "calendars/.stversions");
	room_collection(&room, "calendars/a%41");
	room_collection(&room, "calendars/a\nb");
	room_collection(&room, "calendars/long%+");
	room_collection(&room, "calendars/cur");
	room_collection(&room, "contacts/Friends");
	room_collection(&room, "notes/\xff");
	room_collection(&room, "tasks/Home");
	room_collection(&room, "other/Home");
	room_collection(&room, "Conflicts/calendars");
	room_collection(&room, "mail/INBOX");
	room_put(&room, "calendars/stray.ics", "x");
	room_put(&room, "calendars/Home/a.ics", "x");
	assert_int_equal(mkfifoat(room.root, "calendars/fifo", 0600), 0);
	assert_int_equal(symlinkat("Home", room.root, "calendars/Alias"), 0);
	assert_int_equal(symlinkat("stray.ics", room.root, "calendars/.link"), 0);
	list = folders_of(&room, NULL, 0);
	assert_int_equal(list.count, COUNT(table));
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct store_folder *folder = folder_of(&list, table[i].path);

		if (!folder)
			fail_msg("%s is not listed", table[i].path);
		assert_int_equal(folder->kind, table[i].kind);
		assert_int_equal(folder->unsupported, !table[i].usable);
		assert_int_equal(folder->why != NULL, !table[i].usable);
		assert_int_equal(folder->news, NEWS_SOME);
		assert_int_equal(*folder->identity != '\0', table[i].usable);
		assert_null(folder->title);
		assert_null(folder->color);
		if (table[i].usable)
			assert_string_equal(folder->name, table[i].path);
	}
	room_end(&room);
}

/* What was a collection and cannot be looked into does not seem to be gone. */
static void test_broken(void **state)
{
	struct store_known known = { .path = "calendars/Home", .name = "calendars/Home", .cursor = "" };
	struct store_folder folder = room_named("calendars/Home");
	struct look look = { .folder = &folder, .cursor = "" };
	const struct store_folder *listed;
	struct folder_list list;
	struct room room;

	(void)state;
	room_begin(&room);
	room_collection(&room, "calendars/Real");
	room_put(&room, "calendars/Real/a.ics", "x");
	assert_int_equal(symlinkat("Real", room.root, "calendars/Home"), 0);
	list = folders_of(&room, &known, 1);
	listed = folder_of(&list, "calendars/Home");
	assert_non_null(listed);
	assert_false(listed->unsupported);
	assert_int_equal(listed->news, NEWS_SOME);
	ASSERT_OK(store_list(room.store, &look, 1));
	assert_true(fail_is(look.fail, FAIL_DENIED));
	assert_int_equal(look.fail->scope, FAIL_FOLDER);
	assert_null(look.listing);
	/* A root that is a symlink is followed no more than that. */
	room_rename(&room, "calendars", "elsewhere");
	assert_int_equal(symlinkat("elsewhere", room.root, "calendars"), 0);
	assert_true(fail_is(store_folders(room.store, &known, 1, room.arena, &list), FAIL_DENIED));
	/* One that is missing is not listed. */
	assert_int_equal(unlinkat(room.root, "calendars", 0), 0);
	list = folders_of(&room, &known, 1);
	assert_int_equal(list.count, 0);
	room_end(&room);
}

/* Another program renames a collection again and again: it is never missing. */
static void test_storm(void **state)
{
	enum { COLLECTIONS = 1200 }; /* more than one read of the directory gives */
	struct folder_list list;
	size_t found = 0, restless = 0;
	struct room room;
	char path[64];
	pid_t child;

	(void)state;
	room_begin(&room);
	for (int i = 0; i < COLLECTIONS; i++) {
		snprintf(path, sizeof path, "calendars/collection-%d", i);
		room_collection(&room, path);
	}
	child = room_fork();
	if (child == 0)
		for (unsigned i = 0;; i++) {
			char from[32], to[32];
			unsigned n = i / 2 % COLLECTIONS;

			snprintf(from, sizeof from, "calendars/%s-%u", i % 2 ? "d" : "collection", n);
			snprintf(to, sizeof to, "calendars/%s-%u", i % 2 ? "collection" : "d", n);
			renameat(room.root, from, room.root, to);
			/* In bursts, so that it comes to rest now and then. */
			if (i % 200 == 0)
				nanosleep(&(struct timespec){ 0, 60000000 }, NULL);
		}
	for (int i = 0; i < 40; i++) {
		const struct fail *fail = store_folders(room.store, NULL, 0, room.arena, &list);

		if (fail) {
			assert_true(fail_is(fail, FAIL_STALE));
			assert_int_equal(fail->scope, FAIL_ACCOUNT);
			restless++;
			continue;
		}
		assert_int_equal(list.count, COLLECTIONS);
		found++;
		arena_reset(room.arena);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	print_message("%zu lists, %zu given up\n", found, restless);
	assert_true(found > 10);
	room_end(&room);
}

/* ---- making, renaming, dropping ----------------------------------------------------------- */

static void test_make(void **state)
{
	static const struct {
		const char *path;
		enum fail_code code; /* FAIL_CODES: none */
	} table[] = {
		{ "calendars/Home", FAIL_CODES },
		{ "calendars/Home", FAIL_EXISTS },
		{ "tasks/Home", FAIL_CODES },
		{ "contacts/J\xc3\xa4n", FAIL_CODES },
		{ "notes/a%2Fb", FAIL_CODES },
		{ "calendars/file", FAIL_EXISTS },
		{ "calendars/link", FAIL_EXISTS },
		{ "calendars/a/b", FAIL_USAGE },
		{ "calendars/../x", FAIL_USAGE },
		{ "calendars/.x", FAIL_USAGE },
		{ "calendars/a\nb", FAIL_USAGE },
		{ "calendars/", FAIL_USAGE },
		{ "calendars", FAIL_USAGE },
		{ "mail/INBOX", FAIL_USAGE },
		{ "Conflicts/x", FAIL_USAGE },
		{ "/tmp/x", FAIL_USAGE },
		{ "", FAIL_USAGE },
	};
	mode_t mask = umask(0777);
	struct store_folder made;
	struct stat status;
	struct room room;
	size_t refused = 0;

	(void)state;
	umask(0);
	room_begin(&room);
	room_directory(&room, "calendars");
	room_put(&room, "calendars/file", "x");
	assert_int_equal(symlinkat("nowhere", room.root, "calendars/link"), 0);
	umask(0777);
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct fail *fail = store_make(room.store, table[i].path, 0, room.arena, &made);

		if (table[i].code != FAIL_CODES) {
			assert_true(fail_is(fail, table[i].code));
			assert_true(fail->scope <= FAIL_FOLDER);
			refused++;
			continue;
		}
		ASSERT_OK(fail);
		assert_string_equal(made.path, table[i].path);
		assert_true(*made.identity);
		assert_int_equal(fstatat(room.root, table[i].path, &status, AT_SYMLINK_NOFOLLOW), 0);
		assert_true(S_ISDIR(status.st_mode));
		assert_int_equal(status.st_mode & 07777, 0700);
	}
	umask(mask);
	assert_true(refused >= 11);
	room_end(&room);
}

static void test_rename(void **state)
{
	struct store_folder folder = room_named("calendars/Old"), renamed;
	struct folder_list list;
	struct room room;

	(void)state;
	room_begin(&room);
	room_collection(&room, "calendars/Old");
	room_collection(&room, "calendars/Taken");
	room_put(&room, "calendars/Old/a.ics", "x");
	room_put(&room, "calendars/Old/" LABEL_TITLE, "Something");
	ASSERT_OK(store_rename(room.store, &folder, "calendars/Newer", room.arena, &renamed));
	assert_string_equal(renamed.path, "calendars/Newer");
	assert_string_equal(renamed.title, "Something");
	assert_string_equal(room_text(&room, "calendars/Newer/a.ics"), "x");
	assert_true(fail_is(store_rename(room.store, &folder, "calendars/X", room.arena, &renamed),
			    FAIL_MISSING));
	folder = room_named("calendars/Newer");
	assert_true(fail_is(store_rename(room.store, &folder, "calendars/Taken", room.arena, &renamed),
			    FAIL_EXISTS));
	assert_true(fail_is(store_rename(room.store, &folder, "tasks/Newer", room.arena, &renamed),
			    FAIL_USAGE));
	assert_true(fail_is(store_rename(room.store, &folder, "calendars/a/b", room.arena, &renamed),
			    FAIL_USAGE));
	list = folders_of(&room, NULL, 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(room_text(&room, "calendars/Newer/a.ics"), "x");
	room_end(&room);
}

static void test_drop(void **state)
{
	static const struct {
		const char *file, *text; /* NULL: a directory */
		bool dropped;
	} table[] = {
		{ "a.ics", "x", false },
		{ "anything", "x", false },
		{ ".hidden", "x", false },
		{ "directory", NULL, false },
		{ LABEL_TITLE, "Home", true },
		{ LABEL_COLOR, "#112233\n", true },
		{ LABEL_COLOR, "red", false }, /* nothing that we understand */
		{ LABEL_TITLE, "", false },
		{ LABEL_TITLE, NULL, false },
		{ ".koc-new-1-1", "half", true },
		{ ".koc-0123456789abcdef", "half", true },
		{ ".koc-swap.1f.2.old.ics", "whole", false },
	};
	size_t dropped = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct store_folder folder = room_named("calendars/Home");
		const struct fail *fail;
		struct room room;
		char path[64];

		room_begin(&room);
		room_collection(&room, "calendars/Home");
		room_collection(&room, "calendars/Other");
		snprintf(path, sizeof path, "calendars/Home/%s", table[i].file);
		if (table[i].text)
			room_put(&room, path, table[i].text);
		else
			room_directory(&room, path);
		fail = store_drop(room.store, &folder);
		if (table[i].dropped) {
			ASSERT_OK(fail);
			assert_false(room_has(&room, "calendars/Home"));
			assert_true(fail_is(store_drop(room.store, &folder), FAIL_MISSING));
		} else {
			assert_true(fail_is(fail, FAIL_REFUSED));
			assert_int_equal(fail->scope, FAIL_FOLDER);
			assert_true(room_has(&room, path));
		}
		assert_true(room_has(&room, "calendars/Other"));
		dropped += table[i].dropped;
		room_end(&room);
	}
	assert_true(dropped >= 4 && COUNT(table) - dropped >= 8);
}

/* Something comes into it at the last moment: it stays a collection, with its labels. */
static const struct fail *put_something(void *context, const char *what)
{
	const struct room *room = context;

	if (strcmp(what, "rmdir") == 0)
		room_put(room, "calendars/Home/new.ics", "new");
	return NULL;
}

static void test_drop_race(void **state)
{
	struct store_folder folder = room_named("calendars/Home");
	const struct fail *fail;
	struct room room;

	(void)state;
	room_begin(&room);
	room_collection(&room, "calendars/Home");
	room_put(&room, "calendars/Home/" LABEL_TITLE, "At home");
	room_put(&room, "calendars/Home/" LABEL_COLOR, "#abcdef");
	step_set_hook(put_something, &room);
	fail = store_drop(room.store, &folder);
	step_set_hook(NULL, NULL);
	assert_true(fail_is(fail, FAIL_REFUSED));
	assert_string_equal(room_text(&room, "calendars/Home/new.ics"), "new");
	assert_string_equal(room_text(&room, "calendars/Home/" LABEL_TITLE), "At home");
	assert_string_equal(room_text(&room, "calendars/Home/" LABEL_COLOR), "#abcdef");
	room_end(&room);
}

/* ---- labels ------------------------------------------------------------------------------- */

static void test_labels_read(void **state)
{
	static const struct {
		const char *file, *text, *says; /* NULL: nothing */
	} table[] = {
		{ LABEL_TITLE, "Home", "Home" },
		{ LABEL_TITLE, "Home\n", "Home" },
		{ LABEL_TITLE, "  J\xc3\xa4n's calendar \t\r\n", "J\xc3\xa4n's calendar" },
		{ LABEL_TITLE, "\n\nHome", "Home" },
		{ LABEL_TITLE, "first\nsecond\n", "first" },
		{ LABEL_TITLE, "", NULL },
		{ LABEL_TITLE, " \n", NULL },
		{ LABEL_TITLE, "\xff\xfe", NULL },
		{ LABEL_COLOR, "#a1B2c3", "#a1B2c3" },
		{ LABEL_COLOR, " #a1B2c3\n", "#a1B2c3" },
		{ LABEL_COLOR, "#a1B2c3ff", NULL },
		{ LABEL_COLOR, "#a1B2c", NULL },
		{ LABEL_COLOR, "a1B2c3", NULL },
		{ LABEL_COLOR, "#a1B2cg", NULL },
		{ LABEL_COLOR, "light blue", NULL },
		{ LABEL_COLOR, "", NULL },
	};
	static char large[5000];
	const struct store_folder *folder;
	struct folder_list list;
	struct room room;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const char *told;
		char path[64];

		room_begin(&room);
		room_collection(&room, "calendars/Home");
		snprintf(path, sizeof path, "calendars/Home/%s", table[i].file);
		room_put(&room, path, table[i].text);
		list = folders_of(&room, NULL, 0);
		assert_int_equal(list.count, 1);
		told = strcmp(table[i].file, LABEL_TITLE) == 0 ? list.items[0].title : list.items[0].color;
		assert_int_equal(told != NULL, table[i].says != NULL);
		if (told)
			assert_string_equal(told, table[i].says);
		room_end(&room);
	}
	assert_true(COUNT(table) >= 16);
	/* Neither a symlink, nor a FIFO, nor a large file. */
	room_begin(&room);
	room_collection(&room, "contacts/A");
	room_collection(&room, "contacts/B");
	room_collection(&room, "contacts/C");
	room_put(&room, "title", "elsewhere");
	assert_int_equal(symlinkat("../../title", room.root, "contacts/A/" LABEL_TITLE), 0);
	assert_int_equal(mkfifoat(room.root, "contacts/B/" LABEL_TITLE, 0600), 0);
	memset(large, 'x', sizeof large - 1);
	room_put(&room, "contacts/C/" LABEL_TITLE, large);
	list = folders_of(&room, NULL, 0);
	assert_int_equal(list.count, 3);
	for (size_t i = 0; i < list.count; i++)
		assert_null(list.items[i].title);
	folder = folder_of(&list, "contacts/A");
	assert_true(fail_is(store_label(room.store, folder, "Mine", NULL), FAIL_DENIED));
	assert_string_equal(room_text(&room, "title"), "elsewhere");
	room_end(&room);
}

static void test_labels_write(void **state)
{
	static const struct {
		const char *title, *color;
		enum fail_code code;            /* FAIL_CODES: none */
		const char *file[2];            /* "": not there */
		bool touched[2];
	} table[] = {
		{ "Home", "#112233", FAIL_CODES, { "Home", "#112233" }, { true, true } },
		{ "Home", "#112233", FAIL_CODES, { "Home", "#112233" }, { false, false } },
		{ NULL, NULL, FAIL_CODES, { "Home", "#112233" }, { false, false } },
		{ "J\xc3\xa4n", NULL, FAIL_CODES, { "J\xc3\xa4n", "#112233" }, { true, false } },
		{ NULL, "#AABBCC", FAIL_CODES, { "J\xc3\xa4n", "#AABBCC" }, { false, true } },
		{ NULL, "#aabbcc", FAIL_CODES, { "J\xc3\xa4n", "#AABBCC" }, { false, false } },
		{ "a\nb\tc\x01\x7f", NULL, FAIL_CODES, { "a b c", "#AABBCC" }, { true, false } },
		{ "", NULL, FAIL_CODES, { "a b c", "#AABBCC" }, { false, false } },
		{ "x\xff", "#000000", FAIL_DATA, { "a b c", "#000000" }, { false, true } },
		{ "y", "#00000000", FAIL_DATA, { "y", "#000000" }, { true, false } },
	};
	struct store_folder folder = room_named("calendars/Home");
	static const char *const files[] = { LABEL_TITLE, LABEL_COLOR };
	struct stat before[2] = { 0 }, after;
	char title[3000], path[64];
	struct folder_list list;
	struct room room;
	size_t written = 0;

	(void)state;
	room_begin(&room);
	room_collection(&room, "calendars/Home");
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct fail *fail = store_label(room.store, &folder, table[i].title, table[i].color);

		if (table[i].code == FAIL_CODES)
			ASSERT_OK(fail);
		else
			assert_true(fail_is(fail, table[i].code));
		for (size_t k = 0; k < 2; k++) {
			snprintf(path, sizeof path, "calendars/Home/%s", files[k]);
			assert_string_equal(room_text(&room, path), table[i].file[k]);
			assert_int_equal(fstatat(room.root, path, &after, AT_SYMLINK_NOFOLLOW), 0);
			assert_int_equal(after.st_mode & 07777, 0600);
			assert_int_equal(after.st_ino != before[k].st_ino ||
						 after.st_mtim.tv_nsec != before[k].st_mtim.tv_nsec,
					 table[i].touched[k]);
			before[k] = after;
			written += table[i].touched[k];
		}
	}
	assert_true(written >= 7);
	/* A long one is cut between characters, and is the same when it comes again. */
	for (size_t i = 0; i + 3 < sizeof title; i += 3)
		memcpy(title + i, "\xe2\x82\xac", 4);
	ASSERT_OK(store_label(room.store, &folder, title, NULL));
	list = folders_of(&room, NULL, 0);
	assert_true(strlen(list.items[0].title) > 900);
	assert_memory_equal(list.items[0].title, title, strlen(list.items[0].title));
	assert_int_equal(strlen(list.items[0].title) % 3, 0);
	assert_int_equal(fstatat(room.root, "calendars/Home/" LABEL_TITLE, &before[0], 0), 0);
	ASSERT_OK(store_label(room.store, &folder, title, NULL));
	assert_int_equal(fstatat(room.root, "calendars/Home/" LABEL_TITLE, &after, 0), 0);
	assert_int_equal(after.st_ino, before[0].st_ino);
	/* Nothing is left of the writing; a collection that is gone is missing. */
	assert_int_equal(room_count(&room, "calendars/Home"), 2);
	folder = room_named("calendars/None");
	assert_true(fail_is(store_label(room.store, &folder, "x", NULL), FAIL_MISSING));
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders),	    cmocka_unit_test(test_broken),
		cmocka_unit_test(test_storm),	    cmocka_unit_test(test_make),
		cmocka_unit_test(test_rename),	    cmocka_unit_test(test_drop),
		cmocka_unit_test(test_drop_race),   cmocka_unit_test(test_labels_read),
		cmocka_unit_test(test_labels_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
