/* merge.h: what is merged, how, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "format/item.h"
#include "format/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Lines of one event (behind its UID) or card, or with `whole` of the calendar; with LF.  `want`: those of
 * the result, in their order; NULL: it cannot be merged. */
struct row {
	const char *base, *server, *local, *want, *said;
};

enum form { EVENT, TASK, CALENDAR, CARD };

static char *wrapped(const char *lines, enum form form)
{
	static const char *const before[] = {
		"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:u\n",
		"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\nUID:u\n",
		"BEGIN:VCALENDAR\nVERSION:2.0\n",
		"BEGIN:VCARD\nUID:u\n",
	};
	static const char *const after[] = {
		"END:VEVENT\nEND:VCALENDAR\n",
		"END:VTODO\nEND:VCALENDAR\n",
		"END:VCALENDAR\n",
		"END:VCARD\n",
	};
	struct buf text;

	buf_init(&text, SIZE_MAX);
	buf_adds(&text, before[form]);
	buf_adds(&text, lines);
	if (*lines && text.data[text.size - 1] != '\n')
		buf_addc(&text, '\n');
	buf_adds(&text, after[form]);
	return text.data;
}

static struct digest normal_of(const char *text, size_t size, bool card)
{
	struct item_facts facts;
	struct digest digest;

	item_read(text, size, card, &facts);
	assert_null(facts.wrong);
	digest = facts.normal;
	item_facts_free(&facts);
	return digest;
}

static enum merged merge(const char *base, const char *server, const char *local, bool card, struct buf *out,
			 struct arena *arena, struct merge_words *words)
{
	struct diff_input inputs[DIFF_VERSIONS] = {
		[DIFF_BASE] = { base, strlen(base) },
		[DIFF_SERVER] = { server, strlen(server) },
		[DIFF_LOCAL] = { local, strlen(local) },
	};

	return merge_items(inputs, card, arena, out, words);
}

static void without_cr(struct buf *text)
{
	size_t size = 0;

	for (size_t i = 0; i < text->size; i++)
		if (text->data[i] != '\r')
			text->data[size++] = text->data[i];
	text->data[text->size = size] = '\0';
}

/* The other way round the same must come out, and to merge once more must change nothing. */
static void check_laws(const char *base, const char *server, const char *local, bool card, const char *merged)
{
	struct arena *arena = arena_new();
	struct digest want = merged ? normal_of(merged, strlen(merged), card) : (struct digest){ { 0 } };
	struct digest got;
	struct buf out;
	struct merge_words words;
	enum merged how;

	buf_init(&out, SIZE_MAX);
	how = merge(base, local, server, card, &out, arena, &words);
	if (!merged) {
		if (how != MERGED_NOT)
			fail_msg("merged the other way round: %s", out.data);
		goto out;
	}
	if (how != MERGED_BOTH)
		fail_msg("not merged the other way round: %s\n%s\n%s\n%s", words.said, base, server, local);
	got = normal_of(out.data, out.size, card);
	if (!digest_equal(&got, &want))
		fail_msg("not the same the other way round:\n%s\n%s", merged, out.data);
	buf_clear(&out);
	if (merge(base, merged, local, card, &out, arena, &words) != MERGED_SERVER)
		fail_msg("merged with the local one again: %s\n%s\n%s", words.said, merged, out.data);
	if (merge(base, server, merged, card, &out, arena, &words) != MERGED_LOCAL)
		fail_msg("merged with the server's again: %s\n%s\n%s", words.said, merged, out.data);
	if (merge(server, merged, server, card, &out, arena, &words) != MERGED_SERVER)
		fail_msg("what was merged is no edit of the server's: %s", words.said);
out:
	buf_free(&out);
	arena_free(arena);
}

static size_t rows_check(const struct row *rows, size_t count, enum form form)
{
	bool card = form == CARD;
	size_t merged = 0;

	for (size_t i = 0; i < count; i++) {
		char *base = wrapped(rows[i].base, form), *server = wrapped(rows[i].server, form);
		char *local = wrapped(rows[i].local, form);
		char *want = rows[i].want ? wrapped(rows[i].want, form) : NULL;
		struct arena *arena = arena_new();
		enum merged how;
		struct buf out;
		struct merge_words words;

		buf_init(&out, SIZE_MAX);
		how = merge(base, server, local, card, &out, arena, &words);
		without_cr(&out);
		if (how != (want ? MERGED_BOTH : MERGED_NOT))
			fail_msg("row %zu: %d (%s)\n%s---\n%s---\n%s", i, how, words.said, base, server,
				 local);
		if (want && strcmp(out.data, want) != 0)
			fail_msg("row %zu: is\n%s\nis not\n%s", i, out.data, want);
		if (rows[i].said && strcmp(words.said, rows[i].said) != 0)
			fail_msg("row %zu: said \"%s\", not \"%s\"", i, words.said, rows[i].said);
		check_laws(base, server, local, card, want);
		merged += want != NULL;
		buf_free(&out);
		arena_free(arena);
		free(base);
		free(server);
		free(local);
		free(want);
	}
	return merged;
}

/* ---- events ----------------------------------------------------------------------------------- */

