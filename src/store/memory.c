/* The memory store: folders, listings, reads and searches (see memory.h; what changes something is in
 * memory_act.c). */
#include "store/memory.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/str.h"
#include "core/flags.h"
#include "store/memory_act.h"

#include <stdio.h>
#include <string.h>

static struct memory *memory_of(struct store *store)
{
	return (struct memory *)store;
}

void memory_count(struct memory *memory, const char *what)
{
	memory->calls++;
	if (memory->hook)
		memory->hook(memory->hook_context, memory->calls, what);
}

/* What every call but those that queue does first. */
static const struct fail *begin(struct memory *memory, const char *what)
{
	const struct fail *f = memory->dead;

	if (f)
		return f;
	memory_count(memory, what);
	return memory_acts(memory);
}

const struct fail *memory_folder(struct memory *memory, const struct store_folder *folder,
				 struct memory_folder **found)
{
	struct memory_world *world = memory->world;

	for (size_t i = 0; i < world->folders.count; i++)
		if (strcmp(world->folders.items[i].name, folder->name) == 0) {
			*found = &world->folders.items[i];
			return NULL;
		}
	*found = NULL;
	return fail_make(FAIL_MISSING, FAIL_FOLDER, "%s: no such folder", folder->path);
}

const struct fail *memory_missing(const struct store_folder *folder, const char *ref)
{
	return fail_make(FAIL_MISSING, FAIL_ITEM, "%s: %s is not there", folder->path, ref);
}

struct flags memory_flags_told(struct arena *arena, const struct memory_folder *folder,
			       const struct memory_item *item)
{
	struct flags flags = item->flags;

	if (folder->table)
		flags.keywords = keywords_both(arena, flags.keywords, folder->table);
	return flags;
}

/* ---- folders ------------------------------------------------------------------------------ */

static const char *next_text(const struct memory *memory, const struct memory_folder *folder,
			     struct arena *arena)
{
	if (memory->world->form & WORLD_NAMED)
		return "";
	return arena_printf(arena, "%010llu", (unsigned long long)folder->next);
}

static const char *cursor_text(const struct memory_folder *folder, struct arena *arena)
{
	return arena_printf(arena, "%u:%llu", folder->epoch, (unsigned long long)folder->changes);
}

/* Takes a cursor apart; false if it says nothing about this folder as it is now. */
static bool cursor_read(const struct memory_folder *folder, const char *cursor, uint64_t *changes)
{
	char epoch[16];
	const char *colon = strchr(cursor, ':');
	uint32_t number;

	if (!colon || (size_t)(colon - cursor) >= sizeof epoch)
		return false;
	memcpy(epoch, cursor, (size_t)(colon - cursor));
	epoch[colon - cursor] = '\0';
	return str_u32(epoch, &number) && str_u64(colon + 1, changes) &&
	       number == folder->epoch && *changes <= folder->changes;
}

static const char *identity_text(const struct memory *memory, const struct memory_folder *folder,
				 struct arena *arena)
{
	bool named = memory->world->form & WORLD_NAMED;

	switch (memory->options.identity) {
	case MEMORY_IDENTITY_OWN:
		return arena_printf(arena, "%llu", named ? (unsigned long long)folder->id :
							   (unsigned long long)folder->epoch);
	case MEMORY_IDENTITY_SAME:
		return "1000000000";
	case MEMORY_IDENTITY_NONE:
		break;
	}
	return "";
}

