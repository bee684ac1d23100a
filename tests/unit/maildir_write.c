/* store/maildir: writing, reading, flags, moving, removing; nobody else is at work
 * (maildir_race.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "maildir_room.h"

#include "core/flags.h"

#include <errno.h>
#include <sys/wait.h>

#define MESSAGE "From: a@example\nSubject: one\nMessage-ID: <1@x>\n\nText\n"
#define OTHER   "From: b@example\nSubject: two\nMessage-ID: <2@x>\n\nOther\n"

/* ---- writing ------------------------------------------------------------------------------ */

static void test_write(void **state)
{
	static const struct {
		struct flags flags;
		bool spooled;
		const char *name, *file;
	} table[] = {
		{ { 0, NULL }, true, "w1", "mail/F/new/w1" },
		{ { 0, NULL }, false, "w2", "mail/F/new/w2" },
		{ { FLAG_SEEN | FLAG_FLAGGED, NULL }, true, "w3", "mail/F/cur/w3:2,FS" },
		{ { FLAG_SEEN, "$Junk Work" }, false, "w4", "mail/F/cur/w4:2,Sab" },
		{ { 0, "Work" }, true, "w5", "mail/F/cur/w5:2,b" },
		{ { FLAG_FORWARDED, NULL }, true, "w6", "mail/F/cur/w6:2,P" },
		{ { 0, NULL }, true, "a:2,S", NULL }, /* no name: one is made up */
		{ { 0, NULL }, true, "../x", NULL },
		{ { 0, NULL }, true, ".x", NULL },
		{ { 0, NULL }, false, NULL, NULL },
	};
	struct store_folder folder = room_named("mail/F");
	struct write writes[COUNT(table)];
	mode_t mask = umask(0);
	struct listing *listing;
	struct stat status;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	for (size_t i = 0; i < COUNT(table); i++)
		writes[i] = (struct write){
			.folder = &folder,
			.body = room_body(&room, MESSAGE, table[i].spooled),
			.flags = table[i].flags,
			.date = 1000000000 + (int64_t)i,
			.name = table[i].name,
		};
	ASSERT_OK(store_write(room.store, writes, COUNT(table), room.arena));
	ASSERT_OK(store_sync(room.store));
	umask(mask);
	listing = room_list(&room, "mail/F");
	assert_int_equal(listing->count, COUNT(table));
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct entry *entry;

		ASSERT_OK(writes[i].fail);
		entry = room_entry(listing, writes[i].now.ref);
		assert_non_null(entry);
		assert_string_equal(entry->revision, writes[i].now.revision);
		assert_int_equal(entry->date, 1000000000 + (int64_t)i);
		assert_true(digest_equal(&writes[i].now.digest, &writes[i].body->digest));
		assert_true(flags_equal(entry->flags, table[i].flags));
		assert_true(flags_equal(writes[i].now.flags, table[i].flags));
		if (table[i].file) {
			assert_string_equal(writes[i].now.ref, table[i].name);
			assert_string_equal(room_text(&room, table[i].file), MESSAGE);
			assert_int_equal(fstatat(room.root, table[i].file, &status, 0), 0);
			assert_int_equal(status.st_mode & 07777, 0600);
		}
		body_free(writes[i].body);
	}
	listing_free(listing);
	assert_string_equal(room_text(&room, "mail/F/dovecot-keywords"), "0 $Junk\n1 Work\n");
	assert_int_equal(fstatat(room.root, "mail/F/dovecot-keywords", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(room_count(&room, ".koc"), 0);
	assert_int_equal(room_count(&room, "mail/F/tmp"), 0);
	room_end(&room);
}

/* Never two messages for one wish, whatever became of the first one's flags. */
static void test_write_exists(void **state)
{
	struct store_folder folder = room_named("mail/F");
	static const char *const now[] = { "mail/F/new/one", "mail/F/cur/one", "mail/F/cur/one:2,",
					   "mail/F/cur/one:2,FRSab" };
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_write(&room, "mail/F", MESSAGE, "one", (struct flags){ 0 });
	for (size_t i = 0; i < COUNT(now); i++)
		for (int again = 0; again < 2; again++) {
			struct write write = { .folder = &folder, .name = "one" };

			if (again)
				room_again(&room);
			else if (i)
				room_rename(&room, now[i - 1], now[i]);
			write.body = room_body(&room, OTHER, again);
			ASSERT_OK(store_write(room.store, &write, 1, room.arena));
			assert_true(fail_is(write.fail, FAIL_EXISTS));
			assert_int_equal(write.fail->scope, FAIL_ITEM);
			assert_string_equal(room_text(&room, now[i]), MESSAGE);
			/* The body is as good as before. */
			write.name = NULL;
			write.folder = &folder;
			ASSERT_OK(store_write(room.store, &write, 1, room.arena));
			ASSERT_OK(write.fail);
			body_free(write.body);
		}
	assert_int_equal(room_count(&room, ".koc"), 0);
	assert_int_equal(room_count(&room, "mail/F/tmp"), 0);
	assert_int_equal(room_count(&room, "mail/F"), 9);
	room_end(&room);
}

/* A table that is full, a letter that files bear without meaning, a table that others wrote to. */
static void test_keywords(void **state)
{
	struct store_folder folder = room_named("mail/F");
	struct flag_change change = { .folder = &folder, .ref = "one" };
	struct listing *listing;
	char words[300] = "";
	size_t size = 0;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/cur/old:2,ac", "x"); /* its table was lost */
	room_write(&room, "mail/F", MESSAGE, "one", (struct flags){ FLAG_SEEN, "First" });
	assert_string_equal(room_text(&room, "mail/F/dovecot-keywords"), "1 First\n");
	assert_true(room_has(&room, "mail/F/cur/one:2,Sb"));
	/* The old file still says nothing. */
	listing = room_list(&room, "mail/F");
	assert_null(room_entry(listing, "old")->flags.keywords);
	listing_free(listing);
	/* Another program writes to the table, without our knowledge. */
	room_put(&room, "mail/F/dovecot-keywords", "1 First\n3 Theirs\n");
	change.hint = (struct flags){ FLAG_SEEN, "First" };
	change.add = (struct flags){ 0, "theirs Second" };
	ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
	ASSERT_OK(change.fail);
	assert_string_equal(room_text(&room, "mail/F/dovecot-keywords"),
			    "1 First\n3 Theirs\n4 Second\n");
	assert_true(room_has(&room, "mail/F/cur/one:2,Sbde"));
	assert_true(keywords_equal(change.now.keywords, "First Second Theirs"));
	/* Thirty more: those for which there is no letter are no failure. */
	for (int i = 0; i < 30; i++)
		size += (size_t)snprintf(words + size, sizeof words - size, "%sk%02d", i ? " " : "", i);
	change.hint = change.now;
	change.add = (struct flags){ FLAG_FLAGGED, words };
	ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
	ASSERT_OK(change.fail);
	assert_true(room_has(&room, "mail/F/cur/one:2,FSbdefghijklmnopqrstuvwxyz"));
	assert_true(keywords_has(change.now.keywords, "k20"));
	assert_false(keywords_has(change.now.keywords, "k21"));
	/* A letter keeps its meaning for ever. */
	change.hint = change.now;
	change.add = (struct flags){ 0 };
	change.remove = (struct flags){ 0, "Second FIRST" };
	ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
	assert_true(room_has(&room, "mail/F/cur/one:2,FSdfghijklmnopqrstuvwxyz"));
	change.hint = change.now;
	change.add = (struct flags){ 0, "Another" };
	change.remove = (struct flags){ 0 };
	ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
	assert_true(room_has(&room, "mail/F/cur/one:2,FSdfghijklmnopqrstuvwxyz"));
	room_end(&room);
}

/* ---- flags -------------------------------------------------------------------------------- */

static void test_flag(void **state)
{
	static const struct {
		const char *before;
		struct flags hint, add, remove;
		const char *after;
		struct flags now;
	} table[] = {
		{ "new/x", { 0 }, { FLAG_SEEN, NULL }, { 0 }, "cur/x:2,S", { FLAG_SEEN, NULL } },
		{ "new/x", { 0 }, { 0 }, { FLAG_SEEN, NULL }, "new/x", { 0 } },
		{ "cur/x:2,S", { FLAG_SEEN, NULL }, { 0 }, { FLAG_SEEN, NULL }, "cur/x:2,", { 0 } },
		{ "cur/x:2,S", { 0 }, { FLAG_FLAGGED, NULL }, { 0 }, "cur/x:2,FS",
		  { FLAG_SEEN | FLAG_FLAGGED, NULL } },
		{ "cur/x:2,SF", { 0 }, { FLAG_SEEN, NULL }, { FLAG_DRAFT, NULL }, "cur/x:2,SF",
		  { FLAG_SEEN | FLAG_FLAGGED, NULL } },
		/* Others' letters are kept. */
		{ "cur/x:2,SXQz", { 0 }, { FLAG_FLAGGED, NULL }, { 0 }, "cur/x:2,FQSXz",
		  { FLAG_SEEN | FLAG_FLAGGED, NULL } },
		{ "cur/x:2,S,foo", { 0 }, { FLAG_FLAGGED, NULL }, { 0 }, "cur/x:2,FS,foo",
		  { FLAG_SEEN | FLAG_FLAGGED, NULL } },
		/* What says nothing has what was last known. */
		{ "cur/x", { FLAG_FLAGGED, "Work" }, { FLAG_SEEN, NULL }, { 0 }, "cur/x:2,FSb",
		  { FLAG_SEEN | FLAG_FLAGGED, "Work" } },
		{ "cur/x", { FLAG_FLAGGED, NULL }, { FLAG_FLAGGED, NULL }, { 0 }, "cur/x",
		  { FLAG_FLAGGED, NULL } },
		/* $Forwarded can be a capital or a letter of the table. */
		{ "cur/x:2,a", { 0 }, { FLAG_FORWARDED, NULL }, { 0 }, "cur/x:2,a",
		  { FLAG_FORWARDED, NULL } },
		{ "cur/x:2,Pa", { 0 }, { 0 }, { FLAG_FORWARDED, NULL }, "cur/x:2,", { 0 } },
		{ "cur/x:2,", { 0 }, { FLAG_FORWARDED, NULL }, { 0 }, "cur/x:2,P",
		  { FLAG_FORWARDED, NULL } },
		/* Remove first, then add. */
		{ "cur/x:2,b", { 0, "Work" }, { 0, "Work" }, { 0, "work" }, "cur/x:2,b",
		  { 0, "Work" } },
	};
	struct store_folder folder = room_named("mail/F");
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/dovecot-keywords", "0 $Forwarded\n1 Work\n");
	for (size_t i = 0; i < COUNT(table); i++) {
		char before[64], after[64];
		struct flag_change change = {
			.folder = &folder,
			.ref = "x",
			.hint = table[i].hint,
			.add = table[i].add,
			.remove = table[i].remove,
		};

		snprintf(before, sizeof before, "mail/F/%s", table[i].before);
		snprintf(after, sizeof after, "mail/F/%s", table[i].after);
		room_put(&room, before, MESSAGE);
		ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
		ASSERT_OK(change.fail);
		if (!room_has(&room, after))
			fail_msg("%s did not become %s", before, after);
		assert_int_equal(room_count(&room, "mail/F"), 2);
		assert_true(flags_equal(change.now, table[i].now));
		assert_int_equal(unlinkat(room.root, after, 0), 0);
	}
	assert_true(COUNT(table) >= 12);
	room_end(&room);
}

static void test_flag_many(void **state)
{
	struct store_folder folders[2] = { room_named("mail/F"), room_named("mail/G") };
	struct flag_change changes[600];
	char refs[600][8], path[64], name[300];
	size_t missing = 0;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_folder(&room, "mail/G");
	for (size_t i = 0; i < COUNT(changes); i++) {
		snprintf(refs[i], sizeof refs[i], "m%03zu", i);
		changes[i] = (struct flag_change){
			.folder = &folders[i % 2],
			.ref = refs[i],
			.add.bits = FLAG_SEEN,
		};
		/* A third is where the hint says, a third is not, a third is gone. */
		snprintf(path, sizeof path, "%s/%s%s", folders[i % 2].path,
			 i % 3 ? "cur/" : "new/", refs[i]);
		snprintf(name, sizeof name, "%s%s", path, i % 3 == 1 ? ":2,FR" : "");
		if (i % 3 < 2)
			room_put(&room, name, "x");
	}
	ASSERT_OK(store_flag(room.store, changes, COUNT(changes), room.arena));
	ASSERT_OK(store_sync(room.store));
	for (size_t i = 0; i < COUNT(changes); i++) {
		if (i % 3 < 2) {
			ASSERT_OK(changes[i].fail);
			assert_true(changes[i].now.bits & FLAG_SEEN);
		} else {
			assert_true(fail_is(changes[i].fail, FAIL_MISSING));
			assert_string_equal(changes[i].fail->text, "it is not there");
			missing++;
		}
	}
	assert_int_equal(missing, 200);
	/* No room for a flag. */
	memset(name, 'x', sizeof name);
	memcpy(name, "mail/F/cur/", 11);
	memcpy(name + 11 + 252, ":2,", 4);
	room_put(&room, name, "x");
	name[11 + 252] = '\0';
	changes[0] = (struct flag_change){ .folder = &folders[0],
					   .ref = name + 11,
					   .add.bits = FLAG_SEEN };
	ASSERT_OK(store_flag(room.store, changes, 1, room.arena));
	assert_true(fail_is(changes[0].fail, FAIL_DATA));
	/* A second file of this base has the name already. */
	room_put(&room, "mail/F/cur/twin:2,", "x");
	room_put(&room, "mail/F/cur/twin:2,S", "y");
	changes[0] = (struct flag_change){ .folder = &folders[0], .ref = "twin", .add.bits = FLAG_SEEN };
	ASSERT_OK(store_flag(room.store, changes, 1, room.arena));
	assert_true(fail_is(changes[0].fail, FAIL_STALE));
	assert_string_equal(room_text(&room, "mail/F/cur/twin:2,S"), "y");
	room_end(&room);
}

/* ---- reading ------------------------------------------------------------------------------ */

struct taken {
	size_t count, stop;
	struct read *last;
};

static const struct fail *take(void *context, struct read *read)
{
	struct taken *taken = context;

	taken->count++;
	taken->last = read;
	if (taken->stop && taken->count == taken->stop)
		return fail_make(FAIL_STOPPED, FAIL_ALL, "enough");
	return NULL;
}

static void test_read(void **state)
{
	struct store_folder folder = room_named("mail/F");
	static const char *const foreign[] = { "../../secret", "", "." };
	struct read reads[6] = {
		{ .folder = &folder, .ref = "one", .hint.bits = FLAG_SEEN },
		{ .folder = &folder, .ref = "none" },
		{ .folder = &folder, .ref = "two", .part = PART_PRINT },
		{ .folder = &folder, .ref = "link" },
		{ .folder = &folder, .ref = "wire", .wire = true },
		{ .folder = &folder, .ref = "silent" },
	};
	struct taken taken = { 0 };
	struct listing *listing;
	struct body *body;
	char text[256];
	struct room room;
	size_t got;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/cur/one:2,S", MESSAGE);
	room_put(&room, "mail/F/cur/two:2,RF", OTHER);
	room_put(&room, "mail/F/cur/wire:2,", "A: b\r\n\r\nx\ny\r\n");
	room_put(&room, "mail/F/cur/silent", "x");
	room_put(&room, "mail/secret", "x");
	room_put(&room, "mail/secret:2,", "x");
	assert_int_equal(symlinkat("/etc/passwd", room.root, "mail/F/cur/link:2,"), 0);
	listing = room_list(&room, "mail/F");
	ASSERT_OK(store_read(room.store, reads, COUNT(reads), take, &taken, room.arena));
	assert_int_equal(taken.count, COUNT(reads));
	ASSERT_OK(reads[0].fail);
	assert_string_equal(reads[0].now.revision, room_entry(listing, "one")->revision);
	assert_true(reads[0].has_flags && reads[0].now.flags.bits == FLAG_SEEN);
	assert_int_equal(reads[0].date, room_entry(listing, "one")->date);
	ASSERT_OK(body_read(reads[0].body, 0, text, sizeof text, &got));
	assert_int_equal(got, strlen(MESSAGE));
	assert_memory_equal(text, MESSAGE, got);
	assert_string_equal(reads[0].body->fields.message_id, "<1@x>");
	assert_true(digest_equal(&reads[0].now.digest, &reads[0].body->digest));
	assert_true(fail_is(reads[1].fail, FAIL_MISSING) && !reads[1].body);
	ASSERT_OK(reads[2].fail);
	assert_null(reads[2].body);
	ASSERT_OK(body_of_memory(OTHER, strlen(OTHER), BODY_MAIL, &body));
	assert_true(digest_equal(&reads[2].print.head, &body->print.head));
	assert_int_equal(reads[2].print.size, body->print.size);
	assert_true(digest_equal(&reads[2].now.digest, &body->digest));
	assert_int_equal(reads[2].now.flags.bits, FLAG_ANSWERED | FLAG_FLAGGED);
	body_free(body);
	/* A symlink is never an item. */
	assert_true(fail_is(reads[3].fail, FAIL_MISSING) && !reads[3].body);
	ASSERT_OK(reads[4].fail);
	assert_true(reads[4].body->wire);
	ASSERT_OK(reads[5].fail);
	assert_false(reads[5].has_flags);
	/* What is no ref of ours does not lead out of the folder. */
	for (size_t i = 0; i < COUNT(foreign); i++) {
		struct read read = { .folder = &folder, .ref = foreign[i] };

		ASSERT_OK(store_read(room.store, &read, 1, NULL, NULL, room.arena));
		assert_true(fail_is(read.fail, FAIL_MISSING));
	}
	for (size_t i = 0; i < COUNT(reads); i++)
		body_free(reads[i].body);
	/* The caller has enough: what was not read says so. */
	taken = (struct taken){ .stop = 2 };
	assert_true(fail_is(store_read(room.store, reads, COUNT(reads), take, &taken, room.arena),
			    FAIL_STOPPED));
	assert_int_equal(taken.count, 2);
	assert_null(reads[0].fail);
	for (size_t i = 0, stopped = 0; i < COUNT(reads); i++) {
		stopped += fail_is(reads[i].fail, FAIL_STOPPED);
		body_free(reads[i].body);
		if (i == COUNT(reads) - 1)
			assert_int_equal(stopped, 4);
	}
	listing_free(listing);
	room_end(&room);
}

static void test_find(void **state)
{
	struct store_folder folder = room_named("mail/F");
	struct find find = { .folder = &folder, .next = "" };
	struct body *body;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/cur/b:2,S", MESSAGE);
	room_put(&room, "mail/F/new/a", MESSAGE);
	room_put(&room, "mail/F/new/c", OTHER);
	room_put(&room, "mail/F/new/d", "X-TUID: 123456789012\n" MESSAGE);
	room_put(&room, "mail/F/new/e", "Extra: x\n" MESSAGE);
	room_put(&room, "mail/F/new/f", "");
	ASSERT_OK(body_of_memory(MESSAGE, strlen(MESSAGE), BODY_MAIL, &body));
	find.print = body->print;
	ASSERT_OK(store_find(room.store, &find, 1, room.arena));
	ASSERT_OK(find.fail);
	assert_int_equal(find.count, 3);
	assert_string_equal(find.refs[0], "a");
	assert_string_equal(find.refs[1], "b");
	assert_string_equal(find.refs[2], "d");
	find.next = "b";
	ASSERT_OK(store_find(room.store, &find, 1, room.arena));
	assert_int_equal(find.count, 2);
	find.next = "";
	find.print.head.bytes[0] ^= 1;
	ASSERT_OK(store_find(room.store, &find, 1, room.arena));
	assert_int_equal(find.count, 0);
	find.message_id = "<1@x>";
	ASSERT_OK(store_find(room.store, &find, 1, room.arena));
	assert_int_equal(find.count, 3);
	find.folder = &(struct store_folder){ .path = "mail/none" };
	ASSERT_OK(store_find(room.store, &find, 1, room.arena));
	assert_true(fail_is(find.fail, FAIL_MISSING));
	assert_false(room_exists(&room, "mail/none", "a"));
	body_free(body);
	room_end(&room);
}

/* ---- moving, copying, removing ------------------------------------------------------------ */

static void test_transfer(void **state)
{
	static const struct {
		const char *before;
		struct flags hint;
		bool copy;
		const char *name, *after; /* NULL: under a name made up, with these flags */
		struct flags now;
		enum fail_code code;      /* FAIL_CODES: none */
	} table[] = {
		{ "new/x", { 0 }, false, NULL, "new/x", { 0 }, FAIL_CODES },
		{ "cur/x:2,", { 0 }, false, NULL, "cur/x:2,", { 0 }, FAIL_CODES },
		{ "cur/x", { 0 }, false, NULL, "cur/x", { 0 }, FAIL_CODES },
		{ "cur/x", { FLAG_SEEN, "Work" }, false, NULL, "cur/x:2,Sb", { FLAG_SEEN, "Work" },
		  FAIL_CODES },
		/* a means Work here, b there; b has no entry here; c is $Forwarded here. */
		{ "cur/x:2,Sa", { 0 }, false, NULL, "cur/x:2,Sb", { FLAG_SEEN, "Work" }, FAIL_CODES },
		{ "cur/x:2,Sb", { 0 }, false, NULL, "cur/x:2,S", { FLAG_SEEN, NULL }, FAIL_CODES },
		{ "cur/x:2,Sc", { 0 }, true, NULL, "cur/x:2,PSc",
		  { FLAG_SEEN | FLAG_FORWARDED, NULL }, FAIL_CODES },
		{ "cur/x:2,Xa", { 0 }, true, "y", "cur/y:2,Xb", { 0, "Work" }, FAIL_CODES },
		{ "cur/x:2,d", { 0 }, false, NULL, "cur/x:2,c", { 0, "Fresh" }, FAIL_CODES },
		{ "cur/x:2,", { 0 }, false, "taken", NULL, { 0 }, FAIL_EXISTS },
		{ "cur/taken:2,RS", { 0 }, false, NULL, NULL, { FLAG_SEEN | FLAG_ANSWERED, NULL },
		  FAIL_CODES },
		{ "cur/taken:2,RS", { 0 }, true, NULL, NULL, { FLAG_SEEN | FLAG_ANSWERED, NULL },
		  FAIL_CODES },
	};
	struct store_folder folder = room_named("mail/F"), to = room_named("mail/G");
	struct room room;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct transfer transfer = { .folder = &folder, .to = &to };
		struct stat before_status, after_status;
		char before[64], after[300], ref[32];
		struct listing *listing;
		const char *expected = table[i].after;

		room_begin(&room);
		room_folder(&room, "mail/F");
		room_folder(&room, "mail/G");
		room_put(&room, "mail/F/dovecot-keywords", "0 Work\n2 $Forwarded\n3 Fresh\n");
		room_put(&room, "mail/G/dovecot-keywords", "0 Other\n1 Work\n");
		room_put(&room, "mail/G/cur/taken:2,F", "theirs");
		snprintf(before, sizeof before, "mail/F/%s", table[i].before);
		room_put(&room, before, MESSAGE);
		assert_int_equal(fstatat(room.root, before, &before_status, 0), 0);
		snprintf(ref, sizeof ref, "%s", strrchr(before, '/') + 1);
		*strchrnul(ref, ':') = '\0';
		transfer.ref = ref;
		transfer.hint = table[i].hint;
		transfer.copy = table[i].copy;
		transfer.name = table[i].name;
		ASSERT_OK(store_transfer(room.store, &transfer, 1, room.arena));
		ASSERT_OK(store_sync(room.store));
		assert_string_equal(room_text(&room, "mail/G/cur/taken:2,F"), "theirs");
		if (table[i].code != FAIL_CODES) {
			assert_true(fail_is(transfer.fail, table[i].code));
			assert_true(room_has(&room, before));
			room_end(&room);
			continue;
		}
		ASSERT_OK(transfer.fail);
		/* "PSc": c, $Forwarded's letter, is not one there. */
		if (expected && strcmp(expected, "cur/x:2,PSc") == 0)
			expected = "cur/x:2,PS";
		snprintf(after, sizeof after, "mail/G/%s", expected ? expected : "");
		if (!expected) {
			assert_string_not_equal(transfer.now.ref, ref);
			snprintf(after, sizeof after, "mail/G/cur/%s:2,RS", transfer.now.ref);
		}
		if (!room_has(&room, after))
			fail_msg("%s did not become %s", before, after);
		assert_string_equal(room_text(&room, after), MESSAGE);
		assert_int_equal(room_has(&room, before), table[i].copy);
		assert_int_equal(fstatat(room.root, after, &after_status, 0), 0);
		assert_int_equal(after_status.st_mtim.tv_nsec, before_status.st_mtim.tv_nsec);
		/* A copy is a file of its own: an edit of one in place is none of the other. */
		assert_int_equal(after_status.st_ino != before_status.st_ino, table[i].copy);
		assert_int_equal(after_status.st_nlink, 1);
		assert_true(flags_equal(transfer.now.flags, table[i].now));
		listing = room_list(&room, "mail/G");
		assert_int_equal(listing->count, 2);
		assert_string_equal(room_entry(listing, transfer.now.ref)->revision,
				    transfer.now.revision);
		listing_free(listing);
		assert_int_equal(room_count(&room, "mail/G/tmp"), 0);
		room_end(&room);
	}
	assert_true(COUNT(table) >= 12);
}