static void events_merge(void **context)
{
	static const struct row rows[] = {
		{ "SUMMARY:a\nLOCATION:x", "SUMMARY:a\nLOCATION:y", "SUMMARY:b\nLOCATION:x",
		  "SUMMARY:b\nLOCATION:y", "Summary from here; Location from the server" },
		/* the order is the server's, what is only here comes last */
		{ "LOCATION:x\nSUMMARY:a", "X-A:1\nSUMMARY:a\nLOCATION:y",
		  "LOCATION:x\nSUMMARY:b\nURL:http://u", "X-A:1\nSUMMARY:b\nLOCATION:y\nURL:http://u",
		  "Summary, Web page from here; Location, X-A from the server" },
		/* folded and escaped as they were */
		{ "SUMMARY:a\nCOMMENT:c", "SUMMARY:one\\, two\\; three\nCOMMENT:c",
		  "SUMMARY:a\nCOMMENT:d\\,e", "SUMMARY:one\\, two\\; three\nCOMMENT:d\\,e", NULL },
		/* removed on one side, another changed */
		{ "SUMMARY:a\nURL:http://u", "SUMMARY:a", "SUMMARY:b\nURL:http://u", "SUMMARY:b", NULL },
		{ "SUMMARY:a\nURL:http://u", "SUMMARY:b\nURL:http://u", "SUMMARY:a", "SUMMARY:b", NULL },
		/* a default value, written and not */
		{ "SUMMARY:a\nTRANSP:TRANSPARENT", "SUMMARY:b\nTRANSP:TRANSPARENT",
		  "SUMMARY:a\nTRANSP:OPAQUE", "SUMMARY:b\nTRANSP:OPAQUE", NULL },
		{ "SUMMARY:a\nTRANSP:OPAQUE", "SUMMARY:b\nTRANSP:OPAQUE", "SUMMARY:a\nTRANSP:TRANSPARENT",
		  "SUMMARY:b\nTRANSP:TRANSPARENT", NULL },
		{ "SUMMARY:a\nPRIORITY:1", "SUMMARY:b\nPRIORITY:1", "SUMMARY:a\nPRIORITY:0",
		  "SUMMARY:b\nPRIORITY:0", NULL },
		/* stamps: the later; SEQUENCE: the higher */
		{ "DTSTAMP:20250101T000000Z\nSUMMARY:a\nSEQUENCE:1",
		  "DTSTAMP:20250102T000000Z\nSUMMARY:b\nSEQUENCE:3",
		  "DTSTAMP:20250103T000000Z\nSUMMARY:a\nSEQUENCE:2\nURL:u",
		  "DTSTAMP:20250103T000000Z\nSUMMARY:b\nSEQUENCE:3\nURL:u",
		  "Web page from here; Summary from the server" },
		{ "DTSTAMP:20250101T000000Z\nSUMMARY:a", "DTSTAMP:20250105T000000Z\nSUMMARY:b",
		  "DTSTAMP:20250103T000000Z\nLAST-MODIFIED:20250103T000000Z\nSUMMARY:a\nSEQUENCE:2\nURL:u",
		  "DTSTAMP:20250105T000000Z\nSUMMARY:b\nSEQUENCE:2\nURL:u\nLAST-MODIFIED:20250103T000000Z",
		  NULL },
		/* guests: added and removed on different sides */
		{ "ATTENDEE:mailto:a@x\nATTENDEE:mailto:b@x",
		  "ATTENDEE:mailto:a@x\nATTENDEE:mailto:b@x\nATTENDEE:mailto:c@x",
		  "ATTENDEE:mailto:b@x\nATTENDEE:mailto:d@x",
		  "ATTENDEE:mailto:b@x\nATTENDEE:mailto:c@x\nATTENDEE:mailto:d@x",
		  "Attendee from here; Attendee from the server" },
		/* one guest, parameter by parameter */
		{ "ATTENDEE;CN=A;RSVP=TRUE:mailto:a@x",
		  "ATTENDEE;CN=A;RSVP=TRUE;PARTSTAT=ACCEPTED:MAILTO:a@x",
		  "ATTENDEE;CN=\"A, B\";RSVP=TRUE:mailto:a@x",
		  "ATTENDEE;RSVP=TRUE;PARTSTAT=ACCEPTED;CN=\"A, B\":MAILTO:a@x", "Attendee from both" },
		{ "ATTENDEE;CN=A;RSVP=TRUE:mailto:a@x\nATTENDEE:mailto:b@x",
		  "ATTENDEE;CN=A:mailto:a@x\nATTENDEE:mailto:b@x",
		  "ATTENDEE;CN=A;RSVP=TRUE;PARTSTAT=DECLINED:mailto:a@x\nATTENDEE:mailto:b@x",
		  "ATTENDEE;CN=A;PARTSTAT=DECLINED:mailto:a@x\nATTENDEE:mailto:b@x", NULL },
		/* sets */
		{ "CATEGORIES:a,b", "CATEGORIES:a,b,c", "CATEGORIES:b,d", "CATEGORIES:b,c,d", NULL },
		{ "CATEGORIES:a", "CATEGORIES:b", "CATEGORIES:c", "CATEGORIES:b,c", NULL },
		{ "SUMMARY:a", "SUMMARY:a\nCATEGORIES:x\\,y,z", "SUMMARY:a\nCATEGORIES:z,w",
		  "SUMMARY:a\nCATEGORIES:x\\,y,z,w", NULL },
		{ "CATEGORIES:a,b\nCATEGORIES:c", "CATEGORIES:a,b\nCATEGORIES:c\nCATEGORIES:d",
		  "CATEGORIES:a,c,e", "CATEGORIES:a\nCATEGORIES:c\nCATEGORIES:d,e", NULL },
		{ "RESOURCES:room,beamer", "RESOURCES:room", "RESOURCES:room,beamer,tea",
		  "RESOURCES:room,tea", NULL },
		/* several, whose order counts */
		{ "COMMENT:a", "COMMENT:a\nCOMMENT:b", "COMMENT:c\nCOMMENT:a",
		  "COMMENT:c\nCOMMENT:a\nCOMMENT:b", NULL },
		{ "COMMENT:a", "COMMENT:a\nCOMMENT:c", "COMMENT:a\nCOMMENT:b",
		  "COMMENT:a\nCOMMENT:b\nCOMMENT:c", NULL },
		{ "COMMENT:a", "COMMENT:a\nCOMMENT:b\nCOMMENT:x", "COMMENT:a\nCOMMENT:b\nCOMMENT:y",
		  "COMMENT:a\nCOMMENT:b\nCOMMENT:x\nCOMMENT:y", NULL },
		{ "COMMENT:a\nCOMMENT:b", "COMMENT:b\nCOMMENT:a", "COMMENT:a\nCOMMENT:b\nCOMMENT:c",
		  "COMMENT:b\nCOMMENT:a\nCOMMENT:c", NULL },
		/* the times of one side */
		{ "DTSTART:20250105T100000Z\nDTEND:20250105T110000Z\nSUMMARY:a",
		  "DTSTART:20250105T120000Z\nDTEND:20250105T130000Z\nSUMMARY:a",
		  "DTSTART:20250105T100000Z\nDTEND:20250105T110000Z\nSUMMARY:b",
		  "DTSTART:20250105T120000Z\nDTEND:20250105T130000Z\nSUMMARY:b",
		  "Summary from here; Start, End from the server" },
		{ "DTSTART:20250105T100000Z\nDTEND:20250105T110000Z\nSUMMARY:a",
		  "DTSTART:20250105T100000Z\nDTEND:20250105T110000Z\nSUMMARY:b",
		  "DTSTART:20250105T120000Z\nDURATION:PT2H\nSUMMARY:a",
		  "DTSTART:20250105T120000Z\nSUMMARY:b\nDURATION:PT2H", NULL },
		/* alarms: one changed, one added */
		{ "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT10M\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\nBEGIN:VALARM\nACTION:"
		  "AUDIO\nTRIGGER:"
		  "-P1D\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT10M\nEND:VALARM\nBEGIN:VALARM\nACTION:"
		  "AUDIO\nTRIGGER:"
		  "-P1D\nEND:VALARM",
		  NULL },
		{ "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nACKNOWLEDGED:20250101T000000Z\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\nTRIGGER:-PT5M\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nACKNOWLEDGED:20250101T000000Z\nDESCRIPTION:"
		  "x\nEND:"
		  "VALARM",
		  NULL },
		{ "SUMMARY:a\nBEGIN:VALARM\nUID:1\nTRIGGER:-PT5M\nEND:VALARM\nBEGIN:VALARM\nUID:2\nTRIGGER:-"
		  "PT6M\nEND:VALARM",
		  "SUMMARY:a\nBEGIN:VALARM\nUID:2\nTRIGGER:-PT6M\nEND:VALARM",
		  "SUMMARY:a\nBEGIN:VALARM\nUID:2\nTRIGGER:-PT7M\nEND:VALARM\nBEGIN:VALARM\nUID:1\nTRIGGER:-"
		  "PT5M\nEND:VALARM",
		  "SUMMARY:a\nBEGIN:VALARM\nUID:2\nTRIGGER:-PT7M\nEND:VALARM", NULL },
		{ "SUMMARY:a", "SUMMARY:a\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM",
		  "SUMMARY:a\nBEGIN:VALARM\nTRIGGER:-PT9M\nEND:VALARM",
		  "SUMMARY:a\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nBEGIN:VALARM\nTRIGGER:-PT9M\nEND:"
		  "VALARM",
		  NULL },
		{ "SUMMARY:a", "SUMMARY:b\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM",
		  "SUMMARY:a\nURL:u\nBEGIN:VALARM\nTRIGGER:-PT300S\nEND:VALARM",
		  "SUMMARY:b\nURL:u\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM", NULL },
		/* unknown ones like any other */
		{ "X-A;P=1:v\nFUTURE:x", "X-A;P=2:v\nFUTURE:x", "X-A;P=1:v\nFUTURE:y", "X-A;P=2:v\nFUTURE:y",
		  NULL },
		{ "SUMMARY;LANGUAGE=en:a\nX-B:1", "SUMMARY;LANGUAGE=en:b\nX-B:1",
		  "SUMMARY;LANGUAGE=en:a\nX-B:2", "SUMMARY;LANGUAGE=en:b\nX-B:2", NULL },
		{ "SUMMARY:a\nATTACH:http://a", "SUMMARY:a\nATTACH:http://a\nATTACH:http://b",
		  "SUMMARY:a\nATTACH:http://c", "SUMMARY:a\nATTACH:http://b\nATTACH:http://c", NULL },
		{ "SUMMARY:a\nRELATED-TO:p", "SUMMARY:a\nRELATED-TO:p\nRELATED-TO;RELTYPE=CHILD:q",
		  "SUMMARY:b\nRELATED-TO:p", "SUMMARY:b\nRELATED-TO:p\nRELATED-TO;RELTYPE=CHILD:q", NULL },
		/* the same edit on both sides, and one more on each */
		{ "SUMMARY:a\nLOCATION:x\nURL:u", "SUMMARY:b\nLOCATION:y\nURL:u",
		  "SUMMARY:b\nLOCATION:x\nURL:w", "SUMMARY:b\nLOCATION:y\nURL:w",
		  "Web page from here; Location from the server" },
	};

	(void)context;
	assert_true(rows_check(rows, COUNT(rows), EVENT) >= 30);
}

