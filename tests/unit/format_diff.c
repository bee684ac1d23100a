/* diff.h: what is told of the differences between versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/terminal.h"
#include "format/diff.h"
#include "format/normal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum wrap { AS_EVENT, AS_CARD, AS_CALENDAR, AS_MAIL };

static const char *wrapped(struct arena *arena, enum wrap wrap, const char *lines)
{
	switch (wrap) {
	case AS_EVENT:
		return arena_printf(arena, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\n%s\r\nEND:VEVENT\r\n"
					   "END:VCALENDAR\r\n", lines);
	case AS_CARD:
		return arena_printf(arena, "BEGIN:VCARD\nVERSION:3.0\nUID:u\n%s\nEND:VCARD\n", lines);
	case AS_CALENDAR:
		return arena_printf(arena, "BEGIN:VCALENDAR\n%s\nEND:VCALENDAR\n", lines);
	case AS_MAIL:
		break;
	}
	return lines;
}

/* "Field: base | server | local", a line each; "-" for what is not there. */
static char *told(struct arena *arena, const struct diff *diff)
{
	struct buf out;
	char *text;

	buf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_field *field = &diff->fields[i];

		buf_addf(&out, "%s%s: %s | %s | %s", i ? "\n" : "", field->field,
			 field->text[DIFF_BASE] ? field->text[DIFF_BASE] : "-",
			 field->text[DIFF_SERVER] ? field->text[DIFF_SERVER] : "-",
			 field->text[DIFF_LOCAL] ? field->text[DIFF_LOCAL] : "-");
	}
	text = arena_strn(arena, out.data, out.size);
	buf_free(&out);
	return text;
}

static void make(struct arena *arena, enum wrap wrap, const char *const texts[DIFF_VERSIONS],
		 struct diff *diff)
{
	struct diff_input inputs[DIFF_VERSIONS] = { { NULL, 0 } };

	for (int v = 0; v < DIFF_VERSIONS; v++)
		if (texts[v]) {
			inputs[v].data = wrapped(arena, wrap, texts[v]);
			inputs[v].size = strlen(inputs[v].data);
		}
	if (wrap == AS_MAIL)
		diff_messages(inputs, arena, diff);
	else
		diff_items(inputs, wrap == AS_CARD, arena, diff);
}

struct example {
	enum wrap wrap;
	const char *texts[DIFF_VERSIONS];
	const char *want;
};

#define ALARM(trigger) "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:" trigger "\nEND:VALARM"
#define PICTURE "PHOTO;ENCODING=B:"

