/* State: what koc remembers between runs.  One database per service of an account (.koc/mail.db,
 * .koc/dav.db); the only room that knows SQLite.  man koc-state(5) documents the schema.
 *
 * Two implementations of one interface: SQLite, and memory (for the model test: atomic transactions,
 * nothing else).  All functions work inside the open transaction if there is one, else alone.
 *
 * Crash rules: a row is written only when what it says is durable; cursors of a folder are written
 * in the transaction that also writes what is still open there as pending.  WAL, synchronous=FULL.
 */
#ifndef KOC_STATE_STATE_H
#define KOC_STATE_STATE_H

#include "base/fail.h"
#include "core/item.h"

struct arena;
struct state; /* opaque */

/* Opens (and makes, and upgrades) the database `name` in the directory of descriptor `directory`.
 * All fails have ACCOUNT scope: FAIL_STATE if it is damaged or of a newer schema (then it says what
 * to do, and the file is left as it is), FAIL_DISK, FAIL_DENIED.  The same can come from every
 * function below, and FAIL_LOCKED from those that write: another program writes to the database. */
const struct fail *state_open(int directory, const char *name, struct state **state) MUST_CHECK;

/* An empty state in memory. */
struct state *state_memory(void);

/* Closes; an open transaction is rolled back.  NULL allowed. */
void state_close(struct state *state);

/* Transactions; not nested.  begin takes the write lock (BEGIN IMMEDIATE).  A commit that fails
 * has rolled back; a rollback of no transaction does nothing.  Numbers that were given within (row->id)
 * mean nothing after a rollback. */
const struct fail *state_begin(struct state *state) MUST_CHECK;
const struct fail *state_commit(struct state *state) MUST_CHECK;
void state_rollback(struct state *state);

/* Strings that may be NULL are marked so.  Of the others NULL is kept as "", and flags.keywords of ""
 * as NULL.  Removing what is not there is no failure; updating it is FAIL_STATE with ITEM scope. */

/* ---- folders ---- */

struct state_folder {
	int64_t id;              /* 0: new; set by state_folder_put */
	enum kind kind;
	const char *path;        /* koc's path, unique */
	const char *name[SIDES]; /* the drivers' names; NULL: not on that side (yet, or any more).  Both
	                          * NULL: off, and never synchronised */
	const char *cursor[SIDES]; /* "" never listed */
	const char *identity[SIDES]; /* store_folder.identity when last seen; "" none */
	uint32_t roles;
	enum mode mode;          /* mode of the last run that synchronised it */
	const char *lasting;     /* store_folder.lasting on the server when last told; NULL none */
	const char *title;       /* store_folder.title and color as both sides had them last; NULL unknown */
	const char *color;
};

const struct fail *state_folders(struct state *state, struct arena *arena,
				 struct state_folder **folders, size_t *count) MUST_CHECK; /* by path */
const struct fail *state_folder_put(struct state *state, struct state_folder *folder) MUST_CHECK;
/* With its rows, what is pending in it, and the intents to it; intents from it get folder 0. */
const struct fail *state_folder_remove(struct state *state, int64_t id) MUST_CHECK;

/* ---- rows ---- */

/* Inserts (id 0; then sets row->id) or updates.  FAIL_STATE with ITEM scope if another row of the
 * folder has the same ref on a side, or if the row has a ref on neither. */
const struct fail *state_row_put(struct state *state, struct row *row) MUST_CHECK;
/* Intents about it have row 0 then. */
const struct fail *state_row_remove(struct state *state, int64_t id) MUST_CHECK;

/* The row with this ref on this side, copied to the arena; *row NULL if there is none. */
const struct fail *state_row_find(struct state *state, int64_t folder, enum side side,
				  const char *ref, struct arena *arena, struct row **row) MUST_CHECK;
const struct fail *state_row_get(struct state *state, int64_t id, struct arena *arena,
				 struct row **row) MUST_CHECK;

/* Rows in any folder whose local digest is this one; whose message has this header; whose key is this one. */
const struct fail *state_rows_by_digest(struct state *state, const struct digest *digest,
					struct arena *arena, struct row **rows,
					size_t *count) MUST_CHECK;
const struct fail *state_rows_by_head(struct state *state, const struct digest *head, struct arena *arena,
				      struct row **rows, size_t *count) MUST_CHECK;
const struct fail *state_rows_by_key(struct state *state, const char *key, struct arena *arena,
				     struct row **rows, size_t *count) MUST_CHECK;

/* Of a folder's rows that have a ref on both sides: those whose local file is a text form; those whose file
 * is whole, though it may be that not all of it is needed, and whose message was received before a time.  At
 * most so many, by the server's ref, the newest first. */
