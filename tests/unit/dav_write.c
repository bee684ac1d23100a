/* The DAV driver's writes, removals and moves, on the wire: conditions, refusals, cut lines, servers that tell
 * too little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "davscript.h"

#define OTHER RESPONSE("/home/other/", CALENDAR_PROPS("Other", ""))
#define UID_TAKEN(href) ERROR("<C:no-uid-conflict><D:href>" href "</D:href></C:no-uid-conflict>")

/* Does one write and sync(); its body is of UID "a". */
static struct write write_one(struct script_test *test, const char *summary, const char *replaces,
			      const char *revision)
{
	char text[512];
	struct write write = { .folder = script_folder(test, "calendars/Work"), .key = "a",
			       .replaces = replaces, .if_revision = revision };

	snprintf(text, sizeof text, EVENT("a", "%s"), summary);
	write.body = script_body(text);
	OK(store_write(test->store, &write, 1, test->arena));
	OK(store_sync(test->store));
	body_free(write.body);
	return write;
}

/* ---- single writes ------------------------------------------------------------------------------ */

#define PUT_NEW(...) { .request = "PUT /home/work/a.ics", .has = { "If-None-Match: *\r\n" }, __VA_ARGS__ }
#define PUT_OVER(etag, ...) { .request = "PUT /home/work/a.ics", .has = { "If-Match: " etag "\r\n" }, __VA_ARGS__ }
#define GET_A(...) { .request = "GET /home/work/a.ics", __VA_ARGS__ }
#define OURS .body = EVENT("a", "ours")
#define THEIRS .body = EVENT("a", "theirs")
#define STRANGERS .body = EVENT("stranger", "ours")
#define MULTIGET(responses)                                                                                 \
	{ .request = "REPORT /home/work/", .has = { "calendar-multiget", "/home/work/a.ics" }, .status = "207", \
	  .body = MULTISTATUS(responses) }

