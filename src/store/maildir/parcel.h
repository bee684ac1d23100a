/* Parcel: a body on its way into a folder, as a file that is not visible yet. */
#ifndef KOC_STORE_MAILDIR_PARCEL_H
#define KOC_STORE_MAILDIR_PARCEL_H

#include "store/maildir/box.h"
#include "store/maildir/locate.h"

struct parcel {
	bool spooled;         /* it is the body's spool file, else a file in the folder's tmp/ */
	char name[NAME_ROOM]; /* "": not packed */
};

/* The directory that the parcel lies in. */
const struct fail *parcel_at(struct maildir *maildir, const struct parcel *parcel,
			     const struct write *write, struct box *box, int *at) MUST_CHECK;

/* It has its name in the folder now. */
void parcel_delivered(struct parcel *parcel, struct write *write);

/* replace.c: puts the parcel in the place of write->replaces.  As item_try. */
bool replace_try(struct maildir *maildir, struct write *write, struct parcel *parcel,
		 enum chance chance, struct arena *arena, const struct fail **fail);

#endif
