/* store/vdir: names of collections and items, and revisions in doubt: all that needs no directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "store/stamp.h"
#include "store/vdir/filename.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct digest bytes = { { 0xab, 0xcd, 0xef } };

/* The name that an item of this key gets first. */
static const char *name_of(const char *key, enum kind kind)
{
	static char name[FILENAME_ROOM];
	char stem[FILENAME_ROOM];

	filename_of_key(stem, key, &bytes);
	filename_build(name, kind, stem, 1);
	return name;
}

static void test_keys(void **state)
{
	static const struct {
		const char *key, *name; /* NULL: 32 digits */
	} table[] = {
		{ "1", "1.ics" },
		{ "20260101T000000Z-1@example.com", "20260101T000000Z-1@example.com.ics" },
		{ "a+b_c-d.e", "a+b_c-d.e.ics" },
		{ "-rf", "-rf.ics" },
		{ "x.ics", "x.ics.ics" },
		{ "x.tmp", "x.tmp.ics" },
		{ "displayname", "displayname.ics" },
		{ "040000008200E00074C5B7101A82E008", "040000008200E00074C5B7101A82E008.ics" },
		{ NULL, "abcdef00000000000000000000000000.ics" },
		{ "", NULL },
		{ ".", NULL },
		{ "..", NULL },
		{ ".hidden", NULL },
		{ "a/b", NULL },
		{ "../../etc/passwd", NULL },
		{ "/etc/passwd", NULL },
		{ "a b", NULL },
		{ "{01234567-89AB-CDEF-0123-456789ABCDEF}", NULL },
		{ "urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", NULL },
		{ "a\nb", NULL },
		{ "\x01\x02", NULL },
		{ "\x7f", NULL },
		{ "a\\b", NULL },
		{ "a:b", NULL },
		{ "a%00b", NULL },
		{ "\xf0\x9f\x98\x80", NULL },
		{ "\xc3\xa4", NULL },
		{ "\xff\xfe", NULL },
		{ "~", NULL },
		{ "*", NULL },
	};
	char seen[COUNT(table)][FILENAME_ROOM];
	size_t digits = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const char *name = name_of(table[i].key, KIND_EVENTS);

		snprintf(seen[i], sizeof seen[i], "%s", name);
		if (table[i].name) {
			assert_string_equal(name, table[i].name);
		} else {
			assert_int_equal(strlen(name), 36);
			assert_int_equal(strspn(name, "0123456789abcdef"), 32);
			assert_string_equal(name + 32, ".ics");
			digits++;
		}
		assert_true(filename_is_item(KIND_EVENTS, name));
		assert_false(filename_is_item(KIND_CONTACTS, name));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(seen[k], name);
	}
	assert_true(digits >= 20 && COUNT(table) - digits >= 9);
	assert_string_equal(name_of("card", KIND_CONTACTS), "card.vcf");
	assert_string_equal(name_of("todo", KIND_TASKS), "todo.ics");
	assert_string_equal(name_of("note", KIND_NOTES), "note.ics");
}

static void test_long_keys(void **state)
{
	static const size_t sizes[] = { 1, 100, 199, 200, 201, 250, 255, 256, 1000, 5000, 100000 };
	char name[FILENAME_ROOM];
	size_t kept = 0, cut = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char *key = malloc(sizes[i] + 1);

		memset(key, 'x', sizes[i]);
		key[sizes[i]] = '\0';
		snprintf(name, sizeof name, "%s", name_of(key, KIND_EVENTS));
		if (sizes[i] <= 200) {
			assert_int_equal(strlen(name), sizes[i] + 4);
			kept++;
		} else {
			assert_int_equal(strlen(name), 36);
			cut++;
		}
		/* The last byte tells two keys apart. */
		key[sizes[i] - 1] = 'y';
		assert_string_not_equal(name_of(key, KIND_EVENTS), name);
		free(key);
	}
	assert_true(kept >= 4 && cut >= 6);
}

