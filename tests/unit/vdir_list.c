/* store/vdir: listings, news, revisions; with others at work in the collection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include "apart.h"
#include "store/stamp.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#define HOME "calendars/Home"

static void home_begin(struct room *room)
{
	room_begin(room);
	room_collection(room, HOME);
}

/* ---- what is listed ----------------------------------------------------------------------- */

static void test_list(void **state)
{
	static const struct {
		const char *name;
		bool item;
	} table[] = {
		{ "a.ics", true },	 { "-b.ics", true },	 { "c d.ics", true },
		{ "e\nf.ics", true },	 { "\xff.ics", true },	 { "G.ics", true },
		{ "g.ics", true },	 { "empty.ics", true },	 { "\xf0\x9f\x98\x80.ics", true },
		{ "no", false },	 { "x.vcf", false },	 { "x.tmp", false },
		{ "x.ics~", false },	 { ".x.ics", false },	 { ".x.ics.swp", false },
		{ "x.ICS", false },	 { "displayname", false }, { "color", false },
		{ ".koc-new-1-1", false }, { "tmpa1b2c3", false },
	};
	struct listing *listing;
	struct room room;
	size_t items = 0;
	char path[64];

	(void)state;
	home_begin(&room);
	for (size_t i = 0; i < COUNT(table); i++) {
		snprintf(path, sizeof path, HOME "/%s", table[i].name);
		room_put(&room, path, strcmp(table[i].name, "empty.ics") == 0 ? "" : "four");
	}
	room_directory(&room, HOME "/directory.ics");
	assert_int_equal(mkfifoat(room.root, HOME "/fifo.ics", 0600), 0);
	assert_int_equal(symlinkat("a.ics", room.root, HOME "/link.ics"), 0);
	assert_int_equal(symlinkat("/etc/passwd", room.root, HOME "/outside.ics"), 0);
	assert_int_equal(symlinkat("nowhere", room.root, HOME "/broken.ics"), 0);
	assert_int_equal(fchmodat(room.root, HOME "/g.ics", 0, 0), 0);
	listing = room_list(&room, HOME);
	assert_false(listing->unstable);
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct entry *entry = room_entry(listing, table[i].name);

		assert_int_equal(entry != NULL, table[i].item);
		if (!entry)
			continue;
		items++;
		assert_int_equal(entry->says, SAYS_SIZE);
		assert_int_equal(entry->size, strcmp(table[i].name, "empty.ics") == 0 ? 0 : 4);
		assert_true(*entry->revision);
		assert_null(entry->key);
	}
	assert_int_equal(listing->count, items);
	assert_true(items >= 9);
	for (size_t i = 1; i < listing->count; i++)
		assert_true(strcmp(listing->entries[i - 1].ref, listing->entries[i].ref) < 0);
	/* What has the name of an item that was there and is none now is not taken for gone. */
	assert_true(room_exists(&room, HOME, "link.ics"));
	assert_true(room_exists(&room, HOME, "directory.ics"));
	assert_false(room_exists(&room, HOME, "none.ics"));
	assert_false(room_exists(&room, "calendars/None", "a.ics"));
	assert_true(room_exists(&room, HOME, "../../.."));
	listing_free(listing);
	/* Contacts have another suffix. */
	room_collection(&room, "contacts/Home");
	room_put(&room, "contacts/Home/a.vcf", "x");
	room_put(&room, "contacts/Home/a.ics", "x");
	listing = room_list(&room, "contacts/Home");
	assert_int_equal(listing->count, 1);
	assert_string_equal(listing->entries[0].ref, "a.vcf");
	listing_free(listing);
	room_end(&room);
}

static void test_list_missing(void **state)
{
	static const char *const paths[] = { "calendars/None", "calendars", "mail/INBOX", "other/Home",
					     "calendars/../other/Home", "calendars/Home/deeper", "" };
	struct store_folder folders[COUNT(paths) + 1];
	struct look looks[COUNT(paths) + 1] = { 0 };
	struct room room;

	(void)state;
	home_begin(&room);
	room_collection(&room, "other/Home");
	room_collection(&room, "calendars/Home/deeper");
	for (size_t i = 0; i < COUNT(paths); i++)
		folders[i] = room_named(paths[i]);
	folders[COUNT(paths)] = room_named(HOME);
	for (size_t i = 0; i < COUNT(looks); i++)
		looks[i] = (struct look){ .folder = &folders[i], .cursor = "" };
	ASSERT_OK(store_list(room.store, looks, COUNT(looks)));
	for (size_t i = 0; i < COUNT(paths); i++) {
		assert_true(fail_is(looks[i].fail, FAIL_MISSING));
		assert_int_equal(looks[i].fail->scope, FAIL_FOLDER);
	}
	ASSERT_OK(looks[COUNT(paths)].fail);
	listing_free(looks[COUNT(paths)].listing);
	room_end(&room);
}

