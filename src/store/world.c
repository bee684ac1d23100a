/* World: the content of memory stores (see world.h). */
#include "store/world.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/str.h"
#include "core/flags.h"
#include "store/pool.h"

#include <stdio.h>
#include <string.h>

#define CLOCK_START 1000000000 /* any time will do, but not 0: that is "unknown" */
#define EPOCH_START 1000

/* ---- worlds ------------------------------------------------------------------------------- */

struct memory_world *world_new(uint32_t form, const struct memory_world *beside)
{
	struct memory_world *world = memory_alloc(sizeof *world);
	world->form = form;
	world->clock = CLOCK_START;
	world->pool = beside ? pool_share(beside->pool) : pool_new();
	return world;
}

/* Makes the vec `to` a copy of the vec `from`; its room is used again. */
#define VEC_COPY(to, from)                                                                         \
	do {                                                                                       \
		if ((to)->room < (from)->count) {                                                  \
			(to)->items = memory_resize((to)->items, (from)->count,                    \
						    sizeof *(to)->items);                          \
			(to)->room = (from)->count;                                                \
		}                                                                                  \
		if ((from)->count)                                                                 \
			memcpy((to)->items, (from)->items, (from)->count * sizeof *(to)->items);   \
		(to)->count = (from)->count;                                                       \
	} while (0)

void world_copy(struct memory_world *to, const struct memory_world *from)
{
	to->form = from->form;
	to->clock = from->clock;
	to->ticks = from->ticks;
	VEC_COPY(&to->folders, &from->folders);
	VEC_COPY(&to->items, &from->items);
	VEC_COPY(&to->gone, &from->gone);
	VEC_COPY(&to->kept, &from->kept);
	world_free(to->durable);
	to->durable = from->durable ? world_clone(from->durable) : NULL;
}

struct memory_world *world_clone(const struct memory_world *world)
{
	struct memory_world *clone = memory_alloc(sizeof *clone);
	clone->pool = pool_share(world->pool);
	world_copy(clone, world);
	return clone;
}

void world_free(struct memory_world *world)
{
	if (!world)
		return;
	world_free(world->durable);
	vec_free(&world->folders);
	vec_free(&world->items);
	vec_free(&world->gone);
	vec_free(&world->kept);
	pool_free(world->pool);
	free(world);
}

/* ---- strings and bodies ------------------------------------------------------------------- */

const char *world_string(struct memory_world *world, const char *s)
{
	return pool_string(world->pool, s);
}

struct arena *world_scratch(struct memory_world *world)
{
	return pool_scratch(world->pool);
}

struct flags world_flags(struct memory_world *world, struct flags flags)
{
	if (flags.keywords)
		flags.keywords = pool_string(
			world->pool, keywords_canonical(pool_scratch(world->pool), flags.keywords));
	return flags;
}

const struct memory_body *world_bytes(struct memory_world *world, const void *data, size_t size)
{
	return pool_body(world->pool, data, size);
}

const struct memory_body *world_text(struct memory_world *world, const char *text)
{
	size_t size = strlen(text), n = 0;
	char *wire;

	if (!(world->form & WORLD_WIRE))
		return pool_body(world->pool, text, size);
	wire = arena_alloc(pool_scratch(world->pool), 2 * size + 1);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			wire[n++] = '\r';
		wire[n++] = text[i];
	}
	return pool_body(world->pool, wire, n);
}

bool world_print(struct memory_world *world, const struct memory_body *body, struct print *print,
		 const char **message_id)
{
	return pool_print(world->pool, body, print, message_id);
}

/* ---- reading ------------------------------------------------------------------------------ */

struct memory_folder *world_folder(const struct memory_world *world, const char *path)
{
	for (size_t i = 0; i < world->folders.count; i++)
		if (strcmp(world->folders.items[i].path, path) == 0)
			return &world->folders.items[i];
	return NULL;
}

