/* store/maildir: folders, listings, cursors; with others at work in the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "maildir_room.h"

#include "core/flags.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- folders ------------------------------------------------------------------------------ */

static const struct store_folder *folder_of(const struct folder_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].path, path) == 0)
			return &list->items[i];
	return NULL;
}

static void test_folders(void **state)
{
	struct folder_list list;
	const struct store_folder *folder;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/INBOX");
	room_directory(&room, "mail/Archive"); /* a container */
	room_folder(&room, "mail/Archive/2026");
	room_folder(&room, "mail/INBOX/Sub");
	room_folder(&room, "mail/Entwürfe");
	room_directory(&room, "mail/empty"); /* nobody's */
	room_directory(&room, "mail/.notmuch");
	room_folder(&room, "mail/.notmuch/INBOX");
	room_folder(&room, "mail/a%41"); /* no name becomes this */
	room_folder(&room, "mail/a\nb");
	room_folder(&room, "mail/\xff");
	room_folder(&room, "mail/long%+");
	room_put(&room, "mail/stray", "x");
	room_put(&room, "mail/INBOX/.uidvalidity", "1");
	assert_int_equal(mkfifoat(room.root, "mail/INBOX/fifo", 0600), 0);
	assert_int_equal(symlinkat("/", room.root, "mail/outside"), 0);
	assert_int_equal(symlinkat("INBOX", room.root, "mail/Alias"), 0);
	room_directory(&room, "mail/Linked");
	assert_int_equal(symlinkat("../INBOX/cur", room.root, "mail/Linked/cur"), 0);

	ASSERT_OK(store_folders(room.store, NULL, 0, room.arena, &list));
	assert_true(list.complete);
	for (size_t i = 1; i < list.count; i++)
		assert_true(strcmp(list.items[i - 1].path, list.items[i].path) < 0);
	folder = folder_of(&list, "mail/INBOX");
	assert_non_null(folder);
	assert_int_equal(folder->roles, ROLE_INBOX);
	assert_int_equal(folder->news, NEWS_SOME);
	assert_string_equal(folder->next, "");
	assert_true(folder->count == UINT64_MAX && !folder->unsupported && *folder->identity);
	folder = folder_of(&list, "mail/Archive");
	assert_non_null(folder);
	assert_int_equal(folder->roles, ROLE_NOSELECT);
	assert_non_null(folder_of(&list, "mail/Archive/2026"));
	assert_non_null(folder_of(&list, "mail/INBOX/Sub"));
	assert_non_null(folder_of(&list, "mail/Entwürfe"));
	/* Told, with a reason, and not used. */
	folder = folder_of(&list, "mail/a%2541");
	assert_true(folder && folder->unsupported && *folder->why);
	folder = folder_of(&list, "mail/a%0Ab");
	assert_true(folder && folder->unsupported);
	folder = folder_of(&list, "mail/%FF");
	assert_true(folder && folder->unsupported);
	folder = folder_of(&list, "mail/Linked");
	assert_true(folder && folder->unsupported && *folder->why);
	assert_int_equal(list.count, 10);
	room_end(&room);
}

static void test_folders_many(void **state)
{
	struct folder_list list;
	char path[600] = "mail";
	size_t size = strlen(path);
	struct room room;

	(void)state;
	room_begin(&room);
	/* Too deep to be used. */
	for (int i = 0; i < 70; i++, size += 2) {
		memcpy(path + size, "/d", 3);
		if (i == 69)
			room_folder(&room, path);
		else
			room_directory(&room, path);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof path, "mail/f%03d", i);
		room_folder(&room, path);
	}
	ASSERT_OK(store_folders(room.store, NULL, 0, room.arena, &list));
	assert_int_equal(list.count, 201);
	assert_true(list.items[0].unsupported);
	room_end(&room);
}

