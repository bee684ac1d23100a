/* The DAV driver's names: hrefs compared and sent back, names of new items, paths of collections, cursors and
 * the memo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "store/dav/collection.h"
#include "store/dav/href.h"
#include "store/dav/item.h"
#include "store/dav/learnt.h"
#include "store/dav/since.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void same_hrefs(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{ "/alice/cal/", "/alice/cal", true },
		{ "/alice/cal/a.ics", "/alice/cal/b.ics", false },
		{ "/alice/cal/a.ics", "http://dav.example.org/alice/cal/a.ics", true },
		{ "/alice/cal/a.ics", "https://dav.example.org:8443/alice/cal/a.ics", true },
		{ "/alice/cal/a.ics", "https%3A//dav.example.org%3A443/alice/cal/a.ics", true },
		{ "/a%40b/x.ics", "/a@b/x.ics", true },
		{ "/a%2540b/x.ics", "/a@b/x.ics", true },
		{ "/a%252540b/x.ics", "/a@b/x.ics", true },
		{ "/%c5%be.ics", "/%C5%BE.ics", true },
		{ "/%C5%BE.ics", "/\xc5\xbe.ics", true },
		{ "//alice///cal/a.ics", "/alice/cal/a.ics", true },
		{ "/alice/./cal/../cal/a.ics", "/alice/cal/a.ics", true },
		{ "/../../a.ics", "/a.ics", true },
		{ "/a b.ics", "/a%20b.ics", true },
		{ "/A.ics", "/a.ics", false },
		{ "/100%.ics", "/100%25.ics", true },
		{ "/100%zz.ics", "/100%25zz.ics", true },
		{ "/a%00b.ics", "/ab.ics", false },
		{ "http://dav.example.org", "/", true },
		{ "/x?y=http://a", "/x", false },
		{ "/a+b.ics", "/a%2Bb.ics", true },
		{ "/a+b.ics", "/a b.ics", false },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		if (href_same(pairs[i].a, pairs[i].b) != pairs[i].same)
			fail_msg("%s and %s: %s", pairs[i].a, pairs[i].b, pairs[i].same ? "not same" : "same");
		assert_int_equal(href_same(pairs[i].b, pairs[i].a), pairs[i].same);
		passed++;
	}
	assert_true(passed >= 22);
}

static void odd_hrefs_have_no_norm(void **state)
{
	struct arena *arena = arena_new();
	char *large = arena_alloc(arena, HREF_MOST + 2);

	(void)state;
	memset(large, 'x', HREF_MOST + 1);
	assert_null(href_norm(arena, "/", ""));
	assert_null(href_norm(arena, "/", NULL));
	assert_null(href_norm(arena, "/", large));
	assert_string_equal(href_norm(arena, "/home/", "a.ics"), "/home/a.ics");
	assert_string_equal(href_norm(arena, "/h%40me", "a.ics"), "/h@me/a.ics");
	assert_string_equal(href_norm(arena, "/", "/"), "");
	assert_string_equal(href_below("/home/a/b", "/home/a"), "b");
	assert_string_equal(href_below("/a", ""), "a");
	assert_null(href_below("/home/ab", "/home/a"));
	assert_null(href_below("/home/a", "/home/a"));
	assert_string_equal(href_last(arena, "/home/Gar%C3%A7on/"), "Gar\xc3\xa7on");
	assert_string_equal(href_last(arena, "/"), "");
	arena_free(arena);
}

/* What is sent is what came, but for what must not stand in a request line. */
static void targets_are_verbatim(void **state)
{
	static const struct {
		const char *href, *target;
	} targets[] = {
		{ "/alice/cal/a.ics", "/alice/cal/a.ics" },
		{ "/a%40b/x@y.ics", "/a%40b/x@y.ics" },
		{ "/a%2540b.ics", "/a%2540b.ics" },
		{ "//alice//a.ics", "//alice//a.ics" },
		{ "/a b.ics", "/a%20b.ics" },
		{ "/\xc5\xbe.ics", "/%C5%BE.ics" },
		{ "/a\r\nX: y.ics", "/a%0D%0AX:%20y.ics" },
		{ "/a?b=c&d", "/a?b=c&d" },
		{ "/a#b", "/a" },
		{ "https://dav.example.org/alice/a.ics", "/alice/a.ics" },
		{ "https://dav.example.org", "/" },
		{ "a.ics", "/base/a.ics" },
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		assert_string_equal(href_target(arena, "/base/", targets[i].href), targets[i].target);
		passed++;
	}
	assert_true(passed >= 12);
	arena_free(arena);
}

