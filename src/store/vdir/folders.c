/* Folders: the directories in calendars/, tasks/, contacts/ and notes/ as folders: finding, making and
 * renaming them. */
#include "store/vdir/driver.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "store/below.h"
#include "store/items.h"
#include "store/path.h"
#include "store/vdir/label.h"
#include "store/vdir/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDERS_MOST ((size_t)10 * 1000)
#define PASSES       8

#define NOT_A_NAME "the name of its directory is none that can stand for a collection"

/* One look at all of them. */
struct shelves {
	struct vdir *vdir;
	struct arena *arena;       /* of the result */
	struct map *known;         /* path → struct store_known */
	VEC(struct store_folder)
	struct stamp stamps[KINDS];/* of the kinds' roots, from before they were read */
	bool moved;                /* something changed meanwhile */
};

/* ---- one collection ----------------------------------------------------------------------- */

static const char *identity_of(int fd, struct arena *arena)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return "";
	return arena_printf(arena, "%llx-%llx", (unsigned long long)status.st_dev,
			    (unsigned long long)status.st_ino);
}

/* What is told of a collection, but for its news. */
static void folder_fill(struct store_folder *folder, const struct collection *collection,
			struct arena *arena)
{
	*folder = (struct store_folder){
		.path = arena_str(arena, collection->path),
		.name = arena_str(arena, collection->path),
		.kind = collection->kind,
		.news = NEWS_SOME,
		.next = "",
		.identity = identity_of(collection->fd, arena),
		.count = UINT64_MAX,
		.title = label_read(collection->fd, LABEL_TITLE, arena),
		.color = label_read(collection->fd, LABEL_COLOR, arena),
		.read_only = faccessat(collection->fd, ".", W_OK, 0) != 0,
	};
}

/* Is it as it was when the engine listed it?  Costs one stat a file. */
static const struct fail *folder_compare(struct shelves *shelves, struct collection *collection,
					 const struct store_known *known, struct store_folder *folder)
{
	struct arena *arena = arena_new();
	const struct fail *fail;
	struct walk walk;

	fail = walk_run(shelves->vdir, collection, 1, arena, &walk);
	if (!fail && walk.stable)
		folder->count = walk.count;
	if (!fail && walk_matches(&walk, known->cursor)) {
		folder->news = NEWS_NONE;
		collection_looked(collection, walk.touched);
	}
	walk_free(&walk);
	arena_free(arena);
	/* What cannot be read is told when it is listed. */
	return fail_ends(fail) ? fail : NULL;
}

/* A directory whose name is none that koc makes, or that cannot be opened: it is told, not used.  But one
 * that was a collection before still is one (which cannot be listed): it must not seem to be gone. */
static void folder_odd(struct shelves *shelves, const char *root, const char *name, const char *why,
		       struct store_folder *folder)
{
	const char *path = arena_printf(shelves->arena, "%s/%s", root, name);
	struct buf escaped;

	folder->name = folder->path = path;
	folder->next = folder->identity = "";
	folder->news = NEWS_SOME;
	folder->count = UINT64_MAX;
	if (map_get(shelves->known, path))
		return;
	if (!filename_is_collection(path, &folder->kind)) {
		buf_init(&escaped, PATH_MOST);
		path_component_escape(&escaped, name, strlen(name));
		folder->path = arena_printf(shelves->arena, "%s/%s", root, escaped.data);
		buf_free(&escaped);
	}
	folder->unsupported = true;
	folder->why = arena_str(shelves->arena, why);
}