static const struct {
	const char *what;
	const char *replaces, *revision;
	struct exchange script[6];
	/* outcome: */
	bool good;
	enum fail_code code;
	const char *text;           /* in the fail; or the ref */
	const char *now;            /* revision */
} writes[] = {
	{ "new", NULL, NULL, { PUT_NEW(.status = "201", .headers = "ETag: \"1\"\r\n") },
	  true, 0, "a.ics", "\"1\"" },
	{ "new, unquoted ETag", NULL, NULL, { PUT_NEW(.status = "204", .headers = "ETag: some-id\r\n") },
	  true, 0, "a.ics", "some-id" },
	{ "no ETag: read again", NULL, NULL,
	  { PUT_NEW(.status = "201"), MULTIGET(DATA("/home/work/a.ics", "7", EVENT("a", "ours"))) },
	  true, 0, "a.ics", "7" },
	{ "weak ETag: read again", NULL, NULL,
	  { PUT_NEW(.status = "201", .headers = "ETag: W/\"1\"\r\n"),
	    MULTIGET(DATA("/home/work/a.ics", "W/&quot;1&quot;", EVENT("a", "ours"))) },
	  true, 0, "a.ics", "W/\"1\"" },
	{ "read again, and somebody else was there", NULL, NULL,
	  { PUT_NEW(.status = "201"), MULTIGET(DATA("/home/work/a.ics", "8", EVENT("a", "theirs"))) },
	  true, 0, "a.ics", "koc-unknown" },
	{ "read again, and it is gone", NULL, NULL,
	  { PUT_NEW(.status = "201"), MULTIGET(GONE("/home/work/a.ics")) }, false, FAIL_STALE, "gone", NULL },
	{ "stored under another name", NULL, NULL,
	  { PUT_NEW(.status = "201", .headers = "ETag: \"1\"\r\nLocation: /home/work/server-chose.ics\r\n") },
	  true, 0, "server-chose.ics", "\"1\"" },
	{ "a Location that is no other name", NULL, NULL,
	  { PUT_NEW(.status = "201", .headers = "ETag: \"1\"\r\nLocation: http://h//home/work/%61.ics\r\n") },
	  true, 0, "a.ics", "\"1\"" },
	{ "a Location outside", NULL, NULL,
	  { PUT_NEW(.status = "201", .headers = "ETag: \"1\"\r\nLocation: /elsewhere/b.ics\r\n") },
	  true, 0, "a.ics", "\"1\"" },
	{ "it is there already, the same", NULL, NULL,
	  { PUT_NEW(.status = "412"), GET_A(.status = "200", .headers = "ETag: \"5\"\r\n", OURS) },
	  true, 0, "a.ics", "\"5\"" },
	{ "it is there already, another version", NULL, NULL,
	  { PUT_NEW(.status = "412"), GET_A(.status = "200", .headers = "ETag: \"5\"\r\n", THEIRS) },
	  false, FAIL_EXISTS, "another version", NULL },
	{ "the name is taken", NULL, NULL,
	  { PUT_NEW(.status = "412"), GET_A(.status = "200", .headers = "ETag: \"5\"\r\n", STRANGERS),
	    { .request = "PUT /home/work/ca978112ca1bbdcafac231b39a23dc4da786eff8.ics",
	      .has = { "If-None-Match: *" }, .status = "201", .headers = "ETag: \"1\"\r\n" } },
	  true, 0, "ca978112ca1bbdcafac231b39a23dc4da786eff8.ics", "\"1\"" },
	{ "the UID is in use here, the same", NULL, NULL,
	  { PUT_NEW(.status = "409", .body = UID_TAKEN("/home/work/b.ics")),
	    { .request = "GET /home/work/b.ics", .status = "200", .headers = "ETag: \"5\"\r\n", OURS } },
	  true, 0, "b.ics", "\"5\"" },
	{ "the UID is in use here, another version", NULL, NULL,
	  { PUT_NEW(.status = "403", .body = UID_TAKEN("http://h/home/work/b.ics")),
	    { .request = "GET /home/work/b.ics", .status = "200", .headers = "ETag: \"5\"\r\n", THEIRS } },
	  false, FAIL_EXISTS, "another version", NULL },
	{ "the UID is in use elsewhere", NULL, NULL,
	  { PUT_NEW(.status = "403", .body = UID_TAKEN("/home/other/b.ics")), GET_A(.status = "404") },
	  false, FAIL_REFUSED, "no-uid-conflict", NULL },
	{ "refused", NULL, NULL,
	  { PUT_NEW(.status = "403",
		    .body = ERROR("<C:valid-calendar-data/><D:responsedescription>DTEND must occur after DTSTART"
				  "</D:responsedescription>")),
	    GET_A(.status = "404") },
	  false, FAIL_REFUSED, "403 valid-calendar-data: DTEND must occur after DTSTART", NULL },
	{ "refused inside a 207", NULL, NULL,
	  { PUT_NEW(.status = "207",
		    .body = MULTISTATUS(RESPONSE("/home/work/a.ics", STATUS("412") "<D:error><C:valid-calendar-data/>"
								     "</D:error>"))),
	    GET_A(.status = "404") },
	  false, FAIL_REFUSED, "412 valid-calendar-data", NULL },
	{ "a 207 that is none", NULL, NULL,
	  { PUT_NEW(.status = "207", .body = "<html></html>"), GET_A(.status = "404") },
	  false, FAIL_STALE, "cut", NULL },
	{ "stored, says a 207", NULL, NULL,
	  { PUT_NEW(.status = "207", .headers = "ETag: \"1\"\r\n",
		    .body = MULTISTATUS(RESPONSE("/home/work/a.ics", STATUS("201")))) },
	  true, 0, "a.ics", "\"1\"" },
	{ "too large", NULL, NULL, { PUT_NEW(.status = "413") }, false, FAIL_REFUSED, "413", NULL },
	{ "full", NULL, NULL, { PUT_NEW(.status = "507") }, false, FAIL_QUOTA, "507", NULL },
	{ "over quota", NULL, NULL,
	  { PUT_NEW(.status = "403", .body = ERROR("<D:quota-not-exceeded/>")), GET_A(.status = "404") },
	  false, FAIL_QUOTA, "quota", NULL },
	{ "no right to", NULL, NULL,
	  { PUT_NEW(.status = "403", .body = ERROR("<D:need-privileges/>")), GET_A(.status = "404") },
	  false, FAIL_DENIED, "need-privileges", NULL },
	{ "no collection", NULL, NULL, { PUT_NEW(.status = "404") }, false, FAIL_MISSING, "collection", NULL },
	{ "redirected", NULL, NULL, { PUT_NEW(.status = "307", .headers = "Location: /x\r\n") },
	  false, FAIL_REFUSED, "redirected", NULL },
	{ "server is ill", NULL, NULL, { PUT_NEW(.status = "500") }, false, FAIL_REFUSED, "500", NULL },
	{ "gateway is ill", NULL, NULL, { PUT_NEW(.status = "502") }, false, FAIL_UNREACHABLE, "502", NULL },
	{ "cut, and stored", NULL, NULL,
	  { PUT_NEW(.status = "CUT"), GET_A(.status = "200", .headers = "ETag: \"5\"\r\n", OURS) },
	  true, 0, "a.ics", "\"5\"" },
	{ "cut, and not stored", NULL, NULL, { PUT_NEW(.status = "CUT"), GET_A(.status = "404") },
	  false, FAIL_STALE, "cut", NULL },

	{ "replace", "a.ics", "\"1\"", { PUT_OVER("\"1\"", .status = "204", .headers = "ETag: \"2\"\r\n") },
	  true, 0, "a.ics", "\"2\"" },
	{ "replace, unquoted", "a.ics", "id-1", { PUT_OVER("id-1", .status = "204", .headers = "ETag: id-2\r\n") },
	  true, 0, "a.ics", "id-2" },
	{ "replace, whatever is there", "a.ics", NULL,
	  { PUT_OVER("*", .status = "204", .headers = "ETag: \"2\"\r\n") }, true, 0, "a.ics", "\"2\"" },
	{ "replaced by oneself before", "a.ics", "\"1\"",
	  { PUT_OVER("\"1\"", .status = "412"), GET_A(.status = "200", .headers = "ETag: \"2\"\r\n", OURS) },
	  true, 0, "a.ics", "\"2\"" },
	{ "replaced by another", "a.ics", "\"1\"",
	  { PUT_OVER("\"1\"", .status = "412"), GET_A(.status = "200", .headers = "ETag: \"2\"\r\n", THEIRS) },
	  false, FAIL_STALE, "changed", NULL },
	{ "gone, by 412", "a.ics", "\"1\"", { PUT_OVER("\"1\"", .status = "412"), GET_A(.status = "404") },
	  false, FAIL_STALE, "changed", NULL },
	{ "gone", "a.ics", "\"1\"", { PUT_OVER("\"1\"", .status = "404") }, false, FAIL_STALE, "changed", NULL },
	{ "gone, 410", "a.ics", "\"1\"", { PUT_OVER("\"1\"", .status = "410") }, false, FAIL_STALE, "changed",
	  NULL },
	{ "refused to replace", "a.ics", "\"1\"",
	  { PUT_OVER("\"1\"", .status = "409", .body = ERROR("<C:no-uid-conflict/>")) },
	  false, FAIL_REFUSED, "no-uid-conflict", NULL },
	{ "replace, cut, not done", "a.ics", "\"1\"",
	  { PUT_OVER("\"1\"", .status = "CUT"), GET_A(.status = "200", .headers = "ETag: \"1\"\r\n", THEIRS) },
	  false, FAIL_STALE, "changed", NULL },
	{ "replace, cut, done", "a.ics", "\"1\"",
	  { PUT_OVER("\"1\"", .status = "CUT"), GET_A(.status = "200", .headers = "ETag: \"2\"\r\n", OURS) },
	  true, 0, "a.ics", "\"2\"" },
	{ "replace a weak one", "a.ics", "W/\"1\"",
	  { GET_A(.status = "200", .headers = "ETag: W/\"1\"\r\n", THEIRS),
	    PUT_OVER("*", .status = "204", .headers = "ETag: \"2\"\r\n") },
	  true, 0, "a.ics", "\"2\"" },
	{ "replace a weak one that changed", "a.ics", "W/\"1\"",
	  { GET_A(.status = "200", .headers = "ETag: W/\"2\"\r\n", THEIRS) }, false, FAIL_STALE, "changed", NULL },
	{ "replace what the server could not tell about", "a.ics", "koc-unknown",
	  { GET_A(.status = "200", .headers = "ETag: \"2\"\r\n", THEIRS) }, false, FAIL_STALE, "changed", NULL },
};

