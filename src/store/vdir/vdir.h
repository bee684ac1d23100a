/* Vdir: calendars/, tasks/, notes/ and contacts/ below a store's root, one directory a collection,
 * one file an item (the vdir
 * format of vdirsyncer and khal), as a store. */
#ifndef KOC_STORE_VDIR_VDIR_H
#define KOC_STORE_VDIR_VDIR_H

#include "store/store.h"

/* Opens the store below `root`, a directory's descriptor that the caller keeps open.  Finishes what a
 * dead run left (swap.h).  Makes
 * nothing else. */
const struct fail *vdir_open(int root, struct store **store) MUST_CHECK;

#endif