static const struct fail *folder_look(struct shelves *shelves, enum kind kind, const char *name)
{
	const char *root = kind_traits(kind)->root;
	const char *path = arena_printf(shelves->arena, "%s/%s", root, name);
	const struct store_known *known = map_get(shelves->known, path);
	struct collection *collection;
	struct store_folder *folder;
	const struct fail *fail;
	enum kind found;

	if (shelves->count == FOLDERS_MOST)
		return fail_make(FAIL_DATA, FAIL_ACCOUNT, "more than %zu collections", FOLDERS_MOST);
	folder = vec_push(shelves);
	folder->kind = kind;
	if (!filename_is_collection(path, &found)) {
		folder_odd(shelves, root, name, NOT_A_NAME, folder);
		return NULL;
	}
	fail = collection_use(shelves->vdir, path, &collection);
	if (!fail) {
		folder_fill(folder, collection, shelves->arena);
		return known && *known->cursor ? folder_compare(shelves, collection, known, folder) : NULL;
	}
	if (fail_is(fail, FAIL_MISSING)) {
		shelves->moved = true;
		shelves->count--;
		return NULL;
	}
	folder_odd(shelves, root, name, fail->text, folder);
	return fail_ends(fail) ? fail : NULL;
}

/* ---- all ---------------------------------------------------------------------------------- */

/* What starts with a dot is other programs'; files beside the collections are, too. */
static bool may_be_collection(int directory, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_name[0] == '.')
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR || entry->d_type == DT_LNK;
	return fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode));
}

static const struct fail *root_read(struct shelves *shelves, enum kind kind)
{
	const char *root = kind_traits(kind)->root;
	const struct fail *fail;
	struct dirent *entry;
	DIR *stream = NULL;
	int fd = -1;

	fail = stamp_read(shelves->vdir->root, root, &shelves->stamps[kind]);
	if (!fail)
		fail = file_open_directory(shelves->vdir->root, root, false, &fd);
	if (fail_is(fail, FAIL_MISSING))
		return NULL;
	if (fail)
		return fail;
	stream = fdopendir(fd);
	if (!stream) {
		fail = fail_errno(FAIL_ACCOUNT, errno, "%s", root);
		close(fd);
		return fail;
	}
	while (!fail && (errno = 0, entry = readdir(stream)))
		if (may_be_collection(fd, entry))
			fail = folder_look(shelves, kind, entry->d_name);
	if (!fail && errno)
		fail = fail_errno(FAIL_ACCOUNT, errno, "%s", root);
	closedir(stream);
	return fail;
}

static const struct fail *pass_run(struct shelves *shelves)
{
	const struct fail *fail = NULL;

	shelves->count = 0;
	shelves->moved = false;
	for (enum kind kind = 0; kind < KINDS && !fail; kind++)
		if (kind_traits(kind)->keyed)
			fail = root_read(shelves, kind);
	for (enum kind kind = 0; kind < KINDS && !fail; kind++) {
		struct stamp now;

		if (!kind_traits(kind)->keyed)
			continue;
		fail = stamp_read(shelves->vdir->root, kind_traits(kind)->root, &now);
		shelves->moved |= !stamp_equal(&now, &shelves->stamps[kind]);
	}
	/* What cannot be read might hold folders: without it there is no list. */
	return fail_at_least(fail, FAIL_ACCOUNT);
}

static int folder_order(const void *a, const void *b)
{
	const struct store_folder *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	/* Of two with one path the usable one goes first: the other one is odd. */
	return order ? order : left->unsupported - right->unsupported;
}

static void list_fill(const struct shelves *shelves, struct folder_list *list)
{
	if (shelves->count)
		qsort(shelves->items, shelves->count, sizeof *shelves->items, folder_order);
	list->items = arena_alloc(shelves->arena, (shelves->count + 1) * sizeof *list->items);
	for (size_t i = 0; i < shelves->count; i++) {
		const struct store_folder *folder = &shelves->items[i];

		if (folder->unsupported)
			log_line(LOG_VERBOSE, "%s: left out: %s", folder->name, folder->why);
		if (!list->count || strcmp(list->items[list->count - 1].path, folder->path) != 0)
			list->items[list->count++] = *folder;
	}
	list->complete = true;
}

const struct fail *vdir_folders(struct store *store, const struct store_known *known, size_t count,
				struct arena *arena, struct folder_list *list)
{
	struct shelves shelves = { .vdir = (struct vdir *)store, .arena = arena, .moved = true };
	const struct fail *fail = NULL;