static bool stores(const struct exchange *exchange)
{
	return str_starts(exchange->request, "PUT ") && exchange->status[0] == '2' &&
	       (strcmp(exchange->status, "207") != 0 || exchange->headers);
}

/* What is asked behind it (dav_named.c): the item is listed under the name that it has. */
static struct exchange keeps_its_name(const char *ref, char names[2][512])
{
	snprintf(names[0], sizeof names[0], "PROPFIND /home/work/%s", ref);
	snprintf(names[1], sizeof names[1], MULTISTATUS(ITEM("/home/work/%s", "\"1\"")), ref);
	return (struct exchange){ .request = names[0], .has = { "Depth: 0" }, .status = "207", .body = names[1] };
}

static void single_writes(void **state)
{
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(writes); i++) {
		struct exchange script[16] = { DISCOVER, HOME(WORK) };
		struct script_test test;
		struct write write;
		const char *ref = writes[i].good ? writes[i].text : "a.ics";
		char names[2][512];
		size_t at = 3;

		for (size_t k = 0; writes[i].script[k].request; k++) {
			script[at++] = writes[i].script[k];
			if (!writes[i].replaces && stores(&writes[i].script[k]))
				script[at++] = keeps_its_name(ref, names);
		}
		script[2].headers = "Connection: close\r\n"; /* on a kept one libcurl sends it again */
		print_message("# %s\n", writes[i].what);
		script_begin(&test, script);
		write = write_one(&test, "ours", writes[i].replaces, writes[i].revision);
		if (writes[i].good) {
			OK(write.fail);
			assert_string_equal(write.now.ref, writes[i].text);
			assert_string_equal(write.now.revision, writes[i].now);
		} else {
			FAILS(writes[i].code, writes[i].text, write.fail);
		}
		assert_false(write.came_out);
		script_end(&test);
		passed++;
	}
	assert_true(passed >= 42);
}

