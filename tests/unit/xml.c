/* WebDAV answers: the shapes of real servers in pieces of every size, what is cut, and what is hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "xml_show.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define XML      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define D        " xmlns:D=\"DAV:\""
#define ONE(body) "<D:multistatus" D ">" body "</D:multistatus>"
#define ITEM(body) ONE("<D:response><D:href>/a</D:href>" body "</D:response>")
#define TEXT(text) ITEM("<D:propstat><D:prop><D:x>" text "</D:x></D:prop></D:propstat>")

struct sample {
	const char *what, *in, *out;
};

/* ---- real servers ------------------------------------------------------------------------- */

static const struct sample servers[] = {
	{ "cyrus: home, default namespace, CDATA",
	  XML "<multistatus xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" "
	      "xmlns:CS=\"http://calendarserver.org/ns/\" xmlns:A=\"http://apple.com/ns/ical/\">\n"
	      "  <response>\n    <href>/dav/calendars/user/alice/Default/</href>\n    <propstat>\n      <prop>\n"
	      "        <sync-token>data:,1795341505-4</sync-token><CS:getctag>1795341505-4</CS:getctag>\n"
	      "        <resourcetype><collection/><C:calendar/></resourcetype>\n"
	      "        <displayname><![CDATA[Probe \xc4\x8d]]></displayname>\n"
	      "        <C:supported-calendar-component-set><C:comp name=\"VEVENT\"/><C:comp name=\"VTODO\"/>"
	      "</C:supported-calendar-component-set>\n"
	      "        <A:calendar-color><![CDATA[#ff0000ff]]></A:calendar-color>\n      </prop>\n"
	      "      <status>HTTP/1.1 200 OK</status>\n    </propstat>\n    <propstat>\n      <prop>"
	      "<C:max-resource-size/></prop>\n      <status>HTTP/1.1 404 Not Found</status>\n    </propstat>\n"
	      "  </response>\n</multistatus>\n",
	  "/dav/calendars/user/alice/Default/ 0\n"
	  " D:sync-token 200 data:,1795341505-4\n"
	  " S:getctag 200 1795341505-4\n"
	  " D:resourcetype 200 \n"
	  "  1 D:collection\n"
	  "  1 C:calendar\n"
	  " D:displayname 200 Probe \xc4\x8d\n"
	  " C:supported-calendar-component-set 200 \n"
	  "  1 C:comp [VEVENT]\n"
	  "  1 C:comp [VTODO]\n"
	  " I:calendar-color 200 #ff0000ff\n"
	  " C:max-resource-size 404 \n" },
	{ "cyrus: sync-collection with data, cut short by 507",
	  "<D:multistatus" D " xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:response><D:href>/c/a.ics</D:href>"
	  "<D:propstat><D:prop><D:getetag>\"e7\"</D:getetag><C:calendar-data><![CDATA[BEGIN:VCALENDAR\r\n"
	  "SUMMARY:a <b> & \xc5\xbe\r\nEND:VCALENDAR\r\n]]></C:calendar-data></D:prop>"
	  "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
	  "<D:response><D:href>/c/gone.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
	  "<D:response><D:href>/c/</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status>"
	  "<D:error><D:number-of-matches-within-limits/></D:error></D:response>"
	  "<D:sync-token>data:,1-5</D:sync-token></D:multistatus>",
	  "/c/a.ics 0\n"
	  " D:getetag 200 \"e7\"\n"
	  " C:calendar-data 200 BEGIN:VCALENDAR\\nSUMMARY:a <b> & \xc5\xbe\\nEND:VCALENDAR\\n\n"
	  "/c/gone.ics 404\n"
	  "/c/ 507 error number-of-matches-within-limits\n"
	  "token data:,1-5\n" },
	{ "radicale: principal, escaped text",
	  "<?xml version='1.0' encoding='utf-8'?>\n<multistatus xmlns=\"DAV:\" "
	  "xmlns:C=\"urn:ietf:params:xml:ns:caldav\" xmlns:CR=\"urn:ietf:params:xml:ns:carddav\"><response>"
	  "<href>/alice/</href><propstat><prop><C:calendar-home-set><href>/alice/</href></C:calendar-home-set>"
	  "<CR:addressbook-home-set><href>/alice/</href></CR:addressbook-home-set>"
	  "<C:calendar-description>A &lt;b&gt; &amp; c &#x41;&#66;</C:calendar-description></prop>"
	  "<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>",
	  "/alice/ 0\n"
	  " C:calendar-home-set 200 \n"
	  "  1 D:href = /alice/\n"
	  " A:addressbook-home-set 200 \n"
	  "  1 D:href = /alice/\n"
	  " C:calendar-description 200 A <b> & c AB\n" },
	{ "radicale: deleted items, token first",
	  "<multistatus xmlns=\"DAV:\"><sync-token>http://radicale.org/ns/sync/e3</sync-token><response>"
	  "<href>/alice/c/a.ics</href><status>HTTP/1.1 404 Not Found</status></response></multistatus>",
	  "/alice/c/a.ics 404\ntoken http://radicale.org/ns/sync/e3\n" },
	{ "xandikos: prefixes, status before prop",
	  "<ns0:multistatus xmlns:ns0=\"DAV:\" xmlns:ns1=\"urn:ietf:params:xml:ns:caldav\"><ns0:response>"
	  "<ns0:href>/alice/calendars/koc%20probe%20%C5%BE/</ns0:href><ns0:propstat>"
	  "<ns0:status>HTTP/1.1 200 OK</ns0:status><ns0:prop><ns0:resourcetype><ns0:collection />"
	  "<ns1:calendar /></ns0:resourcetype><ns0:supported-report-set><ns0:supported-report>"
	  "<ns0:sync-collection /></ns0:supported-report></ns0:supported-report-set></ns0:prop></ns0:propstat>"
	  "<ns0:propstat><ns0:status>HTTP/1.1 404 Not Found</ns0:status><ns0:prop><ns1:calendar-data /></ns0:prop>"
	  "</ns0:propstat></ns0:response></ns0:multistatus>",
	  "/alice/calendars/koc%20probe%20%C5%BE/ 0\n"
	  " D:resourcetype 200 \n"
	  "  1 D:collection\n"
	  "  1 C:calendar\n"
	  " D:supported-report-set 200 \n"
	  "  1 D:supported-report\n"
	  "  2 D:sync-collection\n"
	  " C:calendar-data 404 \n" },
	{ "xandikos: an error inside 207",
	  "<ns0:multistatus xmlns:ns0=\"DAV:\" xmlns:ns1=\"urn:ietf:params:xml:ns:caldav\"><ns0:response>"
	  "<ns0:href>/alice/calendars/c/b.ics</ns0:href><ns0:status>HTTP/1.1 412 Precondition Failed</ns0:status>"
	  "<ns0:error><ns1:no-uid-conflict /></ns0:error>"
	  "<ns0:responsedescription>UID already in use.</ns0:responsedescription>"
	  "</ns0:response></ns0:multistatus>",
	  "/alice/calendars/c/b.ics 412 error no-uid-conflict (UID already in use.)\n" },
	{ "google: prefixes of its own, empty propstat",
	  XML "<D:multistatus" D " xmlns:caldav=\"urn:ietf:params:xml:ns:caldav\" "
	      "xmlns:cs=\"http://calendarserver.org/ns/\" xmlns:ical=\"http://apple.com/ns/ical/\">\n <D:response>\n"
	      "  <D:href>/caldav/v2/jane%40example.com/events/</D:href>\n  <D:propstat>\n"
	      "   <D:status>HTTP/1.1 200 OK</D:status>\n   <D:prop>\n    <D:sync-token>"
	      "https://example.com/caldav/v2/sync/CN%3D</D:sync-token>\n    <cs:getctag>\"63\"</cs:getctag>\n"
	      "    <D:owner>\n     <D:href>/caldav/v2/jane%40example.com/user</D:href>\n    </D:owner>\n"
	      "   </D:prop>\n  </D:propstat>\n  <D:propstat>\n   <D:status>HTTP/1.1 404 Not Found</D:status>\n"
	      "   <D:prop/>\n  </D:propstat>\n </D:response>\n</D:multistatus>\n",
	  "/caldav/v2/jane%40example.com/events/ 0\n"
	  " D:sync-token 200 https://example.com/caldav/v2/sync/CN%3D\n"
	  " S:getctag 200 \"63\"\n"
	  " D:owner 200 \\n     \\n    \n"
	  "  1 D:href = /caldav/v2/jane%40example.com/user\n" },
	{ "icloud: namespaces declared where they are used, absolute URLs, status of a response and 1.1 missing",
	  XML "<multistatus xmlns=\"DAV:\"><response xmlns=\"DAV:\"><href>/17/principal/</href><propstat><prop>"
	      "<calendar-home-set xmlns=\"urn:ietf:params:xml:ns:caldav\"><href xmlns=\"DAV:\">"
	      "https://p34-caldav.example.com:443/17/calendars/</href></calendar-home-set></prop>"
	      "<status>HTTP/1.1 200 OK</status></propstat></response>"
	      "<response><href>/17/calendars/x/</href><status>HTTP/1.1 200 OK</status></response></multistatus>",
	  "/17/principal/ 0\n"
	  " C:calendar-home-set 200 \n"
	  "  1 D:href = https://p34-caldav.example.com:443/17/calendars/\n"
	  "/17/calendars/x/ 200\n" },
	{ "kerio: prefix a, .eml, ETag without quotes, status first",
	  XML "<a:multistatus xmlns:a=\"DAV:\" xmlns:b=\"urn:ietf:params:xml:ns:caldav\"><a:response>"
	      "<a:href>/full-calendars/example.com/jane/1B/2C.eml</a:href><a:propstat>"
	      "<a:status>HTTP/1.1 200 OK</a:status><a:prop><a:getetag>someid</a:getetag><b:calendar-data>"
	      "BEGIN:VCALENDAR\r\nPRODID:-//Kerio Technologies//Ews//EN\r\n</b:calendar-data></a:prop></a:propstat>"
	      "</a:response></a:multistatus>",
	  "/full-calendars/example.com/jane/1B/2C.eml 0\n"
	  " D:getetag 200 someid\n"
	  " C:calendar-data 200 BEGIN:VCALENDAR\\nPRODID:-//Kerio Technologies//Ews//EN\\n\n" },
	{ "address data by version",
	  ONE("<D:response><D:href>/b/</D:href><D:propstat><D:prop><A:supported-address-data "
	      "xmlns:A=\"urn:ietf:params:xml:ns:carddav\"><A:address-data-type content-type=\"text/vcard\" "
	      "version=\"4.0\"/></A:supported-address-data></D:prop><D:status>HTTP/2 200</D:status></D:propstat>"
	      "</D:response>"),
	  "/b/ 0\n"
	  " A:supported-address-data 200 \n"
	  "  1 A:address-data-type [text/vcard] v4.0\n" },
};

