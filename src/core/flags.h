/* Flags: sets of bits and keywords, and their three-way merge (SPEC 3).  Pure. */
#ifndef KOC_CORE_FLAGS_H
#define KOC_CORE_FLAGS_H

#include "core/item.h"

struct arena;

/* The canonical form of space-separated keywords in any order, with duplicates (case-blind; the first
 * spelling stays).  NULL when there are none. */
const char *keywords_canonical(struct arena *arena, const char *words);

bool keywords_has(const char *keywords, const char *word);
const char *keywords_union(struct arena *arena, const char *a, const char *b);
const char *keywords_minus(struct arena *arena, const char *a, const char *b);
const char *keywords_both(struct arena *arena, const char *a, const char *b);
bool keywords_equal(const char *a, const char *b);

bool flags_equal(struct flags a, struct flags b);
bool flags_none(struct flags flags);
struct flags flags_union(struct arena *arena, struct flags a, struct flags b);
struct flags flags_minus(struct arena *arena, struct flags a, struct flags b);
struct flags flags_both(struct arena *arena, struct flags a, struct flags b);

/* A change of flags: first `remove`, then `add`. */
struct flag_delta {
	struct flags add, remove;
};

bool flag_delta_none(const struct flag_delta *delta);
struct flags flag_delta_apply(struct arena *arena, struct flags flags, const struct flag_delta *delta);

/* What must be done on each side so that every change since the base reaches the other side.
 * base[s] is what side s had when both agreed (they may differ: the server may not admit a flag),
 * now[s] what it has.  A bit that changed on both sides to different values ends as the server has it.
 * `delta[s]` is to be applied on side s. */
void flags_merge(struct arena *arena, const struct flags base[SIDES], const struct flags now[SIDES],
		 struct flag_delta delta[SIDES]);

/* The same without a base: union, but \Deleted as on the server. */
void flags_join(struct arena *arena, const struct flags now[SIDES], struct flag_delta delta[SIDES]);

/* "+\Seen -$Junk" in a fixed order, for plans and logs; "" for no change. */
const char *flag_delta_text(struct arena *arena, const struct flag_delta *delta);

/* "\Seen \Flagged $Junk"; the wire's spelling, bits first. */
const char *flags_text(struct arena *arena, struct flags flags);

/* Parses flags in the wire's spelling, separated by spaces; \Recent and unknown system flags
 * ("\…") are left out; $Forwarded becomes its bit. */
struct flags flags_parse(struct arena *arena, const char *text);

#endif
