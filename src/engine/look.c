/* Look: lists the folders with news, and finds what differs from the rows.  What is as the rows say never
 * becomes a match: a run costs what changed. */
#include "base/map.h"
#include "base/memory.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

/* A delta with more entries than this is joined with a walk over the rows instead of one search each. */
#define MANY 500
/* Rows of one listing that learn what the server calls their messages. */
#define LEARN_MOST 5000

/* ---- matches ------------------------------------------------------------------------------ */

struct match *match_new(struct run *run, struct folder *folder)
{
	struct match *match = arena_alloc(run->round, sizeof *match);

	match->folder = (size_t)(folder - run->folders);
	*vec_push(&run->matches) = match;
	return match;
}

/* A copy of a row that lives as long as the round. */
static struct row *row_copy(struct arena *arena, const struct row *row)
{
	struct row *copy = arena_alloc(arena, sizeof *copy);

	*copy = *row;
	copy->key = arena_str(arena, row->key);
	for (int s = 0; s < SIDES; s++) {
		copy->side[s].ref = arena_str(arena, row->side[s].ref);
		copy->side[s].revision = arena_str(arena, row->side[s].revision);
		copy->side[s].flags.keywords = arena_str(arena, row->side[s].flags.keywords);
	}
	copy->lasting = arena_str(arena, row->lasting);
	copy->message_id = arena_str(arena, row->message_id);
	copy->subject = arena_str(arena, row->subject);
	copy->from = arena_str(arena, row->from);
	return copy;
}

struct match *match_of_row(struct run *run, struct folder *folder, const struct row *row)
{
	struct match *match = NULL;
	struct row *copy = NULL;

	if (!folder->by_row)
		folder->by_row = map_new();
	match = map_getn(folder->by_row, &row->id, sizeof row->id);
	if (match)
		return match;
	match = match_new(run, folder);
	copy = row_copy(run->round, row);
	match->row = copy;
	match->key = copy->key;
	match->date = copy->date;
	for (int s = 0; s < SIDES; s++)
		match->now[s] = copy->side[s].ref ? &copy->side[s] : NULL;
	map_setn(folder->by_row, &row->id, sizeof row->id, match);
	return match;
}

/* What an entry says of flags, laid over what was known. */
static struct flags flags_said(struct run *run, const struct listing *listing, const struct entry *entry,
			       struct flags known)
{
	struct flags flags = known;

	if (entry->says & SAYS_BITS)
		flags.bits = entry->flags.bits;
	if (entry->says & SAYS_KEYWORDS) {
		flags.keywords = entry->flags.keywords;
		if (listing->speaks) /* of words outside it, it says nothing */
			flags.keywords = keywords_union(run->round, flags.keywords,
							keywords_minus(run->round, known.keywords,
								       listing->speaks));
	}
	return flags;
}

static struct version *version_of(struct run *run, const struct entry *entry, struct flags flags)
{
	struct version *version = arena_alloc(run->round, sizeof *version);

	version->ref = arena_str(run->round, entry->ref);
	version->revision = arena_str(run->round, entry->revision);
	version->flags.bits = flags.bits;
	version->flags.keywords = arena_str(run->round, flags.keywords);
	return version;
}

/* An entry that no row knows. */
static void found_new(struct run *run, struct folder *folder, enum side side, const struct listing *listing,
		      const struct entry *entry)
{
	struct match *match = match_new(run, folder);

	if (side == SERVER)
		budget_spend(run);
	match->now[side] = version_of(run, entry, flags_said(run, listing, entry, (struct flags){ 0 }));
	match->key = arena_str(run->round, entry->key);
	match->size = entry->says & SAYS_SIZE ? entry->size : 0;
	match->date = entry->date;
	match->lasting = arena_str(run->round, entry->lasting);
	if (entry->print) {
		match->print = *entry->print;
		match->looked[side] = true;
	}
}