static const struct sample odd[] = {
	{ "nothing", ONE(""), "" },
	{ "empty, closed at once", "<D:multistatus" D "/>", "" },
	{ "BOM", "\xef\xbb\xbf" XML ONE(""), "" },
	{ "blanks before the declaration", "\r\n \t" XML ONE(""), "" },
	{ "BOM and blanks", "\xef\xbb\xbf\n" XML ONE(""), "" },
	{ "comments and instructions", "<!-- a --><?x y?>" ONE("<!-- <![CDATA[ -->") "<!-- b -->\n", "" },
	{ "several hrefs with one status",
	  ONE("<D:response><D:href>/a</D:href><D:href> /b\n</D:href><D:status>HTTP/1.1 404 N</D:status></D:response>"),
	  "/a 404\n/b 404\n" },
	{ "text in pieces", TEXT("a<![CDATA[b]]>c<![CDATA[]]><!-- -->&amp;<?x?>d"), "/a 0\n D:x 200 abc&d\n" },
	{ "all of CDATA's marks",
	  TEXT("<![CDATA[]]]>a<![CDATA[<b>&amp;<!-- c --><?d?>]]]]><!-- ]]> <![CDATA[ --><![CDATA[<![CDATA[-->]]>"),
	  "/a 0\n D:x 200 ]a<b>&amp;<!-- c --><?d?>]]<![CDATA[-->\n" },
	{ "CDATA within CDATA", TEXT("<![CDATA[a]]]]><![CDATA[>b]]>"), "/a 0\n D:x 200 a]]>b\n" },
	{ "blanks are text", TEXT(" \n "), "/a 0\n D:x 200  \\n \n" },
	{ "line ends", TEXT("a\r\nb\rc\nd"), "/a 0\n D:x 200 a\\nb\\nc\\nd\n" },
	{ "line ends in CDATA", TEXT("<![CDATA[\r\na\r\n\nb\r\rc\r]]>\n"), "/a 0\n D:x 200 \\na\\n\\nb\\n\\nc\\n\\n\n" },
	{ "line ends kept by references", TEXT("a&#13;\nb&#xD;&#xA;"), "/a 0\n D:x 200 a\\r\\nb\\r\\n\n" },
	{ "control characters", TEXT("a\x01\x02" "b\x0b\x0c\x1f\x7f" "c\td"), "/a 0\n D:x 200 ab\x7f" "c\td\n" },
	{ "control characters as references", TEXT("a&#1;b&#x0B;c&#x1f;&#0;&#xFFFF;&#x110000;d&#127;"), "/a 0\n D:x 200 abcd\x7f\n" },
	{ "references within CDATA are text", TEXT("<![CDATA[a&#1;&amp;]]>&#2;b"), "/a 0\n D:x 200 a&#1;&amp;b\n" },
	{ "characters that XML forbids", TEXT("a\xef\xbf\xbe\xef\xbf\xbf" "b"), "/a 0\n D:x 200 ab\n" },
	{ "no UTF-8", TEXT("M\xfcller \xc3\xa4 \xe2\x82 \xed\xa0\x80"),
	  "/a 0\n D:x 200 M\xef\xbf\xbdller \xc3\xa4 \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n" },
	{ "beyond the first plane", TEXT("\xf0\x9f\x98\x80&#128512;"), "/a 0\n D:x 200 \xf0\x9f\x98\x80\xf0\x9f\x98\x80\n" },
	{ "no status is 200", ITEM("<D:propstat><D:prop><D:x/></D:prop></D:propstat>"), "/a 0\n D:x 200 \n" },
	{ "junk for a status is no success",
	  ITEM("<D:propstat><D:prop><D:x/></D:prop><D:status>fine</D:status></D:propstat>"), "/a 0\n D:x 500 \n" },
	{ "empty status is no success", ITEM("<D:status/>"), "/a 500\n" },
	{ "numbers that are no codes", ITEM("<D:status>HTTP/1.1 2000</D:status>"), "/a 500\n" },
	{ "a bare code", ITEM("<D:status> 404 </D:status>"), "/a 404\n" },
	{ "prop where it does not belong", ITEM("<D:prop><D:x>y</D:x></D:prop>"), "/a 0\n" },
	{ "responses where they do not belong", ITEM("<D:response><D:href>/b</D:href></D:response>"), "/a 0\n" },
	{ "names of other namespaces", ITEM("<href xmlns=\"x\">/b</href><D:location><D:href>/c</D:href></D:location>"),
	  "/a 0\n" },
	{ "a prefix that is not declared", TEXT("<q:y>z</q:y>"), "/a 0\n D:x 200 \n  1 {}y = z\n" },
	{ "a namespace undone", ITEM("<D:propstat><D:prop><x xmlns=\"\"/></D:prop></D:propstat>"), "/a 0\n {}x 200 \n" },
	{ "text and children", TEXT("a<D:b>c<D:d> e </D:d>f</D:b>g"),
	  "/a 0\n D:x 200 ag\n  1 D:b = cf\n  2 D:d = e\n" },
	{ "an error in a propstat",
	  ITEM("<D:propstat><D:prop><D:x/></D:prop><D:status>HTTP/1.1 403 F</D:status><D:error>"
	       "<D:cannot-modify-protected-property><D:y/></D:cannot-modify-protected-property><D:z/></D:error>"
	       "<D:responsedescription>no</D:responsedescription></D:propstat>"),
	  "/a 0 error cannot-modify-protected-property (no)\n D:x 403 \n" },
	{ "an empty token is none", ONE("<D:sync-token/>"), "" },
	{ "the token of a property is none", TEXT("<D:sync-token>t</D:sync-token>"),
	  "/a 0\n D:x 200 \n  1 D:sync-token = t\n" },
	{ "other encodings' names for ASCII", "<?xml version=\"1.0\" encoding=\"US-ASCII\"?>" ONE(""), "" },
};

