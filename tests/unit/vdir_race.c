/* store/vdir: against another program that edits and renames at the same moment.  No bytes may be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vdir_room.h"

#include "local_race.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define HOME "calendars/Home"
#define WORK "calendars/Work"
#define ITEM HOME "/x.ics"

static const struct store_folder home = { .path = HOME, .name = HOME, .kind = KIND_EVENTS };

static void home_begin(struct room *room)
{
	room_begin(room);
	room_collection(room, HOME);
	room_directory(room, "theirs");
}

/* ---- an editor ---------------------------------------------------------------------------- */

/* Edits x.ics again and again, keeping what it replaced under theirs/: it exchanges too.  Writes to `tell`
 * how many versions it has made. */
static void meddle(int root, int tell)
{
	unsigned seed = (unsigned)getpid();

	for (unsigned version = 0; version < 4000;) {
		char other[64], text[64];
		int fd;

		snprintf(other, sizeof other, "theirs/%u", version);
		snprintf(text, sizeof text, "theirs %u\n", version);
		fd = openat(root, other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
			_exit(1);
		close(fd);
		while (renameat2(root, other, root, ITEM, RENAME_EXCHANGE) != 0)
			if (errno != ENOENT)
				_exit(1);
		version++;
		if (write(tell, &version, sizeof version) != sizeof version)
			_exit(1);
		nanosleep(&(struct timespec){ 0, rand_r(&seed) % 6000000 }, NULL);
	}
}

static pid_t meddle_begin(const struct room *room, int tell[2])
{
	pid_t child;

	assert_int_equal(pipe2(tell, O_CLOEXEC | O_NONBLOCK), 0);
	child = room_fork();
	if (child == 0) {
		meddle(room->root, tell[1]);
		_exit(0);
	}
	return child;
}

/* Drains the pipe, so that the child can go on. */
static void meddle_read(int tell[2], unsigned *made)
{
	while (read(tell[0], made, sizeof *made) == sizeof *made)
		;
}

/* Ends it; how many versions it made.  One more may be there that it did not come to tell. */
static unsigned meddle_end(pid_t child, int tell[2], unsigned told)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(tell[1]);
	meddle_read(tell, &told);
	close(tell[0]);
	return told;
}

/* ---- races -------------------------------------------------------------------------------- */

#define REPLACE_ROUNDS 250

static void test_replace_race(void **state)
{
	size_t done = 0, stale = 0, surprised = 0;
	bool written[REPLACE_ROUNDS] = { 0 };
	unsigned made, told = 0;
	struct room room;
	int tell[2];
	pid_t child;

	(void)state;
	home_begin(&room);
	room_put(&room, ITEM, "first\n");
	child = meddle_begin(&room, tell);
	for (unsigned round = 0; round < REPLACE_ROUNDS; round++) {
		struct listing *listing = room_list(&room, HOME);
		const struct entry *entry = room_entry(listing, "x.ics");
		char text[64], into[64];
		struct write write = { .folder = &home, .replaces = "x.ics", .into = into };

		meddle_read(tell, &told);
		/* The name is never absent. */
		assert_non_null(entry);
		snprintf(text, sizeof text, "ours %u\n", round);
		snprintf(into, sizeof into, ".koc/vault/%u", round);
		write.body = room_body(&room, text, false);
		write.if_revision = entry->revision;
		/* Now and then the other one comes first. */
		if (round % 4 == 0)
			poll(&(struct pollfd){ .fd = tell[0], .events = POLLIN }, 1, 20);
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		*(write.came_out ? &surprised : write.fail ? &stale : &done) += 1;
		written[round] = !write.fail || write.came_out;
		assert_true(!write.fail || fail_is(write.fail, FAIL_STALE));
		assert_int_equal(written[round], room_has(&room, into));
		body_free(write.body);
		listing_free(listing);
	}
	made = meddle_end(child, tell, told);
	ASSERT_OK(store_sync(room.store));
	/* Every version that anybody ever put into the collection is somewhere, once. */
	assert_int_equal(copies_of(&room, "first\n"), 1);
	assert_int_equal(sought.dotted, 0);
	for (unsigned i = 0; i < REPLACE_ROUNDS; i++)
		assert_int_equal(copies_of(&room, arena_printf(room.arena, "ours %u\n", i)), written[i]);
	for (unsigned i = 0; i < made; i++)
		assert_int_equal(copies_of(&room, arena_printf(room.arena, "theirs %u\n", i)), 1);
	print_message("%zu replaced, %zu refused, %zu surprises, %u edits\n", done, stale, surprised, made);
	assert_true(done > 10 && made > 10);
	room_end(&room);
}