/* One who only looks makes nothing and settles nothing. */
static void test_look(void **state)
{
	struct store_folder folder = room_named(HOME);
	struct read read = { .folder = &folder, .ref = "a.ics", .part = PART_WHOLE };
	struct look look = { .folder = &folder, .cursor = "" };
	struct store_known known = { .path = HOME, .name = HOME };
	struct folder_list list;
	struct listing *listing;
	struct store *store;
	struct room room;

	(void)state;
	home_begin(&room);
	room_put(&room, HOME "/a.ics", "text");
	room_tick(&room);
	listing = room_list(&room, HOME);
	known.cursor = listing->cursor;
	room_put(&room, ".koc/dav.swap", ".koc/vault\n");
	room_put(&room, ".koc/vault/.koc-swap.1.old", "theirs");
	ASSERT_OK(vdir_look(room.root, &store));
	ASSERT_OK(store_folders(store, &known, 1, room.arena, &list));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].news, NEWS_NONE);
	room_put(&room, HOME "/.koc-new-1-1", "half");
	ASSERT_OK(store_list(store, &look, 1));
	ASSERT_OK(look.fail);
	assert_int_equal(look.listing->count, 1);
	assert_string_equal(look.listing->entries[0].revision, listing->entries[0].revision);
	ASSERT_OK(store_read(store, &read, 1, NULL, NULL, room.arena));
	ASSERT_OK(read.fail);
	assert_string_equal(read.now.revision, listing->entries[0].revision);
	store_close(store);
	body_free(read.body);
	listing_free(look.listing);
	listing_free(listing);
	assert_true(room_has(&room, HOME "/.koc-new-1-1"));
	assert_true(room_has(&room, ".koc/dav.swap"));
	assert_true(room_has(&room, ".koc/vault/.koc-swap.1.old"));
	/* One who works does. */
	room_again(&room);
	assert_false(room_has(&room, ".koc/dav.swap"));
	assert_string_equal(room_text(&room, ".koc/vault/old"), "theirs");
	room_end(&room);
}

/* ---- news --------------------------------------------------------------------------------- */

