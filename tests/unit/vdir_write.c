/* store/vdir: writing items; nobody else is at work (vdir_race.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include "apart.h"
#include "base/str.h"
#include "store/stamp.h"

#include <errno.h>
#include <sys/mount.h>

#define HOME "calendars/Home"

static const struct store_folder home = { .path = HOME, .name = HOME, .kind = KIND_EVENTS };

static void home_begin(struct room *room)
{
	room_begin(room);
	room_collection(room, HOME);
}

/* Lets the driver know what is there, as the engine does. */
static void look(const struct room *room)
{
	listing_free(room_list(room, HOME));
}

/* Writes one new item. */
static struct write put(struct room *room, const char *key, const char *text, const char *wish)
{
	struct write write = { .folder = &home, .key = key, .name = wish };

	write.body = room_body(room, text, false);
	ASSERT_OK(store_write(room->store, &write, 1, room->arena));
	ASSERT_OK(store_sync(room->store));
	body_free(write.body);
	write.body = NULL;
	return write;
}

static const char *text_of(const struct room *room, const char *name)
{
	char path[400];

	snprintf(path, sizeof path, HOME "/%s", name);
	return room_text(room, path);
}

/* ---- new items ---------------------------------------------------------------------------- */

/* UIDs of all sorts: each becomes a file that is found by its ref, with these bytes. */
static void test_keys(void **state)
{
	char large[5001];
	const char *const keys[] = {
		"plain", "a@b", "../../outside", "/etc/passwd", "..", ".", ".hidden", "", "with space",
		"a\nb", "\x01\x02\x03", "a%00b", "\xf0\x9f\x98\x80", "\xff\xfe", "CASE", "case", "Case",
		"-rf", "{braces}", "urn:uuid:1", "displayname", "x.ics", "x.tmp", ".koc-new-1-1", large,
	};
	struct write writes[COUNT(keys)];
	struct listing *listing;
	const char *text;
	mode_t mask = umask(0);
	struct stat status;
	struct room room;
	char path[400];

	(void)state;
	home_begin(&room);
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	for (size_t i = 0; i < COUNT(keys); i++) {
		writes[i] = (struct write){ .folder = &home, .key = keys[i], .date = 5 };
		text = room_event(&room, "any", arena_printf(room.arena, "%zu", i));
		writes[i].body = room_body(&room, text, false);
	}
	umask(0777);
	ASSERT_OK(store_write(room.store, writes, COUNT(keys), room.arena));
	umask(mask);
	ASSERT_OK(store_sync(room.store));
	listing = room_list(&room, HOME);
	assert_int_equal(listing->count, COUNT(keys));
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct entry *entry;

		ASSERT_OK(writes[i].fail);
		entry = room_entry(listing, writes[i].now.ref);
		assert_non_null(entry);
		assert_string_equal(entry->revision, writes[i].now.revision);
		assert_true(digest_equal(&writes[i].now.digest, &writes[i].body->digest));
		snprintf(path, sizeof path, HOME "/%s", writes[i].now.ref);
		assert_non_null(strstr(room_text(&room, path), arena_printf(room.arena, "SUMMARY:%zu\r", i)));
		assert_int_equal(fstatat(room.root, path, &status, 0), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		body_free(writes[i].body);
	}
	assert_true(COUNT(keys) >= 25);
	listing_free(listing);
	/* All is in its place, and nothing is anywhere else. */
	assert_int_equal(room_count(&room, ""), COUNT(keys));
	room_end(&room);
}

