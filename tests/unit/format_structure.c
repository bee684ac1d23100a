/* attribute.h, structure.h, mime.h: the parts of a message, read from its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "format/mime.h"
#include "structure_show.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- attributes --------------------------------------------------------------------------- */

/* A field, its value, and what the attribute `name` of it says to people; NULL: there is none. */
static const struct {
	const char *field, *value, *name;
} fields[] = {
	{ "", "", NULL },
	{ ";;;", "", NULL },
	{ "text/plain", "text/plain", NULL },
	{ "attachment; name=a.pdf", "attachment", "a.pdf" },
	{ "attachment;name=a.pdf;", "attachment", "a.pdf" },
	{ "attachment ; NAME = \"a b.pdf\" ; x", "attachment", "a b.pdf" },
	{ "attachment; name=\"a\\\"b\\\\c\"", "attachment", "a\"b\\c" },
	{ "attachment; name=\"not closed", "attachment", "not closed" },
	{ "attachment; name=\"semi;colon\"; x=y", "attachment", "semi;colon" },
	{ "attachment; x=\"y;name=z\"; name=a", "attachment", "a" },
	{ "attachment (a (nested) comment); name=a (and; more)", "attachment", "a" },
	{ "attachment; name=report(1).pdf", "attachment", "report(1).pdf" },
	{ "attachment; name=my report.pdf", "attachment", "my report.pdf" },
	{ "attachment; name=\"\"", "attachment", NULL },
	{ "attachment; name", "attachment", NULL },
	{ "attachment; name=", "attachment", NULL },
	{ "attachment; names=x", "attachment", NULL },
	{ "attachment; name=first; name=second", "attachment", "first" },
	/* RFC 2231 */
	{ "attachment; name*=utf-8'en'%e2%82%ac%20x", "attachment", "€ x" },
	{ "attachment; name*=ISO-8859-1''%A3", "attachment", "£" },
	{ "attachment; name=plain; name*=utf-8''better", "attachment", "better" },
	{ "attachment; name*0=\"a b\"; name*1=c", "attachment", "a bc" },
	{ "attachment; name*1=c; name*0=ab", "attachment", "abc" },
	{ "attachment; name*0*=utf-8''%e2%82; name*1*=%ac; name*2=%20", "attachment", "€%20" },
	{ "attachment; name*0=a; name*2=c", "attachment", "a" },
	{ "attachment; name*1=b", "attachment", NULL },
	{ "attachment; name*=unknown''%41", "attachment", "A" },
	{ "attachment; name*=%41%4", "attachment", "A%4" },
	{ "attachment; name*x=b; name*0x=c; name*999=d", "attachment", NULL },
	/* What is wrong but usual. */
	{ "attachment; name=\"=?utf-8?Q?=C3=A4?=\"", "attachment", "ä" },
	{ "attachment; name==?utf-8?B?w6Q=?=", "attachment", "ä" },
	{ "attachment; name=\"\xc3\xa4\"", "attachment", "ä" },
	{ "attachment; name=\"\xe4\"", "attachment", "ä" },
	{ "attachment; name=\"a\tb\x1b\x7f\"", "attachment", "a b  " },
	{ "attachment; name=\"fol\r\n ded\"", "attachment", "fol ded" },
};

static void attributes(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++, checked++) {
		struct arena *arena = arena_new();
		struct attribute *first;
		const char *value, *name;

		attributes_read(fields[i].field, strlen(fields[i].field), arena, &value, &first);
		assert_string_equal(value, fields[i].value);
		name = attribute_text(first, "name", 100, arena);
		if (fields[i].name)
			assert_string_equal(name, fields[i].name);
		else
			assert_null(name);
		arena_free(arena);
	}
	assert_true(checked >= 35);
}

/* Neither thousands of attributes nor pieces of values without end. */
static void attributes_bounded(void **state)
{
	struct arena *arena = arena_new();
	struct attribute *first;
	const char *value, *name;
	struct buf field;
	size_t count = 0;

	(void)state;
	buf_init(&field, SIZE_MAX);
	buf_adds(&field, "x");
	for (size_t i = 0; i < 3000; i++)
		buf_addf(&field, "; name*%zu=\"%0100zu\"", i, i);
	attributes_read(field.data, field.size, arena, &value, &first);
	name = attribute_text(first, "name", 500, arena);
	assert_int_equal(strlen(name), 500);
	for (; first; first = first->next)
		count++;
	assert_int_equal(count, ATTRIBUTES_MOST);
	buf_clear(&field);
	buf_adds(&field, "x; name=\"");
	for (size_t i = 0; i < 1000000; i++)
		buf_adds(&field, "(");
	attributes_read(field.data, field.size, arena, &value, &first);
	assert_true(strlen(first->value) < 100000);
	buf_free(&field);
	arena_free(arena);
}

/* ---- messages ----------------------------------------------------------------------------- */

struct message {
	const char *text; /* with LF */
	const char *shown;
};