struct memory_folder *world_folder_by_id(const struct memory_world *world, int64_t id)
{
	for (size_t i = 0; i < world->folders.count; i++)
		if (world->folders.items[i].id == id)
			return &world->folders.items[i];
	return NULL;
}

/* The place of (folder, ref) among the items, or where it would be; ref "" is before all others. */
static size_t place(const struct memory_world *world, int64_t folder, const char *ref)
{
	size_t low = 0, high = world->items.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct memory_item *item = &world->items.items[middle];
		if (item->folder < folder ||
		    (item->folder == folder && strcmp(item->ref, ref) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct memory_item *world_items_of(const struct memory_world *world, int64_t folder, size_t *count)
{
	size_t first = place(world, folder, ""), last = place(world, folder + 1, "");

	*count = last - first;
	return *count ? &world->items.items[first] : NULL;
}

struct memory_item *world_items(const struct memory_world *world, const char *path, size_t *count)
{
	const struct memory_folder *folder = world_folder(world, path);

	*count = 0;
	return folder ? world_items_of(world, folder->id, count) : NULL;
}

struct memory_item *world_item_of(const struct memory_world *world, int64_t folder, const char *ref)
{
	size_t i = place(world, folder, ref);

	if (i == world->items.count || world->items.items[i].folder != folder ||
	    strcmp(world->items.items[i].ref, ref) != 0)
		return NULL;
	return &world->items.items[i];
}

struct memory_item *world_item(const struct memory_world *world, const char *path, const char *ref)
{
	const struct memory_folder *folder = world_folder(world, path);

	return folder ? world_item_of(world, folder->id, ref) : NULL;
}

size_t world_find(const struct memory_world *world, const struct memory_body *body,
		  const struct memory_item **first)
{
	size_t found = 0;

	for (size_t i = 0; i < world->items.count; i++) {
		const struct memory_item *item = &world->items.items[i];
		if (item->body->plain == body->plain && ++found == 1 && first)
			*first = item;
	}
	return found;
}

const struct memory_item *world_by_key(const struct memory_world *world, int64_t folder,
				       const char *key)
{
	size_t count;
	const struct memory_item *items = world_items_of(world, folder, &count);

	for (size_t i = 0; key && i < count; i++)
		if (items[i].key && strcmp(items[i].key, key) == 0)
			return &items[i];
	return NULL;
}

const struct memory_kept *world_kept(const struct memory_world *world, const char *path)
{
	for (size_t i = 0; i < world->kept.count; i++)
		if (strcmp(world->kept.items[i].path, path) == 0)
			return &world->kept.items[i];
	return NULL;
}

bool world_keep(struct memory_world *world, const char *path, const struct memory_item *item)
{
	if (world_kept(world, path))
		return false;
	*vec_push(&world->kept) = (struct memory_kept){
		.path = world_string(world, path), .body = item->body, .flags = item->flags };
	return true;
}

/* ---- folders ------------------------------------------------------------------------------ */

static int by_path(const void *a, const void *b)
{
	const struct memory_folder *x = a, *y = b;
	return strcmp(x->path, y->path);
}

static void folder_name(struct memory_world *world, struct memory_folder *folder, const char *path)
{
	folder->path = world_string(world, path);
	folder->name = world_string(world, arena_printf(world_scratch(world), "=%s", path));
}

static void folders_sort(struct memory_world *world)
{
	qsort(world->folders.items, world->folders.count, sizeof *world->folders.items, by_path);
}

struct memory_folder *world_folder_make(struct memory_world *world, enum kind kind, const char *path,
					uint32_t roles)
{
	struct memory_folder folder = {
		.id = (int64_t)++world->ticks,
		.kind = kind,
		.roles = roles,
		.next = 1,
		.changes = 1,
	};

	if (world_folder(world, path))
		return NULL;
	folder.epoch = (uint32_t)(EPOCH_START + world->ticks);
	folder.table = world->form & WORLD_TABLE ? "" : NULL;
	folder_name(world, &folder, path);
	*vec_push(&world->folders) = folder;
	folders_sort(world);
	return world_folder(world, path);
}

bool world_folder_rename(struct memory_world *world, const char *path, const char *to)
{
	struct memory_folder *folder = world_folder(world, path);

	if (!folder || world_folder(world, to))
		return false;
	folder_name(world, folder, to);
	folders_sort(world);
	return true;
}

/* Forgets the removals of a folder. */
static void gone_forget(struct memory_world *world, int64_t folder)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->gone.count; i++)
		if (world->gone.items[i].folder != folder)
			world->gone.items[kept++] = world->gone.items[i];
	world->gone.count = kept;
}

bool world_folder_remove(struct memory_world *world, const char *path)
{
	struct memory_folder *folder = world_folder(world, path);
	struct memory_item *items;
	size_t count, first, left;

	if (!folder)
		return false;
	items = world_items_of(world, folder->id, &count);
	if (count) {
		first = (size_t)(items - world->items.items);
		memmove(items, items + count,
			(world->items.count - first - count) * sizeof *items);
		world->items.count -= count;
	}
	gone_forget(world, folder->id);
	left = world->folders.count - (size_t)(folder - world->folders.items) - 1;
	memmove(folder, folder + 1, left * sizeof *folder);
	world->folders.count--;
	return true;
}

bool world_renumber(struct memory_world *world, const char *path)
{
	struct memory_folder *folder = world_folder(world, path);
	struct memory_item *items;
	size_t count;

	if (!folder || (world->form & WORLD_NAMED))
		return false;
	folder->epoch = (uint32_t)(EPOCH_START + ++world->ticks);
	folder->renumbered = true;
	folder->next = 1;
	folder->changes++;
	items = world_items_of(world, folder->id, &count);
	for (size_t i = 0; i < count; i++) {
		items[i].ref = world_new_ref(world, folder, NULL);
		items[i].changed = folder->changes;
	}
	gone_forget(world, folder->id);
	return true;
}

bool world_speaks(struct memory_world *world, const char *path, const char *keywords)
{
	struct memory_folder *folder = world_folder(world, path);

	if (!folder)
		return false;
	folder->table = keywords && !*keywords ?
				world_string(world, "") :
				world_flags(world, (struct flags){ .keywords = keywords }).keywords;
	folder->changes++;
	return true;
}

/* ---- items -------------------------------------------------------------------------------- */

const char *world_new_ref(struct memory_world *world, struct memory_folder *folder, const char *wish)
{
	char made[32];

	if (!(world->form & WORLD_NAMED)) {
		snprintf(made, sizeof made, "%010llu", (unsigned long long)folder->next++);
		return world_string(world, made);
	}
	if (wish && !world_item_of(world, folder->id, wish))
		return world_string(world, wish);
	do
		snprintf(made, sizeof made, "n%llu", (unsigned long long)++world->ticks);
	while (world_item_of(world, folder->id, made));
	return world_string(world, made);
}

void world_changed(struct memory_world *world, struct memory_item *item, bool body)
{
	struct memory_folder *folder = world_folder_by_id(world, item->folder);
	char made[32];

	item->changed = ++folder->changes;
	if (!(world->form & WORLD_EDITABLE)) {
		item->revision = "";
	} else if (body) {
		snprintf(made, sizeof made, "r%llu", (unsigned long long)++world->ticks);
		item->revision = world_string(world, made);
	}
}

struct memory_item *world_insert(struct memory_world *world, struct memory_folder *folder,
				 const struct memory_item *like)
{
	size_t i = place(world, folder->id, like->ref);
	struct memory_item *item;

	vec_push(&world->items);
	item = &world->items.items[i];
	memmove(item + 1, item, (world->items.count - 1 - i) * sizeof *item);
	*item = *like;
	item->folder = folder->id;
	item->ref = world_string(world, like->ref);
	item->key = world_string(world, like->key);
	item->flags = world_flags(world, like->flags);
	if (!item->date)
		item->date = world->clock;
	world_changed(world, item, true);
	return item;
}

void world_delete(struct memory_world *world, struct memory_item *item)
{
	struct memory_folder *folder = world_folder_by_id(world, item->folder);

	*vec_push(&world->gone) = (struct memory_gone){
		.folder = item->folder, .ref = item->ref, .when = ++folder->changes };
	memmove(item, item + 1,
		(world->items.count - 1 - (size_t)(item - world->items.items)) * sizeof *item);
	world->items.count--;
}

const char *world_add(struct memory_world *world, const char *path, const struct memory_item *like)
{
	struct memory_folder *folder = world_folder(world, path);
	struct memory_item item = *like;

	if (!folder || (like->ref && world_item_of(world, folder->id, like->ref)) ||
	    ((world->form & WORLD_UNIQUE) && world_by_key(world, folder->id, like->key)))
		return NULL;
	if (!item.ref)
		item.ref = world_new_ref(world, folder, NULL);
	return world_insert(world, folder, &item)->ref;
}

bool world_edit(struct memory_world *world, const char *path, const char *ref,
		const struct memory_body *body)
{
	struct memory_item *item = world_item(world, path, ref);

	if (!item || !(world->form & WORLD_EDITABLE))
		return false;
	item->body = body;
	world_changed(world, item, true);
	return true;
}

bool world_touch(struct memory_world *world, const char *path, const char *ref)
{
	struct memory_item *item = world_item(world, path, ref);

	return item && world_edit(world, path, ref, item->body);
}

bool world_remove(struct memory_world *world, const char *path, const char *ref)
{
	struct memory_item *item = world_item(world, path, ref);

	if (item)
		world_delete(world, item);
	return item != NULL;
}

bool world_rename_ref(struct memory_world *world, const char *path, const char *ref, const char *to)
{
	struct memory_item *item = world_item(world, path, ref), moved;
	const char *revision;

	if (!item || !(world->form & WORLD_NAMED) || world_item(world, path, to))
		return false;
	moved = *item;
	revision = item->revision;
	moved.ref = to;
	world_delete(world, item);
	/* The same file under another name: its revision stays. */
	world_insert(world, world_folder(world, path), &moved)->revision = revision;
	return true;
}

const char *world_copy_item(struct memory_world *world, const char *path, const char *ref,
			    const char *to)
{
	struct memory_item *item = world_item(world, path, ref), copy;
	struct memory_folder *target = world_folder(world, to);

	if (!item || !target ||
	    ((world->form & WORLD_UNIQUE) && world_by_key(world, target->id, item->key)))
		return NULL;
	copy = *item;
	copy.ref = world_new_ref(world, target, item->ref);
	return world_insert(world, target, &copy)->ref;
}

const char *world_move(struct memory_world *world, const char *path, const char *ref, const char *to)
{
	const char *there = world_copy_item(world, path, ref, to);

	if (there)
		world_remove(world, path, ref);
	return there;
}

bool world_flag(struct memory_world *world, const char *path, const char *ref, struct flags add,
		struct flags remove)
{
	struct memory_item *item = world_item(world, path, ref);
	struct memory_folder *folder;
	struct arena *arena;
	struct flag_delta delta;

	if (!item)
		return false;
	delta.add = world_flags(world, add);
	delta.remove = world_flags(world, remove);
	folder = world_folder_by_id(world, item->folder);
	arena = world_scratch(world);
	if (folder->table && delta.add.keywords)
		folder->table = world_string(
			world, keywords_union(arena, folder->table, delta.add.keywords));
	item->flags = flag_delta_apply(arena, item->flags, &delta);
	item->flags.keywords = world_string(world, item->flags.keywords);
	item->silent = false;
	world_changed(world, item, false);
	return true;
}

bool world_silence(struct memory_world *world, const char *path, const char *ref)
{
	struct memory_item *item = world_item(world, path, ref);

	if (!item)
		return false;
	item->silent = true;
	world_changed(world, item, false);
	return true;
}
