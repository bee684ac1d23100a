/* The fields of items: calendar.h, vcard.h, through item.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "format/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct
try {
	const char *lines, *want; /* what stands in the component; members behind "component" */
};

static void fields_are(const char *before, const char *after, bool card, const struct try *try,
		       const char *component)
{
	struct item_facts facts;
	struct buf text, want;

	buf_init(&text, SIZE_MAX);
	buf_init(&want, SIZE_MAX);
	buf_addf(&text, "%s%s\n%s", before, try->lines, after);
	buf_addf(&want, "{\"component\":\"%s\"%s%s}", component, *try->want ? "," : "", try->want);
	item_read(text.data, text.size, card, &facts);
	assert_string_equal(facts.fields, want.data);
	item_facts_free(&facts);
	buf_free(&text);
	buf_free(&want);
}

/* A zone that would keep libical busy for ever. */
#define SLOW_ZONE                                                                                            \
	"BEGIN:VTIMEZONE\nTZID:Slow\nBEGIN:STANDARD\nDTSTART:16010101T000000\nRRULE:FREQ=SECONDLY\n"         \
	"TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"

static void events(void **context)
{
	static const struct try tries[] = {
		{ "", "" },
		{ "SUMMARY:a\\, \"b\"\nLOCATION:c\nDESCRIPTION:d\\ne",
		  "\"summary\":\"a, \\\"b\\\"\",\"location\":\"c\","
		  "\"description\":\"d e\"" },
		{ "STATUS:CONFIRMED\nPRIORITY:3\nORGANIZER;CN=x:MAILTO:a@b\nATTENDEE:x\nATTENDEE:y\n"
		  "CATEGORIES:a,b\\,c\nCATEGORIES:d\nBEGIN:VALARM\nEND:VALARM\nBEGIN:X\nEND:X",
		  "\"status\":\"confirmed\",\"priority\":3,\"organizer\":\"a@b\",\"attendees\":2,"
		  "\"categories\":[\"a\",\"b,c\",\"d\"],\"alarms\":1" },
		{ "PRIORITY:x\nSTATUS:\nSUMMARY: \nCATEGORIES:", "\"categories\":[]" },
		/* times */
		{ "DTSTART:20260301T100000Z\nDTEND:20260301T113000Z",
		  "\"start\":\"2026-03-01 10:00:00\",\"end\":\"2026-03-01 11:30:00\",\"zone\":\"UTC\"" },
		{ "DTSTART:20260301T100000\nDURATION:PT90M",
		  "\"start\":\"2026-03-01 10:00:00\",\"end\":\"2026-03-01 11:30:00\"" },
		{ "DTSTART;TZID=Europe/Prague:20260301T100000\nDTEND;TZID=Europe/Prague:20260301T110000",
		  "\"start\":\"2026-03-01 09:00:00\",\"end\":\"2026-03-01 10:00:00\","
		  "\"zone\":\"Europe/Prague\"" },
		{ "DTSTART;TZID=\"/x.org/20200101_1/America/New_York\":20260701T100000",
		  "\"start\":\"2026-07-01 14:00:00\",\"end\":\"2026-07-01 14:00:00\","
		  "\"zone\":\"/x.org/20200101_1/America/New_York\"" },
		{ "DTSTART;TZID=America/Argentina/Buenos_Aires:20260701T100000\nDTEND:20260702T000000Z",
		  "\"start\":\"2026-07-01 13:00:00\",\"end\":\"2026-07-02 00:00:00\","
		  "\"zone\":\"America/Argentina/Buenos_Aires\"" },
		{ "DTSTART;TZID=Nowhere:20260701T100000", /* as it stands */
		  "\"start\":\"2026-07-01 10:00:00\",\"end\":\"2026-07-01 10:00:00\",\"zone\":\"Nowhere\"" },
		{ "DTSTART;TZID=../../etc/passwd:20260701T100000",
		  "\"start\":\"2026-07-01 10:00:00\",\"end\":\"2026-07-01 10:00:00\","
		  "\"zone\":\"../../etc/passwd\"" },
		{ "DTSTART;VALUE=DATE:20260301",
		  "\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"all_day\":true" },
		{ "DTSTART;VALUE=DATE:20260301\nDTEND;VALUE=DATE:20260305",
		  "\"start\":\"2026-03-01\",\"end\":\"2026-03-05\",\"all_day\":true" },
		{ "DTSTART:20260230T100000Z\nDTEND:x", "" },
		{ "DTSTART:20260301T250000Z", "" },
		{ "DTSTART;TZID=Europe/Prague:99990301T100000",
		  "\"start\":\"9999-03-01 10:00:00\",\"end\":\"9999-03-01 "
		  "10:00:00\",\"zone\":\"Europe/Prague\"" },
		{ "DTSTART:20260301T100000Z\nDURATION:-PT1H",
		  "\"start\":\"2026-03-01 10:00:00\",\"end\":\"2026-03-01 10:00:00\",\"zone\":\"UTC\"" },
	/* recurrence */
#define WEEK "DTSTART;TZID=Europe/Prague:20260302T100000\nDTEND;TZID=Europe/Prague:20260302T110000\n"
#define WEEK_WANT                                                                                            \
	"\"start\":\"2026-03-02 09:00:00\",\"end\":\"2026-03-02 10:00:00\",\"zone\":\"Europe/Prague\","
		{ WEEK "RRULE:FREQ=WEEKLY", WEEK_WANT "\"rrule\":\"FREQ=WEEKLY\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;COUNT=5", /* the fifth is in summer time */
		  WEEK_WANT "\"rrule\":\"FREQ=WEEKLY;COUNT=5\",\"last\":\"2026-03-30 09:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;UNTIL=20260330T080000Z", WEEK_WANT
		  "\"rrule\":\"FREQ=WEEKLY;UNTIL=20260330T080000Z\",\"last\":\"2026-03-30 09:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;UNTIL=20260330T075959Z", WEEK_WANT
		  "\"rrule\":\"FREQ=WEEKLY;UNTIL=20260330T075959Z\",\"last\":\"2026-03-23 10:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;UNTIL=20260330",
		  WEEK_WANT "\"rrule\":\"FREQ=WEEKLY;UNTIL=20260330\",\"last\":\"2026-03-30 09:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;TZID=Europe/Prague:20260330T100000,20260323T100000",
		  WEEK_WANT "\"rrule\":\"FREQ=WEEKLY;COUNT=5\",\"last\":\"2026-03-16 10:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;COUNT=5\nEXDATE:20260330T080000Z",
		  WEEK_WANT "\"rrule\":\"FREQ=WEEKLY;COUNT=5\",\"last\":\"2026-03-23 10:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=4", WEEK_WANT
		  "\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,FR;COUNT=4\",\"last\":\"2026-03-13 10:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20301231T000000Z",
		  WEEK_WANT "\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20301231T000000Z\",\"last\":\"2030-12-"
			    "30 10:00:00\"" },
		{ WEEK "RRULE:FREQ=MONTHLY;BYDAY=-1MO;COUNT=3", WEEK_WANT
		  "\"rrule\":\"FREQ=MONTHLY;BYDAY=-1MO;COUNT=3\",\"last\":\"2026-05-25 09:00:00\"" },
		{ WEEK "RRULE:FREQ=DAILY;COUNT=100000",
		  WEEK_WANT "\"rrule\":\"FREQ=DAILY;COUNT=100000\",\"last\":\"2299-12-15 10:00:00\"" },
		{ WEEK "RRULE:FREQ=DAILY;BYDAY=MO,TU;COUNT=100000", /* that would take too long */
		  WEEK_WANT "\"rrule\":\"FREQ=DAILY;BYDAY=MO,TU;COUNT=100000\"" },
		{ WEEK "RRULE:FREQ=SECONDLY;COUNT=10", WEEK_WANT "\"rrule\":\"FREQ=SECONDLY;COUNT=10\"" },
		{ WEEK "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1",
		  WEEK_WANT "\"rrule\":\"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1\"" },
		{ WEEK "RDATE;TZID=Europe/Prague:20260701T100000,20260601T100000",
		  WEEK_WANT "\"last\":\"2026-07-01 09:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;COUNT=2\nRDATE:20260101T000000Z",
		  WEEK_WANT "\"rrule\":\"FREQ=WEEKLY;COUNT=2\",\"last\":\"2026-03-09 10:00:00\"" },
		{ WEEK "RRULE:FREQ=WEEKLY;COUNT=2\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\n"
		       "RECURRENCE-ID;TZID=Europe/Prague:20260309T100000\nSUMMARY:later\n"
		       "DTSTART;TZID=Europe/Prague:20260309T200000\nDURATION:PT2H",
		  WEEK_WANT "\"rrule\":\"FREQ=WEEKLY;COUNT=2\",\"last\":\"2026-03-09 21:00:00\"" },
		{ "DTSTART;VALUE=DATE:20260301\nRRULE:FREQ=YEARLY;COUNT=3",
		  "\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"all_day\":true,"
		  "\"rrule\":\"FREQ=YEARLY;COUNT=3\",\"last\":\"2028-03-02\"" },
		{ "DTSTART;VALUE=DATE:20260301\nRRULE:FREQ=DAILY;UNTIL=20260310",
		  "\"start\":\"2026-03-01\",\"end\":\"2026-03-02\",\"all_day\":true,"
		  "\"rrule\":\"FREQ=DAILY;UNTIL=20260310\",\"last\":\"2026-03-11\"" },
		{ "DTSTART:20240229T100000Z\nRRULE:FREQ=YEARLY;UNTIL=20400101T000000Z",
		  "\"start\":\"2024-02-29 10:00:00\",\"end\":\"2024-02-29 10:00:00\",\"zone\":\"UTC\","
		  "\"rrule\":\"FREQ=YEARLY;UNTIL=20400101T000000Z\",\"last\":\"2036-02-29 10:00:00\"" },
		{ "RRULE:FREQ=DAILY;COUNT=2", "\"rrule\":\"FREQ=DAILY;COUNT=2\"" },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++)
		fields_are("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n", "END:VEVENT\nEND:VCALENDAR\n", false,
			   &tries[i], "event");
	assert_true(tried >= 37);
}

