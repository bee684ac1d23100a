/* Files below a directory: every path is opened relative to a directory's descriptor, never through
 * a symlink (O_NOFOLLOW for each component), never outside (no "..", no absolute path).  Wherever a
 * name is taken it may be a path ("cur/1:2,S").
 *
 * What changes a name that others see (make, replace, rename, exchange) passes step() itself. */
#ifndef KOC_BASE_FILE_H
#define KOC_BASE_FILE_H

#include "fail.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct buf;

#define FILE_MODE 0600
#define DIRECTORY_MODE 0700

/* Opens a directory below `at` (a descriptor), following no symlink in any component; with `make`
 * missing components are made with mode 0700.  `path` "" or "." is `at` itself.  *fd is the
 * caller's to close.  Fails: FAIL_MISSING; FAIL_DENIED with the text "is a symlink" for a symlink. */
const struct fail *file_open_directory(int at, const char *path, _Bool make, int *fd) MUST_CHECK;

/* Opens an existing regular file for reading (O_NOFOLLOW | O_NONBLOCK, checked with fstat).
 * Anything else (FIFO, device, directory, symlink) is FAIL_DATA with the scope FAIL_ITEM. */
const struct fail *file_open_read(int at, const char *name, int *fd,
				  struct stat *status) MUST_CHECK;

/* Makes a new file (O_CREAT | O_EXCL | O_NOFOLLOW, 0600 whatever the umask) for writing and
 * reading. */
const struct fail *file_create(int at, const char *name, int *fd) MUST_CHECK;

/* Writes all, however often write(2) stops short. */
const struct fail *file_write(int fd, const void *data, size_t size) MUST_CHECK;

/* Reads a whole regular file of at most `limit` bytes into `buf`, which the caller has initialised;
 * its old content is dropped.  FAIL_DATA for a larger file. */
const struct fail *file_read_all(int at, const char *name, struct buf *buf,
				 size_t limit) MUST_CHECK;

/* Replaces the file `name` with these bytes: temporary file beside it, fsync, rename, fsync of the
 * directory. */
const struct fail *file_replace(int at, const char *name, const void *data, size_t size) MUST_CHECK;

/* Renames without replacing: FAIL_EXISTS when the target is there (RENAME_NOREPLACE; link and unlink
 * where the file system lacks it; EXDEV: copy, fsync, link, unlink). */
const struct fail *file_rename_new(int from_at, const char *from, int to_at,
				   const char *to) MUST_CHECK;

/* Exchanges two names in one step (RENAME_EXCHANGE).  FAIL_SYSTEM with the text "no exchange" where
 * the file system cannot. */
const struct fail *file_exchange(int at_a, const char *a, int at_b, const char *b) MUST_CHECK;

/* Makes what was written to the file system of `fd` durable (syncfs). */
const struct fail *file_sync_all(int fd) MUST_CHECK;

/* Makes a file or a directory durable (fsync). */
const struct fail *file_sync(int fd) MUST_CHECK;

#endif
