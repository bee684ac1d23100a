/* Parcel: a body on its way into a collection, as a file that is complete and durable but has no item's
 * name yet. */
#ifndef KOC_STORE_VDIR_PARCEL_H
#define KOC_STORE_VDIR_PARCEL_H

#include "store/vdir/collection.h"

#include <sys/stat.h>
#include <time.h>

struct arena;

struct parcel {
	char name[FILENAME_ROOM]; /* in the collection; "": not packed, or arrived */
	struct timespec touched;  /* after its last byte was written, before its status was read */
	struct stat status;
};

/* Gives a file in the collection, to which nobody has written since `touched`, a time of last modification
 * just before that: not old, but such that whoever writes to it from now on moves it (stamp.h), so that what
 * this program wrote is never in doubt; and one that no file had that was dated before, nor `old` (NULL:
 * none) has: some programs know versions by their times alone.  Its status comes back. */
const struct fail *parcel_date(struct vdir *vdir, const struct collection *collection, const char *name,
			       struct timespec touched, const struct stat *old,
			       struct stat *status) MUST_CHECK;

/* What a write tells of an item under this name. */
struct version parcel_version(const struct write *write, const char *name, const struct stat *status,
			      struct timespec touched, struct arena *arena);

/* arrive.c: gives the parcel a name of its own (write->replaces is NULL). */
const struct fail *arrive(struct vdir *vdir, struct write *write, struct collection *collection,
			  struct parcel *parcel, struct arena *arena) MUST_CHECK;

/* replace.c: puts the parcel in the place of write->replaces. */
const struct fail *replace(struct vdir *vdir, struct write *write, struct collection *collection,
			   struct parcel *parcel, struct arena *arena) MUST_CHECK;

#endif