static void test_transfer_many(void **state)
{
	struct store_folder folder = room_named("mail/F"), to = room_named("mail/G");
	struct transfer transfers[40];
	char refs[40][8], path[32];
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_folder(&room, "mail/G");
	for (size_t i = 0; i < COUNT(transfers); i++) {
		snprintf(refs[i], sizeof refs[i], "m%02zu", i / 2);
		snprintf(path, sizeof path, "mail/F/cur/%s:2,T", refs[i]);
		if (i % 2 == 0 && i / 2 != 7)
			room_put(&room, path, MESSAGE);
		/* Each twice: once copied, then moved; the second one needs another name. */
		transfers[i] = (struct transfer){ .folder = &folder, .to = &to, .ref = refs[i],
						  .copy = i % 2 == 0 };
	}
	ASSERT_OK(store_transfer(room.store, transfers, COUNT(transfers), room.arena));
	for (size_t i = 0; i < COUNT(transfers); i++) {
		if (i / 2 == 7)
			assert_true(fail_is(transfers[i].fail, FAIL_MISSING));
		else
			ASSERT_OK(transfers[i].fail);
	}
	assert_int_equal(room_count(&room, "mail/F"), 0);
	assert_int_equal(room_count(&room, "mail/G"), 38);
	room_end(&room);
}

