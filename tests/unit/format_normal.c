/* normal.h, canon.h: what is the same and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "format/item.h"
#include "format/normal.h"
#include "unit/format_rewrites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct digest digest_text(const char *text, bool card)
{
	struct item_facts facts;
	struct digest digest;

	item_read(text, strlen(text), card, &facts);
	digest = facts.normal;
	item_facts_free(&facts);
	return digest;
}

static bool same(const char *a, const char *b, bool card)
{
	struct digest first = digest_text(a, card), second = digest_text(b, card);

	return digest_equal(&first, &second);
}

/* An event, or a card, with these lines. */
static char *wrapped(const char *lines, bool card)
{
	struct buf text;

	buf_init(&text, SIZE_MAX);
	buf_adds(&text, card ? "BEGIN:VCARD\nUID:u\n" : "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n");
	buf_adds(&text, lines);
	buf_adds(&text, card ? "\nEND:VCARD\n" : "\nEND:VEVENT\nEND:VCALENDAR\n");
	return text.data;
}

struct pair {
	const char *a, *b;
};

static size_t pairs_check(const struct pair *pairs, size_t count, bool card, bool equal)
{
	for (size_t i = 0; i < count; i++) {
		char *a = wrapped(pairs[i].a, card), *b = wrapped(pairs[i].b, card);

		if (same(a, b, card) != equal)
			fail_msg("%s\n%s\n%s", pairs[i].a, equal ? "is not" : "is", pairs[i].b);
		free(a);
		free(b);
	}
	return count;
}

/* ---- tables ---- */

static void equal_events(void **context)
{
	static const struct pair pairs[] = {
		{ "SUMMARY:a\nLOCATION:b", "LOCATION:b\nSUMMARY:a" },
		{ "SUMMARY:abc", "SUMMARY:a\n bc" },
		{ "SUMMARY:abc\n", "SUMMARY:abc\r\n" },
		{ "SUMMARY:a", "summary:a" },
		{ "SUMMARY:a", "SUMMARY:a  \t" },
		{ "SUMMARY:a", "SUMMARY;VALUE=TEXT:a" },
		{ "SUMMARY:a,b;c", "SUMMARY:a\\,b\\;c" },
		{ "SUMMARY:a\\nb", "SUMMARY:a\\Nb" },
		{ "X-FOO:a,b", "X-FOO:a\\,b" },
		{ "SUMMARY:a", "SUMMARY:a\nDTSTAMP:20250101T000000Z\nLAST-MODIFIED:20250101T000000Z" },
		{ "SUMMARY:a", "SUMMARY:a\nCLASS:PUBLIC\nTRANSP:opaque\nSEQUENCE:0\nPRIORITY:0" },
		{ "SUMMARY:a", "SUMMARY:a\nX-RADICALE-NAME:x.ics" },
		{ "STATUS:CONFIRMED", "STATUS:confirmed" },
		{ "SEQUENCE:1", "SEQUENCE:+01" },
		{ "DTSTART:20250101T100000Z", "DTSTART;VALUE=DATE-TIME:20250101t100000z" },
		{ "DTSTART;TZID=Europe/Prague:20250101T100000",
		  "DTSTART;TZID=\"Europe/Prague\":20250101T100000" },
		{ "DTSTART;TZID=a;X-P=b:20250101T100000", "DTSTART;X-P=b;TZID=a:20250101T100000" },
		{ "DURATION:PT1440M", "DURATION:P1D" },
		{ "DURATION:PT90M", "DURATION:+PT1H30M" },
		{ "DURATION:P1W", "DURATION:P7D" },
		{ "DURATION:PT0S", "DURATION:-P0D" },
		{ "RRULE:FREQ=WEEKLY;BYDAY=MO,WE", "RRULE:BYDAY=we,mo;FREQ=weekly;INTERVAL=1;WKST=MO" },
		{ "RRULE:FREQ=MONTHLY;BYDAY=1MO;BYMONTH=2", "RRULE:FREQ=MONTHLY;BYDAY=+1MO;BYMONTH=02;" },
		{ "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,2,2", "RRULE:FREQ=MONTHLY;BYMONTHDAY=2,1" },
		{ "EXDATE:20250101T100000Z,20250102T100000Z",
		  "EXDATE:20250102T100000Z\nEXDATE:20250101T100000Z" },
		{ "CATEGORIES:a,b\\,c", "CATEGORIES:b\\,c\nCATEGORIES:a" },
		{ "ATTENDEE;CN=a;ROLE=CHAIR:mailto:a@b", "ATTENDEE;ROLE=chair;CN=\"a\":MAILTO:a@b" },
		{ "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:a@b", "ATTENDEE:mailto:a@b" },
		{ "ATTENDEE:mailto:a@b\nATTENDEE:mailto:c@d", "ATTENDEE:mailto:c@d\nATTENDEE:mailto:a@b" },
		{ "ATTENDEE;CN=a^^b:mailto:a@b", "ATTENDEE;CN=\"a^^b\":mailto:a@b" },
		{ "ATTACH;ENCODING=BASE64;VALUE=BINARY:aGVs bG8=",
		  "ATTACH;VALUE=binary;ENCODING=b:aGVsbG8=" },
		{ "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT15M\nEND:VALARM",
		  "begin:valarm\ntrigger;RELATED=START:-PT900S\naction:audio\nend:valarm" },
		{ "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:-PT2M\nEND:VALARM\nSUMMARY:"
		  "a",
		  "SUMMARY:a\nBEGIN:VALARM\nTRIGGER:-PT2M\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:-PT1M\nEND:"
		  "VALARM" },
	};

	(void)context;
	assert_true(pairs_check(pairs, COUNT(pairs), false, true) >= 33);
}