static void new_names(void **state)
{
	static const struct {
		const char *uid;
		bool kept;
	} uids[] = {
		{ "20260101-0001", true },  { "A_b.c-9", true },  { "a@example.com", false },
		{ ".hidden", false },       { "..", false },      { "a/b", false },
		{ "a b", false },           { "a%41", false },    { "\xc5\xbe", false },
		{ "", false },              { "a\nb", false },
	};
	struct arena *arena = arena_new();
	const char *names[4];
	char large[5001];
	size_t passed = 0;

	(void)state;
	memset(large, 'u', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	for (size_t i = 0; i < COUNT(uids); i++) {
		const char *name = href_name(arena, uids[i].uid, ".ics", 0);
		bool kept = str_starts(name, uids[i].uid) && strlen(name) == strlen(uids[i].uid) + 4 &&
			    *uids[i].uid;

		if (kept != uids[i].kept)
			fail_msg("%s: %s", uids[i].uid, name);
		assert_true(href_plain(name));
		assert_true(str_ends(name, ".ics"));
		assert_string_equal(name, href_name(arena, uids[i].uid, ".ics", 0));
		passed++;
	}
	assert_true(passed >= 11);
	assert_true(strlen(href_name(arena, large, ".vcf", 0)) < 60);
	for (unsigned n = 0; n < 4; n++) {
		names[n] = href_name(arena, "same", ".ics", n);
		for (unsigned k = 0; k < n; k++)
			assert_string_not_equal(names[n], names[k]);
	}
	arena_free(arena);
}

/* ---- refs ---------------------------------------------------------------------------------- */

static void refs_are_sent_back_as_they_came(void **state)
{
	static const struct collection collection = {
		.name = "/a%40b/cal",
		.prefix = "/a%40b/cal/",
		.target = "/a%40b/cal/",
		.norm = "/a@b/cal",
	};
	static const struct {
		const char *href, *ref;
	} refs[] = {
		{ "/a%40b/cal/x%20y.ics", "x%20y.ics" },
		{ "/a@b/cal/x.ics", "/a@b/cal/x.ics" },
		{ "http://h/a%40b/cal/x.ics", "http://h/a%40b/cal/x.ics" },
		{ "/elsewhere/x.ics", "/elsewhere/x.ics" },
		{ "/a%40b/cal//x.ics", "/a%40b/cal//x.ics" },
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(refs); i++) {
		const char *ref = item_ref(&collection, refs[i].href);

		assert_string_equal(ref, refs[i].ref);
		assert_string_equal(item_href(arena, &collection, ref), refs[i].href);
		passed++;
	}
	assert_true(passed >= 5);
	assert_string_equal(item_target(arena, &collection, "x%20y.ics"), "/a%40b/cal/x%20y.ics");
	assert_string_equal(item_target(arena, &collection, "http://h/a@b/cal/x.ics"), "/a@b/cal/x.ics");
	assert_string_equal(item_target(arena, &collection, "/a@b/cal/x.ics"), "/a@b/cal/x.ics");
	arena_free(arena);
}

/* ---- paths --------------------------------------------------------------------------------- */

static void paths_of_collections(void **state)
{
	static const struct {
		enum kind kind;
		const char *title, *href;
		unsigned n;
		const char *path;
	} paths[] = {
		{ KIND_EVENTS, "Home", "/h/x/", 1, "calendars/Home" },
		{ KIND_EVENTS, "Home", "/h/x/", 2, "calendars/Home-2" },
		{ KIND_TASKS, "To do", "/h/x/", 1, "tasks/To do" },
		{ KIND_NOTES, "a/b", "/h/x/", 1, "notes/a%2Fb" },
		{ KIND_CONTACTS, "..", "/h/x/", 1, "contacts/%2E%2E" },
		{ KIND_CONTACTS, "cur", "/h/x/", 1, "contacts/%63ur" },
		{ KIND_EVENTS, NULL, "/h/Gar%C3%A7on/", 1, "calendars/Gar\xc3\xa7on" },
		{ KIND_EVENTS, NULL, "/h/%2e%2e%2fx/", 3, "calendars/x-3" },
		{ KIND_EVENTS, NULL, "/", 1, "calendars/%-" },
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		assert_string_equal(collection_path(arena, paths[i].kind, paths[i].title, paths[i].href,
						    paths[i].n),
				    paths[i].path);
		passed++;
	}
	assert_true(passed >= 9);
	arena_free(arena);
}

/* One directory, cut between two characters. */
static void long_titles_are_cut(void **state)
{
	struct arena *arena = arena_new();
	char title[901] = "";
	const char *path, *numbered;
	size_t root = strlen("calendars/");

	(void)state;
	for (size_t i = 0; i < 900; i += 3)
		memcpy(title + i, "\xe6\x97\xa5", 3);
	path = collection_path(arena, KIND_EVENTS, title, "/h/", 1);
	numbered = collection_path(arena, KIND_EVENTS, title, "/h/", 12);
	assert_true(strlen(path) <= root + 200);
	assert_true(strlen(path) > root + 190);
	assert_true(str_utf8(path, strlen(path)));
	assert_null(strchr(path + root, '/'));
	assert_true(str_starts(numbered, path));
	assert_true(str_ends(numbered, "-12"));
	memset(title, '/', 900);
	path = collection_path(arena, KIND_EVENTS, title, "/h/", 1);
	assert_true(strlen(path) <= root + 200);
	arena_free(arena);
}

static void titles_and_colors(void **state)
{
	static const struct {
		const char *text, *title;
	} titles[] = {
		{ "Home", "Home" },
		{ "  two\n words\t", "two words" },
		{ "a\x1b[31mb\x7f", "a [31mb" },
		{ "\xc2\x9b" "31m", "31m" },
		{ " \r\n", NULL },
		{ "", NULL },
		{ "\xff\xfe", NULL },
		{ NULL, NULL },
	};
	static const struct {
		const char *text, *color;
	} colors[] = {
		{ "#ff0000", "#ff0000" }, { "#FF00AAff", "#FF00AA" }, { " #00ff00 \n", "#00ff00" },
		{ "red", NULL },          { "#f00", NULL },           { "#ff00zz", NULL },
		{ "#ff0000ff0", NULL },   { "", NULL },               { NULL, NULL },
		{ "#ff0000; x", NULL },
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(titles); i++, passed++) {
		const char *title = collection_title(arena, titles[i].text);

		assert_int_equal(title != NULL, titles[i].title != NULL);
		if (title)
			assert_string_equal(title, titles[i].title);
	}
	for (size_t i = 0; i < COUNT(colors); i++, passed++) {
		const char *color = collection_color(arena, colors[i].text);

		assert_int_equal(color != NULL, colors[i].color != NULL);
		if (color)
			assert_string_equal(color, colors[i].color);
	}
	assert_true(passed >= 18);
	arena_free(arena);
}

/* ---- cursors, memo --------------------------------------------------------------------------- */

static void cursors_come_back(void **state)
{
	static const struct since cursors[] = {
		{ "http://radicale.org/ns/sync/abc", "", 1700000000 },
		{ "data:,1795341505-4", "\"quoted\"", 1 },
		{ "a b%20c\n\xc5\xbe", "% %%", INT64_MAX / 2 },
		{ "", "ctag", 0 },
		{ "", "", 0 },
	};
	struct arena *arena = arena_new();
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cursors); i++) {
		const char *text = since_text(arena, "/alice/cal", &cursors[i]);
		struct since back;

		assert_true(since_parse(arena, text, "/alice/cal", &back));
		assert_string_equal(back.token, cursors[i].token);
		assert_string_equal(back.ctag, cursors[i].ctag);
		assert_true(back.full == cursors[i].full);
		/* The cursor of another collection says nothing. */
		assert_false(since_parse(arena, text, "/alice/other", &back));
		assert_string_equal(back.token, "");
		passed++;
	}
	assert_int_equal(passed, 5);
	arena_free(arena);
}

