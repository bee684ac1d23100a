/* Write: new and replaced items.  All bytes of a batch are made durable by one barrier before the first of
 * them gets its name; the names are made durable by the next sync(). */
#include "store/vdir/driver.h"

#include "base/arena.h"
#include "base/memory.h"
#include "store/copy.h"
#include "store/items.h"
#include "store/vdir/parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct delivery {
	struct vdir *vdir;
	struct items items;
	struct write *writes;
	struct parcel *parcels;
	struct barrier barrier; /* of the bytes */
	struct arena *arena;
};

static struct parcel *parcel_of(const struct delivery *delivery, const struct write *write)
{
	return &delivery->parcels[write - delivery->writes];
}

/* ---- packing ------------------------------------------------------------------------------ */

static const struct fail *parcel_pack(void *context, void *item)
{
	struct delivery *delivery = context;
	struct write *write = item;
	struct parcel *parcel = parcel_of(delivery, write);
	struct collection *collection;
	char name[FILENAME_ROOM];
	const struct fail *fail;

	fail = collection_use(delivery->vdir, write->folder->path, &collection);
	if (!fail)
		fail = collection_temporary(delivery->vdir, collection, name);
	if (!fail)
		fail = copy_body(write->body, collection->fd, name);
	if (!fail)
		memcpy(parcel->name, name, sizeof name);
	return fail;
}

static struct timespec just_before(struct timespec time)
{
	if (time.tv_nsec)
		return (struct timespec){ time.tv_sec, time.tv_nsec - 1 };
	return (struct timespec){ time.tv_sec - 1, 999999999 };
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

const struct fail *parcel_date(struct vdir *vdir, const struct collection *collection, const char *name,
			       struct timespec touched, const struct stat *old, struct stat *status)
{
	struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, just_before(touched) };

	if (same_time(touched, vdir->tick))
		times[1] = just_before(vdir->dated);
	if (old && same_time(times[1], old->st_mtim))
		times[1] = just_before(times[1]);
	vdir->tick = touched;
	vdir->dated = times[1];
	/* Where there is no telling what the clock says, or it cannot be set, the time stays as it is. */
	if (touched.tv_sec)
		(void)utimensat(collection->fd, name, times, AT_SYMLINK_NOFOLLOW);
	if (fstatat(collection->fd, name, status, AT_SYMLINK_NOFOLLOW) != 0)
		return fail_errno(FAIL_ITEM, errno, "%s", name);
	return NULL;
}

/* All bytes are written. */
static const struct fail *parcel_seal(void *context, void *item)
{
	struct delivery *delivery = context;
	struct write *write = item;
	struct parcel *parcel = parcel_of(delivery, write);
	struct collection *collection;
	const struct fail *fail;
	struct stat old;
	bool has_old;

	fail = collection_use(delivery->vdir, write->folder->path, &collection);
	if (fail)
		return fail;
	has_old = write->replaces && filename_is_item(collection->kind, write->replaces) &&
		  fstatat(collection->fd, write->replaces, &old, AT_SYMLINK_NOFOLLOW) == 0;
	parcel->touched = collection_touch(delivery->vdir, collection);
	fail = parcel_date(delivery->vdir, collection, parcel->name, parcel->touched, has_old ? &old : NULL,
			   &parcel->status);
	if (!fail)
		fail = barrier_bytes(&delivery->barrier, collection->fd, parcel->name, delivery->items.count);
	return fail;
}

/* Removes what was packed and did not arrive. */
static void parcel_discard(struct vdir *vdir, const struct parcel *parcel, const struct write *write)
{
	struct collection *collection;

	if (parcel->name[0] && !collection_use(vdir, write->folder->path, &collection))
		unlinkat(collection->fd, parcel->name, 0);
}

/* ---- delivery ----------------------------------------------------------------------------- */

struct version parcel_version(const struct write *write, const char *name, const struct stat *status,
			      struct timespec touched, struct arena *arena)
{
	char revision[REVISION_TEXT];

	revision_doubt(revision, status, touched);
	return (struct version){
		.ref = arena_str(arena, name),
		.revision = arena_str(arena, revision),
		.digest = write->body->digest,
	};
}

static const struct fail *parcel_deliver(void *context, void *item)
{
	struct delivery *delivery = context;
	struct write *write = item;
	struct parcel *parcel = parcel_of(delivery, write);
	struct collection *collection;
	const struct fail *fail;

	fail = collection_use(delivery->vdir, write->folder->path, &collection);
	if (fail)
		return fail;
	return write->replaces ? replace(delivery->vdir, write, collection, parcel, delivery->arena)
			       : arrive(delivery->vdir, write, collection, parcel, delivery->arena);
}

const struct fail *vdir_write(struct store *store, struct write *writes, size_t count, struct arena *arena)
{
	struct delivery delivery = {
		.vdir = (struct vdir *)store,
		.items = { writes, count, sizeof *writes, offsetof(struct write, fail), NULL },
		.writes = writes,
		.arena = arena,
	};
	const struct fail *end;

	vdir_call(delivery.vdir);
	items_begin(&delivery.items);
	delivery.parcels = memory_alloc((count + 1) * sizeof *delivery.parcels);
	for (size_t i = 0; i < count; i++) {
		writes[i].came_out = false;
		writes[i].now = (struct version){ 0 };
	}
	end = items_do(&delivery.items, parcel_pack, &delivery);
	if (!end)
		end = items_do(&delivery.items, parcel_seal, &delivery);
	if (!end)
		end = barrier_sync_systems(&delivery.barrier);
	barrier_close(&delivery.barrier);
	if (!end)
		end = items_do(&delivery.items, parcel_deliver, &delivery);
	else /* what is only packed did not get there */
		items_fail(&delivery.items, NULL, end);
	for (size_t i = 0; i < count; i++)
		parcel_discard(delivery.vdir, &delivery.parcels[i], &writes[i]);
	free(delivery.parcels);
	return end;
}