static void own_zones(void **context)
{
	static const struct try tries[] = {
		{ "DTSTART;TZID=My ^'zone^':20260701T100000\nSUMMARY:x", /* the name cannot be written so */
		  "\"summary\":\"x\",\"start\":\"2026-07-01 10:00:00\",\"end\":\"2026-07-01 10:00:00\","
		  "\"zone\":\"My ^'zone^'\"" },
		{ "DTSTART;TZID=Mine:20260701T100000\nDTEND;TZID=Mine:20261201T100000",
		  "\"start\":\"2026-07-01 11:00:00\",\"end\":\"2026-12-01 12:00:00\",\"zone\":\"Mine\"" },
		{ "DTSTART;TZID=Slow:20260701T100000",
		  "\"start\":\"2026-07-01 10:00:00\",\"end\":\"2026-07-01 10:00:00\",\"zone\":\"Slow\"" },
	};
	static const char mine[] =
		"BEGIN:VTIMEZONE\nTZID:Mine\nX-JUNK:\xff\n"
		"BEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n"
		"TZOFFSETFROM:-0100\nTZOFFSETTO:-0200\nEND:STANDARD\n"
		"BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n"
		"TZOFFSETFROM:-0200\nTZOFFSETTO:-0100\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
	size_t tried = 0;
	struct buf before;

	(void)context;
	buf_init(&before, SIZE_MAX);
	buf_adds(&before, "BEGIN:VCALENDAR\n");
	buf_adds(&before, mine);
	buf_adds(&before, SLOW_ZONE "BEGIN:VEVENT\nUID:u\n");
	for (size_t i = 0; i < COUNT(tries); i++, tried++)
		fields_are(before.data, "END:VEVENT\nEND:VCALENDAR\n", false, &tries[i], "event");
	buf_free(&before);
	assert_int_equal(tried, 3);
}

