/* Barrier: which directories were changed and must be made durable together.  A few are fsynced one
 * by one: that costs one commit of the file system's journal and does not wait for other programs'
 * data, as syncfs does.  For local drivers. */
#ifndef KOC_STORE_BARRIER_H
#define KOC_STORE_BARRIER_H

#include "base/fail.h"

#include <stddef.h>
#include <sys/types.h>

#define BARRIER_FEW 8

struct barrier {
	struct {
		int fd; /* a duplicate, so that it outlives the folder's descriptors */
		dev_t device;
		ino_t inode;
	} directories[BARRIER_FEW];
	size_t count;
};

/* Notes that names in this directory changed.  When there are too many they are made durable now.
 */
const struct fail *barrier_add(struct barrier *barrier, int directory) MUST_CHECK;

/* Makes all that was noted durable. */
const struct fail *barrier_sync(struct barrier *barrier) MUST_CHECK;

/* The same for everything that was written to their file systems, other files' bytes included. */
const struct fail *barrier_sync_systems(struct barrier *barrier) MUST_CHECK;

/* Takes care of the bytes of a new file, one of `count`: a few are fsynced one by one, here; of many the
 * directory is noted, and barrier_sync_systems (of a barrier that is for this alone) does the rest. */
const struct fail *barrier_bytes(struct barrier *barrier, int at, const char *name, size_t count) MUST_CHECK;

void barrier_close(struct barrier *barrier);

#endif