/* A content that stands for the missing ETag. */
static void replace_without_etags(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		MULTIGET(RESPONSE("/home/work/a.ics",
				  PROPS("<C:calendar-data>" EVENT("a", "old") "</C:calendar-data>"))),
		GET_A(.status = "200", .body = EVENT("a", "old")),
		PUT_OVER("*", .status = "204"),
		MULTIGET(RESPONSE("/home/work/a.ics",
				  PROPS("<C:calendar-data>" EVENT("a", "ours") "</C:calendar-data>"))),
		GET_A(.status = "200", .body = EVENT("a", "ours")),
		{ .request = "DELETE /home/work/a.ics", .has = { "If-Match: *\r\n" }, .status = "204" },
		{ 0 },
	};
	struct script_test test;
	struct read read = { .ref = "a.ics", .part = PART_PRINT };
	struct removal removal = { .ref = "a.ics" };
	struct write write;

	(void)state;
	script_begin(&test, script);
	read.folder = removal.folder = script_folder(&test, "calendars/Work");
	OK(store_read(test.store, &read, 1, NULL, NULL, test.arena));
	OK(read.fail);
	write = write_one(&test, "ours", "a.ics", read.now.revision);
	OK(write.fail);
	assert_true(str_starts(write.now.revision, "koc-content:"));
	assert_string_not_equal(write.now.revision, read.now.revision);
	removal.if_revision = write.now.revision;
	OK(store_remove(test.store, &removal, 1, test.arena));
	OK(removal.fail);
	script_end(&test);
}

static void a_limit_that_is_told_is_kept(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(RESPONSE("/home/work/",
			      CALENDAR_PROPS("Work", "<C:max-resource-size>2048</C:max-resource-size>"))),
		{ 0 },
	};
	struct script_test test;
	char summary[300], large[4000];
	struct write write;

	(void)state;
	(void)summary;
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	script_begin(&test, script);
	write = (struct write){ .folder = script_folder(&test, "calendars/Work"), .key = "a" };
	write.body = script_body(large);
	OK(store_write(test.store, &write, 1, test.arena));
	FAILS(FAIL_REFUSED, "2048", write.fail);
	body_free(write.body);
	script_end(&test);
}

