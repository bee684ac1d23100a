/* HTML page: tables.  The innermost open table is held back until it is known whether it is one: rows of
 * short texts.  Most tables in mail only arrange blocks: these are taken apart. */
#include "format/html_page.h"

#include "base/buf.h"
#include "base/memory.h"
#include "format/html.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MOST    1000
#define COLUMNS_MOST 30
#define CELL_MOST    ((size_t)4096) /* bytes; a longer one is no cell */
#define TABLE_MOST   ((size_t)64 * 1024)
#define SHORT_MOST   60 /* columns of a text that is short */
#define GAP          2  /* columns between columns */

struct cell {
	char *text;
	bool heading;
};

struct row {
	struct cell cells[COLUMNS_MOST];
	size_t count;
};

struct page_table {
	struct page_table *outer;
	bool dissolved; /* it only arranges blocks */
	bool in_cell;
	bool heading; /* the open cell is one */
	struct {
		VEC(struct row *)
	} rows;
	struct buf text; /* of the open cell */
	size_t size;     /* of all its texts */
};

/* ---- collecting --------------------------------------------------------------------------- */

struct buf *table_text(struct page *page)
{
	struct page_table *table = page->table;

	return table && !table->dissolved && table->in_cell ? &table->text : NULL;
}

void table_begin(struct page *page)
{
	struct page_table *table = memory_alloc(sizeof *table);

	table_dissolve(page); /* a table in a table */
	page_block(page, true);
	buf_init(&table->text, CELL_MOST);
	table->outer = page->table;
	page->table = table;
	page->tables++;
}

/* Without the blanks and line ends around it. */
static char *trimmed(const struct buf *text)
{
	const char *begin = text->data, *end = begin + text->size;
	char *copy;

	while (begin < end && strchr(" \n", *begin))
		begin++;
	while (end > begin && strchr(" \n", end[-1]))
		end--;
	copy = memory_alloc((size_t)(end - begin) + 1);
	memcpy(copy, begin, (size_t)(end - begin));
	return copy;
}

static void cell_end(struct page_table *table)
{
	struct row *row;

	if (!table->in_cell || table->dissolved)
		return;
	table->in_cell = false;
	row = table->rows.items[table->rows.count - 1];
	row->cells[row->count].heading = table->heading;
	row->cells[row->count++].text = trimmed(&table->text);
	table->size += table->text.size;
	buf_clear(&table->text);
}

void table_row(struct page *page)
{
	struct page_table *table = page->table;

	if (!table || table->dissolved) {
		page_block(page, false);
		return;
	}
	cell_end(table);
	page->space = false;
	if (table->rows.count == ROWS_MOST || table->size > TABLE_MOST)
		table_dissolve(page);
	else
		*vec_push(&table->rows) = memory_alloc(sizeof(struct row));
}

void table_cell(struct page *page, size_t columns, bool heading)
{
	struct page_table *table = page->table;
	struct row *row;

	if (!table || table->dissolved) {
		page_block(page, false);
		return;
	}
	if (!table->rows.count)
		table_row(page);
	cell_end(table);
	page->space = false;
	row = table->rows.items[table->rows.count - 1];
	if (row->count + (columns ? columns : 1) > COLUMNS_MOST) {
		table_dissolve(page);
		return;
	}
	table->in_cell = true;
	table->heading = heading;
	/* What spans several columns stands in the last of them: that keeps rows of sums in line. */
	while (columns-- > 1)
		row->cells[row->count++].text = memory_str("");
}

/* ---- laying out --------------------------------------------------------------------------- */

static void rows_free(struct page_table *table)
{
	for (size_t i = 0; i < table->rows.count; i++) {
		for (size_t j = 0; j < table->rows.items[i]->count; j++)
			free(table->rows.items[i]->cells[j].text);
		free(table->rows.items[i]);
	}
	vec_free(&table->rows);
}

