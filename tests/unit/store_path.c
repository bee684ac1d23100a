/* store/path.h: names of mailboxes as paths of directories, one-to-one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "store/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_components(void **state)
{
	static const struct {
		const char *name, *directory;
	} table[] = {
		{ "INBOX", "INBOX" },
		{ "Entwürfe", "Entwürfe" },
		{ "日本語", "日本語" },
		{ "100% Wolle", "100% Wolle" },
		{ "50%", "50%" },
		{ "%", "%" },
		{ "%%", "%%" },
		{ "a%2fb", "a%2fb" },
		{ "a%2Fb", "a%252Fb" },
		{ "%%41", "%%2541" },
		{ "%4", "%4" },
		{ "", "%-" },
		{ "%-", "%25-" },
		{ "a%-", "a%-" },
		{ "a%+", "a%25+" },
		{ "%+", "%25+" },
		{ "%+a", "%+a" },
		{ ".", "%2E" },
		{ "..", "%2E%2E" },
		{ "...", "%2E.%2E" },
		{ ".x", "%2Ex" },
		{ "x.", "x%2E" },
		{ "x ", "x%20" },
		{ " ", "%20" },
		{ " x", " x" },
		{ "a/b", "a%2Fb" },
		{ "/", "%2F" },
		{ "../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd" },
		{ "cur", "%63ur" },
		{ "CUR", "%43UR" },
		{ "New", "%4Eew" },
		{ "tmp", "%74mp" },
		{ "tmp2", "tmp2" },
		{ "dovecot-keywords", "%64ovecot-keywords" },
		{ "a\nb", "a%0Ab" },
		{ "a\x7f", "a%7F" },
		{ "a\xc2\x85z", "a%C2%85z" },
		{ "a\xc2\xa0z", "a\xc2\xa0z" },
		{ "a\xff", "a%FF" },
		{ "\xc3(", "%C3(" },
		{ "\xed\xa0\x80", "%ED%A0%80" },
		{ "\xc0\xaf", "%C0%AF" },
		{ "-rf", "-rf" },
		{ "a:b*?\"<>|\\", "a:b*?\"<>|\\" },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct buf out, back;

		buf_init(&out, 4096);
		buf_init(&back, 4096);
		path_component_escape(&out, table[i].name, strlen(table[i].name));
		assert_string_equal(out.data, table[i].directory);
		assert_true(path_component_unescape(&back, out.data, out.size));
		assert_string_equal(back.data, table[i].name);
		assert_int_equal(path_check(out.data), PATH_GOOD);
		buf_free(&back);
		buf_free(&out);
	}
	assert_true(checked >= 40);
}

static void test_odd(void **state)
{
	/* Directories that no name becomes. */
	static const char *const table[] = {
		"",	 "a//b",   "/a",    "a/",   ".",    "..",     ".x",    "a/.x", "x.",
		"x ",	 "a/x ",   "cur",   "a/tmp", "NEW/a", "a%41",	"a%2Fb/.",	 "%2E%2e.",
		"a\nb",	 "a\xff",  "%00%41", "%20x", "x%2Ey", "%63urx", "%25",	 "a%25b",
		"b%+/c", "a%+/b%+/c", "dovecot-keywords", "a/Dovecot-Keywords", "%C3%BC",
	};
	static const char *const good[] = { "%00", "%-", "a/%-/b", "%2E", "%FF", "%C3(", "a%+b" };
	static const char *const open[] = { "a%+", "x/b%+" };

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (path_check(table[i]) != PATH_ODD)
			fail_msg("\"%s\" is not odd", table[i]);
	for (size_t i = 0; i < COUNT(good); i++)
		if (path_check(good[i]) != PATH_GOOD)
			fail_msg("\"%s\" is not good", good[i]);
	for (size_t i = 0; i < COUNT(open); i++)
		assert_int_equal(path_check(open[i]), PATH_OPEN);
	assert_true(COUNT(table) >= 28);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		char delimiter;
		const char *path; /* NULL: none */
	} table[] = {
		{ "INBOX", '/', "mail/INBOX" },
		{ "inbox", '/', "mail/INBOX" },
		{ "Inbox/sub", '/', "mail/Inbox/sub" },
		{ "Archive/2026", '/', "mail/Archive/2026" },
		{ "Archive.2026", '.', "mail/Archive/2026" },
		{ "Archive.2026", '/', "mail/Archive.2026" },
		{ "INBOX.a/b", '.', "mail/INBOX/a%2Fb" },
		{ "a.b", '\0', "mail/a.b" },
		{ "a//b", '/', "mail/a/%-/b" },
		{ "/etc", '/', "mail/%-/etc" },
		{ "../x", '/', "mail/%2E%2E/x" },
		{ "a\\b", '\\', "mail/a/b" },
		{ "", '/', "mail/%-" },
	};
	static const struct {
		const char *path;
		char delimiter;
	} none[] = {
		{ "mail/a.b", '.' },   { "mail/a%2Fb", '/' }, { "mail/a/b", '\0' }, { "mail/inbox", '/' },
		{ "mail/Inbox", '.' }, { "mail", '/' },	      { "mail/", '/' },	    { "mail/a%41", '/' },
		{ "mail/x%+", '/' },
	};
	struct arena *arena = arena_new();
	size_t size;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const char *path = path_of_name(arena, "mail", table[i].name, strlen(table[i].name),
						table[i].delimiter);
		const char *name;

		assert_non_null(path);
		assert_string_equal(path, table[i].path);
		name = path_name(arena, path, table[i].delimiter, &size);
		assert_non_null(name);
		if (strcmp(table[i].name, "inbox") != 0)
			assert_string_equal(name, table[i].name);
		assert_int_equal(size, strlen(name));
	}
	for (size_t i = 0; i < COUNT(none); i++)
		if (path_name(arena, none[i].path, none[i].delimiter, &size))
			fail_msg("%s has a name", none[i].path);
	assert_non_null(path_of_name(arena, "mail", "a\0b", 3, '/'));
	assert_string_equal(path_of_name(arena, "mail", "a\0b", 3, '/'), "mail/a%00b");
	assert_true(COUNT(table) >= 12 && COUNT(none) >= 8);
	arena_free(arena);
}

