/* json.h: what is written is JSON, and says what it was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void texts(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{ "", "\"\"" },
		{ "plain / text", "\"plain / text\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\nb\tc\rd\x01", "\"a\\nb\\u0009c\\u000dd\\u0001\"" },
		{ "\x7f", "\"\\u007f\"" },
		{ "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5", "\"gr\xc3\xbc\xc3\x9f \xe6\x97\xa5\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
		/* Not for a terminal: CSI in C1, an override, a tag beyond the first plane. */
		{ "\xc2\x9b"
		  "31m",
		  "\"\\u009b31m\"" },
		{ "\x1b[31m", "\"\\u001b[31m\"" },
		{ "\xe2\x80\xae", "\"\\u202e\"" },
		{ "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"" },
		/* Not UTF-8: each byte. */
		{ "a\xff\xc3", "\"a\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ NULL, "null" },
	};
	size_t count = 0;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT(cases); i++, count++) {
		struct json json = { .out = &out };

		buf_clear(&out);
		json_text(&json, cases[i].text);
		assert_string_equal(out.data, cases[i].json);
	}
	assert_in_range(count, 14, 100);
	buf_free(&out);
}

static void structure(void **state)
{
	struct buf out;
	struct json json = { .out = &out };

	(void)state;
	buf_init(&out, 4096);
	json_begin(&json, '[');
	json_begin(&json, '{');
	json_end(&json, '}');
	json_begin(&json, '{');
	json_key(&json, "a\"");
	json_number(&json, INT64_MIN);
	json_key(&json, "b");
	json_begin(&json, '[');
	json_bool(&json, true);
	json_bool(&json, false);
	json_null(&json);
	json_begin(&json, '[');
	json_end(&json, ']');
	json_text(&json, "x");
	json_end(&json, ']');
	json_key(&json, "c");
	json_count(&json, UINT64_MAX);
	json_end(&json, '}');
	json_time(&json, 0);
	json_time(&json, 1);
	json_time(&json, 1795356180);
	json_end(&json, ']');
	assert_string_equal(out.data,
			    "[{},{\"a\\\"\":-9223372036854775808,\"b\":[true,false,null,[],\"x\"],"
			    "\"c\":18446744073709551615},null,\"1970-01-01T00:00:01Z\","
			    "\"2026-11-22T14:03:00Z\"]");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(structure),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