static void test_remove(void **state)
{
	struct store_folder folder = room_named("mail/F");
	struct removal removals[5];
	struct listing *listing;
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/cur/a:2,S", "a");
	room_put(&room, "mail/F/new/b", "b");
	room_put(&room, "mail/F/cur/c:2,RS", "c");
	room_put(&room, "mail/F/cur/d:2,", "d");
	room_put(&room, ".koc/vault/taken", "older");
	listing = room_list(&room, "mail/F");
	removals[0] = (struct removal){ .folder = &folder, .ref = "a", .hint.bits = FLAG_SEEN,
					.into = ".koc/vault/a",
					.if_revision = room_entry(listing, "a")->revision };
	removals[1] = (struct removal){ .folder = &folder, .ref = "b", .into = ".koc/vault/b" };
	removals[2] = (struct removal){ .folder = &folder, .ref = "c", .into = ".koc/vault/c",
					.if_revision = room_entry(listing, "a")->revision };
	removals[3] = (struct removal){ .folder = &folder, .ref = "none", .into = ".koc/vault/n" };
	removals[4] = (struct removal){ .folder = &folder, .ref = "d", .into = ".koc/vault/taken" };
	ASSERT_OK(store_remove(room.store, removals, 5, room.arena));
	ASSERT_OK(store_sync(room.store));
	ASSERT_OK(removals[0].fail);
	ASSERT_OK(removals[1].fail);
	assert_true(fail_is(removals[2].fail, FAIL_STALE));
	assert_true(fail_is(removals[3].fail, FAIL_MISSING));
	assert_true(fail_is(removals[4].fail, FAIL_EXISTS));
	assert_string_equal(room_text(&room, ".koc/vault/a"), "a");
	assert_string_equal(room_text(&room, ".koc/vault/b"), "b");
	assert_string_equal(room_text(&room, ".koc/vault/taken"), "older");
	assert_string_equal(room_text(&room, "mail/F/cur/c:2,RS"), "c");
	assert_string_equal(room_text(&room, "mail/F/cur/d:2,"), "d");
	assert_int_equal(room_count(&room, "mail/F"), 2);
	assert_false(room_exists(&room, "mail/F", "a"));
	assert_true(room_exists(&room, "mail/F", "c"));
	/* A vault that is missing is not a missing message. */
	removals[0].ref = "d";
	removals[0].if_revision = NULL;
	removals[0].into = ".koc/nothing/x";
	removals[1].ref = "d";
	removals[1].into = NULL;
	ASSERT_OK(store_remove(room.store, removals, 2, room.arena));
	assert_true(fail_is(removals[0].fail, FAIL_SYSTEM));
	assert_true(fail_is(removals[1].fail, FAIL_USAGE));
	assert_true(room_has(&room, "mail/F/cur/d:2,"));
	listing_free(listing);
	room_end(&room);
}