static void check(const struct sample *sample)
{
	size_t size = strlen(sample->in);
	struct buf out;

	buf_init(&out, (size_t)1 << 20);
	for (size_t piece = 1; piece <= size; piece = piece < 40 ? piece + 1 : piece * 2 + 1) {
		buf_clear(&out);
		xml_show(&out, sample->in, size, piece);
		if (strcmp(out.data, sample->out) != 0)
			print_message("%s, in pieces of %zu\n", sample->what, piece);
		assert_string_equal(out.data, sample->out);
	}
	buf_clear(&out);
	xml_show(&out, sample->in, size, size);
	assert_string_equal(out.data, sample->out);
	buf_free(&out);
}

static void server_shapes(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(servers); i++, checked++)
		check(&servers[i]);
	assert_true(checked >= 10);
}

static void odd_shapes(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++, checked++)
		check(&odd[i]);
	assert_true(checked >= 30);
}

/* Every beginning of an answer fails, and tells nothing but responses that were whole. */
static void cut_everywhere(void **state)
{
	size_t checked = 0;
	struct buf out;

	(void)state;
	buf_init(&out, (size_t)1 << 20);
	for (size_t i = 0; i < COUNT(servers); i++) {
		size_t size = strlen(servers[i].in);

		while (size && servers[i].in[size - 1] == '\n')
			size--;
		for (size_t cut = 0; cut < size; cut++, checked++) {
			const char *fail;

			buf_clear(&out);
			xml_show(&out, servers[i].in, cut, 1 + cut % 97);
			fail = strstr(out.data, "fail: ");
			if (!fail)
				print_message("%s, cut at %zu\n", servers[i].what, cut);
			assert_non_null(fail);
			assert_memory_equal(out.data, servers[i].out, (size_t)(fail - out.data));
		}
	}
	buf_free(&out);
	assert_true(checked > 4000);
}

