/* HTML page: text in blocks, laid out for HTML_WIDTH columns.  Knows paragraphs, indents, marks and tables;
 * of HTML it knows nothing. */
#ifndef KOC_FORMAT_HTML_PAGE_H
#define KOC_FORMAT_HTML_PAGE_H

#include "base/buf.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What each line of the blocks in it begins with. */
struct page_prefix {
	char first[16]; /* of the first line */
	char rest[16];  /* of the others */
	bool used;
};

struct page_table; /* html_table.c */

struct page {
	struct buf *out;
	size_t begin; /* of the text in `out` */
	size_t most;  /* bytes of text, at most: then `full` */
	bool full;
	struct {
		VEC(struct page_prefix)
	} prefixes;
	struct buf text;          /* the paragraph at hand; a LF in it is a line end */
	bool space;               /* one is due before the next character */
	bool keeps;               /* blanks and line ends are kept as they are */
	bool blank;               /* an empty line is due before the next line */
	struct page_table *table; /* the innermost one */
	size_t tables;            /* how many are open */
};

void page_begin(struct page *page, struct buf *out, size_t most);
void page_end(struct page *page); /* frees what it holds, not the struct */

/* Text in UTF-8, also with characters in it that are not shown. */
void page_text(struct page *page, const char *text, size_t size);

/* Text of koc's own, as it is; belongs to the word before it. */
void page_mark(struct page *page, const char *text);

/* The line ends. */
void page_break(struct page *page);

/* A block begins or ends: what comes next is a new paragraph; `apart`: with an empty line before it.  Returns
 * how wide the widest line of the one that ended is. */
size_t page_block(struct page *page, bool apart);

/* A line of these characters, as wide as given. */
void page_rule(struct page *page, char c, size_t width);

/* What lines begin with from here on, until page_outdent. */
void page_indent(struct page *page, const char *first, const char *rest);
void page_outdent(struct page *page);

/* Blanks are kept from here on (or no more).  A block begins. */
void page_keep(struct page *page, bool keeps);

/* ---- tables (html_table.c) ---------------------------------------------------------------- */

/* A table with only short texts in it is one; any other is a way to arrange blocks, and dissolves. */
void table_begin(struct page *page);
void table_end(struct page *page);
void table_row(struct page *page);
void table_cell(struct page *page, size_t columns, bool heading);

/* Something that stands in no table of short texts comes. */
void table_dissolve(struct page *page);

/* Where a cell's text goes; NULL: not into a cell. */
struct buf *table_text(struct page *page);

/* ---- for both ----------------------------------------------------------------------------- */

/* Columns of a text (its longest line), and of a character. */
size_t text_width(const char *text, size_t size);
size_t character_width(uint32_t code);

/* Adds a paragraph's text, with a LF for each line end in it. */
size_t page_paragraph(struct page *page, const char *text, size_t size, bool wrap);

#endif