/* ---- replacing ---------------------------------------------------------------------------- */

static void replace_all(bool no_exchange)
{
	static const struct {
		const char *before;
		bool spooled;
		int64_t date;
	} table[] = {
		{ "cur/x:2,FSa", true, 1000000000 },
		{ "cur/x:2,FSa", false, 0 },
		{ "new/x", true, 0 },
		{ "cur/x", false, 5 },
	};
	struct store_folder folder = room_named("mail/F");
	struct room room;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct write write = { .folder = &folder, .replaces = "x", .into = ".koc/vault/old",
				       .flags.bits = FLAG_DRAFT, .date = table[i].date };
		struct listing *listing;
		const struct entry *entry;
		char path[64];
		int64_t date;

		room_begin(&room);
		((struct maildir *)room.store)->no_exchange = no_exchange;
		room_folder(&room, "mail/F");
		room_put(&room, "mail/F/dovecot-keywords", "0 Work\n");
		snprintf(path, sizeof path, "mail/F/%s", table[i].before);
		room_put(&room, path, MESSAGE);
		listing = room_list(&room, "mail/F");
		entry = room_entry(listing, "x");
		date = table[i].date ? table[i].date : entry->date;

		/* Another revision: nothing is done. */
		write.body = room_body(&room, OTHER, table[i].spooled);
		write.if_revision = "another";
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_STALE) && !write.came_out);
		assert_string_equal(room_text(&room, path), MESSAGE);
		assert_false(room_has(&room, ".koc/vault/old"));
		/* The place is taken: neither. */
		room_put(&room, ".koc/vault/old", "older");
		write.if_revision = entry->revision;
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_EXISTS));
		assert_string_equal(room_text(&room, path), MESSAGE);
		assert_string_equal(room_text(&room, ".koc/vault/old"), "older");
		assert_int_equal(unlinkat(room.root, ".koc/vault/old", 0), 0);
		/* No such message. */
		write.replaces = "none";
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		assert_true(fail_is(write.fail, FAIL_MISSING));

		write.replaces = "x";
		ASSERT_OK(store_write(room.store, &write, 1, room.arena));
		ASSERT_OK(store_sync(room.store));
		ASSERT_OK(write.fail);
		assert_false(write.came_out);
		body_free(write.body);
		assert_string_equal(room_text(&room, path), OTHER);
		assert_string_equal(room_text(&room, ".koc/vault/old"), MESSAGE);
		assert_int_equal(room_count(&room, "mail/F"), 2);
		assert_int_equal(room_count(&room, ".koc"), 1);
		assert_true(flags_equal(write.now.flags, entry->flags));
		listing_free(listing);
		listing = room_list(&room, "mail/F");
		entry = room_entry(listing, "x");
		assert_string_equal(write.now.revision, entry->revision);
		assert_int_equal(entry->date, date);
		listing_free(listing);
		room_end(&room);
	}
	assert_true(COUNT(table) >= 4);
}

