/* Private to the memory store: its object, and the acts that change the world. */
#ifndef KOC_STORE_MEMORY_ACT_H
#define KOC_STORE_MEMORY_ACT_H

#include "store/memory.h"

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

/* What the store tells of an item's flags: without keywords that its folder does not speak about. */
struct flags memory_flags_told(struct arena *arena, const struct memory_folder *folder,
			       const struct memory_item *item);

#endif