/* Tells of a folder. */
static struct store_folder folder_told(const struct memory *memory,
				       const struct memory_folder *folder, struct arena *arena)
{
	size_t count;

	world_items_of(memory->world, folder->id, &count);
	return (struct store_folder){
		.path = arena_str(arena, folder->path),
		.name = arena_str(arena, folder->name),
		.kind = folder->kind,
		.roles = folder->roles,
		.news = NEWS_SOME,
		.next = next_text(memory, folder, arena),
		.identity = identity_text(memory, folder, arena),
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
			return cursor_read(folder, known[i].cursor, &changes) &&
					       changes == folder->changes ?
				       NEWS_NONE :
				       NEWS_SOME;
	return NEWS_SOME;
}

static const struct fail *memory_folders(struct store *store, const struct store_known *known,
					 size_t count, struct arena *arena,
					 struct folder_list *list)
{
	struct memory *memory = memory_of(store);
	struct memory_world *world = memory->world;
	const struct fail *f = begin(memory, "folders");

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

static const struct fail *memory_make(struct store *store, const char *path, uint32_t roles,
				      struct arena *arena, struct store_folder *made)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = begin(memory, "make");
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

static const struct fail *memory_rename(struct store *store, const struct store_folder *folder,
					const char *path, struct arena *arena,
					struct store_folder *renamed)
{
	struct memory *memory = memory_of(store);
	struct memory_world *world = memory->world;
	const struct fail *f = begin(memory, "rename");
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
		world_folder_rename(world, from[i],
				    arena_printf(arena, "%s%s", path, below(from[i], old)));
	*renamed = folder_told(memory, world_folder(world, path), arena);
	return NULL;
}

static const struct fail *memory_drop(struct store *store, const struct store_folder *folder)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = begin(memory, "drop");
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

/* ---- listings ----------------------------------------------------------------------------- */

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
	if (kind_traits(folder->kind)->has_flags && !item->silent) {
		entry.flags = memory_flags_told(arena, folder, item);
		entry.flags.keywords = arena_str(arena, entry.flags.keywords);
		entry.says |= SAYS_BITS | SAYS_KEYWORDS;
	}
	return entry;
}

/* The entries of a listing: all, or with `since` those that changed later. */
static void list_entries(const struct memory *memory, const struct memory_folder *folder,
			 uint64_t since, struct listing *listing)
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
static void list_gone(const struct memory *memory, const struct memory_folder *folder,
		      uint64_t since, struct listing *listing)
{
	const struct memory_world *world = memory->world;
	struct ref_range *gone =
		arena_alloc(listing->arena, world->gone.count * sizeof *gone);
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
				   const char *cursor)
{
	const struct memory_options *options = &memory->options;
	struct arena *arena = arena_new();
	struct listing *listing = arena_alloc(arena, sizeof *listing);
	uint64_t since = 0;
	bool known = *cursor && cursor_read(folder, cursor, &since);

	if (!known)
		since = 0;
	listing->arena = arena;
	listing->complete = options->lists != MEMORY_DELTA || !known;
	listing->renumbered = *cursor && !known;
	list_entries(memory, folder, since, listing);
	if (!listing->complete && options->vague_gone && !(memory->world->form & WORLD_NAMED))
		list_gaps(memory, folder, listing);
	else if (!listing->complete)
		list_gone(memory, folder, since, listing);
	listing->cursor = cursor_text(folder, arena);
	listing->next = next_text(memory, folder, arena);
	listing->speaks = arena_str(arena, folder->table);
	listing->read_only = folder->read_only;
	listing->admits.bits = FLAG_ALL & ~options->refused_bits;
	listing->admits.keywords = arena_str(arena, options->keywords);
	listing->admits_keywords = !options->no_new_keywords;
	listing->unstable = folder->unstable;
	return listing;
}

static const struct fail *memory_list(struct store *store, struct look *looks, size_t count)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = begin(memory, "list");
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
			looks[i].fail = fail_make(FAIL_REFUSED, FAIL_FOLDER,
						  "%s: holds no items", folder->path);
		else
			looks[i].listing = list_folder(memory, folder,
						       looks[i].full ? "" : looks[i].cursor);
	}
	return f;
}

/* ---- reads and searches ------------------------------------------------------------------- */

/* The item's bytes as a body, in the form that they have on a disk. */
static const struct fail *body_from(struct memory *memory, const struct memory_body *bytes,
				    const struct read *read, bool mail, struct body **body)
{
	static struct spool none = { .directory = -1 };
	struct spool *spool = memory->store.spool ? memory->store.spool : &none;
	const struct fail *f;

	if ((f = body_begin(spool, mail, body)))
		return f;
	/* The medium does not know in which form a local file is: the row does. */
	if (memory->world->form & WORLD_WIRE)
		f = body_add_wire(*body, bytes->data, bytes->size);
	else
		f = body_add(*body, bytes->data, bytes->size);
	if (!f)
		f = body_end(*body);
	if (f) {
		body_free(*body);
		*body = NULL;
		return f;
	}
	if (read->wire && !(memory->world->form & WORLD_WIRE))
		(*body)->wire = true;
	return NULL;
}