static void odd_cursors_are_nothing(void **state)
{
	struct arena *arena = arena_new();
	const char *text = since_text(arena, "/c", &(struct since){ "token", "ctag", 1700000000 });
	struct since back;
	size_t passed = 0;

	(void)state;
	assert_false(since_parse(arena, NULL, "/c", &back));
	assert_false(since_parse(arena, "", "/c", &back));
	assert_false(since_parse(arena, "no such cursor", "/c", &back));
	for (size_t size = 0; size < strlen(text); size++) {
		const char *cut = arena_strn(arena, text, size);
		bool is = since_parse(arena, cut, "/c", &back);

		/* A number may be cut: any is one.  All before it may not. */
		assert_true(!is || size > strlen(text) - strlen("1700000000"));
		passed++;
	}
	assert_true(passed > 20);
	assert_false(since_parse(arena, arena_printf(arena, "%s x", text), "/c", &back));
	assert_false(since_parse(arena, arena_printf(arena, "%s%%", text), "/c", &back));
	assert_false(since_parse(arena, arena_printf(arena, "%s0000000000", text), "/c", &back));
	arena_free(arena);
}

static void the_memo_comes_back(void **state)
{
	static const char text[] = "dav 1\n"
				   "asked 0123456789abcdef\n"
				   "found 1795300000\n"
				   "wait 1795341505\n"
				   "home both https://dav.example.org/alice/\n"
				   "home calendar https://other.example.org/x y/\n"
				   "lacks calendar sync,move https://dav.example.org\n"
				   "lacks book sync-data,multiget,ctag https://dav.example.org\n";
	struct arena *arena = arena_new();
	struct learnt *learnt = arena_alloc(arena, sizeof *learnt);

	(void)state;
	learnt_parse(arena, text, learnt);
	assert_string_equal(learnt->asked, "0123456789abcdef");
	assert_int_equal(learnt->wait, 1795341505);
	assert_int_equal(learnt->found, 1795300000);
	assert_int_equal(learnt->home_count, 2);
	assert_true(learnt->homes[0].calendars && learnt->homes[0].contacts && !learnt->homes[0].collection);
	assert_true(learnt->homes[1].calendars && !learnt->homes[1].contacts && learnt->homes[1].collection);
	assert_string_equal(learnt->homes[1].url, "https://other.example.org/x y/");
	assert_int_equal(learnt->origin_count, 1);
	assert_int_equal(learnt->origins[0].lacks[CALENDAR], LACKS_SYNC | LACKS_MOVE);
	assert_int_equal(learnt->origins[0].lacks[BOOK],
			 LACKS_SYNC_DATA | LACKS_MULTIGET | LACKS_CTAG);
	assert_string_equal(learnt_text(arena, learnt), text);
	assert_int_equal(dav_memo_wait(text), 1795341505);
	arena_free(arena);
}

