/* World: what a memory store holds, apart from the store object: folders with their items.  It
 * outlives the store (a crash of koc frees the store, not the world), can be copied cheaply, and is
 * what a test reads, and changes behind koc's back.  Nothing here fails and nothing passes step().
 *
 * Strings and bodies lie in a pool that worlds may share: they are interned there, never change and
 * live as long as any world of the pool.  In worlds of one pool equal strings have equal addresses,
 * and two items have the same content if and only if their body->plain is the same pointer.
 *
 * Pointers to folders and items are valid until the world changes next.
 */
#ifndef KOC_STORE_WORLD_H
#define KOC_STORE_WORLD_H

#include "base/vec.h"
#include "core/item.h"

/* What the medium is like; a set. */
enum world_form {
	WORLD_WIRE = 1,     /* bodies are kept as on the wire (CRLF); else as on disk */
	WORLD_NAMED = 2,    /* refs are names; else ascending numbers of ten digits */
	WORLD_EDITABLE = 4, /* a body can change under its ref: items have revisions */
	WORLD_UNIQUE = 8,   /* a folder holds one item of a key */
	WORLD_TABLE = 16    /* folders have a table of keywords, empty at first, as in a Maildir */
};

#define WORLD_MAIL_SERVER WORLD_WIRE
#define WORLD_MAIL_LOCAL (WORLD_NAMED | WORLD_EDITABLE)
#define WORLD_DAV_SERVER (WORLD_NAMED | WORLD_EDITABLE | WORLD_UNIQUE)
#define WORLD_DAV_LOCAL (WORLD_NAMED | WORLD_EDITABLE)

/* The bytes of an item. */
struct memory_body {
	const char *data; /* as the medium keeps them, with a NUL behind */
	size_t size;
	const struct memory_body *plain; /* with LF line ends, where every line end is CRLF; else
	                                  * itself: the same content has the same one */
};

struct memory_item {
	int64_t folder;       /* memory_folder.id */
	const char *ref;
	const char *key;      /* NULL none */
	const char *revision; /* "" unless WORLD_EDITABLE */
	const struct memory_body *body;
	struct flags flags;
	int64_t date;
	bool silent;          /* says nothing about its flags (a file name without ":2,") */
	uint64_t changed;     /* memory_folder.changes when it last changed */
};

struct memory_folder {
	int64_t id;           /* never given twice in a world */
	const char *path;     /* koc's path */
	const char *name;     /* the driver's name: '=' and the path */
	enum kind kind;
	uint32_t roles;
	uint32_t epoch;       /* as UIDVALIDITY: refs mean nothing under another one */
	bool renumbered;      /* it is not the first one */
	uint64_t next;        /* the next item's number */
	uint64_t changes;     /* as HIGHESTMODSEQ: grows with each change */
	const char *table;    /* keywords that its items speak about; NULL: all */
	bool read_only;
	bool unstable;        /* the next listings say that it changed meanwhile */
};

/* An item that is no longer there. */
struct memory_gone {
	int64_t folder;
	const char *ref;
	uint64_t when;        /* memory_folder.changes of its removal */
};

/* Bytes that a store was told to put somewhere (`into`): the vault, Conflicts. */
struct memory_kept {
	const char *path;
	const struct memory_body *body;
	struct flags flags;
};

struct memory_pool; /* opaque */

struct memory_world {
	uint32_t form;        /* enum world_form */
	int64_t clock;        /* date of items that come without one */
	uint64_t ticks;       /* numbers for names, ids and revisions */
	struct { VEC(struct memory_folder) } folders; /* by path */
	struct { VEC(struct memory_item) } items;     /* by folder, ref */
	struct { VEC(struct memory_gone) } gone;      /* in order of time */
	struct { VEC(struct memory_kept) } kept;
	struct memory_pool *pool;
	struct memory_world *durable; /* private to memory.c: see memory_options.volatile_acts */
};

/* ---- worlds ------------------------------------------------------------------------------- */

/* An empty world; `beside`: the world whose pool it shares; NULL: its own.  Free it with
 * world_free. */
struct memory_world *world_new(uint32_t form, const struct memory_world *beside);

/* A copy that shares the pool.  world_copy makes an existing world (of the same pool) a copy. */
struct memory_world *world_clone(const struct memory_world *world);
void world_copy(struct memory_world *to, const struct memory_world *from);