static void events_clash(void **context)
{
	static const struct row rows[] = {
		{ "SUMMARY:a", "SUMMARY:b", "SUMMARY:c", NULL, "Summary changed on both sides" },
		{ "SUMMARY:a\nURL:u", "SUMMARY:b\nURL:u", "SUMMARY:c\nURL:w", NULL,
		  "Summary changed on both sides" },
		{ "SUMMARY:a", "SUMMARY:b", "X-A:1", NULL, "Summary changed on both sides" },
		{ "X-A:1", "X-A:1\nSUMMARY:b", "X-A:1\nSUMMARY:c", NULL, "Summary changed on both sides" },
		{ "SUMMARY:a", "SUMMARY:a\nX-A:1", "SUMMARY:a\nX-A:2", NULL, NULL },
		{ "SUMMARY;LANGUAGE=en:a", "SUMMARY;LANGUAGE=de:a", "SUMMARY;LANGUAGE=cs:a", NULL, NULL },
		{ "SUMMARY;LANGUAGE=en:a", "SUMMARY;LANGUAGE=de:a", "SUMMARY;LANGUAGE=en:b", NULL, NULL },
		/* what hangs together */
		{ "DTSTART:20250105T100000Z\nDTEND:20250105T110000Z",
		  "DTSTART:20250105T103000Z\nDTEND:20250105T110000Z",
		  "DTSTART:20250105T100000Z\nDTEND:20250105T120000Z", NULL, NULL },
		{ "DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY", "DTSTART:20250105T100000Z\nRRULE:FREQ=WEEKLY",
		  "DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nEXDATE:20250106T100000Z", NULL, NULL },
		{ "DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY",
		  "DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nEXDATE:20250106T100000Z",
		  "DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nEXDATE:20250107T100000Z", NULL, NULL },
		{ "LOCATION:a\nGEO:1;2", "LOCATION:b\nGEO:1;2", "LOCATION:a\nGEO:3;4", NULL, NULL },
		{ "DESCRIPTION:a\nX-ALT-DESC:<a>", "DESCRIPTION:b\nX-ALT-DESC:<a>",
		  "DESCRIPTION:a\nX-ALT-DESC:<b>", NULL, NULL },
		/* guests */
		{ "ATTENDEE:mailto:a@x", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x",
		  "ATTENDEE;PARTSTAT=DECLINED:mailto:a@x", NULL, "Attendee changed on both sides" },
		{ "ATTENDEE:mailto:a@x\nATTENDEE:mailto:b@x",
		  "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x\nATTENDEE:mailto:b@x", "ATTENDEE:mailto:b@x", NULL,
		  NULL },
		{ "SUMMARY:a", "ATTENDEE;CN=A:mailto:a@x\nSUMMARY:a", "ATTENDEE;CN=B:mailto:a@x\nSUMMARY:a",
		  NULL, NULL },
		/* alarms */
		{ "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT10M\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM", NULL, NULL },
		{ "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM",
		  "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT5M\nEND:VALARM\nBEGIN:VALARM\nACTION:"
		  "DISPLAY\nDESCRIPTION:x\nTRIGGER:-PT5M\nEND:VALARM",
		  "SUMMARY:a", NULL, NULL },
		{ "SUMMARY:a", "BEGIN:VALARM\nUID:1\nTRIGGER:-PT10M\nEND:VALARM",
		  "SUMMARY:a\nBEGIN:VALARM\nUID:1\nTRIGGER:-PT5M\nEND:VALARM", NULL, NULL },
		{ "SUMMARY:a\nBEGIN:VALARM\nUID:1\nTRIGGER:-PT5M\nEND:VALARM",
		  "SUMMARY:a\nBEGIN:VALARM\nUID:1\nTRIGGER:-PT5M\nEND:VALARM\nBEGIN:VALARM\nUID:1\nTRIGGER:-"
		  "PT7M\nEND:VALARM",
		  "SUMMARY:b\nBEGIN:VALARM\nUID:1\nTRIGGER:-PT5M\nEND:VALARM", NULL, NULL },
		/* the order of several, on both sides */
		{ "COMMENT:a\nCOMMENT:b\nCOMMENT:c", "COMMENT:b\nCOMMENT:a\nCOMMENT:c",
		  "COMMENT:a\nCOMMENT:c\nCOMMENT:b", NULL, "both sides changed the order of several" },
		{ "COMMENT:a", "COMMENT:b", "COMMENT:c", NULL, NULL },
		/* what cannot be read, or is something else */
		{ "SUMMARY:a", "SUMMARY:b\nno line", "SUMMARY:a\nURL:u", NULL, "not all of it can be read" },
		{ "SUMMARY:a", "SUMMARY:b\ng.X-A:1", "SUMMARY:a\nURL:u", NULL, "not all of it can be read" },
		{ "SEQUENCE:1\nSUMMARY:a", "SEQUENCE:x\nSUMMARY:b", "SEQUENCE:2\nSUMMARY:a", NULL, NULL },
	};

	(void)context;
	assert_int_equal(rows_check(rows, COUNT(rows), EVENT), 0);
	assert_true(COUNT(rows) >= 24);
}

