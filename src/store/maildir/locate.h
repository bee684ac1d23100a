/* Locate: from a ref to the file that bears it now.  Mail programs rename files at any time: so a
 * file is first sought where the hint says, then where the index says, then by a fresh look at the
 * whole folder. */
#ifndef KOC_STORE_MAILDIR_LOCATE_H
#define KOC_STORE_MAILDIR_LOCATE_H

#include "base/fail.h"
#include "store/items.h"
#include "store/maildir/box.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* How thoroughly an item may be looked for. */
enum chance {
	CHANCE_QUICK, /* where it should be */
	CHANCE_FRESH, /* in the whole folder */
	CHANCE_LAST   /* the same, and then it must be settled */
};

struct found {
	bool there;
	bool sure;           /* with !there: a look at the whole folder in this round says so */
	enum place place;
	char text[NAME_ROOM];
	struct stat status;
};

/* Where is the item?  CHANCE_QUICK asks the hint and the index, if there happens to be one; the
 * others look through the whole folder, once in a round. */
const struct fail *locate(struct maildir *maildir, struct box *box, const char *ref,
			  const struct flags *hint, enum chance chance,
			  struct found *found) MUST_CHECK;

/* Makes sure that there is an index that is not older than this round or that nothing happened
 * since. */
const struct fail *index_fresh(struct maildir *maildir, struct box *box) MUST_CHECK;

/* Is this base name taken, as far as the index (made if there is none) and our own changes tell? */
const struct fail *index_taken(struct maildir *maildir, struct box *box, const char *base,
			       bool *taken) MUST_CHECK;

/* Tells the index of our own change: the base is in this place under this name now; NULL: gone. */
void index_note(struct box *box, const char *base, size_t size, enum place place,
		const char *text);
void index_free(struct box *box);

/* ---- many items --------------------------------------------------------------------------- */

/* Tries one item.  False: it was not where it was thought to be, look again.  Else *fail is its
 * outcome. */
typedef bool item_try(struct maildir *maildir, void *item, enum chance chance, void *context,
		      const struct fail **fail);

/* What a try says of an item that it did not find, or that vanished while it was worked on. */
bool locate_missed(const struct found *found, enum chance chance, const struct fail **fail);
bool locate_vanished(enum chance chance, const struct fail **fail);

/* Tries every item that has not failed yet until it is settled, a folder being looked through at
 * most once a round however many items are missed in it.  What settles in no round is FAIL_STALE.
 * An item's fail that is larger than it ends the call. */
const struct fail *items_each(struct maildir *maildir, const struct items *items, item_try *try,
			      void *context) MUST_CHECK;

#endif
