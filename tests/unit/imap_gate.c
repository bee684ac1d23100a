/* The gate: canned bytes in, answers out; what is common, what is odd, and what crashed parsers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "answers.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct sample {
	const char *in;
	const char *out;
};

static void check(const char *in, size_t size, const char *section, const char *expected)
{
	static const size_t pieces[] = { 1, 2, 7, 65536 };

	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct buf out;

		buf_init(&out, (size_t)8 << 20);
		answers_show(&out, in, size, pieces[i], section);
		assert_string_equal(out.data, expected);
		buf_free(&out);
	}
}

static void check_all(const struct sample *samples, size_t count, size_t least, const char *section)
{
	size_t passed = 0;

	for (size_t i = 0; i < count; i++, passed++)
		check(samples[i].in, strlen(samples[i].in), section, samples[i].out);
	assert_true(passed >= least);
}

static void status(void **state)
{
	static const struct sample samples[] = {
		{ "* OK ready\r\n", "OK ready\n" },
		{ "* OK\r\n", "OK \n" },
		{ "7 OK\r\n", "7 OK \n" },
		{ "7 NO [OVERQUOTA] full\r\n", "7 NO [13] full\n" },
		{ "7 no [overquota] full\r\n", "7 NO [13] full\n" },
		{ "7 BAD what?\r\n", "7 BAD what?\n" },
		{ "* BYE {12}\r\n", "BYE {12}\n" },
		{ "* OK text with a {12}\r\n* OK next\r\n", "OK text with a {12}\nOK next\n" },
		{ "* PREAUTH hello\r\n", "PREAUTH hello\n" },
		{ "+ go\r\n+\r\n+ \r\n", "+ go\n+ \n+ \n" },
		{ "* OK [UIDNEXT 4294967296] x\r\n", "OK [18 4294967296] x\n" },
		{ "* OK [UIDVALIDITY 1] x\r\n", "OK [19 1] x\n" },
		{ "* OK [HIGHESTMODSEQ 18446744073709551615] x\r\n", "OK [8 18446744073709551615] x\n" },
		{ "* OK [HIGHESTMODSEQ 18446744073709551616] x\r\n", "OK [1] x\n" },
		{ "* OK [UIDNEXT soon] x\r\n", "OK [1] x\n" },
		{ "* OK [XUNKNOWN \"a]b\" (c)] x\r\n", "OK [1] x\n" },
		{ "* OK [UNCLOSED x\r\n", "OK [UNCLOSED x\n" },
		{ "* OK [] x\r\n", "OK [1] x\n" },
		{ "* OK [CAPABILITY IMAP4rev1 IDLE] x\r\n", "OK [5 IMAP4rev1 IDLE] x\n" },
		{ "7 OK [APPENDUID 9 12] x\r\n", "7 OK [3 9 12:12] x\n" },
		{ "7 OK [APPENDUID 9 0] x\r\n", "7 OK [1] x\n" },
		{ "7 OK [APPENDUID 0 12] x\r\n", "7 OK [1] x\n" },
		{ "7 OK [APPENDUID 9] x\r\n", "7 OK [1] x\n" },
		{ "7 OK [APPENDUID 9 12 13] x\r\n", "7 OK [3 9 12:12] x\n" },
		{ "* OK [COPYUID 9 1:3,7 11:13,20] x\r\n", "OK [7 9 1:3,7:7 11:13,20:20] x\n" },
		{ "* OK [COPYUID 9 1:3] x\r\n", "OK [1] x\n" },
		{ "* OK [COPYUID 9 * 1] x\r\n", "OK [1] x\n" },
		{ "* OK [PERMANENTFLAGS (\\Seen \\* $Junk)] x\r\n", "OK [14 \\Seen $Junk *] x\n" },
		{ "* OK [PERMANENTFLAGS ()] x\r\n", "OK [14 ] x\n" },
		{ "* OK [PERMANENTFLAGS (\\ \\Seen (a) \x01 \x7f b)] x\r\n", "OK [14 \\Seen a b] x\n" },
		{ "\r\n\r\n* OK x\n", "OK x\n" },
		{ "* CAPABILITY IMAP4rev1 X\r\n", "CAPABILITY IMAP4rev1 X\n" },
		{ "* ENABLED QRESYNC\r\n", "ENABLED QRESYNC\n" },
		{ "hello\r\n", "fail: not IMAP: the server sent \"hello\"\n" },
		{ "HTTP/1.1 400 Bad\r\n", "fail: not IMAP: the server sent \"HTTP/1.1 400 Bad\"\n" },
		{ "0 OK x\r\n", "fail: not IMAP: the server sent \"0 OK x\"\n" },
		{ "99999999999 OK x\r\n", "fail: not IMAP: the server sent \"99999999999 OK x\"\n" },
		{ "7 MAYBE x\r\n", "fail: the server's answer makes no sense: \"7 MAYBE x\"\n" },
		{ "7 BYE x\r\n", "fail: the server's tagged answer is \"7 BYE x\"\n" },
		{ "* X-NEWS (a b) \"c\"\r\n* OK x\r\n", "OK x\n" },
		{ "* X-NEWS {3}\r\na\r\n b\r\n* OK x\r\n", "OK x\n" },
	};

	(void)state;
	check_all(samples, COUNT(samples), 30, NULL);
	check("* OK a\0b\r\n", 10, NULL, "fail: the server sent a NUL in a line\n");
}

static void folders(void **state)
{
	static const struct sample samples[] = {
		{ "* LIST () \"/\" INBOX\r\n", "LIST INBOX roles 0 delimiter /\n" },
		{ "* LIST (\\HasNoChildren \\Trash) \".\" \"a b\"\r\n", "LIST a b roles 2 delimiter .\n" },
		{ "* LIST (\\Noselect) NIL \"\"\r\n", "LIST  roles 512 delimiter 0\n" },
		{ "* LIST (\\) \"/\" x\r\n", "LIST x roles 0 delimiter /\n" },
		{ "* LIST (\\HasNoChildren \\) \"/\" x\r\n", "LIST x roles 0 delimiter /\n" },
		{ "* LIST () \"\\\\\" \"a\\\"b\\\\c\"\r\n", "LIST a\"b\\c roles 0 delimiter \\\n" },
		{ "* LIST () \"/\" {5}\r\na\"b\\c\r\n", "LIST a\"b\\c roles 0 delimiter /\n" },
		{ "* LIST () {1}\r\n/ {3}\r\nabc\r\n", "LIST abc roles 0 delimiter /\n" },
		{ "* LIST () \"/\" [Gmail]/Trash\r\n", "LIST [Gmail]/Trash roles 0 delimiter /\n" },
		{ "* LIST () \"/\" NIL\r\n", "LIST NIL roles 0 delimiter /\n" },
		{ "* LIST () \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", "LIST a roles 0 delimiter /\n" },
		{ "* LIST () \"/\" a (OLDNAME (\"b\"))\r\n", "LIST a roles 0 delimiter /\n" },
		{ "* LSUB () \"/\" a\r\n", "LSUB a roles 0 delimiter /\n" },
		{ "* LIST () \"//\" a\r\n",
		  "fail: the server's answer makes no sense: \"* LIST () \"//\" a\"\n" },
		{ "* LIST ( \"/\" a\r\n", "fail: the server's answer makes no sense: \"* LIST ( \"/\" a\"\n" },
		{ "* LIST\r\n", "fail: the server's answer makes no sense: \"* LIST\"\n" },
		{ "* STATUS a (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 5 HIGHESTMODSEQ 6)\r\n",
		  "STATUS a messages 3 next 4 validity 5 modseq 6\n" },
		{ "* STATUS \"a\" (SIZE 99 MAILBOXID (F1-a_B) MESSAGES 3)\r\n", "STATUS a messages 3 lasting F1-a_B\n" },
		{ "* STATUS a (MAILBOXID NIL MESSAGES 3)\r\n", "STATUS a messages 3\n" },
		{ "* STATUS a (MAILBOXID () MESSAGES 3)\r\n", "STATUS a messages 3\n" },
		{ "* STATUS a (MAILBOXID (a b) MESSAGES 3)\r\n", "STATUS a messages 3\n" },
		{ "* STATUS a (MAILBOXID \"F1\" MESSAGES 3)\r\n", "STATUS a messages 3\n" },
		{ "* OK [MAILBOXID (F1)] x\r\n* OK [UIDNEXT 4] y\r\n", "OK [1] x\nOK [18 4] y\n" },
		{ "* STATUS {1}\r\na (MESSAGES 3)\r\n", "STATUS a messages 3\n" },
		{ "* STATUS a () \r\n", "STATUS a\n" },
		{ "* STATUS a (MESSAGES 3\r\n",
		  "fail: the server's answer makes no sense: \"* STATUS a (MESSAGES 3\"\n" },
		{ "* STATUS a (MESSAGES x)\r\n",
		  "fail: the server's answer makes no sense: \"* STATUS a (MESSAGES x)\"\n" },
		{ "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n", "NAMESPACE mine( /)\n" },
		{ "* NAMESPACE ((\"INBOX.\" \".\" \"X\" (\"a\" \"b\"))) ((\"~\" \".\")) ((\"#p.\" NIL)(\"q\" \"/\"))\r\n",
		  "NAMESPACE mine(INBOX. .) foreign(~ .) foreign(#p. 0) foreign(q /)\n" },
		{ "* NAMESPACE ((\"\"\r\n",
		  "fail: the server's answer makes no sense: \"* NAMESPACE ((\"\"\"\n" },
		{ "* SEARCH\r\n", "SEARCH\n" },
		{ "* SEARCH \r\n", "SEARCH\n" },
		{ "* SEARCH 1 2 3\r\n", "SEARCH 1 2 3\n" },
		{ "* SEARCH 1 2 (MODSEQ 917162500000)\r\n* 3 EXISTS\r\n", "SEARCH 1 2\nEXISTS 3\n" },
		{ "* SEARCH 0\r\n", "fail: the server's SEARCH answer makes no sense\n" },
		{ "* SEARCH 4294967296\r\n", "fail: the server's SEARCH answer makes no sense\n" },
		{ "* SEARCH x\r\n", "fail: the server's SEARCH answer makes no sense\n" },
		{ "* FLAGS (\\Seen $Forwarded \\Recent a)\r\n", "FLAGS \\Seen $Forwarded a\n" },
		{ "* FLAGS ()\r\n", "FLAGS \n" },
		{ "* 3 EXISTS\r\n* 0 RECENT\r\n* 2 EXPUNGE\r\n", "EXISTS 3\nEXPUNGE 2\n" },
		{ "* 0 EXPUNGE\r\n", "fail: the server's answer makes no sense: \"* 0 EXPUNGE\"\n" },
		{ "* 4294967296 EXISTS\r\n",
		  "fail: the server's answer makes no sense: \"* 4294967296 EXISTS\"\n" },
		{ "* VANISHED 5,7:9\r\n", "VANISHED 5:5,7:9\n" },
		{ "* VANISHED (EARLIER) 1:4294967295\r\n", "VANISHED earlier 1:4294967295\n" },
		{ "* VANISHED (EARLIER) 9:5\r\n", "VANISHED earlier 5:9\n" },
		{ "* VANISHED \r\n* OK x\r\n", "OK x\n" },
		{ "* VANISHED 1:*\r\n", "fail: the server's answer makes no sense: \"* VANISHED 1:*\"\n" },
		{ "* VANISHED 0\r\n", "fail: the server's answer makes no sense: \"* VANISHED 0\"\n" },
		{ "* VANISHED 1,\r\n", "fail: the server's answer makes no sense: \"* VANISHED 1,\"\n" },
	};

	(void)state;
	check_all(samples, COUNT(samples), 40, NULL);
	check("* LIST () \"/\" {3}\r\na\0b\r\n", 24, NULL, "LIST a\1b roles 0 delimiter /\n");
}

#define HEAD "* 3 FETCH ("

static void fetches(void **state)
{
	static const struct sample samples[] = {
		{ HEAD "UID 7 FLAGS (\\Seen $Forwarded NonJunk))\r\n",
		  "FETCH 3 uid 7 flags (\\Seen $Forwarded NonJunk)\n" },
		{ HEAD "FLAGS () UID 7)\r\n", "FETCH 3 uid 7 flags ()\n" },
		{ HEAD "FLAGS (\\Recent \\Answered \\Flagged \\Deleted \\Draft))\r\n",
		  "FETCH 3 flags (\\Answered \\Flagged \\Deleted \\Draft)\n" },
		{ HEAD "UID 4294967295 RFC822.SIZE 4294967295)\r\n",
		  "FETCH 3 uid 4294967295 size 4294967295\n" },
		{ HEAD "UID 7 RFC822.SIZE 5000000000)\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "UID 7 MODSEQ (12345) X-GM-LABELS (\"\\\\Inbox\" a) EMAILID (M1))\r\n",
		  "FETCH 3 uid 7 lasting M1\n" },
		{ HEAD "EMAILID (M1) UID 7 THREADID NIL)\r\n", "FETCH 3 uid 7 lasting M1\n" },
		{ HEAD "UID 7 EMAILID M1)\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "UID 7 EMAILID (M:1))\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "UID 7 EMAILID ((M1)))\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "UID 7 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n", "FETCH 3 uid 7 date 837596665\n" },
		{ HEAD "UID 7 INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\")\r\n",
		  "FETCH 3 uid 7 date 1767225600\n" },
		{ HEAD "UID 7 INTERNALDATE NIL)\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "UID 7 INTERNALDATE \"yesterday\")\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "UID 7 INTERNALDATE \"99-Zzz-9999 99:99:99 +9999\")\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "UID 7 FLAGS (\\ \\Seen (x) \"q\" a{b %))\r\n", "FETCH 3 uid 7 flags (\\Seen x)\n" },
		{ HEAD "UID 7 ENVELOPE (NIL NIL ((\"a\" NIL \"b\" \"c\")) NIL NIL NIL NIL NIL NIL \"<\"@\"))\r\n",
		  "fail: the server's answer makes no sense: \"" HEAD
		  "UID 7 ENVELOPE (NIL NIL ((\"a\" NIL \"b\" \"c\")) NIL NIL NIL NIL NIL NIL \"\"\n" },
		{ HEAD ")\r\n* OK x\r\n", "OK x\n" },
		{ HEAD "BODY[] NIL UID 7)\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "UID 7 BODY[] {5}\r\nab\r\nc FLAGS ())\r\n", "FETCH 3 uid 7 flags () body <ab\r\nc>\n" },
		{ HEAD "BODY[] {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7 body <abc>\n" },
		{ HEAD "body[]<0> {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7 body <abc>\n" },
		{ HEAD "BODY[] ~{3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7 body <abc>\n" },
		{ HEAD "BODY[] {3+}\r\nabc UID 7)\r\n", "FETCH 3 uid 7 body <abc>\n" },
		{ HEAD "BODY[] {0}\r\n UID 7)\r\n", "FETCH 3 uid 7 body <>\n" },
		{ HEAD "BODY[] \"\" UID 7)\r\n", "FETCH 3 uid 7 body <>\n" },
		{ HEAD "BODY[] \"a\\\"b\" UID 7)\r\n", "FETCH 3 uid 7 body <a\"b>\n" },
		{ HEAD "BODY[] {3}\r\nabc)\r\n", "FETCH 3 body <abc>\n" },
		{ HEAD "BODY[TEXT] {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "X-BODY[] {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "BODY[HEADER.FIELDS (FROM TO)] {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "BODY[] {1}\r\na BODY[] {1}\r\nb UID 7)\r\n", "fail: the server sent two bodies at once\n" },
		{ HEAD "BODY[] {4294967301}\r\n", "fail: the server sent a literal of more than 2 GB\n" },
		{ HEAD "BODY[] {2147483648}\r\n", "fail: the server sent a literal of more than 2 GB\n" },
		{ HEAD "BODY[] {99999999999999999999999}\r\n", "fail: the server sent a literal of more than 2 GB\n" },
		{ HEAD "X {2000000}\r\n", "fail: the server sent a literal of 2000000 bytes where a name belongs\n" },
		{ HEAD "UID 0)\r\n", "fail: the server's answer makes no sense: \"" HEAD "UID 0)\"\n" },
		{ HEAD "UID 4294967296)\r\n",
		  "fail: the server's answer makes no sense: \"" HEAD "UID 4294967296)\"\n" },
		{ HEAD "UID)\r\n", "fail: the server's answer makes no sense: \"" HEAD "UID)\"\n" },
		{ HEAD "UID 7\r\n", "fail: the server's answer makes no sense: \"" HEAD "UID 7\"\n" },
		{ "* 0 FETCH (UID 7)\r\n",
		  "fail: the server's answer makes no sense: \"* 0 FETCH (UID 7)\"\n" },
		{ HEAD "BODY[] {5}\r\nab", "" }, /* cut off within a body */
	};

	(void)state;
	check_all(samples, COUNT(samples), 35, "");
	check(HEAD "BODY[] {3}\r\na\0b UID 7)\r\n", 35, "", "FETCH 3 uid 7 body <a>\n");
}