/* ---- refused ------------------------------------------------------------------------------ */

static void refused(void **state)
{
	static const struct {
		const char *in, *says;
	} samples[] = {
		{ "", "an empty answer" },
		{ " \r\n", "an empty answer" },
		{ "\xef\xbb\xbf", "an empty answer" },
		{ "<!DOCTYPE html><html><body>Log in</body></html>", "a web page" },
		{ "<!doctype HTML>\n<html>", "cannot be read" },
		{ "<html><body><p>Not Found<br></body></html>", "no multistatus: <html>" },
		{ "{\"error\": {}}", "cannot be read" },
		{ "Not Found", "cannot be read" },
		{ "<D:error" D "><D:valid-sync-token/></D:error>", "no multistatus: <error>" },
		{ "<multistatus/>", "no multistatus" },
		{ "<multistatus xmlns=\"DAV\"/>", "no multistatus" },
		{ "<!DOCTYPE multistatus>" ONE(""), "DOCTYPE" },
		{ XML "<!DOCTYPE multistatus SYSTEM \"file:///etc/passwd\">" ONE(""), "DOCTYPE" },
		{ XML "<!DOCTYPE multistatus [<!ENTITY a \"b\">]>" TEXT("&a;"), "DOCTYPE" },
		{ "<!DOCTYPE m [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
		  "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>"
		  TEXT("&d;"), "DOCTYPE" },
		{ "<!DOCTYPE m [<!ENTITY % a SYSTEM \"http://127.0.0.1:9/\">%a;]>" ONE(""), "DOCTYPE" },
		{ TEXT("&a;"), "cannot be read" },
		{ TEXT("&nbsp;"), "cannot be read" },
		{ TEXT("&#x;"), "cannot be read" },
		{ TEXT("&#xg;"), "cannot be read" },
		{ TEXT("&#1a;"), "cannot be read" },
		{ TEXT("a & b"), "cannot be read" },
		{ TEXT("a < b"), "cannot be read" },
		{ TEXT("a ]]> b"), "cannot be read" },
		{ TEXT("<y>"), "cannot be read" },
		{ ONE("") "<x/>", "cannot be read" },
		{ ONE("") "x", "cannot be read" },
		{ ONE("") ONE(""), "cannot be read" },
		{ ONE("<D:response a=\"1\" a=\"2\"/>"), "cannot be read" },
		{ ONE("<D:response><D:status>HTTP/1.1 404 N</D:status></D:response>"), "without an href" },
		{ ONE("<D:response><D:href> </D:href></D:response>"), "without an href" },
		{ "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" ONE(""), "ISO-8859-1" },
		{ "<?xml version=\"1.0\" encoding=\"UTF-7\"?>" ONE(""), "" },
		{ "<?xml version=\"1.0\" encoding=\"UTF-16\"?>" ONE(""), "" },
		{ "<?xml version=\"1.0\" encoding=\"x\"?>" ONE(""), "" },
	};
	size_t checked = 0;
	struct buf out;

	(void)state;
	buf_init(&out, (size_t)1 << 20);
	for (size_t i = 0; i < COUNT(samples); i++) {
		static const size_t pieces[] = { 1, 3, 10, 100000 };

		for (size_t k = 0; k < COUNT(pieces); k++, checked++) {
			buf_clear(&out);
			xml_show(&out, samples[i].in, strlen(samples[i].in), pieces[k]);
			if (strncmp(out.data, "fail: ", 6) != 0 || !strstr(out.data, samples[i].says))
				print_message("%s\n  in pieces of %zu: %s\n", samples[i].in, pieces[k], out.data);
			assert_memory_equal(out.data, "fail: ", 6);
			assert_non_null(strstr(out.data, samples[i].says));
		}
	}
	buf_free(&out);
	assert_true(checked >= 100);
}