static const struct example examples[] = {
	/* Nothing, or nothing that means anything. */
	{ AS_EVENT, { "SUMMARY:a", "SUMMARY:a", "SUMMARY:a" }, "" },
	{ AS_EVENT, { "SUMMARY:a\nLOCATION:b", "LOCATION:b\nSUMMARY:a", "DTSTAMP:20260101T000000Z\nSUMMARY:a\n"
		      "LOCATION:b" }, "" },
	{ AS_EVENT, { "SUMMARY:a", "SUMMARY:b", "SUMMARY:b" }, "" }, /* both made the same change */
	{ AS_EVENT, { "SUMMARY:a", "SUMMARY:b", NULL }, "Summary: a | b | -" },
	{ AS_EVENT, { "SUMMARY:a", NULL, "SUMMARY:b" }, "Summary: a | - | b" },
	{ AS_EVENT, { NULL, NULL, "SUMMARY:b" }, "" },
	{ AS_EVENT, { NULL, "SUMMARY:a", "SUMMARY:b" }, "Summary: - | a | b" },
	/* One property. */
	{ AS_EVENT, { "SUMMARY:Lunch", "SUMMARY:Dinner", "SUMMARY:Lunch\\, late" },
	  "Summary: Lunch | Dinner | Lunch, late" },
	{ AS_EVENT, { "SUMMARY:a", "SUMMARY:a\nLOCATION:Rome", "SUMMARY:a" }, "Location: - | Rome | -" },
	{ AS_EVENT, { "SUMMARY:a\nLOCATION:Rome", "SUMMARY:a\nLOCATION:Rome", "SUMMARY:a" },
	  "Location: Rome | Rome | -" },
	{ AS_EVENT, { "DESCRIPTION:one\\ntwo", "DESCRIPTION:one", "DESCRIPTION:one\\n\\nthree" },
	  "Description: one two | one | one three" },
	{ AS_EVENT, { "X-MINE:1", "X-MINE:2", "X-MINE:3" }, "X-MINE: 1 | 2 | 3" },
	{ AS_EVENT, { "STATUS:TENTATIVE", "STATUS:CONFIRMED", "STATUS:CANCELLED" },
	  "Status: tentative | confirmed | cancelled" },
	/* People look for the first things first. */
	{ AS_EVENT, { "CLASS:PRIVATE\nLOCATION:a\nSUMMARY:a\nX-A:a", "CLASS:PRIVATE\nLOCATION:a\nSUMMARY:a\nX-A:a",
		      "CLASS:CONFIDENTIAL\nLOCATION:b\nSUMMARY:b\nX-A:b" },
	  "Summary: a | a | b\nLocation: a | a | b\nAccess: private | private | confidential\nX-A: a | a | b" },
	/* Times, in the zone of the user (Europe/Prague here). */
	{ AS_EVENT, { "DTSTART:20261122T090000Z", "DTSTART;TZID=Europe/London:20261122T090000",
		      "DTSTART;TZID=America/New_York:20260722T090000" },
	  "Start: 2026-11-22 10:00 | 2026-11-22 10:00 | 2026-07-22 15:00" },
	{ AS_EVENT, { NULL, "DTSTART;TZID=Europe/Prague:20261122T100000", "DTSTART:20261122T090000Z" },
	  "Start: - | 2026-11-22 10:00 [;TZID=Europe/Prague:20261122T100000] | 2026-11-22 10:00 [:20261122T090000Z]" },
	{ AS_EVENT, { NULL, "DTSTART:20261122T100000", "DTSTART;TZID=Nowhere:20261122T100000" },
	  "Start: - | 2026-11-22 10:00 | 2026-11-22 10:00 (Nowhere)" },
	{ AS_EVENT, { NULL, "DTSTART;VALUE=DATE:20261122\nDTEND;VALUE=DATE:20261123",
		      "DTSTART;VALUE=DATE:20261123\nDTEND;VALUE=DATE:20261125" },
	  "Start: - | 2026-11-22 (all day) | 2026-11-23 (all day)\nEnd: - | 2026-11-22 (all day) | 2026-11-24 "
	  "(all day)" },
	{ AS_EVENT, { NULL, "DURATION:PT90M", "DURATION:P1D" }, "Duration: - | 1 hour 30 minutes | 1 day" },
	{ AS_EVENT, { NULL, "DURATION:PT0S", "DURATION:P1DT1S" }, "Duration: - | 0 seconds | 1 day 1 second" },
	/* Recurrence. */
	{ AS_EVENT, { NULL, "RRULE:FREQ=WEEKLY;BYDAY=WE,MO;INTERVAL=2", "RRULE:FREQ=DAILY;COUNT=3" },
	  "Repeats: - | every 2 weeks on MO, WE | every day, 3 times" },
	{ AS_EVENT, { NULL, "RRULE:FREQ=MONTHLY;BYMONTHDAY=3;UNTIL=20261224T090000Z", NULL }, "" },
	{ AS_EVENT, { "RRULE:FREQ=YEARLY", "RRULE:FREQ=MONTHLY;BYMONTHDAY=3;UNTIL=20261224T090000Z", NULL },
	  "Repeats: every year | every month until 2026-12-24 10:00, BYMONTHDAY=3 | -" },
	{ AS_EVENT, { "EXDATE:20261122T090000Z", "EXDATE:20261122T090000Z,20261129T090000Z", "EXDATE:20261122T090000Z" },
	  "Not on: - | 2026-11-29 10:00 | -" },
	/* Several of a name. */
	{ AS_EVENT, { "ATTENDEE;CN=Jane:mailto:jane@x", "ATTENDEE;CN=Jane;PARTSTAT=ACCEPTED:mailto:jane@x",
		      "ATTENDEE;CN=Jane;PARTSTAT=DECLINED:MAILTO:jane@x" },
	  "Attendee: Jane <jane@x> | Jane <jane@x> (accepted) | Jane <jane@x> (declined)" },
	{ AS_EVENT, { "ATTENDEE:mailto:a@x\nATTENDEE:mailto:b@x", "ATTENDEE:mailto:b@x\nATTENDEE:mailto:c@x",
		      "ATTENDEE:mailto:a@x\nATTENDEE:mailto:b@x" },
	  "Attendee: a@x | - | a@x\nAttendee: - | c@x | -" },
	{ AS_EVENT, { "CATEGORIES:A,B", "CATEGORIES:A,B,C", "CATEGORIES:B" },
	  "Category: A | A | -\nCategory: - | C | -" },
	/* Alarms and instances. */
	{ AS_EVENT, { ALARM("-PT15M"), ALARM("-PT15M"), ALARM("-PT1H") },
	  "Alarm: Time: 15 minutes before the start | 15 minutes before the start | 1 hour before the start" },
	{ AS_EVENT, { ALARM("-PT15M"), "SUMMARY:a\n" ALARM("-PT15M"), "SUMMARY:a" },
	  "Alarm: 15 minutes before the start | 15 minutes before the start | -" },
	{ AS_EVENT, { ALARM("-PT15M") "\n" ALARM("-PT5M"), ALARM("-PT5M") "\n" ALARM("-PT15M"),
		      ALARM("-PT5M") "\n" ALARM("PT0S") },
	  "Alarm: Time: 15 minutes before the start | 15 minutes before the start | at the start" },
	{ AS_CALENDAR,
	  { "BEGIN:VEVENT\nUID:u\nSUMMARY:a\nEND:VEVENT",
	    "BEGIN:VEVENT\nUID:u\nSUMMARY:a\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261129T090000Z\n"
	    "SUMMARY:b\nDTSTART:20261129T100000Z\nEND:VEVENT",
	    "BEGIN:VEVENT\nUID:u\nSUMMARY:a\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261129T090000Z\n"
	    "SUMMARY:c\nDTSTART:20261129T100000Z\nEND:VEVENT" },
	  "2026-11-29 10:00: Summary: - | b | c" },
	{ AS_CALENDAR,
	  { NULL,
	    "BEGIN:VEVENT\nUID:u\nSUMMARY:a\nEND:VEVENT",
	    "BEGIN:VEVENT\nUID:u\nSUMMARY:a\nEND:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261129T090000Z\n"
	    "SUMMARY:c\nDTSTART:20261129T100000Z\nEND:VEVENT" },
	  "Event 2026-11-29 10:00: - | - | c, 2026-11-29 11:00" },
	/* Contacts. */
	{ AS_CARD, { "FN:Jane", "FN:Jane Doe", "FN:Jane D." }, "Name: Jane | Jane Doe | Jane D." },
	{ AS_CARD, { "N:Doe;Jane;;;", "N:Doe;Jane;;;", "N:Doe;Janet;;Dr.;" },
	  "Name in parts: Doe, Jane | Doe, Jane | Doe, Janet, Dr." },
	{ AS_CARD, { "TEL;TYPE=HOME:1\nTEL;TYPE=CELL:2", "TEL;TYPE=HOME:1\nTEL;TYPE=CELL:3",
		     "TEL;TYPE=HOME:4\nTEL;TYPE=CELL:2" },
	  "Phone (home): 1 | 1 | 4\nPhone (cell): 2 | 3 | 2" },
	{ AS_CARD, { NULL, "EMAIL;TYPE=WORK:a@x", "EMAIL;TYPE=HOME:a@x" }, "Email: - | a@x (work) | a@x (home)" },
	{ AS_CARD, { NULL, PICTURE "AAAA", PICTURE "AAAB" },
	  "Picture: - | 4 bytes, SHA-256 63c1dd95… | 4 bytes, SHA-256 5e01d7a1…" },
	/* What cannot be read. */
	{ AS_MAIL, { NULL, NULL, NULL }, "" },
	{ AS_CALENDAR, { NULL, "BEGIN:VEVENT\nUID:u\nEND:VEVENT", "BEGIN:VEVENT\nUID:u" },
	  "Content: - | 60 bytes | 49 bytes, not readable" },
	/* Messages. */
	{ AS_MAIL, { NULL, "Subject: a\nFrom: b\n\nText\n", "Subject: a\r\nFrom: b\r\n\r\nText\r\n" }, "" },
	{ AS_MAIL, { NULL, "Subject: =?UTF-8?Q?J=C3=A4n?=\nTo: b\n\nText\n", "subject:  c\n d\nCc: e\nCc: f\n\nText\n" },
	  "Subject: - | Jän | c d\nTo: - | b | -\nCc: - | - | e, f" },
	{ AS_MAIL, { NULL, "Date: Sun, 22 Nov 2026 09:00:00 +0000\n\na\nb\n",
		     "Date: Sun, 22 Nov 2026 10:00:00 +0000\n\na\nc\nd" },
	  "Date: - | 2026-11-22 10:00 | 2026-11-22 11:00\nBody: - | 2 lines; line 2: b | 3 lines; line 2: c" },
	{ AS_MAIL, { NULL, "Subject: a\n\na\nb\n", "Subject: a\n\na\n" }, "Body: - | 2 lines; line 2: b | 1 lines" },
	{ AS_MAIL, { NULL, "Subject: a", "Subject: a\n\n" }, "" },
};

