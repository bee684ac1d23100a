/* Copy: bytes into new files. */
#include "store/copy.h"

#include "base/file.h"
#include "base/memory.h"
#include "store/stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)64 * 1024)

/* The kernel copies where it can (and shares the blocks where the file system can). */
static const struct fail *bytes_copy(int from, int to, const char *name)
{
	const struct fail *fail = NULL;
	bool plain = false;
	char *chunk = memory_resize(NULL, CHUNK, 1);
	ssize_t got = 1;

	while (got && !fail) {
		if (!plain) {
			got = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0);
			if (got < 0 && errno != EINTR)
				plain = true;
			continue;
		}
		got = read(from, chunk, CHUNK);
		if (got > 0)
			fail = file_write(to, chunk, (size_t)got);
		else if (got < 0 && errno != EINTR)
			fail = fail_errno(FAIL_ITEM, errno, "%s", name);
	}
	free(chunk);
	return fail;
}

const struct fail *copy_file(int from_at, const char *from, int to_at, const char *to,
			     struct stat *status)
{
	char before[REVISION_TEXT], after[REVISION_TEXT];
	const struct fail *fail;
	int source = -1, target = -1;

	fail = file_open_read(from_at, from, &source, status);
	if (!fail) {
		revision_text(before, status);
		fail = file_create(to_at, to, &target);
	}
	if (!fail)
		fail = bytes_copy(source, target, from);
	if (!fail && fstat(source, status) != 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", from);
	if (!fail) {
		revision_text(after, status);
		if (strcmp(before, after) != 0)
			fail = fail_make(FAIL_STALE, FAIL_ITEM, "%s: changed while it was copied",
					 from);
	}
	if (!fail &&
	    futimens(target, (struct timespec[]){ status->st_atim, status->st_mtim }) != 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", to);
	if (!fail)
		fail = file_sync(target);
	if (fail && target >= 0)
		unlinkat(to_at, to, 0);
	if (target >= 0)
		close(target);
	if (source >= 0)
		close(source);
	return fail;
}

const struct fail *copy_body(struct body *body, int to_at, const char *to)
{
	const struct fail *fail;
	char *chunk = memory_resize(NULL, CHUNK, 1);
	uint64_t offset = 0;
	size_t got = 1;
	int fd = -1;

	fail = file_create(to_at, to, &fd);
	while (!fail && got) {
		fail = body_read(body, offset, chunk, CHUNK, &got);
		if (!fail && got)
			fail = file_write(fd, chunk, got);
		offset += got;
	}
	if (fd >= 0)
		close(fd);
	if (fail && fd >= 0)
		unlinkat(to_at, to, 0);
	free(chunk);
	return fail;
}

const struct fail *copy_date(int at, const char *name, int64_t date)
{
	struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)date } };

	/* The file system cuts what it cannot store. */
	if (date && utimensat(at, name, times, AT_SYMLINK_NOFOLLOW) != 0)
		return fail_errno(FAIL_ITEM, errno, "%s", name);
	return NULL;
}
