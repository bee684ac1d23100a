/* Parts: the components of iCalendar and vCard, from BEGIN to END, as a tree over the lines of an
 * item. */
#ifndef KOC_FORMAT_PARTS_H
#define KOC_FORMAT_PARTS_H

#include "format/lines.h"

struct arena;
struct buf;

/* Deeper ones are not read: a calendar, an event, an alarm, and what RFC 9073 puts into them, are
 * four. */
#define PARTS_DEPTH 8

struct part {
	struct slice name;  /* as it stands: VEVENT, in any case of letters */
	struct line *lines; /* its own, without those of the parts in it and BEGIN and END; in their order, by
			     * line.next */
	struct part *parts; /* those in it, in their order, by part.next */
	struct part *next;
	size_t line_count, part_count; /* of those two lists */
};

/* Makes the tree; *first is the first part at the top.  False if anything stands outside of all
 * parts, if BEGIN and END do not match, or if they are too deep.  Parts are in the arena; lines are
 * linked by their `next`. */
bool parts_make(struct lines *lines, struct arena *arena, struct part **first);

/* The first line with this name; NULL none. */
const struct line *part_line(const struct part *part, const char *name);

/* Appends the parts as they are to be sent: CRLF, lines of at most 75 bytes (RFC 5545 3.1, RFC 6350 3.2). */
void parts_write(const struct part *parts, struct buf *out);

#endif
