/* The driver's PART_SECTION: one part of a message, from servers that give it, do not, or give another.  On a
 * real server: tests/t/27-textform-read.t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scripted.h"

#define STATUS3     "MESSAGES 3 UIDNEXT 10 UIDVALIDITY 5"
#define OPENED      INBOX("", STATUS3), "C: 4 SELECT \"INBOX\"", SELECTED("4", "3", CODES("5", "10"))
#define ASK(tag)    "C: " tag " UID FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER])"
#define FETCH(more) "S: * 1 FETCH (UID 1 " more ")"
#define HEADER      " BODY[HEADER] {45}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
#define SINGLE      " BODY[HEADER] {55}\r\nSubject: x\r\nContent-Type: image/\r\n gif\r\ncontent-id: 1\r\n"
#define TEXT        "(\"text\" \"plain\" NIL NIL NIL NIL 4 0)"
#define GIF         "(\"image\" \"gif\" NIL NIL NIL NIL 4)"
#define RAW         "(\"image\" \"gif\" NIL NIL NIL \"Binary\" 5)"
#define MAIL        "(\"message\" \"rfc822\" NIL NIL NIL NIL 90 NIL " TEXT " 3)"
#define TOLD        FETCH("BODYSTRUCTURE (" TEXT GIF RAW MAIL " \"mixed\")" HEADER), "S: 5 OK"
#define MIME_2      "BODY[2.MIME] {27}\r\nContent-Type: image/gif\r\n\r\n"

static const struct {
	const char *section;
	const char *script[STEPS];
	const char *body; /* NULL: a fail */
	enum fail_code code;
	const char *text;
} samples[] = {
	{ "2", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (UID BODY.PEEK[2.MIME] BODY.PEEK[2])",
		 FETCH(MIME_2 " BODY[2] {4}\r\nG\r\nF"), "S: 6 OK" },
	  "Content-Type: image/gif\n\nG\nF", 0, NULL },
	/* In two pieces; fields that say nothing of the part are left out. */
	{ "2", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (UID BODY.PEEK[2.MIME] BODY.PEEK[2])",
		 FETCH("BODY[2] \"GIF8\""), FETCH("BODY[2.MIME] {21}\r\nX: y\r\nContent-Type: \t"), "S: 6 OK" },
	  "Content-Type: \t\n\nGIF8", 0, NULL },
	/* What is binary stays as it is. */
	{ "3", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (UID BODY.PEEK[3.MIME] BODY.PEEK[3])",
		 FETCH("BODY[3.MIME] NIL BODY[3] {5}\r\nG\r\n\n8"), "S: 6 OK" },
	  "\r\nG\r\n\n8", 0, NULL },
	/* The only part of a message, and of an attached one. */
	{ "1", { OPENED, ASK("5"), FETCH("BODYSTRUCTURE " GIF SINGLE), "S: 5 OK",
		 "C: 6 UID FETCH 1 (UID BODY.PEEK[1])", FETCH("BODY[1] {4}\r\nGIF8"), "S: 6 OK" },
	  "Content-Type: image/\n gif\ncontent-id: 1\n\nGIF8", 0, NULL },
	{ "4.1", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (UID BODY.PEEK[4.HEADER] BODY.PEEK[4.1])",
		   FETCH("BODY[4.HEADER] {16}\r\nSubject: inner\r\n BODY[4.1] {4}\r\ntext"), "S: 6 OK" },
	  "\ntext", 0, NULL },
	/* There is none. */
	{ "5", { OPENED, ASK("5"), TOLD }, NULL, FAIL_DATA, "the message has no part 5" },
	{ "", { OPENED, ASK("5"), TOLD }, NULL, FAIL_DATA, "the message has no part" },
	{ "2.1", { OPENED, ASK("5"), TOLD }, NULL, FAIL_DATA, "no part 2.1" },
	{ "2", { OPENED, ASK("5"), FETCH("BODYSTRUCTURE (((" HEADER), "ACCEPT", GREET(""), "C: 6 LOGIN *",
		 "S: 6 OK [CAPABILITY IMAP4rev1]", "C: 7 SELECT \"INBOX\"", SELECTED("7", "3", CODES("5", "10")),
		 ASK("8"), FETCH("BODYSTRUCTURE NIL" HEADER), "S: 8 OK" },
	  NULL, FAIL_DATA, "no part 2, as far as the server tells" },
	/* It is not given. */
	{ "2", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (*)", FETCH(MIME_2 " BODY[2] NIL"), "S: 6 OK" },
	  NULL, FAIL_DATA, "does not give this part" },
	{ "2", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (*)", FETCH(MIME_2 " BODY[3] \"GIF8\""), "S: 6 OK" },
	  NULL, FAIL_DATA, "gives another part" },
	{ "2", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (*)", FETCH(MIME_2), "S: 6 OK" },
	  NULL, FAIL_DATA, "not all of it came" },
	{ "2", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (*)", "S: 6 NO cannot decode" },
	  NULL, FAIL_REFUSED, "cannot decode" },
	/* The message is not there, or not any more. */
	{ "2", { OPENED, ASK("5"), "S: 5 OK" }, NULL, FAIL_MISSING, "not there any more" },
	{ "2", { OPENED, ASK("5"), TOLD, "C: 6 UID FETCH 1 (*)", "S: 6 OK" }, NULL, FAIL_MISSING, "not there any" },
};

static void check(const char *section, const char *const *script, const char *body, enum fail_code code,
		  const char *why)
{
	struct session_test test;
	struct read read;
	char text[4096];
	size_t got = 0;

	start(&test, script);
	ok(folders(&test, NULL, 0));
	read = (struct read){ .folder = folder(&test, "mail/INBOX"), .ref = "0000000001", .part = PART_SECTION,
			      .section = section };
	ok(store_read(test.store, &read, 1, NULL, NULL, test.arena));
	if (!body) {
		fails(read.fail, code, why);
		assert_int_equal(read.fail->scope, FAIL_ITEM);
		assert_null(read.body);
	} else {
		ok(read.fail);
		ok(body_read(read.body, 0, text, sizeof text - 1, &got));
		text[got] = '\0';
		assert_string_equal(text, body);
	}
	body_free(read.body);
	end(&test);
}

static void sections(void **state)
{
	size_t checked = 0;

	(void)state;
	for (; checked < COUNT(samples); checked++)
		check(samples[checked].section, samples[checked].script, samples[checked].body,
		      samples[checked].code, samples[checked].text);
	assert_int_equal(checked, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections),
	};

	return cmocka_run_group_tests_name("imap_part", tests, NULL, NULL);
}
