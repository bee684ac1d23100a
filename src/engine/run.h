/* Run: what the files of engine/ share during one sync.  Private to the room. */
#ifndef KOC_ENGINE_RUN_H
#define KOC_ENGINE_RUN_H

#include "base/arena.h"
#include "base/vec.h"
#include "core/guard.h"
#include "core/plan.h"
#include "engine/account.h"

struct map;
struct sent;

/* A folder during a run. */
struct folder {
	const char *path;
	struct state_folder saved;        /* as the state has it; id 0: not yet */
	struct store_folder *seen[SIDES]; /* NULL: not there on that side */
	const struct kind_traits *traits;
	struct policy policy;
	const struct fail *fail;          /* the folder is skipped for the rest of the run */
	uint64_t items;                   /* rows on both sides before this run */
	bool missing[SIDES];              /* known, but not there any more */
	bool new_roles;                   /* the state has others */
	bool new_label;                   /* the state has another title or color */
	bool renumbered;                  /* by the server, before anything of it was listed */
	bool gave_rows;                   /* rows were taken out of it, or ops of it removed items */

	/* This round: */
	bool look[SIDES];                 /* to be listed */
	bool full[SIDES];                 /* in full */
	bool looked[SIDES];               /* it was: its cursor may be saved */
	const char *cursor[SIDES];        /* of the listing, to be saved */
	bool emptied[SIDES];              /* listed in full, nothing there */
	bool listed_all[SIDES];           /* listed in full: what is missing in it seems gone */
	struct map *by_row;               /* row id → match */
	struct pending *pending;          /* what was open when the round began */
	size_t pending_count;
	size_t open;                      /* operations not finished yet */
	bool taken_up;                    /* listed in full for what is pending */
	bool deferred;                    /* more new items than one round takes: the rest is for the next */
	bool waits;                       /* what seems gone there is for the next round: see budget_settle */

	/* For the next round: */
	bool again[SIDES];
	bool again_full;

	uint64_t held;                    /* removals held when last planned */
};

struct run {
	const struct engine *engine;
	const struct sync_request *request;
	struct sync_outcome *outcome;
	struct arena *arena;              /* lives as long as the run: folders */
	struct arena *round;              /* matches and operations of one round */
	struct arena *scratch;            /* valid until the next op_history */
	int64_t id;                       /* the state's number of this run */
	const char *vault;                /* this run's directory in the vault; NULL: not made yet */
	unsigned vault_next;

	const char *in_use;               /* the folder that goes first, with all below it; NULL none */
	struct folder *folders;           /* in the order of work */
	size_t folder_count;
	struct folder *trash;             /* where server removals go; NULL none */
	bool hold_removals;               /* this round: nothing is removed on the server */
	bool restless;                    /* this look: a file was renamed under it; the same, and nothing
	                                   * is forgotten */
	bool look_wide;                   /* what a server's item is gone from may not be where it is: the
					   * next round looks at all folders there */
	bool fetching;                    /* what is pulled was asked for by name; and no cursor moves on, so
					   * that the next sync's look finds all else anew */
	bool rolled_back;                 /* what ended well may not be recorded: no cursor moves on */
	unsigned round_number;
	size_t budget;                    /* new items on the server that this round may still take */
	bool new_left;                    /* this round: it did not take all of them */
	bool no_budget;                   /* nothing came of those that it took: the next takes all */
	struct intent *intents;           /* of runs before, whose work was not found done */
	size_t intent_count;
	struct sent *sent;                /* sent.c; NULL: not asked for yet */

	struct {
		VEC(struct match *)
	} matches;
	struct op *ops;
	size_t op_count;
	struct {
		VEC(struct pending)
	} left;                           /* what stays open after this round, to be saved by mark.c */
	struct {
		VEC(struct row *)
	} learnt;                         /* of one listing: rows whose messages the server gave a name */
	struct map *claimed;              /* refs given to items in this round, before rows are written */
	struct progress progress;
};

/* lists.c: both folder lists and the state's as one, in run->folders; carries renames to the other side. */
const struct fail *lists_read(struct run *run) MUST_CHECK;
/* The local list alone: nothing is renamed. */
const struct fail *lists_read_local(struct run *run) MUST_CHECK;
/* Adds to that list what the server has now of those folders, renames left aside. */
const struct fail *lists_read_server(struct run *run) MUST_CHECK;
/* Is it remembered by its path alone (off, and never synchronised)? */
bool folder_nameless(const struct state_folder *saved);

/* folders.c: settles what each is and makes and drops folders. */
const struct fail *folders_open(struct run *run) MUST_CHECK;
/* INBOX is there for ever: made anew here once all that was in it went elsewhere; look at it again. */
const struct fail *folders_return(struct run *run) MUST_CHECK;
bool folder_is_inbox(const struct folder *folder);
/* Drops what is empty now on one side and was removed on the other. */
const struct fail *folders_close(struct run *run) MUST_CHECK;
/* The local list alone, for one who only looks: nothing is made, saved or renamed. */
const struct fail *folders_look(struct run *run) MUST_CHECK;
struct folder *folders_by_id(const struct run *run, int64_t id); /* NULL none */

