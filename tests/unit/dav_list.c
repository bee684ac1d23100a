/* The DAV driver's listings, on the wire: homes, tokens, fallbacks, and answers that say too little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "davscript.h"

#define SYNC(token) "<D:sync-token>" token "</D:sync-token>"

static void an_idle_run_is_one_request(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME_ASKED(WORK, NULL, "sync-token"), /* there is nothing to compare one with */
		{ .request = "REPORT /home/work/",
		  .has = { "Depth: 0", SYNC(""), "calendar-data" },
		  .status = "207",
		  .body = MULTISTATUS(DATA("/home/work/a.ics", "&quot;1&quot;", EVENT("a", "A"))
					      TOKEN("t1")) },
		HOME_ASKED(WORK, "sync-token", "getctag"),
		{ 0 },
	};
	struct script_test test;
	struct store_known known = { .path = "calendars/Work", .name = "/home/work/" };
	const char *cursor = "";

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete a.ics=\"1\"/a");
	script_reopen(&test);
	known.cursor = cursor;
	OK(store_folders(test.store, &known, 1, test.arena, &test.list));
	assert_int_equal(test.list.count, 1);
	assert_int_equal(test.list.items[0].news, NEWS_NONE);
	script_end(&test);
}

/* A body that came with the listing is not asked for again. */
static const struct fail *keep(void *context, struct read *read)
{
	(void)context;
	(void)read;
	return NULL;
}

static void what_came_along_is_not_read_again(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "REPORT /home/work/",
		  .status = "207",
		  .body = MULTISTATUS(DATA("/home/work/a.ics", "1", EVENT("a", "A"))
					      ITEM("/home/work/b.ics", "2") TOKEN("t1")) },
		{ .request = "REPORT /home/work/",
		  .has = { "calendar-multiget", "/home/work/b.ics" },
		  .lacks = "/home/work/a.ics",
		  .status = "207",
		  .body = MULTISTATUS(DATA("/home/work/b.ics", "2", EVENT("b", "B"))) },
		{ 0 },
	};
	struct script_test test;
	struct read reads[2] = { 0 };
	struct body *body;

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", NULL), "complete a.ics=1/a b.ics=2");
	for (size_t i = 0; i < 2; i++) {
		reads[i].folder = script_folder(&test, "calendars/Work");
		reads[i].ref = i ? "b.ics" : "a.ics";
		reads[i].part = PART_WHOLE;
	}
	OK(store_read(test.store, reads, 2, keep, NULL, test.arena));
	for (size_t i = 0; i < 2; i++) {
		OK(reads[i].fail);
		body = script_body(i ? EVENT("b", "B") : EVENT("a", "A"));
		assert_true(digest_equal(&reads[i].body->digest, &body->digest));
		assert_string_equal(reads[i].now.revision, i ? "2" : "1");
		assert_string_equal(reads[i].key, i ? "b" : "a");
		body_free(body);
		body_free(reads[i].body);
	}
	script_end(&test);
}

static void a_delta(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "REPORT /home/work/",
		  .has = { SYNC("") },
		  .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/a.ics", "1") ITEM("/home/work/b.ics", "1")
					      GONE("/home/work/never.ics") TOKEN("t&amp;1")) },
		{ .request = "REPORT /home/work/",
		  .has = { SYNC("t&amp;1") },
		  .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/b.ics", "2") GONE("/home/work/a.ics")
					      GONE("/home/work/z.ics") TOKEN("t2")) },
		{ .request = "REPORT /home/work/",
		  .has = { SYNC("t2") },
		  .status = "207",
		  .body = MULTISTATUS(TOKEN("t2")) },
		{ 0 },
	};
	struct script_test test;
	const char *cursor = "";

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete a.ics=1 b.ics=1");
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "delta b.ics=2 -a.ics -z.ics");
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "delta");
	script_end(&test);
}