static void test_remove_race(void **state)
{
	size_t done = 0, stale = 0;
	unsigned told = 0, made;
	struct room room;
	int tell[2];
	pid_t child;

	(void)state;
	home_begin(&room);
	child = meddle_begin(&room, tell);
	for (unsigned round = 0; round < 400; round++) {
		struct removal removal = { .folder = &home, .ref = "x.ics" };
		struct listing *listing;
		char into[64];

		meddle_read(tell, &told);
		if (!room_has(&room, ITEM)) {
			room_put(&room, "theirs/new", arena_printf(room.arena, "ours %u\n", round));
			room_rename(&room, "theirs/new", ITEM);
		}
		listing = room_list(&room, HOME);
		snprintf(into, sizeof into, ".koc/vault/%u", round);
		removal.into = into;
		removal.if_revision = room_entry(listing, "x.ics")->revision;
		/* Now and then the other one comes first. */
		if (round % 3 == 0)
			poll(&(struct pollfd){ .fd = tell[0], .events = POLLIN }, 1, 20);
		ASSERT_OK(store_remove(room.store, &removal, 1, room.arena));
		if (removal.fail)
			assert_true(fail_is(removal.fail, FAIL_STALE));
		*(removal.fail ? &stale : &done) += 1;
		listing_free(listing);
	}
	made = meddle_end(child, tell, told);
	for (unsigned i = 0; i < made; i++)
		assert_int_equal(copies_of(&room, arena_printf(room.arena, "theirs %u\n", i)), 1);
	print_message("%zu removed, %zu refused, %u edits\n", done, stale, made);
	assert_true(done > 10 && made > 10);
	room_end(&room);
}