/* ---- removals ------------------------------------------------------------------------------------ */

#define ASKED_FOR(...) { .request = "PROPFIND /home/work/a.ics", .has = { "Depth: 0" }, __VA_ARGS__ }

static void removals(void **state)
{
	static const struct {
		const char *what, *revision;
		struct exchange script[2];
		bool good;
		enum fail_code code;
	} rows[] = {
		{ "done", "\"1\"", { { .request = "DELETE /home/work/a.ics", .has = { "If-Match: \"1\"\r\n" },
				       .status = "200" } }, true, 0 },
		{ "any", NULL, { { .request = "DELETE /home/work/a.ics", .lacks = "If-Match", .status = "204" } },
		  true, 0 },
		{ "gone", "\"1\"",
		  { { .request = "DELETE /home/work/a.ics", .status = "404" }, ASKED_FOR(.status = "404") }, false,
		  FAIL_MISSING },
		{ "gone, 410, told inside", "\"1\"",
		  { { .request = "DELETE /home/work/a.ics", .status = "410" },
		    ASKED_FOR(.status = "207", .body = MULTISTATUS(GONE("/home/work/a.ics"))) }, false,
		  FAIL_MISSING },
		{ "not found, but there", "\"1\"",
		  { { .request = "DELETE /home/work/a.ics", .status = "404" },
		    ASKED_FOR(.status = "207", .body = MULTISTATUS(ITEM("/home/work/a.ics", "\"1\""))) }, false,
		  FAIL_REFUSED },
		{ "not found, and nobody knows", "\"1\"",
		  { { .request = "DELETE /home/work/a.ics", .status = "404" }, ASKED_FOR(.status = "403") }, false,
		  FAIL_REFUSED },
		{ "changed", "\"1\"", { { .request = "DELETE /home/work/a.ics", .status = "412" } }, false,
		  FAIL_STALE },
		{ "refused", "\"1\"", { { .request = "DELETE /home/work/a.ics", .status = "403" } }, false,
		  FAIL_REFUSED },
		{ "refused inside", "\"1\"",
		  { { .request = "DELETE /home/work/a.ics", .status = "207",
		      .body = MULTISTATUS(RESPONSE("/home/work/a.ics", STATUS("423"))) } }, false, FAIL_REFUSED },
		{ "ill", "\"1\"", { { .request = "DELETE /home/work/a.ics", .status = "500" } }, false,
		  FAIL_REFUSED },
		{ "cut", "\"1\"", { { .request = "DELETE /home/work/a.ics", .status = "CUT" } }, false,
		  FAIL_STALE },
		{ "weak, changed", "W/\"1\"",
		  { GET_A(.status = "200", .headers = "ETag: W/\"2\"\r\n", THEIRS) }, false, FAIL_STALE },
		{ "weak, gone", "W/\"1\"", { GET_A(.status = "404") }, false, FAIL_MISSING },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange script[8] = { DISCOVER, HOME(WORK) };
		struct script_test test;
		struct removal removal = { .ref = "a.ics", .if_revision = rows[i].revision };

		for (size_t k = 0; k < 2 && rows[i].script[k].request; k++)
			script[3 + k] = rows[i].script[k];
		script[2].headers = "Connection: close\r\n";
		print_message("# %s\n", rows[i].what);
		script_begin(&test, script);
		removal.folder = script_folder(&test, "calendars/Work");
		OK(store_remove(test.store, &removal, 1, test.arena));
		OK(store_sync(test.store));
		if (rows[i].good)
			OK(removal.fail);
		else
			FAILS(rows[i].code, "", removal.fail);
		script_end(&test);
		passed++;
	}
	assert_true(passed >= 13);
}

/* ---- moves ----------------------------------------------------------------------------------------- */

#define MOVE_A(...)                                                                                        \
	{ .request = "MOVE /home/work/a.ics",                                                              \
	  .has = { "Destination: http://127.0.0.1", "/home/other/a.ics\r\n", "Overwrite: F\r\n" }, __VA_ARGS__ }