/* A server's tokens are not believed for ever. */
static void once_a_week_all_is_listed(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "REPORT /home/work/", .has = { SYNC("") }, .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/a.ics", "1") ITEM("/home/work/b.ics", "1") TOKEN("t1")) },
		HOME(WORK),
		HOME(WORK),
		{ .request = "REPORT /home/work/", .has = { SYNC("") }, .lacks = "calendar-data", .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/b.ics", "2") TOKEN("t1")) },
		HOME(WORK),
		{ 0 },
	};
	struct script_test test;
	struct store_known known = { .path = "calendars/Work", .name = "/home/work/" };
	const char *cursor = "";

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete a.ics=1 b.ics=1");
	for (int days = 6; days <= 8; days++) {
		test.options.now = SCRIPT_NOW + days * 86400;
		script_reopen(&test);
		known.cursor = cursor;
		OK(store_folders(test.store, &known, 1, test.arena, &test.list));
		assert_int_equal(test.list.items[0].news, days == 7 ? NEWS_SOME : NEWS_NONE);
		if (days == 7)
			assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete b.ics=2");
	}
	script_end(&test);
}

/* Whatever a server says to a token that it does not like: all is listed, and no item downloaded. */
static void a_refused_token_lists_all(void **state)
{
	static const char *const statuses[] = { "403", "409", "410", "412", "500", "400", "404", "200" };
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		const struct exchange script[] = {
			DISCOVER,
			HOME(WORK),
			{ .request = "REPORT /home/work/",
			  .has = { SYNC("") },
			  .status = "207",
			  .body = MULTISTATUS(ITEM("/home/work/a.ics", "1") TOKEN("t1")) },
			{ .request = "REPORT /home/work/",
			  .has = { SYNC("t1") },
			  .status = statuses[i],
			  .body = ERROR("<D:valid-sync-token/>") },
			{ .request = "REPORT /home/work/",
			  .has = { SYNC("") },
			  .lacks = "calendar-data",
			  .status = "207",
			  .body = MULTISTATUS(ITEM("/home/work/b.ics", "1") TOKEN("t9")) },
			{ .request = "REPORT /home/work/",
			  .has = { SYNC("t9") },
			  .status = "207",
			  .body = MULTISTATUS(TOKEN("t9")) },
			{ 0 },
		};
		struct script_test test;
		const char *cursor = "";

		script_begin(&test, script);
		assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete a.ics=1");
		assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete b.ics=1");
		assert_string_equal(script_list(&test, "calendars/Work", &cursor), "delta");
		script_end(&test);
		passed++;
	}
	assert_true(passed >= 8);
}

#define ETAGS(responses)                                                                                     \
	{                                                                                                    \
		.request = "PROPFIND /home/work/", .has = { "Depth: 1", "getetag" }, .status = "207",        \
		.body = MULTISTATUS(SELF("/home/work/") responses)                                           \
	}
#define CTAG(ctag)                                                                                           \
	{                                                                                                    \
		.request = "PROPFIND /home/work/", .has = { "Depth: 0", "getctag" }, .status = "207",        \
		.body = MULTISTATUS(RESPONSE("/home/work/", PROPS("<S:getctag>" ctag "</S:getctag>")))       \
	}
#define HOME_CTAG(ctag)                                                                                      \
	HOME(RESPONSE("/home/work/", CALENDAR_PROPS("Work", "<S:getctag>" ctag "</S:getctag>")))

/* Without sync-collection: ETags, and the ctag as it was before.  That is learnt for the next run. */
static void a_server_without_tokens(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME_CTAG("c1"),
		{ .request = "REPORT /home/work/", .status = "403", .body = ERROR("<D:supported-report/>") },
		CTAG("c1"),
		ETAGS(ITEM("/home/work/a.ics", "1")),
		HOME_CTAG("c1"),
		HOME_CTAG("c2"),
		ETAGS(ITEM("/home/work/a.ics", "2")),
		{ 0 },
	};
	struct script_test test;
	struct store_known known = { .path = "calendars/Work", .name = "/home/work/" };
	const char *cursor = "";

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete a.ics=1");
	script_reopen(&test);
	known.cursor = cursor;
	OK(store_folders(test.store, &known, 1, test.arena, &test.list));
	assert_int_equal(test.list.items[0].news, NEWS_NONE);
	OK(store_folders(test.store, &known, 1, test.arena, &test.list));
	assert_int_equal(test.list.items[0].news, NEWS_SOME);
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete a.ics=2");
	script_end(&test);
}