void world_free(struct memory_world *world); /* NULL allowed */

/* ---- strings and bodies ------------------------------------------------------------------- */

/* The pool's copy of a string; NULL gives NULL. */
const char *world_string(struct memory_world *world, const char *s);

/* The pool's canonical form of flags. */
struct flags world_flags(struct memory_world *world, struct flags flags);

/* A body of exactly these bytes. */
const struct memory_body *world_bytes(struct memory_world *world, const void *data, size_t size);

/* A body of this text with the line ends of the medium: LF becomes CRLF if it is WORLD_WIRE. */
const struct memory_body *world_text(struct memory_world *world, const char *text);

/* Print and Message-ID (NULL none) of a body as mail; computed once.  False if it cannot be. */
bool world_print(struct memory_world *world, const struct memory_body *body, struct print *print,
		 const char **message_id);

/* ---- reading ------------------------------------------------------------------------------ */

struct memory_folder *world_folder(const struct memory_world *world, const char *path);
struct memory_folder *world_folder_by_id(const struct memory_world *world, int64_t id);

/* The folder's items, ascending by ref; *count 0 if there is no such folder. */
struct memory_item *world_items(const struct memory_world *world, const char *path, size_t *count);
struct memory_item *world_items_of(const struct memory_world *world, int64_t folder, size_t *count);

/* One item, or NULL. */
struct memory_item *world_item(const struct memory_world *world, const char *path, const char *ref);
struct memory_item *world_item_of(const struct memory_world *world, int64_t folder, const char *ref);

/* How many items of all folders have this content (of body->plain); *first is the first, if any. */
size_t world_find(const struct memory_world *world, const struct memory_body *body,
		  const struct memory_item **first);

/* What was put at this path, or NULL. */
const struct memory_kept *world_kept(const struct memory_world *world, const char *path);

/* ---- changing ----------------------------------------------------------------------------- */

/* All below return false (or NULL) if the folder or the item is not there or, where something is
 * made, if the place is taken. */

struct memory_folder *world_folder_make(struct memory_world *world, enum kind kind, const char *path,
					uint32_t roles);
bool world_folder_rename(struct memory_world *world, const char *path, const char *to); /* this one */
bool world_folder_remove(struct memory_world *world, const char *path); /* and its items */

/* As a change of UIDVALIDITY: a new epoch, all items get new numbers in the same order. */
bool world_renumber(struct memory_world *world, const char *path);

/* Adds an item like this one: ref NULL makes one; `folder`, `revision` and `changed` do not matter;
 * date 0 is the world's clock.  Returns its ref. */
const char *world_add(struct memory_world *world, const char *path, const struct memory_item *like);

bool world_edit(struct memory_world *world, const char *path, const char *ref,
		const struct memory_body *body);
bool world_touch(struct memory_world *world, const char *path, const char *ref); /* revision only */
bool world_remove(struct memory_world *world, const char *path, const char *ref);
bool world_rename_ref(struct memory_world *world, const char *path, const char *ref, const char *to);

/* Moves or copies; returns the ref there (the same name in a WORLD_NAMED one, if it is free). */
const char *world_move(struct memory_world *world, const char *path, const char *ref, const char *to);
const char *world_copy_item(struct memory_world *world, const char *path, const char *ref,
			    const char *to);

/* First removes, then adds.  Keywords enter the folder's table if it has one. */
bool world_flag(struct memory_world *world, const char *path, const char *ref, struct flags add,
		struct flags remove);
bool world_silence(struct memory_world *world, const char *path, const char *ref); /* .silent */

/* Sets the folder's table (canonical form is made; NULL: speaks about all). */
bool world_speaks(struct memory_world *world, const char *path, const char *keywords);

/* ---- for the driver ----------------------------------------------------------------------- */

const char *world_new_ref(struct memory_world *world, struct memory_folder *folder, const char *wish);
struct memory_item *world_insert(struct memory_world *world, struct memory_folder *folder,
				 const struct memory_item *like);
void world_delete(struct memory_world *world, struct memory_item *item);
void world_changed(struct memory_world *world, struct memory_item *item, bool body);
const struct memory_item *world_by_key(const struct memory_world *world, int64_t folder,
				       const char *key);
bool world_keep(struct memory_world *world, const char *path, const struct memory_item *item);
struct arena *world_scratch(struct memory_world *world); /* emptied at each call */

#endif