/* directions.c: a folder whose direction was changed since the last run will be listed in full. */
const struct fail *directions_take_up(struct run *run) MUST_CHECK;

/* order.c: which folder is in use, and run->folders in the order of work; once policies are set. */
const struct fail *order_folders(struct run *run) MUST_CHECK;
/* The folder that the user named, for later runs. */
const struct fail *order_remember(struct run *run) MUST_CHECK;

/* labels.c: titles and colors; before the folders are saved.  Not in a dry run. */
const struct fail *labels_agree(struct run *run) MUST_CHECK;

/* recover.c: what a run left behind that did not end. */
const struct fail *recover_places(struct run *run) MUST_CHECK;  /* before anything else */
const struct fail *recover_intents(struct run *run) MUST_CHECK; /* after folders_open */

/* names.c: is this what stands for a local name that now is another item's?  The row's own item is gone. */
bool name_is_nobodys(const char *ref);
/* look.c: a match of nothing yet, in run->matches. */
struct match *match_new(struct run *run, struct folder *folder);
/* look.c: the match of a row: until a side says otherwise, both are as the row says. */
struct match *match_of_row(struct run *run, struct folder *folder, const struct row *row);
/* look.c: lists what is to be looked at and finds what differs from the rows: fills run->matches. */
const struct fail *look_all(struct run *run) MUST_CHECK;
/* The local side alone. */
const struct fail *look_local(struct run *run) MUST_CHECK;
/* Lists the local side of folders that are off, or where files are set aside: what is gone elsewhere may lie
 * there. */
const struct fail *look_elsewhere(struct run *run) MUST_CHECK;
/* Did a local folder change since this round's look?  Those that did are to be looked at. */
const struct fail *look_again(struct run *run, bool *changed) MUST_CHECK;

/* budget.c */

/* A round begins; a new item of the server is taken; how many of the oldest new items of a folder's listing
 * are left for the next round. */
void budget_begin(struct run *run);
void budget_spend(struct run *run);
const struct fail *budget_skip(struct run *run, struct folder *folder, const struct listing *listing,
			       size_t *skip) MUST_CHECK;
/* After the plan: if new items were left, what seems gone on the server may have moved and be among them.  It
 * waits with them, and no cursor of its folder moves on. */
void budget_settle(struct run *run);

/* content.c: looks at bodies and prints where names do not settle it, and pairs within folders. */
const struct fail *content_pair(struct run *run) MUST_CHECK;
/* Carries out VERB_LOOK operations; they are to be planned again. */
const struct fail *content_look(struct run *run, struct op **ops, size_t count) MUST_CHECK;

/* turn.c: files whose form is not that of their folder's mode any more. */
const struct fail *turns_find(struct run *run) MUST_CHECK;
/* After planning: those that had something else to do first are for the next round. */
void turns_left(struct run *run);

/* decide.c: matches → run->ops: plan, moves, guard. */
const struct fail *decide_all(struct run *run) MUST_CHECK;

/* copies.c: of what is to be sent, what the server can copy. */
const struct fail *copies_find(struct run *run) MUST_CHECK;

/* perform.c: carries out run->ops. */
const struct fail *perform_all(struct run *run) MUST_CHECK;
/* Numbers the run in the state, before its first durable act. */
const struct fail *run_begin(struct run *run) MUST_CHECK;
/* alter.c: all that needs no body: flags, moves, copies, removals, on both sides.  begin queues the server's
 * part, end waits for it, does the local part and records all. */
struct alter;
const struct fail *alter_begin(struct run *run, struct op **ops, size_t count,
			       struct alter **alter) MUST_CHECK;
const struct fail *alter_end(struct alter *alter) MUST_CHECK; /* frees it */
void alter_drop(struct alter *alter);                         /* frees it unfinished */
/* pull.c, push.c: bodies. */
const struct fail *pull_items(struct run *run, struct op **ops, size_t count) MUST_CHECK;
/* begin queues the first bodies at the server, end waits for them and sends the others. */
struct push;
const struct fail *push_begin(struct run *run, struct op **ops, size_t count, struct push **push) MUST_CHECK;
const struct fail *push_end(struct push *push) MUST_CHECK; /* frees it */
void push_drop(struct push *push);                         /* frees it unfinished; NULL allowed */

/* sent.c: uploads of keyed items, noted so that nobody is in conflict with himself.  In the transactions
 * before and after a chunk is sent: begin, then of each item add (it goes) or keep (it may have arrived),
 * then save.  `item`: the row that it gets, while match->row is as it was. */
const struct fail *sent_begin(struct run *run) MUST_CHECK;
void sent_add(struct run *run, const struct match *match, const struct row *item);
void sent_keep(struct run *run, const struct match *match, const struct row *item);
const struct fail *sent_save(struct run *run) MUST_CHECK;
/* The server's version was read: if it is what an earlier run sent, the base becomes that. */
const struct fail *sent_settle(struct run *run, struct match *match) MUST_CHECK;
void sent_free(struct run *run);

