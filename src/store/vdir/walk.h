/* Walk: the items of a collection, read so that none is missed.
 *
 * readdir(3) over a directory in which files are renamed meanwhile can miss a file under its old and under
 * its new name.  So a pass counts only if the directory did not change while it ran; and since a change can
 * hide in one tick of the clock (stamp.h), only if its stamp is trusted too, or the next pass reads the very
 * same names. */
#ifndef KOC_STORE_VDIR_WALK_H
#define KOC_STORE_VDIR_WALK_H

#include "base/digest.h"
#include "base/fail.h"
#include "base/vec.h"
#include "store/stamp.h"
#include "store/store.h"
#include "store/vdir/collection.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define WALK_PASSES 8
#define WALK_MOST   ((size_t)1000 * 1000) /* items in a collection */

struct walk {
	VEC(struct entry)        /* sorted by ref */
	const char *odd;         /* a file with an item's name that is none (a symlink, a FIFO, a
	                          * directory); NULL: there is none */
	size_t odd_count;
	struct timespec touched; /* before the pass that counts */
	uint64_t moments;        /* a sum of what every ctime is, by name */
	bool doubted;            /* some revision is in doubt (stamp.h) */
	bool stable;             /* no name was missed, and none is of the past */
	bool dated;              /* … and whatever comes or goes from here on moves … */
	struct stamp stamp;      /* … the directory's stamp, which was this */
};

/* Reads the entries; their strings go into `arena`, which is emptied first.  Where none of so many passes
 * counts, the last one is the result and `stable` is false.  The caller calls walk_free, also after a
 * failure. */
const struct fail *walk_run(struct vdir *vdir, const struct collection *collection, unsigned passes,
				   struct arena *arena, struct walk *walk) MUST_CHECK;
void walk_free(struct walk *walk);

#define WALK_CURSOR 80

/* The cursor: a digest of all names, revisions and ctimes, and of the directory's own ctime.  A ctime
 * tells that a file came back: one that a run moved to Conflicts or into the vault, and somebody from
 * there to its old place, has its old name and revision.  The directory's tells that files came and went
 * again: what a run stores after it was listed, and somebody removes before the next look, leaves nothing
 * else behind, and must be missed all the same.  One of a walk that is not stable, not dated or has
 * revisions in doubt never matches. */
void walk_cursor(char out[WALK_CURSOR], const struct walk *walk);
bool walk_matches(const struct walk *walk, const char *cursor);

#endif
