/* Mailbox names: modified UTF-7, namespaces, and that no two mailboxes get one path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "store/imap/name.h"
#include "store/imap/utf7.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void utf7_goes_both_ways(void **state)
{
	static const struct {
		const char *name, *utf8;
	} samples[] = {
		{ "INBOX", "INBOX" },
		{ "", "" },
		{ "&-", "&" },
		{ "a&-b&-", "a&b&" },
		{ "&ZeVnLIqe-", "日本語" },
		{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語" }, /* RFC 3501 5.1.3 */
		{ "Work/Projekt &AMQA1gDc-", "Work/Projekt ÄÖÜ" },
		{ "&2D3eAA-", "😀" },
		{ "a&AAo-b", "a\nb" },
		{ "&AOQ-&-", "ä&" },
		{ "x &IKw-", "x €" },
		{ "&AH8-", "\x7f" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		struct buf out;

		buf_init(&out, 1000);
		assert_true(utf7_decode(&out, samples[i].name));
		assert_string_equal(out.data, samples[i].utf8);
		buf_clear(&out);
		assert_true(utf7_encode(&out, samples[i].utf8));
		assert_string_equal(out.data, samples[i].name);
		buf_free(&out);
	}
	assert_true(passed >= 12);
}

static void what_is_not_utf7_is_refused(void **state)
{
	static const char *const names[] = {
		"&",		"a&b",	      "&AMQ",	  "&AMQ=-",    "&AM-",	   "&AMR-", /* bits left over */
		"&AGE-",	/* an "a" needs none */
		"&AMQ-&ANY-",	/* two where one does */
		"&2D0-",	"&3gA-",      "&2D0AYQ-", /* half a pair */
		"&AAA-",	/* NUL */
		"\xc3\x84",	("a\x01" "b"),  "\x7f",	  "&AMQ/-", "&&-",
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++, passed++) {
		struct buf out;

		buf_init(&out, 1000);
		if (utf7_decode(&out, names[i]))
			fail_msg("%s became %s", names[i], out.data);
		buf_free(&out);
	}
	assert_true(passed >= 15);
}

static void what_is_not_utf8_is_not_encoded(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_false(utf7_encode(&out, "\xff"));
	assert_false(utf7_encode(&out, "a\xc0\x80"));
	assert_false(utf7_encode(&out, "\xed\xa0\x80"));
	buf_free(&out);
}

/* ---- paths --------------------------------------------------------------------------------- */

static const struct memo_namespace spaces[] = {
	{ "INBOX.", '.', true },
	{ "Other.", '.', false },
	{ "#shared.", '.', false },
};

static const struct memo none, prefixed = { .has_namespaces = true,
					    .namespaces = spaces,
					    .namespace_count = COUNT(spaces) };

static void names_become_paths(void **state)
{
	static const struct {
		const struct memo *memo;
		const char *name;
		char delimiter;
		const char *path;
	} samples[] = {
		{ &none, "INBOX", '/', "mail/INBOX" },
		{ &none, "inbox", '/', "mail/INBOX" },
		{ &none, "INBOX/Work", '/', "mail/INBOX/Work" },
		{ &none, "Archive/2026", '/', "mail/Archive/2026" },
		{ &none, "a.b", '.', "mail/a/b" },
		{ &none, "a/b", '.', "mail/a%2Fb" },
		{ &none, "a/b", '\0', "mail/a%2Fb" },
		{ &none, "&ZeVnLIqe-", '/', "mail/日本語" },
		{ &none, "..", '/', "mail/%2E%2E" },
		{ &none, "cur", '/', "mail/%63ur" },
		{ &none, "INBOX.Sent", '.', "mail/INBOX/Sent" },
		{ &prefixed, "INBOX", '.', "mail/INBOX" },
		{ &prefixed, "INBOX.Sent", '.', "mail/Sent" },
		{ &prefixed, "INBOX.a.b", '.', "mail/a/b" },
		{ &prefixed, "INBOX.INBOX", '.', "mail/INBOX/INBOX" },
		{ &prefixed, "INBOX.inbox.x", '.', "mail/INBOX/inbox/x" },
		{ &prefixed, "INBOX.Inboxes", '.', "mail/Inboxes" },
		{ &prefixed, "Other.bob.x", '.', "mail/Other/bob/x" },
		{ &none, "a&b", '/', NULL },
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		const char *why = NULL;
		const char *path = name_to_path(arena, samples[i].memo, samples[i].name,
						samples[i].delimiter, &why);

		if (!samples[i].path) {
			assert_null(path);
			assert_non_null(why);
			continue;
		}
		assert_non_null(path);
		assert_string_equal(path, samples[i].path);
	}
	assert_true(passed >= 19);
	arena_free(arena);
}

