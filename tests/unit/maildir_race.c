/* store/maildir: against another program that edits and renames at the same moment, and killed at
 * each step.  No bytes may be lost, and nothing half done may be seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "maildir_room.h"

#include "local_race.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* ---- another program ---------------------------------------------------------------------- */

/* The name that the message x has in mail/F/cur just now. */
static bool name_now(int root, char out[512])
{
	int fd = openat(root, "mail/F/cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	while (stream && (entry = readdir(stream)))
		if (strncmp(entry->d_name, "x:2,", 4) == 0) {
			snprintf(out, 512, "mail/F/cur/%s", entry->d_name);
			found = true;
		}
	if (stream)
		closedir(stream);
	return found;
}

/* Edits x again and again, keeping what it replaced under theirs/, and changes its flags.  Writes
 * to `tell` how many versions it has made. */
static void meddle(int root, int tell, bool edits)
{
	unsigned seed = (unsigned)getpid();

	for (unsigned version = 0; !edits || version < 4000;) {
		char now[512], other[512], text[64];
		int fd;

		if (!name_now(root, now))
			continue;
		if (!edits || rand_r(&seed) % 3 == 0) {
			static const char *const flags[] = { "", "S", "FS", "RS", "T" };

			snprintf(other, sizeof other, "mail/F/cur/x:2,%s", flags[rand_r(&seed) % 5]);
			renameat2(root, now, root, other, RENAME_NOREPLACE);
			continue;
		}
		/* An editor that loses nothing: it exchanges too. */
		snprintf(other, sizeof other, "theirs/%u", version);
		snprintf(text, sizeof text, "Subject: theirs\n\n%u\n", version);
		fd = openat(root, other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
			_exit(1);
		close(fd);
		if (renameat2(root, other, root, now, RENAME_EXCHANGE) != 0) {
			unlinkat(root, other, 0);
			continue;
		}
		version++;
		if (write(tell, &version, sizeof version) != sizeof version)
			_exit(1);
		nanosleep(&(struct timespec){ 0, rand_r(&seed) % 6000000 }, NULL);
	}
}

static pid_t meddle_begin(const struct room *room, int tell[2], bool edits)
{
	pid_t child;

	assert_int_equal(pipe2(tell, O_CLOEXEC | O_NONBLOCK), 0);
	child = room_fork();
	if (child == 0) {
		meddle(room->root, tell[1], edits);
		_exit(0);
	}
	return child;
}

/* Ends it; how many versions it made.  One more may be there that it did not come to tell. */
static unsigned meddle_end(pid_t child, int tell[2])
{
	unsigned made = 0;

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(tell[1]);
	while (read(tell[0], &made, sizeof made) == sizeof made)
		;
	close(tell[0]);
	return made;
}

/* Drains the pipe, so that the child can go on. */
static void meddle_read(int tell[2], unsigned *made)
{
	while (read(tell[0], made, sizeof *made) == sizeof *made)
		;
}

/* ---- races -------------------------------------------------------------------------------- */

#define REPLACE_ROUNDS 250

static void test_replace_race(void **state)
{
	struct store_folder folder = room_named("mail/F");
	size_t done = 0, stale = 0, surprised = 0;
	unsigned made = 0, told = 0;
	struct room room;
	int tell[2];
	pid_t child;
	bool written[REPLACE_ROUNDS] = { 0 };
	unsigned round = 0;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_directory(&room, "theirs");
	room_put(&room, "mail/F/cur/x:2,", "Subject: first\n\n");
	child = meddle_begin(&room, tell, true);
	for (; round < REPLACE_ROUNDS; round++) {
		struct listing *listing = room_list(&room, "mail/F");
		const struct entry *entry = room_entry(listing, "x");
		char text[64], into[64];
		struct write write = { .folder = &folder, .replaces = "x", .into = into };

		meddle_read(tell, &told);
		if (entry) {
			snprintf(text, sizeof text, "Subject: ours\n\n%u\n", round);
			snprintf(into, sizeof into, ".koc/vault/%u", round);
			write.body = room_body(&room, text, round % 2);
			write.if_revision = entry->revision;
			write.date = 1000000000 + round;
			/* Now and then the other one comes first. */
			if (round % 4 == 0)
				poll(&(struct pollfd){ .fd = tell[0], .events = POLLIN }, 1, 20);
			ASSERT_OK(store_write(room.store, &write, 1, room.arena));
			if (write.came_out)
				surprised++;
			else if (!write.fail)
				done++;
			else
				stale++;
			written[round] = !write.fail || write.came_out;
			assert_true(!write.fail || fail_is(write.fail, FAIL_STALE));
			assert_int_equal(written[round], room_has(&room, into));
			body_free(write.body);
		}
		listing_free(listing);
	}
	made = meddle_end(child, tell);
	made = made > told ? made : told;
	ASSERT_OK(store_sync(room.store));
	/* Every version that anybody ever put into the folder is somewhere, once. */
	assert_int_equal(copies_of(&room, "Subject: first\n\n"), 1);
	assert_int_equal(sought.dotted, 0);
	for (unsigned i = 0; i < round; i++) {
		char text[64];

		snprintf(text, sizeof text, "Subject: ours\n\n%u\n", i);
		assert_int_equal(copies_of(&room, text), written[i]);
	}
	for (unsigned i = 0; i < made; i++) {
		char text[64];

		snprintf(text, sizeof text, "Subject: theirs\n\n%u\n", i);
		assert_int_equal(copies_of(&room, text), 1);
	}
	print_message("%zu replaced, %zu refused, %zu surprises, %u edits\n", done, stale, surprised,
		      made);
	assert_true(round >= 200 && done > 10 && made > 10);
	room_end(&room);
}

static void intruder_edits(int root)
{
	assert_int_equal(renameat2(root, "theirs/new", root, "mail/F/cur/x:2,S", RENAME_EXCHANGE), 0);
}

static void intruder_flags(int root)
{
	assert_int_equal(renameat(root, "mail/F/cur/x:2,S", root, "mail/F/cur/x:2,RS"), 0);
}

static void intruder_removes(int root)
{
	assert_int_equal(renameat(root, "mail/F/cur/x:2,S", root, "theirs/removed"), 0);
}

/* The same races, at the very moments that matter. */
static void test_last_moment(void **state)
{
	static const struct {
		bool no_exchange;
		const char *at;
		void (*act)(int root);
		enum fail_code code; /* FAIL_CODES: none */
		bool came_out;
		const char *file, *text, *vault;
	} table[] = {
		{ false, "exchange", intruder_edits, FAIL_STALE, true, "x:2,S", "ours", "theirs" },
		{ false, "exchange", intruder_flags, FAIL_CODES, false, "x:2,RS", "ours", "old" },
		{ false, "exchange", intruder_removes, FAIL_MISSING, false, NULL, NULL, NULL },
		{ true, "link", intruder_edits, FAIL_STALE, false, "x:2,S", "theirs", NULL },
		{ true, "link", intruder_flags, FAIL_CODES, false, "x:2,RS", "ours", "old" },
		{ true, "link", intruder_removes, FAIL_MISSING, false, NULL, NULL, NULL },
		{ false, "rename", intruder_edits, FAIL_STALE, true, "x:2,S", "ours", "theirs" },
		{ true, "rename", intruder_flags, FAIL_CODES, false, "x:2,RS", "ours", "old" },
	};
	struct store_folder folder = room_named("mail/F");

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct write write = { .folder = &folder, .replaces = "x", .into = ".koc/vault/x",
				       .flags.bits = FLAG_SEEN };
		struct intruder intruder = { .at = table[i].at, .act = table[i].act };
		struct listing *listing;
		struct room room;
		char path[64];

		room_begin(&room);
		intruder.root = room.root;
		((struct maildir *)room.store)->no_exchange = table[i].no_exchange;
		room_folder(&room, "mail/F");
		room_directory(&room, "theirs");
		room_put(&room, "mail/F/cur/x:2,S", "old");
		room_put(&room, "theirs/new", "theirs");
		listing = room_list(&room, "mail/F");
		write.if_revision = room_entry(listing, "x")->revision;
		write.body = room_body(&room, "ours", i % 2);
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
		snprintf(path, sizeof path, "mail/F/cur/%s", table[i].file ? table[i].file : "");
		assert_int_equal(room_count(&room, "mail/F"), table[i].file != NULL);
		if (table[i].file)
			assert_string_equal(room_text(&room, path), table[i].text);
		assert_int_equal(room_has(&room, ".koc/vault/x"), table[i].vault != NULL);
		if (table[i].vault)
			assert_string_equal(room_text(&room, ".koc/vault/x"), table[i].vault);
		copies_of(&room, "");
		assert_int_equal(sought.dotted, 0);
		/* A body that did not get there is still whole. */
		if (!write.now.ref) {
			write.replaces = NULL;
			ASSERT_OK(store_write(room.store, &write, 1, room.arena));
			ASSERT_OK(write.fail);
			assert_int_equal(copies_of(&room, "ours"), 1);
		}
		body_free(write.body);
		listing_free(listing);
		room_end(&room);
	}
	assert_true(COUNT(table) >= 8);
}

static void test_remove_race(void **state)
{
	struct store_folder folder = room_named("mail/F");
	size_t done = 0, stale = 0;
	unsigned told = 0, made, round = 0;
	struct room room;
	int tell[2];
	pid_t child;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_directory(&room, "theirs");
	child = meddle_begin(&room, tell, true);
	for (; round < 400; round++) {
		struct removal removal = { .folder = &folder, .ref = "x" };
		struct listing *listing;
		char text[64], into[64], name[64];

		meddle_read(tell, &told);
		if (!name_now(room.root, (char[512]){ 0 })) {
			snprintf(text, sizeof text, "Subject: ours\n\n%u\n", round);
			snprintf(name, sizeof name, "theirs/new%u", round);
			room_put(&room, name, text);
			room_rename(&room, name, "mail/F/cur/x:2,");
		}
		listing = room_list(&room, "mail/F");
		if (room_entry(listing, "x")) {
			snprintf(into, sizeof into, ".koc/vault/%u", round);
			removal.into = into;
			removal.if_revision = room_entry(listing, "x")->revision;
			/* Now and then the other one comes first. */
			if (round % 3 == 0)
				poll(&(struct pollfd){ .fd = tell[0], .events = POLLIN }, 1, 20);
			ASSERT_OK(store_remove(room.store, &removal, 1, room.arena));
			if (removal.fail)
				assert_true(fail_is(removal.fail, FAIL_STALE));
			*(removal.fail ? &stale : &done) += 1;
		}
		listing_free(listing);
	}
	made = meddle_end(child, tell);
	made = made > told ? made : told;
	for (unsigned i = 0; i < made; i++) {
		char text[64];

		snprintf(text, sizeof text, "Subject: theirs\n\n%u\n", i);
		assert_int_equal(copies_of(&room, text), 1);
	}
	print_message("%zu removed, %zu refused, %u edits\n", done, stale, made);
	assert_true(done > 10 && made > 10);
	room_end(&room);
}

static void test_flag_race(void **state)
{
	struct store_folder folder = room_named("mail/F");
	size_t done = 0, stale = 0;
	struct room room;
	int tell[2];
	pid_t child;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/cur/x:2,", "x");
	child = meddle_begin(&room, tell, false);
	for (unsigned round = 0; round < 2000; round++) {
		struct flag_change change = { .folder = &folder, .ref = "x" };

		if (round % 2)
			change.add.bits = FLAG_DRAFT;
		else
			change.remove.bits = FLAG_DRAFT;
		ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
		if (change.fail)
			assert_true(fail_is(change.fail, FAIL_STALE));
		*(change.fail ? &stale : &done) += 1;
		if (round % 100 == 0) {
			assert_true(room_exists(&room, "mail/F", "x"));
			arena_reset(room.arena);
		}
	}
	meddle_end(child, tell);
	assert_int_equal(room_count(&room, "mail/F"), 1);
	print_message("%zu flagged, %zu refused\n", done, stale);
	assert_true(done > 500);
	room_end(&room);
}

/* ---- killed ------------------------------------------------------------------------------- */

#define OLD  "Subject: old\n\n"
#define NEW  "Subject: new\n\n"
#define MORE "Subject: more\n\n"

static void do_write(struct room *room)
{
	struct store_folder folder = room_named("mail/F");
	struct write writes[3] = {
		{ .folder = &folder, .name = "w0" },
		{ .folder = &folder, .name = "w1", .flags = { FLAG_SEEN, "Fresh" } },
		{ .folder = &folder, .name = "w2", .flags = { FLAG_SEEN, NULL } },
	};

	for (size_t i = 0; i < COUNT(writes); i++)
		writes[i].body = room_body(room, i == 1 ? MORE : NEW, i != 2);
	ASSERT_OK(store_write(room->store, writes, COUNT(writes), room->arena));
	ASSERT_OK(store_sync(room->store));
	/* A run after a kill finds some of them. */
	for (size_t i = 0; i < COUNT(writes); i++) {
		assert_true(!writes[i].fail || fail_is(writes[i].fail, FAIL_EXISTS));
		body_free(writes[i].body);
	}
}

static void see_write(struct room *room, bool done)
{
	size_t new = copies_of(room, NEW), more = copies_of(room, MORE);

	/* In tmp/ there may be whole ones too. */
	assert_true(done ? new == 2 && more == 1 : new <= 2 + 1 && more <= 1);
}

static void replace(struct room *room, bool no_exchange)
{
	struct store_folder folder = room_named("mail/F");
	static unsigned again;
	char into[32];
	struct write write = { .folder = &folder, .replaces = "a", .into = into, .date = 5 };

	/* Another run, another place. */
	snprintf(into, sizeof into, ".koc/vault/r%u", again++);
	((struct maildir *)room->store)->no_exchange = no_exchange;
	if (strcmp(room_text(room, "mail/F/cur/a:2,S"), NEW) == 0)
		return;
	write.body = room_body(room, NEW, true);
	ASSERT_OK(store_write(room->store, &write, 1, room->arena));
	ASSERT_OK(write.fail);
	ASSERT_OK(store_sync(room->store));
	body_free(write.body);
}

static void do_replace(struct room *room)
{
	replace(room, false);
}

static void do_replace_linked(struct room *room)
{
	replace(room, true);
}

/* The name is never absent; once the new bytes are there, the old ones are in their place, and
 * before that nothing is. */
static void see_replace(struct room *room, bool done)
{
	const char *now = room_text(room, "mail/F/cur/a:2,S");
	bool replaced = strcmp(now, NEW) == 0;

	assert_true(replaced || strcmp(now, OLD) == 0);
	if (done)
		assert_true(replaced);
	assert_int_equal(copies_of(room, OLD), 1);
	assert_int_equal(copies_of(room, NEW), replaced);
	assert_int_equal(room_count(room, ".koc/vault"), replaced);
}

static void do_flag(struct room *room)
{
	struct store_folder folder = room_named("mail/F");
	struct flag_change change = { .folder = &folder, .ref = "a", .add = { FLAG_FLAGGED, "Fresh" } };

	ASSERT_OK(store_flag(room->store, &change, 1, room->arena));
	ASSERT_OK(change.fail);
	ASSERT_OK(store_sync(room->store));
}

static void see_flag(struct room *room, bool done)
{
	bool flagged = room_has(room, "mail/F/cur/a:2,FSb");

	assert_int_equal(copies_of(room, OLD), 1);
	assert_true(flagged || room_has(room, "mail/F/cur/a:2,S"));
	if (done || flagged)
		assert_string_equal(room_text(room, "mail/F/dovecot-keywords"), "0 Old\n1 Fresh\n");
	else
		assert_non_null(strstr(room_text(room, "mail/F/dovecot-keywords"), "0 Old\n"));
}

static void transfer(struct room *room, bool copy)
{
	struct store_folder folder = room_named("mail/F"), to = room_named("mail/G");
	struct transfer transfer = { .folder = &folder, .to = &to, .ref = "b", .copy = copy,
				     .name = "there" };

	ASSERT_OK(store_transfer(room->store, &transfer, 1, room->arena));
	assert_true(!transfer.fail || fail_is(transfer.fail, FAIL_MISSING) ||
		    fail_is(transfer.fail, FAIL_EXISTS));
	ASSERT_OK(store_sync(room->store));
}

static void do_move(struct room *room)
{
	transfer(room, false);
}

static void do_copy(struct room *room)
{
	transfer(room, true);
}

static void see_move(struct room *room, bool done)
{
	assert_int_equal(copies_of(room, MORE), 1);
	assert_int_equal(room_has(room, "mail/F/cur/b:2,Sa"),
			 !room_has(room, "mail/G/cur/there:2,Sa"));
	if (room_has(room, "mail/G/cur/there:2,Sa"))
		assert_string_equal(room_text(room, "mail/G/dovecot-keywords"), "0 Old\n");
	else
		assert_false(done);
}

static void see_copy(struct room *room, bool done)
{
	assert_string_equal(room_text(room, "mail/F/cur/b:2,Sa"), MORE);
	if (done || room_has(room, "mail/G/cur/there:2,Sa"))
		assert_string_equal(room_text(room, "mail/G/cur/there:2,Sa"), MORE);
	assert_true(room_count(room, "mail/G/new") == 0);
	if (done)
		assert_int_equal(room_count(room, "mail/G/tmp"), 0);
}

static void do_remove(struct room *room)
{
	struct store_folder folder = room_named("mail/F");
	struct removal removal = { .folder = &folder, .ref = "a", .into = ".koc/vault/a" };

	ASSERT_OK(store_remove(room->store, &removal, 1, room->arena));
	assert_true(!removal.fail || fail_is(removal.fail, FAIL_MISSING));
	ASSERT_OK(store_sync(room->store));
}

static void see_remove(struct room *room, bool done)
{
	assert_int_equal(copies_of(room, OLD), 1);
	assert_int_equal(room_has(room, "mail/F/cur/a:2,S"), !room_has(room, ".koc/vault/a"));
	assert_true(!done || room_has(room, ".koc/vault/a"));
}

static void do_folders(struct room *room)
{
	struct store_folder made, renamed, gone = room_named("mail/New one/Sub"),
					   empty = room_named("mail/E");
	const struct fail *fail;

	fail = store_make(room->store, "mail/Old one/Sub", 0, room->arena, &made);
	assert_true(!fail || fail_is(fail, FAIL_EXISTS));
	made = room_named("mail/Old one/Sub");
	fail = store_rename(room->store, &made, "mail/New one/Sub", room->arena, &renamed);
	assert_true(!fail || fail_is(fail, FAIL_EXISTS));
	fail = store_drop(room->store, &gone);
	assert_true(!fail || fail_is(fail, FAIL_MISSING));
	fail = store_drop(room->store, &empty);
	assert_true(!fail || fail_is(fail, FAIL_MISSING));
}

static void see_folders(struct room *room, bool done)
{
	struct folder_list list;

	ASSERT_OK(store_folders(room->store, NULL, 0, room->arena, &list));
	for (size_t i = 0; i < list.count; i++)
		assert_false(list.items[i].unsupported);
	assert_int_equal(copies_of(room, OLD), 1);
	if (done) {
		assert_false(room_has(room, "mail/E"));
		assert_false(room_has(room, "mail/New one/Sub"));
	}
}

static const struct scenario scenarios[] = {
	{ "write", do_write, see_write, 4 },
	{ "replace", do_replace, see_replace, 4 },
	{ "replace without exchange", do_replace_linked, see_replace, 4 },
	{ "flag", do_flag, see_flag, 2 },
	{ "move", do_move, see_move, 2 },
	{ "copy", do_copy, see_copy, 2 },
	{ "remove", do_remove, see_remove, 1 },
	{ "folders", do_folders, see_folders, 12 },
};

static void killed_room(struct room *room)
{
	room_begin(room);
	room_folder(room, "mail/F");
	room_folder(room, "mail/G");
	room_folder(room, "mail/E");
	room_put(room, "mail/E/dovecot-keywords", "0 Old\n");
	room_put(room, "mail/F/dovecot-keywords", "0 Old\n");
	room_put(room, "mail/F/cur/a:2,S", OLD);
	room_put(room, "mail/F/cur/b:2,Sa", MORE);
}

static void test_killed(void **state)
{
	unsigned total = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		const struct scenario *scenario = &scenarios[i];
		bool ended = false;
		unsigned n = 0;

		while (!ended) {
			struct room room;
			struct listing *listing;

			killed_room(&room);
			if (scenario->run == do_write)
				assert_int_equal(unlinkat(room.root, "mail/F/cur/b:2,Sa", 0), 0);
			ended = run_killed(&room, scenario, ++n);
			/* The next run: it sees nothing half, nothing lost … */
			room_again(&room);
			scenario->see(&room, ended);
			listing = room_list(&room, "mail/F");
			for (size_t k = 0; k < listing->count; k++)
				assert_true(listing->entries[k].size >= strlen(OLD));
			listing_free(listing);
			/* … and does what was not done. */
			scenario->run(&room);
			scenario->see(&room, true);
			if (!ended)
				assert_int_equal(room_count(&room, "mail/F/tmp"), 0);
			copies_of(&room, "");
			assert_int_equal(sought.dotted, 0);
			assert_int_equal(sought.found, 0);
			assert_false(room_has(&room, ".koc/mail.swap"));
			room_end(&room);
		}
		print_message("%s: %u steps\n", scenario->name, n - 1);
		assert_true(n - 1 >= scenario->least);
		total += n - 1;
	}
	assert_true(total > 30);
}

