/* Merge: what two sides made of one event, task, note or contact, as one version: the changes of both,
 * against the base that they had in common (SPEC 4, `merge = yes`).  Property by property; whatever is in
 * doubt is not merged.  Pure, but for the user's time zone in the words. */
#ifndef KOC_FORMAT_MERGE_H
#define KOC_FORMAT_MERGE_H

#include "format/diff.h"

enum merged {
	MERGED_NOT,    /* both changed the same, or what hangs together */
	MERGED_SERVER, /* what is here says nothing that the server's version does not say */
	MERGED_LOCAL,  /* the other way round */
	MERGED_BOTH    /* something of both: `out` */
};

struct merge_words {
	const char *said; /* in the arena, one line, safe for a terminal: what comes from where ("Summary from
			   * here; Location from the server"); of MERGED_NOT why not ("Summary changed on both
			   * sides") */
	bool counted;     /* one side changed nothing but SEQUENCE, which servers and programs raise as they
			   * like: to put that together with the other's edit is no merging */
};

/* Merges; there are all three versions.  `out` is empty before; after MERGED_BOTH it holds the version for
 * both sides, an item that can be uploaded: properties and components stand as in the server's version, those
 * from here behind them, names, parameters and values as they were written on the side they come from.
 *
 * Which side is which does not matter for what comes out, but for what normal.h leaves out. */
enum merged merge_items(const struct diff_input inputs[DIFF_VERSIONS], bool card, struct arena *arena,
			struct buf *out, struct merge_words *words);

#endif