static void test_make(void **state)
{
	struct store_folder made, renamed, inbox, archive;
	struct folder_list list;
	struct stat status;
	struct room room;
	mode_t mask;

	(void)state;
	room_begin(&room);
	mask = umask(0277);
	ASSERT_OK(store_make(room.store, "mail/A/B/C", 0, room.arena, &made));
	umask(mask);
	assert_string_equal(made.path, "mail/A/B/C");
	assert_int_equal(fstatat(room.root, "mail/A/B/C/cur", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(fstatat(room.root, "mail/A", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_true(fail_is(store_make(room.store, "mail/A/B/C", 0, room.arena, &made), FAIL_EXISTS));
	assert_non_null(store_make(room.store, "mail/../x", 0, room.arena, &made));
	assert_non_null(store_make(room.store, "mail/x/cur", 0, room.arena, &made));
	assert_non_null(store_make(room.store, "mail", 0, room.arena, &made));
	assert_non_null(store_make(room.store, "/tmp/x", 0, room.arena, &made));
	/* A container can become a folder, also one that a dead run began to make. */
	ASSERT_OK(store_make(room.store, "mail/A", 0, room.arena, &archive));
	room_directory(&room, "mail/Half");
	room_directory(&room, "mail/Half/tmp");
	ASSERT_OK(store_make(room.store, "mail/Half", 0, room.arena, &made));
	ASSERT_OK(store_make(room.store, "Conflicts/mail", 0, room.arena, &made));
	assert_true(room_has(&room, "Conflicts/mail/cur"));

	/* Renaming takes what lies below along, and the identity stays. */
	ASSERT_OK(store_make(room.store, "mail/INBOX", 0, room.arena, &inbox));
	assert_true(fail_is(store_rename(room.store, &archive, "mail/INBOX", room.arena, &renamed),
			    FAIL_EXISTS));
	room_directory(&room, "mail/empty");
	ASSERT_OK(store_rename(room.store, &archive, "mail/empty", room.arena, &renamed));
	assert_string_equal(renamed.identity, archive.identity);
	ASSERT_OK(store_rename(room.store, &renamed, "mail/new one/Z", room.arena, &archive));
	assert_true(room_has(&room, "mail/new one/Z/B/C/cur"));
	assert_false(room_has(&room, "mail/A") || room_has(&room, "mail/empty"));
	assert_true(fail_is(store_rename(room.store, &renamed, "mail/Y", room.arena, &made),
			    FAIL_MISSING));
	ASSERT_OK(store_folders(room.store, NULL, 0, room.arena, &list));
	assert_non_null(folder_of(&list, "mail/new one/Z"));
	room_end(&room);
}

static void test_drop(void **state)
{
	static const char *const strays[] = {
		"mail/X/cur/a:2,S", "mail/X/new/a", "mail/X/tmp/a",    "mail/X/notes.txt",
		"mail/X/cur/.dot",  "mail/X/sub",   "mail/X/cur/../.x",
	};
	struct store_folder folder, made;
	const struct fail *fail;
	struct room room;

	(void)state;
	room_begin(&room);
	ASSERT_OK(store_make(room.store, "mail/X", 0, room.arena, &folder));
	for (size_t i = 0; i < COUNT(strays); i++) {
		if (strcmp(strays[i], "mail/X/sub") == 0)
			room_directory(&room, strays[i]);
		else
			room_put(&room, strays[i], "x");
		fail = store_drop(room.store, &folder);
		assert_true(fail_is(fail, FAIL_REFUSED));
		assert_non_null(strstr(fail->text, strrchr(strays[i], '/') + 1));
		assert_true(room_has(&room, "mail/X/cur") && room_has(&room, "mail/X/new") &&
			    room_has(&room, "mail/X/tmp"));
		assert_int_equal(unlinkat(room.root, strays[i],
					  strcmp(strays[i], "mail/X/sub") ? 0 : AT_REMOVEDIR),
				 0);
	}
	room_put(&room, "mail/X/dovecot-keywords", "0 a\n");
	room_put(&room, "mail/X/.koc-0123456789abcdef", "half a table");
	room_put(&room, "mail/X/cur/.koc-0123456789abcdef", "half a copy");
	ASSERT_OK(store_drop(room.store, &folder));
	assert_false(room_has(&room, "mail/X"));
	assert_true(fail_is(store_drop(room.store, &folder), FAIL_MISSING));
	ASSERT_OK(store_make(room.store, "mail/X", 0, room.arena, &made));
	room_end(&room);
}

/* ---- listings ----------------------------------------------------------------------------- */

static void test_list(void **state)
{
	static const char *const harmless[] = {
		"mail/F/cur/.hidden:2,S", "mail/F/new/.nfs0001", "mail/F/tmp/half", "mail/F/note",
	};
	static const struct {
		const char *file, *ref;
		uint32_t says, bits;
		const char *keywords;
	} table[] = {
		{ "new/n1", "n1", SAYS_BITS | SAYS_SIZE, 0, NULL },
		{ "new/n2:2,S", "n2", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE, FLAG_SEEN, NULL },
		{ "cur/c1:2,", "c1", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE, 0, NULL },
		{ "cur/c2", "c2", SAYS_SIZE, 0, NULL },
		{ "cur/c3:2,RSab", "c3", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE,
		  FLAG_SEEN | FLAG_ANSWERED, "$Junk Work" },
		{ "cur/c4:2,z", "c4", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE, 0, NULL },
		{ "cur/c5:2,c", "c5", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE, FLAG_FORWARDED, NULL },
		{ "cur/c6:2,bX", "c6", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE, 0, "Work" },
		{ "cur/c7:2,S:2,F", "c7", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE, FLAG_SEEN, NULL },
		{ "cur/-rf:2,F", "-rf", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE, FLAG_FLAGGED, NULL },
		{ "cur/new\nline:2,F", "new\nline", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE,
		  FLAG_FLAGGED, NULL },
		{ "cur/\xff\xfe:2,T", "\xff\xfe", SAYS_BITS | SAYS_KEYWORDS | SAYS_SIZE,
		  FLAG_DELETED, NULL },
	};
	char longest[256], path[300];
	struct listing *listing;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	for (size_t i = 0; i < COUNT(table); i++) {
		snprintf(path, sizeof path, "mail/F/%s", table[i].file);
		room_put(&room, path, "Subject: x\n\nbody\n");
	}
	for (size_t i = 0; i < COUNT(harmless); i++)
		room_put(&room, harmless[i], "x");
	memset(longest, 'l', sizeof longest);
	memcpy(longest + 252, ":2,", 4);
	snprintf(path, sizeof path, "mail/F/cur/%s", longest);
	room_put(&room, path, "x");
	assert_int_equal(symlinkat("/etc/passwd", room.root, "mail/F/cur/link:2,S"), 0);
	assert_int_equal(mkfifoat(room.root, "mail/F/cur/fifo:2,S", 0600), 0);
	room_directory(&room, "mail/F/cur/directory:2,S");
	/* Seen twice (as in the middle of a delivery): one item, the one in cur. */
	room_put(&room, "mail/F/new/c1", "x");
	room_put(&room, "mail/F/dovecot-keywords", "0 $Junk\n1 Work\n2 $Forwarded\n");

	listing = room_list(&room, "mail/F");
	assert_int_equal(listing->count, COUNT(table) + 1);
	for (size_t i = 1; i < listing->count; i++)
		assert_true(strcmp(listing->entries[i - 1].ref, listing->entries[i].ref) < 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct entry *entry = room_entry(listing, table[i].ref);

		assert_non_null(entry);
		assert_int_equal(entry->says, table[i].says);
		assert_int_equal(entry->flags.bits, table[i].bits);
		assert_true(keywords_equal(entry->flags.keywords, table[i].keywords));
		assert_int_equal(entry->size, 17);
		assert_true(*entry->revision && entry->date > 1700000000);
	}
	assert_string_equal(listing->speaks, "$Junk Work");
	assert_int_equal(listing->admits.bits, FLAG_ALL);
	assert_true(listing->admits_keywords && !listing->unstable && !listing->read_only);
	listing_free(listing);

	/* Without a table letters say nothing; a broken one is none. */
	assert_int_equal(unlinkat(room.root, "mail/F/dovecot-keywords", 0), 0);
	listing = room_list(&room, "mail/F");
	assert_string_equal(listing->speaks, "");
	assert_null(room_entry(listing, "c3")->flags.keywords);
	listing_free(listing);
	assert_int_equal(symlinkat("/etc/passwd", room.root, "mail/F/dovecot-keywords"), 0);
	listing = room_list(&room, "mail/F");
	assert_string_equal(listing->speaks, "");
	assert_false(listing->admits_keywords);
	listing_free(listing);
	room_end(&room);
}

static void test_list_missing(void **state)
{
	struct store_folder folders[3] = { room_named("mail/A"), room_named("mail/B"),
					   room_named("mail/C") };
	struct look looks[3] = { { .folder = &folders[0] },
				 { .folder = &folders[1] },
				 { .folder = &folders[2] } };
	struct listing *listing;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/A");
	room_folder(&room, "mail/C");
	room_put(&room, "mail/C/new/x", "x");
	ASSERT_OK(store_list(room.store, looks, 3));
	ASSERT_OK(looks[0].fail);
	assert_true(fail_is(looks[1].fail, FAIL_MISSING));
	assert_int_equal(looks[1].fail->scope, FAIL_FOLDER);
	assert_null(looks[1].listing);
	ASSERT_OK(looks[2].fail);
	assert_int_equal(looks[2].listing->count, 1);
	listing_free(looks[0].listing);
	listing_free(looks[2].listing);
	/* new/ and tmp/ may be missing. */
	assert_int_equal(unlinkat(room.root, "mail/A/new", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(room.root, "mail/A/tmp", AT_REMOVEDIR), 0);
	listing = room_list(&room, "mail/A");
	assert_int_equal(listing->count, 0);
	listing_free(listing);
	room_write(&room, "mail/A", "x", "one", (struct flags){ 0 });
	assert_true(room_has(&room, "mail/A/new/one"));
	room_end(&room);
}

/* A folder's directory is replaced by a symlink while it is open. */
static void test_replaced_by_symlink(void **state)
{
	struct store_folder folder = room_named("mail/A");
	struct write write = { .folder = &folder, .flags.bits = FLAG_SEEN };
	struct look look = { .folder = &folder };
	struct listing *listing;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/A");
	room_folder(&room, "elsewhere");
	listing = room_list(&room, "mail/A");
	listing_free(listing);
	room_rename(&room, "mail/A", "gone");
	assert_int_equal(symlinkat("../elsewhere", room.root, "mail/A"), 0);
	write.body = room_body(&room, "x", true);
	ASSERT_OK(store_write(room.store, &write, 1, room.arena));
	assert_true(fail_is(write.fail, FAIL_DENIED));
	ASSERT_OK(store_list(room.store, &look, 1));
	assert_true(fail_is(look.fail, FAIL_DENIED));
	assert_int_equal(room_count(&room, "elsewhere"), 0);
	assert_int_equal(room_count(&room, "gone"), 0);
	body_free(write.body);
	room_end(&room);
}

/* ---- cursors ------------------------------------------------------------------------------ */

static void test_news(void **state)
{
	struct listing *listing;
	char cursor[400];
	struct room room;
	bool quiet = false;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/cur/a:2,", "x");
	room_put(&room, "mail/F/new/b", "x");
	/* Until the clock has ticked the stamps are racy: then it is listed again, no more. */
	for (int i = 0; i < 1000000 && !quiet; i++) {
		listing = room_list(&room, "mail/F");
		assert_int_equal(listing->count, 2);
		snprintf(cursor, sizeof cursor, "%s", listing->cursor);
		listing_free(listing);
		quiet = room_news(&room, "mail/F", cursor) == NEWS_NONE;
	}
	assert_true(quiet);
	room_put(&room, "mail/F/.uidvalidity", "");
	assert_int_equal(room_news(&room, "mail/F", cursor), NEWS_NONE);
	room_again(&room);
	assert_int_equal(room_news(&room, "mail/F", cursor), NEWS_NONE);
	assert_int_equal(room_news(&room, "mail/F", ""), NEWS_SOME);
	assert_int_equal(room_news(&room, "mail/F", "maildir0 x"), NEWS_SOME);
	room_rename(&room, "mail/F/cur/a:2,", "mail/F/cur/a:2,S");
	assert_int_equal(room_news(&room, "mail/F", cursor), NEWS_SOME);
	listing = room_list(&room, "mail/F");
	room_put(&room, "mail/F/dovecot-keywords", "0 x\n");
	assert_int_equal(room_news(&room, "mail/F", listing->cursor), NEWS_SOME);
	listing_free(listing);
	listing = room_list(&room, "mail/F");
	room_rename(&room, "mail/F/new", "mail/F/tmp/new");
	room_directory(&room, "mail/F/new");
	assert_int_equal(room_news(&room, "mail/F", listing->cursor), NEWS_SOME);
	listing_free(listing);
	room_end(&room);
}

/* Change, list, change, ask: without a pause.  No change may be missed, whatever tick it falls in.
 */
static void test_racy(void **state)
{
	static const char *const names[2][2] = {
		{ "mail/F/cur/a:2,", "mail/F/cur/a:2,S" },
		{ "mail/F/cur/b:2,", "mail/F/new/b" },
	};
	int rounds = 0;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, names[0][0], "x");
	room_put(&room, names[1][0], "x");
	for (; rounds < 1500; rounds++) {
		int which = rounds % 3 == 0;
		struct listing *listing = room_list(&room, "mail/F");
		const char *from = names[which][0], *to = names[which][1];

		if (!room_has(&room, from)) {
			const char *swap = from;

			from = to;
			to = swap;
		}
		room_rename(&room, from, to);
		if (room_news(&room, "mail/F", listing->cursor) != NEWS_SOME)
			fail_msg("round %d: a change was missed", rounds);
		listing_free(listing);
		if (rounds % 100 == 0)
			room_again(&room);
	}
	assert_true(rounds >= 500);
	room_end(&room);
}

/* ---- while others rename ------------------------------------------------------------------ */

#define STORM_FILES 2000
#define STORM_LISTS 240

/* Renames files between flags, and from new to cur and back, with a rest now and then. */
static void storm(int root)
{
	unsigned seed = 7;
	static const char *const flags[] = { ":2,", ":2,S", ":2,FS", ":2,RS" };
	static uint8_t now[STORM_FILES];

	for (;;) {
		unsigned n = (unsigned)rand_r(&seed);
		unsigned file = n % STORM_FILES, to = n / STORM_FILES % 5;
		char from_path[64], to_path[64];

		if (now[file] == 4)
			snprintf(from_path, sizeof from_path, "mail/F/new/m%u", file);
		else
			snprintf(from_path, sizeof from_path, "mail/F/cur/m%u%s", file,
				 flags[now[file]]);
		if (to == 4)
			snprintf(to_path, sizeof to_path, "mail/F/new/m%u", file);
		else
			snprintf(to_path, sizeof to_path, "mail/F/cur/m%u%s", file, flags[to]);
		/* A delivery goes from new to cur; nothing goes back in real life, but here it
		 * may. */
		if (renameat(root, from_path, root, to_path) == 0)
			now[file] = (uint8_t)to;
		if (n % 400 == 0) {
			struct timespec rest = { 0, (long)(n / 400 % 12) * 1000000 };

			nanosleep(&rest, NULL);
		}
	}
}

static void test_storm(void **state)
{
	size_t stable = 0, lists = 0, unstable = 0, missing = 0;
	struct room room;
	pid_t child;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	for (unsigned i = 0; i < STORM_FILES; i++) {
		char path[64];

		snprintf(path, sizeof path, "mail/F/cur/m%u:2,", i);
		room_put(&room, path, "x");
	}
	child = room_fork();
	if (child == 0) {
		storm(room.root);
		_exit(0);
	}
	for (; lists < STORM_LISTS || (stable < 20 && lists < 20 * STORM_LISTS); lists++) {
		struct listing *listing = room_list(&room, "mail/F");

		for (size_t i = 1; i < listing->count; i++)
			assert_true(strcmp(listing->entries[i - 1].ref, listing->entries[i].ref) < 0);
		assert_true(listing->count <= STORM_FILES);
		if (listing->unstable) {
			unstable++;
			missing += STORM_FILES - listing->count;
		} else {
			stable++;
			assert_int_equal(listing->count, STORM_FILES);
		}
		listing_free(listing);
		/* An item is never said to be gone either. */
		assert_true(room_exists(&room, "mail/F", "m77"));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	print_message("%zu stable listings, %zu unstable ones, which lacked %zu files\n", stable,
		      unstable, missing);
	assert_true(lists >= 200);
	assert_true(stable >= 20);
	room_end(&room);
}

/* Folders are made, renamed and removed while they are listed: one that stays is always there. */
static void test_tree_storm(void **state)
{
	struct room room;
	size_t lists = 0;
	pid_t child;

	(void)state;
	room_begin(&room);
	for (int i = 0; i < 60; i++) {
		char path[32];

		snprintf(path, sizeof path, "mail/stays%02d", i);
		room_folder(&room, path);
	}
	room_folder(&room, "mail/a0");
	child = room_fork();
	if (child == 0) {
		for (unsigned i = 0;; i++) {
			char from[32], to[32];
			struct timespec rest = { 0, 3000000 };

			snprintf(from, sizeof from, "mail/a%u", i);
			snprintf(to, sizeof to, "mail/a%u", i + 1);
			renameat(room.root, from, room.root, to);
			nanosleep(&rest, NULL);
		}
	}
	for (; lists < 200; lists++) {
		struct arena *arena = arena_new();
		struct folder_list list;
		const struct fail *fail = store_folders(room.store, NULL, 0, arena, &list);

		if (!fail)
			assert_int_equal(list.count, 61);
		else
			assert_true(fail_is(fail, FAIL_STALE));
		arena_free(arena);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders),	     cmocka_unit_test(test_folders_many),
		cmocka_unit_test(test_make),	     cmocka_unit_test(test_drop),
		cmocka_unit_test(test_list),	     cmocka_unit_test(test_list_missing),
		cmocka_unit_test(test_replaced_by_symlink),
		cmocka_unit_test(test_news),	     cmocka_unit_test(test_racy),
		cmocka_unit_test(test_storm),	     cmocka_unit_test(test_tree_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
