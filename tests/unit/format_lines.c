/* lines.h, parts.h: content lines and components. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "format/parts.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* All lines as "GROUP.NAME|PARAMS|VALUE" in brackets; "none" if they cannot be read. */
static const char *lines_text(const char *data, size_t size)
{
	static struct buf text;
	struct lines lines;

	if (!text.data)
		buf_init(&text, 65536);
	buf_clear(&text);
	if (!lines_read(data, size, &lines)) {
		lines_free(&lines);
		return "none";
	}
	for (size_t i = 0; i < lines.count; i++) {
		const struct line *line = &lines.items[i];

		buf_addf(&text, "[%.*s%s%.*s|%.*s|%.*s]", (int)line->group.size, line->group.at,
			 line->group.size ? "." : "", (int)line->name.size, line->name.at,
			 (int)line->params.size, line->params.at, (int)line->value.size, line->value.at);
	}
	lines_free(&lines);
	return text.data;
}

static void lines_are_split(void **context)
{
	static const struct {
		const char *data, *want;
	} tries[] = {
		{ "A:b", "[A||b]" },
		{ "A:b\n", "[A||b]" },
		{ "A:b\r\nC:d\r\n", "[A||b][C||d]" },
		{ "A:b\nC:d\r\nE:f", "[A||b][C||d][E||f]" },
		{ "\xef\xbb\xbf"
		  "A:b\n",
		  "[A||b]" },
		{ "\n\r\nA:b\n\n\r\nC:d\n\n", "[A||b][C||d]" },
		{ "A:b\n c\r\n\td\n  e\n", "[A||bcd e]" }, /* one blank goes */
		{ "A\n :\n b\n", "[A||b]" },
		{ "A:b\n \n C:d\n", "[A||bC:d]" },
		{ "SUMMARY:\xc5\n \xbd", "[SUMMARY||\xc5\xbd]" }, /* within a character */
		{ "A:b \t\nC:d\t \n", "[A||b][C||d]" },           /* blanks at the end */
		{ "A:b\n  \n", "[A||b]" },
		{ "A:\nB:", "[A||][B||]" },
		{ "A:b:c;d", "[A||b:c;d]" },
		{ "A;B=c:d", "[A|;B=c|d]" },
		{ "A;B=\"c:;,d\";E=f:g", "[A|;B=\"c:;,d\";E=f|g]" },
		{ "item1.TEL;TYPE=home:1", "[item1.TEL|;TYPE=home|1]" },
		{ "a.b.c:d", "none" }, /* a name has one dot */
		{ "X_1-a:b", "[X_1-a||b]" },
		{ "A:b\r\r\nC:d", "[A||b\r][C||d]" },
		{ "A:b\rC:d", "[A||b\rC:d]" },
		/* What is no line belongs to the one before it. */
		{ "A:b\njunk\nC:d", "[A||b\njunk][C||d]" },
		{ "A:b\njunk\n\nmore junk  \nC:d", "[A||b\njunk\n\nmore junk][C||d]" },
		{ "A:b\n:c\nD;e", "[A||b\n:c\nD;e]" },
		{ "A:b\nC;D=\"e:f\nG:h", "[A||b\nC;D=\"e:f][G||h]" }, /* a quote without its end */
		{ "A:b\nC D:e", "[A||b\nC D:e]" },
		/* vCard 2.1 */
		{ "NOTE;ENCODING=QUOTED-PRINTABLE:a=\nURL: b\nC:d",
		  "[NOTE|;ENCODING=QUOTED-PRINTABLE|a=\nURL: b][C||d]" },
		{ "NOTE;QUOTED-PRINTABLE:a=\n=\nb\nC:d", "[NOTE|;QUOTED-PRINTABLE|a=\n=\nb][C||d]" },
		{ "NOTE:a=\nC:d", "[NOTE||a=][C||d]" },
		{ "", "none" },
		{ "\r\n\r\n", "none" },
		{ "junk\nA:b", "none" },
		{ ":b", "none" },
		{ "A", "none" },
		{ "A;B", "none" },
		{ "<html>", "none" },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++)
		assert_string_equal(lines_text(tries[i].data, strlen(tries[i].data)), tries[i].want);
	assert_true(tried >= 36);
	assert_string_equal(lines_text("A:b\0c\nD:e", 9), "none");
}