	*list = (struct folder_list){ 0 };
	vdir_call(shelves.vdir);
	shelves.known = map_new();
	for (size_t i = 0; i < count; i++)
		map_set(shelves.known, known[i].path, (void *)(uintptr_t)&known[i]);
	/* A directory that is renamed while it is looked for would seem to be gone: look again. */
	for (int i = 0; i < PASSES && shelves.moved && !fail; i++)
		fail = pass_run(&shelves);
	if (!fail && shelves.moved)
		fail = fail_make(FAIL_STALE, FAIL_ACCOUNT, "the collections keep changing");
	if (!fail)
		list_fill(&shelves, list);
	vec_free(&shelves);
	map_free(shelves.known);
	return fail;
}

/* ---- making and renaming ------------------------------------------------------------------ */

/* Opens the directory of the path's kind, made if it is missing, and tells the collection's name. */
static const struct fail *root_of(struct vdir *vdir, const char *path, enum kind *kind, int *directory,
				  const char **name)
{
	if (!filename_is_collection(path, kind))
		return fail_make(FAIL_USAGE, FAIL_FOLDER, "%s: cannot be the path of a collection", path);
	*name = strchr(path, '/') + 1;
	return below_make(vdir->root, &vdir->barrier, kind_traits(*kind)->root, directory);
}

/* What a collection looks like after it was made or renamed. */
static const struct fail *folder_tell(struct vdir *vdir, const char *path, struct arena *arena,
				      struct store_folder *told)
{
	struct collection *collection;
	const struct fail *fail = collection_use(vdir, path, &collection);

	if (!fail)
		folder_fill(told, collection, arena);
	return fail;
}

const struct fail *vdir_make(struct store *store, const char *path, uint32_t roles, struct arena *arena,
			     struct store_folder *made)
{
	struct vdir *vdir = (struct vdir *)store;
	int parent = -1, directory = -1;
	const struct fail *fail;
	const char *name = NULL;
	struct stat status;
	enum kind kind;

	(void)roles;
	vdir_call(vdir);
	fail = root_of(vdir, path, &kind, &parent, &name);
	if (!fail && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		fail = fail_make(FAIL_EXISTS, FAIL_FOLDER, "%s: is there already", path);
	if (!fail)
		fail = file_open_directory(parent, name, true, &directory);
	if (!fail)
		fail = barrier_add(&vdir->barrier, parent);
	/* At once: a folder that the state knows but the disk lost would look like one that the user
	 * removed. */
	if (!fail)
		fail = barrier_sync(&vdir->barrier);
	if (!fail)
		fail = folder_tell(vdir, path, arena, made);
	if (directory >= 0)
		close(directory);
	if (parent >= 0)
		close(parent);
	return fail_at_least(fail, FAIL_FOLDER);
}

const struct fail *vdir_rename(struct store *store, const struct store_folder *folder, const char *path,
			       struct arena *arena, struct store_folder *renamed)
{
	struct vdir *vdir = (struct vdir *)store;
	enum kind from_kind = KINDS, to_kind = KINDS;
	const char *from = NULL, *to = NULL;
	const struct fail *fail;
	int from_at = -1, to_at = -1;

	vdir_call(vdir);
	fail = root_of(vdir, path, &to_kind, &to_at, &to);
	if (!fail)
		fail = root_of(vdir, folder->path, &from_kind, &from_at, &from);
	/* Its kind was decided when it was made. */
	if (!fail && from_kind != to_kind)
		fail = fail_make(FAIL_USAGE, FAIL_FOLDER, "%s: is of another kind", path);
	if (!fail)
		fail = file_rename_new(from_at, from, to_at, to);
	if (!fail) {
		collection_forget(vdir, folder->path);
		collection_forget(vdir, path);
		fail = barrier_add(&vdir->barrier, to_at);
	}
	if (!fail)
		fail = barrier_sync(&vdir->barrier);
	if (!fail)
		fail = folder_tell(vdir, path, arena, renamed);
	if (from_at >= 0)
		close(from_at);
	if (to_at >= 0)
		close(to_at);
	return fail_in(fail_at_least(fail, FAIL_FOLDER), "%s", folder->path);
}
