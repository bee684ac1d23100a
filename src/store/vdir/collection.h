/* Collection: a directory of items that is open; and the driver's own object, which holds those.
 *
 * A collection is used through its descriptor.  It is opened below the store's root without following a
 * symlink, and at the first use in each call of the driver compared with what the path leads to now: a
 * directory that was moved away or replaced meanwhile is not written to. */
#ifndef KOC_STORE_VDIR_COLLECTION_H
#define KOC_STORE_VDIR_COLLECTION_H

#include "store/barrier.h"
#include "store/stamp.h"
#include "store/store.h"
#include "store/swap.h"
#include "store/vdir/filename.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define COLLECTIONS_OPEN 8

struct arena;
struct map;

struct collection {
	char *path;
	int fd;
	enum kind kind;
	unsigned call;  /* when it was last compared with its path */
	uint64_t used;  /* when it was last used */
	struct past *past;
};

/* What is remembered of a collection also while it is not open. */
struct past {
	struct timespec looked; /* a touch just before the engine's last look; 0 none */
	bool swept;             /* it was freed of what a dead run left */
};

struct vdir {
	struct store store;   /* first: see store.h */
	int root;
	struct collection *open[COLLECTIONS_OPEN];
	uint64_t uses;
	unsigned call;        /* counts calls of the driver */
	unsigned temporaries; /* counts temporary files */
	struct timespec tick; /* the last touch by which a file was dated, and that date (parcel.h) */
	struct timespec dated;
	struct touch touch;
	struct barrier barrier;
	struct swap_mark mark;
	struct arena *memory; /* of the two maps */
	struct map *pasts;    /* path → struct past */
	struct map *ours;     /* device and inode of every file that came here through this store */
	bool only_looks;      /* beside a run that may be at work */
	bool no_exchange;     /* the file system cannot; tests set it too */
};

/* Begins a call of the driver: collections are compared anew. */
void vdir_call(struct vdir *vdir);

/* The collection at this path, open.  It is valid until COLLECTIONS_OPEN others have been used.
 * FAIL_MISSING (scope FAIL_FOLDER) where there is none. */
const struct fail *collection_use(struct vdir *vdir, const char *path,
				  struct collection **collection) MUST_CHECK;

/* Forgets the collection at this path, or closes all. */
void collection_forget(struct vdir *vdir, const char *path);
void collections_close(struct vdir *vdir);

/* A touch on the collection's file system (stamp.h).  For one who only looks all times are trusted. */
struct timespec collection_touch(struct vdir *vdir, const struct collection *collection);

/* Removes the temporary files that a dead run left; once. */
const struct fail *collection_sweep(struct collection *collection) MUST_CHECK;

/* A name for a temporary file in the collection, which is swept first.  A file with such a name is never
 * the only copy of anything. */
const struct fail *collection_temporary(struct vdir *vdir, struct collection *collection,
					char out[FILENAME_ROOM]) MUST_CHECK;

/* ---- what the engine knows ---------------------------------------------------------------- */

/* The engine learns of everything that was in the collection at the touch. */
void collection_looked(struct collection *collection, struct timespec touched);

/* This file came here through the store. */
void collection_gained(struct vdir *vdir, const struct stat *status);

/* Does the engine know that there is a file like this in the collection: by its last look, or since it
 * put it there?  If not, somebody else made it meanwhile. */
bool collection_known(const struct vdir *vdir, const struct collection *collection,
		      const struct stat *status);

#endif