static bool same_revision(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What the server calls a message is learnt by the way, of a message that koc sent itself: that is no
 * change. */
static const char *learn_lasting(struct run *run, struct folder *folder, const struct entry *entry,
				 const struct row *row)
{
	struct match *match = folder->by_row ? map_getn(folder->by_row, &row->id, sizeof row->id) : NULL;
	struct row *learnt = NULL;

	if (!entry->lasting || row->lasting || run->learnt.count >= LEARN_MOST)
		return row->lasting;
	learnt = row_copy(run->round, row);
	learnt->lasting = arena_str(run->round, entry->lasting);
	*vec_push(&run->learnt) = learnt;
	if (match)
		match->row->lasting = learnt->lasting;
	return learnt->lasting;
}

/* Rows can be written only when no walk is under way. */
static const struct fail *write_learnt(struct run *run)
{
	const struct fail *f = NULL;

	if (!run->learnt.count)
		return NULL;
	f = tx_begin(run);
	for (size_t i = 0; !f && i < run->learnt.count; i++)
		f = state_row_put(run->engine->state, run->learnt.items[i]);
	run->learnt.count = 0;
	return tx_end(run, f);
}

/* An entry that a row knows: a match only if something differs. */
static void found_known(struct run *run, struct folder *folder, enum side side,
			const struct listing *listing, const struct entry *entry, const struct row *row)
{
	struct flags flags = flags_said(run, listing, entry, row->side[side].flags);
	const char *lasting = learn_lasting(run, folder, entry, row);
	struct match *match = NULL;
	struct version *version = NULL;

	if (same_revision(entry->revision, row->side[side].revision) &&
	    flags_equal(flags, row->side[side].flags))
		return;
	match = match_of_row(run, folder, row);
	match->row->lasting = arena_str(run->round, lasting);
	version = version_of(run, entry, flags);
	if (same_revision(entry->revision, row->side[side].revision))
		version->digest = row->side[side].digest;
	match->now[side] = version;
}

static void found_gone(struct run *run, struct folder *folder, enum side side, const struct row *row)
{
	match_of_row(run, folder, row)->now[side] = NULL;
}

/* ---- listings against rows ----------------------------------------------------------------- */

/* Joins entries with a walk over the rows; both are sorted by ref.  `all`: rows without an entry are gone. */
static const struct fail *join(struct run *run, struct folder *folder, enum side side,
			       const struct listing *listing, bool all)
{
	struct state *state = run->engine->state;
	const char *first = all || !listing->count ? NULL : listing->entries[0].ref;
	const char *last = all || !listing->count ? NULL : listing->entries[listing->count - 1].ref;
	const struct fail *f = state_walk(state, folder->saved.id, side, first, last);
	const struct row *row = NULL;
	size_t i = 0, skip = 0;

	if (!f && side == SERVER && listing->count > run->budget) {
		state_walk_end(state);
		f = budget_skip(run, folder, listing, &skip);
		if (!f)
			f = state_walk(state, folder->saved.id, side, first, last);
	}
	if (!f)
		f = state_walk_next(state, &row);
	while (!f && (row || i < listing->count)) {
		const struct entry *entry = i < listing->count ? &listing->entries[i] : NULL;
		int order = !row ? 1 : !entry ? -1 : strcmp(row->side[side].ref, entry->ref);

		if (order > 0 && skip) {
			skip--;
		} else if (order > 0) {
			found_new(run, folder, side, listing, entry);
		} else if (order == 0) {
			found_known(run, folder, side, listing, entry, row);
		} else if (all) {
			found_gone(run, folder, side, row);
		}
		if (order >= 0)
			i++;
		if (order <= 0)
			f = state_walk_next(state, &row);
	}
	state_walk_end(state);
	return f;
}

static const struct fail *search_each(struct run *run, struct folder *folder, enum side side,
				      const struct listing *listing)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < listing->count; i++) {
		const struct entry *entry = &listing->entries[i];
		struct row *row = NULL;

		f = state_row_find(run->engine->state, folder->saved.id, side, entry->ref, run->round, &row);
		if (!f && row)
			found_known(run, folder, side, listing, entry, row);
		else if (!f)
			found_new(run, folder, side, listing, entry);
	}
	return f;
}

static const struct fail *take_gone(struct run *run, struct folder *folder, enum side side,
				    const struct listing *listing)
{
	struct state *state = run->engine->state;
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < listing->gone_count; i++) {
		const struct ref_range *range = &listing->gone[i];
		const struct row *row = NULL;

		f = state_walk(state, folder->saved.id, side, range->first, range->last);
		if (!f)
			f = state_walk_next(state, &row);
		while (!f && row) {
			found_gone(run, folder, side, row);
			f = state_walk_next(state, &row);
		}
		state_walk_end(state);
	}
	return f;
}

