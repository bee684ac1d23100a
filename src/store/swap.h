/* Swap: a file gets other bytes under its name, and whatever had the name goes to another place
 * (the vault, Conflicts).  For local drivers.
 *
 * The name is never absent, and at every moment all bytes lie under some name:
 *
 *     1  the new file      → beside the place, as ".koc-swap.INODE.NAME" (INODE: its own)
 *     2  exchange that with the name (RENAME_EXCHANGE): out comes what had the name just then
 *     3  what came out     → the place, NAME
 *
 * A run that dies in between leaves a ".koc-swap" file.  If it still is of the inode that its name
 * tells, the exchange did not happen, and it goes; else it is what came out, and step 3 is done.
 * So that the next run knows where to look, the directories are written down in a mark before the
 * first swap of a batch.
 *
 * Where there is no exchange, or the place is on another file system, the old file is linked (else
 * copied) to ".koc-link.NAME" (".koc-copy.NAME") beside the place first, and the new file renamed
 * over it.  There an edit in the very last moment is lost.
 */
#ifndef KOC_STORE_SWAP_H
#define KOC_STORE_SWAP_H

#include "base/buf.h"
#include "base/fail.h"

#include <stdbool.h>
#include <sys/stat.h>

/* ---- the mark ----------------------------------------------------------------------------- */

/* Which directories may hold something unfinished. */
struct swap_mark {
	int root;         /* the store; the caller's */
	const char *path; /* of the mark's file below it: ".koc/mail.swap" */
	struct buf text;  /* one path a line */
};

void swap_mark_init(struct swap_mark *mark, int root, const char *path);
void swap_mark_free(struct swap_mark *mark);

/* Notes a directory (a path below the root), durably. */
const struct fail *swap_mark_add(struct swap_mark *mark, const char *directory) MUST_CHECK;

/* The same for the directory that the path of a place lies in. */
const struct fail *swap_mark_into(struct swap_mark *mark, const char *into) MUST_CHECK;

/* All swaps are durable: the mark goes. */
const struct fail *swap_mark_clear(struct swap_mark *mark) MUST_CHECK;

/* Finishes, or takes back, what a dead run left unfinished.  To be called before anyone looks
 * whether something lies in its place. */
const struct fail *swap_settle(struct swap_mark *mark) MUST_CHECK;

/* ---- a swap ------------------------------------------------------------------------------- */

struct swap {
	int from_at;                 /* the new file, durable; it stays there if the swap fails */
	const char *from;
	int at;                      /* the file to be replaced */
	const char *name;
	const struct stat *expected; /* what it is thought to be */
	int into_at;                 /* where it goes */
	const char *into;
	bool no_exchange;            /* it is known that there is none; set when that turns out */
	/* outcome: */
	struct stat now;             /* the new file */
	bool surprise;               /* what came out is not what was expected */
};

/* Swaps.  Both directories are in the mark; they are to be made durable by the caller.  Fails:
 * FAIL_EXISTS: something lies at the place; FAIL_MISSING: no file of this name; FAIL_STALE
 * (without exchange only): it is not what was expected.  Nothing has happened then. */
const struct fail *swap_run(struct swap *swap) MUST_CHECK;

/* Is it the same version of the same file (device, inode, size, mtime)? */
bool swap_same(const struct stat *a, const struct stat *b);

#endif
