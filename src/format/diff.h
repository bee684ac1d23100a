/* Diff: what differs between the versions of one item, field by field, in human words: what both sides had
 * last (base), what the server has, what is here.  For `koc conflicts show`, the message that tells of
 * conflicts, and whoever merges.  Pure, but for the user's time zone (TZ).
 *
 * A field is told if server and local differ in it.  Where one of these does not exist, the other is held
 * against the base.  What means nothing (format/normal.h) is no difference. */
#ifndef KOC_FORMAT_DIFF_H
#define KOC_FORMAT_DIFF_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct normal_entry;

enum diff_version { DIFF_BASE, DIFF_SERVER, DIFF_LOCAL, DIFF_VERSIONS };

struct diff_input {
	const char *data; /* NULL: there is no such version, or nobody knows it */
	size_t size;
};

#define DIFF_TEXT_MOST   120 /* characters of one text */
#define DIFF_FIELDS_MOST 500 /* more are only counted */

struct diff_field {
	const char *field; /* "Summary", "Phone (home)", "Alarm: Time", "2026-11-29 10:00: Start" */
	/* One line of UTF-8, safe for a terminal, times in the user's zone; of a long text the piece where
	 * the versions begin to differ.  NULL: the version lacks it, or does not exist. */
	const char *text[DIFF_VERSIONS];
	/* Events, tasks, notes, contacts: the property itself.  NULL as text is; and in all versions where a
	 * whole component is there or not. */
	const char *path; /* of its component in one version that has it (struct normal_entry) */
	const struct normal_entry *entry[DIFF_VERSIONS];
};

struct diff {
	struct diff_field *fields; /* components in the order of the items; in each of them what people look
				    * for first, then the rest by name */
	size_t count;
	size_t more; /* fields that differ and are not told */
};

/* Of an event, task or note (iCalendar), or of a contact (`card`).  All is in the arena and points into it,
 * never into the inputs.  One that cannot be read is one field, "Content". */
void diff_items(const struct diff_input inputs[DIFF_VERSIONS], bool card, struct arena *arena,
		struct diff *diff);

/* Of a message: the header fields that people know, and its body as one field, "Body". */
void diff_messages(const struct diff_input inputs[DIFF_VERSIONS], struct arena *arena, struct diff *diff);

/* What an event, task, note or contact is, as diff_field.text: "Lunch, 2026-11-29 10:00"; of one with
 * occurrences of its own what all have in common.  In the arena; NULL: it cannot be read. */
const char *diff_title(const struct diff_input *input, bool card, struct arena *arena);

/* Appends the first `most` fields as lines of at most DIFF_COLUMNS columns, of the versions that exist
 * (`there`); what is not told is counted.
 *
 *	  Summary
 *	    base    Lunch
 *	    server  Dinner
 *	    local   (none)
 */
#define DIFF_COLUMNS 78
void diff_tell(const struct diff *diff, const bool there[DIFF_VERSIONS], size_t most, struct buf *out);

#endif
