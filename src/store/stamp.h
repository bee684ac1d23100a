/* Stamp: what the times of a directory or file say about whether it changed.  For local drivers.
 *
 * A directory's times move whenever a name in it comes, goes or changes.  But clocks tick coarsely
 * (4 ms, 2 s on FAT): a change in the same tick as the one before leaves the times as they are.
 * So, as git does with its index, a stamp is trusted only if it is older than a file that was
 * touched on the same file system before the directory was read: whatever changes after the touch
 * gets a time that is not before it.  Nothing ever waits for the clock.
 */
#ifndef KOC_STORE_STAMP_H
#define KOC_STORE_STAMP_H

#include "base/fail.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

struct stamp {
	uint64_t inode;            /* 0: it is not there */
	struct timespec modified;  /* mtime, which tools may set back (rsync, tar) … */
	struct timespec changed;   /* … and ctime, which they cannot */
};

/* The stamp of the file `name` in `at`; one that is not there is no failure. */
const struct fail *stamp_read(int at, const char *name, struct stamp *stamp) MUST_CHECK;
struct stamp stamp_of(const struct stat *status);
bool stamp_equal(const struct stamp *a, const struct stamp *b);

/* Will every change from `touched` on move this stamp? */
bool stamp_trusted(const struct stamp *stamp, struct timespec touched);

/* ---- the touched file --------------------------------------------------------------------- */

/* A file without a name, on the file system of what it is compared with: others have other clocks,
 * or clocks that tick otherwise. */
struct touch {
	int fd; /* -1: not made yet, or cannot be made */
	dev_t device;
	bool off; /* nothing may be made */
};

/* Touches it and tells its time.  Where that cannot be done (a read-only file system) the time is
 * zero: nothing is trusted then.  It is made in `directory`, and leaves no trace there where the
 * file system can do that. */
struct timespec touch_now(struct touch *touch, int directory);
void touch_close(struct touch *touch);

/* ---- revisions ---------------------------------------------------------------------------- */

#define REVISION_TEXT 100

/* A file's revision: inode, size and mtime.  Not ctime: a rename moves that. */
void revision_text(char out[REVISION_TEXT], const struct stat *status);

/* The same, of a file whose status was read after the touch at `touched`.  Where it can be changed in place
 * once more without moving its mtime, "~" and the touch's time are added: the next look finds another
 * revision, whatever happens to it. */
void revision_doubt(char out[REVISION_TEXT], const struct stat *status, struct timespec touched);
bool revision_doubted(const char *revision);

/* Is the file what the revision names, as far as can be told (doubt set aside)? */
bool revision_is(const char *revision, const struct stat *status);

/* The size of the file that it names; false if it is no revision of a file. */
bool revision_size(const char *revision, uint64_t *size);

#endif