/* However it is folded, an item is the same. */
static void folds_do_not_matter(void **context)
{
	static const char flat[] =
		"SUMMARY;LANGUAGE=cs:Žluťoučký kůň, příliš \"dlouhý\"\nX:  y\nATTENDEE;CN=\"a:b\":m";
	char *want = strdup(lines_text(flat, strlen(flat)));
	size_t folded = 0;

	(void)context;
	for (size_t first = 1; first < strlen(flat); first++) {
		for (size_t second = first; second < strlen(flat); second += 7) {
			struct buf text;

			if (strchr("\n", flat[first]) || strchr("\n", flat[second]) ||
			    flat[first - 1] == '\n' || flat[second - 1] == '\n')
				continue;
			buf_init(&text, 1000);
			buf_add(&text, flat, first);
			buf_adds(&text, "\r\n ");
			buf_add(&text, flat + first, second - first);
			buf_adds(&text, second > first ? "\n\t" : "");
			buf_adds(&text, flat + second);
			assert_string_equal(lines_text(text.data, text.size), want);
			buf_free(&text);
			folded++;
		}
	}
	assert_true(folded > 300);
	free(want);
}

static void too_many_lines(void **context)
{
	struct lines lines;
	struct buf text;

	(void)context;
	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < LINES_MOST; i++)
		buf_adds(&text, "A:b\n");
	assert_true(lines_read(text.data, text.size, &lines));
	assert_int_equal(lines.count, LINES_MOST);
	assert_false(lines.many);
	lines_free(&lines);
	buf_adds(&text, "A:b\n");
	assert_false(lines_read(text.data, text.size, &lines));
	assert_true(lines.many);
	lines_free(&lines);
	buf_free(&text);
}

/* ---- parameters ---- */

static void params_are_split(void **context)
{
	static const struct {
		const char *line, *want;
	} tries[] = {
		{ "A:x", "" },
		{ "A;B=c:x", "B=<c>" },
		{ "A;B=c,d;E=f:x", "B=<c><d> E=<f>" },
		{ "A;B=\"c,d;e\",f:x", "B=<c,d;e><f>" },
		{ "A;B=:x", "B=<>" },
		{ "A;B=,:x", "B=<><>" },
		{ "A;B=\"\":x", "B=<>" },
		{ "A;HOME;VOICE:x", "=<HOME> =<VOICE>" },
		{ "A;=c:x", "=<=c>" },
		{ "A;B=c=d:x", "B=<c=d>" },
		{ "A;;B=c:x", "=<> B=<c>" },
		{ "A;B=a\"b\"c:x", "B=<a\"b\"c>" },
		{ "A;B=^n^'^^:x", "B=<^n^'^^>" }, /* for whoever wants the value */
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++) {
		struct slice rest, name, values, value;
		struct lines lines;
		struct buf text;

		buf_init(&text, 1000);
		assert_true(lines_read(tries[i].line, strlen(tries[i].line), &lines));
		rest = lines.items[0].params;
		while (param_next(&rest, &name, &values)) {
			buf_addf(&text, "%s%.*s=", text.size ? " " : "", (int)name.size, name.at);
			while (param_value(&values, &value))
				buf_addf(&text, "<%.*s>", (int)value.size, value.at);
		}
		assert_string_equal(text.data, tries[i].want);
		buf_free(&text);
		lines_free(&lines);
	}
	assert_true(tried >= 13);
}

static void params_are_found(void **context)
{
	static const char text[] = "A;B=c;tzid=\"x,y\";B=d:x";
	struct slice values, value;
	struct lines lines;

	(void)context;
	assert_true(lines_read(text, strlen(text), &lines));
	assert_true(param_find(&lines.items[0], "TZID", &values));
	assert_true(param_value(&values, &value));
	assert_true(slice_is(value, "X,Y"));
	assert_false(param_value(&values, &value));
	assert_true(param_find(&lines.items[0], "b", &values));
	assert_true(slice_is(values, "c")); /* the first */
	assert_false(param_find(&lines.items[0], "C", &values));
	lines_free(&lines);
}