/* What a name becomes when it is taken. */
static void test_more(void **state)
{
	char stem[FILENAME_ROOM], other[FILENAME_ROOM], name[FILENAME_ROOM];
	char key[300];

	(void)state;
	filename_of_key(stem, "uid", &bytes);
	filename_build(name, KIND_EVENTS, stem, 2);
	assert_string_equal(name, "uid-2.ics");
	filename_build(name, KIND_CONTACTS, stem, 99);
	assert_string_equal(name, "uid-99.vcf");
	filename_of_other(other, stem, "uid");
	assert_int_equal(strlen(other), strlen("uid-01234567"));
	assert_memory_equal(other, "uid-", 4);
	filename_of_other(name, stem, "UID");
	assert_string_not_equal(name, other);
	filename_of_many(other, stem, &bytes);
	assert_string_equal(other, "uid-abcdef0000000000");
	/* Also in place, and for the longest. */
	memset(key, 'k', sizeof key);
	key[200] = '\0';
	filename_of_key(stem, key, &bytes);
	filename_of_other(stem, stem, key);
	assert_int_equal(strlen(stem), 209);
	filename_of_many(stem, stem, &bytes);
	assert_int_equal(strlen(stem), 217);
	filename_build(name, KIND_EVENTS, stem, 4294967295u);
	assert_true(filename_is_item(KIND_EVENTS, name));
	/* A name that leaves no room for a number is cut, between characters. */
	memset(stem, 'x', 251);
	memcpy(stem + 247, "\xe2\x82\xac", 3);
	stem[250] = '\0';
	filename_build(name, KIND_EVENTS, stem, 2);
	assert_int_equal(strlen(name), 247 + 2 + 4);
	assert_true(str_utf8(name, strlen(name)));
	assert_string_equal(name + 247, "-2.ics");
}

static void test_items(void **state)
{
	static const struct {
		const char *name;
		bool event, card;
	} table[] = {
		{ "a.ics", true, false },    { "a.vcf", false, true },     { "a", false, false },
		{ "a.ICS", false, false },   { ".ics", false, false },     { ".a.ics", false, false },
		{ "a.ics~", false, false },  { "a.ics.tmp", false, false }, { "..ics", false, false },
		{ "-.ics", true, false },    { "a\nb.ics", true, false },  { "\xff.vcf", false, true },
		{ "a.ics.vcf", false, true }, { "displayname", false, false }, { "color", false, false },
		{ "../a.ics", false, false }, { "b/a.ics", false, false }, { "tmpa1b2c3", false, false },
		{ ".koc-new-1-1", false, false }, { "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(filename_is_item(KIND_EVENTS, table[i].name), table[i].event);
		assert_int_equal(filename_is_item(KIND_TASKS, table[i].name), table[i].event);
		assert_int_equal(filename_is_item(KIND_NOTES, table[i].name), table[i].event);
		assert_int_equal(filename_is_item(KIND_CONTACTS, table[i].name), table[i].card);
	}
	assert_true(COUNT(table) >= 20);
	assert_true(filename_is_temporary(".koc-new-1f-2"));
	assert_true(filename_is_temporary(".koc-0123456789abcdef"));
	assert_false(filename_is_temporary(".koc-swap.1f.2.old.ics"));
	assert_false(filename_is_temporary(".koc-link.2.old.ics"));
	assert_false(filename_is_temporary(".koc"));
	assert_false(filename_is_temporary("koc-new-1f-2"));
}

static void test_wishes(void **state)
{
	static const struct {
		const char *wish, *stem; /* NULL: may not be */
	} table[] = {
		{ "a.ics", "a" },	   { "a", "a" },
		{ "a.vcf", "a.vcf" },	   { "lunch with j\xc3\xa4n.ics", "lunch with j\xc3\xa4n" },
		{ "a.ics.ics", "a.ics" },  { "\xff.ics", "\xff" },
		{ "a b", "a b" },	   { "-", "-" },
		{ ".ics", NULL },	   { "", NULL },
		{ ".", NULL },		   { "..", NULL },
		{ ".a.ics", NULL },	   { "a/b.ics", NULL },
		{ "../a.ics", NULL },	   { "a\nb.ics", NULL },
		{ "a\x7f", NULL },	   { "a\x01.ics", NULL },
	};
	char stem[FILENAME_ROOM], wish[400];
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(filename_of_wish(stem, KIND_EVENTS, table[i].wish), table[i].stem != NULL);
		if (table[i].stem)
			assert_string_equal(stem, table[i].stem);
		refused += !table[i].stem;
	}
	assert_true(refused >= 10);
	memset(wish, 'x', sizeof wish);
	wish[251] = '\0';
	assert_true(filename_of_wish(stem, KIND_EVENTS, wish));
	wish[251] = 'x';
	wish[252] = '\0';
	assert_false(filename_of_wish(stem, KIND_EVENTS, wish));
	wish[252] = 'x';
	wish[399] = '\0';
	assert_false(filename_of_wish(stem, KIND_EVENTS, wish));
}