static void headers_are_told_from_bodies(void **state)
{
	static const struct sample samples[] = {
		{ HEAD "BODY[HEADER] {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7 body <abc>\n" },
		{ HEAD "BODY[header] {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7 body <abc>\n" },
		{ HEAD "BODY[] {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7\n" },
	};

	(void)state;
	check_all(samples, COUNT(samples), 3, "HEADER");
}

/* Several sections of one message, in any order, as servers like to send them. */
static void sections(void **state)
{
	static const struct sample samples[] = {
		{ HEAD "UID 7 BODY[1.MIME] {3}\r\nabc BODY[1] {2}\r\nde)\r\n",
		  "FETCH 3 uid 7 body <[1.MIME 3]abc[1 2]de>\n" },
		{ HEAD "body[header] {3}\r\nabc BODYSTRUCTURE (\"a\" {3}\r\nb\"c (NIL)) UID 7)\r\n",
		  "FETCH 3 uid 7 structure (\"a\" \"b\\\"c\" (NIL)) body <[header 3]abc>\n" },
		{ HEAD "UID 7 BODYSTRUCTURE (NIL))\r\n", "FETCH 3 uid 7 structure (NIL)\n" },
		{ HEAD "BODY[1]<0> {3}\r\nabc UID 7)\r\n", "FETCH 3 uid 7 body <[1 3]abc>\n" },
		{ HEAD "BODY[2] \"a\\\\b\" BODY[3] \"\" BODY[4] NIL BODY[5] {0}\r\n UID 7)\r\n",
		  "FETCH 3 uid 7 body <[5 0][2 3]a\\b[3 0][4 0]>\n" },
		{ HEAD "BODY[] {1}\r\na UID 7)\r\n", "FETCH 3 uid 7 body <[ 1]a>\n" },
		{ HEAD "UID 7 X-BODY[1] {1}\r\na BODYSTRUCTURES (x))\r\n", "FETCH 3 uid 7\n" },
		{ HEAD "BODY[HEADER.FIELDS (FROM TO)] {1}\r\na UID 7)\r\n",
		  "FETCH 3 uid 7 body <[HEADER.FIELDS (FROM TO) 1]a>\n" },
		{ HEAD "UID 7 BODY[1 {1}\r\na)\r\n", "fail: the server's answer makes no sense: \"" HEAD "UID 7 BODY[1 \"a\")\"\n" },
	};

	(void)state;
	check_all(samples, COUNT(samples), 9, "*");
}

