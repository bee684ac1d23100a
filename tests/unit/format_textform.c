/* textform.h: what is fetched of a message, what becomes of it, and how that is recognised.  Whole forms are
 * judged by Python's parser, tests/t/26-textform.t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "format/mail.h"
#include "format/words.h"
#include "store/imap/structure.h"
#include "textform_make.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the plan ----------------------------------------------------------------------------- */

#define MIXED "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
#define ALT   "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
#define T     "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 12 2)"
#define H     "(\"text\" \"html\" NIL NIL NIL \"7bit\" 90 2)"
#define P     "(\"application\" \"pdf\" NIL NIL NIL \"base64\" 500)"
#define TA    "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 12 2 NIL (\"attachment\" NIL))"
#define HA    "(\"text\" \"html\" NIL NIL NIL \"7bit\" 90 2 NIL (\"attachment\" NIL))"
#define E     "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 1)"
#define M     "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 NIL " T " 5)"
#define B     "(\"boundary\" \"b\")"

/* A header, what the server says of the structure and the size, and what follows. */
static const struct {
	const char *header, *structure;
	uint64_t size;
	const char *plan;
} plans[] = {
	{ MIXED, "(" T P " \"mixed\" " B ")", 900, "1" },
	{ MIXED, "(" T P " \"mixed\")", 0, "1" },
	{ MIXED, "(" P T T " \"MIXED\" " B ")", 0, "2 3" },
	{ MIXED, "(" P P " \"mixed\")", 0, "" },
	{ MIXED, "(" T TA " \"mixed\")", 0, "1" },
	{ MIXED, "(" TA P " \"mixed\")", 0, "" },
	{ MIXED, "(" T M " \"mixed\")", 0, "1" },
	{ MIXED, "(" M " \"mixed\")", 0, "" },
	{ MIXED, "((" T H " \"alternative\")" P " \"mixed\")", 0, "1.1" },
	{ ALT, "(" T H " \"alternative\" " B ")", 0, "1" },
	{ ALT, "(" T "(" H P " \"related\") \"alternative\")", 0, "1" },
	/* HTML where there is no other text */
	{ ALT, "(" H P " \"alternative\")", 0, "1h" },
	{ ALT, "(" H H " \"alternative\")", 0, "2h" },
	{ MIXED, "(" H P H " \"mixed\")", 0, "1h 3h" },
	{ MIXED, "(" HA P " \"mixed\")", 0, "" },
	{ ALT, "(" E H " \"alternative\")", 0, "1 2h" },
	{ MIXED, "(" TA H " \"mixed\")", 0, "2h" },
	{ MIXED, "((\"text\" \"html\" NIL NIL NIL \"x-uue\" 90 2)" P " \"mixed\")", 0, "" },
	{ "Content-Type: text/html\r\n\r\n", H, 0, "1h" },
	{ "Content-Type: application/pdf\r\n\r\n", P, 0, "" },
	{ "Content-Type: message/rfc822\r\n\r\n", M, 0, "" },
	/* whole */
	{ "Subject: x\r\n\r\n", T, 0, "it is one text" },
	{ "Content-Type: text/plain\r\n\r\n", TA, 0, "it is one text" },
	{ MIXED, "(" T T " \"mixed\")", 0, "it has nothing but text" },
	{ MIXED, "((" T " \"x\")" T " \"mixed\")", 0, "it has nothing but text" },
	{ "Content-Type: multipart/signed; boundary=b\r\n\r\n", "(" T P " \"signed\")", 0, "sealed" },
	{ "Content-Type: multipart/encrypted; boundary=b\r\n\r\n", "(" T P " \"encrypted\")", 0, "sealed" },
	{ "Content-Type: application/pkcs7-mime\r\n\r\n", "(\"application\" \"pkcs7-mime\" NIL NIL NIL NIL 9)", 0, "sealed" },
	{ "Content-Type: application/octet-stream; name=smime.p7m\r\n\r\n",
	  "(\"application\" \"octet-stream\" NIL NIL NIL NIL 9)", 0, "sealed" },
	{ MIXED, "((" T P " \"signed\")" T " \"mixed\")", 0, "sealed" },
	{ MIXED, "(" T "(\"application\" \"pgp-encrypted\" NIL NIL NIL NIL 9) \"mixed\")", 0, "sealed" },
	{ MIXED, "((\"text\" \"plain\" (\"x-action\" \"pgp-sign\") NIL NIL NIL 9 1)" P " \"mixed\")", 0, "sealed" },
	/* A signed message that is attached is an attachment. */
	{ MIXED, "(" T "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 NIL (" T P " \"signed\") 5) \"mixed\")", 0, "1" },
	/* what cannot be trusted */
	{ MIXED, "", 0, "distrusted" },
	{ MIXED, "(" T P " \"mixed\"", 0, "distrusted" },
	{ MIXED, "(" T P " \"alternative\")", 0, "distrusted" },
	{ MIXED, T, 0, "distrusted" },
	{ MIXED, "(" T P " \"mixed\" (\"boundary\" \"c\"))", 0, "distrusted" },
	{ MIXED, "((\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0) \"mixed\")", 0, "distrusted" },
	{ MIXED, "((\"multipart\" \"mixed\" NIL NIL NIL \"7bit\" 9)" P " \"mixed\")", 0, "distrusted" },
	{ MIXED, "(" T P " \"mixed\" " B ")", 500, "distrusted" },
	{ MIXED, "(" T P " \"mixed\" " B ")", 50000, "distrusted" },
	{ MIXED, "((\"text\" \"plain\" NIL NIL NIL \"7bit\" 18446744073709551615 2)" T P " \"mixed\")", 0, "distrusted" },
	{ "Content-Type: multipart/mixed\r\n\r\n", "(" T P " \"mixed\" " B ")", 0, "distrusted" },
	{ "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n", "(" T P " \"mixed\")", 0, "distrusted" },
	{ "Content-Type: multipart/mixed; boundary=\"b \"\r\n\r\n", "(" T P " \"mixed\")", 0, "distrusted" },
	{ "Content-Type: multipart/mixed; boundary=\"\xc3\xa4\"\r\n\r\n", "(" T P " \"mixed\")", 0, "distrusted" },
	{ "Content-Type: multipart/mixed; boundary=b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n",
	  "(" T P " \"mixed\")", 0, "distrusted" },
	{ "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	  "(" T P " \"mixed\")", 0, "distrusted" },
	{ "Content-Type: image/gif\r\n\r\n", P, 0, "distrusted" },
};

static void show_plan(struct buf *out, const struct textform_plan *plan)
{
	buf_init(out, 10000);
	if (plan->whole) {
		buf_adds(out, strstr(plan->whole, "signed")	 ? "sealed"
			      : strstr(plan->whole, "trusted") ? "distrusted"
							       : plan->whole);
		return;
	}
	for (size_t i = 0; i < plan->count; i++)
		buf_addf(out, "%s%s%s", i ? " " : "", plan->sections[i].part->section,
			 plan->sections[i].made ? "h" : "");
}

static void decides(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(plans); i++, checked++) {
		struct arena *arena = arena_new();
		const char *said = plans[i].structure;
		struct textform_plan plan;
		struct buf out;

		textform_plan(structure_read(arena, said, strlen(said)), plans[i].header,
			      strlen(plans[i].header), plans[i].size, arena, &plan);
		show_plan(&out, &plan);
		assert_string_equal(out.data, plans[i].plan);
		buf_free(&out);
		arena_free(arena);
	}
	assert_true(checked >= 45);
}