const struct fail *state_rows_text(struct state *state, int64_t folder, size_t most, struct arena *arena,
				   struct row **rows, size_t *count) MUST_CHECK;
const struct fail *state_rows_whole(struct state *state, int64_t folder, int64_t before, size_t most,
				    struct arena *arena, struct row **rows, size_t *count) MUST_CHECK;
/* Walks the rows of a folder that have a ref on `side` between first and last (both inclusive, NULL:
 * open end), ascending by that ref (strcmp).  Only one walk at a time per state, and rows may be
 * changed only after state_walk_end: FAIL_STATE with ITEM scope. */
const struct fail *state_walk(struct state *state, int64_t folder, enum side side, const char *first,
			      const char *last) MUST_CHECK;
/* The next row, valid until the next call; *row NULL at the end. */
const struct fail *state_walk_next(struct state *state, const struct row **row) MUST_CHECK;
void state_walk_end(struct state *state);

/* Rows of the folder that have no ref on `side`. */
const struct fail *state_rows_without(struct state *state, int64_t folder, enum side side,
				      struct arena *arena, struct row **rows, size_t *count) MUST_CHECK;

/* Forgets the side's ref of every row of the folder (the server renumbered it); rows that have no ref
 * on either side are removed. */
const struct fail *state_rows_unref(struct state *state, int64_t folder, enum side side) MUST_CHECK;

/* How many rows have a ref on both sides. */
const struct fail *state_rows_count(struct state *state, int64_t folder, uint64_t *count) MUST_CHECK;

/* The sizes of the rows that have a local ref, added up. */
const struct fail *state_rows_size(struct state *state, int64_t folder, uint64_t *bytes) MUST_CHECK;

/* ---- base: the agreed bytes of the items of keyed kinds ---- */

/* Keeps, for the row, the bytes that both sides agreed on, and its fields: a JSON object for the
 * views.  Removed with the row. */
const struct fail *state_base_put(struct state *state, int64_t row, const void *data, size_t size,
				  const char *fields) MUST_CHECK;
/* *data NULL: there is none. */
const struct fail *state_base_get(struct state *state, int64_t row, struct arena *arena, const char **data,
				  size_t *size) MUST_CHECK;

/* ---- pending: open work that lives on although cursors move ---- */

enum pending_why {
	PENDING_HELD,      /* a removal held by the brake */
	PENDING_SET_ASIDE, /* one bad item: `text` is the reason; retried at `next` */
	PENDING_RACED,     /* lost a race; look again next run */
	PENDING_DIRECTION, /* --pull or --push left it, or the direction was changed (ref "") */
	PENDING_SCOPE      /* waits for a folder that is off or out of scope */
};

struct pending {
	int64_t folder;
	enum side side;     /* the side on which `ref` names it */
	const char *ref;
	enum pending_why why;
	const char *text;   /* for people; "" none */
	uint32_t tries;
	int64_t next;       /* not before this time; 0 at once */
	const char *revision; /* of the local file then; with another one it is tried at once */
};

/* Replaces what is pending for (folder, side, ref). */
const struct fail *state_pending_put(struct state *state, const struct pending *pending) MUST_CHECK;
const struct fail *state_pending_remove(struct state *state, int64_t folder, enum side side,
					const char *ref) MUST_CHECK;
/* Of one folder, or of all with folder 0; by (folder, side, ref). */
const struct fail *state_pending(struct state *state, int64_t folder, struct arena *arena,
				 struct pending **pending, size_t *count) MUST_CHECK;

/* ---- intents: what is about to be done that is not idempotent ---- */

enum intent_verb { INTENT_APPEND, INTENT_COPY, INTENT_MOVE };

struct intent {
	int64_t id;             /* 0: new; set by put */
	enum intent_verb verb;
	int64_t folder;         /* where it comes from (append: 0) */
	int64_t to;             /* where it goes */
	const char *from_ref;   /* server ref it comes from; NULL none */
	const char *epoch;      /* identity of the source folder then: from_ref means nothing else */
	const char *next;       /* store_folder.next of `to` just before */
	const char *local_ref;  /* the local item that it belongs to, in `to`; NULL none */
	int64_t row;            /* row it changes; 0 none */
	struct print print;
	const char *message_id;
	struct flags flags;     /* as sent */
	uint32_t tries;         /* times it has been sent, this one included */
};

const struct fail *state_intent_put(struct state *state, struct intent *intent) MUST_CHECK;
const struct fail *state_intent_remove(struct state *state, int64_t id) MUST_CHECK;
const struct fail *state_intents(struct state *state, struct arena *arena, struct intent **intents,
				 size_t *count) MUST_CHECK;

