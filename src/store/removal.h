/* Removal: a file leaves its folder for the place where the engine wants its bytes.  For local drivers. */
#ifndef KOC_STORE_REMOVAL_H
#define KOC_STORE_REMOVAL_H

#include "base/fail.h"
#include "store/store.h"

#include <sys/stat.h>

struct barrier;

/* Moves the file `name` of the directory `at`, whose status was just read, to removal->into below the
 * store's root; the names are durable with the barrier.  FAIL_STALE: it is not (or, looked at behind the
 * move, was not) what removal->if_revision names; then it has its name.  FAIL_MISSING: there is no file
 * of this name any more. */
const struct fail *removal_run(int root, struct barrier *barrier, const struct removal *removal, int at,
			       const char *name, const struct stat *status) MUST_CHECK;

#endif