/* What is there under the name, and what becomes of a new item of the UID "uid". */
static void test_taken(void **state)
{
	static const struct {
		const char *what;
		const char *uid;    /* of the file that is there */
		bool same;          /* with the bytes of the new one */
		bool known;         /* the engine has seen it */
		const char *ref;    /* NULL: refused */
		enum fail_code code;
	} table[] = {
		{ "file", "uid", true, false, "uid.ics", FAIL_CODES },      /* of a dead run */
		{ "file", "uid", false, false, NULL, FAIL_STALE },          /* made meanwhile */
		{ "file", "uid", true, true, "uid-2.ics", FAIL_CODES },     /* a second one of this UID */
		{ "file", "uid", false, true, "uid-2.ics", FAIL_CODES },
		{ "file", "other", false, false, "uid-17b788a7.ics", FAIL_CODES },
		{ "file", "other", false, true, "uid-17b788a7.ics", FAIL_CODES },
		{ "file", NULL, false, true, "uid-17b788a7.ics", FAIL_CODES }, /* no UID at all */
		{ "empty", NULL, false, false, "uid-17b788a7.ics", FAIL_CODES },
		{ "directory", NULL, false, false, "uid-17b788a7.ics", FAIL_CODES },
		{ "symlink", NULL, false, false, "uid-17b788a7.ics", FAIL_CODES },
		{ "broken symlink", NULL, false, false, "uid-17b788a7.ics", FAIL_CODES },
		{ "fifo", NULL, false, false, "uid-17b788a7.ics", FAIL_CODES },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const char *text, *there = "x";
		char before[8192];
		struct write write;
		struct room room;

		home_begin(&room);
		text = room_event(&room, "uid", "new");
		room_put(&room, "real.ics", "outside");
		if (table[i].same)
			there = text;
		else if (table[i].uid)
			there = room_event(&room, table[i].uid, "there");
		if (strcmp(table[i].what, "file") == 0)
			room_put(&room, HOME "/uid.ics", there);
		else if (strcmp(table[i].what, "empty") == 0)
			room_put(&room, HOME "/uid.ics", "");
		else if (strcmp(table[i].what, "directory") == 0)
			room_directory(&room, HOME "/uid.ics");
		else if (strcmp(table[i].what, "fifo") == 0)
			assert_int_equal(mkfifoat(room.root, HOME "/uid.ics", 0600), 0);
		else
			assert_int_equal(symlinkat(strcmp(table[i].what, "symlink") == 0 ? "../../real.ics"
											 : "nowhere",
						   room.root, HOME "/uid.ics"),
					 0);
		snprintf(before, sizeof before, "%s",
			 strcmp(table[i].what, "file") == 0 ? room_text(&room, HOME "/uid.ics") : "");
		if (table[i].known) {
			room_tick(&room);
			look(&room);
		}
		write = put(&room, "uid", text, NULL);
		if (table[i].code != FAIL_CODES) {
			assert_true(fail_is(write.fail, table[i].code));
			assert_int_equal(write.fail->scope, FAIL_ITEM);
			assert_null(write.now.ref);
		} else {
			struct listing *listing = room_list(&room, HOME);

			ASSERT_OK(write.fail);
			assert_string_equal(write.now.ref, table[i].ref);
			assert_string_equal(text_of(&room, table[i].ref), text);
			assert_string_equal(room_entry(listing, write.now.ref)->revision, write.now.revision);
			listing_free(listing);
		}
		if (*before)
			assert_string_equal(room_text(&room, HOME "/uid.ics"), before);
		assert_string_equal(room_text(&room, "real.ics"), "outside");
		look(&room);
		/* No temporary file is left. */
		assert_int_equal(room_count(&room, HOME),
				 (strcmp(table[i].what, "file") == 0 || strcmp(table[i].what, "empty") == 0) +
					 (table[i].ref && strcmp(table[i].ref, "uid.ics") != 0));
		passed++;
		room_end(&room);
	}
	assert_true(passed >= 12);
}

/* A server that holds many items of one UID, some of them the very same bytes. */
static void test_many(void **state)
{
	static const char *const names[] = { "uid.ics",	  "uid-2.ics", "uid-3.ics", "uid-4.ics", "uid-5.ics",
					     "uid-6.ics", "uid-7.ics", "uid-8.ics", "uid-9.ics" };
	struct listing *listing;
	size_t refused = 0;
	struct room room;

	(void)state;
	home_begin(&room);
	for (size_t i = 0; i < 14; i++) {
		const char *summary = i < 4 ? "same" : arena_printf(room.arena, "%zu", i < 12 ? i : 11);
		struct write write;

		/* Some in this run, some in another one. */
		if (i == 6) {
			room_tick(&room);
			room_again(&room);
			look(&room);
		}
		write = put(&room, "uid", room_event(&room, "uid", summary), NULL);
		if (i >= 12) { /* as the one before, which is known by its bytes */
			assert_true(fail_is(write.fail, FAIL_EXISTS));
			refused++;
			continue;
		}
		ASSERT_OK(write.fail);
		if (i < COUNT(names))
			assert_string_equal(write.now.ref, names[i]);
		else
			assert_int_equal(strlen(write.now.ref), strlen("uid-0123456789abcdef.ics"));
	}
	assert_int_equal(refused, 2);
	listing = room_list(&room, HOME);
	assert_int_equal(listing->count, 12);
	listing_free(listing);
	room_end(&room);
}