#define REREAD(etag)                                                                                       \
	{ .request = "REPORT /home/other/", .has = { "/home/other/a.ics" }, .status = "207",               \
	  .body = MULTISTATUS(DATA("/home/other/a.ics", etag, EVENT("a", "ours"))) }
#define GOT .status = "200", .headers = "ETag: \"1\"\r\n", OURS
#define PUT_THERE(...) { .request = "PUT /home/other/a.ics", .has = { "If-None-Match: *\r\n" }, __VA_ARGS__ }
#define DELETE_HERE(...) { .request = "DELETE /home/work/a.ics", .has = { "If-Match: \"1\"\r\n" }, __VA_ARGS__ }
#define STORED .status = "201", .headers = "ETag: \"9\"\r\n"
/* Asked once a server: does it go by that name? */
#define NAMED                                                                                              \
	{ .request = "PROPFIND /home/other/a.ics", .has = { "Depth: 0" }, .status = "207",                 \
	  .body = MULTISTATUS(ITEM("/home/other/a.ics", "9")) }
#define MEETING "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\nBEGIN:VEVENT\nUID:a\nDTSTAMP:20260101T000000Z\n" \
		"DTSTART:20260102T100000Z\nORGANIZER:mailto:b@example.org\nATTENDEE:mailto:c@example.org\n" \
		"SUMMARY:ours\nEND:VEVENT\nEND:VCALENDAR\n"
#define OWN_UID .status = "403", .body = ERROR("<C:unique-scheduling-object-resource><D:href>/home/work/a.ics" \
					       "</D:href></C:unique-scheduling-object-resource>")