static void slices_are_cut(void **context)
{
	static const struct {
		const char *text, *want;
	} tries[] = {
		{ "", "<>" },
		{ "a", "<a>" },
		{ "a,b", "<a><b>" },
		{ "a,", "<a><>" },
		{ ",", "<><>" },
		{ "a\\,b,c", "<a\\,b><c>" },
		{ "a\\\\,b", "<a\\\\><b>" },
		{ "a\\", "<a\\>" },
		{ "a;b", "<a;b>" },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++) {
		struct slice rest = { tries[i].text, strlen(tries[i].text) }, piece;
		struct buf text;

		buf_init(&text, 1000);
		while (slice_cut(&rest, ',', &piece))
			buf_addf(&text, "<%.*s>", (int)piece.size, piece.at);
		assert_string_equal(text.data, tries[i].want);
		buf_free(&text);
	}
	assert_true(tried >= 9);
}

/* ---- components ---- */

static void part_add(struct buf *text, const struct part *part)
{
	for (; part; part = part->next) {
		buf_addf(text, "(%.*s", (int)part->name.size, part->name.at);
		for (const struct line *line = part->lines; line; line = line->next)
			buf_addf(text, " %.*s", (int)line->name.size, line->name.at);
		part_add(text, part->parts);
		buf_addf(text, " %zu/%zu)", part->line_count, part->part_count);
	}
}

static void parts_are_a_tree(void **context)
{
	static const struct {
		const char *data, *want;
	} tries[] = {
		{ "BEGIN:A\nEND:A", "(A 0/0)" },
		{ "begin:a\nX:\nY:\nend:A", "(a X Y 2/0)" },
		{ "BEGIN:A\nX:\nBEGIN:B\nY:\nEND:B\nZ:\nEND:A", "(A X Z(B Y 1/0) 2/1)" },
		{ "BEGIN:A\nBEGIN:B\nEND:B\nBEGIN:B\nEND:B\nEND:A\nBEGIN:C\nEND:C",
		  "(A(B 0/0)(B 0/0) 0/2)(C 0/0)" },
		{ "BEGIN:A\n", NULL },
		{ "BEGIN:A\nEND:B", NULL },
		{ "BEGIN:A\nBEGIN:B\nEND:A\nEND:B", NULL },
		{ "END:A", NULL },
		{ "X:\nBEGIN:A\nEND:A", NULL },
		{ "BEGIN:A\nEND:A\nX:", NULL },
		{ "BEGIN:A\nEND:A\nEND:A", NULL },
		{ "BEGIN;X=y:A\nEND:A", NULL },
		{ "a.BEGIN:A\nEND:A", NULL },
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(tries); i++, tried++) {
		struct arena *arena = arena_new();
		struct lines lines;
		struct part *first;
		struct buf text;

		buf_init(&text, 1000);
		assert_true(lines_read(tries[i].data, strlen(tries[i].data), &lines));
		assert_int_equal(parts_make(&lines, arena, &first), tries[i].want != NULL);
		if (tries[i].want) {
			part_add(&text, first);
			assert_string_equal(text.data, tries[i].want);
		}
		buf_free(&text);
		lines_free(&lines);
		arena_free(arena);
	}
	assert_true(tried >= 13);
}

static void parts_are_not_deep(void **context)
{
	for (size_t depth = 1; depth <= PARTS_DEPTH + 2; depth++) {
		struct arena *arena = arena_new();
		struct lines lines;
		struct part *first;
		struct buf text;

		buf_init(&text, 10000);
		for (size_t i = 0; i < depth; i++)
			buf_adds(&text, "BEGIN:A\n");
		for (size_t i = 0; i < depth; i++)
			buf_adds(&text, "END:A\n");
		assert_true(lines_read(text.data, text.size, &lines));
		assert_int_equal(parts_make(&lines, arena, &first), depth <= PARTS_DEPTH);
		buf_free(&text);
		lines_free(&lines);
		arena_free(arena);
	}
	(void)context;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_split),  cmocka_unit_test(folds_do_not_matter),
		cmocka_unit_test(too_many_lines),   cmocka_unit_test(params_are_split),
		cmocka_unit_test(params_are_found), cmocka_unit_test(slices_are_cut),
		cmocka_unit_test(parts_are_a_tree), cmocka_unit_test(parts_are_not_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
