/* Places: below the descriptor of the account's store. */
#include "engine/places.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct disk_places {
	struct places places;
	int root;
};

/* Opens the directory of a path and gives its last component. */
static const struct fail *open_parent(struct places *places, const char *path, int *fd, const char **name)
{
	const struct disk_places *disk = (const struct disk_places *)places;
	const char *slash = strrchr(path, '/');
	char *directory = NULL;
	const struct fail *f = NULL;

	*name = slash ? slash + 1 : path;
	directory = memory_str(slash ? path : "");
	if (slash)
		directory[slash - path] = '\0';
	f = file_open_directory(disk->root, directory, false, fd);
	free(directory);
	return f;
}

static const struct fail *disk_prepare(struct places *places, const char *directory)
{
	const struct disk_places *disk = (const struct disk_places *)places;
	int fd = -1;
	const struct fail *f = file_open_directory(disk->root, directory, true, &fd);

	if (fd >= 0)
		close(fd);
	return f;
}

static const struct fail *disk_move(struct places *places, const char *from, const char *to)
{
	const char *from_name = NULL, *to_name = NULL;
	int from_fd = -1, to_fd = -1;
	const struct fail *f = open_parent(places, from, &from_fd, &from_name);

	if (!f)
		f = open_parent(places, to, &to_fd, &to_name);
	if (!f)
		f = step("move into place");
	if (!f)
		f = file_rename_new(from_fd, from_name, to_fd, to_name);
	if (!f)
		f = file_sync(to_fd);
	if (!f)
		f = file_sync(from_fd);
	if (from_fd >= 0)
		close(from_fd);
	if (to_fd >= 0)
		close(to_fd);
	return f;
}

static const struct fail *disk_remove(struct places *places, const char *path)
{
	const char *name = NULL;
	int fd = -1;
	const struct fail *f = open_parent(places, path, &fd, &name);

	if (fail_is(f, FAIL_MISSING))
		return NULL;
	if (!f)
		f = step("remove from the vault");
	if (!f && unlinkat(fd, name, 0) != 0 && errno != ENOENT &&
	    (errno != EISDIR || unlinkat(fd, name, AT_REMOVEDIR) != 0))
		f = fail_errno(FAIL_ITEM, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	return f;
}

static bool disk_there(struct places *places, const char *path)
{
	const char *name = NULL;
	int fd = -1;
	struct stat status;
	const struct fail *f = open_parent(places, path, &fd, &name);
	bool there = !f && fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;

	if (fd >= 0)
		close(fd);
	return there;
}

/* The file in the directory whose name has this base (what stands before ":2,"). */
static const char *find_base(struct disk_places *disk, const char *directory, const char *base, size_t size,
			     struct arena *arena)
{
	const char *found = NULL;
	const struct dirent *entry;
	DIR *stream = NULL;
	int fd = -1;
	const struct fail *f = file_open_directory(disk->root, directory, false, &fd);

	if (!f)
		stream = fdopendir(fd);
	while (stream && !found && (entry = readdir(stream)))
		if (strncmp(entry->d_name, base, size) == 0 &&
		    (!entry->d_name[size] || strncmp(entry->d_name + size, ":2,", 3) == 0))
			found = arena_printf(arena, "%s/%s", directory, entry->d_name);
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	return found;
}

static const char *disk_find(struct places *places, const char *path, struct arena *arena)
{
	struct disk_places *disk = (struct disk_places *)places;
	const char *name = strrchr(path, '/'), *info, *found;
	size_t above;

	if (disk_there(places, path))
		return arena_str(arena, path);
	if (!name || name - path < 4 || memcmp(name - 4, "/cur", 4) != 0)
		return NULL;
	above = (size_t)(name - 4 - path);
	name++;
	info = strstr(name, ":2,");
	for (int i = 0; i < 2; i++) {
		found = find_base(disk, arena_printf(arena, "%.*s/%s", (int)above, path, i ? "new" : "cur"),
				  name, info ? (size_t)(info - name) : strlen(name), arena);
		if (found)
			return found;
	}
	return NULL;
}

static const struct fail *disk_open(struct places *places, const char *path, int *fd, struct stat *status)
{
	const char *name = NULL;
	int directory = -1;
	const struct fail *f = open_parent(places, path, &directory, &name);

	if (!f)
		f = file_open_read(directory, name, fd, status);
	if (directory >= 0)
		close(directory);
	return f;
}

struct places *places_open(int root)
{
	struct disk_places *disk = memory_alloc(sizeof *disk);

	disk->places = (struct places){ .prepare = disk_prepare,
					 .move = disk_move,
					 .remove = disk_remove,
					 .there = disk_there,
					 .find = disk_find,
					 .open = disk_open };
	disk->root = root;
	return &disk->places;
}
