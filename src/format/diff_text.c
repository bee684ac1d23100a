/* Diff: texts of any length made short and safe, so that one sees where they differ. */
#include "format/diff_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/terminal.h"
#include "format/words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE 20 /* characters shown before the first difference */

/* Where the character begins that this byte belongs to. */
static size_t char_begin(const char *text, size_t at)
{
	while (at && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* Line ends and other blanks become one space each run. */
static char *one_line(const char *text, struct arena *arena)
{
	char *clean = words_clean(text, SIZE_MAX), *line = arena_str(arena, clean);
	size_t used = 0;

	for (const char *at = clean; *at; at++)
		if (*at != ' ' || (used && line[used - 1] != ' '))
			line[used++] = *at;
	while (used && line[used - 1] == ' ')
		used--;
	line[used] = '\0';
	free(clean);
	return line;
}

const char *diff_safe(const char *text, size_t size, size_t most, struct arena *arena)
{
	struct buf safe;
	size_t used = 0, chars = 0;
	const char *copy;

	for (; used < size && chars < most; chars++) {
		uint32_t code;
		size_t length = str_utf8_next(text + used, size - used, &code);

		used += length ? length : 1;
	}
	buf_init(&safe, 12 * used + 8);
	terminal_safe(&safe, text, used);
	if (used < size)
		buf_adds(&safe, "…");
	copy = arena_strn(arena, safe.data, safe.size);
	buf_free(&safe);
	return copy;
}

/* How many bytes all have in common at their beginning. */
static size_t common(char *const texts[DIFF_VERSIONS])
{
	const char *first = NULL;
	size_t size = 0;

	for (int v = 0; v < DIFF_VERSIONS; v++) {
		size_t same = 0;

		if (!texts[v])
			continue;
		if (!first) {
			first = texts[v];
			size = strlen(first);
			continue;
		}
		while (same < size && texts[v][same] == first[same])
			same++;
		size = same;
	}
	return size;
}

void diff_texts(struct diff_field *field, const char *const full[DIFF_VERSIONS], struct arena *arena)
{
	char *lines[DIFF_VERSIONS] = { NULL };
	size_t from = 0;
	bool large = false;

	for (int v = 0; v < DIFF_VERSIONS; v++) {
		if (!full[v])
			continue;
		lines[v] = one_line(full[v], arena);
		large |= strlen(lines[v]) > DIFF_TEXT_MOST;
	}
	if (large)
		from = common(lines);
	from = from > BEFORE + BEFORE ? from - BEFORE : 0;
	for (int v = 0; v < DIFF_VERSIONS; v++) {
		size_t at;
		const char *text;

		if (!lines[v])
			continue;
		at = char_begin(lines[v], from);
		text = diff_safe(lines[v] + at, strlen(lines[v] + at), DIFF_TEXT_MOST, arena);
		field->text[v] = at ? arena_printf(arena, "…%s", text) : text;
	}
}

/* ---- lines ------------------------------------------------------------------------------------ */

#define INDENT 12 /* of a text that goes on */

static const char *shown(const char *text)
{
	return !text ? "(none)" : *text ? text : "(empty)";
}

void diff_tell(const struct diff *diff, const bool there[DIFF_VERSIONS], size_t most, struct buf *out)
{
	static const char *const labels[DIFF_VERSIONS] = { "base", "server", "local" };
	size_t told = diff->count < most ? diff->count : most;
	size_t more = diff->count - told + diff->more;

	for (size_t i = 0; i < told; i++) {
		const struct diff_field *field = &diff->fields[i];

		buf_adds(out, "  ");
		terminal_wrap(out, field->field, 2, INDENT, DIFF_COLUMNS);
		for (int v = 0; v < DIFF_VERSIONS; v++) {
			if (!there[v])
				continue;
			buf_addf(out, "    %-8s", labels[v]);
			terminal_wrap(out, shown(field->text[v]), INDENT, INDENT, DIFF_COLUMNS);
		}
	}
	if (more)
		buf_addf(out, "  and %zu more\n", more);
}
