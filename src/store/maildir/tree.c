/* Tree: the directories below mail/ as folders: finding, making and renaming them. */
#include "store/maildir/driver.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/step.h"
#include "base/str.h"
#include "base/vec.h"
#include "store/below.h"
#include "store/items.h"
#include "store/maildir/box.h"
#include "store/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT         "mail"
#define FOLDERS_MOST ((size_t)50 * 1000)
#define TREE_PASSES  8

#define NOT_A_NAME "the name of its directory is none that can stand for a mailbox"

/* One directory of the tree. */
struct branch {
	const char *path;
	const char *name;       /* as on disk, where `path` had to be made up */
	const char *why;        /* not NULL: it cannot be synchronised */
	bool messages;          /* it has a cur/ */
	bool container;         /* a folder lies below it */
	struct stamps stamps;
	dev_t device;
	ino_t inode;
};

struct tree {
	struct arena *arena;
	VEC(struct branch)
	bool moved; /* directories changed while they were read */
};

/* ---- walking ------------------------------------------------------------------------------ */

/* Is it the name of a directory that may be a folder?  What starts with a dot is other programs'.
 */
static bool may_be_folder(int directory, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_name[0] == '.' || strcmp(entry->d_name, "cur") == 0 ||
	    strcmp(entry->d_name, "new") == 0 || strcmp(entry->d_name, "tmp") == 0)
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode);
}

/* A branch for a directory whose name is none that koc makes: it is told, not used. */
static void branch_odd(struct branch *branch, struct tree *tree, const char *parent,
		       const char *name)
{
	struct buf escaped;

	buf_init(&escaped, PATH_MOST);
	path_component_escape(&escaped, name, strlen(name));
	branch->path = arena_printf(tree->arena, "%s/%s", parent, escaped.data);
	branch->why = NOT_A_NAME;
	buf_free(&escaped);
}

static const struct fail *branch_add(struct tree *tree, const char *parent, const char *name)
{
	const char *path = arena_printf(tree->arena, "%s/%s", parent, name);
	struct branch *branch;

	if (tree->count == FOLDERS_MOST)
		return fail_make(FAIL_DATA, FAIL_ACCOUNT, "more than %zu folders", FOLDERS_MOST);
	branch = vec_push(tree);
	branch->path = branch->name = path;
	if (path_check(path + sizeof ROOT) == PATH_ODD)
		branch_odd(branch, tree, parent, name);
	return NULL;
}