/* `text` so often that at least `size` bytes come together. */
static char *repeated(const char *before, const char *text, size_t size, const char *behind)
{
	size_t unit = strlen(text), times = size / unit + 1;
	char *all = malloc(strlen(before) + times * unit + strlen(behind) + 1), *to = all;

	to += sprintf(to, "%s", before);
	for (size_t i = 0; i < times; i++) {
		memcpy(to, text, unit);
		to += unit;
	}
	memcpy(to, behind, strlen(behind) + 1);
	return all;
}

/* The one line that comes of it, in a static buffer. */
static const char *only_line(char *in)
{
	static char line[400];
	struct buf out;

	buf_init(&out, (size_t)8 << 20);
	answers_show(&out, in, strlen(in), 65536, "");
	snprintf(line, sizeof line, "%.*s", (int)strcspn(out.data, "\n"), out.data);
	buf_free(&out);
	free(in);
	return line;
}

static void limits_hold(void **state)
{
	const char *too_long = "fail: the server sent a line of more than 1048576 bytes";
	const char *depth = "fail: the server's answer makes no sense: \"";

	(void)state;
	assert_string_equal(only_line(repeated("* OK ", "x", 2 << 20, "")), too_long);
	assert_string_equal(only_line(repeated("", "x", 2 << 20, "")), too_long);
	assert_string_equal(only_line(repeated("* LIST (", "\\a ", 2 << 20, ") \"/\" x\r\n")), too_long);
	/* Literals add up as well. */
	assert_string_equal(only_line(repeated("* LIST () \"/\" ", "{65536}\r\n", 100, "")),
			    "");
	assert_memory_equal(only_line(repeated("* 1 FETCH (BODYSTRUCTURE ", "(", 200000, ")\r\n")), depth,
			    strlen(depth));
	assert_memory_equal(only_line(repeated("* 1 FETCH (X ", "(", 301, ")\r\n")), depth, strlen(depth));
	assert_memory_equal(only_line(repeated("* NAMESPACE ", "(", 200000, "\r\n")), depth,
			    strlen(depth));
	assert_memory_equal(only_line(repeated("* STATUS x (A ", "(", 200000, "\r\n")), depth,
			    strlen(depth));
	/* Flags of one message: as many as fit into a line. */
	assert_memory_equal(only_line(repeated("* 1 FETCH (UID 7 FLAGS (", "a ", 500000, "))\r\n")),
			    "FETCH 1 uid 7 flags (", 21);
}

