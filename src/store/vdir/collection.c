/* Collection: open ones, and what is known of what lies in them. */
#include "store/vdir/collection.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/step.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void vdir_call(struct vdir *vdir)
{
	vdir->call++;
}

/* ---- open ones ---------------------------------------------------------------------------- */

static void slot_close(struct collection **slot)
{
	if (!*slot)
		return;
	if ((*slot)->fd >= 0)
		close((*slot)->fd);
	free((*slot)->path);
	free(*slot);
	*slot = NULL;
}

/* Does the path still lead to what is open? */
static bool is_current(const struct vdir *vdir, const struct collection *collection)
{
	struct stat named, open;
	bool current;
	int fd;

	if (file_open_directory(vdir->root, collection->path, false, &fd))
		return false;
	current = fstat(fd, &named) == 0 && fstat(collection->fd, &open) == 0 &&
		  named.st_dev == open.st_dev && named.st_ino == open.st_ino;
	close(fd);
	return current;
}

/* The slot that holds the path, else a free one, else the one used longest ago. */
static struct collection **slot_find(struct vdir *vdir, const char *path)
{
	struct collection **best = NULL;

	for (size_t i = 0; i < COLLECTIONS_OPEN; i++) {
		struct collection **slot = &vdir->open[i];

		if (*slot && strcmp((*slot)->path, path) == 0)
			return slot;
		if (!best || (*best && (!*slot || (*slot)->used < (*best)->used)))
			best = slot;
	}
	return best;
}

static struct past *past_of(struct vdir *vdir, const char *path)
{
	struct past *past = map_get(vdir->pasts, path);

	if (!past) {
		past = arena_alloc(vdir->memory, sizeof *past);
		map_set(vdir->pasts, path, past);
	}
	return past;
}

static const struct fail *slot_open(struct vdir *vdir, const char *path, struct collection **slot)
{
	const struct fail *fail;
	enum kind kind;
	int fd;

	if (!filename_is_collection(path, &kind))
		return fail_make(FAIL_MISSING, FAIL_FOLDER, "no path of a collection");
	fail = file_open_directory(vdir->root, path, false, &fd);
	if (fail)
		return fail;
	*slot = memory_alloc(sizeof **slot);
	(*slot)->path = memory_str(path);
	(*slot)->fd = fd;
	(*slot)->kind = kind;
	(*slot)->past = past_of(vdir, path);
	return NULL;
}

const struct fail *collection_use(struct vdir *vdir, const char *path, struct collection **collection)
{
	struct collection **slot = slot_find(vdir, path);
	const struct fail *fail = NULL;

	*collection = NULL;
	if (*slot && (strcmp((*slot)->path, path) != 0 ||
		      ((*slot)->call != vdir->call && !is_current(vdir, *slot))))
		slot_close(slot);
	if (!*slot)
		fail = slot_open(vdir, path, slot);
	if (fail)
		return fail_in(fail, "%s", path);
	(*slot)->call = vdir->call;
	(*slot)->used = ++vdir->uses;
	*collection = *slot;
	return NULL;
}

void collection_forget(struct vdir *vdir, const char *path)
{
	for (size_t i = 0; i < COLLECTIONS_OPEN; i++)
		if (vdir->open[i] && strcmp(vdir->open[i]->path, path) == 0)
			slot_close(&vdir->open[i]);
	if (map_get(vdir->pasts, path))
		map_set(vdir->pasts, path, NULL);
}

void collections_close(struct vdir *vdir)
{
	for (size_t i = 0; i < COLLECTIONS_OPEN; i++)
		slot_close(&vdir->open[i]);
}

struct timespec collection_touch(struct vdir *vdir, const struct collection *collection)
{
	if (vdir->only_looks)
		return (struct timespec){ .tv_sec = INT64_MAX };
	return touch_now(&vdir->touch, collection->fd);
}

/* ---- temporary files ---------------------------------------------------------------------- */

/* Removes those of runs that died.  There is one run at a time (the store's lock). */
static const struct fail *sweep(const struct collection *collection)
{
	int fd = openat(collection->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct fail *fail = NULL;
	struct dirent *entry;

	if (!stream) {
		fail = fail_errno(FAIL_FOLDER, errno, "%s", collection->path);
		if (fd >= 0)
			close(fd);
		return fail;
	}
	while (!fail && (entry = readdir(stream))) {
		if (!filename_is_temporary(entry->d_name))
			continue;
		fail = step("sweep");
		if (!fail)
			unlinkat(collection->fd, entry->d_name, 0);
	}
	closedir(stream);
	return fail;
}

const struct fail *collection_sweep(struct collection *collection)
{
	const struct fail *fail = NULL;

	if (!collection->past->swept)
		fail = sweep(collection);
	if (!fail)
		collection->past->swept = true;
	return fail;
}

const struct fail *collection_temporary(struct vdir *vdir, struct collection *collection,
					char out[FILENAME_ROOM])
{
	const struct fail *fail = collection_sweep(collection);

	if (fail)
		return fail;
	snprintf(out, FILENAME_ROOM, ".koc-new-%lx-%x", (unsigned long)getpid(), ++vdir->temporaries);
	return NULL;
}

/* ---- what the engine knows ---------------------------------------------------------------- */

struct file_id {
	dev_t device;
	ino_t inode;
};

void collection_looked(struct collection *collection, struct timespec touched)
{
	collection->past->looked = touched;
}

void collection_gained(struct vdir *vdir, const struct stat *status)
{
	struct file_id id;

	memset(&id, 0, sizeof id); /* bytes between the members count too */
	id.device = status->st_dev;
	id.inode = status->st_ino;
	map_setn(vdir->ours, &id, sizeof id, vdir);
}

bool collection_known(const struct vdir *vdir, const struct collection *collection,
		      const struct stat *status)
{
	struct stamp stamp = stamp_of(status);
	struct file_id id;

	memset(&id, 0, sizeof id);
	id.device = status->st_dev;
	id.inode = status->st_ino;
	if (map_getn(vdir->ours, &id, sizeof id))
		return true;
	/* A name that a file is given moves its ctime. */
	stamp.modified = stamp.changed;
	return stamp_trusted(&stamp, collection->past->looked);
}