/* merge.c: edits of both sides made one.  What would come of it, into the matches; */
const struct fail *merge_look(struct run *run, struct op **ops, size_t count) MUST_CHECK;
/* … and doing it, on the server. */
const struct fail *merge_perform(struct run *run, struct op **ops, size_t count) MUST_CHECK;

/* mark.c: cursors and pending rows of all finished folders, in one transaction. */
const struct fail *mark_folders(struct run *run) MUST_CHECK;

/* record.c */

/* The operation is about to begin: until it has ended, no cursor of its folders moves on. */
void op_open(struct run *run, const struct op *op);
/* The operation is finished, well or not.  With a fail of ITEM scope it becomes pending (set aside, raced);
 * FOLDER scope skips the folder; wider fails are returned. */
const struct fail *op_end(struct run *run, struct op *op, const struct fail *fail) MUST_CHECK;
/* The folder is left as it is for this run, and the fail told. */
void folder_failed(struct run *run, struct folder *folder, const struct fail *fail);
/* What was seen of the match holds no more: it becomes pending (raced) without an operation. */
void match_raced(struct run *run, const struct match *match);
/* Its text goes into the history; call inside a transaction. */
const struct fail *op_history(struct run *run, const struct op *op) MUST_CHECK;
/* A copy of the match's row, or a new one for it, in the folder. */
struct row *row_for(struct arena *arena, const struct match *match, const struct folder *folder);
/* The file here was read: the row is of a text form if that is what it is, and only then.  What was whole
 * may have been exchanged for a text form when it was moved, and the other way round by a fetch that was
 * stopped. */
void row_form(struct row *row, const struct match *here);
/* The flags to remember: `done` is what each side has now. */
void row_flags(struct run *run, struct row *row, const struct op *op, const struct flags done[SIDES]);
/* An item gets a local name that another row still remembers, of a file that is gone: that row loses it. */
const struct fail *row_displace(struct run *run, const struct row *row) MUST_CHECK;
/* Where the item of an operation lies on a side before the operation; NULL: nowhere. */
const struct version *op_place(struct run *run, const struct op *op, enum side side,
			       struct folder **folder);
/* The server told that an item of this round has this ref. */
void ref_claim(struct run *run, const struct folder *folder, const char *ref);
/* The ref of an item that the server took without telling its name: the first of `refs` that neither a
 * row nor another item of this round has; NULL none. */
const struct fail *ref_unclaimed(struct run *run, const struct folder *folder, const char *const *refs,
				 size_t count, const char **ref) MUST_CHECK;

/* base.c */

/* What the row is to remember of a body's content, for people and to know it again; the strings are the
 * body's.  `normal`: as the read told (keyed kinds). */
void row_describe(struct row *row, const struct body *body, const struct digest *normal);
/* Keeps the bytes of an item of a keyed kind as the base of its row, which is stored already.  Nothing
 * for mail. */
const struct fail *base_keep(struct run *run, const struct row *row, struct body *body) MUST_CHECK;
/* Both sides were found equal: describes and stores the row, and keeps the local bytes as its base. */
const struct fail *base_of_local(struct run *run, const struct op *op, struct row *row) MUST_CHECK;

/* vault.c */

/* A path in this run's part of the vault for a file of this name, recorded in the state (inside the open
 * transaction); the directory is made. */
const struct fail *vault_take(struct run *run, const struct folder *folder, const char *name,
			      const char *why, const char **path) MUST_CHECK;
const struct fail *vault_prune(struct run *run) MUST_CHECK;

/* conflict.c: records the conflict (inside the open transaction) and gives the path for the loser; *path NULL
 * when there is none to keep: removed here, or the same bytes lie in Conflicts already.  The digest of
 * match->now[LOCAL] is that of the loser, or not known. */
const struct fail *conflict_take(struct run *run, const struct op *op, const char **path) MUST_CHECK;
/* A folder has another path: so have the conflicts of its items.  Inside a transaction. */
const struct fail *conflicts_follow(struct run *run, const char *from, const char *to) MUST_CHECK;

/* account.c */

/* Is the run's time over? */
const struct fail *run_check(const struct run *run) MUST_CHECK;
void run_tell(const struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void run_progress(struct run *run, const char *folder, uint64_t items, uint64_t bytes);

/* A transaction of the state: f = tx_begin(run), then `if (!f) f = …`, then tx_end(run, f), which commits, or
 * rolls back if there was a fail.  A dry run is one transaction that is rolled back: inside it they do
 * nothing. */
const struct fail *tx_begin(struct run *run) MUST_CHECK;
const struct fail *tx_end(struct run *run, const struct fail *fail) MUST_CHECK;

/* The name by which open work on an item is remembered: the server's ref if there is one. */
const char *match_handle(const struct match *match, enum side *side);

#endif