/* A batch that the disk refuses in the middle: what was done is told, what was not is not. */
static const struct fail *refuse_later(void *context, const char *what)
{
	(void)what;
	if (*(unsigned *)context == 0)
		return fail_make(FAIL_STOPPED, FAIL_ALL, "stopped");
	--*(unsigned *)context;
	return NULL;
}

static void test_stopped(void **state)
{
	size_t partly = 0;

	(void)state;
	for (unsigned n = 0; n < 20; n++) {
		struct store_folder folder = room_named("mail/F");
		struct write writes[12];
		const struct fail *fail;
		unsigned left = n;
		size_t done = 0;
		struct room room;

		room_begin(&room);
		room_folder(&room, "mail/F");
		for (size_t i = 0; i < COUNT(writes); i++)
			writes[i] = (struct write){ .folder = &folder,
						    .body = room_body(&room, NEW, i % 2) };
		step_set_hook(refuse_later, &left);
		fail = store_write(room.store, writes, COUNT(writes), room.arena);
		step_set_hook(NULL, NULL);
		assert_int_equal(fail != NULL, n < COUNT(writes));
		for (size_t i = 0; i < COUNT(writes); i++) {
			assert_int_equal(writes[i].fail == NULL, writes[i].now.ref != NULL);
			done += !writes[i].fail;
			body_free(writes[i].body);
		}
		assert_int_equal(done, n < COUNT(writes) ? n : COUNT(writes));
		partly += done > 0 && done < COUNT(writes);
		assert_int_equal(room_count(&room, "mail/F"), done);
		assert_int_equal(room_count(&room, ".koc"), 0);
		room_end(&room);
	}
	assert_true(partly >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace_race), cmocka_unit_test(test_last_moment),
		cmocka_unit_test(test_remove_race),
		cmocka_unit_test(test_flag_race),    cmocka_unit_test(test_killed),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
