/* Private to the memory store: its object, and what its files share. */
#ifndef KOC_STORE_MEMORY_ROOM_H
#define KOC_STORE_MEMORY_ROOM_H

#include "store/memory.h"

struct buf;

enum memory_verb { ACT_WRITE, ACT_FLAG, ACT_TRANSFER, ACT_REMOVE };

/* A request to be done: struct write, flag_change, transfer or removal. */
struct memory_act {
	enum memory_verb verb;
	void *request;
	struct arena *arena;
};

struct memory {
	struct store store;
	struct memory_world *world;
	struct memory_options options;
	struct { VEC(struct memory_act) } queue;
	const struct fail *dead; /* step() failed: nothing works any more */
	uint64_t calls;
	memory_hook *hook;
	void *hook_context;
};

static inline struct memory *memory_of(struct store *store)
{
	return (struct memory *)store;
}

/* What every call but those that queue does first. */
const struct fail *memory_begin(struct memory *memory, const char *what) MUST_CHECK;

/* Does what is queued, in order.  Fails if step() does; requests that were not tried have that
 * fail. */
const struct fail *memory_acts(struct memory *memory) MUST_CHECK;

/* Before a durable act: passes step(). */
const struct fail *memory_step(struct memory *memory, const char *what) MUST_CHECK;

/* Counts, and runs the hook. */
void memory_count(struct memory *memory, const char *what);

/* The world's folder that is meant; FAIL_MISSING if it is not there (any more). */
const struct fail *memory_folder(struct memory *memory, const struct store_folder *folder,
				 struct memory_folder **found) MUST_CHECK;

/* FAIL_MISSING for an item. */
const struct fail *memory_missing(const struct store_folder *folder, const char *ref);

/* store_folder.next of a folder. */
const char *memory_next(const struct memory *memory, const struct memory_folder *folder,
			struct arena *arena);

/* Takes a cursor apart; false if it says nothing about this folder as it is now. */
bool memory_cursor(const struct memory_folder *folder, const char *cursor, uint64_t *changes);

/* What the store tells of an item's flags: without keywords that its folder does not speak about. */
struct flags memory_flags_told(struct arena *arena, const struct memory_folder *folder,
			       const struct memory_item *item);

/* store_folder.identity of a folder. */
const char *memory_identity(const struct memory *memory, const struct memory_folder *folder,
			    struct arena *arena);

/* Writes an item's text form, with LF; false: nothing of it can be left out. */
bool memory_text(struct memory *memory, const struct memory_item *item, const char *identity,
		 struct buf *out);

/* ---- the driver's calls, by file ---- */

const struct fail *memory_folders(struct store *, const struct store_known *, size_t, struct arena *,
				  struct folder_list *);
const struct fail *memory_make(struct store *, const char *path, uint32_t roles, struct arena *,
			       struct store_folder *);
const struct fail *memory_rename(struct store *, const struct store_folder *, const char *path,
				 struct arena *, struct store_folder *);
const struct fail *memory_drop(struct store *, const struct store_folder *);
const struct fail *memory_list(struct store *, struct look *, size_t);

#endif
