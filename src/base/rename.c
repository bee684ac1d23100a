/* Files below a directory: giving them names (the rest of file.h). */
#include "base/file.h"
#include "base/path.h"
#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define COPY_CHUNK ((size_t)64 * 1024)

/* One name: the directory that holds it, open, and the last component. */
struct place {
	int at;
	int directory;
	const char *path;
	const char *name;
};

static const struct fail *place_open(struct place *place, int at, const char *path)
{
	*place = (struct place){ .at = at, .path = path };
	return path_split(at, path, &place->directory, &place->name);
}

static void place_close(struct place *place)
{
	path_close(place->at, place->directory);
}

static const struct fail *place_failed(const struct place *place, int error)
{
	return fail_errno(FAIL_ITEM, error, "%s", place->path);
}

static bool lacks_flag(int error)
{
	return error == EINVAL || error == ENOSYS || error == ENOTSUP;
}

static const struct fail *place_unlink(const struct place *place)
{
	const struct fail *fail = step("unlink");

	if (!fail && unlinkat(place->directory, place->name, 0) != 0)
		fail = place_failed(place, errno);
	return fail;
}

static const struct fail *rename_failed(const struct place *from, const struct place *to, int error,
					bool *crosses)
{
	*crosses = error == EXDEV;
	return place_failed(error == ENOENT ? from : to, error);
}

/* Renames without replacing where RENAME_NOREPLACE is lacking. */
static const struct fail *rename_by_link(const struct place *from, const struct place *to,
					 bool *crosses)
{
	const struct fail *fail;
	struct stat status;

	if (fstatat(from->directory, from->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return place_failed(from, errno);
	if (S_ISDIR(status.st_mode)) {
		/* No link to a directory.  rename(2) replaces at most an empty one. */
		if (fstatat(to->directory, to->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			return place_failed(to, EEXIST);
		if (renameat(from->directory, from->name, to->directory, to->name) != 0)
			return rename_failed(from, to, errno, crosses);
		return NULL;
	}
	if (linkat(from->directory, from->name, to->directory, to->name, 0) != 0)
		return rename_failed(from, to, errno, crosses);
	fail = file_sync(to->directory);
	return fail ? fail : place_unlink(from);
}

/* Renames within one file system.  *crosses: they are two. */
static const struct fail *rename_within(const struct place *from, const struct place *to,
					bool *crosses)
{
	const struct fail *fail = step("rename");

	*crosses = false;
	if (fail)
		return fail;
	if (renameat2(from->directory, from->name, to->directory, to->name, RENAME_NOREPLACE) == 0)
		return NULL;
	if (lacks_flag(errno))
		return rename_by_link(from, to, crosses);
	return rename_failed(from, to, errno, crosses);
}

static const struct fail *copy_bytes(int from, int to)
{
	char chunk[COPY_CHUNK];
	const struct fail *fail = NULL;
	ssize_t got;

	while (!fail && (got = read(from, chunk, sizeof chunk)) != 0) {
		if (got > 0)
			fail = file_write(to, chunk, (size_t)got);
		else if (errno != EINTR)
			fail = fail_errno(FAIL_ITEM, errno, "cannot read");
	}
	return fail;
}

/* To another file system: a durable copy under a temporary name gets the name, then the original
 * goes.  The time of last modification, which is a mail's time of receipt, comes along. */
static const struct fail *rename_across(const struct place *from, const struct place *to)
{
	struct place temporary = *to;
	char name[PATH_TEMPORARY];
	const struct fail *fail;
	bool made = false;
	struct stat status;
	bool crosses;
	int source = -1;
	int copy = -1;

	path_temporary(name);
	temporary.name = name;
	fail = file_open_read(from->directory, from->name, &source, &status);
	if (fail)
		goto out;
	fail = file_create(to->directory, name, &copy);
	if (fail)
		goto out;
	made = true;
	fail = copy_bytes(source, copy);
	if (fail)
		goto out;
	if (futimens(copy, (struct timespec[]){ status.st_atim, status.st_mtim }) != 0) {
		fail = place_failed(to, errno);
		goto out;
	}
	fail = file_sync(copy);
	if (fail)
		goto out;
	fail = rename_within(&temporary, to, &crosses);
	if (fail)
		goto out;
	made = false;
	fail = file_sync(to->directory);
	if (!fail)
		fail = place_unlink(from);
out:
	if (made)
		unlinkat(to->directory, name, 0);
	if (copy >= 0)
		close(copy);
	if (source >= 0)
		close(source);
	return fail;
}

const struct fail *file_rename_new(int from_at, const char *from, int to_at, const char *to)
{
	struct place source = { .directory = -1 };
	struct place target = { .directory = -1 };
	const struct fail *fail;
	bool crosses = false;

	fail = place_open(&source, from_at, from);
	if (!fail)
		fail = place_open(&target, to_at, to);
	if (!fail)
		fail = rename_within(&source, &target, &crosses);
	if (crosses)
		fail = rename_across(&source, &target);
	place_close(&target);
	place_close(&source);
	return fail;
}

const struct fail *file_exchange(int at_a, const char *a, int at_b, const char *b)
{
	struct place one = { .directory = -1 };
	struct place other = { .directory = -1 };
	const struct fail *fail;

	fail = place_open(&one, at_a, a);
	if (!fail)
		fail = place_open(&other, at_b, b);
	if (!fail)
		fail = step("exchange");
	if (!fail && renameat2(one.directory, one.name, other.directory, other.name,
			       RENAME_EXCHANGE) != 0) {
		if (lacks_flag(errno))
			fail = fail_make(FAIL_SYSTEM, FAIL_ITEM, "no exchange");
		else
			fail = fail_errno(FAIL_ITEM, errno, "%s, %s", a, b);
	}
	place_close(&other);
	place_close(&one);
	return fail;
}

const struct fail *file_replace(int at, const char *name, const void *data, size_t size)
{
	struct place place = { .directory = -1 };
	char temporary[PATH_TEMPORARY];
	const struct fail *fail;
	bool made = false;
	int fd = -1;

	path_temporary(temporary);
	fail = place_open(&place, at, name);
	if (fail)
		goto out;
	fail = file_create(place.directory, temporary, &fd);
	if (fail)
		goto out;
	made = true;
	fail = file_write(fd, data, size);
	if (fail)
		goto out;
	fail = file_sync(fd);
	if (fail)
		goto out;
	fail = step("replace");
	if (fail)
		goto out;
	if (renameat(place.directory, temporary, place.directory, place.name) != 0) {
		fail = place_failed(&place, errno);
		goto out;
	}
	made = false;
	fail = file_sync(place.directory);
out:
	if (made)
		unlinkat(place.directory, temporary, 0);
	if (fd >= 0)
		close(fd);
	place_close(&place);
	return fail;
}