/* What every directory name must be, whatever the server says. */
static void assert_safe(const char *path)
{
	assert_true(str_utf8(path, strlen(path)));
	while (*path) {
		size_t size = strcspn(path, "/");
		char piece[PATH_COMPONENT + 1];

		assert_in_range(size, 1, PATH_COMPONENT);
		memcpy(piece, path, size);
		piece[size] = '\0';
		assert_true(piece[0] != '.');
		assert_true(piece[size - 1] != '.' && piece[size - 1] != ' ');
		assert_true(str_casecmp(piece, "cur") && str_casecmp(piece, "new") &&
			    str_casecmp(piece, "tmp"));
		for (size_t i = 0; i < size; i++)
			assert_true((unsigned char)piece[i] >= 0x20 && piece[i] != 0x7f);
		path += size + (path[size] == '/');
	}
}

/* A random byte, mostly of those that matter. */
static char random_byte(unsigned *seed)
{
	static const char likely[] = "%%%%+-./ ..2EF4Caucrnewtmp\xc3\xbc\xe2\x82\xac\n";
	unsigned n = (unsigned)rand_r(seed);

	return n % 5 ? likely[n / 5 % (sizeof likely - 1)] : (char)(n >> 8);
}

static void test_random(void **state)
{
	unsigned seed = 20261122;
	size_t checked = 0, good = 0, long_ones = 0;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		char name[1200];
		size_t most = round % 20 ? 12 : sizeof name;
		size_t size = (size_t)rand_r(&seed) % most;
		struct buf out, back;

		for (size_t i = 0; i < size; i++)
			name[i] = random_byte(&seed);
		buf_init(&out, 8192);
		buf_init(&back, 8192);

		/* Any name becomes a safe path and is got back from it. */
		path_component_escape(&out, name, size);
		assert_safe(out.data);
		assert_true(path_component_unescape(&back, out.data, out.size));
		assert_int_equal(back.size, size);
		assert_memory_equal(back.data, name, size);
		long_ones += strchr(out.data, '/') != NULL;

		/* Any directory name is good, and then got back from its name, or is not good. */
		buf_clear(&back);
		if (size && size <= 255 && !memchr(name, '\0', size) &&
		    path_component_unescape(&back, name, size)) {
			buf_clear(&out);
			path_component_escape(&out, back.data, back.size);
			assert_int_equal(out.size, size);
			assert_memory_equal(out.data, name, size);
			good++;
		}
		buf_free(&back);
		buf_free(&out);
		checked++;
	}
	assert_true(checked == 60000 && good > 5000 && long_ones > 500);
}

static void test_limits(void **state)
{
	struct arena *arena = arena_new();
	static char name[3000];

	(void)state;
	memset(name, 'x', sizeof name);
	assert_non_null(path_of_name(arena, "mail", name, 255, '/'));
	assert_non_null(path_of_name(arena, "mail", name, 2000, '/'));
	assert_null(path_of_name(arena, "mail", name, 2100, '/'));
	assert_null(path_of_name(arena, "mail", name, sizeof name, '/'));
	/* Each unit is kept whole where a name is cut. */
	for (size_t i = 0; i + 2 < sizeof name; i += 2)
		memcpy(name + i, "ü", 2);
	assert_safe(path_of_name(arena, "mail", name, 600, '/'));
	memset(name, '/', sizeof name);
	assert_null(path_of_name(arena, "mail", name, 100, '/'));
	assert_non_null(path_of_name(arena, "mail", name, 60, '/'));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_components), cmocka_unit_test(test_odd),
		cmocka_unit_test(test_names),	   cmocka_unit_test(test_random),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