static void test_replace(void **state)
{
	(void)state;
	replace_all(false);
}

static void test_replace_without_exchange(void **state)
{
	(void)state;
	replace_all(true);
}

/* ---- failures ----------------------------------------------------------------------------- */

/* A directory in which nothing can be written: for root there is none. */
static void denied(void)
{
	struct store_folder folder = room_named("mail/F");
	struct flag_change change = { .folder = &folder, .ref = "a", .add.bits = FLAG_SEEN };
	struct listing *listing;
	struct room room;

	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/cur/a:2,", "x");
	assert_int_equal(fchmodat(room.root, "mail/F/cur", 0500, 0), 0);
	listing = room_list(&room, "mail/F");
	assert_true(listing->read_only);
	listing_free(listing);
	ASSERT_OK(store_flag(room.store, &change, 1, room.arena));
	assert_true(fail_is(change.fail, FAIL_DENIED));
	/* What cannot be read might hold folders: there is no list without it. */
	assert_int_equal(fchmodat(room.root, "mail/F", 0, 0), 0);
	assert_non_null(store_folders(room.store, NULL, 0, room.arena, &(struct folder_list){ 0 }));
	assert_int_equal(fchmodat(room.root, "mail/F", 0700, 0), 0);
	assert_int_equal(fchmodat(room.root, "mail/F/cur", 0700, 0), 0);
	room_end(&room);
}

