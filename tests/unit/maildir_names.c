/* store/maildir: file names, tables of keywords, stamps: all that needs no directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "core/flags.h"
#include "store/maildir/letters.h"
#include "store/maildir/name.h"
#include "store/maildir/stamps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LETTER(c) (1u << ((c) - 'a'))
#define CAPITAL(c) (1u << ((c) - 'A'))

static void test_parse(void **state)
{
	static const struct {
		const char *text, *base;
		bool has_info;
		uint32_t bits, letters, capitals;
		const char *rest;
	} table[] = {
		{ "1.M2P3.host", "1.M2P3.host", false, 0, 0, 0, "" },
		{ "1.M2P3.host,S=5,W=6:2,S", "1.M2P3.host,S=5,W=6", true, FLAG_SEEN, 0, 0, "" },
		{ "a:2,", "a", true, 0, 0, 0, "" },
		{ "a:2,DFPRST", "a", true, FLAG_ALL, 0, 0, "" },
		{ "a:2,TSRPFD", "a", true, FLAG_ALL, 0, 0, "" },
		{ "a:2,SS", "a", true, FLAG_SEEN, 0, 0, "" },
		{ "a:2,Sab", "a", true, FLAG_SEEN, LETTER('a') | LETTER('b'), 0, "" },
		{ "a:2,zS", "a", true, FLAG_SEEN, LETTER('z'), 0, "" },
		{ "a:2,SXA", "a", true, FLAG_SEEN, 0, CAPITAL('X') | CAPITAL('A'), "" },
		{ "a:2,S:2,F", "a", true, FLAG_SEEN, 0, 0, ":2,F" },
		{ "a:2,:2,F", "a", true, 0, 0, 0, ":2,F" },
		{ "a:2,S,x9", "a", true, FLAG_SEEN, 0, 0, ",x9" },
		{ "a:2,\nS", "a", true, 0, 0, 0, "\nS" },
		{ "a:2,\xc3\xa4S", "a", true, 0, 0, 0, "\xc3\xa4S" },
		{ "a:1,S", "a:1,S", false, 0, 0, 0, "" },
		{ "a:1,S:2,F", "a:1,S", true, FLAG_FLAGGED, 0, 0, "" },
		{ "a:2", "a:2", false, 0, 0, 0, "" },
		{ "a:", "a:", false, 0, 0, 0, "" },
		{ ":2,S", ":2,S", false, 0, 0, 0, "" },
		{ ":2,S:2,F", ":2,S", true, FLAG_FLAGGED, 0, 0, "" },
		{ "-rf:2,S", "-rf", true, FLAG_SEEN, 0, 0, "" },
		{ "a\nb:2,S", "a\nb", true, FLAG_SEEN, 0, 0, "" },
		{ "\xff\xfe:2,S", "\xff\xfe", true, FLAG_SEEN, 0, 0, "" },
		{ ":", ":", false, 0, 0, 0, "" },
		{ "", "", false, 0, 0, 0, "" },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct name name;
		char again[NAME_ROOM];
		struct name parsed;

		name_parse(&name, table[i].text);
		assert_int_equal(name.base_size, strlen(table[i].base));
		assert_memory_equal(name.base, table[i].base, name.base_size);
		assert_int_equal(name.has_info, table[i].has_info);
		assert_int_equal(name.bits, table[i].bits);
		assert_int_equal(name.letters, table[i].letters);
		assert_int_equal(name.capitals, table[i].capitals);
		assert_string_equal(name.rest, table[i].rest);
		/* Put together it says the same. */
		assert_true(name_build(again, &name));
		name_parse(&parsed, again);
		assert_int_equal(parsed.base_size, name.base_size);
		assert_int_equal(parsed.bits, name.bits);
		assert_int_equal(parsed.letters, name.letters);
		assert_int_equal(parsed.capitals, name.capitals);
		assert_string_equal(parsed.rest, name.rest);
	}
	assert_true(checked >= 24);
}

static void test_build(void **state)
{
	char out[NAME_ROOM];
	char base[300];
	struct name name = {
		.base = "b",
		.base_size = 1,
		.has_info = true,
		.bits = FLAG_SEEN | FLAG_DRAFT | FLAG_FORWARDED,
		.letters = LETTER('c') | LETTER('a'),
		.capitals = CAPITAL('E'),
		.rest = ",x",
	};

	(void)state;
	assert_true(name_build(out, &name));
	assert_string_equal(out, "b:2,DEPSac,x");
	memset(base, 'x', sizeof base);
	name = (struct name){ .base = base, .base_size = 255, .rest = "" };
	assert_true(name_build(out, &name));
	assert_int_equal(strlen(out), 255);
	name.base_size = 256;
	assert_false(name_build(out, &name));
	name.base_size = 252;
	name.has_info = true;
	assert_true(name_build(out, &name));
	name.bits = FLAG_SEEN;
	assert_false(name_build(out, &name));
}