static void an_odd_memo_is_nothing(void **state)
{
	static const char *const texts[] = {
		NULL, "", "imap 1\nhome both https://h/\n", "dav 2\n", "dav 1\nhome\nhome both\nhome both \n",
		"dav 1\nhome sideways https://h/\nwait -5\nwait x\nwait 99999999999999999999\n",
		"dav 1\nlacks\nlacks book\nlacks book x\nlacks x y z\n",
	};
	struct arena *arena = arena_new();
	struct learnt *learnt = arena_alloc(arena, sizeof *learnt);
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++, passed++) {
		learnt_parse(arena, texts[i], learnt);
		assert_int_equal(learnt->home_count, 0);
		assert_int_equal(learnt->wait, 0);
		assert_null(learnt_text(arena, learnt));
		assert_int_equal(dav_memo_wait(texts[i]), 0);
	}
	assert_int_equal(passed, 7);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_hrefs),
		cmocka_unit_test(odd_hrefs_have_no_norm),
		cmocka_unit_test(targets_are_verbatim),
		cmocka_unit_test(new_names),
		cmocka_unit_test(refs_are_sent_back_as_they_came),
		cmocka_unit_test(paths_of_collections),
		cmocka_unit_test(long_titles_are_cut),
		cmocka_unit_test(titles_and_colors),
		cmocka_unit_test(cursors_come_back),
		cmocka_unit_test(odd_cursors_are_nothing),
		cmocka_unit_test(the_memo_comes_back),
		cmocka_unit_test(an_odd_memo_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