static void all_examples(void **context)
{
	struct arena *arena = arena_new();

	(void)context;
	assert_true(COUNT(examples) >= 40);
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct diff diff;
		char *got;

		make(arena, examples[i].wrap, examples[i].texts, &diff);
		got = told(arena, &diff);
		if (strcmp(got, examples[i].want) != 0)
			fail_msg("example %zu\n%s\nwanted\n%s", i, got, examples[i].want);
		arena_reset(arena);
	}
	arena_free(arena);
}

/* Of long texts one sees where they differ; nothing reaches the terminal raw. */
static void long_and_hostile(void **context)
{
	struct arena *arena = arena_new();
	char text[3][2000];
	struct diff diff;

	(void)context;
	for (int v = 0; v < 3; v++) {
		memset(text[v], 'a', sizeof text[v]);
		memcpy(text[v], "DESCRIPTION:", 12);
		snprintf(text[v] + 1500, 100, "here %d", v);
	}
	make(arena, AS_EVENT, (const char *const[]){ text[0], text[1], text[2] }, &diff);
	assert_int_equal(diff.count, 1);
	for (int v = 0; v < 3; v++) {
		assert_non_null(strstr(diff.fields[0].text[v], (const char *[]){ "here 0", "here 1", "here 2" }[v]));
		assert_true(strlen(diff.fields[0].text[v]) < 2 * DIFF_TEXT_MOST);
	}
	make(arena, AS_EVENT, (const char *const[]){ NULL, "SUMMARY:a\x1b[31m\xe2\x80\xae\x9b\xff",
						       "SUMMARY;X-P=\"\x1b]0;\":b\nX-\x1b:c\nRECURRENCE-ID:\x1b[2J" },
	     &diff);
	assert_true(diff.count >= 1);
	for (size_t i = 0; i < diff.count; i++)
		for (int v = -1; v < DIFF_VERSIONS; v++) {
			const char *at = v < 0 ? diff.fields[i].field : diff.fields[i].text[v];

			for (size_t length; at && *at; at += length) {
				uint32_t code = 0;

				length = str_utf8_next(at, strlen(at), &code);
				assert_true(length > 0);
				assert_false(terminal_unsafe(code));
			}
		}
	arena_free(arena);
}

