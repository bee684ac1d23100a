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

/* Messages that were moved since have other numbers, and keep their header. */
static const struct fail *row_by_head(struct run *run, const struct stub *stub, struct row **row)
{
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f =
		state_rows_text_by_head(run->engine->state, &stub->head, run->round, &rows, &count);

	if (!f && count)
		*row = &rows[0];
	return f;
}

/* Does a row know a file of these very bytes?  Then it is found by them, as any message is. */
static const struct fail *is_known(struct run *run, const struct match *match, bool *known)
{
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f = state_rows_by_digest(run->engine->state, &match->now[LOCAL]->digest,
						    run->round, &rows, &count);

	*known = count > 0;
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

static const struct fail *find_one(struct run *run, struct match *match)
{
	struct row *row = NULL;
	bool known = false;
	const struct fail *f = is_known(run, match, &known);

	if (f || known)
		return f;
	if (!run->engine->account || strcmp(match->stub->account, run->engine->account) != 0) {
		match->trouble = "a text form of another account's message";
		return NULL;
	}
	if (!digest_known(&match->stub->head))
		return NULL;
	f = row_by_name(run, match->stub, &row);
	if (!f && !row)
		f = row_by_head(run, match->stub, &row);
	if (f || !row)
		return f;
	if (row->marks & ROW_TEXT && !digest_equal(&row->normal, &match->normal[LOCAL]))
		edited(run, match, row);
	else
		match->stands_for = row->side[LOCAL].digest;
	return NULL;
}

/* Is this the message, which the server has and no row knows yet? */
static bool is_original(const struct run *run, const struct match *match, const struct stub *stub)
{
	const struct folder *folder = &run->folders[match->folder];

	if (match->row || !match->now[SERVER] || folder->traits->keyed)
		return false;
	if (digest_known(&match->print.head))
		return digest_equal(&match->print.head, &stub->head);
	return folder->seen[SERVER] && strcmp(folder->seen[SERVER]->identity, stub->epoch) == 0 &&
	       strcmp(match->now[SERVER]->ref, stub->ref) == 0;
}

void stubs_wait(struct run *run)
{
	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];
		bool waits = false;

		if (!is_new_here(match) || !match->stub || digest_known(&match->stands_for) || match->stray ||
		    match->trouble)
			continue;
		for (size_t k = 0; k < run->matches.count && !waits; k++)
			waits = is_original(run, run->matches.items[k], match->stub);
		if (!waits)
			continue;
		match->absorbed = true;
		match_raced(run, match);
	}
}

const struct fail *stubs_find(struct run *run)
{
	const struct fail *f = NULL;
	size_t count = run->matches.count;

	for (size_t i = 0; !f && i < count; i++) {
		struct match *match = run->matches.items[i];

		if (is_new_here(match) && match->stub)
			f = find_one(run, match);
	}
	return f;
}