/* Items without a UID are known by their bytes. */
static void test_no_key(void **state)
{
	struct write one, two, again;
	struct room room;

	(void)state;
	home_begin(&room);
	one = put(&room, NULL, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", NULL);
	two = put(&room, NULL, "BEGIN:VCALENDAR\nEND:VCALENDAR\n", NULL);
	ASSERT_OK(one.fail);
	ASSERT_OK(two.fail);
	assert_int_equal(strlen(one.now.ref), 36);
	assert_string_not_equal(one.now.ref, two.now.ref);
	/* A run that died before it could say so. */
	room_again(&room);
	again = put(&room, NULL, "BEGIN:VCALENDAR\nEND:VCALENDAR\n", NULL);
	ASSERT_OK(again.fail);
	assert_string_equal(again.now.ref, two.now.ref);
	assert_string_equal(again.now.revision, two.now.revision);
	assert_int_equal(room_count(&room, HOME), 2);
	room_end(&room);
}

static void test_wish(void **state)
{
	static const struct {
		const char *wish, *ref; /* NULL: FAIL_EXISTS */
	} table[] = {
		{ "lunch.ics", "lunch.ics" },
		{ "lunch", NULL },
		{ "lunch.ics", NULL },
		{ "dinner with J\xc3\xa4n", "dinner with J\xc3\xa4n.ics" },
		{ "../x", "key.ics" },
		{ "same.ics", "same.ics" },
		{ "directory.ics", NULL },
	};
	struct room room;
	size_t refused = 0;

	(void)state;
	home_begin(&room);
	room_directory(&room, HOME "/directory.ics");
	room_put(&room, HOME "/same.ics", room_event(&room, "key", "5"));
	room_tick(&room);
	look(&room);
	for (size_t i = 0; i < COUNT(table); i++) {
		const char *text = room_event(&room, "key", arena_printf(room.arena, "%zu", i));
		struct write write = put(&room, "key", text, table[i].wish);

		if (!table[i].ref) {
			assert_true(fail_is(write.fail, FAIL_EXISTS));
			assert_int_equal(write.fail->scope, FAIL_ITEM);
			refused++;
			continue;
		}
		ASSERT_OK(write.fail);
		assert_string_equal(write.now.ref, table[i].ref);
		assert_string_equal(text_of(&room, table[i].ref), text);
	}
	assert_int_equal(refused, 3);
	assert_int_equal(room_count(&room, HOME), 4);
	room_end(&room);
}

/* Some file systems take shorter names than others. */
static const struct fail *refuse_long(void *context, const char *what)
{
	unsigned *refused = context;

	if (strcmp(what, "rename") != 0 || *refused)
		return NULL;
	++*refused;
	return fail_errno(FAIL_ITEM, ENAMETOOLONG, "a name");
}

static void test_short_names(void **state)
{
	unsigned refused = 0;
	struct write write;
	struct room room;
	char key[201];

	(void)state;
	home_begin(&room);
	memset(key, 'k', sizeof key - 1);
	key[sizeof key - 1] = '\0';
	step_set_hook(refuse_long, &refused);
	write = put(&room, key, room_event(&room, key, "x"), NULL);
	step_set_hook(NULL, NULL);
	assert_int_equal(refused, 1);
	ASSERT_OK(write.fail);
	assert_int_equal(strlen(write.now.ref), 36);
	assert_true(strlen(text_of(&room, write.now.ref)) > 200);
	room_end(&room);
}

/* ---- times -------------------------------------------------------------------------------- */

/* What this program wrote is never in doubt, has no old time, and not the time of what was there. */
static void times_all(void)
{
	struct stat before = { 0 }, after;
	const char *revision = NULL;
	struct room room;
	size_t written = 0;

	home_begin(&room);
	for (unsigned i = 0; i < 200; i++) {
		char into[40];
		struct write write = { .folder = &home, .key = "k", .into = into };
		struct listing *listing;

		snprintf(into, sizeof into, ".koc/vault/%u", i);
		if (revision) {
			write.replaces = "k.ics";
			write.if_revision = revision;
		}
		write.body = room_body(&room, room_event(&room, "k", arena_printf(room.arena, "%u", i)),
				       false);
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		ASSERT_OK(store_sync(room.store));
		ASSERT_OK(write.fail);
		body_free(write.body);
		assert_false(revision_doubted(write.now.revision));
		revision = write.now.revision;
		listing = room_list(&room, HOME);
		assert_int_equal(listing->count, 1);
		assert_string_equal(listing->entries[0].revision, revision);
		listing_free(listing);
		assert_int_equal(fstatat(room.root, HOME "/k.ics", &after, 0), 0);
		assert_true(after.st_mtim.tv_sec + 5 >= after.st_ctim.tv_sec);
		assert_true(after.st_mtim.tv_sec < after.st_ctim.tv_sec ||
			    (after.st_mtim.tv_sec == after.st_ctim.tv_sec &&
			     after.st_mtim.tv_nsec <= after.st_ctim.tv_nsec));
		if (before.st_ino)
			assert_true(before.st_mtim.tv_nsec != after.st_mtim.tv_nsec ||
				    before.st_mtim.tv_sec != after.st_mtim.tv_sec);
		before = after;
		written++;
		/* An edit in the very moment is seen. */
		room_put(&room, HOME "/k.ics", "edited");
		listing = room_list(&room, HOME);
		assert_string_not_equal(listing->entries[0].revision, revision);
		revision = arena_str(room.arena, listing->entries[0].revision);
		listing_free(listing);
	}
	assert_int_equal(written, 200);
	room_end(&room);
}

static void test_times(void **state)
{
	(void)state;
	times_all();
}

static void coarse(void)
{
	assert_int_equal(mount("koc-test", "/tmp", "ramfs", 0, NULL), 0);
	times_all();
}

static void test_times_coarse(void **state)
{
	(void)state;
	apart(coarse, "size=1m");
}

/* ---- replacing ---------------------------------------------------------------------------- */

static void replace_all(bool no_exchange)
{
	static const char *const names[] = { "a.ics", "with space.ics", "e\nf.ics", "-x.ics", "\xff.ics" };
	size_t replaced = 0;

	for (size_t i = 0; i < COUNT(names); i++) {
		struct write write = { .folder = &home, .key = "k", .replaces = names[i],
				       .into = ".koc/vault/old" };
		struct listing *listing;
		struct stat status;
		struct room room;
		char path[64];

		home_begin(&room);
		((struct vdir *)room.store)->no_exchange = no_exchange;
		snprintf(path, sizeof path, HOME "/%s", names[i]);
		room_put(&room, path, "old");
		assert_int_equal(fchmodat(room.root, path, 0644, 0), 0);
		listing = room_list(&room, HOME);
		write.body = room_body(&room, "new", false);
		/* Another revision, a place that is taken or not there, no such item: nothing is done. */
		write.if_revision = "another";
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_STALE) && !write.came_out);
		write.if_revision = listing->entries[0].revision;
		room_put(&room, ".koc/vault/old", "older");
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_EXISTS));
		assert_string_equal(room_text(&room, ".koc/vault/old"), "older");
		write.into = ".koc/nothing/old";
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_SYSTEM));
		write.into = NULL;
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_USAGE));
		write.into = ".koc/vault/good";
		write.replaces = "none.ics";
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_MISSING));
		write.replaces = "../../.koc/vault/old";
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_MISSING));
		assert_string_equal(room_text(&room, path), "old");
		assert_int_equal(room_count(&room, ""), 2 + room_has(&room, ".koc/dav.swap"));
		/* Now it is. */
		write.replaces = names[i];
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		ASSERT_OK(store_sync(room.store));
		ASSERT_OK(write.fail);
		assert_false(write.came_out);
		assert_string_equal(write.now.ref, names[i]);
		assert_string_equal(room_text(&room, path), "new");
		assert_string_equal(room_text(&room, ".koc/vault/good"), "old");
		assert_int_equal(fstatat(room.root, path, &status, 0), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		assert_int_equal(room_count(&room, ""), 3);
		listing_free(listing);
		body_free(write.body);
		replaced++;
		room_end(&room);
	}
	assert_true(replaced >= 5);
}

