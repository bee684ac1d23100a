/* store/imap/structure.h: what servers send as BODYSTRUCTURE, what they should not, and what no server
 * would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "store/imap/structure.h"
#include "structure_show.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define T  "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\") NIL NIL \"7BIT\" 12 2)"
#define TS "text/plain charset=\"utf-8\" encoding=\"7bit\" octets 12 lines 2\n"
#define G  "(\"image\" \"gif\" NIL NIL NIL \"base64\" 9 NIL NIL NIL NIL)"
#define GS "image/gif encoding=\"base64\" octets 9\n"

static const struct {
	const char *value, *shown;
} samples[] = {
	/* as it should be */
	{ T, "[1] " TS },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)", "[1] text/plain encoding=\"7bit\" lines 0\n" },
	{ "(\"text\" \"plain\" (\"format\" \"flowed\") \"<i@d>\" \"=?utf-8?q?=C3=A4?=\" \"8bit\" 5 1 \"md5==\" (\"attachment\" "
	  "(\"filename\" \"a.txt\")) (\"en\" \"de\") \"http://x/\" (1 (2)) \"more\")",
	  "[1] text/plain attachment format=\"flowed\" name=\"a.txt\" encoding=\"8bit\" id=\"<i@d>\" description=\"ä\" "
	  "octets 5 lines 1\n" },
	{ "(" T G " \"MIXED\")", "[] multipart/mixed\n  [1] " TS "  [2] " GS },
	{ "(" T G " \"MIXED\" (\"BOUNDARY\" \"x\") (\"inline\" NIL) \"en\" NIL)",
	  "[] multipart/mixed inline boundary=\"x\"\n  [1] " TS "  [2] " GS },
	{ "((" T G " \"alternative\" (\"boundary\" \"y\") NIL NIL)" G " \"mixed\" (\"boundary\" \"x\") NIL NIL)",
	  "[] multipart/mixed boundary=\"x\"\n  [1] multipart/alternative boundary=\"y\"\n    [1.1] " TS "    [1.2] " GS
	  "  [2] " GS },
	{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (NIL \"Hi\" NIL NIL NIL NIL NIL NIL NIL \"<a@b>\") " T " 9)",
	  "[1] message/rfc822 encoding=\"7bit\" subject=\"Hi\" octets 99 lines 9\n  [1.1] " TS },
	{ "(" T "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (\"Mon, 1 Jan 2024\" NIL ((\"A\" NIL \"a\" \"b\")) NIL NIL NIL "
	  "NIL NIL NIL NIL) (" T G " \"mixed\") 9 NIL (\"attachment\" NIL) NIL NIL) \"mixed\")",
	  "[] multipart/mixed\n  [1] " TS "  [2] message/rfc822 attachment encoding=\"7bit\" octets 99 lines 9\n"
	  "    [2] multipart/mixed\n      [2.1] " TS "      [2.2] " GS },
	{ "(\"application\" \"pdf\" (\"name*0*\" \"utf-8''%E2%82%AC\" \"name*1\" \".pdf\") NIL NIL \"base64\" 5000000000)",
	  "[1] application/pdf name=\"€.pdf\" encoding=\"base64\" octets 5000000000\n" },
	{ "(\"image\" \"gif\" (\"name\" \"a\\\"b\\\\c (1).gif\") NIL NIL \"base64\" 1)",
	  "[1] image/gif name=\"a\\\"b\\\\c (1).gif\" encoding=\"base64\" octets 1\n" },
	/* as it is sent all the same */
	{ "(text plain () nil nil 7bit 1 1)", "[1] text/plain encoding=\"7bit\" octets 1 lines 1\n" },
	{ "( \"text\"  \"plain\" NIL NIL NIL \"7bit\" 1 1 )", "[1] text/plain encoding=\"7bit\" octets 1 lines 1\n" },
	{ "(" T " " G "  \"mixed\" NIL)", "[] multipart/mixed\n  [1] " TS "  [2] " GS },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 12)", "[1] text/plain encoding=\"7bit\" octets 12\n" },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 12 NIL NIL NIL)", "[1] text/plain encoding=\"7bit\" octets 12\n" },
	{ "(\"text\" \"plain\" NIL NIL NIL NIL 12 1)", "[1] text/plain octets 12 lines 1\n" },
	{ "(\"image\" \"gif\" NIL NIL NIL \"base64\" 9 NIL \"attachment\")",
	  "[1] image/gif attachment encoding=\"base64\" octets 9\n" },
	{ "(\"image\" \"gif\" (\"name\" NIL \"x\" \"y\" NIL \"z\") NIL NIL \"base64\" 9)",
	  "[1] image/gif encoding=\"base64\" octets 9\n" },
	{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99)", "[1] message/rfc822 encoding=\"7bit\" octets 99\n" },
	{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 NIL (\"attachment\" (\"filename\" \"a.eml\")) NIL)",
	  "broken" },
	{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 NIL " T " 9)",
	  "[1] message/rfc822 encoding=\"7bit\" octets 99 lines 9\n  [1.1] " TS },
	{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 NIL NIL NIL)",
	  "[1] message/rfc822 encoding=\"7bit\" octets 99\n" },
	{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (NIL NIL) NIL 9)",
	  "[1] message/rfc822 encoding=\"7bit\" octets 99 lines 9\n" },
	{ "(\"message\" \"delivery-status\" NIL NIL NIL \"7bit\" 99)",
	  "[1] message/delivery-status encoding=\"7bit\" octets 99\n" },
	/* what makes no sense */
	{ "", "broken" },
	{ "NIL", "broken" },
	{ "()", "broken" },
	{ "(((((", "broken" },
	{ "(NIL NIL NIL NIL NIL NIL NIL)", "broken" },
	{ "(\"text\")", "broken" },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" x 1)", "broken" },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" NIL 1)", "broken" },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" -1 1)", "broken" },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 99999999999999999999999 1)", "broken" },
	{ "(\"text\" \"plain\" (\"a\") NIL NIL \"7bit\" 1 1)", "broken" },
	{ "(\"text\" \"plain\" (((\"a\"))) NIL NIL \"7bit\" 1 1)", "broken" },
	{ "(\"text\" \"plain\" \"charset\" NIL NIL \"7bit\" 1 1)", "broken" },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1", "broken" },
	{ T ")", "broken" },
	{ T T, "broken" },
	{ "(" T ")", "broken" },
	{ "(" T " NIL)", "[] multipart/\n  [1] " TS }, /* fetched whole all the same: the header says otherwise */
	{ "(\"mixed\" NIL NIL)", "broken" },
	{ "(" T "\"mixed\" (\"boundary\"))", "broken" },
	{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (NIL", "broken" },
	{ "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (NIL NIL) \"x\" 9)", "broken" },
	{ "\"(\"", "broken" },
};

static void show(struct buf *out, const char *value, size_t size)
{
	struct arena *arena = arena_new();

	buf_init(out, SIZE_MAX);
	structure_show(out, structure_read(arena, value, size));
	arena_free(arena);
}

static void reads(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++, checked++) {
		struct buf out;

		show(&out, samples[i].value, strlen(samples[i].value));
		if (strcmp(samples[i].shown, "broken") == 0)
			assert_non_null(strstr(out.data, "broken\n"));
		else
			assert_string_equal(out.data, samples[i].shown);
		buf_free(&out);
	}
	assert_true(checked >= 45);
}

