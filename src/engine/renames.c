/* Renames: a folder that lies elsewhere on one side than it did is moved on the other one, with all that lies
 * below it, so that no item travels.  It is known again by what stays with it (store_folder.identity), and
 * by holding what its rows speak of. */
#include "base/memory.h"
#include "engine/lists.h"

#include <stdlib.h>
#include <string.h>

#define CANDIDATES_MOST 8 /* folders with one identity that are looked into */
#define SAMPLE          20 /* messages on the server that tell what a folder holds */

/* Is what is seen there the folder that the state knows? */
static bool is_it(const struct state_folder *saved, enum side side, const struct store_folder *seen)
{
	if (side == SERVER && saved->lasting && seen->lasting)
		return strcmp(seen->lasting, saved->lasting) == 0;
	return strcmp(seen->identity, saved->identity[side]) == 0;
}

/* Does the folder that both sides knew by this path lie here still? */
static bool at_home(const struct folder *folder, enum side side)
{
	return folder->saved.id && folder->seen[side] && is_it(&folder->saved, side, folder->seen[side]);
}

/* Is it gone from its path, or has another one come in its place?  INBOX has its place for ever. */
static bool left_home(const struct folder *folder, enum side side)
{
	const struct store_folder *seen = folder->seen[side];

	return folder->saved.id && folder->saved.name[side] && *folder->saved.identity[side] &&
	       !folder_is_inbox(folder) && (!seen || (*seen->identity && !at_home(folder, side)));
}

/* ---- what a folder holds ------------------------------------------------------------------------ */

/* Is the folder that has the rows' items, or most of them; `rows`: how many it should have. */
struct holding {
	size_t rows, found;
	bool differs;
};

/* By the names of its items. */
static const struct fail *hold_names(struct run *run, const struct folder *known, enum side side,
				     const struct store_folder *seen, struct holding *holding)
{
	struct look look = { .folder = seen, .cursor = "", .full = true };
	const struct fail *f = store_list(run->engine->side[side], &look, 1);
	const struct listing *listing = look.listing;
	const struct row *row = NULL;
	size_t i = 0;

	if (f || look.fail)
		goto out;
	f = state_walk(run->engine->state, known->saved.id, side, NULL, NULL);
	if (!f)
		f = state_walk_next(run->engine->state, &row);
	while (!f && row) {
		holding->rows++;
		while (i < listing->count && strcmp(listing->entries[i].ref, row->side[side].ref) < 0)
			i++;
		if (i < listing->count && strcmp(listing->entries[i].ref, row->side[side].ref) == 0)
			holding->found++;
		f = state_walk_next(run->engine->state, &row);
	}
	state_walk_end(run->engine->state);
out:
	listing_free(look.listing);
	return f;
}

/* Some rows from end to end of the folder, and the reads that look for their messages. */
static const struct fail *sample_take(struct run *run, const struct folder *known,
				      const struct store_folder *seen, struct read *reads,
				      struct print *prints, size_t *count)
{
	struct state *state = run->engine->state;
	const struct row *row = NULL;
	uint64_t all = 0, step = 0, i = 0;
	const struct fail *f = state_rows_count(state, known->saved.id, &all);

	*count = 0;
	step = all / SAMPLE + 1;
	if (!f)
		f = state_walk(state, known->saved.id, SERVER, NULL, NULL);
	if (!f)
		f = state_walk_next(state, &row);
	for (; !f && row && *count < SAMPLE; i++) {
		if (i % step == 0 && digest_known(&row->print.head)) {
			const char *ref = arena_str(run->round, row->side[SERVER].ref);

			prints[*count] = row->print;
			reads[(*count)++] = (struct read){ .folder = seen, .ref = ref, .part = PART_PRINT };
		}
		f = state_walk_next(state, &row);
	}
	state_walk_end(state);
	return f;
}

