/* Drop: removing a collection in which nothing is left but its labels. */
#include "store/vdir/driver.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/step.h"
#include "store/below.h"
#include "store/items.h"
#include "store/vdir/label.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const labels[] = { LABEL_TITLE, LABEL_COLOR };

#define LABELS (sizeof labels / sizeof *labels)

static const struct fail *not_empty(const char *name)
{
	return fail_make(FAIL_REFUSED, FAIL_FOLDER, "not empty: %s", name);
}

/* May everything that lies in the directory go with it?  A label that says nothing to us is somebody's. */
static const struct fail *entries_check(int directory, struct arena *arena)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct fail *fail = NULL;
	struct dirent *entry;

	if (!stream) {
		fail = fail_errno(FAIL_FOLDER, errno, "cannot read the directory");
		if (fd >= 0)
			close(fd);
		return fail;
	}
	while (!fail && (errno = 0, entry = readdir(stream))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !filename_is_temporary(name) &&
		    !(label_is_one(name) && label_read(directory, name, arena)))
			fail = not_empty(name);
	}
	if (!fail && errno)
		fail = fail_errno(FAIL_FOLDER, errno, "cannot read the directory");
	closedir(stream);
	return fail;
}

static const struct fail *file_unlink(int directory, const char *name)
{
	const struct fail *fail = step("unlink");

	if (!fail && unlinkat(directory, name, 0) != 0 && errno != ENOENT)
		fail = fail_errno(FAIL_FOLDER, errno, "%s", name);
	return fail;
}

/* Removes the collection's labels and the collection.  If something came into it just now both stay. */
static const struct fail *directory_remove(int parent, const char *name, int directory, struct arena *arena)
{
	const struct fail *fail = NULL, *lost;
	const char *texts[LABELS];

	for (size_t i = 0; i < LABELS && !fail; i++) {
		texts[i] = label_read(directory, labels[i], arena);
		if (texts[i])
			fail = file_unlink(directory, labels[i]);
	}
	if (!fail)
		fail = step("rmdir");
	if (fail || unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return fail;
	if (errno != ENOTEMPTY && errno != EEXIST)
		fail = fail_errno(FAIL_FOLDER, errno, "%s", name);
	else
		fail = not_empty(name);
	for (size_t i = 0; i < LABELS; i++)
		if (texts[i] && (lost = label_write(directory, labels[i], texts[i], arena)))
			return lost;
	return fail;
}

const struct fail *vdir_drop(struct store *store, const struct store_folder *folder)
{
	struct vdir *vdir = (struct vdir *)store;
	struct arena *arena = arena_new();
	struct collection *collection;
	const struct fail *fail;
	const char *name;
	int parent = -1;

	vdir_call(vdir);
	fail = collection_use(vdir, folder->path, &collection);
	if (!fail)
		fail = below_parent(vdir->root, folder->path, &parent, &name);
	if (!fail)
		fail = entries_check(collection->fd, arena);
	if (!fail)
		fail = collection_sweep(collection);
	if (!fail)
		fail = directory_remove(parent, name, collection->fd, arena);
	if (!fail) {
		collection_forget(vdir, folder->path);
		fail = file_sync(parent);
	}
	if (parent >= 0)
		close(parent);
	arena_free(arena);
	return fail_in(fail_at_least(fail, FAIL_FOLDER), "%s", folder->path);
}
