/* Lines: iCalendar (RFC 5545 3.1) and vCard (RFC 6350 3.3, RFC 2426) as what both are made of:
 * content lines, unfolded and split into name, parameters and value.  No value is decoded here, no
 * byte of the item is changed. */
#ifndef KOC_FORMAT_LINES_H
#define KOC_FORMAT_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* More lines than this are not read. */
#define LINES_MOST ((size_t)1 << 17)

/* A piece of somebody else's bytes; may hold any byte but NUL. */
struct slice {
	const char *at;
	size_t size;
};

struct line {
	struct slice group;  /* vCard: what stands before the dot of "item1.TEL"; else empty */
	struct slice name;   /* never empty */
	struct slice params; /* all of them, from the first ';' on; empty if there is none */
	struct slice value;  /* without the blanks at its end.  Holds a LF only where lines that are none
			      * (they lack a name or a colon) follow: these belong to the line before them */
	struct line *next;   /* for whoever makes lists of them (format/parts.h) */
};

struct lines {
	struct line *items;
	size_t count;
	char *text; /* what the slices point into */
	bool many;  /* there are more than LINES_MOST */
};

/* Reads all lines: ends are LF or CRLF, a byte order mark is skipped, empty lines are left out.  False
 * if there is no line, if the first one is none, if there are more than LINES_MOST, or if there is a
 * NUL, which neither format admits.  The caller frees it in any case. */
bool lines_read(const char *data, size_t size, struct lines *lines);
void lines_free(struct lines *lines);

/* One parameter after another; *rest is line->params at first.  False at the end.  `values` is all
 * behind the "=", for param_value; a parameter without "=" (vCard 2.1: "TEL;HOME:") has an empty
 * name and is its own value. */
bool param_next(struct slice *rest, struct slice *name, struct slice *values);

/* One value after another of a list with commas; *rest is `values` at first.  False at the end.  Quotes
 * around it are taken off. */
bool param_value(struct slice *rest, struct slice *value);

/* Is that the only value, with quotes around it or not?  ASCII, case-blind. */
bool param_is(struct slice values, const char *text);

/* The parameter with this name; false: the line has none.  Looks at the first only. */
bool param_find(const struct line *line, const char *name, struct slice *values);

bool slice_is(struct slice slice, const char *text);       /* ASCII, case-blind */
bool slice_like(struct slice a, struct slice b);           /* ASCII, case-blind */
bool slice_equal(struct slice a, struct slice b);          /* byte by byte */
bool slice_starts(struct slice slice, const char *prefix); /* ASCII, case-blind */

/* Cuts off the first piece, up to `separator`, which is taken off too; a backslash before it keeps
 * it from separating.  False when there is nothing left; "a," is "a" and "". */
bool slice_cut(struct slice *rest, char separator, struct slice *piece);

#endif
