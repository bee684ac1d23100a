/* renew.h, changed.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "format/changed.h"
#include "format/item.h"
#include "format/renew.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NEW "6f1c2a00-0000-4000-8000-0123456789ab"

static void uids_are_renewed(void **context)
{
	static const struct {
		bool card;
		const char *from, *to; /* NULL: it cannot be */
	} rows[] = {
		{ false, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:old\r\nSUMMARY:UID:old\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
		  "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:" NEW "\r\nSUMMARY:UID:old\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" },
		/* Folded, other line ends, parameters, no line end at the end. */
		{ false, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID;X-A=\"b:c\":o\n ld\nEND:VEVENT\nEND:VCALENDAR",
		  "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID;X-A=\"b:c\":" NEW "\nEND:VEVENT\nEND:VCALENDAR" },
		{ false, "\xef\xbb\xbf" "BEGIN:VCALENDAR\nBEGIN:VEVENT\nU\n ID:old \nEND:VEVENT\nEND:VCALENDAR\n",
		  "\xef\xbb\xbf" "BEGIN:VCALENDAR\nBEGIN:VEVENT\nU\n ID:" NEW "\nEND:VEVENT\nEND:VCALENDAR\n" },
		{ false, "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID;X-LONG=0123456789012345678901234567890123456789:old\n"
			 "END:VTODO\nEND:VCALENDAR\n",
		  "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID;X-LONG=0123456789012345678901234567890123456789:\n " NEW "\n"
			 "END:VTODO\nEND:VCALENDAR\n" },
		/* Instances, references to itself and to others, alarms with UIDs of their own. */
		{ false, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:old\nRELATED-TO:old\nRELATED-TO;RELTYPE=CHILD:other\n"
			 "BEGIN:VALARM\nUID:old\nRELATED-TO:old\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\nUID:old\n"
			 "RECURRENCE-ID:20260101T000000Z\nEND:VEVENT\nEND:VCALENDAR\n",
		  "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:" NEW "\nRELATED-TO:" NEW "\nRELATED-TO;RELTYPE=CHILD:other\n"
			 "BEGIN:VALARM\nUID:old\nRELATED-TO:old\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\nUID:" NEW "\n"
			 "RECURRENCE-ID:20260101T000000Z\nEND:VEVENT\nEND:VCALENDAR\n" },
		/* Before the UID is known, too. */
		{ false, "BEGIN:VCALENDAR\nBEGIN:VTODO\nRELATED-TO:old\nUID:old\nEND:VTODO\nEND:VCALENDAR\n",
		  "BEGIN:VCALENDAR\nBEGIN:VTODO\nRELATED-TO:" NEW "\nUID:" NEW "\nEND:VTODO\nEND:VCALENDAR\n" },
		{ true, "BEGIN:VCARD\nitem1.uid:urn:uuid:1\nMEMBER:urn:uuid:2\nMEMBER:urn:uuid:1\nEND:VCARD\n",
		  "BEGIN:VCARD\nitem1.uid:" NEW "\nMEMBER:urn:uuid:2\nMEMBER:" NEW "\nEND:VCARD\n" },
		{ false, "BEGIN:VCALENDAR\nUID:x\nBEGIN:VEVENT\nSUMMARY:a\nEND:VEVENT\nEND:VCALENDAR\n", NULL },
		{ false, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:\nEND:VEVENT\nEND:VCALENDAR\n", NULL },
		{ true, "BEGIN:VCARD\nFN:a\nEND:VCARD\n", NULL },
		{ true, "", NULL },
		{ true, ":", NULL },
	};

	(void)context;
	assert_true(COUNT(rows) >= 12);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct item_facts facts;
		struct buf out;

		buf_init(&out, SIZE_MAX);
		assert_int_equal(renew_uid(rows[i].from, strlen(rows[i].from), rows[i].card, NEW, &out),
				 rows[i].to != NULL);
		if (rows[i].to) {
			assert_string_equal(out.data, rows[i].to);
			item_read(out.data, out.size, rows[i].card, &facts);
			assert_string_equal(facts.uid, NEW);
			assert_null(facts.wrong);
			item_facts_free(&facts);
		}
		buf_free(&out);
	}
}

static void changes_are_dated(void **context)
{
	static const struct {
		bool card;
		const char *text;
		int64_t when;
	} rows[] = {
		{ false, "BEGIN:A\nLAST-MODIFIED:20261122T100000Z\nDTSTAMP:20261124T100000Z\n"
			 "LAST-MODIFIED:20261123T100000Z\nEND:A\n", 1795428000 },
		{ false, "BEGIN:A\nDTSTAMP:20261122T100000Z\nEND:A\n", 1795341600 },
		{ false, "BEGIN:A\nLAST-MODIFIED:20261122T100000\nREV:20261122T100000Z\nEND:A\n", 0 },
		{ true, "BEGIN:A\nREV:2026-11-22T10:00:00Z\nEND:A\n", 1795341600 },
		{ true, "BEGIN:A\nREV:20261122T100000.123Z\nDTSTAMP:20271122T100000Z\nEND:A\n", 1795341600 },
		{ true, "BEGIN:A\nREV:today\nEND:A\n", 0 },
		{ true, "BEGIN:A\nREV:00010101T000000Z\nEND:A\n", 0 },
		{ true, "", 0 },
	};

	(void)context;
	assert_true(COUNT(rows) >= 8);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(changed_when(rows[i].text, strlen(rows[i].text), rows[i].card), rows[i].when);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uids_are_renewed),
		cmocka_unit_test(changes_are_dated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