/* By the headers of some messages: numbers that are as low as in any other mailbox say nothing. */
static const struct fail *hold_sample(struct run *run, const struct folder *known,
				      const struct store_folder *seen, struct holding *holding)
{
	struct read reads[SAMPLE];
	struct print prints[SAMPLE];
	size_t count = 0;
	const struct fail *f = sample_take(run, known, seen, reads, prints, &count);

	if (!f && count)
		f = store_read(run->engine->side[SERVER], reads, count, NULL, NULL, run->round);
	for (size_t i = 0; !f && i < count; i++) {
		holding->rows++;
		if (reads[i].fail)
			continue;
		holding->found++;
		holding->differs |= !digest_equal(&reads[i].print.head, &prints[i].head);
	}
	return f;
}

/* Does a folder on `side` hold the items that the rows of `known` speak of?  Where there are no rows, only if
 * it is the only one that may (`alone`) and nothing else has come in the known one's place. */
static const struct fail *holds_rows(struct run *run, const struct folder *known, enum side side,
				     const struct store_folder *seen, bool alone, bool *holds)
{
	struct holding holding = { 0 };
	const struct fail *f = NULL;

	*holds = true;
	if (side == SERVER && known->saved.lasting && seen->lasting)
		return NULL; /* the server says so */
	f = side == SERVER && seen->kind == KIND_MAIL
				       ? hold_sample(run, known, seen, &holding)
				       : hold_names(run, known, side, seen, &holding);

	*holds = !holding.differs && (holding.rows ? holding.found * 2 >= holding.rows
						   : alone && !known->seen[side]);
	return f;
}

/* Where a folder that left its path on `side` lies there now; NULL: nowhere, or it cannot be told. */
static const struct fail *find_renamed(struct run *run, const struct folder *known, enum side side,
				       struct folder **renamed)
{
	struct folder *candidates[CANDIDATES_MOST];
	const struct fail *f = NULL;
	size_t count = 0, holding = 0;

	*renamed = NULL;
	if (!left_home(known, side))
		return NULL;
	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		if (!folder->seen[side] || at_home(folder, side) ||
		    !is_it(&known->saved, side, folder->seen[side]))
			continue;
		if (count == CANDIDATES_MOST)
			return NULL;
		candidates[count++] = folder;
	}
	for (size_t i = 0; !f && i < count; i++) {
		bool holds = false;

		f = holds_rows(run, known, side, candidates[i]->seen[side], count == 1, &holds);
		if (!holds)
			continue;
		*renamed = candidates[i];
		holding++;
	}
	if (holding != 1)
		*renamed = NULL;
	return f;
}

/* ---- the state follows ---------------------------------------------------------------------------- */

static bool at_or_below(const char *path, const char *top)
{
	size_t size = strlen(top);

	return strncmp(path, top, size) == 0 && (!path[size] || path[size] == '/');
}

/* Can the folder and all below it have other paths?  Not those of other folders that the state knows. */
static bool way_clear(const struct lists *lists, const char *from, const char *to)
{
	for (size_t i = 0; i < lists->known_count; i++) {
		const char *path = lists->known[i].path;

		if (at_or_below(path, to) && !at_or_below(path, from) && !folder_nameless(&lists->known[i]))
			for (size_t k = 0; k < lists->known_count; k++)
				if (at_or_below(lists->known[k].path, from) &&
				    strcmp(lists->known[k].path + strlen(from), path + strlen(to)) == 0)
					return false;
	}
	return true;
}

/* Makes way for a folder that gets this path. */
static const struct fail *path_clear(struct lists *lists, const char *path)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < lists->known_count; i++)
		if (folder_nameless(&lists->known[i]) && strcmp(lists->known[i].path, path) == 0)
			f = state_folder_remove(lists->run->engine->state, lists->known[i].id);
	return f;
}