static void tasks_and_notes(void **context)
{
	static const struct try tasks[] = {
		{ "SUMMARY:a\nDUE:20260301T100000Z\nSTATUS:IN-PROCESS\nPERCENT-COMPLETE:40\nPRIORITY:9",
		  "\"summary\":\"a\",\"due\":\"2026-03-01 "
		  "10:00:00\",\"zone\":\"UTC\",\"status\":\"in-process\","
		  "\"percent\":40,\"priority\":9" },
		{ "DUE;VALUE=DATE:20260301\nPERCENT-COMPLETE:101\nPRIORITY:10",
		  "\"due\":\"2026-03-01\",\"all_day\":true" },
		{ "DUE;TZID=Europe/Prague:20260301T100000\nCOMPLETED:20260302T120000Z\nSTATUS:COMPLETED",
		  "\"due\":\"2026-03-01 09:00:00\",\"completed\":\"2026-03-02 "
		  "12:00:00\",\"zone\":\"Europe/Prague\","
		  "\"status\":\"completed\"" },
		{ "DTSTART:20260301T100000Z\nDURATION:P1D",
		  "\"start\":\"2026-03-01 10:00:00\",\"due\":\"2026-03-02 10:00:00\",\"zone\":\"UTC\"" },
		{ "DTSTART;VALUE=DATE:20260301", "\"start\":\"2026-03-01\",\"all_day\":true" },
		{ "DTSTART:20260301T100000Z\nDUE:20260301T110000Z\nRRULE:FREQ=MONTHLY;COUNT=2",
		  "\"start\":\"2026-03-01 10:00:00\",\"due\":\"2026-03-01 11:00:00\",\"zone\":\"UTC\","
		  "\"rrule\":\"FREQ=MONTHLY;COUNT=2\",\"last\":\"2026-04-01 11:00:00\"" },
	};
	static const struct try notes[] = {
		{ "SUMMARY:a\nDESCRIPTION:b\\nc\nDTSTART;VALUE=DATE:20260301\nSTATUS:FINAL\nCATEGORIES:x",
		  "\"summary\":\"a\",\"description\":\"b c\",\"start\":\"2026-03-01\",\"all_day\":true,"
		  "\"status\":\"final\",\"categories\":[\"x\"]" },
		{ "DTSTART:20260301T100000Z", "\"start\":\"2026-03-01 10:00:00\",\"zone\":\"UTC\"" },
	};

	(void)context;
	for (size_t i = 0; i < COUNT(tasks); i++)
		fields_are("BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:u\n", "END:VTODO\nEND:VCALENDAR\n", false,
			   &tasks[i], "task");
	for (size_t i = 0; i < COUNT(notes); i++)
		fields_are("BEGIN:VCALENDAR\nBEGIN:VJOURNAL\nUID:u\n", "END:VJOURNAL\nEND:VCALENDAR\n", false,
			   &notes[i], "note");
	assert_int_equal(COUNT(tasks) + COUNT(notes), 8);
}

