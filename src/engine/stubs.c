/* Stubs: text forms that no row knows by their name.  Somebody moved or copied one, or edited it under a new
 * name, or brought one from elsewhere.  Each names its message, so that none of them is ever sent: a move
 * or a copy is made on the server, and what was edited is a conflict. */
#include "base/map.h"
#include "engine/content.h"

#include <string.h>

/* The row's match, if the row's file is gone here. */
static struct match *gone_here(const struct run *run, const struct row *row)
{
	const struct folder *folder = folders_by_id(run, row->folder);
	struct match *match =
		folder && folder->by_row ? map_getn(folder->by_row, &row->id, sizeof row->id) : NULL;

	return match && is_gone(match, LOCAL) && !match->comes_back ? match : NULL;
}

/* … and its message is still there. */
static struct match *left_behind(const struct run *run, const struct row *row)
{
	struct match *match = gone_here(run, row);

	return match && match->now[SERVER] ? match : NULL;
}

/* Was it so named on the server when the text form was made? */
static bool is_named(const struct run *run, const struct stub *stub, const struct row *row)
{
	const struct folder *folder = folders_by_id(run, row->folder);
	const char *identity = folder ? folder->saved.identity[SERVER] : NULL;

	return identity && *identity && strcmp(identity, stub->epoch) == 0 &&
	       strcmp(row->side[SERVER].ref, stub->ref) == 0;
}

/* Is the file, edited or not, the row's message?  It may be another that was made of it: a forward, a
 * draft. */
enum identity { ANOTHER, UNKNOWN, THE_SAME };

static enum identity identify(const struct match *match, const struct row *row)
{
	const char *id = match->words ? match->words->message_id : NULL;

	if (row->message_id && id)
		return strcmp(row->message_id, id) == 0 ? THE_SAME : ANOTHER;
	return digest_equal(&match->print.head, &match->stub->head) ? THE_SAME : UNKNOWN;
}

/* A copy that says the same is surely of that message, whichever of several it is; then, first, of one whose
 * file is gone.  Where none does, it is an edit: of what is gone, else of what it names.  A row whose
 * file is whole does not tell what its text form says. */
enum { SAME = 32, SAME_GONE = 16, GONE = 10, NAMED = 8, WHOLE = 4, ANY = 1 };

static bool says_the_same(const struct match *match, const struct row *row)
{
	return row->marks & ROW_TEXT && digest_equal(&row->normal, &match->normal[LOCAL]);
}

static int fits(const struct run *run, const struct match *match, const struct row *row)
{
	bool same = says_the_same(match, row), text = row->marks & ROW_TEXT;
	int sum = ANY;

	/* One of which only the text is here has a message there, though it may have lost its number. */
	if ((!row->side[SERVER].ref && !text) || !digest_known(&row->print.head))
		return 0;
	if (left_behind(run, row))
		sum += same ? SAME_GONE : text ? GONE : 1;
	else if (same && gone_here(run, row)) /* moved there, too */
		sum += SAME_GONE / 2;
	if (is_named(run, match->stub, row))
		sum += NAMED;
	return sum + (same ? SAME : text ? 0 : WHOLE);
}

/* The row of the message whose header it names.  Messages that were moved since have other numbers, and keep
 * their header. */
static const struct fail *row_by_head(struct run *run, const struct match *match, struct row **row)
{
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f =
		state_rows_by_head(run->engine->state, &match->stub->head, run->round, &rows, &count);
	int best = 0;

	for (size_t i = 0; !f && i < count; i++) {
		int sum = fits(run, match, &rows[i]);

		if (sum > best) {
			best = sum;
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

/* The row of a file of these very bytes, if possible one that is gone. */
static const struct fail *row_by_bytes(struct run *run, const struct match *match, struct row **row)
{
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f = state_rows_by_digest(run->engine->state, &match->now[LOCAL]->digest,
						    run->round, &rows, &count);

	*row = !f && count ? &rows[0] : NULL;
	for (size_t i = 0; !f && i < count; i++)
		if (gone_here(run, &rows[i]))
			*row = &rows[i];
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

/* What lies here says something else than what the server has. */
static void edited(struct run *run, struct match *match, const struct row *row)
{
	struct match *old = left_behind(run, row);
	bool known = identify(match, row) == THE_SAME;

	if (old && known && old->folder == match->folder) { /* saved under a new name */
		old->now[LOCAL] = match->now[LOCAL];
		old->looked[LOCAL] = true;
		old->stub = match->stub;
		old->print = match->print;
		old->normal[LOCAL] = match->normal[LOCAL];
		old->mended = true;
		match->absorbed = true;
		return;
	}
	if (known)
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

/* Is it a text form of the row's message as it was made, but for what was done to its header? */
static bool stands_for(const struct match *match, const struct row *row)
{
	return (!(row->marks & ROW_TEXT) || says_the_same(match, row)) && identify(match, row) != ANOTHER;
}

/* Was it made of the text form that was this row's file, and that is gone? */
static bool took_its_place(const struct run *run, const struct match *match, const struct row *row)
{
	return says_the_same(match, row) && gone_here(run, row);
}

static const struct fail *find_one(struct run *run, struct match *match, const struct map *there)
{
	struct row *equal = NULL, *row = NULL;
	const struct fail *f = row_by_bytes(run, match, &equal);

	if (f)
		return f;
	if (!(equal && gone_here(run, equal)) && digest_known(&match->stub->head) &&
	    !is_pulled(run, match, there))
		f = row_by_head(run, match, &row);
	if (f)
		return f;
	/* Another program may write two copies of a message alike. */
	if (equal && !(row && took_its_place(run, match, row)))
		row = equal;
	if (row && row != equal && !stands_for(match, row))
		edited(run, match, row);
	else if (row)
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