/* The folder and all below it have new paths; names are learnt from the next lists. */
static const struct fail *rename_known(struct lists *lists, const char *from, const char *to)
{
	struct run *run = lists->run;
	size_t size = strlen(from);
	const struct fail *f = tx_begin(run);
	const char *old = NULL;

	for (size_t i = 0; !f && i < lists->known_count; i++) {
		struct state_folder *known = &lists->known[i];

		if (!at_or_below(known->path, from))
			continue;
		old = known->path;
		known->path = arena_printf(run->arena, "%s%s", to, known->path + size);
		f = path_clear(lists, known->path);
		if (!f)
			f = conflicts_follow(run, old, known->path);
		if (!f)
			f = state_folder_put(run->engine->state, known);
	}
	*vec_push(&lists->touched) = from;
	*vec_push(&lists->touched) = to;
	return tx_end(run, f);
}

/* Was something below one of them renamed in this pass, or is something of it above? */
static bool is_touched(const struct lists *lists, const char *path)
{
	for (size_t i = 0; i < lists->touched.count; i++)
		if (at_or_below(path, lists->touched.items[i]) || at_or_below(lists->touched.items[i], path))
			return true;
	return false;
}

/* ---- carrying --------------------------------------------------------------------------------------- */

/* A folder that was renamed. */
struct rename {
	struct folder *known;
	struct folder *there, *here; /* where it lies now; NULL: where it did, or nowhere */
};

static enum direction direction_of(const struct run *run, const struct folder *folder)
{
	const struct engine *engine = run->engine;
	const struct store_folder *any = folder->seen[SERVER] ? folder->seen[SERVER] : folder->seen[LOCAL];
	struct folder_settings settings = { 0 };

	engine->settings(engine->settings_context, folder->path,
			 folder->saved.id || !any ? folder->saved.kind : any->kind,
			 folder->saved.id || !any ? folder->saved.roles : any->roles, &settings);
	return settings.direction;
}

/* May the other side follow a rename there, one here? */
static bool follows_here(const struct run *run, const struct rename *rename)
{
	return !run->request->push_only && direction_of(run, rename->known) != DIRECTION_PUSH;
}

static bool follows_there(const struct run *run, const struct rename *rename)
{
	return !run->request->pull_only && direction_of(run, rename->here) != DIRECTION_PULL &&
	       direction_of(run, rename->known) != DIRECTION_PULL;
}

/* Renames on `side`, then in the state; a side that refuses has its items moved one by one. */
static const struct fail *carry(struct lists *lists, const struct folder *known, enum side side,
				const struct store_folder *old, const char *target, bool *carried)
{
	struct run *run = lists->run;
	struct store_folder made = { 0 };
	const struct fail *f = NULL;

	if (old)
		f = store_rename(run->engine->side[side], old, target, run->arena, &made);
	if (f && f->scope <= FAIL_FOLDER) {
		run_tell(run, "%s: not renamed to %s: %s", known->path, target, f->text);
		return NULL;
	}
	if (!f)
		f = rename_known(lists, known->path, target);
	*carried = !f;
	return f;
}

/* Renamed there; if on both sides to different places, the server's wins. */
static const struct fail *carry_here(struct lists *lists, const struct rename *rename, bool *carried)
{
	const struct folder *known = rename->known, *there = rename->there, *here = rename->here;
	const struct store_folder *old = here == there ? NULL : here ? here->seen[LOCAL] : known->seen[LOCAL];

	if (!follows_here(lists->run, rename))
		return NULL;
	if ((old && there->seen[LOCAL]) || !way_clear(lists, known->path, there->path))
		return NULL; /* the target is there already: its items move one by one */
	return carry(lists, known, LOCAL, old, there->path, carried);
}

/* Renamed here, where changes are taken back. */
static const struct fail *carry_back(struct lists *lists, const struct rename *rename, bool *carried)
{
	struct run *run = lists->run;
	struct store_folder made = { 0 };
	const struct fail *f = NULL;

	if (rename->known->seen[LOCAL])
		return NULL;
	f = store_rename(run->engine->side[LOCAL], rename->here->seen[LOCAL], rename->known->path, run->arena,
			 &made);
	*carried = !f;
	*vec_push(&lists->touched) = rename->known->path;
	*vec_push(&lists->touched) = rename->here->path;
	return f && f->scope <= FAIL_FOLDER ? NULL : f;
}