static void sixteen_bits(void **state)
{
	static const char text[] = "\xff\xfe<\0D\0:\0m\0";
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	xml_show(&out, text, sizeof(text) - 1, 3);
	assert_memory_equal(out.data, "fail: ", 6);
	buf_free(&out);
}

/* ---- limits ------------------------------------------------------------------------------- */

/* A document that is made as it is read. */
struct stream {
	struct xml *xml;
	const struct fail *fail;
	size_t responses, most_used;
};

static const struct fail *stream_count(void *context, const struct xml_response *response)
{
	struct stream *stream = context;

	(void)response;
	if (stream->responses++ % 1000 == 0) {
		struct mallinfo2 info = mallinfo2();

		if (info.uordblks + info.hblkhd > stream->most_used)
			stream->most_used = info.uordblks + info.hblkhd;
	}
	return NULL;
}

static void stream_begin(struct stream *stream, size_t responses)
{
	*stream = (struct stream){ 0 };
	stream->xml = xml_begin(&(struct xml_limits){ .responses = responses }, stream_count, stream);
}

static void stream_add(struct stream *stream, const char *text)
{
	if (!stream->fail)
		stream->fail = xml_add(stream->xml, text, strlen(text));
}

static void stream_repeat(struct stream *stream, const char *text, size_t count)
{
	for (size_t i = 0; i < count && !stream->fail; i++)
		stream_add(stream, text);
}