static void tasks(void **context)
{
	static const struct row rows[] = {
		{ "SUMMARY:a\nSTATUS:NEEDS-ACTION", "SUMMARY:b\nSTATUS:NEEDS-ACTION",
		  "SUMMARY:a\nSTATUS:COMPLETED\nCOMPLETED:20250101T000000Z\nPERCENT-COMPLETE:100",
		  "SUMMARY:b\nSTATUS:COMPLETED\nCOMPLETED:20250101T000000Z\nPERCENT-COMPLETE:100", NULL },
		{ "SUMMARY:a\nDUE:20250101T000000Z\nPERCENT-COMPLETE:10",
		  "SUMMARY:a\nDUE:20250102T000000Z\nPERCENT-COMPLETE:10",
		  "SUMMARY:a\nDUE:20250101T000000Z\nPERCENT-COMPLETE:50",
		  "SUMMARY:a\nDUE:20250102T000000Z\nPERCENT-COMPLETE:50", NULL },
		{ "STATUS:IN-PROCESS\nPERCENT-COMPLETE:10", "STATUS:IN-PROCESS\nPERCENT-COMPLETE:60",
		  "STATUS:COMPLETED\nCOMPLETED:20250101T000000Z", NULL, NULL },
		{ "SUMMARY:a\nPRIORITY:5\nRELATED-TO:p", "SUMMARY:a\nPRIORITY:1\nRELATED-TO:p",
		  "SUMMARY:a\nPRIORITY:5\nRELATED-TO:q", "SUMMARY:a\nPRIORITY:1\nRELATED-TO:q", NULL },
	};

	(void)context;
	assert_int_equal(rows_check(rows, COUNT(rows), TASK), 3);
}

/* ---- instances and time zones ----------------------------------------------------------------- */

#define WHOLE_LINES(lines) "BEGIN:VEVENT\nUID:u\n" lines "END:VEVENT\n"
#define WHOLE              WHOLE_LINES("DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\n")
#define ONE(day, lines)                                                                                      \
	"BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:202501" day "T100000Z\nDTSTART:202501" day "T110000Z\n" lines    \
	"END:VEVENT\n"
#define ZONE(name, offset)                                                                                   \
	"BEGIN:VTIMEZONE\nTZID:" name "\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:" offset      \
	"\nTZOFFSETTO:" offset "\nEND:STANDARD\nEND:VTIMEZONE\n"
#define IN_ZONE(name, lines)                                                                                 \
	"BEGIN:VEVENT\nUID:u\nDTSTART;TZID=" name ":20250105T100000\n" lines "END:VEVENT\n"

