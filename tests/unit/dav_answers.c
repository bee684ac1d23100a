/* What the DAV driver makes of single responses: of an item in a listing or multiget, of a collection in a home. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "store/dav/collection.h"
#include "store/dav/item.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define OPEN                                                                                              \
	"<D:multistatus xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\""                       \
	" xmlns:A=\"urn:ietf:params:xml:ns:carddav\" xmlns:S=\"http://calendarserver.org/ns/\""           \
	" xmlns:I=\"http://apple.com/ns/ical/\">"
#define CLOSE "</D:multistatus>"
#define GOOD "<D:status>HTTP/1.1 200 OK</D:status>"
#define BAD(status) "<D:status>HTTP/1.1 " status " No</D:status>"
#define RESPONSE(href, rest) "<D:response><D:href>" href "</D:href>" rest "</D:response>"
#define PROPS(props, status) "<D:propstat><D:prop>" props "</D:prop>" status "</D:propstat>"
#define ETAG(etag) "<D:getetag>" etag "</D:getetag>"
#define PLAIN "<D:resourcetype/>"

/* Reads a multistatus with one response and hands that on. */
static void read_one(const char *response, xml_response_done *done, void *context)
{
	struct xml *xml = xml_begin(&(struct xml_limits){ 0 }, done, context);

	assert_null(xml_add(xml, OPEN, strlen(OPEN)));
	assert_null(xml_add(xml, response, strlen(response)));
	assert_null(xml_add(xml, CLOSE, strlen(CLOSE)));
	assert_null(xml_end(xml));
	xml_free(xml);
}

/* ---- items ---------------------------------------------------------------------------------- */

static struct collection calendar = {
	.flavour = CALENDAR,
	.name = "/alice/cal",
	.prefix = "/alice/cal/",
	.target = "/alice/cal/",
	.norm = "/alice/cal",
};

struct told {
	struct arena *arena;
	const char *text;
};

static const struct fail *tell_item(void *context, const struct xml_response *response)
{
	static const char *const states[] = { "there", "gone", "broken", "self", "cut", "other" };
	struct told *told = context;
	struct item_response item;

	item_take(&calendar, told->arena, response, &item);
	told->text = arena_printf(told->arena, "%s %s %s %s", states[item.state], item.ref ? item.ref : "-",
				  item.etag ? item.etag : "-", item.data ? item.data : "-");
	return NULL;
}