/* Renamed here. */
static const struct fail *carry_there(struct lists *lists, const struct rename *rename, bool *carried)
{
	const struct folder *known = rename->known, *here = rename->here;
	const struct run *run = lists->run;

	if (!run->request->pull_only && direction_of(run, known) == DIRECTION_PULL)
		return carry_back(lists, rename, carried);
	if (!follows_there(run, rename))
		return NULL;
	if ((known->seen[SERVER] && here->seen[SERVER]) || !way_clear(lists, known->path, here->path))
		return NULL; /* as above */
	return carry(lists, known, SERVER, known->seen[SERVER], here->path, carried);
}

static int path_order(const void *a, const void *b)
{
	const struct folder *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static const struct fail *find_rename(struct run *run, struct folder *known, struct rename *rename)
{
	const struct fail *f = NULL;

	*rename = (struct rename){ .known = known };
	f = find_renamed(run, known, SERVER, &rename->there);
	return f ? f : find_renamed(run, known, LOCAL, &rename->here);
}

/* Is it one of folders that changed their names with each other on the server? */
static bool in_circle(const struct rename *renames, size_t count, const struct rename *first)
{
	const struct folder *at = first->there;

	for (size_t steps = 0; at && steps < count; steps++) {
		const struct rename *next = NULL;

		if (at == first->known)
			return true;
		for (size_t i = 0; i < count && !next; i++)
			if (renames[i].known == at)
				next = &renames[i];
		at = next ? next->there : NULL;
	}
	return at && at == first->known;
}

/* One of them makes way here for the others; the next pass finds it there, as a run after a crash does. */
static const struct fail *open_circle(struct lists *lists, const struct rename *renames, size_t count,
				      bool *any)
{
	struct run *run = lists->run;

	for (size_t i = 0; i < count; i++) {
		const struct folder *known = renames[i].known;

		if (!follows_here(run, &renames[i]) || renames[i].here || !known->seen[LOCAL] ||
		    !in_circle(renames, count, &renames[i]))
			continue;
		return carry(lists, known, LOCAL, known->seen[LOCAL],
			     arena_printf(run->arena, "%s.moving", known->path), any);
	}
	return NULL;
}

/* Does it lie below one that waits, or will it come to lie there? */
static bool below_blocked(const struct rename *blocked, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(path, blocked[i].known->path) != 0 && strcmp(path, blocked[i].there->path) != 0 &&
		    (at_or_below(path, blocked[i].known->path) || at_or_below(path, blocked[i].there->path)))
			return true;
	return false;
}

/* Carries one, unless what is known of it is not true any more. */
static const struct fail *carry_one(struct lists *lists, struct folder *known, struct rename *rename,
				    bool *carried)
{
	const struct fail *f = NULL;

	*carried = false;
	*rename = (struct rename){ .known = known };
	if (is_touched(lists, known->path) || (!left_home(known, SERVER) && !left_home(known, LOCAL)))
		return NULL;
	f = find_rename(lists->run, known, rename);
	if (f || (rename->there && is_touched(lists, rename->there->path)) ||
	    (rename->here && is_touched(lists, rename->here->path))) {
		rename->there = NULL; /* nothing is settled */
		return f;
	}
	if (rename->there)
		return carry_here(lists, rename, carried);
	return rename->here ? carry_there(lists, rename, carried) : NULL;
}

/* One pass.  `blocked`: what the server renamed and what could not be followed, or not yet. */
static const struct fail *carry_all(struct lists *lists, bool below, struct rename *blocked, size_t *count,
				    bool *any)
{
	struct run *run = lists->run;
	const struct fail *f = NULL;

	*count = 0;
	for (size_t i = 0; !f && i < run->folder_count; i++) {
		struct folder *known = &run->folders[i];
		struct rename rename = { 0 };
		bool carried = false;

		/* What makes way takes along what lies below it. */
		if (!below && below_blocked(blocked, *count, known->path))
			continue;
		f = carry_one(lists, known, &rename, &carried);
		if (!f && !carried && rename.there)
			blocked[(*count)++] = rename;
		*any |= carried;
		run->outcome->folders_changed += carried;
	}
	return f;
}

