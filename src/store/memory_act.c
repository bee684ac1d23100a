/* The memory store: what changes its world (see memory.h). */
#include "store/memory_room.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/step.h"
#include "base/str.h"
#include "core/flags.h"

#include <string.h>

const struct fail *memory_step(struct memory *memory, const char *what)
{
	struct memory_world *world = memory->world;

	memory->dead = step(what);
	if (!memory->dead && memory->options.volatile_acts && !world->durable)
		world->durable = world_clone(world);
	return memory->dead;
}

/* ---- flags -------------------------------------------------------------------------------- */

/* The folder's table with those of the wanted keywords that still fit. */
static const char *table_grown(struct memory *memory, const char *table, const char *wanted)
{
	struct arena *arena = world_scratch(memory->world);
	const char *missing = keywords_minus(arena, wanted, table);
	size_t most = memory->options.keyword_most, count = *table ? 1 : 0;

	for (const char *c = table; *c; c++)
		count += *c == ' ';
	while (missing && *missing && (!most || count < most)) {
		const char *end = strchrnul(missing, ' ');
		table = keywords_union(arena, table,
				       arena_strn(arena, missing, (size_t)(end - missing)));
		missing = *end ? end + 1 : end;
		count++;
	}
	return world_string(memory->world, table);
}

/* What of these flags can be stored in the folder; canonical, of the pool. */
static struct flags admit(struct memory *memory, struct memory_folder *folder, struct flags flags)
{
	const struct memory_options *options = &memory->options;
	struct memory_world *world = memory->world;

	if (!kind_traits(folder->kind)->has_flags)
		return (struct flags){ 0 };
	flags = world_flags(world, flags);
	flags.bits &= FLAG_ALL & ~options->refused_bits;
	if (options->no_new_keywords)
		flags.keywords = world_string(world, keywords_both(world_scratch(world),
								   flags.keywords,
								   options->keywords));
	if (folder->table && flags.keywords) {
		folder->table = table_grown(memory, folder->table, flags.keywords);
		flags.keywords = world_string(world, keywords_both(world_scratch(world),
								   flags.keywords,
								   folder->table));
	}
	return flags;
}

static const struct fail *writable(const struct memory_folder *folder)
{
	if (folder->read_only)
		return fail_make(FAIL_DENIED, FAIL_FOLDER, "%s: is read-only", folder->path);
	return NULL;
}

/* ---- write -------------------------------------------------------------------------------- */

/* The body's bytes in the form of the medium. */
static const struct fail *bytes_of(struct memory *memory, struct body *body,
				   const struct memory_body **bytes)
{
	struct memory_world *world = memory->world;
	bool wire = (world->form & WORLD_WIRE) != 0;
	const struct fail *f;
	uint64_t offset = 0;
	char chunk[4096];
	struct buf buf;
	size_t got;

	buf_init(&buf, (size_t)(2 * body->size + 1));
	do {
		if (wire)
			f = body_read_wire(body, &offset, chunk, sizeof chunk, &got);
		else if (!(f = body_read(body, offset, chunk, sizeof chunk, &got)))
			offset += got;
		if (!f)
			buf_add(&buf, chunk, got);
	} while (!f && got);
	if (!f)
		*bytes = world_bytes(world, buf.data, buf.size);
	buf_free(&buf);
	return f;
}

/* What a write tells of the stored item. */
static struct version version_told(struct memory *memory, const struct memory_folder *folder,
				   const struct memory_item *item, bool silent, struct arena *arena)
{
	struct version now = {
		.ref = silent ? NULL : arena_str(arena, item->ref),
		.revision = memory->options.silent_revisions ? NULL :
							       arena_str(arena, item->revision),
		.flags = memory_flags_told(arena, folder, item),
	};

	now.flags.keywords = arena_str(arena, now.flags.keywords);
	return now;
}

static const struct fail *write_new(struct memory *memory, struct write *write,
				    struct memory_folder *folder, const struct memory_body *bytes,
				    struct arena *arena)
{
	struct memory_world *world = memory->world;
	const char *wish = write->name ? write->name : write->key;
	struct memory_item item = {
		.key = write->key,
		.body = bytes,
		.date = write->date,
	};
	const struct memory_item *there =
		world->form & WORLD_NAMED && wish ? world_item_of(world, folder->id, wish) : NULL;
	const struct fail *f;

	/* Of keyed kinds the very same is taken for what was to be written: a run before did so. */
	if (there && write->key && there->key && strcmp(there->key, write->key) == 0 &&
	    there->body == bytes) {
		write->now = version_told(memory, folder, there, memory->options.silent_writes, arena);
		return NULL;
	}
	if (((world->form & WORLD_UNIQUE) && world_by_key(world, folder->id, write->key)) ||
	    there)
		return fail_make(FAIL_EXISTS, FAIL_ITEM, "%s: %s is there already", folder->path,
				 wish ? wish : "it");
	if ((f = memory_step(memory, "write")))
		return f;
	item.flags = admit(memory, folder, write->flags);
	item.ref = world_new_ref(world, folder, wish);
	write->now = version_told(memory, folder, world_insert(world, folder, &item),
				  memory->options.silent_writes, arena);
	return NULL;
}