/* What a folder is known by, and whether it can be one. */
static const struct fail *branch_stamp(struct branch *branch, int fd)
{
	const struct fail *fail = stamp_read(fd, "cur", &branch->stamps.cur);
	struct stat status;

	if (!fail)
		fail = stamp_read(fd, "new", &branch->stamps.new);
	if (!fail)
		fail = stamp_read(fd, LETTERS_FILE, &branch->stamps.table);
	if (!fail && fstatat(fd, "cur", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISDIR(status.st_mode))
		branch->why = "its cur is no directory";
	if (path_check(branch->path + sizeof ROOT) == PATH_OPEN)
		branch->why = NOT_A_NAME;
	return fail;
}

/* Looks into one directory and adds those below it.  Takes fd. */
static const struct fail *branch_look(struct tree *tree, size_t at, int fd)
{
	const char *path = tree->items[at].path;
	struct stamp before = { 0 }, after = { 0 };
	const struct fail *fail = NULL;
	struct dirent *entry;
	struct stat status;
	DIR *stream = fdopendir(fd);

	if (!stream || fstat(fd, &status) != 0) {
		fail = fail_errno(FAIL_ACCOUNT, errno, "%s", path);
		stream ? closedir(stream) : close(fd);
		return fail;
	}
	before = stamp_of(&status);
	tree->items[at].device = status.st_dev;
	tree->items[at].inode = status.st_ino;
	while (!fail && (errno = 0, entry = readdir(stream))) {
		if (may_be_folder(fd, entry))
			fail = branch_add(tree, path, entry->d_name);
		else if (strcmp(entry->d_name, "cur") == 0)
			tree->items[at].messages = true;
	}
	if (!fail && errno)
		fail = fail_errno(FAIL_ACCOUNT, errno, "%s", path);
	if (!fail && at && tree->items[at].messages)
		fail = branch_stamp(&tree->items[at], fd);
	if (!fail)
		fail = stamp_read(fd, ".", &after);
	tree->moved |= !stamp_equal(&before, &after);
	closedir(stream);
	return fail;
}

/* Breadth first, by a queue: no recursion, one directory open at a time. */
static const struct fail *tree_pass(int root, struct tree *tree)
{
	const struct fail *fail = NULL;

	tree->count = 0;
	tree->moved = false;
	arena_reset(tree->arena);
	*vec_push(tree) = (struct branch){ .path = ROOT, .name = ROOT };
	for (size_t i = 0; i < tree->count && !fail; i++) {
		int fd = -1;

		if (tree->items[i].why)
			continue;
		fail = file_open_directory(root, tree->items[i].path, false, &fd);
		if (!fail) {
			fail = branch_look(tree, i, fd);
		} else if (i && fail_is(fail, FAIL_MISSING)) {
			tree->moved = true;
			fail = NULL;
		}
	}
	/* What cannot be read might hold folders: without it there is no list. */
	return fail ? fail_scoped(fail, FAIL_ACCOUNT) : NULL;
}

/* A directory that is renamed while it is looked for would seem to be gone: look again. */
static const struct fail *tree_walk(int root, struct tree *tree)
{
	const struct fail *fail = NULL;

	tree->moved = true;
	for (int i = 0; i < TREE_PASSES && tree->moved && !fail; i++)
		fail = tree_pass(root, tree);
	if (!fail && tree->moved)
		fail = fail_make(FAIL_STALE, FAIL_ACCOUNT, "%s: keeps changing", ROOT);
	return fail;
}

/* ---- folders ------------------------------------------------------------------------------ */

static int branch_order(const void *a, const void *b)
{
	const struct branch *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	/* Of two with one path the usable one goes first: the other one is odd. */
	return order ? order : (left->why != NULL) - (right->why != NULL);
}

/* Marks all directories above a folder. */
static void containers_mark(struct tree *tree, struct map *paths)
{
	char above[PATH_MOST + sizeof ROOT + PATH_COMPONENT];

	for (size_t i = 0; i < tree->count; i++) {
		char *slash;

		if (!tree->items[i].messages || !str_copy(above, sizeof above, tree->items[i].path))
			continue;
		while ((slash = strrchr(above, '/'))) {
			struct branch *branch;

			*slash = '\0';
			branch = map_get(paths, above);
			if (!branch || branch->container)
				break;
			branch->container = true;
		}
	}
}

static void folder_fill(struct store_folder *folder, const struct branch *branch,
			const struct store_known *known, struct arena *arena)
{
	bool same = known && stamps_match(known->cursor, &branch->stamps);

	*folder = (struct store_folder){
		.path = arena_str(arena, branch->path),
		.name = arena_str(arena, branch->name),
		.kind = KIND_MAIL,
		.news = same || !branch->messages ? NEWS_NONE : NEWS_SOME,
		.next = "",
		.identity = arena_printf(arena, "%llx-%llx", (unsigned long long)branch->device,
					 (unsigned long long)branch->inode),
		.count = UINT64_MAX,
		.unsupported = branch->why != NULL,
		.why = arena_str(arena, branch->why),
	};
	if (strcmp(branch->path, ROOT "/INBOX") == 0)
		folder->roles |= ROLE_INBOX;
	if (!branch->messages)
		folder->roles |= ROLE_NOSELECT;
}

/* Is it one that is told to the engine?  Not an empty directory that nobody made a folder, nor one
 * that is only the first part of a long name. */
static bool branch_shown(const struct branch *branch)
{
	if (branch->why)
		return true;
	return path_check(branch->path + sizeof ROOT) == PATH_GOOD &&
	       (branch->messages || branch->container);
}

static void list_fill(struct tree *tree, const struct store_known *known, size_t count,
		      struct arena *arena, struct folder_list *list)
{
	struct map *knowns = map_new();
	struct map *paths = map_new();

	for (size_t i = 0; i < count; i++)
		map_set(knowns, known[i].path, (void *)(uintptr_t)&known[i]);
	qsort(tree->items, tree->count, sizeof *tree->items, branch_order);
	for (size_t i = 0; i < tree->count; i++)
		if (!map_get(paths, tree->items[i].path))
			map_set(paths, tree->items[i].path, &tree->items[i]);
	containers_mark(tree, paths);
	list->items = arena_alloc(arena, (tree->count + 1) * sizeof *list->items);
	for (size_t i = 0; i < tree->count; i++) {
		const struct branch *branch = &tree->items[i];

		if (strcmp(branch->path, ROOT) == 0 || !branch_shown(branch))
			continue;
		if (list->count && strcmp(list->items[list->count - 1].path, branch->path) == 0) {
			log_line(LOG_NORMAL, "%s: %s", branch->name, branch->why);
			continue;
		}
		folder_fill(&list->items[list->count++], branch, map_get(knowns, branch->path),
			    arena);
	}
	map_free(paths);
	map_free(knowns);
}

const struct fail *maildir_folders(struct store *store, const struct store_known *known,
				   size_t count, struct arena *arena, struct folder_list *list)
{
	struct maildir *maildir = (struct maildir *)store;
	struct tree tree = { .arena = arena_new() };
	const struct fail *fail;

	*list = (struct folder_list){ 0 };
	fail = tree_walk(maildir->root, &tree);
	if (maildir->only_looks && fail_is(fail, FAIL_MISSING)) {
		fail = NULL;
		list->complete = true;
	} else if (!fail) {
		list_fill(&tree, known, count, arena, list);
		list->complete = true;
	}
	vec_free(&tree);
	arena_free(tree.arena);
	return fail;
}

/* ---- making and renaming ------------------------------------------------------------------ */

/* Can a folder be made at this path?  Those outside mail/ (Conflicts/mail, Outbox) are koc's own.
 */
static const struct fail *path_usable(const char *path)
{
	const char *below = str_starts(path, ROOT "/") ? path + sizeof ROOT : path;

	if (path_check(below) == PATH_GOOD && strcmp(path, ROOT) != 0)
		return NULL;
	return fail_make(FAIL_USAGE, FAIL_FOLDER, "%s: cannot be the path of a folder", path);
}

/* What a folder looks like after it was made or renamed. */
static const struct fail *folder_tell(struct maildir *maildir, const char *path,
				      struct arena *arena, struct store_folder *told)
{
	struct branch branch = { .path = path, .name = path };
	const struct fail *fail;
	struct stat status;
	int fd;

	fail = file_open_directory(maildir->root, path, false, &fd);
	if (fail)
		return fail;
	if (fstat(fd, &status) == 0) {
		branch.device = status.st_dev;
		branch.inode = status.st_ino;
	}
	branch.messages = fstatat(fd, "cur", &status, AT_SYMLINK_NOFOLLOW) == 0;
	close(fd);
	folder_fill(told, &branch, NULL, arena);
	return NULL;
}

const struct fail *maildir_make(struct store *store, const char *path, uint32_t roles,
				struct arena *arena, struct store_folder *made)
{
	/* cur comes last: with it the directory is a folder. */
	static const char *const parts[] = { "tmp", "new", "cur" };
	struct maildir *maildir = (struct maildir *)store;
	const struct fail *fail;
	struct stat status;
	int directory = -1;

	(void)roles;
	fail = path_usable(path);
	if (!fail)
		fail = below_make(maildir->root, &maildir->barrier, path, &directory);
	if (!fail && fstatat(directory, "cur", &status, AT_SYMLINK_NOFOLLOW) == 0)
		fail = fail_make(FAIL_EXISTS, FAIL_FOLDER, "%s: is there already", path);
	for (size_t i = 0; i < sizeof parts / sizeof *parts && !fail; i++) {
		int part = -1;

		fail = file_open_directory(directory, parts[i], true, &part);
		if (part >= 0)
			close(part);
	}
	if (!fail)
		fail = barrier_add(&maildir->barrier, directory);
	/* At once: a folder that the state knows but the disk lost would look like one that the
	 * user removed. */
	if (!fail)
		fail = barrier_sync(&maildir->barrier);
	if (!fail)
		fail = folder_tell(maildir, path, arena, made);
	if (directory >= 0)
		close(directory);
	return fail;
}

/* Renames a directory; an empty one is no obstacle. */
static const struct fail *directory_rename(int from_at, const char *from, int to_at, const char *to)
{
	const struct fail *fail = file_rename_new(from_at, from, to_at, to);

	if (fail_is(fail, FAIL_EXISTS) && unlinkat(to_at, to, AT_REMOVEDIR) == 0)
		fail = file_rename_new(from_at, from, to_at, to);
	return fail;
}

const struct fail *maildir_rename(struct store *store, const struct store_folder *folder,
				  const char *path, struct arena *arena,
				  struct store_folder *renamed)
{
	struct maildir *maildir = (struct maildir *)store;
	char *above = arena_str(arena, path);
	char *slash = strrchr(above, '/');
	const char *from = NULL, *to = slash ? slash + 1 : path;
	int from_at = -1, to_at = -1;
	const struct fail *fail;

	if (slash)
		*slash = '\0';
	fail = path_usable(path);
	if (!fail)
		fail = below_parent(maildir->root, folder->path, &from_at, &from);
	if (!fail)
		fail = below_make(maildir->root, &maildir->barrier, slash ? above : "", &to_at);
	if (fail)
		goto out;
	box_forget(maildir, folder->path);
	fail = directory_rename(from_at, from, to_at, to);
	if (!fail)
		fail = barrier_add(&maildir->barrier, to_at);
	if (!fail)
		fail = barrier_add(&maildir->barrier, from_at);
	if (!fail)
		fail = barrier_sync(&maildir->barrier);
	if (!fail)
		fail = folder_tell(maildir, path, arena, renamed);
out:
	if (to_at >= 0)
		close(to_at);
	if (from_at >= 0)
		close(from_at);
	return fail_in(fail_at_least(fail, FAIL_FOLDER), "%s", folder->path);
}
