/* Stamp: times of directories and files, revisions. */
#include "store/stamp.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stamp stamp_of(const struct stat *status)
{
	return (struct stamp){
		.inode = status->st_ino,
		.modified = status->st_mtim,
		.changed = status->st_ctim,
	};
}

const struct fail *stamp_read(int at, const char *name, struct stamp *stamp)
{
	struct stat status;

	*stamp = (struct stamp){ 0 };
	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		*stamp = stamp_of(&status);
	else if (errno != ENOENT)
		return fail_errno(FAIL_FOLDER, errno, "%s", name);
	return NULL;
}

static int time_order(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}

bool stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return a->inode == b->inode && time_order(a->modified, b->modified) == 0 &&
	       time_order(a->changed, b->changed) == 0;
}

bool stamp_trusted(const struct stamp *stamp, struct timespec touched)
{
	/* What is not there has no time that could stay the same when it comes. */
	if (!stamp->inode)
		return true;
	/* A time in the future would hide changes for as long as it lies there. */
	return time_order(stamp->modified, touched) < 0 && time_order(stamp->changed, touched) < 0;
}

/* ---- the touched file --------------------------------------------------------------------- */

/* A file system that lacks O_TMPFILE gets a file that is unlinked at once. */
static int touch_make(int directory)
{
	char name[48];
	int fd;

	fd = openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, FILE_MODE);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	snprintf(name, sizeof name, ".koc-touch-%ld", (long)getpid());
	if (file_create(directory, name, &fd))
		return -1;
	if (unlinkat(directory, name, 0) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

struct timespec touch_now(struct touch *touch, int directory)
{
	struct timespec none = { 0 };
	struct stat status;

	if (touch->off || fstat(directory, &status) != 0)
		return none;
	if (touch->fd < 0 || touch->device != status.st_dev) {
		touch_close(touch);
		touch->device = status.st_dev;
		touch->fd = touch_make(directory);
	}
	if (touch->fd < 0 || futimens(touch->fd, NULL) != 0 || fstat(touch->fd, &status) != 0)
		return none;
	/* Both come from the file system's clock; the earlier one promises less. */
	return time_order(status.st_mtim, status.st_ctim) < 0 ? status.st_mtim : status.st_ctim;
}

void touch_close(struct touch *touch)
{
	if (touch->fd >= 0)
		close(touch->fd);
	touch->fd = -1;
}

/* ---- revisions ---------------------------------------------------------------------------- */

void revision_text(char out[REVISION_TEXT], const struct stat *status)
{
	int size = snprintf(out, REVISION_TEXT, "%llx-%llx-%llx",
			    (unsigned long long)status->st_ino,
			    (unsigned long long)status->st_size,
			    (unsigned long long)status->st_mtim.tv_sec);

	if (status->st_mtim.tv_nsec && size > 0 && size < REVISION_TEXT)
		snprintf(out + size, (size_t)(REVISION_TEXT - size), ".%lx",
			 (unsigned long)status->st_mtim.tv_nsec);
}

void revision_doubt(char out[REVISION_TEXT], const struct stat *status, struct timespec touched)
{
	size_t size;

	revision_text(out, status);
	if (time_order(status->st_mtim, touched) < 0)
		return;
	size = strlen(out);
	snprintf(out + size, REVISION_TEXT - size, "~%llx.%lx", (unsigned long long)touched.tv_sec,
		 (unsigned long)touched.tv_nsec);
}

bool revision_doubted(const char *revision)
{
	return strchr(revision, '~') != NULL;
}

bool revision_is(const char *revision, const struct stat *status)
{
	char text[REVISION_TEXT];
	size_t size;

	revision_text(text, status);
	size = strlen(text);
	return strncmp(revision, text, size) == 0 && (!revision[size] || revision[size] == '~');
}

bool revision_size(const char *revision, uint64_t *size)
{
	const char *at = revision ? strchr(revision, '-') : NULL;
	char *end = NULL;

	if (!at)
		return false;
	*size = strtoull(at + 1, &end, 16);
	return end > at + 1 && *end == '-';
}