static void cards(void **context)
{
	static const struct try tries[] = {
		{ "", "" },
		{ "VERSION:3.0\nFN:Jane Doe\nN:Doe;Jane;;Dr.;\nORG:Firm\\, "
		  "Inc.;Unit;\nEMAIL;TYPE=INTERNET:j@x\n"
		  "item1.EMAIL:k@x\nTEL;TYPE=CELL:+1 "
		  "2\nBDAY:1990-01-02\nCATEGORIES:a,b\nPHOTO;ENCODING=b:aGVs",
		  "\"name\":\"Jane Doe\",\"family\":\"Doe\",\"given\":\"Jane\",\"org\":\"Firm, Inc., Unit\","
		  "\"emails\":[\"j@x\",\"k@x\"],\"phones\":[\"+1 2\"],\"birthday\":\"1990-01-02\","
		  "\"categories\":[\"a\",\"b\"],\"version\":\"3.0\",\"has_photo\":true" },
		{ "VERSION:4.0\nFN:x\nTEL;VALUE=uri:tel:+1-2;ext=3\nEMAIL:MAILTO:a@b\nKIND:Group",
		  "\"name\":\"x\",\"emails\":[\"a@b\"],\"phones\":[\"+1-2;ext=3\"],\"version\":\"4.0\",\"is_"
		  "group\":true" },
		{ "FN:x\nX-ADDRESSBOOKSERVER-KIND:group\nPHOTO:", "\"name\":\"x\",\"is_group\":true" },
		{ "VERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Nov=C3=A1k;Tom=C3=A1=\n=C5=A1;;;"
		  "\nTEL;HOME:1",
		  "\"name\":\"Tomáš Novák\",\"family\":\"Novák\",\"given\":\"Tomáš\",\"phones\":[\"1\"],"
		  "\"version\":\"2.1\"" },
		{ "FN;QUOTED-PRINTABLE:=1B=20=00=4\nEMAIL;QUOTED-PRINTABLE:=41=4",
		  "\"name\":\"A=4\",\"emails\":[\"A=4\"]" },
		{ "FN:a\xff"
		  "b\x07"
		  "c",
		  "\"name\":\"a\xef\xbf\xbd"
		  "b c\"" },
		{ "N:;;;;\nFN:\nEMAIL:", "\"emails\":[]" },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++)
		fields_are("BEGIN:VCARD\nUID:u\n", "END:VCARD\n", true, &tries[i], "contact");
	assert_true(tried >= 8);
}

/* Whatever is in it, the object is not large, and its texts are cut between characters. */
static void fields_are_bounded(void **context)
{
	static const char *const lines[] = { "SUMMARY:",   "CATEGORIES:", "RRULE:",       "STATUS:",
					     "ORGANIZER:", "TZID:",       "DTSTART;TZID=" };
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(lines); i++, tried++) {
		struct item_facts facts;
		struct buf text;

		buf_init(&text, SIZE_MAX);
		buf_adds(&text, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n");
		buf_adds(&text, lines[i]);
		for (size_t n = 0; n < 300000; n++)
			buf_adds(&text, n % 100 == 99 ? "," : "ž\xe2\x80\xae");
		buf_adds(&text, ":x\nEND:VEVENT\nEND:VCALENDAR\n");
		item_read(text.data, text.size, false, &facts);
		assert_true(strlen(facts.fields) < 40000);
		assert_true(str_utf8(facts.fields, strlen(facts.fields)));
		assert_null(strstr(facts.fields, "\\ufffd"));
		assert_null(strstr(facts.fields, "\xef\xbf\xbd"));
		item_facts_free(&facts);
		buf_free(&text);
	}
	assert_int_equal(tried, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(own_zones),
		cmocka_unit_test(tasks_and_notes),
		cmocka_unit_test(cards),
		cmocka_unit_test(fields_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