/* ---- vault and conflicts ---- */

/* A file that a run replaced or removed here. */
struct vaulted {
	int64_t id;
	int64_t run;
	const char *folder;  /* koc's path */
	const char *name;    /* file name it had */
	const char *path;    /* where it lies now, below the store's root */
	int64_t when;
	const char *why;     /* the op's text */
};
const struct fail *state_vault_put(struct state *state, struct vaulted *vaulted) MUST_CHECK;
const struct fail *state_vault_remove(struct state *state, int64_t id) MUST_CHECK;
const struct fail *state_vault(struct state *state, int64_t before, struct arena *arena,
			       struct vaulted **vaulted, size_t *count) MUST_CHECK; /* when < before */

/* A local version that lost against the server's (SPEC 4). */
struct conflict {
	int64_t id;
	int64_t run;
	int64_t when;
	enum kind kind;
	const char *folder;     /* koc's path */
	const char *item;       /* what it is, for people: subject, UID, file name */
	const char *key;
	const char *path;       /* the loser, below the store's root; NULL: there is none (removed here,
	                         * edited there) */
	const char *name;       /* file name it had in its folder */
	const char *why;        /* "edited here, removed on the server" */
	const char *revision[SIDES];
	struct digest digest;   /* of the loser: identical losers are one */
	bool announced;
};
const struct fail *state_conflict_put(struct state *state, struct conflict *conflict) MUST_CHECK;
const struct fail *state_conflict_remove(struct state *state, int64_t id) MUST_CHECK;
const struct fail *state_conflicts(struct state *state, struct arena *arena,
				   struct conflict **conflicts, size_t *count) MUST_CHECK;

/* *conflict NULL: there is none of that id. */
const struct fail *state_conflict_get(struct state *state, int64_t id, struct arena *arena,
				      struct conflict **conflict) MUST_CHECK;

/* Those about the file of this name in this folder; is there one whose loser was put at this path below the
 * store's root, or (as mail programs rename it) with a ":2," and flags behind it? */
const struct fail *state_conflicts_named(struct state *state, const char *folder, const char *name,
					 struct arena *arena, struct conflict **conflicts,
					 size_t *count) MUST_CHECK;
const struct fail *state_conflict_at(struct state *state, const char *path, struct arena *arena,
				     bool *there) MUST_CHECK;

/* The number by which people call it.  All services of an account have one row of numbers, though each its
 * own state: mail has the odd ones, as in the view koc_conflict. */
static inline int64_t conflict_number(const struct conflict *conflict)
{
	return 2 * conflict->id - (conflict->kind == KIND_MAIL);
}

/* Of an item of a keyed kind: the bytes that both sides had agreed on before it was in conflict.  Removed
 * with the conflict.  *data NULL: they are not known. */
const struct fail *state_conflict_base_put(struct state *state, int64_t conflict, const void *data,
					   size_t size) MUST_CHECK;
const struct fail *state_conflict_base_get(struct state *state, int64_t conflict, struct arena *arena,
					   const char **data, size_t *size) MUST_CHECK;

/* ---- runs and history ---- */

const struct fail *state_run_begin(struct state *state, int64_t now, int64_t *run) MUST_CHECK;
const struct fail *state_run_end(struct state *state, int64_t run, int64_t now, int status,
				 const char *summary) MUST_CHECK;
struct state_run {
	int64_t id, began, ended; /* ended 0: it did not */
	int status;
	const char *summary;
};
const struct fail *state_runs(struct state *state, size_t most, struct arena *arena,
			      struct state_run **runs, size_t *count) MUST_CHECK; /* newest first */

/* One line of history: what a run did to an item (an op's text). */
const struct fail *state_history_add(struct state *state, int64_t run, const char *folder,
				     const char *item, const char *text) MUST_CHECK;
/* Newest first; `like` matches folder, item or text as a substring, without regard to the case of
 * ASCII letters; NULL: all. */
struct history {
	int64_t run, when; /* when: that is when the run began */
	const char *folder, *item, *text;
};
const struct fail *state_history(struct state *state, const char *like, size_t most,
				 struct arena *arena, struct history **history,
				 size_t *count) MUST_CHECK;
/* Removes the runs that began before `before`, and their history. */
const struct fail *state_prune(struct state *state, int64_t before) MUST_CHECK;

/* ---- memos: small values by name (a driver's memo, the folder used last) ---- */

/* A value of NULL removes it. */
const struct fail *state_memo_put(struct state *state, const char *name, const char *value) MUST_CHECK;
/* *value NULL: there is none. */
const struct fail *state_memo_get(struct state *state, const char *name, struct arena *arena,
				  const char **value) MUST_CHECK;

#endif