static void instances(void **context)
{
	static const struct row rows[] = {
		{ WHOLE, WHOLE ONE("06", "SUMMARY:s\n"), WHOLE ONE("07", "SUMMARY:l\n"),
		  WHOLE ONE("06", "SUMMARY:s\n") ONE("07", "SUMMARY:l\n"), NULL },
		{ WHOLE ONE("06", "SUMMARY:a\n") ONE("07", "SUMMARY:a\n"), WHOLE ONE("07", "SUMMARY:a\n"),
		  WHOLE ONE("06", "SUMMARY:a\n") ONE("07", "SUMMARY:l\n"), WHOLE ONE("07", "SUMMARY:l\n"),
		  NULL },
		{ WHOLE ONE("06", "SUMMARY:a\nURL:u\n"), WHOLE ONE("06", "SUMMARY:s\nURL:u\n"),
		  WHOLE ONE("06", "SUMMARY:a\nURL:l\n"), WHOLE ONE("06", "SUMMARY:s\nURL:l\n"), NULL },
		/* the whole here, one date there */
		{ WHOLE, WHOLE ONE("06", "SUMMARY:s\n"),
		  WHOLE_LINES("DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:l\n"),
		  WHOLE_LINES("DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:l\n")
			  ONE("06", "SUMMARY:s\n"),
		  NULL },
		/* another date is left out */
		{ WHOLE, WHOLE ONE("06", "SUMMARY:s\n"),
		  WHOLE_LINES(
			  "DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\nEXDATE:20250107T100000Z\n"),
		  WHOLE_LINES(
			  "DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\nEXDATE:20250107T100000Z\n")
			  ONE("06", "SUMMARY:s\n"),
		  NULL },
		{ WHOLE, WHOLE ONE("06", "SUMMARY:s\n"),
		  WHOLE_LINES("DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\nDURATION:PT1H\n"),
		  WHOLE_LINES("DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\nDURATION:PT1H\n")
			  ONE("06", "SUMMARY:s\n"),
		  NULL },
		/* that very date is left out */
		{ WHOLE, WHOLE ONE("06", "SUMMARY:s\n"),
		  WHOLE_LINES(
			  "DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\nEXDATE:20250106T100000Z\n"),
		  NULL, "one side changed when it recurs, the other single dates of it" },
		{ WHOLE, WHOLE ONE("06", "SUMMARY:s\n"),
		  WHOLE_LINES("DTSTART:20250105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\nEXDATE;VALUE=DATE:"
			      "20250106\n"),
		  NULL, "one side changed when it recurs, the other single dates of it" },
		/* the whole is moved here, one date there */
		{ WHOLE, WHOLE ONE("06", "SUMMARY:s\n"),
		  WHOLE_LINES("DTSTART:20250105T120000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\n"), NULL,
		  "one side changed when it recurs, the other single dates of it" },
		{ WHOLE ONE("06", "SUMMARY:s\n"),
		  WHOLE_LINES("DTSTART:20250105T100000Z\nRRULE:FREQ=WEEKLY\nSUMMARY:a\n")
			  ONE("06", "SUMMARY:s\n"),
		  WHOLE, NULL, "one side changed when it recurs, the other single dates of it" },
		{ WHOLE, WHOLE ONE("06", "SUMMARY:s\n"), WHOLE ONE("06", "SUMMARY:l\n"), NULL,
		  "both sides added the same part, each its own" },
		{ WHOLE ONE("06", "SUMMARY:a\n"), WHOLE ONE("06", "SUMMARY:s\n"), WHOLE, NULL,
		  "one side changed a part of it that the other removed" },
		{ WHOLE, WHOLE WHOLE, WHOLE ONE("06", "SUMMARY:l\n"), NULL,
		  "a part of it is twice in one version" },
		/* time zones follow */
		{ ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:a\n"),
		  ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:s\n"),
		  ZONE("Y", "+0200") IN_ZONE("Y", "SUMMARY:a\n"),
		  ZONE("Y", "+0200") IN_ZONE("Y", "SUMMARY:s\n"), NULL },
		{ ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:a\n"),
		  ZONE("Y", "+0200") IN_ZONE("Y", "SUMMARY:a\n"),
		  ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:s\n"),
		  ZONE("Y", "+0200") IN_ZONE("Y", "SUMMARY:s\n"), NULL },
		{ ZONE("Europe/Prague", "+0100") IN_ZONE("Europe/Prague", "SUMMARY:a\n"),
		  IN_ZONE("Europe/Prague", "SUMMARY:s\n"),
		  ZONE("Asia/Tokyo", "+0900") IN_ZONE("Asia/Tokyo", "SUMMARY:a\n"),
		  ZONE("Asia/Tokyo", "+0900") IN_ZONE("Asia/Tokyo", "SUMMARY:s\n"), NULL },
		{ ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:a\n"),
		  ZONE("X", "+0200") IN_ZONE("X", "SUMMARY:a\n"),
		  ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:l\n"),
		  ZONE("X", "+0200") IN_ZONE("X", "SUMMARY:l\n"), NULL },
		{ ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:a\n"),
		  ZONE("X", "+0200") IN_ZONE("X", "SUMMARY:a\n"),
		  ZONE("X", "+0300") IN_ZONE("X", "SUMMARY:a\n"), NULL, "both sides changed a time zone" },
		{ ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:a\n"), IN_ZONE("X", "SUMMARY:a\nURL:u\n"),
		  ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:l\n"),
		  ZONE("X", "+0100") IN_ZONE("X", "SUMMARY:l\nURL:u\n"), NULL },
		/* the calendar's own */
		{ "X-WR-CALNAME:a\n" WHOLE, "X-WR-CALNAME:s\n" WHOLE,
		  "X-WR-CALNAME:a\n" WHOLE ONE("06", "SUMMARY:l\n"),
		  "X-WR-CALNAME:s\n" WHOLE ONE("06", "SUMMARY:l\n"), NULL },
	};

	(void)context;
	assert_int_equal(rows_check(rows, COUNT(rows), CALENDAR), 12);
}

/* ---- cards ------------------------------------------------------------------------------------ */

