/* Diff: what its files share.  diff.c pairs what belongs together; diff_words.c puts it into words;
 * diff_text.c makes that short and safe; diff_mail.c is for messages. */
#ifndef KOC_FORMAT_DIFF_ROOM_H
#define KOC_FORMAT_DIFF_ROOM_H

#include "format/diff.h"
#include "format/ical.h"
#include "format/normal.h"
#include "format/property.h"

/* A component: the entries of one path. */
struct diff_component {
	const char *path;
	const struct normal_entry *entries;
	size_t count;
};

/* One version of an item, read. */
struct diff_side {
	bool there, readable;
	struct lines lines;
	struct part *first;
	struct normal normal;
	struct ical_zones *zones; /* NULL: not asked for yet */
	struct diff_component *components;
	size_t component_count;
};

/* Adds a field; NULL: there are too many, and it was counted. */
struct diff_field *diff_add(struct diff *diff, struct arena *arena, const char *field);

/* Which versions are held against each other: server and local; else the one there is and the base.
 * False: there is only one. */
bool diff_sides(const bool there[DIFF_VERSIONS], enum diff_version *one, enum diff_version *other);

/* ---- diff_words.c ---- */

/* "Alarm: ", "2026-11-29 10:00: "; "" for what the item is itself. */
const char *diff_prefix(struct diff_side *side, const struct diff_component *component, struct arena *arena);

/* What a whole component is called, and what is in it: "Alarm", "Event 2026-11-29 10:00"; "15 minutes before
 * the start". */
const char *diff_component_name(struct diff_side *side, const struct diff_component *component,
				struct arena *arena);
const char *diff_component_text(struct diff_side *side, const struct diff_component *component,
				struct arena *arena);

/* Is it an event, task, note or contact itself, not part of one?  `any`: one occurrence will do. */
bool diff_is_whole(const struct diff_component *component, bool any);

/* Names the field (behind the prefix) and fills in its texts from its entries. */
void diff_words(struct diff_field *field, const char *prefix, struct diff_side sides[DIFF_VERSIONS],
		bool card, struct arena *arena);

/* Where a property stands among those of its component: what people look for first. */
size_t diff_rank(const char *label);

/* ---- diff_text.c ---- */

/* At most so many characters of the text, safe for a terminal, in the arena. */
const char *diff_safe(const char *text, size_t size, size_t most, struct arena *arena);

/* Texts of any length, not yet safe, become those of the field (NULL stays NULL). */
void diff_texts(struct diff_field *field, const char *const full[DIFF_VERSIONS], struct arena *arena);

#endif
