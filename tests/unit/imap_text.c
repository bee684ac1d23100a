/* The driver's text forms on servers that answer oddly, late, in pieces, or not at all.  On a real server:
 * tests/t/27-textform-read.t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scripted.h"

#define STATUS3      "MESSAGES 3 UIDNEXT 10 UIDVALIDITY 5"
#define SELECT(tag)  "C: " tag " SELECT \"INBOX\"", SELECTED(tag, "3", CODES("5", "10"))
#define AGAIN(login) "ACCEPT", GREET(""), "C: " login " LOGIN *", "S: " login " OK [CAPABILITY IMAP4rev1]"

/* Headers of a multipart and of a text, as literals, and what is said of them. */
#define MIXED  "BODY[HEADER] {45}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
#define PLAIN  "BODY[HEADER] {14}\r\nSubject: x\r\n\r\n"
#define PARTS  "BODYSTRUCTURE ((\"text\" \"plain\" NIL NIL NIL NIL 4 0)(\"image\" \"gif\" NIL NIL NIL NIL 9) \"mixed\")"
#define PICTURES "BODYSTRUCTURE ((\"image\" \"gif\" NIL NIL NIL NIL 9) \"mixed\")"
#define LATIN  "BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"latin1\") NIL NIL NIL 4 0)" \
	"(\"image\" \"gif\" NIL NIL NIL NIL 9) \"mixed\")"
#define TEXT   "BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL NIL 4 0)"
#define HTML   "BODYSTRUCTURE ((\"text\" \"html\" NIL NIL NIL NIL 11 0)(\"image\" \"gif\" NIL NIL NIL NIL 9) \"mixed\")"
#define ASK(tag, set) "C: " tag " UID FETCH " set " (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER])"
#define ASK_WHOLE(tag, set) "C: " tag " UID FETCH " set " (UID FLAGS INTERNALDATE BODY.PEEK[])"
#define ASK_1(tag, set) "C: " tag " UID FETCH " set " (UID BODY.PEEK[1.MIME] BODY.PEEK[1])"
#define ASK_TEXT(tag, set) "C: " tag " UID FETCH " set " (UID BODY.PEEK[TEXT])"
#define SAY(uid, more) "S: * " uid " FETCH (UID " uid " " more ")"
#define FIRST(uid, more) SAY(uid, "FLAGS (\\Seen) INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" " more)
#define PART_1 "BODY[1.MIME] {2}\r\n\r\n BODY[1] {4}\r\nword"

/* What a read came to: how, and what of it tells whether it is right. */
static const struct fail *read_show(void *context, struct read *read)
{
	struct buf *out = context;
	char text[4096];
	size_t got = 0;

	buf_addf(out, "%lu ", strtoul(read->ref, NULL, 10));
	if (read->fail) {
		buf_addf(out, "fail %s; ", fail_word(read->fail->code));
		assert_int_equal(read->fail->scope, FAIL_ITEM);
		assert_null(read->body);
		return NULL;
	}
	ok(body_read(read->body, 0, text, sizeof text - 1, &got));
	text[got] = '\0';
	assert_true(digest_known(&read->print.head));
	assert_int_equal(digest_known(&read->now.digest), !read->text);
	if (read->text)
		buf_addf(out, "text %lu%s%s%s; ", (unsigned long)read->print.size,
			 strstr(text, "\nword\n--b") ? " word" : "",
			 strstr(text, "X-Koc-Part: acc 5 ") ? " stub" : "", strstr(text, "\nmade\n") ? " made" : "");
	else
		buf_addf(out, "<%s>; ", text);
	if (read->date != 1767225600 || read->now.flags.bits != FLAG_SEEN)
		buf_adds(out, "without flags; ");
	body_free(read->body);
	read->body = NULL;
	return NULL;
}

/* Reads these UIDs, one digit each, of this script's server. */
static void check(const char *const *script, const char *uids, const char *expected)
{
	struct imap_options options = options_plain();
	struct session_test test;
	struct read all[9] = { 0 };
	size_t count = strlen(uids);
	struct buf out;

	options.account = "acc";
	start_with(&test, script, &options);
	ok(folders(&test, NULL, 0));
	for (size_t i = 0; i < count; i++)
		all[i] = (struct read){ .folder = folder(&test, "mail/INBOX"),
					.ref = arena_printf(test.arena, "000000000%c", uids[i]),
					.part = PART_TEXT };
	buf_init(&out, 10000);
	ok(store_read(test.store, all, count, read_show, &out, test.arena));
	assert_string_equal(out.data, expected);
	buf_free(&out);
	end(&test);
}