/* Another folder has come in the place of one that could not be followed: what its rows say is true of
 * neither, and who took them for removed, or for new, would do harm. */
static void skip_blocked(struct run *run, const struct rename *blocked, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct folder *known = blocked[i].known, *there = blocked[i].there;

		if (!known->seen[SERVER])
			continue; /* its items move one by one */
		known->fail = there->fail =
			fail_make(FAIL_EXISTS, FAIL_FOLDER,
				  "renamed on the server to %s, which cannot be followed here", there->path);
		run->outcome->folders_failed++;
		run_tell(run, "%s: %s", known->path, known->fail->text);
	}
}

const struct fail *renames_carry(struct lists *lists, bool *any)
{
	struct run *run = lists->run;
	struct rename *blocked = memory_alloc((run->folder_count + 1) * sizeof *blocked);
	const struct fail *f = NULL;
	size_t count = 0;

	*any = false;
	qsort(run->folders, run->folder_count, sizeof *run->folders, path_order); /* parents first */
	f = carry_all(lists, false, blocked, &count, any);
	if (!f && !*any && count)
		f = open_circle(lists, blocked, count, any);
	if (!f && !*any && count)
		f = carry_all(lists, true, blocked, &count, any);
	if (!f && !*any)
		skip_blocked(run, blocked, count);
	vec_free(&lists->touched);
	free(blocked);
	return f;
}

/* ---- as if ------------------------------------------------------------------------------------------- */

/* What a rename makes of a folder. */
struct move {
	struct state_folder saved;
	struct store_folder *seen[SIDES];
	struct folder *target;
};

/* Takes the folder from where it was known and where it lies. */
static struct move move_begin(const struct rename *rename)
{
	struct folder *at[SIDES] = { rename->there ? rename->there : rename->known,
				     rename->here ? rename->here : rename->known };
	struct move move = { .saved = rename->known->saved,
			     .target = rename->there ? rename->there : rename->here };

	memset(&rename->known->saved, 0, sizeof rename->known->saved);
	rename->known->saved.path = rename->known->path;
	for (int s = 0; s < SIDES; s++) {
		move.seen[s] = at[s]->seen[s];
		at[s]->seen[s] = NULL;
	}
	return move;
}

static void move_end(const struct move *move)
{
	move->target->saved = move->saved;
	move->target->saved.path = move->target->path;
	for (int s = 0; s < SIDES; s++)
		if (move->seen[s])
			move->target->seen[s] = move->seen[s];
}

/* Would it be carried out?  What is there already must leave by itself. */
static bool would_follow(const struct run *run, const struct rename *rename)
{
	const struct folder *target = rename->there ? rename->there : rename->here;
	enum side other = rename->there ? LOCAL : SERVER;

	if (!target || !(rename->there ? follows_here(run, rename) : follows_there(run, rename)))
		return false;
	return rename->there == rename->here || !target->seen[other] || left_home(target, SERVER);
}

const struct fail *renames_pretend(struct lists *lists)
{
	struct run *run = lists->run;
	struct move *moves = memory_alloc((run->folder_count + 1) * sizeof *moves);
	struct rename *renames = memory_alloc((run->folder_count + 1) * sizeof *renames);
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; !f && i < run->folder_count; i++) {
		f = find_rename(run, &run->folders[i], &renames[count]);
		if (!f && would_follow(run, &renames[count]))
			count++;
	}
	for (size_t i = 0; !f && i < count; i++) {
		moves[i] = move_begin(&renames[i]);
		run_tell(run, "%s was renamed to %s", renames[i].known->path, moves[i].target->path);
	}
	for (size_t i = 0; !f && i < count; i++)
		move_end(&moves[i]);
	free(moves);
	free(renames);
	return f;
}
