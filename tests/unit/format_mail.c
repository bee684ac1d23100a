/* mail.h: prints and fields of messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "format/date.h"
#include "format/mail.h"
#include "format/words.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The print of bytes fed in chunks, with the size that they are said to have. */
static struct print print_of(const char *data, size_t size, size_t chunk, uint64_t wire_size)
{
	struct mail_scan *scan = mail_scan_begin();
	struct print print;
	bool more = true;

	for (size_t done = 0; done < size; done += chunk) {
		bool now = mail_scan_add(scan, data + done, chunk < size - done ? chunk : size - done);

		assert_true(more || !now); /* it never wants more again */
		more = now;
	}
	mail_scan_end(scan, wire_size, &print, NULL);
	return print;
}

static void assert_print(struct print a, struct print b)
{
	assert_int_equal(a.size, b.size);
	assert_true(digest_equal(&a.head, &b.head));
}

/* With CRLF for each LF. */
static char *crlf(const char *text, size_t *size)
{
	struct buf out;
	char *result;

	buf_init(&out, SIZE_MAX);
	for (; *text; text++) {
		if (*text == '\n')
			buf_addc(&out, '\r');
		buf_addc(&out, *text);
	}
	*size = out.size;
	result = malloc(out.size + 1);
	memcpy(result, out.data, out.size + 1);
	buf_free(&out);
	return result;
}

/* Messages with LF; `head` is what the print digests, `noise` what it leaves out, in bytes on the wire. */
static const struct {
	const char *text, *head;
	size_t noise;
} messages[] = {
	{ "", "", 0 },
	{ "\n", "", 0 },
	{ "\nbody\n", "", 0 },
	{ "A: b\n\nbody\n", "A: b\n", 0 },
	{ "A: b\n\n", "A: b\n", 0 },
	{ "A: b\n", "A: b\n", 0 },
	{ "A: b", "A: b\n", 0 },
	{ "A: b\n folded\nC: d\n\nE: f\n\n", "A: b\n folded\nC: d\n", 0 },
	{ "A: lone\rCR\nB: \r\r c\n\nx", "A: lone\rCR\nB: \r\r c\n", 0 },
	{ "A: b\nX-TUID: 0123456789ab\nC: d\n\nbody\n", "A: b\nC: d\n", 22 },
	{ "X-TUID: 0123456789ab\nC: d\n\nbody\n", "C: d\n", 22 },
	{ "C: d\nX-TUID: 0123456789ab\n\nbody\n", "C: d\n", 22 },
	{ "C: d\nX-TUID: 0123456789ab", "C: d\n", 22 },
	{ "X-TUID: 0123456789ab\n\n", "", 22 },
	{ "content-length: 11\nA: b\nLines: 3\n\nx\n", "A: b\n", 20 + 10 },
	{ "A: b\nStatus: RO\nX-Status: A\n\n", "A: b\n", 12 + 13 },
	/* These are nobody's: other names, other places. */
	{ "X-TUIDS: 0123456789ab\n\n", "X-TUIDS: 0123456789ab\n", 0 },
	{ "Content-Lengths: 1\nMy-Lines: 2\n\n", "Content-Lengths: 1\nMy-Lines: 2\n", 0 },
	{ "A: b\n X-TUID: 0123456789ab\n\n", "A: b\n X-TUID: 0123456789ab\n", 0 },
	{ "A: b\n\nX-TUID: 0123456789ab\n", "A: b\n", 0 },
};

/* From the wire or from disk, whole or the header alone, in any pieces: one print. */
static void test_print(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++) {
		const char *text = messages[i].text;
		const char *end = strstr(text, "\n\n");
		size_t header = *text == '\n' ? 1 : end ? (size_t)(end + 2 - text) : strlen(text);
		size_t size, wire_header;
		char *wire = crlf(text, &size);
		char *alone = strndup(text, header);
		char *wire_alone = crlf(alone, &wire_header);
		struct print expected = {
			.size = size - messages[i].noise,
			.head = digest_of(messages[i].head, strlen(messages[i].head)),
		};

		for (size_t chunk = 1; chunk < 100; chunk += 3, checked++) {
			assert_print(print_of(wire, size, chunk, size), expected);
			assert_print(print_of(text, strlen(text), chunk, size), expected);
			assert_print(print_of(wire_alone, wire_header, chunk, size), expected);
			assert_print(print_of(alone, header, chunk, size), expected);
		}
		free(wire_alone);
		free(alone);
		free(wire);
	}
	assert_true(checked >= 600);
}