static void stream_end(struct stream *stream)
{
	if (!stream->fail)
		stream->fail = xml_end(stream->xml);
	xml_free(stream->xml);
}

#define OPEN "<D:multistatus" D ">"
#define PROP "<D:response><D:href>/a</D:href><D:propstat><D:prop>"

static void million_responses(void **state)
{
	struct stream stream;
	struct mallinfo2 before = mallinfo2();
	char text[200];

	(void)state;
	stream_begin(&stream, 0);
	stream_add(&stream, OPEN);
	for (int i = 0; i < 1000000 && !stream.fail; i++) {
		snprintf(text, sizeof(text),
			 "<D:response><D:href>/c/%d.ics</D:href><D:propstat><D:prop><D:getetag>\"%d\"</D:getetag>"
			 "</D:prop></D:propstat></D:response>", i, i);
		stream_add(&stream, text);
	}
	stream_add(&stream, "</D:multistatus>");
	stream_end(&stream);
	assert_null(stream.fail);
	assert_int_equal(stream.responses, 1000000);
	assert_true(stream.most_used < before.uordblks + before.hblkhd + ((size_t)1 << 20));
}

static void too_many_responses(void **state)
{
	struct stream stream;

	(void)state;
	stream_begin(&stream, 3);
	stream_add(&stream, OPEN);
	stream_repeat(&stream, "<D:response><D:href>/a</D:href><D:href>/b</D:href></D:response>", 2);
	stream_end(&stream);
	assert_true(fail_is(stream.fail, FAIL_PROTOCOL));
	assert_int_equal(stream.responses, 3);
}

static void huge_texts(void **state)
{
	static char part[65537];
	size_t parts = XML_TEXT_MOST / (sizeof(part) - 1);
	struct stream stream;

	(void)state;
	memset(part, 'x', sizeof(part) - 1);
	for (int cdata = 0; cdata < 2; cdata++)
		for (size_t more = 0; more < 2; more++) {
			stream_begin(&stream, 0);
			stream_add(&stream, OPEN PROP "<D:x>");
			stream_add(&stream, cdata ? "<![CDATA[" : "");
			stream_repeat(&stream, part, parts + more);
			stream_add(&stream, cdata ? "]]>" : "");
			stream_add(&stream, "</D:x></D:prop></D:propstat></D:response></D:multistatus>");
			stream_end(&stream);
			if (!more && stream.fail)
				print_message("%s\n", stream.fail->text);
			assert_int_equal(stream.responses, more ? 0 : 1);
			assert_true(more ? fail_is(stream.fail, FAIL_PROTOCOL) : !stream.fail);
		}
}

