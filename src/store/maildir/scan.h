/* Scan: the names of all messages in a folder, read so that none is missed.
 *
 * readdir(3) over a directory in which files are renamed meanwhile can miss a file under its old
 * and under its new name.  So a pass over new/ and cur/ (in this order: mail goes from new to cur)
 * counts only if neither directory changed while it ran; and since a change can hide in one tick
 * of the clock (stamp.h), only if their stamps are trusted too, or the next pass reads the very
 * same names.
 */
#ifndef KOC_STORE_MAILDIR_SCAN_H
#define KOC_STORE_MAILDIR_SCAN_H

#include "base/fail.h"
#include "base/vec.h"
#include "store/maildir/stamps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct maildir;
struct box;

#define SCAN_PASSES 8
#define SCAN_MOST   ((size_t)4 * 1000 * 1000) /* names in a folder */

/* The directories of a folder that hold messages. */
enum place { IN_NEW, IN_CUR, PLACES };

struct scan_name {
	char *text;        /* the whole file name */
	uint8_t base_size;
	uint8_t place;     /* enum place */
};

struct scan {
	/* Sorted by base.  A base that was seen twice has its likeliest name first: cur before
	 * new. */
	VEC(struct scan_name)
	struct stamps stamps;     /* of cur and new, from before the pass that counts */
	struct timespec touched;  /* before that */
	bool stable;              /* no name was missed, and none is of the past */
};

/* Reads the names; their bytes go into `text`, which is emptied first.  Where no pass counts, the
 * last one is the result and `stable` is false.  The caller calls scan_free, also after a failure.
 */
const struct fail *scan_folder(struct maildir *maildir, const struct box *box,
			       struct arena *text, struct scan *scan) MUST_CHECK;
void scan_free(struct scan *scan);

/* The first name with this base, or NULL; the next ones follow it as long as scan_same says so. */
const struct scan_name *scan_find(const struct scan *scan, const char *base, size_t size);
bool scan_same(const struct scan_name *a, const struct scan_name *b);

#endif