static void test_replace(void **state)
{
	(void)state;
	replace_all(false);
	replace_all(true);
}

/* What is no file any more is not replaced. */
static void test_replace_odd(void **state)
{
	struct write write = { .folder = &home, .key = "k", .replaces = "a.ics", .into = ".koc/vault/a" };
	struct room room;

	(void)state;
	home_begin(&room);
	write.body = room_body(&room, "new", false);
	room_put(&room, "outside", "x");
	assert_int_equal(symlinkat("../../outside", room.root, HOME "/a.ics"), 0);
	ASSERT_OK(store_write(room.store, &write, 1, room.arena));
	assert_true(fail_is(write.fail, FAIL_STALE));
	assert_int_equal(unlinkat(room.root, HOME "/a.ics", 0), 0);
	room_directory(&room, HOME "/a.ics");
	ASSERT_OK(store_write(room.store, &write, 1, room.arena));
	assert_true(fail_is(write.fail, FAIL_STALE));
	assert_true(room_has(&room, HOME "/a.ics"));
	assert_string_equal(room_text(&room, "outside"), "x");
	assert_int_equal(room_count(&room, HOME), 0);
	body_free(write.body);
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),	    cmocka_unit_test(test_taken),
		cmocka_unit_test(test_many),	    cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_wish),	    cmocka_unit_test(test_short_names),
		cmocka_unit_test(test_times),	    cmocka_unit_test(test_times_coarse),
		cmocka_unit_test(test_replace),	    cmocka_unit_test(test_replace_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