static const struct fail *read_one(struct memory *memory, struct read *read, struct arena *arena)
{
	struct memory_folder *folder;
	struct memory_item *item;
	const char *message_id;
	const struct fail *f;
	bool mail;

	if ((f = memory_folder(memory, read->folder, &folder)))
		return f;
	item = world_item_of(memory->world, folder->id, read->ref);
	if (!item)
		return memory_missing(read->folder, read->ref);
	mail = folder->kind == KIND_MAIL;
	read->now.ref = arena_str(arena, item->ref);
	read->now.revision = arena_str(arena, item->revision);
	read->key = arena_str(arena, item->key);
	read->date = item->date;
	if (kind_traits(folder->kind)->has_flags && !item->silent) {
		read->has_flags = true;
		read->now.flags = memory_flags_told(arena, folder, item);
		read->now.flags.keywords = arena_str(arena, read->now.flags.keywords);
	}
	if (read->part == PART_PRINT) {
		if (mail && !world_print(memory->world, item->body, &read->print, &message_id))
			return fail_make(FAIL_DATA, FAIL_ITEM, "%s: cannot be read", read->ref);
		if (!(memory->world->form & WORLD_NAMED))
			return NULL;
		if ((f = body_of_memory(item->body->data, item->body->size, mail, &read->body)))
			return f;
		read->now.digest = read->body->digest;
		body_free(read->body);
		read->body = NULL;
		return NULL;
	}
	if ((f = body_from(memory, item->body, read, mail, &read->body)))
		return f;
	read->now.digest = read->body->digest;
	read->print = read->body->print;
	return NULL;
}

static void read_clear(struct read *read)
{
	read->fail = NULL;
	read->now = (struct version){ 0 };
	read->has_flags = false;
	read->date = 0;
	read->print = (struct print){ 0 };
	read->body = NULL;
	read->key = NULL;
}

static const struct fail *memory_read(struct store *store, struct read *reads, size_t count,
				      read_done *done, void *context, struct arena *arena)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = begin(memory, "read");

	for (size_t i = 0; i < count; i++) {
		struct read *read = &reads[memory->options.reverse_reads ? count - 1 - i : i];

		read_clear(read);
		read->fail = f;
		if (f)
			continue;
		memory_count(memory, "read.item");
		read->fail = read_one(memory, read, arena);
		if (done)
			f = done(context, read);
	}
	return f;
}

static const struct fail *memory_exists(struct store *store, const struct store_folder *folder,
					const char *ref, bool *there)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = begin(memory, "exists");
	struct memory_folder *found;

	*there = false;
	if (f)
		return f;
	f = memory_folder(memory, folder, &found);
	*there = !f && world_item_of(memory->world, found->id, ref);
	return NULL; /* no folder, no item */
}

/* Is this the item that is searched for? */
static bool find_matches(struct memory *memory, const struct memory_item *item,
			 const struct find *find)
{
	struct print print;
	const char *id;

	if (strcmp(item->ref, find->next) < 0 ||
	    !world_print(memory->world, item->body, &print, &id))
		return false;
	if (find->print.size && find->print.size != print.size)
		return false;
	return digest_equal(&print.head, &find->print.head) ||
	       (id && find->message_id && strcmp(id, find->message_id) == 0);
}