static void cards_merge(void **context)
{
	static const struct row rows[] = {
		{ "VERSION:3.0\nFN:a\nN:a;;;;\nNOTE:x", "VERSION:3.0\nFN:a\nN:a;;;;\nNOTE:y",
		  "VERSION:3.0\nFN:b\nN:b;;;;\nNOTE:x", "VERSION:3.0\nFN:b\nN:b;;;;\nNOTE:y",
		  "Name, Name in parts from here; Note from the server" },
		{ "FN:a\nTEL:1", "FN:a\nTEL:1\nTEL:2", "FN:a\nTEL:1\nTEL:3", "FN:a\nTEL:1\nTEL:2\nTEL:3",
		  "Phone from both" },
		{ "FN:a\nTEL:1\nTEL:2", "FN:a\nTEL:2", "FN:a\nTEL:1\nTEL:2\nTEL:3", "FN:a\nTEL:2\nTEL:3",
		  NULL },
		{ "FN:a\nTEL:1\nTEL:2", "FN:a\nTEL:1\nTEL:22", "FN:a\nTEL:11\nTEL:2", "FN:a\nTEL:11\nTEL:22",
		  NULL },
		{ "FN:a\nTEL;TYPE=HOME:1", "FN:a\nTEL;TYPE=WORK:1", "FN:b\nTEL;TYPE=HOME:1",
		  "FN:b\nTEL;TYPE=WORK:1", NULL },
		{ "FN:a\nTEL;TYPE=HOME;X-A=1:1", "FN:a\nTEL;TYPE=WORK;X-A=1:1", "FN:a\nTEL;TYPE=HOME;X-A=2:1",
		  "FN:a\nTEL;TYPE=WORK;X-A=2:1", NULL },
		{ "FN:a", "FN:a\nEMAIL;TYPE=home:a@x", "FN:a\nEMAIL;TYPE=work:b@x",
		  "FN:a\nEMAIL;TYPE=home:a@x\nEMAIL;TYPE=work:b@x", NULL },
		{ "FN:a", "FN:a\nEMAIL:a@x\nEMAIL:b@x", "FN:a\nEMAIL:b@x\nTEL:1",
		  "FN:a\nEMAIL:a@x\nEMAIL:b@x\nTEL:1", NULL },
		{ "FN:a\nADR;TYPE=home:;;Street 1;Town;;;", "FN:a\nADR;TYPE=home:;;Street 2;Town;;;",
		  "FN:a\nADR;TYPE=home:;;Street 1;Town;;;\nADR;TYPE=work:;;Plaza;City;;;",
		  "FN:a\nADR;TYPE=home:;;Street 2;Town;;;\nADR;TYPE=work:;;Plaza;City;;;", NULL },
		{ "FN:a\nURL:http://a", "FN:a\nURL:http://a\nURL:http://b", "FN:a\nURL:http://c",
		  "FN:a\nURL:http://c\nURL:http://b", NULL },
		{ "FN:a\nIMPP:xmpp:a@x", "FN:a\nIMPP:xmpp:a@x\nIMPP:sip:a@x",
		  "FN:a\nNICKNAME:al\nIMPP:xmpp:a@x", "FN:a\nIMPP:xmpp:a@x\nIMPP:sip:a@x\nNICKNAME:al",
		  NULL },
		/* gone here, another number there */
		{ "FN:a\nTEL:1\nTEL:2", "FN:b\nTEL:1\nTEL:22", "FN:a\nTEL:1\nNOTE:n",
		  "FN:b\nTEL:1\nTEL:22\nNOTE:n", NULL },
		{ "FN:a\nTEL:1\nTEL:2", "FN:a\nTEL:2\nTEL:5", "FN:a\nTEL:1\nTEL:6", "FN:a\nTEL:6\nTEL:5",
		  NULL },
		/* groups stay together */
		{ "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:x", "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:y",
		  "FN:b\nitem1.TEL:1\nitem1.X-ABLabel:x", "FN:b\nitem1.TEL:1\nitem1.X-ABLabel:y", NULL },
		{ "FN:a", "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:x", "FN:a\nitem1.TEL:2\nitem1.X-ABLabel:y",
		  "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:x\nitem2.TEL:2\nitem2.X-ABLabel:y", NULL },
		{ "FN:a", "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:x",
		  "FN:a\nitem1.URL:http://u\nitem1.X-ABLabel:x",
		  "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:x\nitem2.URL:http://u\nitem2.X-ABLabel:x", NULL },
		{ "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:x\nitem2.TEL:2\nitem2.X-ABLabel:y",
		  "FN:a\nitem1.TEL:2\nitem1.X-ABLabel:y",
		  "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:x\nitem2.TEL:2\nitem2.X-ABLabel:y\nitem3.TEL:3\nitem3."
		  "X-ABLabel:z",
		  "FN:a\nitem1.TEL:2\nitem1.X-ABLabel:y\nitem3.TEL:3\nitem3.X-ABLabel:z", NULL },
		{ "FN:a\nTEL:1\nEMAIL:e", "FN:a\nhome.TEL:1\nhome.EMAIL:e\nNOTE:n", "FN:b\nTEL:1\nEMAIL:e",
		  "FN:b\nhome.TEL:1\nhome.EMAIL:e\nNOTE:n", NULL },
		{ "FN:a\nitem1.EMAIL:e\nitem1.X-ABLabel:x\nTEL:1", "FN:a\nEMAIL:e\nTEL:1",
		  "FN:a\nitem1.EMAIL:e\nitem1.X-ABLabel:x\nTEL:2", "FN:a\nEMAIL:e\nTEL:2", NULL },
		/* sets */
		{ "FN:a\nCATEGORIES:x,y", "FN:a\nCATEGORIES:x", "FN:a\nCATEGORIES:x,y,z",
		  "FN:a\nCATEGORIES:x,z", NULL },
		{ "FN:a\nCATEGORIES:x\nCATEGORIES:y", "FN:a\nCATEGORIES:x,y,w", "FN:a\nCATEGORIES:y",
		  "FN:a\nCATEGORIES:y,w", NULL },
		{ "FN:a\nKIND:group\nMEMBER:urn:1\nMEMBER:urn:2",
		  "FN:a\nKIND:group\nMEMBER:urn:1\nMEMBER:urn:2\nMEMBER:urn:3",
		  "FN:a\nKIND:group\nMEMBER:urn:2\nMEMBER:urn:4",
		  "FN:a\nKIND:group\nMEMBER:urn:2\nMEMBER:urn:3\nMEMBER:urn:4", NULL },
		/* by value */
		{ "FN:a\nPHOTO;ENCODING=b;TYPE=JPEG:aGVsbG8=",
		  "FN:a\nPHOTO;ENCODING=b;TYPE=JPEG:aGVs bG8=\nNOTE:n",
		  "FN:a\nPHOTO;ENCODING=b;TYPE=PNG:d29ybGQ=",
		  "FN:a\nPHOTO;ENCODING=b;TYPE=PNG:d29ybGQ=\nNOTE:n", NULL },
		{ "FN:a\nPHOTO;ENCODING=b;TYPE=JPEG:aGVsbG8=", "FN:a\nNOTE:n",
		  "FN:a\nPHOTO;ENCODING=b;TYPE=JPEG:aGVsbG8=\nTEL:1", "FN:a\nNOTE:n\nTEL:1", NULL },
		/* stamps */
		{ "FN:a\nREV:20250101T000000Z", "FN:b\nREV:2025-01-02T00:00:00Z",
		  "FN:a\nTEL:1\nREV:20250103T000000Z", "FN:b\nREV:20250103T000000Z\nTEL:1", NULL },
		{ "FN:a\nPRODID:p", "FN:b\nPRODID:q", "FN:a\nTEL:1\nPRODID:r", "FN:b\nPRODID:q\nTEL:1",
		  NULL },
		{ "FN:a", "FN:b", "FN:a\nTEL:1\nREV:20250103T000000Z", "FN:b\nTEL:1\nREV:20250103T000000Z",
		  NULL },
		/* the rest */
		{ "FN:a\nBDAY:1990-01-01", "FN:a\nBDAY:1990-01-02", "FN:a\nORG:f;d\nBDAY:1990-01-01",
		  "FN:a\nBDAY:1990-01-02\nORG:f;d", NULL },
		{ "FN:a\nORG:f\nTITLE:t", "FN:a\nORG:g\nTITLE:t", "FN:a\nORG:f\nTITLE:u",
		  "FN:a\nORG:g\nTITLE:u", NULL },
		{ "VERSION:4.0\nFN:a\nX-A:1\nGENDER:F", "VERSION:4.0\nFN:a\nX-A:2\nGENDER:F",
		  "VERSION:4.0\nFN:a\nX-A:1", "VERSION:4.0\nFN:a\nX-A:2", NULL },
		{ "FN:a\nTEL:1\nTEL:2\nTEL:3", "FN:a\nTEL:3\nTEL:1\nTEL:2",
		  "FN:a\nTEL:1\nTEL:2\nTEL:3\nTEL:4", "FN:a\nTEL:3\nTEL:1\nTEL:2\nTEL:4", NULL },
		{ "FN:a\nTEL:1", "FN:a\nTEL:0\nTEL:1", "FN:a\nTEL:1\nTEL:2", "FN:a\nTEL:0\nTEL:1\nTEL:2",
		  NULL },
		/* one that was replaced there and added here is there once */
		{ "FN:a\nTEL:1", "FN:b\nTEL:2", "FN:a\nTEL:1\nTEL:2\nNOTE:n", "FN:b\nTEL:2\nNOTE:n", NULL },
	};

	(void)context;
	assert_true(rows_check(rows, COUNT(rows), CARD) >= 30);
}