/* 507 for the collection: it goes on from the token that came with it. */
static void a_truncated_answer_is_continued(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "REPORT /home/work/",
		  .has = { SYNC("") },
		  .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/a.ics", "1") ITEM("/home/work/b.ics", "1")
					      RESPONSE("/home/work/", STATUS("507")) TOKEN("t1")) },
		{ .request = "REPORT /home/work/",
		  .has = { SYNC("t1") },
		  .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/c.ics", "1") GONE("/home/work/a.ics")
					      RESPONSE("/home/work/", STATUS("507")) TOKEN("t2")) },
		{ .request = "REPORT /home/work/",
		  .has = { SYNC("t2") },
		  .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/b.ics", "2") TOKEN("t3")) },
		{ .request = "REPORT /home/work/",
		  .has = { SYNC("t3") },
		  .status = "207",
		  .body = MULTISTATUS(TOKEN("t3")) },
		{ 0 },
	};
	struct script_test test;
	const char *cursor = "";

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete b.ics=2 c.ics=1");
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "delta");
	script_end(&test);
}

/* … but not for ever. */
static void a_truncated_answer_without_progress(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "REPORT /home/work/",
		  .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/a.ics", "1") RESPONSE("/home/work/", STATUS("507"))
					      TOKEN("t1")) },
		{ .request = "REPORT /home/work/",
		  .status = "207",
		  .body = MULTISTATUS(ITEM("/home/work/a.ics", "1") RESPONSE("/home/work/", STATUS("507"))
					      TOKEN("t1")) },
		CTAG("c1"),
		ETAGS(ITEM("/home/work/a.ics", "1") ITEM("/home/work/b.ics", "1")),
		{ 0 },
	};
	struct script_test test;

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", NULL), "complete a.ics=1 b.ics=1");
	script_end(&test);
}

/* A listing with a window: nothing is gone for not being in it, and no cursor stands on it. */
static void a_window_is_told(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME_CTAG("c1"),
		{ .request = "REPORT /home/work/", .status = "501" },
		CTAG("c1"),
		ETAGS(ITEM("/home/work/a.ics", "1") RESPONSE("/home/work/", STATUS("507"))),
		{ 0 },
	};
	struct script_test test;
	const char *cursor = "x";

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", &cursor), "complete a.ics=1 unstable");
	assert_string_equal(cursor, "");
	script_end(&test);
}

/* Answers that are no listing: the folder fails, and nothing is gone. */
static void what_is_no_listing_fails(void **state)
{
	static const struct {
		const char *what, *status, *body;
		enum fail_code code;
	} answers[] = {
		{ "empty", "207", "", FAIL_PROTOCOL },
		{ "HTML", "200", "<!DOCTYPE html><html><body>Log in</body></html>", FAIL_PROTOCOL },
		{ "HTML as 207", "207", "<html><body>Log in</body></html>", FAIL_PROTOCOL },
		{ "DOCTYPE", "207", "<!DOCTYPE x [<!ENTITY e \"e\">]>" MULTISTATUS(SELF("/home/work/")),
		  FAIL_PROTOCOL },
		{ "nothing in it", "207", MULTISTATUS(""), FAIL_PROTOCOL },
		{ "about something else", "207", MULTISTATUS(GONE("/home/other/a.ics")), FAIL_PROTOCOL },
		{ "gone inside", "207", MULTISTATUS(GONE("/home/work/")), FAIL_MISSING },
		{ "refused inside", "207", MULTISTATUS(RESPONSE("/home/work/", STATUS("403"))),
		  FAIL_REFUSED },
		{ "another root", "207", "<D:error xmlns:D=\"DAV:\"/>", FAIL_PROTOCOL },
		{ "cut", "HALF", MULTISTATUS(SELF("/home/work/") ITEM("/home/work/a.ics", "1")),
		  FAIL_UNREACHABLE },
		{ "text", "200", "all is well", FAIL_PROTOCOL },
		{ "404", "404", "", FAIL_MISSING },
		{ "410", "410", "", FAIL_MISSING },
		{ "403", "403", "", FAIL_REFUSED },
		{ "500", "500", "", FAIL_REFUSED },
		{ "elsewhere", "301", "", FAIL_REFUSED },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		const struct exchange script[] = {
			DISCOVER,
			HOME_CTAG("c1"),
			{ .request = "REPORT /home/work/", .status = "501" },
			CTAG("c1"),
			{ .request = "PROPFIND /home/work/",
			  .status = answers[i].status,
			  .headers = strcmp(answers[i].status, "301") == 0
					     ? "Location: https://other.example.org/\r\n"
					     : NULL,
			  .body = answers[i].body },
			{ 0 },
		};
		struct script_test test;
		struct look look = { .cursor = "" };

		script_begin(&test, script);
		look.folder = script_folder(&test, "calendars/Work");
		OK(store_list(test.store, &look, 1));
		if (!look.fail || look.fail->code != answers[i].code || look.fail->scope != FAIL_FOLDER)
			fail_msg("%s: %s", answers[i].what, look.fail ? look.fail->text : "listed");
		assert_null(look.listing);
		script_end(&test);
		passed++;
	}
	assert_true(passed >= 16);
}

