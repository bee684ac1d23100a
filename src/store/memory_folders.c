/* The memory store: folders (see memory.h). */
#include "store/memory_room.h"

#include "base/arena.h"

#include <string.h>

const char *memory_identity(const struct memory *memory, const struct memory_folder *folder,
			    struct arena *arena)
{
	bool named = memory->world->form & WORLD_NAMED;

	switch (memory->options.identity) {
	case MEMORY_IDENTITY_SAME:
		if (!folder->renumbered)
			return "1000000000";
		break; /* that happened to each in a second of its own */
	case MEMORY_IDENTITY_OWN:
		break;
	case MEMORY_IDENTITY_NONE:
		return "";
	}
	return arena_printf(arena, "%llu",
			    named ? (unsigned long long)folder->id : (unsigned long long)folder->epoch);
}

/* Tells of a folder. */
static struct store_folder folder_told(const struct memory *memory, const struct memory_folder *folder,
				       struct arena *arena)
{
	size_t count;

	world_items_of(memory->world, folder->id, &count);
	return (struct store_folder){
		.path = arena_str(arena, folder->path),
		.name = arena_str(arena, folder->name),
		.kind = folder->kind,
		.roles = folder->roles,
		.news = NEWS_SOME,
		.next = memory_next(memory, folder, arena),
		.identity = memory_identity(memory, folder, arena),
		.lasting = memory->options.names_lasting
				   ? arena_printf(arena, "F%llu", (unsigned long long)folder->id)
				   : NULL,
		.count = count,
		.why = "",
	};
}

static enum news news_of(const struct memory *memory, const struct memory_folder *folder,
			 const struct store_known *known, size_t count)
{
	uint64_t changes;

	if (memory->options.always_news)
		return NEWS_SOME;
	for (size_t i = 0; i < count; i++)
		if (strcmp(known[i].path, folder->path) == 0)
			return memory_cursor(folder, known[i].cursor, &changes) && changes == folder->changes
				       ? NEWS_NONE
				       : NEWS_SOME;
	return NEWS_SOME;
}

const struct fail *memory_folders(struct store *store, const struct store_known *known, size_t count,
				  struct arena *arena, struct folder_list *list)
{
	struct memory *memory = memory_of(store);
	struct memory_world *world = memory->world;
	const struct fail *f = memory_begin(memory, "folders");

	if (f)
		return f;
	list->count = world->folders.count;
	list->items = arena_alloc(arena, list->count * sizeof *list->items);
	list->complete = true;
	for (size_t i = 0; i < list->count; i++) {
		const struct memory_folder *folder = &world->folders.items[i];
		list->items[i] = folder_told(memory, folder, arena);
		list->items[i].news = news_of(memory, folder, known, count);
	}
	return NULL;
}

const struct fail *memory_make(struct store *store, const char *path, uint32_t roles, struct arena *arena,
			       struct store_folder *made)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = memory_begin(memory, "make");
	enum kind kind = KIND_MAIL;
	size_t root;

	if (f)
		return f;
	while (kind < KINDS) {
		root = strlen(kind_traits(kind)->root);
		if (strncmp(path, kind_traits(kind)->root, root) == 0 && path[root] == '/')
			break;
		kind++;
	}
	if (kind == KINDS)
		return fail_make(FAIL_REFUSED, FAIL_FOLDER, "%s: of no kind", path);
	if (world_folder(memory->world, path))
		return fail_make(FAIL_EXISTS, FAIL_FOLDER, "%s: is there already", path);
	if ((f = memory_step(memory, "make folder")))
		return f;
	*made = folder_told(memory, world_folder_make(memory->world, kind, path, roles), arena);
	return NULL;
}

/* The part of `path` behind `folder` if it is this folder ("") or below it ("/x"); else NULL. */
static const char *below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	if (strncmp(path, folder, size) != 0 || (path[size] && path[size] != '/'))
		return NULL;
	return path + size;
}

const struct fail *memory_rename(struct store *store, const struct store_folder *folder, const char *path,
				 struct arena *arena, struct store_folder *renamed)
{
	struct memory *memory = memory_of(store);
	struct memory_world *world = memory->world;
	const struct fail *f = memory_begin(memory, "rename");
	struct memory_folder *found;
	const char **from;
	const char *old;
	size_t count = 0;

	if (f || (f = memory_folder(memory, folder, &found)))
		return f;
	if (world_folder(world, path))
		return fail_make(FAIL_EXISTS, FAIL_FOLDER, "%s: is there already", path);
	if (below(path, found->path))
		return fail_make(FAIL_REFUSED, FAIL_FOLDER, "%s: below itself", path);
	if ((f = memory_step(memory, "rename folder")))
		return f;
	old = found->path;
	from = arena_alloc(arena, world->folders.count * sizeof *from);
	for (size_t i = 0; i < world->folders.count; i++)
		if (below(world->folders.items[i].path, old))
			from[count++] = world->folders.items[i].path;
	for (size_t i = 0; i < count; i++)
		world_folder_rename(world, from[i], arena_printf(arena, "%s%s", path, below(from[i], old)));
	*renamed = folder_told(memory, world_folder(world, path), arena);
	return NULL;
}

const struct fail *memory_drop(struct store *store, const struct store_folder *folder)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = memory_begin(memory, "drop");
	struct memory_folder *found;
	size_t count;

	if (f || (f = memory_folder(memory, folder, &found)))
		return f;
	world_items_of(memory->world, found->id, &count);
	if (count)
		return fail_make(FAIL_REFUSED, FAIL_FOLDER, "%s: is not empty", folder->path);
	if ((f = memory_step(memory, "drop folder")))
		return f;
	world_folder_remove(memory->world, found->path);
	return NULL;
}