static void cards_clash(void **context)
{
	static const struct row rows[] = {
		{ "FN:a\nN:a;;;;", "FN:b\nN:a;;;;", "FN:a\nN:b;;;;", NULL, NULL },
		{ "FN:a\nNOTE:x", "FN:a\nNOTE:y", "FN:a\nNOTE:z", NULL, "Note changed on both sides" },
		{ "FN:a", "FN:a\nNOTE:y", "FN:a\nNOTE:z", NULL, "Note changed on both sides" },
		{ "FN:a\nTEL:1", "FN:a\nTEL:2", "FN:a\nTEL:3", NULL, "Phone changed on both sides" },
		{ "FN:a\nTEL:1\nTEL:2", "FN:a\nTEL:1\nTEL;TYPE=HOME:2", "FN:a\nTEL:1", NULL, NULL },
		{ "FN:a\nTEL;TYPE=HOME:1", "FN:a\nTEL;TYPE=HOME:2", "FN:a\nTEL;TYPE=WORK:1", NULL, NULL },
		{ "FN:a\nTEL;TYPE=HOME:1", "FN:a\nTEL;TYPE=CELL:1", "FN:a\nTEL;TYPE=WORK:1", NULL, NULL },
		{ "FN:a", "FN:a\nTEL;TYPE=CELL:1", "FN:a\nTEL;TYPE=WORK:1", NULL, NULL },
		{ "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:x", "FN:a\nitem1.TEL:2\nitem1.X-ABLabel:x",
		  "FN:a\nitem1.TEL:1\nitem1.X-ABLabel:y", NULL, NULL },
		{ "VERSION:3.0\nFN:a", "VERSION:4.0\nFN:a", "VERSION:3.0\nFN:b", NULL,
		  "one side turned it into another version of vCard" },
		{ "VERSION:2.1\nFN:a", "VERSION:2.1\nFN:a\nTEL:1", "VERSION:2.1\nFN:b", NULL,
		  "it is vCard 2.1" },
		{ "FN:a\nPHOTO;ENCODING=b:aGVsbG8=", "FN:a\nPHOTO;ENCODING=b:d29ybGQ=",
		  "FN:a\nPHOTO;ENCODING=b:aGVs", NULL, "Picture changed on both sides" },
		{ "FN:a\nORG:f", "FN:a\nORG:g", "FN:a", NULL, NULL },
		{ "FN:a\nTEL;HOME:1", "FN:a\nTEL;WORK:1", "FN:a\nTEL;HOME;X-A=1:1", NULL, NULL },
	};

	(void)context;
	assert_int_equal(rows_check(rows, COUNT(rows), CARD), 0);
	assert_true(COUNT(rows) >= 14);
}

/* ---- what needs no merging -------------------------------------------------------------------- */

static void one_side_is_enough(void **context)
{
	static const char a[] = "SUMMARY:a\nLOCATION:x", b[] = "SUMMARY:b\nLOCATION:x";
	static const struct {
		const char *base, *server, *local;
		enum merged want;
	} rows[] = {
		{ a, a, a, MERGED_SERVER },
		{ a, b, a, MERGED_SERVER },
		{ a, a, b, MERGED_LOCAL },
		{ a, b, b, MERGED_SERVER },
		{ a, "LOCATION:x\nSUMMARY:b\nDTSTAMP:20250101T000000Z", b, MERGED_SERVER },
		{ a, b, "LOCATION:x\nSUMMARY:a\nDTSTAMP:20250101T000000Z", MERGED_SERVER },
		{ a, "LOCATION:x\nSUMMARY:a\nDTSTAMP:20250101T000000Z", b, MERGED_LOCAL },
		/* one has all that the other has */
		{ a, "SUMMARY:b\nLOCATION:y", b, MERGED_SERVER },
		{ a, b, "SUMMARY:b\nLOCATION:y", MERGED_LOCAL },
	};
	struct arena *arena = arena_new();

	(void)context;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *base = wrapped(rows[i].base, EVENT), *server = wrapped(rows[i].server, EVENT);
		char *local = wrapped(rows[i].local, EVENT);
		struct buf out;
		struct merge_words words;

		buf_init(&out, SIZE_MAX);
		assert_int_equal(merge(base, server, local, false, &out, arena, &words), rows[i].want);
		assert_int_equal(out.size, 0);
		buf_free(&out);
		free(base);
		free(server);
		free(local);
	}
	arena_free(arena);
}