/* A replaced item keeps its ref and its flags. */
static const struct fail *write_over(struct memory *memory, struct write *write,
				     struct memory_folder *folder, const struct memory_body *bytes,
				     struct arena *arena)
{
	struct memory_world *world = memory->world;
	struct memory_item *item = world_item_of(world, folder->id, write->replaces);
	const struct fail *stale = NULL, *f;

	if (!(world->form & WORLD_EDITABLE))
		return fail_make(FAIL_REFUSED, FAIL_ITEM, "%s: cannot be replaced", folder->path);
	if (!item)
		return memory_missing(write->folder, write->replaces);
	if (write->if_revision && strcmp(write->if_revision, item->revision) != 0)
		stale = fail_make(FAIL_STALE, FAIL_ITEM, "%s: %s has changed", folder->path,
				  item->ref);
	if (stale && !(memory->options.exchanges && write->into))
		return stale;
	if (write->into && world_kept(world, write->into))
		return fail_make(FAIL_EXISTS, FAIL_ITEM, "%s: is there already", write->into);
	if ((f = memory_step(memory, "replace")))
		return f;
	if (write->into)
		world_keep(world, write->into, item);
	write->came_out = stale != NULL;
	item->body = bytes;
	item->date = write->date ? write->date : item->date;
	if (write->key)
		item->key = world_string(world, write->key);
	world_changed(world, item, true);
	write->now = version_told(memory, folder, item, false, arena);
	return stale;
}

static const struct fail *act_write(struct memory *memory, struct write *write, struct arena *arena)
{
	const struct memory_body *bytes = NULL;
	const struct memory_options *options = &memory->options;
	struct memory_folder *folder;
	const struct fail *f;

	write->came_out = false;
	write->now = (struct version){ 0 };
	if ((f = memory_folder(memory, write->folder, &folder)) || (f = writable(folder)) ||
	    (f = bytes_of(memory, write->body, &bytes)))
		return f;
	if (options->size_most && bytes->size > options->size_most)
		return fail_make(FAIL_REFUSED, FAIL_ITEM, "%s: item is too large", folder->path);
	if (options->rewrite)
		bytes = options->rewrite(memory->world, bytes);
	f = write->replaces ? write_over(memory, write, folder, bytes, arena) :
			      write_new(memory, write, folder, bytes, arena);
	/* On a server the stored bytes may be others: they are known when they are read. */
	if (write->now.ref && !options->rewrite && !(memory->world->form & WORLD_WIRE))
		write->now.digest = write->body->digest;
	return f;
}

/* ---- flag, transfer, remove --------------------------------------------------------------- */

static const struct fail *act_flag(struct memory *memory, struct flag_change *change,
				   struct arena *arena)
{
	struct memory_world *world = memory->world;
	struct memory_folder *folder;
	struct memory_item *item;
	struct flag_delta delta;
	struct flags flags;
	const struct fail *f;

	change->now = (struct flags){ 0 };
	if ((f = memory_folder(memory, change->folder, &folder)) || (f = writable(folder)))
		return f;
	item = world_item_of(world, folder->id, change->ref);
	if (!item)
		return memory_missing(change->folder, change->ref);
	if ((f = memory_step(memory, "flag")))
		return f;
	delta.add = admit(memory, folder, change->add);
	delta.remove = world_flags(world, change->remove);
	delta.remove.bits &= FLAG_ALL & ~memory->options.refused_bits;
	flags = world_flags(world, flag_delta_apply(arena, item->flags, &delta));
	if (item->silent || !flags_equal(flags, item->flags)) {
		item->flags = flags;
		item->silent = false;
		world_changed(world, item, false);
	}
	change->now = memory_flags_told(arena, folder, item);
	change->now.keywords = arena_str(arena, change->now.keywords);
	return NULL;
}

static const struct fail *act_transfer(struct memory *memory, struct transfer *transfer,
				       struct arena *arena)
{
	struct memory_world *world = memory->world;
	struct memory_folder *from, *to;
	struct memory_item *item, copy;
	const struct fail *f;