/* One item that breaks the XML of all: the items are not asked for inside then. */
static void one_broken_item_spoils_no_listing(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "REPORT /home/work/",
		  .has = { "calendar-data" },
		  .status = "207",
		  .body = MULTISTATUS(DATA("/home/work/a.ics", "1", "<broken") TOKEN("t1")) },
		CTAG("c1"),
		ETAGS(ITEM("/home/work/a.ics", "1") ITEM("/home/work/b.ics", "1")),
		{ 0 },
	};
	struct script_test test;

	(void)state;
	script_begin(&test, script);
	assert_string_equal(script_list(&test, "calendars/Work", NULL), "complete a.ics=1 b.ics=1");
	script_end(&test);
}

static void duplicates_are_told_once(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME_CTAG("c1"),
		{ .request = "REPORT /home/work/", .status = "501" },
		CTAG("c1"),
		ETAGS(ITEM("/home/work/a.ics", "1") ITEM("/home/work/a.eml", "1") ITEM(
			"/home/work/a.ics",
			"1") RESPONSE("/home/work/b.ics",
				      PROPS("<D:resourcetype/><D:getcontenttype>text/html</D:getcontenttype>"
					    "<D:getetag>1</D:getetag>"))
			      RESPONSE("/home/work/sub/", PROPS("<D:resourcetype><D:collection/></"
								"D:resourcetype><D:getetag>1</D:getetag>"))
				      RESPONSE("/home/work/c.ics", STATUS("500"))),
		{ 0 },
	};
	struct script_test test;

	(void)state;
	script_begin(&test, script);
	/* What the server cannot tell about now is there all the same. */
	assert_string_equal(script_list(&test, "calendars/Work", NULL),
			    "complete a.eml=1 a.ics=1 c.ics=koc-unknown");
	script_end(&test);
}

/* No ETags: an item's revision is what it says. */
static void items_without_etags(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME_CTAG("c1"),
		{ .request = "REPORT /home/work/", .status = "501" },
		CTAG("c1"),
		ETAGS(RESPONSE("/home/work/a.ics", PROPS("<D:resourcetype/>"))),
		{ .request = "REPORT /home/work/",
		  .has = { "calendar-multiget" },
		  .status = "207",
		  .body = MULTISTATUS(
			  RESPONSE("/home/work/a.ics",
				   PROPS("<C:calendar-data>" EVENT("a", "A") "</C:calendar-data>"))) },
		{ .request = "PROPFIND /home/work/",
		  .has = { "Depth: 0", "getctag" },
		  .status = "207",
		  .body = MULTISTATUS(RESPONSE("/home/work/", PROPS("<S:getctag>c1</S:getctag>"))) },
		ETAGS(RESPONSE("/home/work/a.ics", PROPS("<D:resourcetype/>"))),
		{ .request = "REPORT /home/work/",
		  .has = { "calendar-multiget" },
		  .status = "207",
		  .body = MULTISTATUS(
			  RESPONSE("/home/work/a.ics",
				   PROPS("<C:calendar-data>" EVENT("a", "A") "</C:calendar-data>"))) },
		{ 0 },
	};
	struct script_test test;
	const char *first, *second;

	(void)state;
	script_begin(&test, script);
	first = script_list(&test, "calendars/Work", NULL);
	assert_true(str_starts(first, "complete a.ics=koc-content:"));
	second = script_list(&test, "calendars/Work", NULL);
	assert_string_equal(first, second);
	script_end(&test);
}

