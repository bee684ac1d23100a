/* Stubs: text forms that no row knows by their name.  Somebody moved or copied one, or edited it under a new
 * name, or brought one from elsewhere.  Each names its message, so that none of them is ever sent: a move
 * or a copy is made on the server, and what was edited is a conflict. */
#include "base/map.h"
#include "engine/content.h"

#include <string.h>

/* The row of the server's message that was named so when the text form was made, if its header is that
 * one. */
static const struct fail *row_by_name(struct run *run, const struct stub *stub, struct row **row)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < run->folder_count && !*row; i++) {
		const struct folder *folder = &run->folders[i];
		const char *identity = folder->saved.identity[SERVER];

		if (!folder->saved.id || folder->traits->keyed || !identity || !*identity ||
		    strcmp(identity, stub->epoch) != 0)
			continue;
		f = state_row_find(run->engine->state, folder->saved.id, SERVER, stub->ref, run->round, row);
		if (!f && *row && !digest_equal(&(*row)->print.head, &stub->head))
			*row = NULL;
	}
	return f;
}

/* Messages that were moved since have other numbers, and keep their header.  Of several the one whose
 * file says the same, else one that is whole here. */
static const struct fail *row_by_head(struct run *run, const struct match *match, struct row **row)
{
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f =
		state_rows_by_head(run->engine->state, &match->stub->head, run->round, &rows, &count);
	int best = 0;

	for (size_t i = 0; !f && i < count; i++) {
		bool text = rows[i].marks & ROW_TEXT;
		int fits = !text ? 2 : digest_equal(&rows[i].normal, &match->normal[LOCAL]) ? 3 : 1;

		if (rows[i].side[SERVER].ref && fits > best) {
			best = fits;
			*row = &rows[i];
		}
	}
	return f;
}

/* It is one of this row's message, and is found by what the row knows, as any message is. */
static void belongs(struct match *match, const struct row *row)
{
	match->stands_for = row->side[LOCAL].digest;
	match->print = row->print;
	if (!(row->marks & ROW_TEXT) && digest_equal(&row->side[LOCAL].digest, &match->now[LOCAL]->digest))
		match->stub = NULL; /* a whole message that holds such stubs */
}

/* The row of a file of these very bytes. */
static const struct fail *row_by_bytes(struct run *run, const struct match *match, struct row **row)
{
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f = state_rows_by_digest(run->engine->state, &match->now[LOCAL]->digest,
						    run->round, &rows, &count);

	*row = !f && count ? &rows[0] : NULL;
	return f;
}

/* Was it set aside by an earlier run?  Then what it is about has been dealt with. */
static bool was_left(const struct run *run, const struct match *match)
{
	const struct folder *folder = &run->folders[match->folder];

	for (size_t i = 0; i < folder->pending_count; i++)
		if (folder->pending[i].side == LOCAL && folder->pending[i].why == PENDING_SET_ASIDE &&
		    strcmp(folder->pending[i].ref, match->now[LOCAL]->ref) == 0)
			return true;
	return false;
}

/* The row's match, if the row's file is gone here and its message is still there. */
static struct match *left_behind(const struct run *run, const struct row *row)
{
	const struct folder *folder = folders_by_id(run, row->folder);
	struct match *match =
		folder && folder->by_row ? map_getn(folder->by_row, &row->id, sizeof row->id) : NULL;

	return match && match->row->side[LOCAL].ref && !match->now[LOCAL] && match->now[SERVER] ? match
												 : NULL;
}

/* What lies here says something else than what the server has. */
static void edited(struct run *run, struct match *match, const struct row *row)
{
	struct match *old = left_behind(run, row);
	bool same_message = digest_equal(&match->print.head, &match->stub->head);

	if (old && same_message && old->folder == match->folder) { /* saved under a new name */
		old->now[LOCAL] = match->now[LOCAL];
		old->looked[LOCAL] = true;
		old->stub = match->stub;
		old->print = match->print;
		old->normal[LOCAL] = match->normal[LOCAL];
		old->mended = true;
		match->absorbed = true;
		return;
	}
	if (same_message)
		match->stray = "edited here, where only its text was";
	/* Of another message that holds such stubs nothing is known: it stays where it is. */
	if (old && !was_left(run, match))
		old->comes_back = true;
}

