/* The memory store: cursors and listings (see memory.h). */
#include "store/memory_room.h"

#include "base/arena.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

const char *memory_next(const struct memory *memory, const struct memory_folder *folder, struct arena *arena)
{
	if (memory->world->form & WORLD_NAMED)
		return "";
	return arena_printf(arena, "%010llu", (unsigned long long)folder->next);
}

static const char *cursor_text(const struct memory_folder *folder, struct arena *arena)
{
	return arena_printf(arena, "%u:%llu", folder->epoch, (unsigned long long)folder->changes);
}

bool memory_cursor(const struct memory_folder *folder, const char *cursor, uint64_t *changes)
{
	char epoch[16];
	const char *colon = strchr(cursor, ':');
	uint32_t number;

	if (!colon || (size_t)(colon - cursor) >= sizeof epoch)
		return false;
	memcpy(epoch, cursor, (size_t)(colon - cursor));
	epoch[colon - cursor] = '\0';
	return str_u32(epoch, &number) && str_u64(colon + 1, changes) && number == folder->epoch &&
	       *changes <= folder->changes;
}

static struct entry entry_of(const struct memory *memory, const struct memory_folder *folder,
			     const struct memory_item *item, struct arena *arena)
{
	struct entry entry = {
		.ref = arena_str(arena, item->ref),
		.revision = arena_str(arena, item->revision),
		.says = SAYS_SIZE,
		.size = item->body->size,
		.date = item->date,
	};

	if (memory->options.lists_keys)
		entry.key = arena_str(arena, item->key);
	if (memory->options.names_lasting)
		entry.lasting = arena_printf(arena, "M%zx", (size_t)item->body->plain);
	if (kind_traits(folder->kind)->has_flags && !item->silent) {
		entry.flags = memory_flags_told(arena, folder, item);
		entry.flags.keywords = arena_str(arena, entry.flags.keywords);
		entry.says |= SAYS_BITS | SAYS_KEYWORDS;
	}
	return entry;
}

/* The entries of a listing: all, or with `since` those that changed later. */
static void list_entries(const struct memory *memory, const struct memory_folder *folder, uint64_t since,
			 struct listing *listing)
{
	size_t count;
	const struct memory_item *items = world_items_of(memory->world, folder->id, &count);

	listing->entries = arena_alloc(listing->arena, count * sizeof *listing->entries);
	for (size_t i = 0; i < count; i++) {
		struct entry entry;

		if (!listing->complete && items[i].changed <= since)
			continue;
		entry = entry_of(memory, folder, &items[i], listing->arena);
		if (memory->options.lists == MEMORY_CONDSTORE && items[i].changed <= since) {
			entry.says &= ~(uint32_t)(SAYS_BITS | SAYS_KEYWORDS);
			entry.flags = (struct flags){ 0 };
		}
		listing->entries[listing->count++] = entry;
	}
}

static int by_first(const void *a, const void *b)
{
	const struct ref_range *x = a, *y = b;
	return strcmp(x->first, y->first);
}

/* What is gone since: one range an item, as they were removed. */
static void list_gone(const struct memory *memory, const struct memory_folder *folder, uint64_t since,
		      struct listing *listing)
{
	const struct memory_world *world = memory->world;
	struct ref_range *gone = arena_alloc(listing->arena, world->gone.count * sizeof *gone);
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < world->gone.count; i++) {
		const struct memory_gone *item = &world->gone.items[i];

		if (item->folder != folder->id || item->when <= since ||
		    world_item_of(world, folder->id, item->ref))
			continue;
		gone[count].first = gone[count].last = arena_str(listing->arena, item->ref);
		count++;
	}
	if (count)
		qsort(gone, count, sizeof *gone, by_first);
	for (size_t i = 0; i < count; i++)
		if (!kept || strcmp(gone[kept - 1].first, gone[i].first) != 0)
			gone[kept++] = gone[i];
	listing->gone = gone;
	listing->gone_count = kept;
}

/* All numbers that no item has. */
static void list_gaps(const struct memory *memory, const struct memory_folder *folder,
		      struct listing *listing)
{
	struct arena *arena = listing->arena;
	size_t count;
	const struct memory_item *items = world_items_of(memory->world, folder->id, &count);
	unsigned long long from = 1, ref;

	listing->gone = arena_alloc(arena, (count + 1) * sizeof *listing->gone);
	for (size_t i = 0; i <= count; i++) {
		ref = i < count ? strtoull(items[i].ref, NULL, 10) : folder->next;
		if (from < ref)
			listing->gone[listing->gone_count++] = (struct ref_range){
				.first = arena_printf(arena, "%010llu", from),
				.last = arena_printf(arena, "%010llu", ref - 1),
			};
		from = ref + 1;
	}
}

static struct listing *list_folder(const struct memory *memory, const struct memory_folder *folder,
				   const char *cursor, bool full)
{
	const struct memory_options *options = &memory->options;
	struct arena *arena = arena_new();
	struct listing *listing = arena_alloc(arena, sizeof *listing);
	uint64_t since = 0;
	bool known = *cursor && memory_cursor(folder, cursor, &since);

	if (!known || full)
		since = 0;
	listing->arena = arena;
	listing->complete = options->lists != MEMORY_DELTA || !known || full;
	listing->renumbered = *cursor && !known;
	list_entries(memory, folder, since, listing);
	if (!listing->complete && options->vague_gone && !(memory->world->form & WORLD_NAMED))
		list_gaps(memory, folder, listing);
	else if (!listing->complete)
		list_gone(memory, folder, since, listing);
	listing->cursor = cursor_text(folder, arena);
	listing->next = memory_next(memory, folder, arena);
	listing->speaks = arena_str(arena, folder->table);
	listing->read_only = folder->read_only;
	listing->admits.bits = FLAG_ALL & ~options->refused_bits;
	listing->admits.keywords = arena_str(arena, options->keywords);
	listing->admits_keywords = !options->no_new_keywords;
	listing->unstable = folder->unstable;
	return listing;
}

const struct fail *memory_list(struct store *store, struct look *looks, size_t count)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = memory_begin(memory, "list");
	struct memory_folder *folder;

	for (size_t i = 0; i < count; i++) {
		looks[i].listing = NULL;
		looks[i].fail = f;
		if (f)
			continue;
		memory_count(memory, "list.folder");
		looks[i].fail = memory_folder(memory, looks[i].folder, &folder);
		if (looks[i].fail)
			continue;
		if (folder->roles & ROLE_NOSELECT)
			looks[i].fail =
				fail_make(FAIL_REFUSED, FAIL_FOLDER, "%s: holds no items", folder->path);
		else
			looks[i].listing = list_folder(memory, folder, looks[i].cursor, looks[i].full);
	}
	return f;
}