/* ---- homes ------------------------------------------------------------------------------------- */

static void a_home_that_does_not_list_fails(void **state)
{
	static const struct {
		const char *status, *body;
	} answers[] = {
		{ "207", MULTISTATUS("") },
		{ "207", MULTISTATUS(SELF("/other/")) },
		{ "207", MULTISTATUS(SELF("/home/") RESPONSE("/home/", STATUS("507"))) },
		{ "200", "<html/>" },
		{ "207", "" },
		{ "HALF", MULTISTATUS(SELF("/home/") WORK) },
		{ "500", "" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		const struct exchange script[] = {
			DISCOVER,
			{ .request = "PROPFIND /home/",
			  .has = { "Depth: 1" },
			  .status = answers[i].status,
			  .body = answers[i].body },
			{ 0 },
		};
		struct script_test test;
		const struct fail *f;

		script_begin(&test, script);
		f = script_folders(&test);
		assert_non_null(f);
		assert_int_equal(f->scope, FAIL_ACCOUNT);
		assert_int_equal(test.list.count, 0);
		script_end(&test);
		passed++;
	}
	assert_true(passed >= 7);
}

/* A home that is remembered and not there any more is looked for once. */
static void a_lost_home_is_found_again(void **state)
{
	static const struct {
		const char *status, *body;
	} answers[] = { { "404", "" }, { "403", "" }, { "410", "" }, { "207", MULTISTATUS(GONE("/home/")) } };
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		const struct exchange script[] = {
			DISCOVER,
			HOME(WORK),
			{ .request = "PROPFIND /home/",
			  .has = { "Depth: 1" },
			  .status = answers[i].status,
			  .headers = "Connection: close\r\n",
			  .body = answers[i].body },
			DISCOVER,
			HOME(WORK),
			{ 0 },
		};
		struct script_test test;

		script_begin(&test, script);
		OK(script_folders(&test));
		script_reopen(&test);
		OK(script_folders(&test));
		assert_int_equal(test.list.count, 1);
		script_end(&test);
		passed++;
	}
	assert_true(passed >= 4);
}

/* Once a month homes are looked for again; those that are known serve when that fails. */
static void homes_are_looked_for_again(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		/* a month later */
		{ .request = "PROPFIND /home/", .has = { "Depth: 0" }, .status = "500",
		  .headers = "Connection: close\r\n" },
		HOME(WORK),
		/* the same day */
		HOME(WORK),
		/* the next day */
		DISCOVER,
		HOME(WORK),
		HOME(WORK),
		{ 0 },
	};
	static const int64_t later[] = { 0, 31 * 86400, 31 * 86400 + 3600, 32 * 86400 + 3600, 33 * 86400 };
	struct script_test test;
	size_t passed = 0;

	(void)state;
	script_begin(&test, script);
	for (size_t i = 0; i < COUNT(later); i++) {
		test.options.now = SCRIPT_NOW + later[i];
		script_reopen(&test);
		OK(script_folders(&test));
		assert_int_equal(test.list.count, 1);
		passed++;
	}
	assert_int_equal(passed, 5);
	script_end(&test);
}

/* A server that asks to wait is not asked again before, by the next run neither. */
static void a_server_that_asks_to_wait(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "PROPFIND /home/", .status = "503", .headers = "Retry-After: 600\r\n" },
		{ 0 },
	};
	struct script_test test;
	const char *memo;

	(void)state;
	script_begin(&test, script);
	test.options.now = (int64_t)time(NULL);
	script_reopen(&test);
	OK(script_folders(&test));
	script_reopen(&test);
	FAILS(FAIL_UNREACHABLE, "wait", script_folders(&test));
	assert_in_range(dav_memo_wait(test.store->memo), test.options.now + 590, test.options.now + 610);
	memo = arena_str(test.arena, test.store->memo);
	script_reopen(&test);
	FAILS(FAIL_UNREACHABLE, "asked again", script_folders(&test));
	assert_string_equal(test.store->memo, memo);
	script_end(&test);
}