/* Two messages that differ in the header have different prints; a body does not count. */
static void test_print_tells_apart(void **state)
{
	struct print a = print_of("A: b\n\nbody", 10, 3, 10);
	struct print b = print_of("A: b\n\nBODY", 10, 3, 10);
	struct print c = print_of("A: B\n\nbody", 10, 3, 10);

	(void)state;
	assert_true(digest_equal(&a.head, &b.head));
	assert_false(digest_equal(&a.head, &c.head));
	assert_true(digest_known(&a.head));
}

/* A header without end: the first MAIL_HEADER_MOST bytes count, in any form, and no more is kept. */
static void test_long_header(void **state)
{
	const size_t lines = 3 * MAIL_HEADER_MOST / 64;
	size_t tuid_at[] = { 0, MAIL_HEADER_MOST / 64 / 2, MAIL_HEADER_MOST / 64 - 1 };
	struct buf text;
	struct print expected;

	(void)state;
	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < lines; i++)
		buf_addf(&text, "X-Line: %054zu\n", i);
	expected.size = lines * 64;
	expected.head = digest_of(text.data, MAIL_HEADER_MOST);
	for (size_t chunk = 1000; chunk < 4000000; chunk *= 4)
		assert_print(print_of(text.data, text.size, chunk, lines * 64), expected);
	{
		size_t size;
		char *wire = crlf(text.data, &size);

		assert_print(print_of(wire, size, 4096, lines * 64), expected);
		free(wire);
	}
	for (size_t i = 0; i < COUNT(tuid_at); i++) {
		buf_clear(&text);
		for (size_t j = 0; j < lines; j++) {
			if (j == tuid_at[i])
				buf_adds(&text, "X-TUID: 0123456789ab\n");
			buf_addf(&text, "X-Line: %054zu\n", j);
		}
		assert_print(print_of(text.data, text.size, 10000, lines * 64 + 22), expected);
	}
	/* One line without end. */
	buf_clear(&text);
	for (size_t i = 0; i < 2 * MAIL_HEADER_MOST; i++)
		buf_addc(&text, 'x');
	expected.head = digest_of(text.data, MAIL_HEADER_MOST);
	assert_print(print_of(text.data, text.size, 777, lines * 64), expected);
	buf_free(&text);
}

static void test_size_close(void **state)
{
	(void)state;
	assert_true(mail_size_close(100, 100));
	assert_true(mail_size_close(100, 122));
	assert_true(mail_size_close(100, 100 + MAIL_NOISE_SIZE));
	assert_false(mail_size_close(100, 101 + MAIL_NOISE_SIZE));
	assert_false(mail_size_close(100, 99));
}

/* ---- fields ------------------------------------------------------------------------------- */

static const struct {
	const char *header;
	const char *message_id, *subject, *from;
	int64_t sent;
} headers[] = {
	{ "", NULL, NULL, NULL, 0 },
	{ "Message-ID: <a@b>\nSubject: hello\nFrom: Jane <j@e.org>\n"
	  "Date: Fri, 21 Nov 1997 09:55:06 -0600\n\n",
	  "<a@b>", "hello", "Jane <j@e.org>", 880127706 },
	/* folding, cases, space before the colon, tabs, the first one counts */
	{ "message-id:\n <a@b>\nSUBJECT : a\n\tb  c\nSubject: second\n\n", "<a@b>", "a b  c", NULL, 0 },
	{ "Subject:\nFrom: \nMessage-ID:\n\n", NULL, NULL, NULL, 0 },
	{ "Message-ID: (comment) <a@b> trailing\n\n", "<a@b>", NULL, NULL, 0 },
	{ "Message-ID: no-brackets@b (x)\n\n", "no-brackets@b", NULL, NULL, 0 },
	{ "Message-ID: \nMessage-ID: <second@b>\n\n", "<second@b>", NULL, NULL, 0 },
	{ "Message-ID: <\xff\x01>\n\n", "<\xef\xbf\xbd >", NULL, NULL, 0 },
	{ "Subject: =?utf-8?Q?caf=C3=A9?=\n\n", NULL, "caf\xc3\xa9", NULL, 0 },
	{ "Subject: raw caf\xc3\xa9 and caf\xe9\n\n", NULL, "raw caf\xc3\xa9 and caf\xef\xbf\xbd", NULL, 0 },
	{ "Subjects: no\nXSubject: no\n Subject: no\nSubject yes\n\nSubject: body\n", NULL, NULL, NULL, 0 },
	{ "Subject: without end", NULL, "without end", NULL, 0 },
	{ "Subject: esc\033[2J\n\n", NULL, "esc [2J", NULL, 0 },
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_fields(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++)
		for (size_t chunk = 1; chunk < 90; chunk += 22, checked++) {
			struct mail_scan *scan = mail_scan_begin();
			struct mail_fields fields;
			size_t size;
			char *wire = crlf(headers[i].header, &size);

			for (size_t done = 0; done < size; done += chunk)
				mail_scan_add(scan, wire + done, chunk < size - done ? chunk : size - done);
			mail_scan_end(scan, size, NULL, &fields);
			if (!same(fields.message_id, headers[i].message_id) ||
			    !same(fields.subject, headers[i].subject) ||
			    !same(fields.from, headers[i].from) || fields.sent != headers[i].sent)
				fail_msg("header %zu: '%s' '%s' '%s' %lld", i, fields.message_id,
					 fields.subject, fields.from, (long long)fields.sent);
			mail_fields_free(&fields);
			free(wire);
		}
	assert_true(checked >= 50);
}