static void paths_become_names(void **state)
{
	static const struct {
		const struct memo *memo;
		const char *path;
		char delimiter;
		const char *name;
	} samples[] = {
		{ &none, "mail/INBOX", '/', "INBOX" },
		{ &none, "mail/Archive/2026", '/', "Archive/2026" },
		{ &none, "mail/日本語", '/', "&ZeVnLIqe-" },
		{ &none, "mail/a&b", '/', "a&-b" },
		{ &none, "mail/a.b", '.', NULL },
		{ &prefixed, "mail/INBOX", '.', "INBOX" },
		{ &prefixed, "mail/Sent", '.', "INBOX.Sent" },
		{ &prefixed, "mail/INBOX/x", '.', NULL },
		{ &none, "mail/a/b", '\0', NULL },
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, passed++) {
		const char *name = name_of_path(arena, samples[i].memo, samples[i].path,
						samples[i].delimiter);

		if (!samples[i].name)
			assert_null(name);
		else
			assert_string_equal(name ? name : "(none)", samples[i].name);
	}
	assert_true(passed >= 9);
	arena_free(arena);
}

/* All names of up to five of these pieces in the personal namespace: each has a path of its own,
 * or none. */
static void no_two_names_get_one_path(void **state)
{
	static const char *const pieces[] = { "INBOX", "inbox", ".", "/", "a", "%", "2E", "&-", "cur" };
	struct arena *arena = arena_new();
	struct map *paths = map_new();
	size_t total = 1, mapped = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		total *= COUNT(pieces) + 1;
	for (size_t n = 0; n < total; n++) {
		char name[64] = "INBOX.";
		const char *why, *path, *other;
		size_t left = n;
		bool gap = false;

		for (int i = 0; i < 5; i++, left /= COUNT(pieces) + 1) {
			size_t piece = left % (COUNT(pieces) + 1);

			gap = gap || (!piece && left);
			if (piece)
				strcat(name, pieces[piece - 1]);
		}
		if (gap)
			continue; /* the same as another n */
		path = name_to_path(arena, &prefixed, name, '.', &why);
		if (!path)
			continue;
		other = map_get(paths, path);
		/* INBOX is the same in any case. */
		if (other && strcmp(other, name) != 0 && !(name_is_inbox(other) && name_is_inbox(name)))
			fail_msg("%s and %s both become %s", other, name, path);
		map_set(paths, path, arena_str(arena, name));
		mapped++;
	}
	assert_true(mapped > 5000);
	map_free(paths);
	arena_free(arena);
}

static void foreign_names_are_known(void **state)
{
	(void)state;
	assert_true(name_is_foreign(&prefixed, "Other.bob"));
	assert_true(name_is_foreign(&prefixed, "#shared.x"));
	assert_true(name_is_foreign(&prefixed, "#shared"));
	assert_false(name_is_foreign(&prefixed, "Others"));
	assert_false(name_is_foreign(&prefixed, "INBOX.Other.bob"));
	assert_false(name_is_foreign(&prefixed, "INBOX"));
	assert_false(name_is_foreign(&none, "Other.bob"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf7_goes_both_ways),
		cmocka_unit_test(what_is_not_utf7_is_refused),
		cmocka_unit_test(what_is_not_utf8_is_not_encoded),
		cmocka_unit_test(names_become_paths),
		cmocka_unit_test(paths_become_names),
		cmocka_unit_test(no_two_names_get_one_path),
		cmocka_unit_test(foreign_names_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