static void items(void **state)
{
	static const struct {
		const char *what, *response, *told;
	} responses[] = {
		{ "usual", RESPONSE("/alice/cal/a.ics", PROPS(PLAIN ETAG("\"1\""), GOOD)),
		  "there a.ics \"1\" -" },
		{ "status before prop",
		  RESPONSE("/alice/cal/a.ics",
			   "<D:propstat>" GOOD "<D:prop>" ETAG("\"1\"") "</D:prop></D:propstat>"),
		  "there a.ics \"1\" -" },
		{ "no quotes, blanks", RESPONSE(" /alice/cal/a.ics\n", PROPS(PLAIN ETAG(" some id\n"), GOOD)),
		  "there a.ics some id -" },
		{ "weak", RESPONSE("/alice/cal/a.ics", PROPS(ETAG("W/\"1\""), GOOD)),
		  "there a.ics W/\"1\" -" },
		{ "no etag", RESPONSE("/alice/cal/a.ics", PROPS(PLAIN, GOOD) PROPS(ETAG(""), BAD("404"))),
		  "there a.ics - -" },
		{ "with data",
		  RESPONSE("/alice/cal/a.ics", PROPS(ETAG("1") "<C:calendar-data>x&#13;\ny</C:calendar-data>", GOOD)),
		  "there a.ics 1 x\r\ny" },
		{ "data that is not there",
		  RESPONSE("/alice/cal/a.ics", PROPS(ETAG("1"), GOOD) PROPS("<C:calendar-data/>", BAD("404"))),
		  "there a.ics 1 -" },
		{ "data of another namespace",
		  RESPONSE("/alice/cal/a.ics", PROPS(ETAG("1") "<A:calendar-data>x</A:calendar-data>", GOOD)),
		  "there a.ics 1 -" },
		{ "kerio", RESPONSE("/alice/cal/a.eml",
				    PROPS(PLAIN ETAG("1") "<D:getcontenttype>text/calendar; charset=utf-8"
							  "</D:getcontenttype>", GOOD)),
		  "there a.eml 1 -" },
		{ "another type", RESPONSE("/alice/cal/a.ics",
					   PROPS(PLAIN ETAG("1") "<D:getcontenttype>text/html</D:getcontenttype>",
						 GOOD)),
		  "other a.ics - -" },
		{ "type not told", RESPONSE("/alice/cal/a.ics", PROPS(PLAIN ETAG("1"), GOOD)
								PROPS("<D:getcontenttype/>", BAD("404"))),
		  "there a.ics 1 -" },
		{ "collection below",
		  RESPONSE("/alice/cal/sub/", PROPS("<D:resourcetype><D:collection/></D:resourcetype>", GOOD)),
		  "other sub/ - -" },
		{ "self", RESPONSE("/alice/cal/", PROPS("<D:resourcetype><D:collection/></D:resourcetype>", GOOD)),
		  "self - - -" },
		{ "self, as a URL without a slash, with an etag",
		  RESPONSE("https://h/alice/cal", PROPS(PLAIN ETAG("1"), GOOD)), "self - - -" },
		{ "gone", RESPONSE("/alice/cal/a.ics", BAD("404")), "gone a.ics - -" },
		{ "gone, 410", RESPONSE("/alice/cal/a.ics", BAD("410")), "gone a.ics - -" },
		{ "gone, by propstat",
		  RESPONSE("/alice/cal/a.ics", PROPS(PLAIN ETAG("") "<D:getcontenttype/>", BAD("404"))),
		  "gone a.ics - -" },
		{ "200 for itself", RESPONSE("/alice/cal/a.ics", GOOD PROPS(ETAG("1"), GOOD)),
		  "there a.ics 1 -" },
		{ "broken", RESPONSE("/alice/cal/a.ics", BAD("500")), "broken a.ics - -" },
		{ "not for us", RESPONSE("/alice/cal/a.ics", PROPS(PLAIN ETAG(""), BAD("403"))),
		  "broken a.ics - -" },
		{ "cut", RESPONSE("/alice/cal/", BAD("507")), "cut - - -" },
		{ "cut, says another", RESPONSE("/alice/", BAD("507")), "cut - - -" },
		{ "elsewhere", RESPONSE("/bob/cal/a.ics", PROPS(ETAG("1"), GOOD)), "there /bob/cal/a.ics 1 -" },
		{ "another spelling", RESPONSE("/%61lice/cal/a.ics", PROPS(ETAG("1"), GOOD)),
		  "there /%61lice/cal/a.ics 1 -" },
		{ "control characters in an etag", RESPONSE("/alice/cal/a.ics", PROPS(ETAG("1&#10;2"), GOOD)),
		  "there a.ics - -" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(responses); i++) {
		struct told told = { .arena = arena_new() };

		read_one(responses[i].response, tell_item, &told);
		if (!told.text || strcmp(told.text, responses[i].told) != 0)
			fail_msg("%s: %s", responses[i].what, told.text ? told.text : "nothing");
		arena_free(told.arena);
		passed++;
	}
	assert_true(passed >= 25);
}

static void line_ends_come_back(void **state)
{
	static const struct {
		const char *xml, *bytes;
	} texts[] = {
		{ "a\nb\n", "a\r\nb\r\n" }, { "a\r\nb\r\n", "a\r\nb\r\n" }, { "\n\n", "\r\n\r\n" },
		{ "a", "a" },               { "", "" },                     { "a\rb\n", "a\rb\r\n" },
		{ "a\r\r\n", "a\r\r\n" },   { "\na", "\r\na" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct buf out;

		buf_init(&out, 100);
		item_crlf(&out, texts[i].xml, strlen(texts[i].xml));
		assert_string_equal(out.data, texts[i].bytes);
		buf_free(&out);
		passed++;
	}
	assert_true(passed >= 8);
}

static void revisions(void **state)
{
	struct arena *arena = arena_new();
	const char *lf = "BEGIN:X\nEND:X\n", *crlf = "BEGIN:X\r\nEND:X\r\n", *other = "BEGIN:X\n\rEND:X\n";
	const char *revision = item_revision(arena, NULL, lf, strlen(lf));

	(void)state;
	assert_string_equal(item_revision(arena, "\"e\"", lf, strlen(lf)), "\"e\"");
	assert_string_equal(item_revision(arena, "", lf, strlen(lf)), revision);
	/* The same by GET and inside XML. */
	assert_string_equal(item_revision(arena, NULL, crlf, strlen(crlf)), revision);
	assert_string_not_equal(item_revision(arena, NULL, other, strlen(other)), revision);
	assert_string_not_equal(item_revision(arena, NULL, lf, strlen(lf) - 2), revision);
	assert_true(item_is_strong("\"e\""));
	assert_true(item_is_strong("e"));
	assert_true(item_is_strong("https://h/x"));
	assert_false(item_is_strong("W/\"e\""));
	assert_false(item_is_strong(""));
	assert_false(item_is_strong("\"e\r\nX: y\""));
	assert_false(item_is_strong(revision));
	assert_false(item_is_strong(REVISION_UNKNOWN));
	arena_free(arena);
}

/* ---- collections ------------------------------------------------------------------------------ */

static const struct fail *tell_collection(void *context, const struct xml_response *response)
{
	struct told *told = context;
	struct collection collection = { .token = "", .ctag = "" };

	told->text = "none";
	if (!collection_is(response, &collection.flavour))
		return NULL;
	collection_take(&collection, told->arena, response, MARK_TOKEN | MARK_CTAG);
	told->text = arena_printf(told->arena, "%s %s %s token=%s ctag=%s most=%llu%s%s",
				  kind_traits(collection_kind(response, collection.flavour))->root,
				  collection.title ? collection.title : "-",
				  collection.color ? collection.color : "-", collection.token, collection.ctag,
				  (unsigned long long)collection.size_most,
				  collection.read_only ? " read-only" : "", collection.version4 ? " 4.0" : "");
	return NULL;
}

#define CAL "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
#define BOOK "<D:resourcetype><D:collection/><A:addressbook/></D:resourcetype>"
#define COMPS(comps) "<C:supported-calendar-component-set>" comps "</C:supported-calendar-component-set>"
#define COMP(name) "<C:comp name=\"" name "\"/>"
#define MAY(privileges) "<D:current-user-privilege-set>" privileges "</D:current-user-privilege-set>"
#define RIGHT(name) "<D:privilege><D:" name "/></D:privilege>"

static void collections(void **state)
{
	static const struct {
		const char *what, *props, *told;
	} responses[] = {
		{ "calendar", CAL, "calendars - - token= ctag= most=0" },
		{ "all of it",
		  CAL "<D:displayname>Work &amp; Play</D:displayname><I:calendar-color>#112233ff</I:calendar-color>"
		      "<D:sync-token> data:,1 </D:sync-token><S:getctag>\"7\"</S:getctag>"
		      "<C:max-resource-size>100000</C:max-resource-size>" COMPS(COMP("VEVENT") COMP("VTODO")),
		  "calendars Work & Play #112233 token=data:,1 ctag=\"7\" most=100000" },
		{ "tasks", CAL COMPS(COMP("VTODO")), "tasks - - token= ctag= most=0" },
		{ "notes", CAL COMPS(COMP("VJOURNAL")), "notes - - token= ctag= most=0" },
		{ "tasks and notes", CAL COMPS(COMP("VJOURNAL") COMP("VTODO")), "tasks - - token= ctag= most=0" },
		{ "all components", CAL COMPS(COMP("VEVENT") COMP("VTODO") COMP("VJOURNAL") COMP("VFREEBUSY")),
		  "calendars - - token= ctag= most=0" },
		{ "small letters", CAL COMPS(COMP("vtodo")), "tasks - - token= ctag= most=0" },
		{ "an empty set", CAL COMPS(""), "calendars - - token= ctag= most=0" },
		{ "free-busy alone", CAL COMPS(COMP("VFREEBUSY")), "none" },
		{ "book", BOOK "<A:max-resource-size>50000</A:max-resource-size>",
		  "contacts - - token= ctag= most=50000" },
		{ "a book with 4.0",
		  BOOK "<A:supported-address-data><A:address-data-type content-type=\"text/vcard\" version=\"3.0\"/>"
		       "<A:address-data-type content-type=\"text/vcard\" version=\"4.0\"/></A:supported-address-data>",
		  "contacts - - token= ctag= most=0 4.0" },
		{ "a book with 3.0",
		  BOOK "<A:supported-address-data><A:address-data-type content-type=\"text/vcard\" version=\"3.0\"/>"
		       "</A:supported-address-data>",
		  "contacts - - token= ctag= most=0" },
		{ "a limit that is none", CAL "<C:max-resource-size>0</C:max-resource-size>",
		  "calendars - - token= ctag= most=0" },
		{ "may write", CAL MAY(RIGHT("read") RIGHT("write")), "calendars - - token= ctag= most=0" },
		{ "may write content", CAL MAY(RIGHT("read") RIGHT("write-content")),
		  "calendars - - token= ctag= most=0" },
		{ "may do all", CAL MAY(RIGHT("all")), "calendars - - token= ctag= most=0" },
		{ "may read", CAL MAY(RIGHT("read") RIGHT("read-acl") RIGHT("write-properties")),
		  "calendars - - token= ctag= most=0 read-only" },
		{ "webcal", "<D:resourcetype><D:collection/><C:calendar/><S:subscribed/></D:resourcetype>", "none" },
		{ "plain collection", "<D:resourcetype><D:collection/></D:resourcetype>", "none" },
		{ "inbox", "<D:resourcetype><D:collection/><C:schedule-inbox/></D:resourcetype>", "none" },
		{ "notifications", "<D:resourcetype><D:collection/><S:notification/></D:resourcetype>", "none" },
		{ "a calendar that is an outbox, too",
		  "<D:resourcetype><D:collection/><C:calendar/><C:schedule-outbox/></D:resourcetype>",
		  "calendars - - token= ctag= most=0" },
		{ "calendar of another namespace",
		  "<D:resourcetype><D:collection/><D:calendar/></D:resourcetype>", "none" },
		{ "a file", "<D:resourcetype/>", "none" },
		{ "nothing", "", "none" },
	};
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(responses); i++) {
		struct told told = { .arena = arena_new() };
		const char *response =
			arena_printf(told.arena, RESPONSE("/alice/x/", PROPS("%s", GOOD)), responses[i].props);

		read_one(response, tell_collection, &told);
		if (!told.text || strcmp(told.text, responses[i].told) != 0)
			fail_msg("%s: %s", responses[i].what, told.text ? told.text : "nothing");
		arena_free(told.arena);
		passed++;
	}
	assert_true(passed >= 25);
}

/* A status of its own says that it is not there. */
static void a_collection_that_is_gone_is_none(void **state)
{
	struct told told = { .arena = arena_new() };

	(void)state;
	read_one(RESPONSE("/alice/x/", BAD("404")), tell_collection, &told);
	assert_string_equal(told.text, "none");
	read_one(RESPONSE("/alice/x/", PROPS(CAL, BAD("403"))), tell_collection, &told);
	assert_string_equal(told.text, "none");
	arena_free(told.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items),
		cmocka_unit_test(line_ends_come_back),
		cmocka_unit_test(revisions),
		cmocka_unit_test(collections),
		cmocka_unit_test(a_collection_that_is_gone_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
