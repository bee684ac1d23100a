/* Barrier: durability of directories, many at once. */
#include "store/barrier.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* So many files are fsynced one by one; more of them by one syncfs, which has to write whatever
 * else waits on the file system. */
#define FILES_FEW 8

void barrier_close(struct barrier *barrier)
{
	for (size_t i = 0; i < barrier->count; i++)
		close(barrier->directories[i].fd);
	barrier->count = 0;
}

const struct fail *barrier_sync_systems(struct barrier *barrier)
{
	const struct fail *fail = NULL;

	for (size_t i = 0; i < barrier->count && !fail; i++) {
		bool done = false;

		for (size_t j = 0; j < i; j++)
			done |= barrier->directories[j].device == barrier->directories[i].device;
		if (!done)
			fail = file_sync_all(barrier->directories[i].fd);
	}
	return fail;
}

const struct fail *barrier_add(struct barrier *barrier, int directory)
{
	const struct fail *fail = NULL;
	struct stat status;
	int fd;

	if (fstat(directory, &status) != 0)
		return fail_errno(FAIL_ITEM, errno, "cannot look at a directory");
	for (size_t i = 0; i < barrier->count; i++)
		if (barrier->directories[i].device == status.st_dev &&
		    barrier->directories[i].inode == status.st_ino)
			return NULL;
	if (barrier->count == BARRIER_FEW) {
		/* One syncfs for each file system: cheaper than many fsyncs. */
		fail = barrier_sync_systems(barrier);
		if (fail)
			return fail;
		barrier_close(barrier);
	}
	fd = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return fail_errno(FAIL_ITEM, errno, "cannot keep a directory open");
	barrier->directories[barrier->count].fd = fd;
	barrier->directories[barrier->count].device = status.st_dev;
	barrier->directories[barrier->count++].inode = status.st_ino;
	return NULL;
}

const struct fail *barrier_sync(struct barrier *barrier)
{
	const struct fail *fail = NULL;

	for (size_t i = 0; i < barrier->count && !fail; i++)
		fail = file_sync(barrier->directories[i].fd);
	if (!fail)
		barrier_close(barrier);
	return fail;
}

const struct fail *barrier_bytes(struct barrier *barrier, int at, const char *name, size_t count)
{
	const struct fail *fail;
	struct stat status;
	int fd = -1;

	if (count > FILES_FEW)
		return barrier_add(barrier, at);
	fail = file_open_read(at, name, &fd, &status);
	if (!fail)
		fail = file_sync(fd);
	if (fd >= 0)
		close(fd);
	return fail;
}
