/* What is kept from run to run: cursors and memos. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "store/imap/cursor.h"
#include "store/imap/memo.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void cursors_are_read_as_written(void **state)
{
	static const struct cursor samples[] = {
		{ 1, 1, 0, 0 },
		{ 1795359739, 78, 77, 6 },
		{ UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT32_MAX, UINT64_MAX },
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	assert_string_equal(cursor_text(arena, &samples[1]), "1 1795359739 78 77 6");
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		struct cursor back;

		assert_true(cursor_parse(cursor_text(arena, &samples[i]), &back));
		assert_true(back.validity == samples[i].validity && back.next == samples[i].next &&
			    back.messages == samples[i].messages && back.modseq == samples[i].modseq);
	}
	assert_true(passed >= 3);
	arena_free(arena);
}

static void nonsense_is_no_cursor(void **state)
{
	static const char *const texts[] = {
		NULL,	     "",	  " ",	       "1",	      "1 2 3 4",     "1 2 3 4 5 6",
		"2 2 3 4 5", "1 0 3 4 5", "1 2 0 4 5", "1  3 4 5",    "1 2 3 4 x",   "1 2 3 4 5 ",
		" 1 2 3 4 5", "1 -2 3 4 5", "1 2 3 4 99999999999999999999", "1 4294967296 3 4 5",
		"1 2 4294967297 4 5", "1\t2\t3\t4\t5", "99:99:99:9", "1 2 3 4 18446744073709551616",
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++, passed++) {
		struct cursor cursor;

		assert_false(cursor_parse(texts[i], &cursor));
	}
	assert_true(passed >= 20);
}

static void cursors_are_compared(void **state)
{
	static const struct cursor then = { 9, 100, 50, 7 };
	static const struct {
		struct cursor now;
		bool same, follows;
	} samples[] = {
		{ { 9, 100, 50, 7 }, true, true },
		{ { 9, 101, 51, 8 }, false, true },
		{ { 9, 100, 49, 7 }, false, true },
		{ { 9, 100, 50, 8 }, false, true },
		{ { 9, 101, 50, 7 }, false, true },
		{ { 8, 100, 50, 7 }, false, false },
		{ { 9, 99, 50, 7 }, false, false },
		{ { 9, 100, 50, 6 }, false, false },
		{ { 9, 100, 50, 0 }, false, true }, /* no longer counts changes */
	};
	struct cursor uncounted = { 9, 100, 50, 0 };
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		assert_int_equal(cursor_same(&then, &samples[i].now), samples[i].same);
		assert_int_equal(cursor_follows(&then, &samples[i].now), samples[i].follows);
	}
	assert_true(passed >= 9);
	/* Equal, but nobody knows about the flags. */
	assert_false(cursor_same(&uncounted, &uncounted));
	assert_true(cursor_follows(&uncounted, &uncounted));
}

static void capabilities_are_known(void **state)
{
	(void)state;
	assert_int_equal(capabilities_parse(""), CAP_TOLD);
	assert_int_equal(capabilities_parse(" IMAP4rev1 X-FOO AUTH=PLAINX MOVED"), CAP_TOLD);
	assert_int_equal(capabilities_parse("IMAP4rev1 auth=plain Sasl-IR MOVE"),
			 CAP_TOLD | CAP_AUTH_PLAIN | CAP_SASL_IR | CAP_MOVE);
	assert_int_equal(capabilities_parse("QRESYNC"), CAP_TOLD | CAP_QRESYNC | CAP_CONDSTORE);
	assert_int_equal(capabilities_parse("LITERAL- LITERAL+\r\n"),
			 CAP_TOLD | CAP_LITERAL_MINUS | CAP_LITERAL_PLUS);
}

static void memos_are_read_as_written(void **state)
{
	static const struct memo_namespace spaces[] = {
		{ "INBOX.", '.', true }, { "", '\0', true }, { "a b/", '/', false }, { "#x\"", ' ', false },
	};
	struct memo memo = {
		.before = CAP_TOLD | CAP_AUTH_PLAIN | CAP_SASL_IR,
		.after = CAP_TOLD | CAP_QRESYNC | CAP_CONDSTORE | CAP_UNSELECT,
		.volunteers = true,
		.careful = true,
		.has_namespaces = true,
		.namespaces = spaces,
		.namespace_count = COUNT(spaces),
	}, back;
	struct arena *arena = arena_new();

	(void)state;
	memo_parse(arena, memo_text(arena, &memo), &back);
	assert_int_equal(back.before, memo.before);
	assert_int_equal(back.after, memo.after);
	assert_true(back.volunteers && back.careful && back.has_namespaces);
	assert_int_equal(back.namespace_count, COUNT(spaces));
	for (size_t i = 0; i < COUNT(spaces); i++) {
		assert_string_equal(back.namespaces[i].prefix, spaces[i].prefix);
		assert_int_equal(back.namespaces[i].delimiter, spaces[i].delimiter);
		assert_int_equal(back.namespaces[i].personal, spaces[i].personal);
	}
	memo = (struct memo){ .before = CAP_TOLD };
	memo_parse(arena, memo_text(arena, &memo), &back);
	assert_int_equal(back.before, CAP_TOLD);
	assert_int_equal(back.after, 0);
	assert_false(back.volunteers || back.careful || back.has_namespaces);
	arena_free(arena);
}

static void nonsense_is_no_memo(void **state)
{
	static const char *const texts[] = {
		NULL,			   "",	      "imap 2\nafter MOVE\n", "imap 1", "after MOVE\n",
		"imap 1\nwhat\nmine x y\n", "imap 1\n\n\n", "imap 1\nmine 46\nforeign 999 x\n",
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++, passed++) {
		struct memo memo;

		memo_parse(arena, texts[i], &memo);
		assert_int_equal(memo.before | memo.after, 0);
		assert_int_equal(memo.namespace_count, 0);
	}
	assert_true(passed >= 8);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursors_are_read_as_written), cmocka_unit_test(nonsense_is_no_cursor),
		cmocka_unit_test(cursors_are_compared),	       cmocka_unit_test(capabilities_are_known),
		cmocka_unit_test(memos_are_read_as_written),   cmocka_unit_test(nonsense_is_no_memo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