static void too_many_texts(void **state)
{
	struct arena *arena = arena_new();
	struct textform_plan plan;

	(void)state;
	for (size_t count = TEXTFORM_SECTIONS; count <= TEXTFORM_SECTIONS + 1; count++) {
		struct buf said;

		buf_init(&said, SIZE_MAX);
		buf_adds(&said, "(" P);
		for (size_t i = 0; i < count; i++)
			buf_adds(&said, T);
		buf_adds(&said, "\"mixed\")");
		textform_plan(structure_read(arena, said.data, said.size), MIXED, strlen(MIXED), 0, arena, &plan);
		if (count == TEXTFORM_SECTIONS) {
			assert_null(plan.whole);
			assert_int_equal(plan.count, count);
		} else {
			assert_string_equal(plan.whole, "it has too many texts");
		}
		buf_free(&said);
	}
	arena_free(arena);
}

/* ---- composing ---------------------------------------------------------------------------- */

/* Every byte of one. */
static void bytes(void **state)
{
	static const char message[] =
		"Subject: x\r\nContent-Type: multipart/alternative;\r\n boundary=b\r\nX: y\r\n\r\npreamble\r\n"
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\nX-More:  kept as it is\r\n\r\ntext\r\n\r\n"
		"--b\r\nContent-Type: image/gif; name=\"a b.gif\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		"R0lGODlhAQABAAAAACw=\r\n--b--\r\nepilogue\r\n";
	static const char expected[] =
		"Subject: x\r\nContent-Type: multipart/alternative;\r\n boundary=b\r\nX: y\r\n\r\n--b\r\n"
		"Content-Type: message/external-body; access-type=URL;\r\n"
		"\tURL=\"imap://jane%40example.com@mail.example.com:993/Work/Projekt%20%C3%84"
		";UIDVALIDITY=1700000000/;UID=4711/;SECTION=2\";\r\n"
		"\tsize=14\r\n"
		"Content-Description: a b.gif (14 bytes, image/gif)\r\n"
		"Content-Disposition: attachment;\r\n\tfilename=\"a b.gif (14 bytes, image-gif)\"\r\n"
		"X-Koc-Part: test 1700000000 4711 2 %s\r\n\r\n"
		"Content-Type: image/gif;\r\n\tname=\"a b.gif\"\r\n"
		"Content-ID: <1700000000.4711.2@koc.invalid>\r\n"
		"X-Koc-Part: test 1700000000 4711 2 %s\r\n\r\n"
		"\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nX-More:  kept as it is\r\n\r\ntext\r\n\r\n--b--\r\n";
	static const char head[] = "Subject: x\nContent-Type: multipart/alternative;\n boundary=b\nX: y\n";
	struct arena *arena = arena_new();
	struct digest digest = digest_of(head, strlen(head));
	struct textform_plan plan;
	struct buf out, wanted;
	char hex[2 * DIGEST_SIZE + 1];

	(void)state;
	buf_init(&out, SIZE_MAX);
	buf_init(&wanted, SIZE_MAX);
	str_hex(hex, digest.bytes, DIGEST_SIZE);
	for (const char *c = expected; *c; c++) {
		if (*c == '%' && c[1] == 's')
			buf_adds(&wanted, hex), c++;
		else
			buf_addc(&wanted, *c);
	}
	textform_of(message, sizeof message - 1, arena, &plan, &out);
	assert_null(plan.whole);
	assert_string_equal(out.data, wanted.data);
	buf_free(&wanted);
	buf_free(&out);
	arena_free(arena);
}