static void test_bases(void **state)
{
	static const char *const good[] = { "a", "1.M2P3.host", "-a", "a:1", "a,b=c", "ä" };
	static const char *const bad[] = { "", ".a", "a/b", "a:2,", "a:2,S", "a:2", "a:" };
	struct unique unique = { 0 };
	char a[NAME_ROOM], b[NAME_ROOM], other[NAME_ROOM];
	struct unique another = { 0 };
	char longest[202];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(name_is_base(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(name_is_base(bad[i]));
	memset(longest, 'x', sizeof longest);
	longest[201] = '\0';
	assert_false(name_is_base(longest));
	longest[200] = '\0';
	assert_true(name_is_base(longest));
	assert_false(unique_mine(&unique, "1.R0P1Q1.x"));
	unique_name(&unique, a);
	unique_name(&unique, b);
	unique_name(&another, other);
	assert_string_not_equal(a, b);
	assert_true(name_is_base(a) && name_is_base(b));
	assert_true(unique_mine(&unique, a) && unique_mine(&unique, b));
	assert_false(unique_mine(&unique, other));
}

static void test_table(void **state)
{
	static const char text[] = "0 $Junk\n"
				   "1 Work\n"
				   "2 with space\n"   /* no keyword */
				   "3 \\Seen\n"	      /* neither */
				   "4 twice\n"
				   "garbage\n"
				   "4 other\n"
				   "5 $forwarded\n"
				   "6 \n"
				   "7\n"
				   "8 work\n"         /* a second letter for one keyword */
				   "26 beyond\n"
				   "99999999999999999999 x\n"
				   "-1 minus\n"
				   "9 last";
	struct arena *arena = arena_new();
	struct letters letters = { 0 };

	(void)state;
	letters_parse(&letters, text, sizeof text - 1);
	assert_string_equal(letters.keyword[0], "$Junk");
	assert_string_equal(letters.keyword[1], "Work");
	assert_null(letters.keyword[2]);
	assert_null(letters.keyword[3]);
	assert_null(letters.keyword[4]);
	assert_null(letters.keyword[5]);
	assert_null(letters.keyword[6]);
	assert_null(letters.keyword[7]);
	assert_string_equal(letters.keyword[8], "work");
	assert_string_equal(letters.keyword[9], "last");
	assert_int_equal(letters.forwarded, 1u << 5);
	assert_int_equal(letters.taken, 0x37f);
	assert_string_equal(letters_all(&letters, arena), "$Junk last Work");
	assert_int_equal(letters_of(&letters, "WORK x $junk"), 1u << 0 | 1u << 1 | 1u << 8);
	assert_int_equal(letters_of(&letters, NULL), 0);
	assert_string_equal(letters_keywords(&letters, arena, 1u << 9 | 1u << 20), "last");
	assert_null(letters_keywords(&letters, arena, 1u << 4 | 1u << 5));

	/* New ones take the lowest letter that is neither in the table nor borne by a file. */
	assert_true(letters_assign(&letters, "New", 1u << 10));
	assert_string_equal(letters.keyword[7], "New");
	assert_true(letters_assign(&letters, "Next", 1u << 10));
	assert_string_equal(letters.keyword[11], "Next");
	assert_false(letters_assign(&letters, "no keyword", 0));
	assert_false(letters_assign(&letters, "\\Flag", 0));
	assert_false(letters_assign(&letters, "", 0));
	/* What was there stays there, byte for byte. */
	assert_memory_equal(letters.text, text, sizeof text - 1);
	assert_string_equal(letters.text + sizeof text - 1, "\n7 New\n11 Next\n");
	for (int i = 0; i < 30; i++) {
		char keyword[16];

		snprintf(keyword, sizeof keyword, "k%d", i);
		assert_int_equal(letters_assign(&letters, keyword, 0), i < 15);
	}
	assert_int_equal(letters.taken, (1u << 26) - 1);
	/* Read again it means the same. */
	{
		struct letters again = { 0 };

		letters_parse(&again, letters.text, letters.size);
		for (int i = 0; i < LETTERS; i++) {
			assert_int_equal(!again.keyword[i], !letters.keyword[i]);
			if (again.keyword[i])
				assert_string_equal(again.keyword[i], letters.keyword[i]);
		}
		letters_free(&again);
	}
	letters_free(&letters);
	arena_free(arena);
}

/* A directory's stamp that changed at this second and nanosecond. */
static struct stamp stamp_at(int64_t second, long nanosecond)
{
	return (struct stamp){
		.inode = 7,
		.modified = { second, nanosecond },
		.changed = { second, nanosecond },
	};
}

static void test_stamps(void **state)
{
	struct stamps stamps = {
		.cur = stamp_at(100, 5),
		.new = stamp_at(90, 0),
	};
	struct stamps other = stamps;
	char cursor[STAMPS_TEXT];

	(void)state;
	/* Touched in the same tick, or before: not trusted, however often it is asked. */
	stamps_text(cursor, &stamps, (struct timespec){ 100, 5 });
	assert_false(stamps_match(cursor, &stamps));
	stamps_text(cursor, &stamps, (struct timespec){ 99, 999 });
	assert_false(stamps_match(cursor, &stamps));
	stamps_text(cursor, &stamps, (struct timespec){ 0, 0 });
	assert_false(stamps_match(cursor, &stamps));
	/* Two seconds of FAT. */
	stamps.cur = stamp_at(100, 0);
	stamps_text(cursor, &stamps, (struct timespec){ 100, 0 });
	assert_false(stamps_match(cursor, &stamps));
	stamps_text(cursor, &stamps, (struct timespec){ 102, 0 });
	assert_true(stamps_match(cursor, &stamps));

	/* Touched later: it holds until something moves. */
	stamps.cur = stamp_at(100, 5);
	stamps_text(cursor, &stamps, (struct timespec){ 100, 6 });
	assert_true(stamps_match(cursor, &stamps));
	other = stamps;
	other.cur.inode = 8;
	assert_false(stamps_match(cursor, &other));
	other = stamps;
	other.new.modified.tv_nsec = 1;
	assert_false(stamps_match(cursor, &other));
	other = stamps;
	other.cur.changed.tv_sec++; /* mtime was set back by rsync */
	assert_false(stamps_match(cursor, &other));
	other = stamps;
	other.table = stamp_at(1, 1); /* a table came */
	assert_false(stamps_match(cursor, &other));
	/* A clock that was set back left times in the future: never trusted. */
	stamps.new = stamp_at(5000, 0);
	stamps_text(cursor, &stamps, (struct timespec){ 200, 0 });
	assert_false(stamps_match(cursor, &stamps));
	assert_false(stamps_match("", &stamps));
	assert_false(stamps_match("maildir1 - - -", &stamps));
	assert_false(stamps_match("maildir1 racy racy racy", &stamps));
}

static void test_revisions(void **state)
{
	struct stat status = { .st_ino = 1, .st_size = 2, .st_mtim = { 3, 0 } };
	char one[REVISION_TEXT], other[REVISION_TEXT];
	struct stat changed[4] = { status, status, status, status };
	uint64_t size = 0;

	(void)state;
	revision_text(one, &status);
	changed[0].st_ino++;
	changed[1].st_size++;
	changed[2].st_mtim.tv_sec++;
	changed[3].st_mtim.tv_nsec++;
	for (size_t i = 0; i < COUNT(changed); i++) {
		revision_text(other, &changed[i]);
		assert_string_not_equal(one, other);
	}
	status.st_ctim.tv_sec = 99; /* a rename */
	revision_text(other, &status);
	assert_string_equal(one, other);
	status = (struct stat){ .st_ino = UINT64_MAX, .st_size = INT64_MAX };
	status.st_mtim = (struct timespec){ -1, 999999999 };
	revision_text(other, &status);
	assert_true(strlen(other) > 50);
	assert_true(revision_size(other, &size));
	assert_true(size == INT64_MAX);
	assert_true(revision_size(one, &size));
	assert_true(size == 2);
	assert_false(revision_size(NULL, &size));
	assert_false(revision_size("", &size));
	assert_false(revision_size("\"etag\"", &size));
	assert_false(revision_size("a-b", &size));
	assert_false(revision_size("a--b", &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),  cmocka_unit_test(test_build),
		cmocka_unit_test(test_bases),  cmocka_unit_test(test_table),
		cmocka_unit_test(test_stamps), cmocka_unit_test(test_revisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