static const struct message messages[] = {
	{ "", "[1] text/plain lines 0\n" },
	{ "\n", "[1] text/plain lines 0\n" },
	{ "\nbody", "[1] text/plain octets 4 lines 0\n" },
	{ "Subject: x\n\nbody\n", "[1] text/plain octets 6 lines 1\n" },
	{ "Subject: x", "[1] text/plain lines 0\n" },
	{ "content-type : TEXT/Html; Charset=\"x\"\n\n", "[1] text/html charset=\"x\" lines 0\n" },
	{ "Content-Type: image/gif\nContent-Type: image/png\n\nx", "[1] image/gif octets 1\n" },
	{ "Content-Type: image\n\nx", "[1] text/plain octets 1 lines 0\n" },
	{ "Content-Type: image/\n\nx", "[1] text/plain octets 1 lines 0\n" },
	{ "Content-Type: image/gif\n ; name=\n\tx.gif\nContent-ID: <a@b>\nContent-Description: =?utf-8?q?=C3=A4?=\n"
	  "Content-Transfer-Encoding: BASE64 \n\n",
	  "[1] image/gif name=\"x.gif\" encoding=\"base64\" id=\"<a@b>\" description=\"ä\"\n" },
	/* multiparts */
	{ "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n\n--b\nContent-Type: image/gif\n\n--b--\npost\n--b\n",
	  "[] multipart/mixed boundary=\"b\"\n  [1] text/plain octets 5 lines 1\n  [2] image/gif\n" },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\n\n\n--b--\n",
	  "[] multipart/mixed boundary=\"b\"\n  [1] text/plain lines 0\n  [2] text/plain lines 0\n" },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/gif\n--b\nno header end",
	  "[] multipart/mixed boundary=\"b\"\n  [1] image/gif\n  [2] text/plain lines 0\n" },
	{ "Content-Type: multipart/mixed; boundary=b\n\nnothing\n-- b\n-b\n--B\n",
	  "[1] multipart/mixed boundary=\"b\" octets 24\n" },
	{ "Content-Type: multipart/mixed\n\n--b\n\nx\n", "[1] multipart/mixed octets 10\n" },
	{ "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx\n", "[1] multipart/mixed octets 9\n" },
	{ "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/x; boundary=b\n\n--b\n\n1\n--b\n\n2\n--a\n\n3\n",
	  "[] multipart/mixed boundary=\"a\"\n  [1] multipart/x boundary=\"b\"\n    [1.1] text/plain octets 1 lines 0\n"
	  "    [1.2] text/plain octets 1 lines 0\n  [2] text/plain octets 3 lines 1\n" },
	{ "Content-Type: multipart/mixed; boundary=ab\n\n--ab\nContent-Type: multipart/x; boundary=abc\n\n--abc\n\n1\n--abc--\n--ab\n\n2\n",
	  "[] multipart/mixed boundary=\"ab\"\n  [1] multipart/x boundary=\"abc\"\n    [1.1] text/plain octets 1 lines 0\n"
	  "  [2] text/plain octets 3 lines 1\n" },
	/* messages in messages */
	{ "Content-Type: message/rfc822\n\nSubject: in\n\nx\n",
	  "[1] message/rfc822 subject=\"in\" octets 18 lines 3\n  [1.1] text/plain octets 3 lines 1\n" },
	{ "Content-Type: message/rfc822\n\n",
	  "[1] message/rfc822 lines 0\n  [1.1] text/plain lines 0\n" },
	{ "Content-Type: message/rfc822", "[1] message/rfc822 lines 0\n  [1.1] text/plain lines 0\n" },
	{ "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW4K",
	  "[1] message/rfc822 encoding=\"base64\" octets 16\n" },
	{ "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: 1\nContent-Type: multipart/mixed; boundary=c\n\n"
	  "--c\n\nx\n--c--\n--b\nContent-Type: text/plain\n\ny\n--b--\n",
	  "[] multipart/digest boundary=\"b\"\n  [1] message/rfc822 subject=\"1\" octets 72 lines 6\n"
	  "    [1] multipart/mixed boundary=\"c\"\n      [1.1] text/plain octets 1 lines 0\n"
	  "  [2] text/plain octets 1 lines 0\n" },
	{ "Subject: not this\nContent-Type: message/rfc822\n\nContent-Type: message/rfc822\nSubject: 1\n\nSubject: 2\n\n",
	  "[1] message/rfc822 subject=\"1\" octets 58 lines 5\n  [1.1] message/rfc822 subject=\"2\" octets 14 lines 2\n"
	  "    [1.1.1] text/plain lines 0\n" },
	/* marks: in the header of a stub, or in what it encloses, encoded or not; nowhere else */
	{ "Content-Type: message/external-body; access-type=URL\nX-Koc-Part: a 1\n 2 3\n\nContent-Type: image/gif\n\n",
	  "[1] message/external-body mark=\"a 1 2 3\" for image/gif octets 27\n" },
	{ "Content-Type: message/external-body\n\nContent-Type: image/gif\nx-koc-part: b\n 1\n\nX-Koc-Part: no\n",
	  "[1] message/external-body mark=\"b  1\" for image/gif octets 62\n" },
	{ "Content-Type: message/external-body\nContent-Transfer-Encoding: base64\n\nWC1Lb2MtUGFydDogYwpYLVg6IDEK\n",
	  "[1] message/external-body encoding=\"base64\" mark=\"c\" octets 30\n" },
	{ "Content-Type: message/external-body\nContent-Transfer-Encoding: quoted-printable\n\nX-Koc-Part: =64\n",
	  "[1] message/external-body encoding=\"quoted-printable\" mark=\"d\" octets 17\n" },
	{ "Content-Type: message/external-body\n\nContent-Type: image/gif;\n\tname*=utf-8''%C3%A4\n"
	  "Content-Disposition: inline; filename=b.gif\n\nbody\n",
	  "[1] message/external-body for image/gif name=\"b.gif\" octets 101\n" },
	{ "Content-Type: message/external-body\n\n\nX-Koc-Part: too late\n",
	  "[1] message/external-body octets 24\n" },
	{ "X-Koc-Part: a\n\nX-Koc-Part: b\n", "[1] text/plain mark=\"a\" octets 15 lines 1\n" },
};

