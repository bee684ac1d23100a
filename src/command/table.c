/* Table: lines of cells in aligned columns. */
#include "command/table.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/terminal.h"

#include <inttypes.h>
#include <string.h>

#define GAP 2 /* columns between two */

/* Characters that do not take one column (Unicode: East_Asian_Width W and F, and marks). */
static const struct {
	uint32_t first, last;
	size_t width;
} widths[] = {
	{ 0x0300, 0x036f, 0 },   { 0x0483, 0x0489, 0 },   { 0x0591, 0x05bd, 0 },
	{ 0x0610, 0x061a, 0 },   { 0x064b, 0x065f, 0 },   { 0x1100, 0x115f, 2 },
	{ 0x1ab0, 0x1aff, 0 },   { 0x1dc0, 0x1dff, 0 },   { 0x200b, 0x200d, 0 },
	{ 0x20d0, 0x20ff, 0 },   { 0x231a, 0x231b, 2 },   { 0x2e80, 0x303e, 2 },
	{ 0x3041, 0x4dbf, 2 },   { 0x4e00, 0xa4cf, 2 },   { 0xac00, 0xd7a3, 2 },
	{ 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },   { 0xfe20, 0xfe2f, 0 },
	{ 0xfe30, 0xfe6f, 2 },   { 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },
	{ 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1faff, 2 },
	{ 0x20000, 0x3fffd, 2 },
};

static size_t code_width(uint32_t code)
{
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
		if (code >= widths[i].first && code <= widths[i].last)
			return widths[i].width;
	return 1;
}

size_t table_width(const char *text)
{
	size_t size = strlen(text), width = 0;

	while (size > 0) {
		uint32_t code = 0;
		size_t length = str_utf8_next(text, size, &code);

		if (length == 0) /* not UTF-8 */
			length = 1;
		else
			width += code_width(code);
		text += length;
		size -= length;
	}
	return width;
}

void table_init(struct table *table, size_t columns)
{
	*table = (struct table){ .columns = columns, .arena = arena_new() };
}

void table_free(struct table *table)
{
	vec_free(&table->lines);
	arena_free(table->arena);
}

void table_add(struct table *table, const char *const *cells)
{
	struct table_line *line = vec_push(&table->lines);
	struct buf safe;

	buf_init(&safe, 1 << 20);
	for (size_t i = 0; i < table->columns; i++) {
		buf_clear(&safe);
		terminal_safe(&safe, cells[i], strlen(cells[i]));
		line->cells[i] = arena_strn(table->arena, safe.data, safe.size);
	}
	buf_free(&safe);
}

static void add_spaces(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_addc(out, ' ');
}

static void drop_spaces(struct buf *out)
{
	while (out->size > 0 && out->data[out->size - 1] == ' ')
		out->data[--out->size] = '\0';
}

static void print_line(const struct table *table, const struct table_line *line,
		       const size_t *widths_of, size_t indent, struct buf *out)
{
	add_spaces(out, indent);
	for (size_t i = 0; i < table->columns; i++) {
		size_t width = table_width(line->cells[i]);
		size_t room = widths_of[i] > width ? widths_of[i] - width : 0;

		if (table->right[i])
			add_spaces(out, room);
		buf_adds(out, line->cells[i]);
		if (i == 0 && width > widths_of[i]) { /* a line of its own */
			buf_addc(out, '\n');
			add_spaces(out, indent + widths_of[i]);
		}
		if (!table->right[i])
			add_spaces(out, room);
		add_spaces(out, GAP);
	}
	drop_spaces(out);
	buf_addc(out, '\n');
}

void table_print(const struct table *table, size_t indent, struct buf *out)
{
	size_t wide[TABLE_COLUMNS] = { 0 }, rest = indent;

	for (size_t i = 0; i < table->columns; i++) {
		for (size_t j = 0; j < table->lines.count; j++) {
			size_t width = table_width(table->lines.items[j].cells[i]);

			if (width > wide[i])
				wide[i] = width;
		}
		if (i > 0)
			rest += GAP + wide[i];
	}
	if (rest + wide[0] > TABLE_WIDTH)
		wide[0] = TABLE_WIDTH > rest + 20 ? TABLE_WIDTH - rest : 20;
	for (size_t j = 0; j < table->lines.count; j++)
		print_line(table, &table->lines.items[j], wide, indent, out);
}

const char *table_size(struct arena *arena, uint64_t bytes)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB", "PB", "EB" };
	double size = (double)bytes / 1000;
	size_t unit = 0;

	if (bytes < 1000)
		return arena_printf(arena, "%" PRIu64, bytes);
	for (; size >= 999.5 && unit < 5; unit++)
		size /= 1000;
	return arena_printf(arena, size >= 99.95 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}