/* A single part becomes a multipart; what the header said of it goes, and nothing else. */
static void single(void **state)
{
	static const char message[] =
		"Content-Type: text/html;\r\n charset=utf-8\r\nSubject: x\r\ncontent-disposition : inline;\r\n\tx=y\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\nContent-Types: z\r\n\r\n"
		"<p>=C3=A4=\r\nb<p>--=_koc_\r\n";
	struct arena *arena = arena_new();
	struct textform_plan plan;
	struct buf out;
	const char *head = "Content-Type: multipart/mixed; boundary=\"=_koc_";

	(void)state;
	buf_init(&out, SIZE_MAX);
	textform_of(message, sizeof message - 1, arena, &plan, &out);
	assert_null(plan.whole);
	assert_true(str_starts(out.data, head));
	assert_non_null(strstr(out.data, "\"\r\nContent-Transfer-Encoding: 8bit\r\nSubject: x\r\nContent-Types: z\r\n\r\n--=_koc_"));
	assert_non_null(strstr(out.data, "\r\n\r\näb\r\n\r\n--=_koc_\r\n\r\n--=_koc_"));
	assert_null(strstr(out.data, "Content-Transfer-Encoding: quoted-printable"));
	buf_free(&out);
	arena_free(arena);
}

/* What a server sends although it contradicts what it said before. */
struct lie {
	const char *mime, *body;
	const char *fails; /* part of the text; NULL: none */
};

static const struct lie lies[] = {
	{ "Content-Type: text/plain\r\n\r\n", "text\r\n", NULL },
	{ "content-type: TEXT/plain; x=y\r\n\r\n", "", NULL },
	{ "\r\n", "text", NULL },
	{ "", "text", NULL },
	{ "X: y\r\n", "text", NULL },
	{ "Content-Type: text/html\r\n\r\n", "text", "something else" },
	{ "Content-Type: multipart/mixed; boundary=c\r\n\r\n", "text", "something else" },
	{ "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n", "text", "something else" },
	{ "X: y\r\n\r\nmore\r\n", "text", "something else" },
	{ "\r\n", "one\r\n--b\r\ntwo\r\n", "a boundary" },
	{ "\r\n", "--b", "a boundary" },
	{ "\r\n", "--boundary", "a boundary" },
	{ "\r\n", "one\n--b--\ntwo", "a boundary" },
	{ "\r\n", " --b\r\n-b\r\n--\r\n--a\r\nx--b\r\n", NULL },
};