/* A collection that the home cannot tell about is not gone; names stay, kinds too. */
static void paths_stay(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK RESPONSE("/home/b%40c/", CALENDAR_PROPS("Work", "")) RESPONSE(
			"/home/t/", CALENDAR_PROPS("Old title", "<C:supported-calendar-component-set>"
								"<C:comp name=\"VEVENT\"/>"
								"</C:supported-calendar-component-set>"))
			     RESPONSE("/home/broken/", STATUS("500"))
				     RESPONSE("/home/unknown/", STATUS("500"))
					     RESPONSE("/home/x/", CALENDAR_PROPS("", ""))),
		{ 0 },
	};
	static const struct store_known known[] = {
		{ .path = "calendars/Mine", .name = "/home/b@c", .cursor = "" },
		{ .path = "tasks/Mine", .name = "/home/t/", .cursor = "" },
		{ .path = "calendars/Broken", .name = "/home/broken/", .cursor = "" },
		{ .path = "calendars/Gone", .name = "/home/gone/", .cursor = "" },
	};
	static const struct {
		const char *path, *name;
		enum kind kind;
	} wanted[] = {
		{ "calendars/Broken", "/home/broken/", KIND_EVENTS },
		{ "calendars/Mine", "/home/b%40c/", KIND_EVENTS },
		{ "calendars/Work", "/home/work/", KIND_EVENTS },
		{ "calendars/x", "/home/x/", KIND_EVENTS },
		{ "tasks/Mine", "/home/t/", KIND_TASKS },
	};
	struct script_test test;

	(void)state;
	script_begin(&test, script);
	OK(store_folders(test.store, known, COUNT(known), test.arena, &test.list));
	assert_true(test.list.complete);
	assert_int_equal(test.list.count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		assert_string_equal(test.list.items[i].path, wanted[i].path);
		assert_string_equal(test.list.items[i].name, wanted[i].name);
		assert_int_equal(test.list.items[i].kind, wanted[i].kind);
		assert_int_equal(test.list.items[i].news, NEWS_SOME);
	}
	script_end(&test);
}

static void equal_titles_get_numbers(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(RESPONSE("/home/z/", CALENDAR_PROPS("Same", ""))
			     RESPONSE("/home/a/", CALENDAR_PROPS("Same", ""))
				     RESPONSE("/home/m/", CALENDAR_PROPS("Same", ""))
					     RESPONSE("/home/m", CALENDAR_PROPS("Same", ""))),
		{ 0 },
	};
	static const char *const wanted[][2] = { { "calendars/Same", "/home/a/" },
						 { "calendars/Same-2", "/home/m/" },
						 { "calendars/Same-3", "/home/z/" } };
	struct script_test test;

	(void)state;
	script_begin(&test, script);
	OK(script_folders(&test));
	assert_int_equal(test.list.count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		assert_string_equal(test.list.items[i].path, wanted[i][0]);
		assert_string_equal(test.list.items[i].name, wanted[i][1]);
	}
	script_end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_run_is_one_request),
		cmocka_unit_test(what_came_along_is_not_read_again),
		cmocka_unit_test(a_delta),
		cmocka_unit_test(once_a_week_all_is_listed),
		cmocka_unit_test(a_refused_token_lists_all),
		cmocka_unit_test(a_server_without_tokens),
		cmocka_unit_test(a_truncated_answer_is_continued),
		cmocka_unit_test(a_truncated_answer_without_progress),
		cmocka_unit_test(a_window_is_told),
		cmocka_unit_test(what_is_no_listing_fails),
		cmocka_unit_test(one_broken_item_spoils_no_listing),
		cmocka_unit_test(duplicates_are_told_once),
		cmocka_unit_test(items_without_etags),
		cmocka_unit_test(a_home_that_does_not_list_fails),
		cmocka_unit_test(a_lost_home_is_found_again),
		cmocka_unit_test(homes_are_looked_for_again),
		cmocka_unit_test(a_server_that_asks_to_wait),
		cmocka_unit_test(paths_stay),
		cmocka_unit_test(equal_titles_get_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