static const struct fail *take_listing(struct run *run, struct folder *folder, enum side side,
				       const struct listing *listing)
{
	const struct fail *f = NULL;

	if (listing->complete)
		return join(run, folder, side, listing, !listing->unstable);
	f = listing->count > MANY || (side == SERVER && listing->count > run->budget)
		    ? join(run, folder, side, listing, false)
		    : search_each(run, folder, side, listing);
	return f ? f : take_gone(run, folder, side, listing);
}

/* The server numbers its items anew: what the rows remember of its refs is void, also in matches made
 * already.  The rows stay; content.c finds their items again. */
static const struct fail *renumber(struct run *run, struct folder *folder)
{
	struct state *state = run->engine->state;
	const struct fail *f = tx_begin(run);

	if (f)
		return f;
	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];

		if (&run->folders[match->folder] != folder || !match->row)
			continue;
		match->row->side[SERVER].ref = NULL;
		match->now[SERVER] = NULL;
	}
	f = state_rows_unref(state, folder->saved.id, SERVER);
	folder->saved.cursor[SERVER] = "";
	if (!f)
		f = state_folder_put(state, &folder->saved);
	return tx_end(run, f);
}

/* Rows that a side does not have.  The server: they were to be sent, or lost their number, or are kept
 * here.  Here: they are kept there, or lost their file to another row. */
static const struct fail *take_lacking(struct run *run, struct folder *folder, enum side side)
{
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f =
		state_rows_without(run->engine->state, folder->saved.id, side, run->round, &rows, &count);

	for (size_t i = 0; !f && i < count; i++)
		match_of_row(run, folder, &rows[i]);
	return f;
}

static const struct fail *take_all_lacking(struct run *run)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		if (folder->saved.id && (folder->look[SERVER] || folder->look[LOCAL]))
			f = take_lacking(run, folder, SERVER);
		if (!f && folder->taken_up) /* only open work leaves such rows, but for those kept */
			f = take_lacking(run, folder, LOCAL);
	}
	return f;
}

/* A listing of a folder that is not there (any more): empty and complete. */
static const struct listing nothing_there = { .complete = true };

static const struct fail *take_side(struct run *run, struct folder *folder, enum side side,
				    const struct listing *listing)
{
	const struct fail *f = NULL;

	if (listing->renumbered && side == SERVER)
		f = renumber(run, folder);
	if (!f)
		f = take_listing(run, folder, side, listing);
	if (!f)
		f = write_learnt(run);
	if (f)
		return f;
	folder->emptied[side] = listing->complete && !listing->count;
	folder->listed_all[side] = listing->complete;
	if (side == SERVER && listing->read_only)
		folder->policy.server_read_only = true;
	if (listing != &nothing_there) {
		folder->looked[side] = !listing->unstable;
		folder->cursor[side] = arena_str(run->round, listing->cursor);
	}
	return NULL;
}

/* ---- which folders ------------------------------------------------------------------------- */

/* Open work makes a folder be listed in full on both sides: the cursors have moved past it.  Once a run,
 * and once more for each race lost in it. */
static const struct fail *load_pending(struct run *run, struct folder *folder)
{
	const struct fail *f = state_pending(run->engine->state, folder->saved.id, run->round,
					     &folder->pending, &folder->pending_count);
	bool due = false;

	for (size_t i = 0; !f && i < folder->pending_count; i++)
		if (folder->pending[i].why != PENDING_SET_ASIDE ||
		    folder->pending[i].next <= run->engine->now)
			due = true;
	if (!due || !folder->policy.in_scope || (run->round_number && !folder->full[LOCAL]))
		return f;
	for (int s = 0; s < SIDES; s++)
		folder->look[s] = folder->full[s] = folder->seen[s] != NULL;
	folder->taken_up = true;
	return NULL;
}

/* Is something here that may be the counterpart of a new message on the server? */
static bool has_new_here(const struct run *run)
{
	for (size_t i = 0; i < run->matches.count; i++) {
		const struct match *match = run->matches.items[i];

		if (match->now[LOCAL] && (!match->row || !match->row->side[SERVER].ref) &&
		    !run->folders[match->folder].traits->keyed)
			return true;
	}
	return false;
}

