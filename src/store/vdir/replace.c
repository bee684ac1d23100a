/* Replace: an item gets other bytes under its name (store/swap.h says how). */
#include "store/vdir/parcel.h"

#include "store/below.h"
#include "store/items.h"
#include "store/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct fail *old_look(const struct write *write, const struct collection *collection,
				   struct stat *old)
{
	if (!filename_is_item(collection->kind, write->replaces))
		return &item_missing;
	if (fstatat(collection->fd, write->replaces, old, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return &item_missing;
		return fail_errno(FAIL_ITEM, errno, "%s", write->replaces);
	}
	if (!S_ISREG(old->st_mode) || (write->if_revision && !revision_is(write->if_revision, old)))
		return &item_stale;
	return NULL;
}

/* Both directories in which something may be left to do. */
static const struct fail *places_mark(struct vdir *vdir, const struct write *write)
{
	const struct fail *fail = swap_mark_into(&vdir->mark, write->into);

	return fail ? fail : swap_mark_add(&vdir->mark, write->folder->path);
}

const struct fail *replace(struct vdir *vdir, struct write *write, struct collection *collection,
			   struct parcel *parcel, struct arena *arena)
{
	struct swap swap = {
		.from_at = collection->fd,
		.from = parcel->name,
		.at = collection->fd,
		.name = write->replaces,
		.into_at = -1,
		.no_exchange = vdir->no_exchange,
	};
	const struct fail *fail;
	struct stat old;

	fail = old_look(write, collection, &old);
	if (!fail)
		fail = below_into(vdir->root, write->into, &swap.into_at, &swap.into);
	if (!fail)
		fail = places_mark(vdir, write);
	if (fail)
		goto out;
	swap.expected = &old;
	fail = swap_run(&swap);
	vdir->no_exchange = swap.no_exchange;
	if (fail)
		goto out;
	parcel->name[0] = '\0';
	collection_gained(vdir, &swap.now);
	write->now = parcel_version(write, write->replaces, &swap.now, parcel->touched, arena);
	fail = barrier_add(&vdir->barrier, collection->fd);
	if (!fail)
		fail = barrier_add(&vdir->barrier, swap.into_at);
	if (!fail && swap.surprise && write->if_revision) {
		/* The user saved it in the last moment. */
		write->came_out = true;
		fail = &item_stale;
	}
out:
	if (swap.into_at >= 0)
		close(swap.into_at);
	return fail;
}