static void write_in_place(const struct room *room, const char *path, const char *text)
{
	int fd = openat(room->root, path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
	close(fd);
}

static void change_nothing(const struct room *room)
{
	(void)room;
}

static void change_add(const struct room *room)
{
	room_put(room, HOME "/c.ics", "c");
}

static void change_remove(const struct room *room)
{
	assert_int_equal(unlinkat(room->root, HOME "/b.ics", 0), 0);
}

static void change_rename(const struct room *room)
{
	room_rename(room, HOME "/b.ics", HOME "/z.ics");
}

static void change_replace(const struct room *room)
{
	room_put(room, HOME "/tmp1", "bbbb");
	room_rename(room, HOME "/tmp1", HOME "/b.ics");
}

static void change_in_place(const struct room *room)
{
	write_in_place(room, HOME "/b.ics", "BBBB");
}

static void change_cut(const struct room *room)
{
	int fd = openat(room->root, HOME "/b.ics", O_WRONLY | O_TRUNC | O_CLOEXEC);

	close(fd);
}

/* The same bytes are read again, to be on the safe side. */
static void change_time(const struct room *room)
{
	assert_int_equal(utimensat(room->root, HOME "/b.ics", NULL, 0), 0);
}

/* Set back to another old time, as by rsync. */
static void change_time_back(const struct room *room)
{
	struct timespec times[] = { { 5, 0 }, { 5, 0 } };

	assert_int_equal(utimensat(room->root, HOME "/b.ics", times, 0), 0);
}

static void change_others(const struct room *room)
{
	room_put(room, HOME "/.b.ics.swp", "x");
	room_put(room, HOME "/displayname", "Home");
	room_put(room, HOME "/tmpabc", "x");
	assert_int_equal(unlinkat(room->root, HOME "/tmpabc", 0), 0);
}

static void change_mode(const struct room *room)
{
	assert_int_equal(fchmodat(room->root, HOME "/b.ics", 0640, 0), 0);
}

/* It has its name and its revision, but was elsewhere meanwhile: perhaps what lay here then is known. */
static void change_away_and_back(const struct room *room)
{
	room_tick(room);
	room_rename(room, HOME "/b.ics", "b");
	room_rename(room, "b", HOME "/b.ics");
}

static void change_to_symlink(const struct room *room)
{
	room_rename(room, HOME "/b.ics", "b");
	assert_int_equal(symlinkat("../../b", room->root, HOME "/b.ics"), 0);
}

/* Nothing is left of it; but to the engine it may be an item that it stored itself. */
static void change_come_and_gone(const struct room *room)
{
	room_put(room, HOME "/new.ics", "nnnn");
	assert_int_equal(unlinkat(room->root, HOME "/new.ics", 0), 0);
}

static const struct {
	const char *name;
	void (*change)(const struct room *room);
	enum news news;
} changes[] = {
	{ "nothing", change_nothing, NEWS_NONE },
	{ "other files", change_others, NEWS_SOME },
	{ "add", change_add, NEWS_SOME },
	{ "remove", change_remove, NEWS_SOME },
	{ "rename", change_rename, NEWS_SOME },
	{ "replace", change_replace, NEWS_SOME },
	{ "in place", change_in_place, NEWS_SOME },
	{ "cut", change_cut, NEWS_SOME },
	{ "time", change_time, NEWS_SOME },
	{ "time back", change_time_back, NEWS_SOME },
	{ "to a symlink", change_to_symlink, NEWS_SOME },
	{ "away and back", change_away_and_back, NEWS_SOME },
	{ "mode", change_mode, NEWS_SOME },
	{ "come and gone", change_come_and_gone, NEWS_SOME },
};

static void news_all(void)
{
	size_t quiet = 0;

	for (size_t i = 0; i < COUNT(changes); i++) {
		struct listing *listing;
		struct room room;
		enum news news;

		home_begin(&room);
		room_put(&room, HOME "/a.ics", "aaaa");
		room_put(&room, HOME "/b.ics", "bbbb");
		room_tick(&room);
		listing = room_list(&room, HOME);
		changes[i].change(&room);
		/* No later than at once. */
		news = room_news(&room, HOME, listing->cursor);
		if (news != NEWS_SOME && changes[i].news == NEWS_SOME)
			fail_msg("%s is not news", changes[i].name);
		room_tick(&room);
		room_again(&room);
		assert_int_equal(room_news(&room, HOME, listing->cursor), changes[i].news);
		quiet += changes[i].news == NEWS_NONE;
		/* Nor for another collection, or with another cursor. */
		assert_int_equal(room_news(&room, HOME, "vdir2 in doubt"), NEWS_SOME);
		assert_int_equal(room_news(&room, HOME, "vdir2 "), NEWS_SOME);
		assert_int_equal(room_news(&room, HOME, "vdir2"), NEWS_SOME);
		listing_free(listing);
		room_end(&room);
	}
	assert_true(quiet >= 1 && COUNT(changes) - quiet >= 13);
}

static void test_news(void **state)
{
	(void)state;
	news_all();
}

/* ---- in one tick of the clock ------------------------------------------------------------- */

#define TICK_ROUNDS 300

/* A file that is edited in place just before and just after it was listed: every edit is seen by one of the
 * looks, also where both are in one tick and the size is the same. */
static void ticks_all(void)
{
	size_t doubted = 0, news = 0;
	struct room room;

	home_begin(&room);
	room_put(&room, HOME "/a.ics", "first");
	for (unsigned i = 0; i < TICK_ROUNDS; i++) {
		struct listing *before, *after;
		char text[8];

		snprintf(text, sizeof text, "%05u", i);
		write_in_place(&room, HOME "/a.ics", text);
		before = room_list(&room, HOME);
		write_in_place(&room, HOME "/a.ics", "other");
		if (i % 3 == 0)
			room_tick(&room);
		if (i % 2 == 0)
			room_again(&room);
		news += room_news(&room, HOME, before->cursor) == NEWS_SOME;
		room_tick(&room);
		after = room_list(&room, HOME);
		doubted += revision_doubted(before->entries[0].revision);
		assert_string_not_equal(before->entries[0].revision, after->entries[0].revision);
		assert_string_not_equal(before->cursor, after->cursor);
		assert_false(revision_doubted(after->entries[0].revision));
		listing_free(before);
		listing_free(after);
	}
	print_message("in doubt in %zu of %d rounds\n", doubted, TICK_ROUNDS);
	assert_int_equal(news, TICK_ROUNDS);
	room_end(&room);
}

static void test_ticks(void **state)
{
	(void)state;
	ticks_all();
}

/* A file of the future could be changed for as long as it lies there without moving its time. */
static void test_future(void **state)
{
	struct timespec times[2] = { 0 };
	struct listing *one, *two;
	struct room room;
	struct stat status;

	(void)state;
	home_begin(&room);
	room_put(&room, HOME "/a.ics", "first");
	assert_int_equal(fstatat(room.root, HOME "/a.ics", &status, 0), 0);
	times[0] = times[1] = (struct timespec){ status.st_mtim.tv_sec + 3600, 0 };
	assert_int_equal(utimensat(room.root, HOME "/a.ics", times, 0), 0);
	one = room_list(&room, HOME);
	room_tick(&room);
	two = room_list(&room, HOME);
	assert_true(revision_doubted(one->entries[0].revision));
	assert_true(revision_doubted(two->entries[0].revision));
	assert_string_not_equal(one->entries[0].revision, two->entries[0].revision);
	assert_int_equal(room_news(&room, HOME, two->cursor), NEWS_SOME);
	/* It can be replaced all the same. */
	{
		struct store_folder folder = room_named(HOME);
		struct removal removal = { .folder = &folder, .ref = "a.ics", .into = ".koc/vault/a",
					   .if_revision = one->entries[0].revision };

		ASSERT_OK(store_remove(room.store, &removal, 1, room.arena));
		ASSERT_OK(removal.fail);
	}
	listing_free(one);
	listing_free(two);
	room_end(&room);
}

/* The same on a file system whose times move with the kernel's ticks alone (ext4, tmpfs and others tell
 * changes apart that were looked at since Linux 6.13). */
static void coarse(void)
{
	assert_int_equal(mount("koc-test", "/tmp", "ramfs", 0, NULL), 0);
	ticks_all();
	news_all();
}

static void test_coarse(void **state)
{
	(void)state;
	apart(coarse, "size=1m");
}

/* ---- others at work ----------------------------------------------------------------------- */

/* Another program renames items all the time: none is missed. */
static void test_storm(void **state)
{
	enum { ITEMS = 3000 }; /* more than one read of the directory gives */
	size_t stable = 0, unstable = 0;
	struct room room;
	char path[64];
	pid_t child;

	(void)state;
	home_begin(&room);
	for (unsigned i = 0; i < ITEMS; i++) {
		snprintf(path, sizeof path, HOME "/item-%04u.ics", i);
		room_put(&room, path, "x");
	}
	child = room_fork();
	if (child == 0)
		for (unsigned i = 0;; i++) {
			char from[64], to[64];
			unsigned n = i / 2 % ITEMS;

			snprintf(from, sizeof from, HOME "/%s-%04u.ics", i % 2 ? "other" : "item", n);
			snprintf(to, sizeof to, HOME "/%s-%04u.ics", i % 2 ? "item" : "other", n);
			renameat(room.root, from, room.root, to);
			/* In bursts, so that it comes to rest now and then. */
			if (i % 400 == 0)
				nanosleep(&(struct timespec){ 0, 25000000 }, NULL);
		}
	for (int i = 0; i < 150; i++) {
		struct listing *listing = room_list(&room, HOME);

		if (listing->unstable) {
			unstable++;
			assert_int_equal(room_news(&room, HOME, listing->cursor), NEWS_SOME);
		} else {
			assert_int_equal(listing->count, ITEMS);
			stable++;
		}
		listing_free(listing);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	print_message("%zu listings at rest, %zu not\n", stable, unstable);
	assert_true(stable > 20);
	room_end(&room);
}

/* The collection is another one at the next call, or a symlink. */
static void test_replaced(void **state)
{
	struct store_folder folder = room_named(HOME);
	struct write write = { .folder = &folder, .key = "k" };
	struct look look = { .folder = &folder, .cursor = "" };
	struct listing *listing;
	struct room room;

	(void)state;
	home_begin(&room);
	room_put(&room, HOME "/a.ics", "x");
	listing = room_list(&room, HOME);
	assert_int_equal(listing->count, 1);
	listing_free(listing);
	room_rename(&room, HOME, "calendars/Moved");
	room_directory(&room, HOME);
	listing = room_list(&room, HOME);
	assert_int_equal(listing->count, 0);
	listing_free(listing);
	write.body = room_body(&room, "x", false);
	ASSERT_OK(store_write(room.store, &write, 1, room.arena));
	ASSERT_OK(write.fail);
	assert_true(room_has(&room, HOME "/k.ics"));
	assert_int_equal(room_count(&room, "calendars/Moved"), 1);
	room_rename(&room, HOME, "calendars/Again");
	assert_int_equal(symlinkat("Moved", room.root, HOME), 0);
	ASSERT_OK(store_list(room.store, &look, 1));
	assert_true(fail_is(look.fail, FAIL_DENIED));
	ASSERT_OK(store_write(room.store, &write, 1, room.arena));
	assert_true(fail_is(write.fail, FAIL_DENIED));
	assert_int_equal(room_count(&room, "calendars/Moved"), 1);
	body_free(write.body);
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),   cmocka_unit_test(test_list_missing),
		cmocka_unit_test(test_look),   cmocka_unit_test(test_news),
		cmocka_unit_test(test_ticks),  cmocka_unit_test(test_future),
		cmocka_unit_test(test_coarse), cmocka_unit_test(test_storm),
		cmocka_unit_test(test_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