/* SEQUENCE alone is no edit. */
static void counts(void **context)
{
	static const struct {
		const char *base, *server, *local;
		enum merged want;
		bool counted;
	} rows[] = {
		{ "SEQUENCE:1\nSUMMARY:a", "SEQUENCE:2\nSUMMARY:a", "SEQUENCE:1\nSUMMARY:b", MERGED_BOTH,
		  true },
		{ "SUMMARY:a", "SEQUENCE:1\nSUMMARY:a", "SUMMARY:b", MERGED_BOTH, true },
		{ "SEQUENCE:1\nSUMMARY:a", "SEQUENCE:1\nSUMMARY:b", "SEQUENCE:5\nSUMMARY:a", MERGED_BOTH,
		  true },
		{ "SUMMARY:a", "SEQUENCE:1\nSUMMARY:a", "SEQUENCE:1\nSUMMARY:b", MERGED_LOCAL, true },
		{ "SUMMARY:a", "SEQUENCE:1\nSUMMARY:a", "SEQUENCE:3\nSUMMARY:b", MERGED_LOCAL, true },
		{ "SUMMARY:a", "SEQUENCE:4\nSUMMARY:b", "SEQUENCE:1\nSUMMARY:a", MERGED_SERVER, true },
		{ "SUMMARY:a", "SEQUENCE:4\nSUMMARY:a", "SEQUENCE:1\nSUMMARY:a", MERGED_SERVER, true },
		{ "SUMMARY:a", "SEQUENCE:1\nSUMMARY:b", "SEQUENCE:1\nSUMMARY:a\nURL:u", MERGED_BOTH, false },
		{ "SUMMARY:a\nURL:u", "SUMMARY:b\nURL:u", "SUMMARY:a\nURL:w", MERGED_BOTH, false },
		{ "SUMMARY:a", "SEQUENCE:1\nSUMMARY:b", "SEQUENCE:1\nSUMMARY:c", MERGED_NOT, false },
		{ "SUMMARY:a", "SEQUENCE:1\nSUMMARY:a\nX-A:1", "SUMMARY:a\nX-B:1", MERGED_BOTH, false },
	};
	struct arena *arena = arena_new();
	size_t counted = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *base = wrapped(rows[i].base, EVENT), *server = wrapped(rows[i].server, EVENT);
		char *local = wrapped(rows[i].local, EVENT);
		struct merge_words words;
		struct buf out;

		buf_init(&out, SIZE_MAX);
		assert_int_equal(merge(base, server, local, false, &out, arena, &words), rows[i].want);
		assert_int_equal(words.counted, rows[i].counted);
		counted += words.counted;
		buf_free(&out);
		free(base);
		free(server);
		free(local);
	}
	assert_int_equal(counted, 7);
	arena_free(arena);
}

/* What no server would take is not merged, nor are two items. */
static void other_items(void **context)
{
	static const char good[] =
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:a\nEND:VEVENT\nEND:VCALENDAR\n";
	static const char edit[] =
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:b\nEND:VEVENT\nEND:VCALENDAR\n";
	static const char *const others[] = {
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:v\nSUMMARY:c\nEND:VEVENT\nEND:VCALENDAR\n",
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:c\nEND:VEVENT\nEND:VCALENDAR\n",
		"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:u\nSUMMARY:c\nEND:VTODO\nEND:VCALENDAR\n",
		"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
		"BEGIN:VCARD\nUID:u\nFN:a\nEND:VCARD\n",
		"hello",
		"",
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:c\nEND:VCALENDAR\n",
	};
	struct arena *arena = arena_new();
	struct buf out;
	struct merge_words words = { 0 };

	(void)context;
	buf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_int_equal(merge(good, edit, others[i], false, &out, arena, &words), MERGED_NOT);
		assert_non_null(words.said);
		assert_int_equal(merge(good, others[i], edit, false, &out, arena, &words), MERGED_NOT);
		assert_int_equal(merge(others[i], good, edit, false, &out, arena, &words), MERGED_NOT);
	}
	assert_int_equal(out.size, 0);
	buf_free(&out);
	arena_free(arena);
}

/* Lines are folded so that every program can read them, and within no character. */
static void long_lines_are_folded(void **context)
{
	struct buf base, server, out;
	struct arena *arena = arena_new();
	struct digest got, want;
	struct merge_words words;
	size_t column = 0, folds = 0;

	(void)context;
	buf_init(&base, SIZE_MAX);
	buf_init(&server, SIZE_MAX);
	buf_init(&out, SIZE_MAX);
	buf_adds(&base, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDESCRIPTION:");
	for (int i = 0; i < 200; i++)
		buf_adds(&base, "ž\xf0\x9f\x8d\x95x");
	buf_add(&server, base.data, base.size);
	buf_adds(&base, "\nEND:VEVENT\nEND:VCALENDAR\n");
	buf_adds(&server, "\nSUMMARY:s\nEND:VEVENT\nEND:VCALENDAR\n");
	{
		struct buf local, all;

		buf_init(&local, SIZE_MAX);
		buf_init(&all, SIZE_MAX);
		buf_add(&local, base.data, base.size - strlen("END:VEVENT\nEND:VCALENDAR\n"));
		buf_adds(&local, "URL:u\nEND:VEVENT\nEND:VCALENDAR\n");
		assert_int_equal(merge(base.data, server.data, local.data, false, &out, arena, &words),
				 MERGED_BOTH);
		buf_add(&all, server.data, server.size - strlen("END:VEVENT\nEND:VCALENDAR\n"));
		buf_adds(&all, "URL:u\nEND:VEVENT\nEND:VCALENDAR\n");
		want = normal_of(all.data, all.size, false);
		buf_free(&all);
		buf_free(&local);
	}
	got = normal_of(out.data, out.size, false);
	assert_true(digest_equal(&got, &want));
	for (size_t i = 0; i < out.size; i++) {
		if (out.data[i] == '\n') {
			assert_int_equal(out.data[i - 1], '\r');
			column = 0;
			if (i + 1 < out.size && out.data[i + 1] == ' ') {
				assert_int_not_equal(out.data[i + 2] & 0xc0, 0x80);
				folds++;
			}
		} else if (out.data[i] != '\r') {
			assert_true(++column <= 75);
		}
	}
	assert_true(folds > 10);
	buf_free(&base);
	buf_free(&server);
	buf_free(&out);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_merge),
		cmocka_unit_test(events_clash),
		cmocka_unit_test(tasks),
		cmocka_unit_test(instances),
		cmocka_unit_test(cards_merge),
		cmocka_unit_test(cards_clash),
		cmocka_unit_test(one_side_is_enough),
		cmocka_unit_test(other_items),
		cmocka_unit_test(counts),
		cmocka_unit_test(long_lines_are_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