	transfer->now = (struct version){ 0 };
	if (memory->options.no_transfers)
		return fail_make(FAIL_REFUSED, FAIL_ITEM, "cannot move or copy");
	if ((f = memory_folder(memory, transfer->folder, &from)) ||
	    (f = memory_folder(memory, transfer->to, &to)) || (f = writable(to)) ||
	    (!transfer->copy && (f = writable(from))))
		return f;
	item = world_item_of(world, from->id, transfer->ref);
	if (!item)
		return memory_missing(transfer->folder, transfer->ref);
	if (transfer->if_revision && !memory->options.blind_moves &&
	    strcmp(transfer->if_revision, item->revision) != 0)
		return fail_make(FAIL_STALE, FAIL_ITEM, "%s: has another revision", transfer->ref);
	copy = *item;
	if (((world->form & WORLD_UNIQUE) && world_by_key(world, to->id, item->key)) ||
	    (transfer->name && (world->form & WORLD_NAMED) &&
	     world_item_of(world, to->id, transfer->name)))
		return fail_make(FAIL_EXISTS, FAIL_ITEM, "%s: is there already", to->path);
	if ((f = memory_step(memory, transfer->copy || memory->options.slow_moves ? "copy" : "move")))
		return f;
	copy.flags = admit(memory, to, memory_flags_told(arena, from, item));
	copy.ref = world_new_ref(world, to, transfer->name ? transfer->name : transfer->ref);
	transfer->now = version_told(memory, to, world_insert(world, to, &copy),
				     memory->options.silent_transfers, arena);
	if (transfer->copy)
		return NULL;
	if (memory->options.slow_moves) {
		if ((f = memory_step(memory, "remove the original")))
			return f;
	}
	world_delete(world, world_item_of(world, from->id, transfer->ref));
	return NULL;
}

/* Is this item going to be removed by what is queued? */
static bool leaving(struct memory *memory, const struct store_folder *folder,
		    const struct memory_item *item)
{
	for (size_t i = 0; i < memory->queue.count; i++) {
		const struct memory_act *act = &memory->queue.items[i];
		const struct removal *removal = act->request;

		if (act->verb == ACT_REMOVE && strcmp(removal->ref, item->ref) == 0 &&
		    strcmp(removal->folder->name, folder->name) == 0)
			return true;
	}
	return false;
}

/* Without UIDPLUS: \Deleted, then an expunge if nobody else's \Deleted messages would go too. */
static const struct fail *expunge_shared(struct memory *memory, const struct removal *removal,
					 struct memory_folder *folder, struct memory_item *item)
{
	size_t count;
	const struct memory_item *items;
	const struct fail *f;

	if (!(item->flags.bits & FLAG_DELETED)) {
		if ((f = memory_step(memory, "flag deleted")))
			return f;
		item->flags.bits |= FLAG_DELETED;
		world_changed(memory->world, item, false);
	}
	items = world_items_of(memory->world, folder->id, &count);
	for (size_t i = 0; i < count; i++)
		if ((items[i].flags.bits & FLAG_DELETED) &&
		    !leaving(memory, removal->folder, &items[i]))
			return fail_make(FAIL_REFUSED, FAIL_ITEM,
					 "%s: other messages are marked deleted", folder->path);
	return NULL;
}

static const struct fail *act_remove(struct memory *memory, struct removal *removal)
{
	struct memory_world *world = memory->world;
	struct memory_folder *folder;
	struct memory_item *item;
	const struct fail *f;

	if ((f = memory_folder(memory, removal->folder, &folder)) || (f = writable(folder)))
		return f;
	item = world_item_of(world, folder->id, removal->ref);
	if (!item)
		return memory_missing(removal->folder, removal->ref);
	if (removal->if_revision && strcmp(removal->if_revision, item->revision) != 0)
		return fail_make(FAIL_STALE, FAIL_ITEM, "%s: %s has changed", folder->path,
				 item->ref);
	if (removal->into && world_kept(world, removal->into))
		return fail_make(FAIL_EXISTS, FAIL_ITEM, "%s: is there already", removal->into);
	if (memory->options.shared_expunge &&
	    (f = expunge_shared(memory, removal, folder, item)))
		return f;
	if ((f = memory_step(memory, "remove")))
		return f;
	if (removal->into)
		world_keep(world, removal->into, item);
	world_delete(world, item);
	return NULL;
}

/* ---- acts --------------------------------------------------------------------------------- */

/* Does one act, or with a fail given marks it as not tried. */
static void act_do(struct memory *memory, const struct memory_act *act, const struct fail *f)
{
	switch (act->verb) {
	case ACT_WRITE: {
		struct write *write = act->request;
		if (!f)
			memory_count(memory, "write.item");
		write->fail = f ? f : act_write(memory, write, act->arena);
		break;
	}
	case ACT_FLAG: {
		struct flag_change *change = act->request;
		if (!f)
			memory_count(memory, "flag.item");
		change->fail = f ? f : act_flag(memory, change, act->arena);
		break;
	}
	case ACT_TRANSFER: {
		struct transfer *transfer = act->request;
		if (!f)
			memory_count(memory, "transfer.item");
		transfer->fail = f ? f : act_transfer(memory, transfer, act->arena);
		break;
	}
	case ACT_REMOVE: {
		struct removal *removal = act->request;
		if (!f)
			memory_count(memory, "remove.item");
		removal->fail = f ? f : act_remove(memory, removal);
		break;
	}
	}
}

const struct fail *memory_acts(struct memory *memory)
{
	for (size_t i = 0; i < memory->queue.count; i++)
		act_do(memory, &memory->queue.items[i], memory->dead);
	memory->queue.count = 0;
	return memory->dead;
}