static void test_collections(void **state)
{
	static const struct {
		const char *path;
		enum kind kind; /* KINDS: none */
	} table[] = {
		{ "calendars/Home", KIND_EVENTS },
		{ "tasks/Work", KIND_TASKS },
		{ "notes/N", KIND_NOTES },
		{ "contacts/Friends & family", KIND_CONTACTS },
		{ "calendars/J\xc3\xa4n", KIND_EVENTS },
		{ "calendars/x.ics", KIND_EVENTS },
		{ "calendars/%2Ehidden", KIND_EVENTS },
		{ "calendars/a%2Fb", KIND_EVENTS },
		{ "calendars", KINDS },
		{ "calendars/", KINDS },
		{ "calendars/a/b", KINDS },
		{ "calendars/..", KINDS },
		{ "calendars/.hidden", KINDS },
		{ "calendars/a%41", KINDS },
		{ "calendars/a\nb", KINDS },
		{ "calendars/\xff", KINDS },
		{ "calendars/cut%+", KINDS },
		{ "calendars/cut%+/rest", KINDS },
		{ "calendarsx/Home", KINDS },
		{ "mail/INBOX", KINDS },
		{ "Conflicts/calendars/Home", KINDS },
		{ "../calendars/Home", KINDS },
		{ "", KINDS },
	};
	size_t none = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		enum kind kind = KINDS;
		bool is = filename_is_collection(table[i].path, &kind);

		assert_int_equal(is, table[i].kind != KINDS);
		if (is)
			assert_int_equal(kind, table[i].kind);
		none += !is;
	}
	assert_true(none >= 14 && COUNT(table) - none >= 8);
}

/* ---- revisions ---------------------------------------------------------------------------- */

static void test_doubt(void **state)
{
	struct stat status = { .st_ino = 0x1f, .st_size = 100 };
	struct timespec touched = { 1000, 500 };
	char plain[REVISION_TEXT], text[REVISION_TEXT], again[REVISION_TEXT];
	static const struct {
		struct timespec modified;
		bool doubt;
	} table[] = {
		{ { 999, 999999999 }, false }, { { 1000, 499 }, false }, { { 1000, 500 }, true },
		{ { 1000, 501 }, true },       { { 2000, 0 }, true },    { { 0, 0 }, false },
		{ { -5, 7 }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		status.st_mtim = table[i].modified;
		revision_text(plain, &status);
		revision_doubt(text, &status, touched);
		assert_int_equal(revision_doubted(text), table[i].doubt);
		assert_int_equal(strcmp(text, plain) == 0, !table[i].doubt);
		assert_true(revision_is(text, &status) && revision_is(plain, &status));
		/* The next look finds another one. */
		revision_doubt(again, &status, (struct timespec){ 1000, 502 });
		if (table[i].doubt)
			assert_string_not_equal(again, text);
		/* A revision names one version of one file. */
		status.st_size++;
		assert_false(revision_is(text, &status));
		status.st_size--;
		status.st_ino++;
		assert_false(revision_is(text, &status));
		status.st_ino--;
		status.st_mtim.tv_sec++;
		assert_false(revision_is(text, &status));
	}
	assert_true(COUNT(table) >= 7);
	assert_false(revision_is("", &status));
	assert_false(revision_is("~", &status));
	/* The longest. */
	status = (struct stat){ .st_ino = UINT64_MAX, .st_size = INT64_MAX,
				.st_mtim = { INT64_MAX, 999999999 } };
	revision_doubt(text, &status, (struct timespec){ INT64_MAX, 999999998 });
	assert_true(revision_doubted(text) && revision_is(text, &status));
	assert_true(strlen(text) < REVISION_TEXT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),  cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_more),  cmocka_unit_test(test_items),
		cmocka_unit_test(test_wishes), cmocka_unit_test(test_collections),
		cmocka_unit_test(test_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