struct pieces {
	const char *text;
	size_t size;
};

static const struct fail *give_pieces(void *context, textform_write *write, void *to)
{
	const struct pieces *pieces = context;
	size_t left = strlen(pieces->text);
	const struct fail *f = NULL;

	for (const char *at = pieces->text; left && !f;) {
		size_t size = left < pieces->size ? left : pieces->size;

		f = write(to, at, size);
		at += size;
		left -= size;
	}
	return f;
}

static const struct fail *add_until(void *context, const void *data, size_t size)
{
	size_t *left = context;

	(void)data;
	if (size > *left)
		return fail_make(FAIL_DISK, FAIL_ACCOUNT, "full");
	*left -= size;
	return NULL;
}

static void contradictions(void **state)
{
	static const char said[] = "(" T P " \"mixed\")";
	static const size_t sizes[] = { 1, 2, 3, 100 };
	struct arena *arena = arena_new();
	const struct structure *structure = structure_read(arena, said, strlen(said));
	struct textform_plan plan;
	size_t checked = 0;

	(void)state;
	textform_plan(structure, MIXED, strlen(MIXED), 0, arena, &plan);
	assert_int_equal(plan.count, 1);
	for (size_t i = 0; i < COUNT(lies); i++) {
		for (size_t j = 0; j < COUNT(sizes); j++, checked++) {
			struct pieces pieces = { lies[i].body, sizes[j] };
			struct textform_text text = { .mime = lies[i].mime,
						      .mime_size = strlen(lies[i].mime),
						      .give = give_pieces,
						      .context = &pieces };
			const struct fail *f;
			struct buf out;

			buf_init(&out, SIZE_MAX);
			f = textform_compose(structure, &plan, &textform_source, MIXED, strlen(MIXED), &text,
					     textform_add, &out, arena);
			if (lies[i].fails) {
				assert_true(fail_is(f, FAIL_DATA) && f->scope == FAIL_ITEM);
				assert_non_null(strstr(f->text, lies[i].fails));
			} else {
				assert_null(f);
				assert_non_null(strstr(out.data, lies[i].body));
			}
			buf_free(&out);
		}
	}
	assert_true(checked >= 50);
	arena_free(arena);
}

/* The disk is full, at each of its writes: that is what is told. */
static void full(void **state)
{
	static const char said[] = "(" T P " \"mixed\")";
	struct arena *arena = arena_new();
	const struct structure *structure = structure_read(arena, said, strlen(said));
	struct textform_text text = { .mime = "\r\n", .mime_size = 2, .body = "text", .body_size = 4 };
	struct textform_plan plan;
	size_t failed = 0, room = 0;

	(void)state;
	textform_plan(structure, MIXED, strlen(MIXED), 0, arena, &plan);
	for (;; room += 10, failed++) {
		size_t left = room;
		const struct fail *f = textform_compose(structure, &plan, &textform_source, MIXED, strlen(MIXED),
							&text, add_until, &left, arena);

		if (!f)
			break;
		assert_true(fail_is(f, FAIL_DISK));
	}
	assert_true(failed > 50);
	arena_free(arena);
}

/* ---- marks -------------------------------------------------------------------------------- */

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void marks(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} texts[] = {
		{ "acc 1 2 3 " HEX, true },
		{ "  a.b-c_D9\t4294967295  1 1.2.3\t" HEX "  ", true },
		{ "acc 1 2 1 " HEX " more", false },
		{ "", false },
		{ "acc", false },
		{ "acc 1 2 3", false },
		{ "acc 0 2 3 " HEX, false },
		{ "acc 1 0 3 " HEX, false },
		{ "acc 4294967296 2 3 " HEX, false },
		{ "acc -1 2 3 " HEX, false },
		{ "acc 1 2 3a " HEX, false },
		{ "acc 1 2 3 " HEX "0", false },
		{ "acc 1 2 3 x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false },
		{ "acc 1 2 3 0000000000000000000000000000000000000000000000000000000000000000", false },
		{ "a/c 1 2 3 " HEX, false },
		{ "12345678901234567890123456789012345678901234567890123456789012345 1 2 3 " HEX, false },
	};
	size_t checked = 0;
	struct textform_mark mark;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++, checked++)
		assert_int_equal(textform_mark_read(texts[i].text, &mark), texts[i].good);
	assert_true(textform_mark_read(texts[1].text, &mark));
	assert_string_equal(mark.account, "a.b-c_D9");
	assert_int_equal(mark.validity, UINT32_MAX);
	assert_string_equal(mark.section, "1.2.3");
	assert_int_equal(mark.head.bytes[1], 0x23);
	assert_true(checked >= 16);
}