/* SEARCH has no limit of a line. */
static void long_searches_pass(void **state)
{
	struct buf in, out;
	size_t found = 0;

	(void)state;
	buf_init(&in, (size_t)8 << 20);
	buf_init(&out, (size_t)8 << 20);
	buf_adds(&in, "* SEARCH");
	for (unsigned i = 1; i <= 200000; i++)
		buf_addf(&in, " %u", 4000000000u + i);
	buf_adds(&in, "\r\n1 OK done\r\n");
	assert_true(in.size > LINE_MOST);
	answers_show(&out, in.data, in.size, 1000, NULL);
	for (const char *p = out.data; (p = strstr(p, " 40")); p++)
		found++;
	assert_int_equal(found, 200000);
	assert_non_null(strstr(out.data, "\n1 OK done\n"));
	buf_free(&in);
	buf_free(&out);
}

static const struct fail *endless_read(void *context, void *data, size_t room, size_t *got)
{
	static const char line[] = "* 1 RECENT\r\n";
	size_t *at = context;

	for (*got = 0; *got < room; ++*got, *at = (*at + 1) % (sizeof line - 1))
		((char *)data)[*got] = line[*at];
	return NULL;
}

static void endless_answers_end(void **state)
{
	size_t at = 0;
	struct gate gate;
	struct answer answer;
	const struct fail *f;

	(void)state;
	gate_init(&gate, endless_read, &at);
	f = gate_next(&gate, &answer);
	assert_true(fail_is(f, FAIL_PROTOCOL));
	assert_string_equal(f->text, "the server's answer to one command does not end");
	gate_free(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status),
		cmocka_unit_test(folders),
		cmocka_unit_test(fetches),
		cmocka_unit_test(headers_are_told_from_bodies),
		cmocka_unit_test(sections),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(long_searches_pass),
		cmocka_unit_test(endless_answers_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