/* Every cell a paragraph. */
static void put_cells(struct page *page, const struct page_table *table)
{
	for (size_t i = 0; i < table->rows.count; i++) {
		const struct row *row = table->rows.items[i];

		for (size_t j = 0; j < row->count; j++)
			if (*row->cells[j].text)
				page_paragraph(page, row->cells[j].text, strlen(row->cells[j].text), true);
	}
}

void table_dissolve(struct page *page)
{
	struct page_table *table = page->table;

	if (!table || table->dissolved)
		return;
	table->dissolved = true;
	put_cells(page, table);
	rows_free(table);
	/* What the open cell has so far is a paragraph that goes on. */
	if (table->in_cell)
		buf_add(&page->text, table->text.data, table->text.size);
	table->in_cell = false;
	buf_clear(&table->text);
}

/* How wide each column is; 0 one that is empty.  Returns the width of all; 0: it is no table of short texts
 * in several columns. */
static size_t measure(const struct page_table *table, size_t widths[COLUMNS_MOST])
{
	size_t all = 0, columns = 0;

	memset(widths, 0, COLUMNS_MOST * sizeof *widths);
	for (size_t i = 0; i < table->rows.count; i++) {
		const struct row *row = table->rows.items[i];

		for (size_t j = 0; j < row->count; j++) {
			const char *text = row->cells[j].text;
			size_t width = text_width(text, strlen(text));

			if (strchr(text, '\n') || width > SHORT_MOST)
				return 0;
			widths[j] = width > widths[j] ? width : widths[j];
		}
	}
	for (size_t j = 0; j < COLUMNS_MOST; j++) {
		all += widths[j] ? widths[j] + GAP : 0;
		columns += widths[j] != 0;
	}
	return columns > 1 ? all - GAP : 0;
}

/* One row in columns. */
static void put_row(struct page *page, const struct row *row, const size_t *widths)
{
	struct buf line;
	size_t column = 0, filled = 0;

	buf_init(&line, SIZE_MAX);
	for (size_t j = 0; j < row->count; j++) {
		if (!widths[j])
			continue;
		for (; *row->cells[j].text && filled < column; filled++)
			buf_adds(&line, "\xc2\xa0");
		buf_adds(&line, row->cells[j].text);
		filled += text_width(row->cells[j].text, strlen(row->cells[j].text));
		column += widths[j] + GAP;
	}
	if (filled)
		page_paragraph(page, line.data, line.size, false);
	buf_free(&line);
}

/* One row as a line, its texts apart: where the columns are too wide together. */
static void put_line(struct page *page, const struct row *row)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	for (size_t j = 0; j < row->count; j++) {
		if (!*row->cells[j].text)
			continue;
		buf_adds(&line, line.size ? " | " : "");
		buf_adds(&line, row->cells[j].text);
	}
	if (line.size)
		page_paragraph(page, line.data, line.size, true);
	buf_free(&line);
}

static bool is_heading(const struct row *row)
{
	bool any = false;

	for (size_t j = 0; j < row->count; j++) {
		if (*row->cells[j].text && !row->cells[j].heading)
			return false;
		any = any || *row->cells[j].text;
	}
	return any;
}

static void put_table(struct page *page, const struct page_table *table)
{
	size_t widths[COLUMNS_MOST];
	size_t all = measure(table, widths);

	if (!all) {
		put_cells(page, table);
		return;
	}
	for (size_t i = 0; i < table->rows.count; i++) {
		if (all > HTML_WIDTH)
			put_line(page, table->rows.items[i]);
		else
			put_row(page, table->rows.items[i], widths);
		if (i == 0 && table->rows.count > 1 && is_heading(table->rows.items[i]) && all <= HTML_WIDTH)
			page_rule(page, '-', all);
	}
}

void table_end(struct page *page)
{
	struct page_table *table = page->table;

	if (!table)
		return;
	cell_end(table);
	page->space = false;
	page->table = table->outer;
	page->tables--;
	if (!table->dissolved) {
		page_block(page, true);
		put_table(page, table);
	}
	page_block(page, true);
	rows_free(table);
	buf_free(&table->text);
	free(table);
}