static void different_events(void **context)
{
	static const struct pair pairs[] = {
		{ "SUMMARY:a", "SUMMARY:b" },
		{ "SUMMARY:a", "SUMMARY:A" },
		{ "SUMMARY:a", "SUMMARY: a" },
		{ "SUMMARY:a b", "SUMMARY:a  b" },
		{ "SUMMARY:a", "" },
		{ "SUMMARY:a", "SUMMARY:a\nSUMMARY:a" },
		{ "SUMMARY:a", "LOCATION:a" },
		{ "SUMMARY:a", "SUMMARY;LANGUAGE=cs:a" },
		{ "SUMMARY:a\\nb", "SUMMARY:anb" },
		{ "SUMMARY:a\\nb", "SUMMARY:a\\\\nb" },
		{ "SUMMARY:a\\\\,b", "SUMMARY:a,b" },
		{ "SUMMARY:a\\:b", "SUMMARY:a:b" },
		{ "SUMMARY:a\\\\:b", "SUMMARY:a\\:b" },
		{ "COMMENT:a\nCOMMENT:b", "COMMENT:b\nCOMMENT:a" },
		{ "DESCRIPTION:a\njunk b", "DESCRIPTION:a" },
		{ "DESCRIPTION:a\njunk\nLOCATION:b", "DESCRIPTION:a\nLOCATION:b\njunk" },
		{ "CREATED:20250101T000000Z", "CREATED:20250102T000000Z" },
		{ "SEQUENCE:1", "SEQUENCE:2" },
		{ "SEQUENCE:1", "SEQUENCE:-1" },
		{ "CLASS:PUBLIC", "CLASS:PRIVATE" },
		{ "CLASS:PUBLIC", "CLASS;X-A=b:PUBLIC" },
		{ "TRANSP:OPAQUE", "TRANSP:TRANSPARENT" },
		{ "STATUS:CONFIRMED", "STATUS:TENTATIVE" },
		{ "DTSTART:20250101T100000Z", "DTSTART:20250101T100000" },
		{ "DTSTART;VALUE=DATE:20250101", "DTSTART:20250101" },
		{ "DTSTART;TZID=Europe/Prague:20250101T100000",
		  "DTSTART;TZID=Europe/Vienna:20250101T100000" },
		{ "DTEND:20250101T100000Z", "DURATION:PT1H" },
		{ "DURATION:PT1H", "DURATION:-PT1H" },
		{ "DURATION:P1M", "DURATION:PT1M" }, /* the first is none */
		{ "RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;INTERVAL=2" },
		{ "RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;WKST=SU" },
		{ "RRULE:FREQ=WEEKLY;BYDAY=MO", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU" },
		{ "RRULE:FREQ=WEEKLY;COUNT=1", "RRULE:FREQ=WEEKLY;COUNT=10" },
		{ "RRULE:FREQ=MONTHLY;BYDAY=1MO", "RRULE:FREQ=MONTHLY;BYDAY=-1MO" },
		{ "RRULE:FREQ=MONTHLY;BYMONTHDAY=1", "RRULE:FREQ=MONTHLY;BYMONTH=1" },
		{ "EXDATE:20250101T100000Z", "EXDATE:20250101T100000Z,20250102T100000Z" },
		{ "EXDATE;TZID=a:20250101T100000", "EXDATE;TZID=b:20250101T100000" },
		{ "CATEGORIES:a,b", "CATEGORIES:a\\,b" },
		{ "CATEGORIES:a", "CATEGORIES:A" },
		{ "ATTENDEE;CN=a:mailto:a@b", "ATTENDEE;CN=b:mailto:a@b" },
		{ "ATTENDEE;CN=a:mailto:a@b", "ATTENDEE;CN=A:mailto:a@b" },
		{ "ATTENDEE;CN=a^^n:mailto:a@b", "ATTENDEE;CN=a^n:mailto:a@b" },
		{ "ATTENDEE;MEMBER=\"a,b\":mailto:a@b", "ATTENDEE;MEMBER=a,b:mailto:a@b" },
		{ "ATTENDEE:mailto:a@b", "ATTENDEE:mailto:A@b" },
		{ "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@b" },
		{ "ATTACH;VALUE=BINARY;ENCODING=BASE64:aGVsbG8=",
		  "ATTACH;VALUE=BINARY;ENCODING=BASE64:aGVsbG9=" },
		{ "ATTACH:http://a/b", "ATTACH:http://a/B" },
		{ "URL:http://a/b\\,c", "URL:http://a/b,c" },
		{ "X-FOO:a", "X-BAR:a" },
		{ "X-FOO;VALUE=URI:a\\,b", "X-FOO;VALUE=URI:a,b" },
		{ "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM", "BEGIN:VALARM\nTRIGGER:-PT2M\nEND:VALARM" },
		{ "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM", "TRIGGER:-PT1M" },
		{ "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM",
		  "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM" },
		{ "BEGIN:VALARM\nTRIGGER;RELATED=END:-PT1M\nEND:VALARM",
		  "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM" },
	};

	(void)context;
	assert_true(pairs_check(pairs, COUNT(pairs), false, false) >= 54);
}

static void equal_cards(void **context)
{
	static const struct pair pairs[] = {
		{ "FN:a\nN:b;c", "N:b;c\nFN:a" },
		{ "N:Doe;Jane;;;", "N:Doe;Jane" },
		{ "ADR:;;Street 1;Town;;;", "ADR:;;Street 1;Town" },
		{ "ORG:a;", "ORG:a" },
		{ "TEL;TYPE=HOME;TYPE=VOICE:1", "TEL;TYPE=voice,home:1" },
		{ "TEL;TYPE=\"home,voice\":1", "TEL;TYPE=home,voice,HOME:1" },
		{ "TEL;HOME;VOICE:1", "TEL;TYPE=HOME,VOICE:1" },
		{ "item1.TEL:1\nitem1.X-ABLabel:x", "ITEM1.TEL:1\nITEM1.X-ABLABEL:x" },
		{ "item1.TEL:1\nitem1.X-ABLabel:x", "item7.X-ABLABEL:x\nitem7.TEL:1" },
		{ "a.TEL:1\na.X-ABLABEL:x\nb.TEL:2\nb.X-ABLABEL:y",
		  "b.TEL:1\nb.X-ABLABEL:x\na.TEL:2\na.X-ABLABEL:y" },
		{ "a.TEL:1\na.X-ABLABEL:x\nb.URL:2\nb.X-ABLABEL:y",
		  "a.TEL:1\nb.X-ABLABEL:y\nb.URL:2\na.X-ABLABEL:x" },
		{ "FN:a", "FN:a\nREV:20250101T000000Z\nPRODID:x\nKIND:individual" },
		{ "KIND:group\nMEMBER:urn:uuid:a\nMEMBER:urn:uuid:b",
		  "MEMBER:urn:uuid:b\nMEMBER:urn:uuid:a\nKIND:Group" },
		{ "NOTE:a,b\\n", "NOTE:a\\,b\\N" },
		{ "CATEGORIES:a,b", "CATEGORIES:b\nCATEGORIES:a" },
		{ "PHOTO;ENCODING=b;TYPE=JPEG:aGVs\n  bG8=", "PHOTO;TYPE=jpeg;ENCODING=BASE64:aGVsbG8=" },
		{ "PHOTO;BASE64;JPEG:aGVsbG8=", "PHOTO;ENCODING=BASE64;TYPE=JPEG:aGVsbG8=" },
		{ "PHOTO:data:image/jpeg;base64,aGVs bG8=", "PHOTO:data:image/jpeg;base64,aGVsbG8=" },
		{ "FN;VALUE=text:a", "FN:a" },
	};

	(void)context;
	assert_true(pairs_check(pairs, COUNT(pairs), true, true) >= 16);
}

static void different_cards(void **context)
{
	static const struct pair pairs[] = {
		{ "FN:a", "FN:b" },
		{ "FN:a", "NICKNAME:a" },
		{ "N:Doe;Jane", "N:Jane;Doe" },
		{ "N:Doe;Jane", "N:;Doe;Jane" },
		{ "N:Doe;Jane", "N:Doe\\;Jane" },
		{ "N:a,b;c", "N:a\\,b;c" },
		{ "N:Doe\\;", "N:Doe" },
		{ "N:Doe\\\\;", "N:Doe\\;" },
		{ "ORG:a;b", "ORG:a\\;b" },
		{ "TEL:1\nTEL:2", "TEL:2\nTEL:1" }, /* the first is what programs show */
		{ "TEL;TYPE=HOME:1", "TEL;TYPE=WORK:1" },
		{ "TEL;TYPE=HOME:1", "TEL:1" },
		{ "TEL;TYPE=HOME:1", "TEL;X-TYPE=HOME:1" },
		{ "item1.TEL:1\nitem2.X-ABLABEL:x", "item1.TEL:1\nitem1.X-ABLABEL:x" },
		{ "item1.TEL:1", "TEL:1" },
		{ "a.TEL:1\na.X-ABLABEL:x\nb.TEL:2\nb.X-ABLABEL:y",
		  "a.TEL:1\na.X-ABLABEL:y\nb.TEL:2\nb.X-ABLABEL:x" },
		{ "a.TEL:1\na.X-ABLABEL:x\na.X-ABLABEL:x", "a.TEL:1\na.X-ABLABEL:x" },
		{ "VERSION:3.0", "VERSION:4.0" },
		{ "NOTE:a\\nb", "NOTE:a b" },
		{ "CATEGORIES:a,b", "CATEGORIES:a\\,b" },
		{ "NICKNAME:a,b", "NICKNAME:b,a" },
		{ "X-FOO:a;b", "X-FOO:a\\;b" },
		{ "X-FOO:a,b", "X-FOO:a\\,b" },
		{ "PHOTO;ENCODING=b:aGVsbG8=", "PHOTO;ENCODING=b:aGVsbG9=" },
		{ "PHOTO;ENCODING=b:aGVsbG8=", "PHOTO:aGVsbG8=" },
		{ "PHOTO:data:image/jpeg;base64,aGVsbG8=", "PHOTO:data:image/png;base64,aGVsbG8=" },
		{ "BDAY:19900101", "BDAY:19900102" },
		{ "KIND:group", "KIND:org" },
		{ "FN:a", "FN;X-FOO=b:a" },
		{ "NOTE;ENCODING=QUOTED-PRINTABLE:a=\nB:c", "NOTE;ENCODING=QUOTED-PRINTABLE:a=\nB:d" },
		{ "NOTE;ENCODING=QUOTED-PRINTABLE:a=41", "NOTE;ENCODING=QUOTED-PRINTABLE:a=42" },
	};

	(void)context;
	assert_true(pairs_check(pairs, COUNT(pairs), true, false) >= 29);
}

/* ---- whole calendars ---- */

#define EVENT   "BEGIN:VEVENT\nUID:u\nSUMMARY:a\nEND:VEVENT\n"
#define CHANGED "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20250101T100000Z\nSUMMARY:b\nEND:VEVENT\n"
#define ZONE(name, rule)                                                                                     \
	"BEGIN:VTIMEZONE\nTZID:" name "\nBEGIN:STANDARD\nDTSTART:19701025T030000\n" rule                     \
	"TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
#define OCTOBER           "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n"
#define CALENDAR(content) "BEGIN:VCALENDAR\n" content "END:VCALENDAR\n"

static void calendars_compare(void **context)
{
	static const struct {
		bool equal;
		const char *a, *b;
	} tries[] = {
		{ true, CALENDAR(EVENT),
		  CALENDAR("VERSION:2.0\nPRODID:x\nCALSCALE:GREGORIAN\nMETHOD:PUBLISH\n" EVENT) },
		{ true, CALENDAR("VERSION:2.0\nPRODID:x\n" EVENT),
		  CALENDAR(EVENT "PRODID:y\nVERSION:2.0\n") },
		{ true, CALENDAR(EVENT CHANGED), CALENDAR(CHANGED EVENT) },
		{ true, CALENDAR(EVENT), CALENDAR(EVENT) "\r\n\r\n" },
		{ true, CALENDAR(EVENT), CALENDAR(ZONE("Europe/Prague", OCTOBER) EVENT) },
		{ true, CALENDAR(ZONE("Europe/Prague", "") EVENT),
		  CALENDAR(ZONE("Europe/Prague", OCTOBER) EVENT) },
		{ true, CALENDAR(EVENT),
		  CALENDAR(ZONE("/vendor.org/20250101_1/America/New_York", "") EVENT) },
		{ true, CALENDAR(EVENT), CALENDAR(ZONE("UTC", "") EVENT) },
		{ true,
		  CALENDAR(ZONE("Mine", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZURL:x\nLAST-MODIFIED:y\n")
				   EVENT),
		  CALENDAR(EVENT ZONE("Mine", OCTOBER)) },
		{ false, CALENDAR(EVENT), CALENDAR(ZONE("Mine", OCTOBER) EVENT) },
		{ false, CALENDAR(ZONE("Mine", "") EVENT), CALENDAR(ZONE("Mine", OCTOBER) EVENT) },
		{ false, CALENDAR(EVENT), CALENDAR(ZONE("Europe", OCTOBER) EVENT) },
		{ false, CALENDAR(EVENT), CALENDAR("METHOD:CANCEL\n" EVENT) },
		{ false, CALENDAR(EVENT), CALENDAR("VERSION:1.0\n" EVENT) },
		{ false, CALENDAR(EVENT), CALENDAR("CALSCALE:OTHER\n" EVENT) },
		{ false, CALENDAR(EVENT), CALENDAR(EVENT EVENT) },
		{ false, CALENDAR(EVENT), CALENDAR(EVENT CHANGED) },
		{ false, CALENDAR(EVENT), CALENDAR(EVENT) CALENDAR(EVENT) },
		{ false, CALENDAR(EVENT), CALENDAR("X-WR-CALNAME:x\n" EVENT) },
		{ false, CALENDAR(EVENT), EVENT },
		/* What cannot be read is the same when its bytes are, line ends aside. */
		{ true, "BEGIN:VCALENDAR\nX:y\n", "BEGIN:VCALENDAR\r\nX:y\r\n" },
		{ true, "", "" },
		{ false, "BEGIN:VCALENDAR\nX:y\nZ:\n", "BEGIN:VCALENDAR\nZ:\nX:y\n" },
		{ false, "junk", "junk " },
		{ false, "junk\n", "junk\r\r\n" },
		{ false, "", "\n" },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++)
		if (same(tries[i].a, tries[i].b, false) != tries[i].equal)
			fail_msg("%s%s%s", tries[i].a, tries[i].equal ? "is not\n" : "is\n", tries[i].b);
	assert_true(tried >= 26);
}

static void servers_rewrite(void **context)
{
	(void)context;
	assert_true(same(event_sent, event_radicale, false));
	assert_true(same(event_sent, event_xandikos, false));
	assert_true(same(event_sent, event_cyrus, false));
	assert_true(same(card_sent, card_radicale, true));
	assert_string_not_equal(event_sent, event_radicale); /* they did */
	assert_string_not_equal(event_sent, event_xandikos);
	assert_string_not_equal(event_sent, event_cyrus);
	assert_string_not_equal(card_sent, card_radicale);
}

/* ---- the list ---- */

static void list_is(const char *data, bool card, const char *want)
{
	struct arena *arena = arena_new();
	struct normal normal;
	struct lines lines;
	struct part *parts;
	struct buf text;

	buf_init(&text, 65536);
	assert_true(lines_read(data, strlen(data), &lines));
	assert_true(parts_make(&lines, arena, &parts));
	assert_true(normal_make(parts, card, arena, &normal));
	for (size_t i = 0; i < normal.count; i++) {
		const struct normal_entry *entry = &normal.entries[i];

		buf_addf(&text, "%s: %s%s%s=%.*s%s\n", entry->path,
			 entry->name == entry->label ? "" : "(group).", entry->label, entry->params,
			 (int)entry->value.size, entry->value.at, entry->hashed ? " (hashed)" : "");
		assert_non_null(entry->line);
		assert_true(entry->line >= lines.items && entry->line < lines.items + lines.count);
	}
	assert_string_equal(text.data, want);
	buf_free(&text);
	lines_free(&lines);
	arena_free(arena);
}

static void properties_are_listed(void **context)
{
	(void)context;
	list_is("BEGIN:VCALENDAR\nPRODID:x\nX-A:b\n"
		"BEGIN:VEVENT\nUID:u\nrecurrence-id;tzid=\"Europe/Prague\":20250106T100000\nSUMMARY:b\\, "
		"c\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:u\nSUMMARY:a\nCATEGORIES:y,x\nDTSTAMP:z\nATTENDEE;rsvp=true;cn=\"a,b\":"
		"MAILTO:a\n"
		"BEGIN:VALARM\nTRIGGER:-PT90M\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:-P1D\nEND:VALARM\nEND:"
		"VEVENT\n"
		"END:VCALENDAR\n",
		false,
		"VCALENDAR: X-A=b\n"
		"VEVENT: ATTENDEE;CN=\"a,b\";RSVP=TRUE=MAILTO:a\n"
		"VEVENT: CATEGORIES=x\n"
		"VEVENT: CATEGORIES=y\n"
		"VEVENT: SUMMARY=a\n"
		"VEVENT: UID=u\n"
		"VEVENT/VALARM: TRIGGER=-P1D\n"
		"VEVENT/VALARM #2: TRIGGER=-PT5400S\n"
		"VEVENT 20250106T100000: RECURRENCE-ID;TZID=Europe/Prague=20250106T100000\n"
		"VEVENT 20250106T100000: SUMMARY=b, c\n"
		"VEVENT 20250106T100000: UID=u\n");
	list_is("BEGIN:VCARD\nitem1.tel;type=home;type=cell:1\nPHOTO;ENCODING=b:aGVs "
		"bG8=\nTEL:2\nEND:VCARD\n",
		true,
		"VCARD: PHOTO;ENCODING=BASE64=8 bytes, SHA-256 "
		"333d6b3a3c1f5db6c9bdda5939b136986d170f4649172a68368d54ecb44c2ff2 (hashed)\n"
		"VCARD: (group).TEL;TYPE=CELL,HOME=1\n"
		"VCARD: TEL=2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_events),          cmocka_unit_test(different_events),
		cmocka_unit_test(equal_cards),           cmocka_unit_test(different_cards),
		cmocka_unit_test(calendars_compare),     cmocka_unit_test(servers_rewrite),
		cmocka_unit_test(properties_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
