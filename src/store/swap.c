/* Swap: replacing files. */
#include "store/swap.h"

#include "base/file.h"
#include "base/step.h"
#include "base/str.h"
#include "store/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SWAP_PREFIX ".koc-swap."
#define LINK_PREFIX ".koc-link."
#define COPY_PREFIX ".koc-copy."
#define NEW_NAME    ".koc-new."

#define NAME_ROOM ((size_t)NAME_MAX + 1)
#define MARK_MOST ((size_t)1 << 20)

/* ---- one swap ----------------------------------------------------------------------------- */

bool swap_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static const struct fail *look(int at, const char *name, struct stat *status)
{
	if (fstatat(at, name, status, AT_SYMLINK_NOFOLLOW) != 0)
		return fail_errno(FAIL_ITEM, errno, "%s", name);
	return NULL;
}

/* A name beside the place. */
static const struct fail *name_beside(char out[NAME_ROOM], const char *prefix, const char *name)
{
	int size = snprintf(out, NAME_ROOM, "%s%s", prefix, name);

	if (size < 0 || (size_t)size >= NAME_ROOM)
		return fail_errno(FAIL_ITEM, ENAMETOOLONG, "%s", name);
	return NULL;
}

/* Takes step 1 back.  The fail that made it necessary stays the one to tell. */
static const struct fail *take_back(const struct swap *swap, int at, const char *name,
				    const struct fail *why)
{
	const struct fail *fail = NULL;

	/* After a stop nothing may happen any more. */
	if (why->code != FAIL_STOPPED)
		fail = file_rename_new(at, name, swap->from_at, swap->from);
	return fail ? fail : why;
}

/* *lacking: it cannot be done like this here, and nothing has happened. */
static const struct fail *swap_exchange(struct swap *swap, bool *lacking)
{
	char prefix[64], beside[NAME_ROOM];
	const struct fail *fail;
	struct stat moved, out;

	*lacking = false;
	snprintf(prefix, sizeof prefix, SWAP_PREFIX "%jx.", (uintmax_t)swap->now.st_ino);
	fail = name_beside(beside, prefix, swap->into);
	if (!fail)
		fail = file_rename_new(swap->from_at, swap->from, swap->into_at, beside);
	if (fail)
		return fail;
	fail = look(swap->into_at, beside, &moved);
	/* Another inode: it was copied, from another file system. */
	*lacking = !fail && moved.st_ino != swap->now.st_ino;
	if (*lacking)
		fail = fail_make(FAIL_SYSTEM, FAIL_ITEM, "%s: on another file system", swap->into);
	if (!fail) {
		fail = file_exchange(swap->into_at, beside, swap->at, swap->name);
		*lacking = fail_is(fail, FAIL_SYSTEM);
	}
	if (fail)
		return take_back(swap, swap->into_at, beside, fail);
	fail = look(swap->into_at, beside, &out);
	if (!fail)
		fail = file_rename_new(swap->into_at, beside, swap->into_at, swap->into);
	if (!fail)
		swap->surprise = !swap_same(&out, swap->expected);
	return fail;
}

/* Keeps what has the name under a second name beside the place: a link if there can be one, else a
 * copy. */
static const struct fail *old_keep(const struct swap *swap, char beside[NAME_ROOM])
{
	const struct fail *fail = name_beside(beside, LINK_PREFIX, swap->into);

	if (!fail)
		fail = step("link");
	if (fail)
		return fail;
	if (linkat(swap->at, swap->name, swap->into_at, beside, 0) != 0) {
		struct stat status;

		if (errno == ENOENT || errno == EEXIST)
			return fail_errno(FAIL_ITEM, errno, "%s", swap->name);
		fail = name_beside(beside, COPY_PREFIX, swap->into);
		if (!fail)
			fail = copy_file(swap->at, swap->name, swap->into_at, beside, &status);
	}
	return fail ? fail : file_sync(swap->into_at);
}