/* Each of these goes on without an end; all must be stopped long before the last piece. */
static void endless(void **state)
{
	static const struct {
		const char *begin, *more;
	} samples[] = {
		{ "", "<D:x xmlns:D=\"DAV:\">" },
		{ OPEN, "<D:x>" },
		{ OPEN PROP, "<D:x>" },
		{ OPEN PROP "<D:x>", "<D:y/>" },
		{ OPEN PROP "<D:x>", "<D:y>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</D:y>" },
		{ OPEN PROP "<D:x>", "text and more text of one property, which is all that there is of it\n" },
		{ OPEN PROP "<D:x><D:y>", "text of a child that is longer than anything below a property ever is\n" },
		{ OPEN PROP, "<D:x/>" },
		{ OPEN "<D:response><D:href>", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z" },
		{ OPEN "<D:response>", "<D:href>/a</D:href>" },
		{ OPEN "<D:sync-token>", "a token that is longer than a token may be, and then some more of it" },
		{ OPEN "<D:response><D:status>", "HTTP/1.1 200 OK and all is well and nothing else is to be said here" },
		{ OPEN "<D:response a=\"", "one attribute that goes on and on and on and on and on and on and on and on" },
		{ OPEN "<D:response ", "xmlns:a=\"b\" c=\"d\" " },
		{ OPEN "<", "name" },
		{ OPEN "<!-- ", "a comment that is longer than any comment that a server ever wrote into an answer" },
		{ OPEN "<?x ", "an instruction that is longer than any instruction that a server ever wrote here" },
		{ OPEN "&", "entity" },
		{ OPEN "&#", "00000000000000000000000000000000000000" },
		{ OPEN PROP "<D:x>", "<![CDATA[" },
		{ OPEN PROP "<D:x><![CDATA[", "text and more text of one property, which is all that there is of it\n" },
		{ "<!DOCTYPE ", "name" },
		{ "<?xml ", "version" },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, checked++) {
		struct stream stream;
		size_t size = 0;
		size_t length = strlen(samples[i].more);

		stream_begin(&stream, 0);
		stream_add(&stream, samples[i].begin);
		for (; size < ((size_t)40 << 20) && !stream.fail; size += length)
			stream_add(&stream, samples[i].more);
		if (!stream.fail)
			print_message("%s %s has no end\n", samples[i].begin, samples[i].more);
		assert_true(fail_is(stream.fail, FAIL_PROTOCOL));
		assert_int_equal(stream.fail->scope, FAIL_FOLDER);
		assert_true(size <= XML_TEXT_MOST + 8192);
		/* It stays so. */
		assert_non_null(xml_add(stream.xml, ">", 1));
		assert_non_null(xml_end(stream.xml));
		xml_free(stream.xml);
	}
	assert_true(checked >= 20);
}

static void attributes(void **state)
{
	struct stream stream;
	char attribute[40];

	(void)state;
	for (int spaces = 0; spaces < 2; spaces++)
		for (int count = 50; count <= 80; count += 30) {
			stream_begin(&stream, 0);
			stream_add(&stream, OPEN "<D:x");
			for (int i = 0; i < count; i++) {
				snprintf(attribute, sizeof(attribute), spaces ? " xmlns:a%d=\"b\"" : " a%d=\"b\"", i);
				stream_add(&stream, attribute);
			}
			stream_add(&stream, "/></D:multistatus>");
			stream_end(&stream);
			assert_true(count > 64 ? fail_is(stream.fail, FAIL_PROTOCOL) : !stream.fail);
		}
}

static const struct fail *stop_at_once(void *context, const struct xml_response *response)
{
	(void)response;
	++*(int *)context;
	return fail_make(FAIL_STOPPED, FAIL_ALL, "enough");
}

static void stopped_by_the_reader(void **state)
{
	static const char text[] = ONE("<D:response><D:href>/a</D:href></D:response>"
				       "<D:response><D:href>/b</D:href></D:response>");
	int called = 0;
	struct xml *xml = xml_begin(&(struct xml_limits){ 0 }, stop_at_once, &called);

	(void)state;
	if (!xml_add(xml, text, sizeof(text) - 1))
		assert_true(fail_is(xml_end(xml), FAIL_STOPPED));
	assert_true(fail_is(xml_end(xml), FAIL_STOPPED));
	assert_int_equal(called, 1);
	xml_free(xml);
	xml_free(NULL);
}

/* ---- errors, escapes, helpers --------------------------------------------------------------- */

static void error_bodies(void **state)
{
	static const struct {
		const char *in, *condition, *detail;
	} samples[] = {
		{ "<D:error" D "><D:valid-sync-token/><D:responsedescription> Invalid sync-token\n</D:responsedescription>"
		  "</D:error>", "valid-sync-token", "Invalid sync-token" },
		{ XML "<error xmlns=\"DAV:\"><valid-sync-token /></error>", "valid-sync-token", "" },
		{ "<D:error" D " xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><C:no-uid-conflict>"
		  "<D:href>/dav/a.ics</D:href></C:no-uid-conflict></D:error>", "no-uid-conflict", "/dav/a.ics" },
		{ XML "<d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\"><s:sabredav-version>4.3</s:sabredav-version>"
		  "<s:exception>Sabre\\DAV\\Exception\\Forbidden</s:exception><s:message>Not &lt;here&gt;</s:message>"
		  "<d:need-privileges/></d:error>", "need-privileges", "Not <here>" },
		{ ONE("<D:response><D:href>/c/b.ics</D:href><D:status>HTTP/1.1 412 P</D:status><D:error>"
		      "<C:no-uid-conflict xmlns:C=\"urn:ietf:params:xml:ns:caldav\"/></D:error>"
		      "<D:responsedescription>in use</D:responsedescription></D:response>"), "no-uid-conflict", "in use" },
		{ "<D:error" D "><D:valid-sync-token/><D:respon", "valid-sync-token", "" },
		{ "<D:error" D "/>", "", "" },
		{ "<html><body><error><x/></error></body></html>", "", "" },
		{ "<!DOCTYPE html><html>", "", "" },
		{ "{\"error\":{}}", "", "" },
		{ "", "", "" },
	};
	size_t checked = 0;
	struct buf condition, detail;

	(void)state;
	buf_init(&condition, 4096);
	buf_init(&detail, 4096);
	for (size_t i = 0; i < COUNT(samples); i++, checked++) {
		xml_error(samples[i].in, strlen(samples[i].in), &condition, &detail);
		assert_string_equal(condition.data, samples[i].condition);
		assert_string_equal(detail.data, samples[i].detail);
	}
	assert_true(checked >= 10);
	buf_free(&condition);
	buf_free(&detail);
}

static void escapes(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	xml_escape(&out, "a<b> & \"c\" 'd'\x01\x1b\t\n\xc3\xa4]]>");
	assert_string_equal(out.data, "a&lt;b&gt; &amp; &quot;c&quot; 'd'\t\n\xc3\xa4]]&gt;");
	buf_free(&out);
}

static const struct fail *look(void *context, const struct xml_response *response)
{
	const struct xml_property *type = xml_property(response, XML_DAV, "resourcetype");

	++*(int *)context;
	assert_non_null(type);
	assert_int_equal(type->status, 204);
	assert_true(xml_has(type, XML_DAV, "collection"));
	assert_true(xml_has(type, XML_DAV, "deeper"));
	assert_false(xml_has(type, XML_CALDAV, "collection"));
	assert_null(xml_property(response, XML_DAV, "displayname"));
	assert_null(xml_property(response, XML_CALDAV, "resourcetype"));
	return NULL;
}

static void helpers(void **state)
{
	static const char text[] =
		ITEM("<D:propstat><D:prop><D:resourcetype/><D:displayname/></D:prop><D:status>HTTP/1.1 404 N</D:status>"
		     "</D:propstat><D:propstat><D:prop><D:resourcetype><D:collection><D:deeper/></D:collection>"
		     "</D:resourcetype></D:prop><D:status>HTTP/1.1 204 N</D:status></D:propstat>");
	int called = 0;
	struct xml *xml = xml_begin(&(struct xml_limits){ 0 }, look, &called);

	(void)state;
	assert_null(xml_add(xml, text, sizeof(text) - 1));
	assert_null(xml_end(xml));
	assert_int_equal(called, 1);
	xml_free(xml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_shapes),
		cmocka_unit_test(odd_shapes),
		cmocka_unit_test(cut_everywhere),
		cmocka_unit_test(refused),
		cmocka_unit_test(sixteen_bits),
		cmocka_unit_test(million_responses),
		cmocka_unit_test(too_many_responses),
		cmocka_unit_test(huge_texts),
		cmocka_unit_test(endless),
		cmocka_unit_test(attributes),
		cmocka_unit_test(stopped_by_the_reader),
		cmocka_unit_test(error_bodies),
		cmocka_unit_test(escapes),
		cmocka_unit_test(helpers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
