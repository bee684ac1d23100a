/* Below: directories and files by their paths below the store's root.  For local drivers. */
#ifndef KOC_STORE_BELOW_H
#define KOC_STORE_BELOW_H

#include "base/fail.h"

struct barrier;

/* Opens the directory that `path` lies in; *name points to the last component.  FAIL_USAGE where nothing
 * stands before it. */
const struct fail *below_parent(int root, const char *path, int *directory,
				const char **name) MUST_CHECK;

/* The same for where an item goes that leaves its folder (`into` of store.h): that this place is missing
 * must not be taken for a missing item (FAIL_SYSTEM); FAIL_USAGE without a path. */
const struct fail *below_into(int root, const char *into, int *directory,
			      const char **name) MUST_CHECK;

/* Opens the directory at a path and makes what is missing, each one noted in the barrier. */
const struct fail *below_make(int root, struct barrier *barrier, const char *path,
			      int *fd) MUST_CHECK;

#endif