/* ---- messages that are new on the server ------------------------------------------------------ */

/* A name that a match has on the server, in its folder or, with its epoch, anywhere. */
static const char *name_in(struct run *run, size_t folder, const char *ref)
{
	return arena_printf(run->round, "%zu %s", folder, ref);
}

static const char *name_anywhere(struct run *run, const char *epoch, const char *ref)
{
	return arena_printf(run->round, "%s %s", epoch, ref);
}

/* Those that no row knows, by folder and ref. */
static struct map *new_there(struct run *run)
{
	struct map *map = map_new();

	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];

		if (is_new_there(match) && !is_keyed(run, match))
			map_set(map, name_in(run, match->folder, match->now[SERVER]->ref), match);
	}
	return map;
}

/* Is the very message that it names new there, in the same folder?  It was pulled by a run that was
 * stopped, or the state is lost; a row of another folder, whose message has the same header, is
 * another's. */
static bool is_pulled(struct run *run, const struct match *match, const struct map *there)
{
	const struct store_folder *folder = run->folders[match->folder].seen[SERVER];

	return folder && strcmp(folder->identity, match->stub->epoch) == 0 &&
	       map_get(there, name_in(run, match->folder, match->stub->ref));
}

/* ---- each of them ------------------------------------------------------------------------------ */

static const struct fail *find_one(struct run *run, struct match *match, const struct map *there)
{
	struct row *row = NULL;
	const struct fail *f = row_by_bytes(run, match, &row);

	if (f)
		return f;
	if (row) {
		belongs(match, row);
		return NULL;
	}
	if (!run->engine->account || strcmp(match->stub->account, run->engine->account) != 0) {
		match->trouble = "a text form of another account's message";
		return NULL;
	}
	if (!digest_known(&match->stub->head) || is_pulled(run, match, there))
		return NULL;
	f = row_by_name(run, match->stub, &row);
	if (!f && !row)
		f = row_by_head(run, match, &row);
	if (f || !row)
		return f;
	if (row->marks & ROW_TEXT && !digest_equal(&row->normal, &match->normal[LOCAL]))
		edited(run, match, row);
	else
		belongs(match, row);
	return NULL;
}

const struct fail *stubs_find(struct run *run)
{
	struct map *there = NULL;
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];

		if (!is_new_here(match) || !match->stub)
			continue;
		if (!there)
			there = new_there(run);
		f = find_one(run, match, there);
	}
	map_free(there);
	return f;
}

/* ---- after the pairing -------------------------------------------------------------------------- */

/* Is it still nobody's? */
static bool is_alone(const struct match *match)
{
	return is_new_here(match) && match->stub && !digest_known(&match->stands_for) && !match->stray &&
	       !match->trouble;
}

/* Messages that get their row in this round, by header as far as it was read, else by name. */
static struct map *originals(struct run *run)
{
	struct map *map = map_new();

	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];
		const struct store_folder *folder = run->folders[match->folder].seen[SERVER];

		if (match->row || !match->now[SERVER] || !folder || is_keyed(run, match))
			continue;
		if (digest_known(&match->print.head))
			map_setn(map, match->print.head.bytes, DIGEST_SIZE, match);
		else
			map_set(map, name_anywhere(run, folder->identity, match->now[SERVER]->ref), match);
	}
	return map;
}

void stubs_wait(struct run *run)
{
	struct map *map = NULL;

	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];
		const struct stub *stub = match->stub;

		if (!is_alone(match))
			continue;
		if (!map)
			map = originals(run);
		if (!map_getn(map, stub->head.bytes, DIGEST_SIZE) &&
		    !map_get(map, name_anywhere(run, stub->epoch, stub->ref)))
			continue;
		match->absorbed = true;
		match_raced(run, match);
	}
	map_free(map);
}