static void moves(void **state)
{
	static const struct {
		const char *what;
		struct exchange script[8];
		bool good;
		enum fail_code code;
		const char *now; /* revision; or in the fail */
	} rows[] = {
		{ "moved", { MOVE_A(.status = "201"), REREAD("2") }, true, 0, "2" },
		{ "not there", { MOVE_A(.status = "404") }, false, FAIL_MISSING, "404" },
		{ "cut", { MOVE_A(.status = "CUT") }, false, FAIL_STALE, "cut" },
		{ "UID in use there", { MOVE_A(.status = "409", .body = ERROR("<C:no-uid-conflict/>")) }, false,
		  FAIL_EXISTS, "UID" },
		{ "no MOVE", { MOVE_A(.status = "405"), GET_A(GOT), PUT_THERE(STORED), DELETE_HERE(.status = "204"),
		    NAMED }, true, 0, "\"9\"" },
		{ "refused MOVE, gone by itself",
		  { MOVE_A(.status = "403"), GET_A(GOT), PUT_THERE(STORED), DELETE_HERE(.status = "404"), NAMED },
		  true, 0, "\"9\"" },
		{ "refused inside", { MOVE_A(.status = "207", .body = MULTISTATUS(RESPONSE("/home/work/a.ics",
											  STATUS("502")))),
				      GET_A(GOT), PUT_THERE(STORED), DELETE_HERE(.status = "204"),
		    NAMED }, true, 0, "\"9\"" },
		{ "changed before", { MOVE_A(.status = "412"), GET_A(.status = "200", .headers = "ETag: \"2\"\r\n",
								    THEIRS) },
		  false, FAIL_STALE, "changed" },
		{ "put there by a run before",
		  { MOVE_A(.status = "412"), GET_A(GOT), PUT_THERE(.status = "412"),
		    { .request = "GET /home/other/a.ics", .status = "200", .headers = "ETag: \"5\"\r\n", OURS },
		    DELETE_HERE(.status = "204"), NAMED }, true, 0, "\"5\"" },
		{ "another version is there",
		  { MOVE_A(.status = "412"), GET_A(GOT), PUT_THERE(.status = "412"),
		    { .request = "GET /home/other/a.ics", .status = "200", .headers = "ETag: \"5\"\r\n", THEIRS } },
		  false, FAIL_EXISTS, "another version" },
		{ "changed meanwhile: undone",
		  { MOVE_A(.status = "405"), GET_A(GOT), PUT_THERE(STORED), DELETE_HERE(.status = "412"),
		    { .request = "DELETE /home/other/a.ics", .has = { "If-Match: \"9\"\r\n" }, .status = "204" } },
		  false, FAIL_STALE, "changed" },
		{ "may not be removed: undone",
		  { MOVE_A(.status = "405"), GET_A(GOT), PUT_THERE(STORED), DELETE_HERE(.status = "403"),
		    { .request = "DELETE /home/other/a.ics", .status = "204" } }, false, FAIL_REFUSED, "403" },
		{ "refused there", { MOVE_A(.status = "405"), GET_A(GOT), PUT_THERE(.status = "415") }, false,
		  FAIL_REFUSED, "415" },
		{ "one UID an account: removed first",
		  { MOVE_A(.status = "405"), GET_A(GOT), PUT_THERE(OWN_UID), DELETE_HERE(.status = "204"),
		    PUT_THERE(STORED), NAMED }, true, 0, "\"9\"" },
		{ "removed first, then refused: put back",
		  { MOVE_A(.status = "405"), GET_A(GOT), PUT_THERE(OWN_UID), DELETE_HERE(.status = "204"),
		    PUT_THERE(.status = "415"), PUT_NEW(STORED) }, false, FAIL_REFUSED, "415" },
		{ "put back is refused, too",
		  { MOVE_A(.status = "405"), GET_A(GOT), PUT_THERE(OWN_UID), DELETE_HERE(.status = "204"),
		    PUT_THERE(.status = "415"), PUT_NEW(.status = "500") }, false, FAIL_REFUSED,
		  "the file here holds it" },
		{ "never with participants",
		  { MOVE_A(.status = "405"),
		    GET_A(.status = "200", .headers = "ETag: \"1\"\r\n", .body = MEETING), PUT_THERE(OWN_UID) },
		  false, FAIL_REFUSED, "participants" },
		{ "UID in use by another",
		  { MOVE_A(.status = "405"), GET_A(GOT),
		    PUT_THERE(.status = "409", .body = UID_TAKEN("/home/other/b.ics")) },
		  false, FAIL_EXISTS, "UID" },
		{ "UID in use by nobody knows whom",
		  { MOVE_A(.status = "405"), GET_A(GOT),
		    PUT_THERE(.status = "409", .body = ERROR("<C:no-uid-conflict/>")) },
		  false, FAIL_EXISTS, "UID" },
		{ "cut while it is removed",
		  { MOVE_A(.status = "405"), GET_A(GOT),
		    PUT_THERE(.status = "201", .headers = "ETag: \"9\"\r\nConnection: close\r\n"),
		    DELETE_HERE(.status = "CUT") },
		  false, FAIL_STALE, "cut" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exchange script[16] = { DISCOVER, HOME(WORK OTHER) };
		struct script_test test;
		struct transfer move = { .ref = "a.ics", .if_revision = "\"1\"" };

		for (size_t k = 0; k < 8 && rows[i].script[k].request; k++)
			script[3 + k] = rows[i].script[k];
		script[2].headers = "Connection: close\r\n";
		print_message("# %s\n", rows[i].what);
		script_begin(&test, script);
		move.folder = script_folder(&test, "calendars/Work");
		move.to = script_folder(&test, "calendars/Other");
		OK(store_transfer(test.store, &move, 1, test.arena));
		OK(store_sync(test.store));
		if (rows[i].good) {
			OK(move.fail);
			assert_string_equal(move.now.ref, "a.ics");
			assert_string_equal(move.now.revision, rows[i].now);
		} else {
			FAILS(rows[i].code, rows[i].now, move.fail);
		}
		script_end(&test);
		passed++;
	}
	assert_true(passed >= 20);
}

/* A server without MOVE is not asked for it again. */
static void no_move_is_learnt(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK OTHER),
		MOVE_A(.status = "501"), GET_A(GOT), PUT_THERE(STORED), DELETE_HERE(.status = "204"),
		HOME(WORK OTHER),
		GET_A(GOT), PUT_THERE(STORED), DELETE_HERE(.status = "204"),
		{ 0 },
	};
	struct script_test test;

	(void)state;
	script_begin(&test, script);
	for (int round = 0; round < 2; round++) {
		struct transfer move = { .ref = "a.ics", .if_revision = "\"1\"" };

		move.folder = script_folder(&test, "calendars/Work");
		move.to = script_folder(&test, "calendars/Other");
		OK(store_transfer(test.store, &move, 1, test.arena));
		OK(move.fail);
		script_reopen(&test);
		test.list.count = 0;
	}
	script_end(&test);
}

