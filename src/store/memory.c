/* The memory store: its object, reads and searches (see memory.h).  Folders are in memory_folders.c,
 * listings in memory_list.c, what changes items in memory_act.c. */
#include "store/memory.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "core/flags.h"
#include "store/memory_room.h"

#include <string.h>

void memory_count(struct memory *memory, const char *what)
{
	memory->calls++;
	if (memory->hook)
		memory->hook(memory->hook_context, memory->calls, what);
}

const struct fail *memory_begin(struct memory *memory, const char *what)
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

/* ---- reads and searches ------------------------------------------------------------------- */

static struct spool no_spool = { .directory = -1 };

/* The item's bytes as a body, in the form that they have on a disk. */
static const struct fail *body_from(struct memory *memory, const struct memory_body *bytes,
				    const struct read *read, enum body_form form, struct body **body)
{
	struct spool *spool = memory->store.spool ? memory->store.spool : &no_spool;
	const struct fail *f;

	if ((f = body_begin(spool, form, body)))
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

/* The message as text form, where there is something to leave out. */
static const struct fail *text_from(struct memory *memory, const struct memory_folder *folder,
				    const struct memory_item *item, struct read *read, struct arena *arena)
{
	const char *message_id = NULL;
	const struct fail *f = NULL;
	struct buf text;

	buf_init(&text, SIZE_MAX);
	if (!memory_text(memory, item, memory_identity(memory, folder, arena), &text))
		return NULL;
	f = body_begin(memory->store.spool ? memory->store.spool : &no_spool, BODY_MAIL, &read->body);
	if (!f)
		f = body_add(read->body, text.data, text.size);
	if (!f)
		f = body_end(read->body);
	buf_free(&text);
	if (f) {
		body_free(read->body);
		read->body = NULL;
		return f;
	}
	read->text = true;
	if (!world_print(memory->world, item->body, &read->print, &message_id))
		return fail_make(FAIL_DATA, FAIL_ITEM, "%s: cannot be read", read->ref);
	return NULL;
}

/* What is learnt of a local message beside its print. */
static void tell_content(const struct body *body, struct read *read, struct arena *arena)
{
	read->now.digest = body->digest;
	if (!body->mail)
		return;
	read->stub = body_stub(body, arena);
	read->words = body_words(body, arena);
	read->normal = body->says;
}

static const struct fail *read_one(struct memory *memory, struct read *read, struct arena *arena)
{
	struct memory_folder *folder;
	struct memory_item *item;
	const char *message_id;
	const struct fail *f;
	enum body_form form;

	if ((f = memory_folder(memory, read->folder, &folder)))
		return f;
	item = world_item_of(memory->world, folder->id, read->ref);
	if (!item)
		return memory_missing(read->folder, read->ref);
	form = body_form_of(folder->kind);
	if (kind_traits(folder->kind)->keyed)
		read->normal = memory->options.normal ? memory->options.normal(item->body)
						      : digest_of(item->body->data, item->body->size);
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
		if (form == BODY_MAIL && !world_print(memory->world, item->body, &read->print, &message_id))
			return fail_make(FAIL_DATA, FAIL_ITEM, "%s: cannot be read", read->ref);
		if (!(memory->world->form & WORLD_NAMED))
			return NULL;
		if ((f = body_of_memory(item->body->data, item->body->size, form, &read->body)))
			return f;
		tell_content(read->body, read, arena);
		body_free(read->body);
		read->body = NULL;
		return NULL;
	}
	if (read->part == PART_TEXT && ((f = text_from(memory, folder, item, read, arena)) || read->body))
		return f;
	if ((f = body_from(memory, item->body, read, form, &read->body)))
		return f;
	tell_content(read->body, read, arena);
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
	read->text = false;
	read->stub = NULL;
	read->words = NULL;
	read->normal = (struct digest){ 0 };
	read->key = NULL;
}

static const struct fail *memory_read(struct store *store, struct read *reads, size_t count,
				      read_done *done, void *context, struct arena *arena)
{
	struct memory *memory = memory_of(store);
	const struct fail *f = memory_begin(memory, "read");

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
	const struct fail *f = memory_begin(memory, "exists");
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
	const struct fail *f = memory_begin(memory, "find");

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
	const struct fail *f = memory_begin(memory, "sync");

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
