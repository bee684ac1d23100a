/* Move: what takes an item to another place, but changes no byte of it: to other collections, and into the
 * vault. */
#include "store/vdir/driver.h"

#include "base/arena.h"
#include "base/file.h"
#include "store/copy.h"
#include "store/items.h"
#include "store/removal.h"
#include "store/vdir/parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Names that are tried for an item in another collection: "X.ics" to "X-99.ics". */
#define NUMBERS 99

struct moving {
	struct vdir *vdir;
	struct arena *arena;
};

/* The item's file, and its status. */
static const struct fail *item_look(struct vdir *vdir, const struct store_folder *folder, const char *ref,
				    struct collection **collection, struct stat *status)
{
	const struct fail *fail = collection_use(vdir, folder->path, collection);

	if (fail)
		return fail;
	if (!filename_is_item((*collection)->kind, ref))
		return &item_missing;
	if (fstatat((*collection)->fd, ref, status, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return &item_missing;
		return fail_errno(FAIL_ITEM, errno, "%s", ref);
	}
	return S_ISREG(status->st_mode) ? NULL : &item_stale;
}

/* ---- to another collection ---------------------------------------------------------------- */

/* Gives the file the first name that is free there. */
static const struct fail *name_take(int from_at, const char *from, const struct collection *to,
				    const struct transfer *transfer, char name[FILENAME_ROOM])
{
	char stem[FILENAME_ROOM];
	const struct fail *fail = NULL;
	bool wished = transfer->name && filename_of_wish(stem, to->kind, transfer->name);

	if (!wished)
		filename_of_item(stem, to->kind, transfer->ref);
	for (unsigned n = 1; n <= (wished ? 1 : NUMBERS); n++) {
		filename_build(name, to->kind, stem, n);
		fail = file_rename_new(from_at, from, to->fd, name);
		if (!fail_is(fail, FAIL_EXISTS))
			break;
	}
	return fail;
}

/* Is it what the engine last saw? */
static bool is_wanted(const struct transfer *transfer, const struct stat *status)
{
	return !transfer->if_revision || revision_is(transfer->if_revision, status);
}

/* Moves; what was saved in the last moment goes back. */
static const struct fail *item_move(const struct collection *from, const struct collection *to,
				    const struct transfer *transfer, const struct stat *old,
				    char name[FILENAME_ROOM])
{
	const struct fail *fail = name_take(from->fd, transfer->ref, to, transfer, name);
	struct stat status;

	if (fail || fstatat(to->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    status.st_dev != old->st_dev || is_wanted(transfer, &status))
		return fail;
	fail = file_rename_new(to->fd, name, from->fd, transfer->ref);
	/* If the name was taken again meanwhile, that is the version that counts. */
	return fail && !fail_is(fail, FAIL_EXISTS) ? fail : &item_stale;
}

/* A copy is made beside the place and is as new as what is written. */
static const struct fail *item_copy(struct vdir *vdir, const struct collection *from,
				    struct collection *to, const struct transfer *transfer,
				    char name[FILENAME_ROOM], struct timespec *touched)
{
	char temporary[FILENAME_ROOM];
	const struct fail *fail;
	struct stat status;

	fail = collection_temporary(vdir, to, temporary);
	if (!fail)
		fail = copy_file(from->fd, transfer->ref, to->fd, temporary, &status);
	if (fail)
		return fail;
	*touched = collection_touch(vdir, to);
	if (!is_wanted(transfer, &status))
		fail = &item_stale;
	if (!fail)
		fail = parcel_date(vdir, to, temporary, *touched, NULL, &status);
	if (!fail)
		fail = name_take(to->fd, temporary, to, transfer, name);
	if (fail)
		unlinkat(to->fd, temporary, 0);
	return fail;
}

static const struct fail *transfer_tell(struct vdir *vdir, struct transfer *transfer,
					const struct collection *to, const char *name,
					const struct stat *known, struct timespec touched,
					struct arena *arena)
{
	char revision[REVISION_TEXT];
	struct stat status = *known;

	/* Taken away already: it was the same file, unless it was copied. */
	if (fstatat(to->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)
		return fail_errno(FAIL_ITEM, errno, "%s", name);
	collection_gained(vdir, &status);
	revision_doubt(revision, &status, touched);
	transfer->now.ref = arena_str(arena, name);
	transfer->now.revision = arena_str(arena, revision);
	return NULL;
}

static const struct fail *transfer_one(void *context, void *item)
{
	struct moving *moving = context;
	struct transfer *transfer = item;
	struct vdir *vdir = moving->vdir;
	struct collection *from, *to;
	char name[FILENAME_ROOM];
	struct timespec touched;
	const struct fail *fail;
	struct stat status;

	fail = collection_use(vdir, transfer->to->path, &to);
	if (!fail)
		fail = item_look(vdir, transfer->folder, transfer->ref, &from, &status);
	if (fail)
		return fail;
	if (!is_wanted(transfer, &status))
		return &item_stale;
	if (body_form_of(from->kind) != body_form_of(to->kind))
		return fail_make(FAIL_REFUSED, FAIL_ITEM, "%s holds other things", to->path);
	touched = collection_touch(vdir, to);
	fail = transfer->copy ? item_copy(vdir, from, to, transfer, name, &touched)
			      : item_move(from, to, transfer, &status, name);
	if (!fail)
		fail = transfer_tell(vdir, transfer, to, name, &status, touched, moving->arena);
	if (!fail)
		fail = barrier_add(&vdir->barrier, to->fd);
	if (!fail && !transfer->copy)
		fail = barrier_add(&vdir->barrier, from->fd);
	return fail;
}

const struct fail *vdir_transfer(struct store *store, struct transfer *transfers, size_t count,
				 struct arena *arena)
{
	struct items items = { transfers, count, sizeof *transfers, offsetof(struct transfer, fail), NULL };
	struct moving moving = { (struct vdir *)store, arena };

	vdir_call(moving.vdir);
	items_begin(&items);
	for (size_t i = 0; i < count; i++)
		transfers[i].now = (struct version){ 0 };
	return items_do(&items, transfer_one, &moving);
}

/* ---- removal ------------------------------------------------------------------------------ */

static const struct fail *remove_one(void *context, void *item)
{
	struct removal *removal = item;
	struct vdir *vdir = context;
	struct collection *collection;
	const struct fail *fail;
	struct stat status;

	fail = item_look(vdir, removal->folder, removal->ref, &collection, &status);
	if (fail)
		return fail;
	return removal_run(vdir->root, &vdir->barrier, removal, collection->fd, removal->ref, &status);
}

const struct fail *vdir_remove(struct store *store, struct removal *removals, size_t count,
			       struct arena *arena)
{
	struct items items = { removals, count, sizeof *removals, offsetof(struct removal, fail), NULL };

	(void)arena;
	vdir_call((struct vdir *)store);
	items_begin(&items);
	return items_do(&items, remove_one, store);
}