/* ---- reading --------------------------------------------------------------------------------------- */

static const struct fail *keep(void *context, struct read *read)
{
	(void)context;
	(void)read;
	return NULL;
}

/* What a multiget leaves out is got alone; what it calls missing is missing; what is no item is none. */
static void what_a_multiget_leaves_out(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "REPORT /home/work/",
		  .has = { "<D:href>/home/work/a.ics</D:href>", "<D:href>/home/work/b@c.ics</D:href>" },
		  .status = "207",
		  .body = MULTISTATUS(GONE("/home/work/a.ics") DATA("/home/work/b%40c.ics", "2", EVENT("b", "B"))
				      RESPONSE("/home/work/d.ics", STATUS("403"))
				      DATA("/home/work/stranger.ics", "1", EVENT("x", "X"))
				      DATA("/home/work/b@c.ics", "3", EVENT("b", "later"))) },
		{ .request = "GET /home/work/c.ics", .has = { "Accept: text/calendar" }, .status = "200",
		  .headers = "ETag: \"4\"\r\n", .body = EVENT("c", "C") },
		{ .request = "GET /home/work/d.ics", .status = "403" },
		{ .request = "GET /home/work/e.ics", .status = "200", .headers = "ETag: \"4\"\r\n",
		  .body = "<html>no</html>" },
		{ .request = "GET /home/work/f.ics", .status = "200", .body = "" },
		{ 0 },
	};
	static const struct {
		const char *ref, *revision;
		enum fail_code code;
	} wanted[] = {
		{ "a.ics", NULL, FAIL_MISSING }, { "b@c.ics", "2", 0 },         { "c.ics", "\"4\"", 0 },
		{ "d.ics", NULL, FAIL_REFUSED }, { "e.ics", NULL, FAIL_DATA }, { "f.ics", NULL, FAIL_DATA },
	};
	struct script_test test;
	struct read reads[COUNT(wanted)] = { 0 };

	(void)state;
	script_begin(&test, script);
	for (size_t i = 0; i < COUNT(wanted); i++) {
		reads[i].folder = script_folder(&test, "calendars/Work");
		reads[i].ref = wanted[i].ref;
		reads[i].part = PART_WHOLE;
	}
	OK(store_read(test.store, reads, COUNT(wanted), keep, NULL, test.arena));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		if (!wanted[i].revision) {
			FAILS(wanted[i].code, "", reads[i].fail);
			continue;
		}
		OK(reads[i].fail);
		assert_string_equal(reads[i].now.revision, wanted[i].revision);
		body_free(reads[i].body);
	}
	script_end(&test);
}

/* A server that refuses multigets altogether, as one does that does not like URLs in them. */
static void without_multigets(void **state)
{
	static const struct exchange script[] = {
		DISCOVER,
		HOME(WORK),
		{ .request = "REPORT /home/work/", .status = "400" },
		GET_A(GOT),
		{ .request = "REPORT /home/work/", .status = "501" },
		GET_A(GOT),
		GET_A(GOT),
		{ 0 },
	};
	struct script_test test;

	(void)state;
	script_begin(&test, script);
	for (int round = 0; round < 3; round++) {
		struct read read = { .ref = "a.ics", .part = PART_WHOLE };

		read.folder = script_folder(&test, "calendars/Work");
		OK(store_read(test.store, &read, 1, keep, NULL, test.arena));
		OK(read.fail);
		assert_string_equal(read.now.revision, "\"1\"");
		body_free(read.body);
	}
	script_end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_writes),
		cmocka_unit_test(replace_without_etags),
		cmocka_unit_test(a_limit_that_is_told_is_kept),
		cmocka_unit_test(removals),
		cmocka_unit_test(moves),
		cmocka_unit_test(no_move_is_learnt),
		cmocka_unit_test(what_a_multiget_leaves_out),
		cmocka_unit_test(without_multigets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
