/* Drop: removing a folder that is empty, and nothing else with it. */
#include "store/maildir/driver.h"

#include "base/file.h"
#include "base/step.h"
#include "base/str.h"
#include "store/below.h"
#include "store/items.h"
#include "store/maildir/box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* In this order: the first one that turns out not to be empty leaves a whole folder. */
static const char *const parts[] = { "tmp", "new", "cur" };

/* What base/file.h names its temporary files. */
#define TEMPORARY ".koc-"

/* Is it a file of ours that goes with the folder? */
static bool is_ours(const char *name)
{
	return strcmp(name, LETTERS_FILE) == 0 || str_starts(name, TEMPORARY);
}

static bool is_part(const char *name)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i], name) == 0)
			return true;
	return false;
}

typedef const struct fail *entry_visit(int directory, const char *part, const char *name);

/* Visits all entries of a directory (`part` below `at`; "." is `at` itself). */
static const struct fail *entries_each(int at, const char *part, entry_visit *visit)
{
	const struct fail *fail = NULL;
	struct dirent *entry;
	DIR *stream = NULL;
	int fd = -1;

	fail = file_open_directory(at, part, false, &fd);
	if (fail_is(fail, FAIL_MISSING))
		return NULL;
	if (fail)
		return fail;
	stream = fdopendir(fd);
	if (!stream) {
		fail = fail_errno(FAIL_FOLDER, errno, "%s", part);
		close(fd);
		return fail;
	}
	while (!fail && (errno = 0, entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			fail = visit(fd, part, entry->d_name);
	if (!fail && errno)
		fail = fail_errno(FAIL_FOLDER, errno, "%s", part);
	closedir(stream);
	return fail;
}

static const struct fail *refuse(int directory, const char *part, const char *name)
{
	bool top = strcmp(part, ".") == 0;

	(void)directory;
	if ((top && is_part(name)) || (top ? is_ours(name) : str_starts(name, TEMPORARY)))
		return NULL;
	return fail_make(FAIL_REFUSED, FAIL_FOLDER, "not empty: %s%s%s", top ? "" : part,
			 top ? "" : "/", name);
}

static const struct fail *remove_ours(int directory, const char *part, const char *name)
{
	const struct fail *fail;

	if (strcmp(part, ".") == 0 ? !is_ours(name) : !str_starts(name, TEMPORARY))
		return NULL;
	fail = step("unlink");
	if (!fail && unlinkat(directory, name, 0) != 0 && errno != ENOENT)
		fail = fail_errno(FAIL_FOLDER, errno, "%s", name);
	return fail;
}

static const struct fail *directory_remove(int at, const char *name)
{
	const struct fail *fail = step("rmdir");

	if (fail || unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return fail;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return fail_make(FAIL_REFUSED, FAIL_FOLDER, "not empty: %s", name);
	return fail_errno(FAIL_FOLDER, errno, "%s", name);
}

/* Something came into the folder while it was being removed: it stays one. */
static void parts_restore(int directory)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		int fd = -1;

		if (!file_open_directory(directory, parts[i], true, &fd))
			close(fd);
	}
}

const struct fail *maildir_drop(struct store *store, const struct store_folder *folder)
{
	struct maildir *maildir = (struct maildir *)store;
	const struct fail *fail;
	const char *name;
	int parent = -1, directory = -1;

	fail = below_parent(maildir->root, folder->path, &parent, &name);
	if (!fail)
		fail = file_open_directory(parent, name, false, &directory);
	if (!fail)
		fail = entries_each(directory, ".", refuse);
	for (size_t i = 0; i < sizeof parts / sizeof *parts && !fail; i++)
		fail = entries_each(directory, parts[i], refuse);
	if (fail)
		goto out;
	box_forget(maildir, folder->path);
	for (size_t i = 0; i < sizeof parts / sizeof *parts && !fail; i++) {
		fail = entries_each(directory, parts[i], remove_ours);
		if (!fail)
			fail = directory_remove(directory, parts[i]);
	}
	if (!fail)
		fail = entries_each(directory, ".", remove_ours);
	if (!fail)
		fail = directory_remove(parent, name);
	if (fail_is(fail, FAIL_REFUSED))
		parts_restore(directory);
	if (!fail)
		fail = file_sync(parent);
out:
	if (directory >= 0)
		close(directory);
	if (parent >= 0)
		close(parent);
	return fail_in(fail_at_least(fail, FAIL_FOLDER), "%s", folder->path);
}
