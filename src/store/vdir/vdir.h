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

/* The same for one who only looks, beside a run that may be at work: folders(), list() and read() may be
 * called.  Settles nothing and writes nothing, so that its cursors are good for nothing.  Needs no lock. */
const struct fail *vdir_look(int root, struct store **store) MUST_CHECK;

#endif
