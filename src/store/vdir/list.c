/* List: the items of a collection as the engine wants them. */
#include "store/vdir/driver.h"

#include "base/arena.h"
#include "base/log.h"
#include "store/vdir/walk.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct listing *listing_make(const struct collection *collection, struct arena *arena,
				    const struct walk *walk)
{
	struct listing *listing = arena_alloc(arena, sizeof *listing);
	char cursor[WALK_CURSOR];

	walk_cursor(cursor, walk);
	*listing = (struct listing){
		.arena = arena,
		.complete = true,
		.entries = arena_alloc(arena, (walk->count + 1) * sizeof *listing->entries),
		.count = walk->count,
		.cursor = arena_str(arena, cursor),
		.next = "",
		.read_only = faccessat(collection->fd, ".", W_OK, 0) != 0,
		.unstable = !walk->stable,
	};
	if (walk->count)
		memcpy(listing->entries, walk->items, walk->count * sizeof *listing->entries);
	return listing;
}

/* Files that have the name of an item and are none. */
static void odd_tell(const struct collection *collection, const struct walk *walk)
{
	log_line(LOG_NORMAL, "%s: %zu left out, no regular file: %s%s", collection->path, walk->odd_count,
		 walk->odd, walk->odd_count > 1 ? ", …" : "");
}

static const struct fail *collection_list(struct vdir *vdir, struct look *look)
{
	struct collection *collection;
	struct arena *arena = NULL;
	struct walk walk = { 0 };
	const struct fail *fail;

	fail = collection_use(vdir, look->folder->path, &collection);
	if (fail)
		return fail;
	arena = arena_new();
	fail = walk_run(vdir, collection, WALK_PASSES, arena, &walk);
	if (!fail) {
		collection_looked(collection, walk.touched);
		if (walk.odd && !vdir->only_looks)
			odd_tell(collection, &walk);
		look->listing = listing_make(collection, arena, &walk);
	} else {
		arena_free(arena);
	}
	walk_free(&walk);
	return fail_in(fail, "%s", look->folder->path);
}

const struct fail *vdir_list(struct store *store, struct look *looks, size_t count)
{
	struct vdir *vdir = (struct vdir *)store;
	const struct fail *end = NULL;

	vdir_call(vdir);
	for (size_t i = 0; i < count; i++) {
		looks[i].listing = NULL;
		looks[i].fail = end;
		if (end)
			continue;
		looks[i].fail = collection_list(vdir, &looks[i]);
		if (looks[i].fail && looks[i].fail->scope > FAIL_FOLDER)
			end = looks[i].fail;
	}
	return end;
}
