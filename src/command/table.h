/* Table: lines of cells in aligned columns, made safe for a terminal. */
#ifndef KOC_COMMAND_TABLE_H
#define KOC_COMMAND_TABLE_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;

#define TABLE_COLUMNS 8

struct table_line {
	const char *cells[TABLE_COLUMNS];
};

struct table {
	size_t columns;
	bool right[TABLE_COLUMNS]; /* numbers: at the right of their column */
	struct arena *arena;       /* owns the cells */
	struct {
		VEC(struct table_line)
	} lines;
};

void table_init(struct table *table, size_t columns);
void table_free(struct table *table);

/* Adds a line of as many strings as there are columns. */
void table_add(struct table *table, const char *const *cells);

/* Prints it, each line behind `indent` spaces.  Columns are as wide as their widest cell; if that
 * makes more than TABLE_WIDTH columns, cells of the first column that are too wide get a line of their
 * own.  No spaces stand at the end of a line. */
#define TABLE_WIDTH 80
void table_print(const struct table *table, size_t indent, struct buf *out);

/* How many columns of a terminal the text takes: most characters one, East Asian wide ones and emoji two,
 * combining marks none. */
size_t table_width(const char *text);

/* Sizes for people: "0", "812", "57.3 KB", "1.2 GB" (powers of 1,000), in the arena. */
const char *table_size(struct arena *arena, uint64_t bytes);

#endif