/* Puts the new file, which lies beside the name, over it. */
static const struct fail *name_take(struct swap *swap, const char *new)
{
	const struct fail *fail;
	struct stat status;

	/* From here to the rename an edit is lost: that is what the exchange is for. */
	fail = look(swap->at, swap->name, &status);
	if (!fail && !swap_same(&status, swap->expected))
		fail = fail_make(FAIL_STALE, FAIL_ITEM, "%s: is not what it was", swap->name);
	if (!fail)
		fail = step("rename");
	if (!fail && renameat(swap->at, new, swap->at, swap->name) != 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", swap->name);
	return fail;
}

static const struct fail *swap_link(struct swap *swap)
{
	char new[NAME_ROOM], beside[NAME_ROOM];
	const struct fail *fail;

	/* On the file system of the name, so that it can be renamed. */
	snprintf(new, sizeof new, NEW_NAME "%jx", (uintmax_t)swap->expected->st_ino);
	fail = file_rename_new(swap->from_at, swap->from, swap->at, new);
	if (fail)
		return fail;
	fail = look(swap->at, new, &swap->now);
	if (!fail)
		fail = old_keep(swap, beside);
	if (fail)
		return take_back(swap, swap->at, new, fail);
	fail = name_take(swap, new);
	if (!fail)
		return file_rename_new(swap->into_at, beside, swap->into_at, swap->into);
	if (fail->code != FAIL_STOPPED)
		unlinkat(swap->into_at, beside, 0); /* of what still has its name */
	return take_back(swap, swap->at, new, fail);
}

const struct fail *swap_run(struct swap *swap)
{
	const struct fail *fail;
	struct stat status;
	bool lacking = swap->no_exchange;

	swap->surprise = false;
	if (fstatat(swap->into_at, swap->into, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_errno(FAIL_ITEM, EEXIST, "%s", swap->into);
	fail = look(swap->from_at, swap->from, &swap->now);
	if (!fail && !lacking)
		fail = swap_exchange(swap, &lacking);
	if (lacking) {
		swap->no_exchange = true;
		fail = swap_link(swap);
	}
	return fail;
}

/* ---- the mark ----------------------------------------------------------------------------- */

void swap_mark_init(struct swap_mark *mark, int root, const char *path)
{
	mark->root = root;
	mark->path = path;
	buf_init(&mark->text, MARK_MOST);
}

void swap_mark_free(struct swap_mark *mark)
{
	buf_free(&mark->text);
}

/* Appends a line to the mark's file.  A line that is torn by a crash has no end and is not read;
 * no swap has begun then. */
static const struct fail *mark_append(const struct swap_mark *mark, const char *line, size_t size)
{
	char parent[256];
	const struct fail *fail;
	const char *slash = strrchr(mark->path, '/');
	int directory = -1, fd = -1;

	if (!slash || (size_t)(slash - mark->path) >= sizeof parent)
		return fail_errno(FAIL_ACCOUNT, EINVAL, "%s", mark->path);
	memcpy(parent, mark->path, (size_t)(slash - mark->path));
	parent[slash - mark->path] = '\0';
	fail = file_open_directory(mark->root, parent, true, &directory);
	if (!fail)
		fail = step("mark");
	if (fail)
		goto out;
	fd = openat(directory, slash + 1, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
		    FILE_MODE);
	if (fd < 0)
		fail = fail_errno(FAIL_ITEM, errno, "%s", mark->path);
	else
		fail = file_write(fd, line, size);
	if (!fail)
		fail = file_sync(fd);
	if (!fail)
		fail = file_sync(directory);
out:
	if (fd >= 0)
		close(fd);
	if (directory >= 0)
		close(directory);
	return fail;
}

const struct fail *swap_mark_add(struct swap_mark *mark, const char *directory)
{
	size_t size = strlen(directory), used = mark->text.size;
	const struct fail *fail;

	for (const char *line = mark->text.data; *line;) {
		size_t span = strcspn(line, "\n");

		if (span == size && memcmp(line, directory, size) == 0)
			return NULL;
		line += span + (line[span] == '\n');
	}
	if (strchr(directory, '\n'))
		return fail_make(FAIL_USAGE, FAIL_ITEM, "%s: no path for a mark", directory);
	buf_addf(&mark->text, "%s\n", directory);
	if (mark->text.over)
		fail = fail_make(FAIL_DATA, FAIL_ITEM, "%s: the mark is full", mark->path);
	else
		fail = mark_append(mark, mark->text.data + used, size + 1);
	if (fail) {
		/* What is not on disk does not count. */
		mark->text.data[used] = '\0';
		mark->text.size = used;
		mark->text.over = false;
	}
	return fail;
}

const struct fail *swap_mark_into(struct swap_mark *mark, const char *into)
{
	const char *slash = strrchr(into, '/');
	char directory[PATH_MAX];

	if (!slash || (size_t)(slash - into) >= sizeof directory)
		return fail_make(FAIL_USAGE, FAIL_ITEM, "%s: no path for a mark", into);
	memcpy(directory, into, (size_t)(slash - into));
	directory[slash - into] = '\0';
	return swap_mark_add(mark, directory);
}

const struct fail *swap_mark_clear(struct swap_mark *mark)
{
	const struct fail *fail;

	if (!mark->text.size)
		return NULL;
	fail = step("unlink");
	if (fail)
		return fail;
	if (unlinkat(mark->root, mark->path, 0) != 0 && errno != ENOENT)
		return fail_errno(FAIL_ACCOUNT, errno, "%s", mark->path);
	buf_clear(&mark->text);
	return NULL;
}

/* ---- after a dead run --------------------------------------------------------------------- */

static const struct fail *leftover_remove(int at, const char *name)
{
	const struct fail *fail = step("unlink");

	if (!fail && unlinkat(at, name, 0) != 0 && errno != ENOENT)
		fail = fail_errno(FAIL_ITEM, errno, "%s", name);
	return fail;
}

static const struct fail *leftover_finish(int at, const char *name, const char *into)
{
	const struct fail *fail = file_rename_new(at, name, at, into);

	/* Nobody else puts anything there; if it is there, both stay. */
	return fail_is(fail, FAIL_EXISTS) ? NULL : fail;
}

/* What to do with one name in a directory of the mark. */
static const struct fail *leftover_settle(int at, const char *name)
{
	const char *rest = strchr(name + 1, '.');
	struct stat status;
	uintmax_t inode;
	char *end;

	if (!str_starts(name, ".koc-") || !rest ||
	    fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return NULL;
	rest++;
	if (str_starts(name, NEW_NAME))
		return leftover_remove(at, name);
	if (str_starts(name, COPY_PREFIX) && *rest)
		return leftover_finish(at, name, rest);
	if (str_starts(name, LINK_PREFIX) && *rest)
		/* Another name for it: it was not replaced yet. */
		return status.st_nlink > 1 ? leftover_remove(at, name)
					   : leftover_finish(at, name, rest);
	if (!str_starts(name, SWAP_PREFIX))
		return NULL;
	inode = strtoumax(rest, &end, 16);
	if (end == rest || *end != '.' || !end[1])
		return NULL;
	return inode == status.st_ino ? leftover_remove(at, name)
				      : leftover_finish(at, name, end + 1);
}

static const struct fail *directory_settle(int root, const char *path)
{
	struct dirent *entry;
	const struct fail *fail;
	DIR *stream = NULL;
	int fd = -1;

	fail = file_open_directory(root, path, false, &fd);
	if (fail_is(fail, FAIL_MISSING))
		return NULL;
	if (fail)
		return fail;
	stream = fdopendir(fd);
	if (!stream) {
		fail = fail_errno(FAIL_ACCOUNT, errno, "%s", path);
		close(fd);
		return fail;
	}
	while (!fail && (errno = 0, entry = readdir(stream)))
		fail = leftover_settle(fd, entry->d_name);
	if (!fail && errno)
		fail = fail_errno(FAIL_ACCOUNT, errno, "%s", path);
	if (!fail)
		fail = file_sync(fd);
	closedir(stream);
	return fail_in(fail, "%s", path);
}

const struct fail *swap_settle(struct swap_mark *mark)
{
	const struct fail *fail;

	fail = file_read_all(mark->root, mark->path, &mark->text, MARK_MOST);
	if (fail_is(fail, FAIL_MISSING)) {
		buf_clear(&mark->text);
		return NULL;
	}
	for (char *line = mark->text.data, *end; !fail; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		fail = directory_settle(mark->root, line);
	}
	return fail ? fail : swap_mark_clear(mark);
}