/* What has the name is a file now and a symlink then: what it leads to is never read, copied or moved. */
static void test_symlink_race(void **state)
{
	size_t read_count = 0, refused = 0;
	struct room room;
	pid_t child;

	(void)state;
	home_begin(&room);
	room_collection(&room, WORK);
	room_put(&room, "secret", "secret\n");
	room_put(&room, ITEM, "event\n");
	assert_int_equal(symlinkat("../../secret", room.root, "theirs/link"), 0);
	child = room_fork();
	if (child == 0)
		for (;;)
			renameat2(room.root, "theirs/link", room.root, ITEM, RENAME_EXCHANGE);
	for (unsigned round = 0; round < 3000; round++) {
		struct store_folder work = room_named(WORK);
		struct transfer copy = { .folder = &home, .to = &work, .ref = "x.ics", .copy = true };
		struct read read = { .folder = &home, .ref = "x.ics", .part = PART_WHOLE };
		char text[16] = "";
		size_t got;

		ASSERT_OK(store_read(room.store, &read, 1, NULL, NULL, room.arena));
		if (!read.fail) {
			ASSERT_OK(body_read(read.body, 0, text, sizeof text - 1, &got));
			assert_string_equal(text, "event\n");
			read_count++;
		} else {
			refused++;
		}
		body_free(read.body);
		if (round % 100 == 0)
			ASSERT_OK(store_transfer(room.store, &copy, 1, room.arena));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(copies_of(&room, "secret\n"), 1);
	print_message("%zu read, %zu refused\n", read_count, refused);
	assert_true(read_count > 100 && refused > 100);
	room_end(&room);
}

/* ---- at the very moments that matter ------------------------------------------------------ */

static void intruder_edits(int root)
{
	assert_int_equal(renameat2(root, "theirs/new", root, ITEM, RENAME_EXCHANGE), 0);
}

static void intruder_removes(int root)
{
	assert_int_equal(renameat(root, ITEM, root, "theirs/removed"), 0);
}

/* In place, of the same size. */
static void intruder_writes(int root)
{
	int fd = openat(root, ITEM, O_WRONLY | O_CLOEXEC);

	assert_int_equal(write(fd, "OLD", 3), 3);
	close(fd);
}

static void intruder_links(int root)
{
	assert_int_equal(renameat(root, ITEM, root, "theirs/removed"), 0);
	assert_int_equal(symlinkat("../../theirs/removed", root, ITEM), 0);
}

static void test_last_moment(void **state)
{
	static const struct {
		bool no_exchange;
		const char *at;
		void (*act)(int root);
		enum fail_code code; /* FAIL_CODES: none */
		bool came_out;
		const char *text, *vault;
	} table[] = {
		{ false, "exchange", intruder_edits, FAIL_STALE, true, "ours", "theirs" },
		{ false, "exchange", intruder_writes, FAIL_STALE, true, "ours", "OLD" },
		{ false, "exchange", intruder_removes, FAIL_MISSING, false, NULL, NULL },
		{ false, "rename", intruder_edits, FAIL_STALE, true, "ours", "theirs" },
		{ false, "rename", intruder_writes, FAIL_STALE, true, "ours", "OLD" },
		{ false, "rename", intruder_removes, FAIL_MISSING, false, NULL, NULL },
		{ true, "link", intruder_edits, FAIL_STALE, false, "theirs", NULL },
		{ true, "link", intruder_writes, FAIL_STALE, false, "OLD", NULL },
		{ true, "link", intruder_removes, FAIL_MISSING, false, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct write write = { .folder = &home, .replaces = "x.ics", .into = ".koc/vault/x" };
		struct intruder intruder = { .at = table[i].at, .act = table[i].act };
		struct listing *listing;
		struct room room;

		home_begin(&room);
		intruder.root = room.root;
		((struct vdir *)room.store)->no_exchange = table[i].no_exchange;
		room_put(&room, ITEM, "old");
		room_put(&room, "theirs/new", "theirs");
		room_tick(&room);
		listing = room_list(&room, HOME);
		write.if_revision = room_entry(listing, "x.ics")->revision;
		write.body = room_body(&room, "ours", false);
		step_set_hook(intrude, &intruder);
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		step_set_hook(NULL, NULL);
		assert_null(intruder.at);
		ASSERT_OK(store_sync(room.store));
		if (table[i].code == FAIL_CODES)
			ASSERT_OK(write.fail);
		else
			assert_true(fail_is(write.fail, table[i].code));
		assert_int_equal(write.came_out, table[i].came_out);
		assert_int_equal(write.now.ref != NULL, !write.fail || write.came_out);
		assert_int_equal(room_count(&room, HOME), table[i].text != NULL);
		if (table[i].text)
			assert_string_equal(room_text(&room, ITEM), table[i].text);
		assert_int_equal(room_has(&room, ".koc/vault/x"), table[i].vault != NULL);
		if (table[i].vault)
			assert_string_equal(room_text(&room, ".koc/vault/x"), table[i].vault);
		copies_of(&room, "");
		assert_int_equal(sought.dotted, 0);
		body_free(write.body);
		listing_free(listing);
		room_end(&room);
	}
	assert_true(COUNT(table) >= 9);
}

/* An item that is edited in the moment in which it is moved or copied stays, edited, where it is. */
static void test_last_moment_moved(void **state)
{
	static const struct {
		bool copy;
		const char *at; /* copying is no step: only the name that the copy gets */
		void (*act)(int root);
		const char *text;
		enum fail_code code;
	} table[] = {
		{ false, "rename", intruder_edits, "theirs", FAIL_STALE },
		{ false, "rename", intruder_writes, "OLD", FAIL_STALE },
		{ false, "rename", intruder_removes, NULL, FAIL_MISSING },
		{ true, "sweep", intruder_edits, "theirs", FAIL_STALE },
		{ true, "sweep", intruder_writes, "OLD", FAIL_STALE },
		{ true, "sweep", intruder_removes, NULL, FAIL_MISSING },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct intruder intruder = { .at = table[i].at, .act = table[i].act };
		struct store_folder work = room_named(WORK);
		struct transfer transfer = { .folder = &home, .to = &work, .ref = "x.ics",
					     .copy = table[i].copy };
		struct listing *listing;
		struct room room;

		home_begin(&room);
		room_collection(&room, WORK);
		intruder.root = room.root;
		room_put(&room, ITEM, "old");
		room_put(&room, "theirs/new", "theirs");
		room_put(&room, WORK "/.koc-new-1-1", "to be swept");
		room_tick(&room);
		listing = room_list(&room, HOME);
		transfer.if_revision = room_entry(listing, "x.ics")->revision;
		step_set_hook(intrude, &intruder);
		ASSERT_OK(store_transfer(room.store, &transfer, 1, room.arena));
		step_set_hook(NULL, NULL);
		assert_null(intruder.at);
		assert_true(fail_is(transfer.fail, table[i].code));
		assert_null(transfer.now.ref);
		assert_int_equal(room_count(&room, WORK), !table[i].copy);
		assert_int_equal(room_has(&room, ITEM), table[i].text != NULL);
		if (table[i].text)
			assert_string_equal(room_text(&room, ITEM), table[i].text);
		listing_free(listing);
		room_end(&room);
	}
	assert_true(COUNT(table) >= 6);
}

/* A symlink comes between the look and the exchange: it comes out, and what it leads to stays. */
static void test_last_moment_symlink(void **state)
{
	struct write write = { .folder = &home, .replaces = "x.ics", .into = ".koc/vault/x" };
	struct intruder intruder = { .at = "exchange", .act = intruder_links };
	struct listing *listing;
	char to[64] = "";
	struct room room;

	(void)state;
	home_begin(&room);
	intruder.root = room.root;
	room_put(&room, ITEM, "old");
	listing = room_list(&room, HOME);
	write.if_revision = room_entry(listing, "x.ics")->revision;
	write.body = room_body(&room, "ours", false);
	step_set_hook(intrude, &intruder);
	ASSERT_OK(store_write(room.store, &write, 1, room.arena));
	step_set_hook(NULL, NULL);
	assert_true(fail_is(write.fail, FAIL_STALE) && write.came_out);
	assert_string_equal(room_text(&room, ITEM), "ours");
	assert_true(readlinkat(room.root, ".koc/vault/x", to, sizeof to - 1) > 0);
	assert_string_equal(to, "../../theirs/removed");
	assert_string_equal(room_text(&room, "theirs/removed"), "old");
	body_free(write.body);
	listing_free(listing);
	room_end(&room);
}

/* The user makes an item of the same UID while ours is on its way. */
static void intruder_makes(int root)
{
	assert_int_equal(renameat(root, "theirs/new", root, ITEM), 0);
}

static void test_made_meanwhile(void **state)
{
	static const struct {
		const char *uid;  /* of theirs */
		bool same;        /* the same bytes */
		const char *ref;  /* NULL: FAIL_STALE */
	} table[] = {
		{ "x", false, NULL },
		{ "x", true, "x.ics" },
		{ "other", false, "x-2d711642.ics" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct intruder intruder = { .at = "rename", .act = intruder_makes };
		struct write write = { .folder = &home, .key = "x" };
		const char *ours, *theirs;
		struct room room;

		home_begin(&room);
		intruder.root = room.root;
		ours = room_event(&room, "x", "ours");
		theirs = table[i].same ? ours : room_event(&room, table[i].uid, "theirs");
		room_put(&room, "theirs/new", theirs);
		listing_free(room_list(&room, HOME));
		room_tick(&room);
		room_rename(&room, "theirs/new", "theirs/newer"); /* as one that was just written */
		room_rename(&room, "theirs/newer", "theirs/new");
		write.body = room_body(&room, ours, false);
		step_set_hook(intrude, &intruder);
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		step_set_hook(NULL, NULL);
		assert_null(intruder.at);
		ASSERT_OK(store_sync(room.store));
		assert_string_equal(room_text(&room, ITEM), theirs);
		if (!table[i].ref) {
			assert_true(fail_is(write.fail, FAIL_STALE));
			assert_false(write.came_out);
			assert_int_equal(room_count(&room, HOME), 1);
		} else {
			char path[64];

			ASSERT_OK(write.fail);
			assert_string_equal(write.now.ref, table[i].ref);
			snprintf(path, sizeof path, HOME "/%s", table[i].ref);
			assert_string_equal(room_text(&room, path), ours);
			assert_int_equal(room_count(&room, HOME), 1 + !table[i].same);
		}
		body_free(write.body);
		room_end(&room);
	}
	assert_true(COUNT(table) >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace_race),	    cmocka_unit_test(test_remove_race),
		cmocka_unit_test(test_symlink_race),	    cmocka_unit_test(test_last_moment),
		cmocka_unit_test(test_last_moment_moved),   cmocka_unit_test(test_last_moment_symlink),
		cmocka_unit_test(test_made_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