/* Cut off anywhere it is broken, never a crash. */
static void cut_anywhere(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < 11; i++) {
		for (size_t size = 0; size < strlen(samples[i].value); size++, checked++) {
			struct buf out;

			show(&out, samples[i].value, size);
			assert_non_null(strstr(out.data, "broken\n"));
			buf_free(&out);
		}
	}
	assert_true(checked >= 1000);
}

/* Brackets without end, parts without end, attributes without end. */
static void limits(void **state)
{
	static const char *const heads[] = { "(", "(\"message\" \"rfc822\" NIL NIL NIL NIL 1 NIL ", "((\"a\" \"b\" (" };
	size_t checked = 0;
	struct arena *arena = arena_new();
	struct structure *structure;
	struct buf value;

	(void)state;
	buf_init(&value, SIZE_MAX);
	for (size_t i = 0; i < COUNT(heads); i++, checked++) {
		buf_clear(&value);
		for (int j = 0; j < 200000; j++)
			buf_adds(&value, heads[i]);
		structure = structure_read(arena, value.data, value.size);
		assert_true(structure->broken);
	}
	buf_clear(&value);
	buf_adds(&value, "(");
	for (int i = 0; i < 20000; i++)
		buf_adds(&value, G);
	buf_adds(&value, "\"mixed\")");
	structure = structure_read(arena, value.data, value.size);
	assert_true(structure->cut && structure->broken);
	assert_int_equal(structure->count, STRUCTURE_PARTS);

	buf_clear(&value);
	buf_adds(&value, "(\"image\" \"gif\" (");
	for (int i = 0; i < 100000; i++)
		buf_addf(&value, "\"a%d\" \"b\" ", i);
	buf_adds(&value, ") NIL NIL NIL 1)");
	structure = structure_read(arena, value.data, value.size);
	assert_false(structure->broken);
	assert_null(attribute_value(structure->root->attributes, "a100"));
	assert_string_equal(attribute_value(structure->root->attributes, "a99"), "b");
	buf_free(&value);
	arena_free(arena);
	assert_int_equal(checked, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("imap_structure", tests, NULL, NULL);
}