static const struct fail *list_side(struct run *run, enum side side)
{
	struct look *looks = memory_alloc((run->folder_count + 1) * sizeof *looks);
	struct folder **of = memory_alloc((run->folder_count + 1) * sizeof(struct folder *));
	bool prints = side == SERVER && has_new_here(run);
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		if (!folder->look[side] || !folder->seen[side] || folder->fail)
			continue;
		looks[count] = (struct look){ .folder = folder->seen[side],
					      .cursor = folder->saved.cursor[side],
					      .full = folder->full[side],
					      .prints = prints };
		of[count++] = folder;
	}
	if (count)
		f = store_list(run->engine->side[side], looks, count);
	for (size_t i = 0; i < count; i++) {
		struct folder *folder = of[i];

		if (!f && looks[i].fail)
			folder_failed(run, folder, looks[i].fail);
		else if (!f)
			f = take_side(run, folder, side, looks[i].listing);
		listing_free(looks[i].listing);
		looks[i].listing = NULL;
	}
	free(looks);
	free(of);
	return f;
}

/* A folder that vanished from a side has lost all its items there, unless they are found elsewhere. */
static const struct fail *take_missing(struct run *run, struct folder *folder)
{
	const struct fail *f = NULL;

	for (int s = 0; !f && (run->round_number == 0 || folder->waits) && s < SIDES; s++)
		if (folder->missing[s] && folder->policy.in_scope && folder->policy.mode != MODE_OFF)
			f = take_side(run, folder, (enum side)s, &nothing_there);
	return f;
}

const struct fail *look_all(struct run *run)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < run->folder_count; i++) {
		if (run->folders[i].saved.id && run->folders[i].policy.mode != MODE_OFF)
			f = load_pending(run, &run->folders[i]);
		if (!f)
			f = take_missing(run, &run->folders[i]);
	}
	/* The local side first: a message that arrives at the server meanwhile is seen, not missed. */
	if (!f)
		f = list_side(run, LOCAL);
	if (!f)
		f = take_all_lacking(run);
	if (!f)
		f = list_side(run, SERVER);
	return f ? f : take_all_lacking(run); /* a renumbering may have added some */
}

const struct fail *look_local(struct run *run)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < run->folder_count; i++)
		f = take_missing(run, &run->folders[i]);
	return f ? f : list_side(run, LOCAL);
}

/* Does a file in it wait for another try? */
static bool has_set_aside(const struct folder *folder)
{
	for (size_t i = 0; i < folder->pending_count; i++)
		if (folder->pending[i].side == LOCAL && folder->pending[i].why == PENDING_SET_ASIDE)
			return true;
	return false;
}

const struct fail *look_elsewhere(struct run *run)
{
	bool *before = memory_alloc((run->folder_count + 1) * sizeof *before);
	const struct fail *f = NULL;
	bool any = false;

	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		before[i] = folder->look[LOCAL];
		folder->look[LOCAL] = (folder->policy.mode == MODE_OFF || has_set_aside(folder)) &&
				      folder->seen[LOCAL] && !folder->looked[LOCAL];
		any |= folder->look[LOCAL];
	}
	if (any)
		f = list_side(run, LOCAL);
	/* What this look listed is listed again, should there be another one in this round. */
	for (size_t i = 0; i < run->folder_count; i++)
		run->folders[i].look[LOCAL] = before[i];
	free(before);
	return f;
}

const struct fail *look_again(struct run *run, bool *changed)
{
	struct store_known *known = memory_alloc((run->folder_count + 1) * sizeof *known);
	struct folder_list list = { 0 };
	const struct fail *f = NULL;
	size_t count = 0;

	*changed = false;
	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		if (folder->seen[LOCAL])
			known[count++] = (struct store_known){
				.path = folder->path,
				.name = folder->seen[LOCAL]->name,
				.cursor = folder->looked[LOCAL] ? folder->cursor[LOCAL]
								: folder->saved.cursor[LOCAL],
			};
	}
	f = store_folders(run->engine->side[LOCAL], known, count, run->round, &list);
	for (size_t i = 0; !f && i < list.count; i++) {
		bool was_known = false;

		for (size_t k = 0; k < run->folder_count && !was_known; k++)
			if (run->folders[k].seen[LOCAL] &&
			    strcmp(run->folders[k].path, list.items[i].path) == 0) {
				was_known = true;
				if (list.items[i].news != NEWS_NONE &&
				    run->folders[k].policy.mode != MODE_OFF)
					*changed = run->folders[k].look[LOCAL] = true;
			}
		/* A directory made just now may hold what seems gone. */
		if (!was_known && !list.items[i].unsupported && !(list.items[i].roles & ROLE_NOSELECT))
			run->hold_removals = true;
	}
	free(known);
	return f;
}