static void test_denied(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	if (getuid() != 0) {
		denied();
		return;
	}
	child = room_fork();
	if (child == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(1);
		setenv("TMPDIR", "/tmp", 1);
		denied();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_open(void **state)
{
	struct store *store;
	struct room room;

	(void)state;
	room_begin(&room);
	room_rename(&room, "mail", "real");
	assert_int_equal(symlinkat("real", room.root, "mail"), 0);
	assert_true(fail_is(maildir_open(room.root, &store), FAIL_DENIED));
	assert_null(store);
	assert_int_equal(unlinkat(room.root, "mail", 0), 0);
	ASSERT_OK(maildir_open(room.root, &store));
	assert_true(room_has(&room, "mail"));
	assert_int_equal(store->traits, STORE_REFS_KEPT | STORE_TRANSFERS);
	store_close(store);
	room_end(&room);
}

/* What a dead run left in tmp/ goes when the folder is written to; what is not ours stays. */
static void test_leftovers(void **state)
{
	struct store_folder folder = room_named("mail/F");
	struct write write = { .folder = &folder };
	struct room room;

	(void)state;
	room_begin(&room);
	room_folder(&room, "mail/F");
	room_put(&room, "mail/F/tmp/koc-new.1.R0P1Q1.x", "half");
	room_put(&room, "mail/F/tmp/1.M2P3.host", "theirs");
	write.body = room_body(&room, MESSAGE, false);
	ASSERT_OK(store_write(room.store, &write, 1, room.arena));
	ASSERT_OK(write.fail);
	body_free(write.body);
	assert_false(room_has(&room, "mail/F/tmp/koc-new.1.R0P1Q1.x"));
	assert_true(room_has(&room, "mail/F/tmp/1.M2P3.host"));
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),	  cmocka_unit_test(test_write_exists),
		cmocka_unit_test(test_keywords),  cmocka_unit_test(test_flag),
		cmocka_unit_test(test_flag_many), cmocka_unit_test(test_read),
		cmocka_unit_test(test_find),	  cmocka_unit_test(test_transfer),
		cmocka_unit_test(test_transfer_many),
		cmocka_unit_test(test_remove),	  cmocka_unit_test(test_replace),
		cmocka_unit_test(test_replace_without_exchange),
		cmocka_unit_test(test_denied),	  cmocka_unit_test(test_open),
		cmocka_unit_test(test_leftovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