static const struct fail *memory_find(struct store *store, struct find *finds, size_t count,
				      struct arena *arena)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = begin(memory, "find");

	for (size_t i = 0; i < count; i++) {
		struct find *find = &finds[i];
		const struct memory_item *items;
		struct memory_folder *folder;
		size_t n;

		find->count = 0;
		find->refs = NULL;
		find->fail = f ? f : memory_folder(memory, find->folder, &folder);
		if (find->fail)
			continue;
		items = world_items_of(memory->world, folder->id, &n);
		find->refs = arena_alloc(arena, n * sizeof *find->refs);
		for (size_t k = 0; k < n; k++)
			if (find_matches(memory, &items[k], find))
				find->refs[find->count++] = arena_str(arena, items[k].ref);
	}
	return f;
}

/* ---- changes: queued, or done at once ------------------------------------------------------ */

static const struct fail not_done = { FAIL_STOPPED, FAIL_ALL, "queued, not done: no sync() was called" };

static const struct fail *submit(struct memory *memory, const struct memory_act *act,
				 const struct fail **slot)
{
	*slot = memory->dead ? memory->dead : &not_done;
	if (!memory->dead)
		*vec_push(&memory->queue) = *act;
	return memory->dead;
}

/* After the requests of a call were submitted. */
static const struct fail *submitted(struct memory *memory, const char *what)
{
	if (memory->dead)
		return memory->dead;
	memory_count(memory, what);
	return memory->options.queues ? NULL : memory_acts(memory);
}

/* One submit function a verb: they differ in the type of the request only. */
#define SUBMIT(function, type, verb, what)                                                         \
	static const struct fail *function(struct store *store, struct type *requests,             \
					   size_t count, struct arena *arena)                      \
	{                                                                                          \
		struct memory *memory = memory_of(store);                                          \
		const struct fail *f = NULL;                                                       \
                                                                                                   \
		for (size_t i = 0; i < count; i++)                                                 \
			f = submit(memory, &(struct memory_act){ verb, &requests[i], arena },      \
				   &requests[i].fail);                                             \
		return f ? f : submitted(memory, what);                                            \
	}

SUBMIT(memory_write, write, ACT_WRITE, "write")
SUBMIT(memory_flag, flag_change, ACT_FLAG, "flag")
SUBMIT(memory_transfer, transfer, ACT_TRANSFER, "transfer")
SUBMIT(memory_remove, removal, ACT_REMOVE, "remove")

/* ---- the store ---------------------------------------------------------------------------- */

static const struct fail *memory_sync(struct store *store)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = begin(memory, "sync");

	if (f)
		return f;
	world_free(memory->world->durable);
	memory->world->durable = NULL;
	return NULL;
}

static void memory_close(struct store *store)
{
	struct memory *memory = memory_of(store);

	vec_free(&memory->queue);
	free(memory);
}

static const struct store_driver memory_driver = {
	.name = "memory",
	.folders = memory_folders,
	.make = memory_make,
	.rename = memory_rename,
	.drop = memory_drop,
	.list = memory_list,
	.read = memory_read,
	.write = memory_write,
	.flag = memory_flag,
	.transfer = memory_transfer,
	.remove = memory_remove,
	.exists = memory_exists,
	.find = memory_find,
	.sync = memory_sync,
	.close = memory_close,
};

struct store *memory_open(struct memory_world *world, const struct memory_options *options)
{
	struct memory *memory = memory_alloc(sizeof *memory);

	memory->store.driver = &memory_driver;
	if (!options->silent_writes)
		memory->store.traits |= STORE_REFS_KEPT;
	if (world->form & (WORLD_NAMED | WORLD_UNIQUE))
		memory->store.traits |= STORE_IDEMPOTENT;
	if (!options->no_transfers)
		memory->store.traits |= STORE_TRANSFERS;
	memory->world = world;
	memory->options = *options;
	if (options->flaky)
		for (size_t i = 0; i < world->items.count; i++)
			world_changed(world, &world->items.items[i], true);
	return &memory->store;
}

void memory_set_hook(struct store *store, memory_hook *hook, void *context)
{
	memory_of(store)->hook = hook;
	memory_of(store)->hook_context = context;
}

bool memory_power_loss(struct memory_world *world)
{
	struct memory_world *durable = world->durable;

	if (!durable)
		return false;
	world->durable = NULL;
	world_copy(world, durable);
	world_free(durable);
	return true;
}