/* What a merge needs: each field leads to its property in every version. */
static void leads_to_entries(void **context)
{
	struct arena *arena = arena_new();
	struct diff diff;

	(void)context;
	make(arena, AS_EVENT,
	     (const char *const[]){ "SUMMARY:a", "SUMMARY:b\n" ALARM("PT0S"), "SUMMARY;LANGUAGE=de:c" }, &diff);
	assert_int_equal(diff.count, 2);
	assert_string_equal(diff.fields[1].path, "VEVENT/VALARM");
	assert_null(diff.fields[1].entry[DIFF_SERVER]);
	assert_string_equal(diff.fields[0].path, "VEVENT");
	assert_string_equal(diff.fields[0].entry[DIFF_BASE]->value.at, "a");
	assert_string_equal(diff.fields[0].entry[DIFF_SERVER]->name, "SUMMARY");
	assert_string_equal(diff.fields[0].entry[DIFF_LOCAL]->params, ";LANGUAGE=DE");
	arena_free(arena);
}

static void titles(void **context)
{
	static const struct {
		enum wrap wrap;
		const char *text, *want;
	} rows[] = {
		{ AS_EVENT, "DTSTART:20261129T090000Z\nSUMMARY:Lunch\\nout\nDESCRIPTION:Long\n" ALARM("PT0S"),
		  "Lunch out, 2026-11-29 10:00" },
		{ AS_EVENT, "DTSTART;VALUE=DATE:20261129\nSUMMARY:Trip", "Trip, 2026-11-29 (all day)" },
		{ AS_EVENT, "SUMMARY:\x1b[2Jred\nDESCRIPTION:Not told", "[2Jred" },
		{ AS_EVENT, "DTSTART:20261129T090000Z", "2026-11-29 10:00" },
		{ AS_EVENT, "RECURRENCE-ID:20261206T090000Z\nDTSTART:20261206T100000Z\nSUMMARY:Later\nEND:VEVENT\n"
			    "BEGIN:VEVENT\nUID:u\nRRULE:FREQ=WEEKLY\nDTSTART:20261129T090000Z\nSUMMARY:Weekly",
		  "Weekly, 2026-11-29 10:00" },
		{ AS_EVENT, "RECURRENCE-ID:20261206T090000Z\nDTSTART:20261206T100000Z\nSUMMARY:Alone",
		  "Alone, 2026-12-06 11:00" },
		{ AS_CALENDAR, "BEGIN:VTODO\nUID:u\nDUE:20261129T090000Z\nSUMMARY:Pay\nEND:VTODO",
		  "Pay, 2026-11-29 10:00" },
		{ AS_CALENDAR, "BEGIN:VJOURNAL\nUID:u\nDESCRIPTION:No name\nEND:VJOURNAL", "No name" },
		{ AS_CARD, "N:Doe;Jane;;;\nFN:Jane Doe\nTEL:1", "Jane Doe" },
		{ AS_MAIL, "Subject: no item", NULL },
	};
	struct arena *arena = arena_new();
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(rows); i++, tried++) {
		const char *text = wrapped(arena, rows[i].wrap, rows[i].text);
		struct diff_input input = { text, strlen(text) };
		const char *title = diff_title(&input, rows[i].wrap == AS_CARD, arena);

		if (!title != !rows[i].want || (title && strcmp(title, rows[i].want) != 0))
			fail_msg("%s: %s, not %s", rows[i].text, title, rows[i].want);
	}
	assert_true(tried >= 10);
	arena_free(arena);
}