static void check_message(const char *data, size_t size, size_t piece, const char *expected)
{
	struct arena *arena = arena_new();
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);
	struct buf out;

	for (size_t at = 0; at < size; at += piece)
		mime_add(mime, data + at, size - at < piece ? size - at : piece);
	mime_end(mime);
	buf_init(&out, SIZE_MAX);
	structure_show(&out, structure);
	assert_string_equal(out.data, expected);
	buf_free(&out);
	arena_free(arena);
}

/* With either line end, in pieces of any size. */
static void reads(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 50, 10000 };
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct buf wire;

		buf_init(&wire, SIZE_MAX);
		for (const char *c = messages[i].text; *c; c++) {
			if (*c == '\n')
				buf_addc(&wire, '\r');
			buf_addc(&wire, *c);
		}
		for (size_t j = 0; j < COUNT(pieces); j++, checked++) {
			check_message(wire.data, wire.size, pieces[j], messages[i].shown);
			check_message(messages[i].text, strlen(messages[i].text), pieces[j], messages[i].shown);
		}
		buf_free(&wire);
	}
	assert_true(checked >= 170);
}

/* The positions are those of the bytes. */
static void places(void **state)
{
	static const char text[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nA: b\r\n\r\nbody\r\nmore\r\n--b\n\nlf\n--b--\r\n";
	struct arena *arena = arena_new();
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);
	const struct structure_part *part;

	(void)state;
	mime_add(mime, text, sizeof text - 1);
	mime_end(mime);
	part = structure->root->first;
	assert_memory_equal(text + part->header_at, "A: b\r\n", 6);
	assert_memory_equal(text + part->body_at, "body\r\n", 6);
	assert_memory_equal(text + part->end_at - 4, "more", 4);
	part = part->next;
	assert_memory_equal(text + part->header_at, "\nlf", 3);
	assert_memory_equal(text + part->body_at, "lf\n--b--", 8);
	assert_int_equal(part->end_at - part->body_at, 2);
	assert_null(part->next);
	arena_free(arena);
}

static struct structure *read_text(struct arena *arena, const struct buf *text)
{
	struct structure *structure = structure_new(arena);
	struct mime *mime = mime_begin(structure);

	mime_add(mime, text->data, text->size);
	mime_end(mime);
	return structure;
}

static void limits(void **state)
{
	struct arena *arena = arena_new();
	struct structure *structure;
	const struct structure_part *part;
	struct buf text;
	size_t depth = 0, parts = 0;

	(void)state;
	buf_init(&text, SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		buf_addf(&text, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	structure = read_text(arena, &text);
	assert_true(structure->cut);
	for (part = structure->root; part->first; part = part->first)
		depth++;
	assert_int_equal(depth, STRUCTURE_DEPTH);

	buf_clear(&text);
	buf_adds(&text, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 20000; i++)
		buf_adds(&text, "--b\n\n");
	structure = read_text(arena, &text);
	assert_true(structure->cut);
	for (part = structure->root; part; part = structure_next(structure->root, part))
		parts++;
	assert_int_equal(parts, STRUCTURE_PARTS);
	assert_string_equal(structure->root->last->section, "9998");

	/* A header line, and a body line, of megabytes. */
	buf_clear(&text);
	buf_adds(&text, "Content-Type: image/gif; name=\"");
	for (int i = 0; i < 2000000; i++)
		buf_addc(&text, 'x');
	buf_adds(&text, "\n\n");
	for (int i = 0; i < 2000000; i++)
		buf_addc(&text, 'y');
	structure = read_text(arena, &text);
	assert_string_equal(structure->root->subtype, "gif");
	assert_int_equal(strlen(structure->root->name), STRUCTURE_NAME);
	assert_int_equal(structure->root->octets, 2000000);
	assert_true(arena_size(arena) < (size_t)8 << 20);
	buf_free(&text);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes),
		cmocka_unit_test(attributes_bounded),
		cmocka_unit_test(reads),
		cmocka_unit_test(places),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("format_structure", tests, NULL, NULL);
}
