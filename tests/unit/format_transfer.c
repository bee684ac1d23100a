/* transfer.h, charset.h: encodings taken off, in pieces of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "format/charset.h"
#include "format/transfer.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
	const char *name, *in, *out;
} samples[] = {
	{ NULL, "as =41 is ", "as =41 is " },
	{ "", "x", "x" },
	{ "8BIT", "\xe4\r\n", "\xe4\r\n" },
	{ "x-uuencode", "begin 644", "begin 644" },
	{ "base64", "", "" },
	{ "Base64", "SGVsbG8sIHdvcmxkIQ==", "Hello, world!" },
	{ "base64", "SGVs\r\nbG8s\r\nIHdv\r\ncmxk\r\nIQ==\r\n", "Hello, world!" },
	{ "base64", "SG Vs*bG-8s", "Hello," },
	{ "base64", "SGk=SGk=", "HiHi" },
	{ "base64", "SGk", "Hi" },
	{ "base64", "S", "" },
	{ "base64", "////+++/", "\xff\xff\xff\xfb\xef\xbf" },
	{ "quoted-printable", "a=3Db=3d", "a=b=" },
	{ "Quoted-Printable", "so=\r\nft=\nly", "softly" },
	{ "quoted-printable", "blanks  =  \t\r\nhere", "blanks  here" },
	{ "quoted-printable", "end  \r\nof \t \nline  ", "end\r\nof\nline" },
	{ "quoted-printable", "end=20\r\n", "end \r\n" },
	{ "quoted-printable", "in the  middle", "in the  middle" },
	{ "quoted-printable", "wrong =4 =XY ==41 =", "wrong =4 =XY ==41 " },
	{ "quoted-printable", "=4", "=4" },
	{ "quoted-printable", "= x", "= x" },
	{ "quoted-printable", "=\rx", "=\rx" },
	{ "quoted-printable", "lone \r \r\n", "lone \r\r\n" },
	{ "quoted-printable", "=C3=A4=\r\n\r\n", "\xc3\xa4\r\n" },
};

static void decodes(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		size_t size = strlen(samples[i].in);

		for (size_t piece = 1; piece <= size + 1; piece++, checked++) {
			struct transfer_run run = { .how = transfer_of(samples[i].name) };
			struct buf out;

			buf_init(&out, SIZE_MAX);
			for (size_t at = 0; at < size; at += piece)
				transfer_add(&run, samples[i].in + at,
					     size - at < piece ? size - at : piece, &out);
			transfer_end(&run, &out);
			assert_string_equal(out.data, samples[i].out);
			buf_free(&out);
		}
	}
	assert_true(checked >= 250);
}

/* Blanks without end are not kept. */
static void is_bounded(void **state)
{
	static const char *const heads[] = { " ", "= ", "=\r" };
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++, checked++) {
		struct transfer_run run = { .how = TRANSFER_QUOTED };
		struct buf out;
		size_t size = strlen(heads[i]);

		buf_init(&out, SIZE_MAX);
		transfer_add(&run, heads[i], size, &out);
		for (size_t j = 0; j < 1000; j++)
			transfer_add(&run, " ", 1, &out);
		transfer_add(&run, "x", 1, &out);
		transfer_end(&run, &out);
		assert_int_equal(out.size, size + 1001);
		assert_memory_equal(out.data, heads[i], size);
		buf_free(&out);
	}
	assert_int_equal(checked, 3);
}

static void charsets(void **state)
{
	static const struct {
		const char *name, *in, *out;
	} texts[] = {
		{ "UTF-8", "\xc3\xa4", "\xc3\xa4" },
		{ "ISO-8859-1", "Gr\xfc\xdf" "e", "Gr\xc3\xbc\xc3\x9f" "e" },
		{ "windows-1252", "\x80 \x81", "\xe2\x82\xac \xef\xbf\xbd" },
		{ "koi8-r", "\xd4", "\xd1\x82" },
		{ "Shift_JIS", "\x93\xfa\x96\x7b", "\xe6\x97\xa5\xe6\x9c\xac" },
		{ "utf-16", NULL, NULL },
		{ "utf-7", NULL, NULL },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++, checked++) {
		struct charset *charset = charset_find(texts[i].name, strlen(texts[i].name));
		struct buf out;

		assert_true(!charset == !texts[i].in);
		if (!charset)
			continue;
		buf_init(&out, 1000);
		charset_convert(charset, texts[i].in, strlen(texts[i].in), &out);
		assert_string_equal(out.data, texts[i].out);
		buf_free(&out);
	}
	assert_true(checked >= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(charsets),
	};

	return cmocka_run_group_tests_name("format_transfer", tests, NULL, NULL);
}