static const struct {
	const char *script[STEPS];
	const char *expected;
} samples[] = {
	/* As it should be: one by its sections, one by the rest of it, one by nothing more. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED),
	    FIRST("2", "RFC822.SIZE 18 " TEXT " " PLAIN), FIRST("3", "RFC822.SIZE 200 " PICTURES " " MIXED), "S: 5 OK",
	    ASK_TEXT("6", "2"), ASK_1("7", "1"), SAY("2", "BODY[TEXT] {4}\r\nword"), "S: 6 OK",
	    SAY("1", PART_1), "S: 7 OK" },
	  "3 text 200 stub; 2 <Subject: x\n\nword>; 1 text 200 word stub; " },
	/* In any order, in pieces, with other answers between. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), "S: * 2 FETCH (" PLAIN " UID 2)",
	    "S: * 1 FETCH (" MIXED " RFC822.SIZE 200 " PARTS " UID 1)", "S: * 4 EXISTS",
	    "S: * 1 FETCH (UID 1 FLAGS (\\Seen))", FIRST("2", TEXT), SAY("2", "RFC822.SIZE 18"),
	    FIRST("3", "RFC822.SIZE 14 " TEXT " " PLAIN), "S: 5 OK", ASK_WHOLE("6", "2"),
	    FIRST("2", "BODY[] {5}\r\nwhole"), "S: 6 OK", ASK_1("7", "1"), SAY("1", "BODY[1] \"word\""),
	    SAY("1", "BODY[1.mime] {2}\r\n\r\n"), "S: 7 OK" },
	  "3 <Subject: x\n\n>; 2 <whole>; 1 text 200 word stub; without flags; " },
	/* Literals in a structure, eight bits in a name, and everything else NIL. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"),
	    SAY("1", "RFC822.SIZE 200 " MIXED " BODYSTRUCTURE (({4}\r\nTEXT \"plain\" NIL NIL NIL NIL 4 0 NIL NIL NIL NIL)"
		     "(\"image\" \"gif\" ({4}\r\nname {8}\r\nb\xe4\")r.gi) NIL NIL NIL 9 NIL NIL NIL NIL) \"mixed\" NIL NIL NIL NIL)"
		     " FLAGS (\\Seen) INTERNALDATE \"01-Jan-2026 00:00:00 +0000\""), "S: 5 OK",
	    ASK_1("6", "1"), SAY("1", PART_1), "S: 6 OK" },
	  "2 fail missing; 3 fail missing; 1 text 200 word stub; " },
	/* HTML; without a MIME header there is none to ask for. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " HTML " " MIXED), "S: 5 OK",
	    "C: 6 UID FETCH 1 (UID BODY.PEEK[1])", SAY("1", "BODY[1] {11}\r\n<p>made</p>"), "S: 6 OK" },
	  "2 fail missing; 3 fail missing; 1 text 200 stub made; " },
	/* A section is missing, empty, or something else. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED),
	    FIRST("2", "RFC822.SIZE 200 " PARTS " " MIXED), FIRST("3", "RFC822.SIZE 200 " PARTS " " MIXED), "S: 5 OK",
	    ASK_1("6", "1:3"), SAY("1", "BODY[1] {4}\r\nword"), SAY("2", "BODY[1.MIME] NIL BODY[1] NIL"),
	    SAY("3", "BODY[1.MIME] {25}\r\nContent-Type: image/gif\r\n BODY[1] {4}\r\nword"), "S: 6 OK",
	    ASK_WHOLE("7", "1:3"), FIRST("1", "BODY[] {3}\r\none"), FIRST("2", "BODY[] {3}\r\ntwo"),
	    FIRST("3", "BODY[] {5}\r\nthree"), "S: 7 OK" },
	  "1 <one>; 2 <two>; 3 <three>; " },
	/* A section is cut; its header says another encoding, or no character set. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED),
	    FIRST("2", "RFC822.SIZE 200 " PARTS " " MIXED), FIRST("3", "RFC822.SIZE 200 " LATIN " " MIXED), "S: 5 OK",
	    ASK_1("6", "1:3"), SAY("1", "BODY[1.MIME] {2}\r\n\r\n BODY[1] {3}\r\nwor"),
	    SAY("2", "BODY[1.MIME] {35}\r\nContent-Transfer-Encoding: base64\r\n BODY[1] {4}\r\nword"),
	    SAY("3", PART_1), "S: 6 OK", ASK_WHOLE("7", "1:3"), FIRST("1", "BODY[] {3}\r\none"),
	    FIRST("2", "BODY[] {3}\r\ntwo"), FIRST("3", "BODY[] {5}\r\nthree"), "S: 7 OK" },
	  "1 <one>; 2 <two>; 3 <three>; " },
	/* A boundary within a text; a size that is none; a structure that is none. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED),
	    FIRST("2", "RFC822.SIZE 17 " TEXT " " PLAIN), FIRST("3", "RFC822.SIZE 49 BODYSTRUCTURE NIL " MIXED), "S: 5 OK",
	    ASK_TEXT("6", "2:3"), ASK_1("7", "1"), SAY("2", "BODY[TEXT] {4}\r\nword"), SAY("3", "BODY[TEXT] {4}\r\nword"),
	    "S: 6 OK", SAY("1", "BODY[1.MIME] {2}\r\n\r\n BODY[1] {3}\r\n--b"), "S: 7 OK", ASK_WHOLE("8", "1:2"),
	    FIRST("1", "BODY[] {3}\r\none"), FIRST("2", "BODY[] {3}\r\ntwo"), "S: 8 OK" },
	  "3 <Content-Type: multipart/mixed; boundary=b\n\nword>; 1 <one>; 2 <two>; " },
	/* Gone in between; and one that has only a header all of a sudden. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED),
	    FIRST("2", "RFC822.SIZE 18 " TEXT " " PLAIN), FIRST("3", "RFC822.SIZE 9 " TEXT), "S: 5 OK", ASK_WHOLE("6", "3"),
	    ASK_TEXT("7", "2"), ASK_1("8", "1"), FIRST("3", "BODY[] {5}\r\nthree"), "S: 6 OK", "S: 7 OK", "S: 8 OK" },
	  "3 <three>; 2 fail missing; 1 fail missing; " },
	/* The server cannot tell the structure of one: the others do not suffer for it. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PICTURES " " MIXED),
	    "S: 5 NO cannot convert", ASK("6", "3"), ASK("7", "2"), FIRST("3", "RFC822.SIZE 200 " PARTS " " MIXED),
	    "S: 6 OK", "S: 7 NO cannot convert", ASK_1("8", "3"), ASK_WHOLE("9", "2"), SAY("3", PART_1), "S: 8 OK",
	    FIRST("2", "BODY[] {3}\r\ntwo"), "S: 9 OK" },
	  "1 text 200 stub; 3 text 200 word stub; 2 <two>; " },
	/* The same with its sections; and one that cannot be had at all. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED),
	    FIRST("2", "RFC822.SIZE 200 " PARTS " " MIXED), FIRST("3", "RFC822.SIZE 200 " PICTURES " " MIXED), "S: 5 OK",
	    ASK_1("6", "1:2"), "S: 6 NO", ASK("7", "2"), ASK("8", "1"), "S: 7 NO",
	    FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED), "S: 8 OK", ASK_WHOLE("9", "2"), ASK_1("10", "1"), "S: 9 NO",
	    SAY("1", PART_1), "S: 10 OK" },
	  "3 text 200 stub; 1 text 200 word stub; 2 fail refused; " },
	/* Nonsense, and brackets without end: that one whole, alone; the others go on. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PICTURES " " MIXED),
	    "S: * 2 FETCH (UID 2 BODYSTRUCTURE (((", AGAIN("6"), SELECT("7"), ASK("8", "3"),
	    FIRST("3", "RFC822.SIZE 200 " PICTURES " " MIXED), "S: 8 OK", ASK_WHOLE("9", "2"),
	    FIRST("2", "BODY[] {3}\r\ntwo"), "S: 9 OK" },
	  "1 text 200 stub; 3 text 200 stub; 2 <two>; " },
	/* The line breaks in a section: what was learnt before is not asked for again. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED),
	    FIRST("2", "RFC822.SIZE 200 " PARTS " " MIXED), FIRST("3", "RFC822.SIZE 200 " PICTURES " " MIXED), "S: 5 OK",
	    ASK_1("6", "1:2"), "S:- * 1 FETCH (UID 1 BODY[1.MIME] {2}\r\n\r\n BODY[1] {4}\r\nwo", AGAIN("7"), SELECT("8"),
	    ASK_1("9", "2"), SAY("2", PART_1), "S: 9 OK", ASK_WHOLE("10", "1"), FIRST("1", "BODY[] {3}\r\none"), "S: 10 OK" },
	  "3 text 200 stub; 2 text 200 word stub; 1 <one>; " },
};

static void reads(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, checked++)
		check(samples[i].script, "123", samples[i].expected);
	assert_true(checked >= 12);
}

static const struct {
	const char *script[STEPS];
	const char *uids, *expected;
} others[] = {
	/* A message that nobody asked for. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), "S: * 7 FETCH (UID 7 BODY[HEADER] {1}\r\nx)",
	    AGAIN("6"), SELECT("7"), ASK("8", "2:3"), "S: 8 OK", ASK_WHOLE("9", "1"), "S: 9 OK" },
	  "123", "2 fail missing; 3 fail missing; 1 fail missing; " },
	/* One that is asked for twice is there twice. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:2"), FIRST("1", "RFC822.SIZE 200 " PARTS " " MIXED),
	    FIRST("2", "RFC822.SIZE 200 " PICTURES " " MIXED), "S: 5 OK", ASK_1("6", "1"), ASK("7", "2"),
	    SAY("1", PART_1), "S: 6 OK", FIRST("2", "RFC822.SIZE 200 " PICTURES " " MIXED), "S: 7 OK", ASK("8", "1"),
	    FIRST("1", "RFC822.SIZE 200 " PICTURES " " MIXED), "S: 8 OK" },
	  "1122", "2 text 200 stub; 1 text 200 word stub; 2 text 200 stub; 1 text 200 stub; " },
	/* Sizes that are estimates: after some, header and text are not asked for apart. */
	{ { INBOX("", STATUS3), SELECT("4"), ASK("5", "1:3"), FIRST("1", "RFC822.SIZE 99 " TEXT " " PLAIN),
	    FIRST("2", "RFC822.SIZE 99 " TEXT " " PLAIN), FIRST("3", "RFC822.SIZE 99 " TEXT " " PLAIN), "S: 5 OK",
	    ASK_TEXT("6", "1:3"), SAY("1", "BODY[TEXT] {4}\r\nword"), SAY("2", "BODY[TEXT] {4}\r\nword"),
	    SAY("3", "BODY[TEXT] {4}\r\nword"), "S: 6 OK", ASK_WHOLE("7", "1:3"), FIRST("1", "BODY[] {3}\r\none"),
	    FIRST("2", "BODY[] {3}\r\ntwo"), "S: 7 OK", ASK("8", "1"), FIRST("1", "RFC822.SIZE 99 " TEXT " " PLAIN),
	    "S: 8 OK", ASK_WHOLE("9", "1"), FIRST("1", "BODY[] {3}\r\none"), "S: 9 OK" },
	  "1123", "1 <one>; 2 <two>; 3 fail missing; 1 <one>; " },
};

static void other_reads(void **state)
{
	size_t checked = 0;

	(void)state;
	for (; checked < COUNT(others); checked++)
		check(others[checked].script, others[checked].uids, others[checked].expected);
	assert_int_equal(checked, 3);
}

/* Without an account's id there are no text forms. */
static void no_account(void **state)
{
	static const char *const script[] = { INBOX("", STATUS3), SELECT("4"), ASK_WHOLE("5", "1"),
					      FIRST("1", "BODY[] {3}\r\none"), "S: 5 OK", NULL };
	struct session_test test;
	struct read read;
	struct buf out;

	(void)state;
	start(&test, script);
	ok(folders(&test, NULL, 0));
	read = (struct read){ .folder = folder(&test, "mail/INBOX"), .ref = "0000000001", .part = PART_TEXT };
	buf_init(&out, 1000);
	ok(store_read(test.store, &read, 1, read_show, &out, test.arena));
	assert_string_equal(out.data, "1 <one>; ");
	buf_free(&out);
	end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(other_reads),
		cmocka_unit_test(no_account),
	};

	return cmocka_run_group_tests_name("imap_text", tests, NULL, NULL);
}
