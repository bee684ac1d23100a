/* Vdir: opening and closing the local store of calendars and contacts, and the driver's table. */
#include "store/vdir/vdir.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "store/items.h"
#include "store/vdir/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* Where swaps are under way, for the next run if this one dies. */
#define MARK ".koc/dav.swap"

static const struct fail no_flags = { FAIL_REFUSED, FAIL_ITEM, "such items have no flags" };

static const struct fail *vdir_flag(struct store *store, struct flag_change *changes, size_t count,
				    struct arena *arena)
{
	(void)store;
	(void)arena;
	for (size_t i = 0; i < count; i++) {
		changes[i].fail = &no_flags;
		changes[i].now = (struct flags){ 0 };
	}
	return NULL;
}

/* Writes are known by their keys: nothing is ever looked for. */
static const struct fail *vdir_find(struct store *store, struct find *finds, size_t count,
				    struct arena *arena)
{
	(void)store;
	(void)arena;
	for (size_t i = 0; i < count; i++) {
		finds[i].fail = NULL;
		finds[i].refs = NULL;
		finds[i].count = 0;
	}
	return NULL;
}

static const struct fail *vdir_sync(struct store *store)
{
	struct vdir *vdir = (struct vdir *)store;
	const struct fail *fail = barrier_sync(&vdir->barrier);

	return fail ? fail : swap_mark_clear(&vdir->mark);
}

static void vdir_close(struct store *store)
{
	struct vdir *vdir = (struct vdir *)store;

	collections_close(vdir);
	barrier_close(&vdir->barrier);
	touch_close(&vdir->touch);
	swap_mark_free(&vdir->mark);
	map_free(vdir->pasts);
	map_free(vdir->ours);
	arena_free(vdir->memory);
	if (vdir->root >= 0)
		close(vdir->root);
	free(vdir);
}

static const struct store_driver driver = {
	.name = "vdir",
	.folders = vdir_folders,
	.make = vdir_make,
	.rename = vdir_rename,
	.drop = vdir_drop,
	.label = vdir_label,
	.list = vdir_list,
	.read = vdir_read,
	.write = vdir_write,
	.flag = vdir_flag,
	.transfer = vdir_transfer,
	.remove = vdir_remove,
	.exists = vdir_exists,
	.find = vdir_find,
	.sync = vdir_sync,
	.close = vdir_close,
};

/* The object, with nothing done on disk. */
static const struct fail *vdir_new(int root, struct vdir **result)
{
	struct vdir *vdir = memory_alloc(sizeof *vdir);

	vdir->store.driver = &driver;
	vdir->store.traits = STORE_REFS_KEPT | STORE_IDEMPOTENT | STORE_TRANSFERS | STORE_LABELS;
	vdir->touch.fd = -1;
	vdir->memory = arena_new();
	vdir->pasts = map_new();
	vdir->ours = map_new();
	vdir->root = fcntl(root, F_DUPFD_CLOEXEC, 0);
	swap_mark_init(&vdir->mark, vdir->root, MARK);
	*result = vdir;
	return vdir->root >= 0 ? NULL
			       : fail_errno(FAIL_ACCOUNT, errno, "cannot keep the store open");
}

/* Gives the object away, or ends it. */
static const struct fail *vdir_give(struct vdir *vdir, const struct fail *fail, struct store **store)
{
	*store = fail ? NULL : &vdir->store;
	if (fail)
		vdir_close(&vdir->store);
	return fail_at_least(fail, FAIL_ACCOUNT);
}

const struct fail *vdir_open(int root, struct store **store)
{
	struct vdir *vdir = NULL;
	const struct fail *fail = vdir_new(root, &vdir);

	if (!fail)
		fail = swap_settle(&vdir->mark);
	return vdir_give(vdir, fail, store);
}

const struct fail *vdir_look(int root, struct store **store)
{
	struct vdir *vdir = NULL;
	const struct fail *fail = vdir_new(root, &vdir);

	vdir->only_looks = true;
	vdir->touch.off = true;
	return vdir_give(vdir, fail, store);
}