/* Stubs of several messages, and of attached ones. */
static void several(void **state)
{
#define S(n) "--b\nContent-Type: message/external-body\nX-Koc-Part: a 1 " n " 2 " HEX "\n\n\n"
#define IN   "--b\nContent-Type: message/rfc822\n\nContent-Type: message/external-body\nX-Koc-Part: a 1 9 2 " HEX "\n\n\n"
	static const struct {
		const char *text;
		size_t stubs;
		uint32_t uid;
		bool mixed, enclosed;
	} files[] = {
		{ "Content-Type: multipart/mixed; boundary=b\n\n" S("7") S("7"), 2, 7, false, false },
		{ "Content-Type: multipart/mixed; boundary=b\n\n" S("7") S("8"), 2, 7, true, false },
		{ "Content-Type: multipart/mixed; boundary=b\n\n" IN, 1, 9, false, true },
		{ "Content-Type: multipart/mixed; boundary=b\n\n" IN S("7"), 2, 7, false, false },
		{ "Content-Type: multipart/mixed; boundary=b\n\n" S("7") IN, 2, 7, false, false },
		{ "Content-Type: message/external-body\nX-Koc-Part: a 1 7 1 " HEX "\n\n", 1, 7, false, false },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++, checked++) {
		struct textform_find *find = textform_find_begin();
		struct textform_found found;

		assert_true(textform_find_add(find, files[i].text, strlen(files[i].text)));
		textform_find_end(find, &found);
		assert_int_equal(found.stubs, files[i].stubs);
		assert_int_equal(found.mark.uid, files[i].uid);
		assert_int_equal(found.mixed, files[i].mixed);
		assert_int_equal(found.enclosed, files[i].enclosed);
	}
	assert_true(checked >= 6);
}

/* An ordinary message needs no more than its header to be known as none. */
static void ends_early(void **state)
{
	struct textform_find *find = textform_find_begin();
	struct textform_found found;

	(void)state;
	assert_false(textform_find_add(find, "Content-Type: text/plain\n\nX", 27));
	textform_find_end(find, &found);
	assert_int_equal(found.stubs, 0);
	find = textform_find_begin();
	assert_true(textform_find_add(find, "Subject: ", 9));
	assert_false(textform_find_add(find, "x\n\n", 3));
	textform_find_end(find, &found);
	assert_int_equal(found.stubs, 0);
}

/* ---- words -------------------------------------------------------------------------------- */

/* What is encoded is what is decoded. */
static void encoded_words(void **state)
{
	static const struct {
		const char *text, *encoded;
	} texts[] = {
		{ "", "" },
		{ "plain (text), 100 KB", "plain (text), 100 KB" },
		{ "ä", "=?UTF-8?B?w6Q=?=" },
		{ "a =?b", "=?UTF-8?B?YSA9P2I=?=" },
		{ "tab\there", "tab here" },
	};
	size_t checked = 0;
	struct buf out, text;
	char *decoded;

	(void)state;
	buf_init(&out, SIZE_MAX);
	for (size_t i = 0; i < COUNT(texts); i++, checked++) {
		buf_clear(&out);
		words_encode(&out, texts[i].text);
		assert_string_equal(out.data, texts[i].encoded);
	}
	buf_init(&text, SIZE_MAX);
	for (int i = 0; i < 300; i++)
		buf_adds(&text, i % 3 ? "日" : "x");
	buf_clear(&out);
	words_encode(&out, text.data);
	for (const char *line = out.data; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL, checked++)
		assert_true(strcspn(line, "\r") <= 76);
	for (size_t i = 0; i < out.size; i++) /* unfolded */
		if (out.data[i] == '\r' || out.data[i] == '\n')
			out.data[i] = ' ';
	decoded = words_decode(out.data, SIZE_MAX - 10);
	assert_string_equal(decoded, text.data);
	free(decoded);
	buf_free(&text);
	buf_free(&out);
	assert_true(checked >= 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(too_many_texts),
		cmocka_unit_test(bytes),
		cmocka_unit_test(single),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(full),
		cmocka_unit_test(marks),
		cmocka_unit_test(several),
		cmocka_unit_test(ends_early),
		cmocka_unit_test(encoded_words),
	};

	return cmocka_run_group_tests_name("format_textform", tests, NULL, NULL);
}