/* Thousands of everything end soon, and are counted. */
static void many(void **context)
{
	struct arena *arena = arena_new();
	struct buf texts[2];
	struct diff diff;

	(void)context;
	for (int v = 0; v < 2; v++) {
		buf_init(&texts[v], SIZE_MAX);
		for (int i = 0; i < 5000; i++)
			buf_addf(&texts[v], "X-%d:%d\n" ALARM("-PT%dM") "\n", i, v, 2 * i + v);
		for (int i = 0; i < 5000; i++)
			buf_addf(&texts[v], "ATTENDEE:mailto:%d@x%d\n", i, v);
		buf_adds(&texts[v], "END:VEVENT\n");
		for (int i = 0; i < 5000; i++)
			buf_addf(&texts[v], "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:2026%02d%02dT%02d0000Z\nSUMMARY:%d\n"
				 "END:VEVENT\n", i % 12 + 1, i / 12 % 28 + 1, i / 336, v);
		buf_adds(&texts[v], "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20250101T000000Z");
	}
	make(arena, AS_EVENT, (const char *const[]){ NULL, texts[0].data, texts[1].data }, &diff);
	assert_int_equal(diff.count, DIFF_FIELDS_MOST);
	assert_true(diff.more > 10000);
	buf_free(&texts[0]);
	buf_free(&texts[1]);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_examples),
		cmocka_unit_test(long_and_hostile),
		cmocka_unit_test(leads_to_entries),
		cmocka_unit_test(titles),
		cmocka_unit_test(many),
	};

	setenv("TZ", "Europe/Prague", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
