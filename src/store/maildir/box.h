/* Box: a folder that is open; and the driver's own object, which holds the boxes.
 *
 * A folder is used through descriptors of its directories.  They are opened below the store's root
 * without following a symlink, and at the first use in each call of the driver compared with what
 * the path leads to now: a directory that was moved away or replaced meanwhile is not written to.
 */
#ifndef KOC_STORE_MAILDIR_BOX_H
#define KOC_STORE_MAILDIR_BOX_H

#include "store/barrier.h"
#include "store/maildir/letters.h"
#include "store/maildir/name.h"
#include "store/maildir/scan.h"
#include "store/maildir/stamps.h"
#include "store/store.h"
#include "store/swap.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct map;

#define BOXES_OPEN 8
#define INDEX_MOST   ((size_t)200 * 1000) /* names in all indices together */

/* Where the files of a folder are, as last seen.  Only ever a hint: whoever uses it finds out by
 * the system call that fails, and asks for a fresh one. */
struct index {
	bool made;
	unsigned round;        /* when: see struct maildir */
	struct arena *text;
	struct scan scan;
	struct map *moved;     /* base → "nNAME" or "cNAME": our own changes since; "" for what we
	                        * took away */
};

struct box {
	char *path;
	int directory;
	int in[PLACES];        /* new is -1 while it is missing */
	int tmp;               /* -1 until box_tmp */
	struct letters letters;
	struct index index;
	unsigned call;         /* when it was last compared with its path */
	uint64_t used;         /* when it was last used */
	unsigned missed;       /* the round in which an item was not where it should be */
	bool swept;            /* tmp was freed of what a dead run left */
};

struct maildir {
	struct store store;    /* first: see store.h */
	int root;
	struct box *boxes[BOXES_OPEN];
	uint64_t uses;
	unsigned call;         /* counts calls of the driver */
	unsigned round;        /* counts calls, and within them the searches for what moved */
	struct touch touch;
	struct unique unique;
	struct barrier barrier;
	struct swap_mark mark;
	bool only_looks;       /* nothing was made: there may be no mail/ */
	bool no_exchange;      /* the file system cannot; tests set it too */
};

/* Begins a call of the driver: folders are compared anew. */
void maildir_call(struct maildir *maildir);

/* The folder at this path, open.  It is valid until BOXES_OPEN others have been used.
 * FAIL_MISSING (scope FAIL_FOLDER) where there is none. */
const struct fail *box_use(struct maildir *maildir, const char *path,
			      struct box **box) MUST_CHECK;

/* Forgets what is open of this path and below it. */
void box_forget(struct maildir *maildir, const char *path);
void boxes_close(struct maildir *maildir);

/* Opens new/ or tmp/ and makes it if it is missing. */
const struct fail *box_place(struct maildir *maildir, struct box *box,
				enum place place) MUST_CHECK;
const struct fail *box_tmp(struct maildir *maildir, struct box *box) MUST_CHECK;

/* A name for a temporary file in tmp/.  A file with such a name is never the only copy of anything:
 * what a dead run left is removed by box_tmp. */
void box_tmp_name(struct maildir *maildir, char out[NAME_ROOM]);

/* The letters for these keywords, new ones made where there is room; the table is durable then.
 * Keywords for which there is none are left out. */
const struct fail *box_letters(struct maildir *maildir, struct box *box,
				  const char *keywords, uint32_t *letters) MUST_CHECK;

/* The flags that a file name means in this folder. */
struct flags box_flags(const struct box *box, const struct name *name,
			  struct arena *arena);

#endif
