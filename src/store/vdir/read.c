/* Read: items, and what they say of themselves. */
#include "store/vdir/driver.h"

#include "base/arena.h"
#include "store/items.h"
#include "store/stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

struct reading {
	struct vdir *vdir;
	struct items items;
	read_done *done;
	void *context;
	struct arena *arena;
};

static void read_clear(struct read *read)
{
	read->now = (struct version){ 0 };
	read->has_flags = false;
	read->date = 0;
	read->print = (struct print){ 0 };
	read->body = NULL;
	read->key = NULL;
	read->normal = (struct digest){ 0 };
	read->wrong = NULL;
}

static const struct fail *read_file(struct reading *reading, struct read *read)
{
	struct collection *collection;
	char revision[REVISION_TEXT];
	struct timespec touched;
	const struct fail *fail;
	struct stat status;

	fail = collection_use(reading->vdir, read->folder->path, &collection);
	if (fail)
		return fail;
	/* A ref is remembered between runs: it must not lead anywhere else. */
	if (!filename_is_item(collection->kind, read->ref))
		return &item_missing;
	touched = collection_touch(reading->vdir, collection);
	fail = body_of_named(collection->fd, read->ref, body_form_of(collection->kind), false, &read->body,
			     &status);
	if (fail)
		return fail;
	revision_doubt(revision, &status, touched);
	read->now.ref = arena_str(reading->arena, read->ref);
	read->now.revision = arena_str(reading->arena, revision);
	read->now.digest = read->body->digest;
	read->print = read->body->print;
	read->key = arena_str(reading->arena, read->body->facts.uid);
	read->normal = read->body->facts.normal;
	read->wrong = read->body->facts.wrong;
	if (read->part == PART_PRINT) {
		body_free(read->body);
		read->body = NULL;
	}
	return NULL;
}

static const struct fail *read_one(void *context, void *item)
{
	struct reading *reading = context;
	struct read *read = item;

	read->fail = read_file(reading, read);
	if (reading->done)
		reading->items.end = reading->done(reading->context, read);
	return read->fail;
}

const struct fail *vdir_read(struct store *store, struct read *reads, size_t count, read_done *done,
			     void *context, struct arena *arena)
{
	struct reading reading = {
		.vdir = (struct vdir *)store,
		.items = { reads, count, sizeof *reads, offsetof(struct read, fail), NULL },
		.done = done,
		.context = context,
		.arena = arena,
	};

	vdir_call(reading.vdir);
	items_begin(&reading.items);
	for (size_t i = 0; i < count; i++)
		read_clear(&reads[i]);
	return items_do(&reading.items, read_one, &reading);
}

const struct fail *vdir_exists(struct store *store, const struct store_folder *folder, const char *ref,
			       bool *there)
{
	struct vdir *vdir = (struct vdir *)store;
	struct collection *collection;
	const struct fail *fail;
	struct stat status;

	/* When in doubt it is there: the caller is about to remove its other copy. */
	*there = true;
	vdir_call(vdir);
	fail = collection_use(vdir, folder->path, &collection);
	if (fail_is(fail, FAIL_MISSING)) {
		*there = false; /* no collection, no item */
		return NULL;
	}
	if (fail)
		return fail;
	/* What has the name now and is no file is not looked into: somebody put it there in its place. */
	if (filename_is_item(collection->kind, ref) &&
	    fstatat(collection->fd, ref, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		*there = false;
	return NULL;
}
