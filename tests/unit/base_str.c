/* str.h and terminal.h: text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/terminal.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_match(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool expected;
	} table[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "a", true },
		{ "a", "A", false },
		{ "a", "ab", false },
		{ "*", "", true },
		{ "*", "mail/a/b", true },
		{ "%", "", true },
		{ "%", "mail", true },
		{ "%", "mail/a", false },
		{ "mail/%", "mail/a", true },
		{ "mail/%", "mail/a/b", false },
		{ "mail/*", "mail/a/b", true },
		{ "mail/*", "mail", false },
		{ "%/%", "a/b", true },
		{ "%/%", "a/b/c", false },
		{ "*/%", "a/b/c", true },
		{ "%/*", "a/b/c", true },
		{ "*b%d", "a/b/bcd", true },
		{ "*b%d", "a/bc/d", false },
		{ "%%", "abc", true },
		{ "%*%", "a/b", true },
		{ "a*a", "a", false },
		{ "a*a", "aa", true },
		{ "*.old", "x.old.old", true },
		{ "a%b*c%d", "a1b2/3c4d", true },
		{ "a%b*c%d", "a/b2/3c4d", false },
		{ "a%b*c%d", "a1b2/3c/d", false },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++)
		if (str_match(table[i].pattern, table[i].name) != table[i].expected)
			fail_msg("str_match(\"%s\", \"%s\")", table[i].pattern, table[i].name);
	assert_true(checked >= 25);
}

/* The definition of str_match, in exponential time. */
static bool match_slow(const char *pattern, const char *name)
{
	if (!*pattern)
		return !*name;
	if (*pattern == '*' || *pattern == '%')
		return match_slow(pattern + 1, name) ||
		       (*name && (*pattern == '*' || *name != '/') && match_slow(pattern, name + 1));
	return *pattern == *name && match_slow(pattern + 1, name + 1);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void random_text(uint32_t *seed, const char *letters, char *out, size_t most)
{
	size_t size = next_random(seed) % (most + 1);

	for (size_t i = 0; i < size; i++)
		out[i] = letters[next_random(seed) % strlen(letters)];
	out[size] = '\0';
}

static void test_match_random(void **state)
{
	char pattern[8], name[10];
	uint32_t seed = 7;
	int matched = 0;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		random_text(&seed, "ab/*%", pattern, 7);
		random_text(&seed, "ab/", name, 9);
		if (str_match(pattern, name) != match_slow(pattern, name))
			fail_msg("str_match(\"%s\", \"%s\")", pattern, name);
		matched += str_match(pattern, name);
	}
	assert_true(matched > 1000);
}

/* A pattern that takes an exponential matcher for ever. */
static void test_match_hostile(void **state)
{
	char pattern[2001], name[4001];
	int64_t start = clock_monotonic();

	(void)state;
	for (size_t i = 0; i < 2000; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[1999] = 'b';
	pattern[2000] = '\0';
	memset(name, 'a', 4000);
	name[4000] = '\0';
	assert_false(str_match(pattern, name));
	assert_true(clock_monotonic() - start < 5000);
}

static void test_numbers(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1", "1a",
					   "18446744073709551616", "99999999999999999999" };
	uint64_t big = 1;
	uint32_t small = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(str_u64(bad[i], &big));
		assert_false(str_u32(bad[i], &small));
	}
	assert_int_equal(big, 1);
	assert_true(str_u64("18446744073709551615", &big) && big == UINT64_MAX);
	assert_true(str_u64("0", &big) && big == 0);
	assert_true(str_u32("4294967295", &small) && small == UINT32_MAX);
	assert_true(str_u32("007", &small) && small == 7);
	assert_false(str_u32("4294967296", &small));
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool valid;
	} table[] = {
		{ "", 0, true },
		{ "a\0b", 3, true },
		{ "\xc3\xa9", 2, true },
		{ "\xe2\x82\xac", 3, true },
		{ "\xf0\x9f\x98\x80", 4, true },
		{ "\xf4\x8f\xbf\xbf", 4, true },
		{ "\xc0\x80", 2, false },             /* overlong NUL */
		{ "\xe0\x80\xaf", 3, false },         /* overlong slash */
		{ "\xf0\x80\x80\xaf", 4, false },
		{ "\xed\xa0\x80", 3, false },         /* surrogate */
		{ "\xf4\x90\x80\x80", 4, false },     /* beyond U+10FFFF */
		{ "\xf8\x88\x80\x80\x80", 5, false },
		{ "\x80", 1, false },
		{ "\xc3", 1, false },
		{ "\xe2\x82", 2, false },
		{ "\xc3z", 2, false },
		{ "\xff", 1, false },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++)
		if (str_utf8(table[i].text, table[i].size) != table[i].valid)
			fail_msg("str_utf8, line %zu", i);
	assert_true(checked >= 15);
}

