/* item.h: UID, summary, what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "format/item.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array)  (sizeof(array) / sizeof *(array))
#define CAL(content)  "BEGIN:VCALENDAR\nVERSION:2.0\n" content "END:VCALENDAR\n"
#define EV(content)   "BEGIN:VEVENT\n" content "END:VEVENT\n"
#define CARD(content) "BEGIN:VCARD\nVERSION:3.0\n" content "END:VCARD\n"
#define ZONE          "BEGIN:VTIMEZONE\nTZID:Europe/Prague\nUID:zone\nEND:VTIMEZONE\n"
#define ALARM         "BEGIN:VALARM\nUID:alarm\nSUMMARY:alarm\nATTENDEE:mailto:x@y\nEND:VALARM\n"

static void facts_are_read(void **context)
{
	static const struct {
		bool card;
		const char *data, *uid, *summary;
		unsigned components;
		bool scheduled;
		const char *wrong;
	} tries[] = {
		{ false, CAL(EV("UID:a\nSUMMARY:b\n")), "a", "b", ITEM_EVENT, false, NULL },
		{ false, CAL("BEGIN:VTODO\nUID:a\nEND:VTODO\n"), "a", NULL, ITEM_TODO, false, NULL },
		{ false, CAL("BEGIN:VJOURNAL\nUID:a\nEND:VJOURNAL\n"), "a", NULL, ITEM_JOURNAL, false, NULL },
		{ false, CAL(ZONE EV(ALARM "UID:a\nSUMMARY:b\n")), "a", "b", ITEM_EVENT, false, NULL },
		{ false, "begin:vcalendar\r\nBegin:vEvent\r\nuid;x=y:a\r\nend:vevent\r\nend:vcalendar\r\n",
		  "a", NULL, ITEM_EVENT, false, NULL },
		{ false, CAL(EV("UID:a\\, b\\;c \nSUMMARY:x\\ny\\,z\n")), "a, b;c", "x y,z", ITEM_EVENT,
		  false, NULL },
		{ false,
		  CAL(EV("UID:a\x01"
			 "b\nSUMMARY:\xff\x1b[31m\n")),
		  "a b", "\xef\xbf\xbd [31m", ITEM_EVENT, false, NULL },
		{ false, CAL(EV("UID:a\nUID:b\n")), "a", NULL, ITEM_EVENT, false, NULL },
		{ false, CAL(EV("UID:a\nORGANIZER:mailto:x@y\n")), "a", NULL, ITEM_EVENT, true, NULL },
		{ false, CAL(EV("UID:a\nattendee:mailto:x@y\n")), "a", NULL, ITEM_EVENT, true, NULL },
		{ false, CAL(EV("UID:a\nSUMMARY:m\n") EV("UID:a\nRECURRENCE-ID:1\nSUMMARY:i\n")), "a", "m",
		  ITEM_EVENT, false, NULL },
		{ false, CAL(EV("UID:a\nRECURRENCE-ID:1\nSUMMARY:i\n") EV("UID:a\nSUMMARY:m\nATTENDEE:x\n")),
		  "a", "m", ITEM_EVENT, true, NULL },
		{ false, CAL(EV("UID:a\n") EV("UID:b\n")), "a", NULL, ITEM_EVENT, false,
		  "it holds several items" },
		{ false, CAL(EV("UID:a\n") EV("SUMMARY:b\n")), "a", "b", ITEM_EVENT, false,
		  "a part of it has no UID" },
		{ false, CAL(EV("SUMMARY:b\n") EV("UID:a\n")), "a", "b", ITEM_EVENT, false,
		  "a part of it has no UID" },
		{ false, CAL(EV("UID:a\n") "BEGIN:VTODO\nUID:a\nEND:VTODO\n"), "a", NULL,
		  ITEM_EVENT | ITEM_TODO, false, "it holds items of several kinds" },
		{ false, CAL(EV("UID:a\n")) CAL(EV("UID:a\n")), "a", NULL, ITEM_EVENT, false,
		  "it holds several calendars" },
		{ false, CAL(EV("UID:\nSUMMARY:b\n")), NULL, "b", ITEM_EVENT, false, "it has no UID" },
		{ false, CAL(EV("SUMMARY:b\n" ALARM)), NULL, "b", ITEM_EVENT, false, "it has no UID" },
		{ false, CAL(EV("UID: \t\n")), NULL, NULL, ITEM_EVENT, false, "it has no UID" },
		{ false, CAL(ZONE), NULL, NULL, 0, false, "it holds no event, task or note" },
		{ false, CAL(""), NULL, NULL, 0, false, "it holds no event, task or note" },
		{ false, CAL("UID:a\nBEGIN:VFREEBUSY\nUID:a\nEND:VFREEBUSY\n"), NULL, NULL, 0, false,
		  "it holds no event, task or note" },
		{ false, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\n", NULL, NULL, 0, false,
		  "it is not iCalendar, or damaged" },
		{ false, EV("UID:a\n"), NULL, NULL, 0, false, "it is not iCalendar" },
		{ false, CARD("UID:a\n"), NULL, NULL, 0, false, "it is not iCalendar" },
		{ false, "", NULL, NULL, 0, false, "it is not iCalendar, or damaged" },
		{ false, "<!DOCTYPE html><html>\n", NULL, NULL, 0, false, "it is not iCalendar, or damaged" },
		{ true, CARD("UID:a\nFN:b\\, c\n"), "a", "b, c", ITEM_CARD, false, NULL },
		{ true, CARD("UID:a\nN:Doe;Jane;;;\n"), "a", "Jane Doe", ITEM_CARD, false, NULL },
		{ true, CARD("UID:a\nFN: \nN:;;;;\nORG:Firm;Unit\n"), "a", "Firm", ITEM_CARD, false, NULL },
		{ true, CARD("UID:a\nEMAIL:x@y\n"), "a", "x@y", ITEM_CARD, false, NULL },
		{ true, CARD("UID:a\n"), "a", NULL, ITEM_CARD, false, NULL },
		{ true, CARD("UID:urn:uuid:4f\nFN:x\n"), "urn:uuid:4f", "x", ITEM_CARD, false, NULL },
		{ true, CARD("FN:x\n"), NULL, "x", ITEM_CARD, false, "it has no UID" },
		{ true, CARD("UID:a\nFN:x\n") CARD("UID:b\nFN:y\n"), "a", "x", ITEM_CARD, false,
		  "it holds several cards" },
		{ true, CARD("UID:a\nAGENT:\nBEGIN:VCARD\nUID:b\nEND:VCARD\n"), "a", NULL, ITEM_CARD, false,
		  NULL },
		{ true, CAL(EV("UID:a\n")), NULL, NULL, 0, false, "it is no vCard" },
		{ true, "BEGIN:VCARD\n", NULL, NULL, 0, false, "it is no vCard, or damaged" },
		{ true, "x", NULL, NULL, 0, false, "it is no vCard, or damaged" },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++) {
		struct item_facts facts;
		char *uid;

		item_read(tries[i].data, strlen(tries[i].data), tries[i].card, &facts);
		if (!tries[i].wrong != !facts.wrong ||
		    (facts.wrong && strcmp(facts.wrong, tries[i].wrong) != 0))
			fail_msg("%s: %s", tries[i].data, facts.wrong ? facts.wrong : "nothing is wrong");
		if (!tries[i].uid != !facts.uid || (facts.uid && strcmp(facts.uid, tries[i].uid) != 0))
			fail_msg("%s: UID %s", tries[i].data, facts.uid ? facts.uid : "none");
		if (!tries[i].summary != !facts.summary ||
		    (facts.summary && strcmp(facts.summary, tries[i].summary) != 0))
			fail_msg("%s: summary %s", tries[i].data, facts.summary ? facts.summary : "none");
		assert_int_equal(facts.components, tries[i].components);
		assert_int_equal(facts.scheduled, tries[i].scheduled);
		assert_true(digest_known(&facts.normal));
		assert_int_equal(strcmp(facts.fields, "{}") == 0, tries[i].components == 0);
		uid = item_uid(tries[i].data, strlen(tries[i].data), tries[i].card);
		if (!uid != !facts.uid || (uid && strcmp(uid, facts.uid) != 0))
			fail_msg("%s: alone its UID is %s", tries[i].data, uid ? uid : "none");
		free(uid);
		item_facts_free(&facts);
		assert_null(facts.uid);
	}
	assert_true(tried >= 40);
}

/* UIDs of any size that a file name could never have. */
static void long_uids(void **context)
{
	static const struct {
		size_t size;
		bool good;
	} tries[] = { { 255, true }, { 5000, true }, { 65536, true }, { 65537, false }, { 1000000, false } };
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++) {
		for (int card = 0; card < 2; card++, tried++) {
			struct item_facts facts;
			struct buf text;

			buf_init(&text, SIZE_MAX);
			buf_adds(&text, card ? "BEGIN:VCARD\nUID:" : "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:");
			for (size_t n = 0; n < tries[i].size; n++)
				buf_addc(&text, (char)('a' + n % 26));
			buf_adds(&text, card ? "\nEND:VCARD\n" : "\nEND:VEVENT\nEND:VCALENDAR\n");
			item_read(text.data, text.size, card, &facts);
			if (tries[i].good) {
				assert_null(facts.wrong);
				assert_int_equal(strlen(facts.uid), tries[i].size);
			} else {
				assert_string_equal(facts.wrong, "its UID is too long");
				assert_null(facts.uid);
			}
			item_facts_free(&facts);
			buf_free(&text);
		}
	}
	assert_int_equal(tried, 10);
}

static void limits_are_told(void **context)
{
	struct item_facts facts;
	struct buf text;

	(void)context;
	buf_init(&text, SIZE_MAX);
	buf_adds(&text, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n");
	for (size_t i = 0; i < 131072; i++)
		buf_adds(&text, "X:y\n");
	buf_adds(&text, "END:VEVENT\nEND:VCALENDAR\n");
	item_read(text.data, text.size, false, &facts);
	assert_string_equal(facts.wrong, "it has too many lines");
	assert_true(digest_known(&facts.normal));
	item_facts_free(&facts);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_read),
		cmocka_unit_test(long_uids),
		cmocka_unit_test(limits_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