static void test_words(void **state)
{
	static const struct {
		const char *text, *expected;
	} table[] = {
		{ "", "" },
		{ "plain =? text ?=", "plain =? text ?=" },
		/* RFC 2047 8 */
		{ "=?ISO-8859-1?Q?a?= b", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
		{ "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5k"
		  "IHRoZSBleGFtcGxlLg==?=", "If you can read this you understand the example." },
		{ "=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>" },
		{ "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld J\xc3\xb8rn Simonsen" },
		{ "=?utf-8*en?q?lang?=", "lang" },
		{ "=?iso-8859-1?Q?=E9?= =?koi8-r?Q?=C1?= =?iso-8859-1?Q?=E9?=",
		  "\xc3\xa9\xd0\xb0\xc3\xa9" },
		/* split within a character */
		{ "=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "\xe2\x82\xac" },
		{ "=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", "\xe2\x82\xac" },
		{ "=?utf-8?Q?=E2=82?= x", "\xef\xbf\xbd\xef\xbf\xbd x" },
		/* touching other text */
		{ "(=?utf-8?Q?x?=)", "(x)" },
		{ "a=?utf-8?Q?x?=b", "axb" },
		/* what programs get wrong */
		{ "=?utf-8?Q?with space?=", "with space" },
		{ "=?utf-8?Q?100%=?=", "100%=" },
		{ "=?utf-8?Q?a=zz=4?=", "a=zz=4" },
		{ "=?utf-8?B?aGk?=", "hi" },
		{ "=?utf-8?B?a*G-k=?=", "hi" },
		{ "=?utf-8?Q?\?=", "" },
		{ "=?utf-8?X?x?=", "=?utf-8?X?x?=" },
		{ "=?utf-8?Q?x", "=?utf-8?Q?x" },
		{ "=?utf-8?Q?x?", "=?utf-8?Q?x?" },
		{ "=?utf-8?", "=?utf-8?" },
		{ "=?", "=?" },
		{ "=?utf-7?Q?+AGE-?=", "=?utf-7?Q?+AGE-?=" },
		{ "=?no-such?Q?x?=", "=?no-such?Q?x?=" },
		/* hostile */
		{ "=?utf-8?Q?a=0D=0AX:_b=00c=1B?=", "a  X: b c " },
		{ "=?utf-8?Q?=C2=9B2J?=", " 2J" },
		{ "=?utf-8?Q?=FF=C0=80?=", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		/* character sets */
		{ "=?windows-1252?Q?=80?=", "\xe2\x82\xac" },
		{ "=?koi8-r?B?0NLJ18XU?=", "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82" },
		{ "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "=?ISO-2022-JP?B?GyRCRnw=?= =?ISO-2022-JP?B?GyRCS1w=?=", "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "=?shift_jis?B?k/qWew==?=", "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "=?gb2312?B?1tDOxA==?=", "\xe4\xb8\xad\xe6\x96\x87" },
		{ "=?big5?B?pKSk5Q==?=", "\xe4\xb8\xad\xe6\x96\x87" },
		{ "=?ks_c_5601-1987?B?x9GxuQ==?=", "\xed\x95\x9c\xea\xb5\xad" },
		{ "=?shift_jis?B?k/qW?=", "\xe6\x97\xa5\xef\xbf\xbd" },
		{ "=?big5?Q?=FF=FFa?=", "\xef\xbf\xbd\xef\xbf\xbd" "a" },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		char *decoded = words_decode(table[i].text, MAIL_FIELD_MOST);

		assert_string_equal(decoded, table[i].expected);
		free(decoded);
	}
	assert_true(checked >= 40);
}

static void test_words_limit(void **state)
{
	char *text = malloc(40000);

	(void)state;
	for (size_t most = 0; most < 10; most++) {
		char *decoded = words_decode("=?utf-8?Q?=E2=82=AC=E2=82=AC?= \xe2\x82\xac", most);

		assert_true(strlen(decoded) <= most && str_utf8(decoded, strlen(decoded)));
		assert_true(strlen(decoded) + 3 > most || most > 7);
		free(decoded);
	}
	for (size_t i = 0; i < 40000 - 20; i += 17)
		memcpy(text + i, "=?utf-8?B?4oKs?= ", 18);
	for (int kind = 0; kind < 2; kind++) {
		char *decoded = words_decode(text, MAIL_FIELD_MOST);

		assert_int_equal(strlen(decoded), kind ? MAIL_FIELD_MOST : 996);
		assert_true(str_utf8(decoded, strlen(decoded)));
		free(decoded);
		memset(text, 'x', 30000);
	}
	free(text);
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t expected;
	} table[] = {
		{ "Fri, 21 Nov 1997 09:55:06 -0600", 880127706 },
		{ "21 Nov 1997 09:55:06 -0600", 880127706 },
		{ "Fri, 21 Nov 1997 09:55:06 CST", 880127706 },
		{ "Fri, 21 Nov 97 09:55:06 -0600", 880127706 },
		{ "Fri, 21 Nov 097 09:55:06 -0600", 880127706 },
		{ "Fri,21 nov 1997 15:55:06 GMT", 880127706 },
		{ "Fri (day), 21 (of) Nov ((nested) \\)) 1997 09 : 55 : 06 -0600 (CST)", 880127706 },
		{ "21-Nov-1997 09:55:06 -0600", 880127706 },
		{ "Fri, 21 Nov 1997 21:25:06 +0530", 880127706 },
		{ "Fri, 21 Nov 1997 15:55:06", 880127706 },
		{ "Fri, 21 Nov 1997 15:55:06 A", 880127706 },
		{ "Fri, 21 Nov 1997 15:55 Z", 880127700 },
		{ "1 Jan 1970 00:00:01 +0000", 1 },
		{ "31 Dec 1969 23:59:59 +0000", -1 },
		{ "29 Feb 2000 00:00:00 +0000", 951782400 },
		{ "1 Mar 2000 00:00:00 +0000", 951868800 },
		{ "19 Jan 2038 03:14:08 +0000", 2147483648 },
		{ "31 Dec 2016 23:59:60 +0000", 1483228800 },
		{ "31 Dec 9999 23:59:59 +0000", 253402300799 },
		{ "1 September 2020 00:00:00 GMT", 1598918400 },
		/* none */
		{ "", 0 },
		{ "Fri", 0 },
		{ "Fri,", 0 },
		{ "29 Feb 1900 00:00:00 +0000", 0 },
		{ "30 Feb 2000 00:00:00 +0000", 0 },
		{ "0 Jan 2000 00:00:00 +0000", 0 },
		{ "32 Jan 2000 00:00:00 +0000", 0 },
		{ "1 Foo 2000 00:00:00 +0000", 0 },
		{ "1 Jan 20000 00:00:00 +0000", 0 },
		{ "1 Jan 1 00:00:00 +0000", 0 },
		{ "1 Jan 2000 24:00:00 +0000", 0 },
		{ "1 Jan 2000 00:60:00 +0000", 0 },
		{ "1 Jan 2000", 0 },
		{ "1 Jan 2000 0000 +0000", 0 },
		{ "99999999999999999999 Jan 2000 00:00:00", 0 },
		{ "(unclosed (1 Jan 2000 00:00:00 +0000", 0 },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++)
		if (date_parse(table[i].text) != table[i].expected)
			fail_msg("'%s': %lld", table[i].text, (long long)date_parse(table[i].text));
	assert_true(checked >= 30);
}

static void own_messages(void **context)
{
	static const struct {
		const char *text;
		bool notice;
	} rows[] = {
		{ "Subject: a\r\nX-Koc-Notice: 0123\r\n\r\n", true },
		{ "x-koc-notice:\nSubject: a\n", true },
		{ "X-Koc-Notice : 1", true },
		{ "Subject: a\n\nX-Koc-Notice: 0123\n", false },
		{ "Subject: a\n X-Koc-Notice: 0123\n\n", false },
		{ "X-Koc-Notices: 0123\n\n", false },
	};

	(void)context;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mail_scan *scan = mail_scan_begin();
		struct mail_fields fields;

		mail_scan_add(scan, rows[i].text, strlen(rows[i].text));
		mail_scan_end(scan, strlen(rows[i].text), NULL, &fields);
		assert_int_equal(fields.notice, rows[i].notice);
		mail_fields_free(&fields);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_tells_apart),
		cmocka_unit_test(test_long_header),
		cmocka_unit_test(test_size_close),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_words_limit),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(own_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