static void test_small(void **state)
{
	char out[9];
	unsigned char bytes[4];

	(void)state;
	assert_true(str_starts("mail/a", "mail/") && !str_starts("mai", "mail"));
	assert_true(str_ends("a.old", ".old") && !str_ends("old", ".old"));
	assert_int_equal(str_casecmp("INBOX", "inbox"), 0);
	assert_true(str_casecmp("a", "b") < 0 && str_casecmp("b", "A") > 0);
	assert_true(str_casecmp("a", "ab") < 0);
	assert_int_equal(str_ncasecmp("inboxes", "INBOX", 5), 0);
	assert_true(str_casecmp("\xc3\x89", "\xc3\xa9") != 0); /* ASCII only */
	assert_true(str_copy(out, sizeof out, "12345678"));
	assert_string_equal(out, "12345678");
	assert_false(str_copy(out, sizeof out, "123456789"));
	assert_string_equal(out, "12345678");
	assert_int_equal(str_distance("kitten", "sitting", 9), 3);
	assert_int_equal(str_distance("kitten", "sitting", 2), 3);
	assert_int_equal(str_distance("", "abc", 1), 2);
	assert_int_equal(str_distance("same", "same", 2), 0);
	str_hex(out, "\x00\xff\x1e\xa0", 4);
	assert_string_equal(out, "00ff1ea0");
	assert_true(str_unhex(bytes, "00FF1ea0", 4));
	assert_memory_equal(bytes, "\x00\xff\x1e\xa0", 4);
	assert_false(str_unhex(bytes, "00ff1ea", 4));
	assert_false(str_unhex(bytes, "00ff1eax", 4));
	assert_false(str_unhex(bytes, "00ff1ea000", 4));
}

static void test_terminal(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *expected;
	} table[] = {
		{ "plain \\Seen", 11, "plain \\Seen" },
		{ "\033[31mred", 8, "\\x1b[31mred" },
		{ "a\nb\tc\r", 6, "a\\x0ab\\x09c\\x0d" },
		{ "nul\0end", 7, "nul\\x00end" },
		{ "\x7f", 1, "\\x7f" },
		{ "\xc2\x9b" "2J", 4, "\\u{9b}2J" },
		{ "\x9b", 1, "\\x9b" },
		{ "caf\xc3\xa9", 5, "caf\xc3\xa9" },
		{ "cut\xe2\x82", 5, "cut\\xe2\\x82" },
		{ "\xe2\x80\xae" "fdp.exe", 10, "\\u{202e}fdp.exe" },
		{ "\xe2\x81\xa6x\xe2\x81\xa9", 7, "\\u{2066}x\\u{2069}" },
		{ "\xef\xbb\xbf", 3, "\\u{feff}" },
		{ "\xf3\xa0\x81\x81", 4, "\\u{e0041}" },
		{ "\xc0\x9b", 2, "\\xc0\\x9b" },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct buf out;

		buf_init(&out, 1000);
		terminal_safe(&out, table[i].text, table[i].size);
		assert_string_equal(out.data, table[i].expected);
		buf_free(&out);
	}
	assert_true(checked >= 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_match_random),
		cmocka_unit_test(test_match_hostile),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
