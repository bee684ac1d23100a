/* Pair: finding the same content under two names.  Two sorted arrays and a merge. */
#include "core/pair.h"

#include "base/arena.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static int key_order(const struct candidate *a, const struct candidate *b, bool same_folder)
{
	size_t least = a->key_size < b->key_size ? a->key_size : b->key_size;
	int order = memcmp(a->key, b->key, least);

	if (order)
		return order;
	if (a->key_size != b->key_size)
		return a->key_size < b->key_size ? -1 : 1;
	if (same_folder && a->folder != b->folder)
		return a->folder < b->folder ? -1 : 1;
	return 0;
}

static int full_order(const void *left, const void *right, void *context)
{
	const struct candidate *a = left, *b = right;
	int order = key_order(a, b, *(bool *)context);

	if (order)
		return order;
	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	order = strcmp(a->name, b->name);
	if (order)
		return order;
	return (a->folder > b->folder) - (a->folder < b->folder);
}

/* Do they differ, although they have one key? */
static bool is_mixed(const struct candidate *a, size_t count)
{
	const struct digest *content = NULL;

	for (size_t i = 0; i < count; i++) {
		if (a[i].taken || !a[i].content)
			continue;
		if (content && !digest_equal(content, a[i].content))
			return true;
		content = a[i].content;
	}
	return false;
}

/* Pairs what is called alike. */
static void pair_called(struct candidate *a, size_t a_count, struct candidate *b, size_t b_count,
			pair_found *found, void *context)
{
	for (size_t i = 0; i < a_count; i++)
		for (size_t k = 0; k < b_count && !a[i].taken && a[i].lasting; k++)
			if (!b[k].taken && b[k].lasting && strcmp(a[i].lasting, b[k].lasting) == 0) {
				a[i].taken = b[k].taken = true;
				found(context, &a[i], &b[k]);
			}
}

/* Pairs two runs of equal key.  Equal dates first, then in order. */
static void pair_runs(struct candidate *a, size_t a_count, struct candidate *b, size_t b_count,
		      pair_found *found, void *context)
{
	for (int pass = 0; pass < 2; pass++) {
		size_t i = 0, k = 0;

		while (i < a_count && k < b_count) {
			if (a[i].taken) {
				i++;
			} else if (b[k].taken) {
				k++;
			} else if (pass == 0 && a[i].date != b[k].date) {
				if (a[i].date < b[k].date)
					i++;
				else
					k++;
			} else {
				a[i].taken = b[k].taken = true;
				found(context, &a[i++], &b[k++]);
			}
		}
	}
}

/* The same where those of `a` differ: by what they are called, then by dates whose own do not differ. */
static void pair_mixed(struct candidate *a, size_t a_count, struct candidate *b, size_t b_count,
		       pair_found *found, void *context)
{
	size_t i = 0, k = 0;

	pair_called(a, a_count, b, b_count, found, context);
	while (i < a_count && k < b_count) {
		size_t i_end = i, k_end = k;

		if (a[i].date != b[k].date) {
			if (a[i].date < b[k].date)
				i++;
			else
				k++;
			continue;
		}
		while (i_end < a_count && a[i_end].date == a[i].date)
			i_end++;
		while (k_end < b_count && b[k_end].date == b[k].date)
			k_end++;
		if (!is_mixed(a + i, i_end - i))
			pair_runs(a + i, i_end - i, b + k, k_end - k, found, context);
		i = i_end;
		k = k_end;
	}
}

void pair_up(struct candidate *a, size_t a_count, struct candidate *b, size_t b_count, bool same_folder,
	     pair_found *found, void *context)
{
	size_t i = 0, k = 0;

	if (!a_count || !b_count)
		return;
	qsort_r(a, a_count, sizeof *a, full_order, &same_folder);
	qsort_r(b, b_count, sizeof *b, full_order, &same_folder);
	while (i < a_count && k < b_count) {
		int order = key_order(&a[i], &b[k], same_folder);
		size_t i_end = i, k_end = k;

		if (order) {
			if (order < 0)
				i++;
			else
				k++;
			continue;
		}
		while (i_end < a_count && key_order(&a[i], &a[i_end], same_folder) == 0)
			i_end++;
		while (k_end < b_count && key_order(&b[k], &b[k_end], same_folder) == 0)
			k_end++;
		if (is_mixed(a + i, i_end - i))
			pair_mixed(a + i, i_end - i, b + k, k_end - k, found, context);
		else
			pair_runs(a + i, i_end - i, b + k, k_end - k, found, context);
		i = i_end;
		k = k_end;
	}
}

bool pair_key(const struct match *match, enum side side, bool keyed, bool base, struct candidate *candidate)
{
	const struct version *version =
		base ? (match->row ? &match->row->side[side] : NULL) : match->now[side];
	const struct print *print = match->row ? &match->row->print : &match->print;

	candidate->match = (struct match *)match;
	candidate->folder = match->folder;
	candidate->date = match->row ? match->row->date : match->date;
	candidate->taken = false;
	candidate->content = NULL;
	candidate->lasting = NULL;
	if (!version || !version->ref)
		return false;
	candidate->name = version->ref;
	if (keyed) {
		candidate->key = match->row ? match->row->key : match->key;
		candidate->key_size = candidate->key ? strlen(candidate->key) : 0;
		return candidate->key_size > 0;
	}
	if (side == LOCAL) {
		const struct digest *content = !base && digest_known(&match->stands_for)
						       ? &match->stands_for
						       : &version->digest;

		candidate->key = content->bytes;
		candidate->key_size = DIGEST_SIZE;
		return digest_known(content);
	}
	candidate->key = print;
	candidate->key_size = sizeof *print;
	candidate->lasting = match->row ? match->row->lasting : match->lasting;
	if (base && !(match->row->marks & ROW_TEXT) && digest_known(&match->row->side[LOCAL].digest))
		candidate->content = &match->row->side[LOCAL].digest;
	return digest_known(&print->head);
}

/* ---- within a folder ----------------------------------------------------------------------- */

struct lists {
	struct candidate *a, *b;
	size_t a_count, b_count;
	enum side side;
	const bool *keyed;
};

static bool is_new(const struct match *match, enum side side)
{
	return !match->row && !match->absorbed && match->now[side] && !match->now[side_other(side)];
}

static void renamed(void *context, struct candidate *gone, struct candidate *fresh)
{
	struct lists *lists = context;

	gone->match->now[lists->side] = fresh->match->now[lists->side];
	gone->match->lasting = fresh->match->lasting ? fresh->match->lasting : gone->match->lasting;
	gone->match->normal[lists->side] = fresh->match->normal[lists->side];
	gone->match->looked[lists->side] |= fresh->match->looked[lists->side];
	if (lists->side == LOCAL) {
		gone->match->stub = fresh->match->stub;
		gone->match->print = fresh->match->print;
	}
	gone->match->mended = true;
	fresh->match->absorbed = true;
}

/* The row's item again, under the number that it has now: as if it had never had another. */
static void rekeyed(void *context, struct candidate *row, struct candidate *there)
{
	struct match *match = row->match;

	(void)context;
	match->now[SERVER] = there->match->now[SERVER];
	match->lasting = there->match->lasting;
	match->looked[SERVER] |= there->match->looked[SERVER];
	match->row->side[SERVER].ref = match->now[SERVER]->ref;
	match->row->side[SERVER].revision = match->now[SERVER]->revision;
	match->mended = true;
	there->match->absorbed = true;
}

static void adopted(void *context, struct candidate *here, struct candidate *there)
{
	struct lists *lists = context;

	here->match->now[SERVER] = there->match->now[SERVER];
	here->match->lasting = there->match->lasting;
	here->match->looked[SERVER] |= there->match->looked[SERVER];
	here->match->mended = true;
	if (!lists->keyed[here->folder])
		here->match->compared = EQUAL;
	if (!digest_known(&here->match->stands_for))
		here->match->stub = NULL; /* of the same size: whatever it holds, it is the message itself */
	if (there->match->date)
		here->match->date = there->match->date;
	there->match->absorbed = true;
}

/* Is it a row without a number on the server that should have one? */
static bool lost_number(const struct match *match)
{
	return match->row && !match->row->side[SERVER].ref && !match->now[SERVER] &&
	       !(match->row->marks & ROW_KEPT);
}

/* The key of a message's row: its print. */
static bool row_key(const struct match *match, struct candidate *candidate)
{
	const struct row *row = match->row;

	*candidate = (struct candidate){ .key = &row->print,
					 .key_size = sizeof row->print,
					 .folder = match->folder,
					 .date = row->date,
					 .name = row->side[LOCAL].ref ? row->side[LOCAL].ref : "",
					 .match = (struct match *)match };
	return digest_known(&row->print.head);
}

/* The key by which a new local item is compared with one on the server. */
static bool new_key(const struct match *match, bool keyed, struct candidate *candidate)
{
	if (keyed)
		return pair_key(match, LOCAL, true, false, candidate);
	*candidate = (struct candidate){ .key = &match->print,
					 .key_size = sizeof match->print,
					 .folder = match->folder,
					 .date = match->date,
					 .name = match->now[LOCAL]->ref,
					 .match = (struct match *)match };
	return digest_known(&match->print.head);
}

static void find_renames(struct match **matches, size_t count, struct lists *lists)
{
	enum side side = lists->side;

	lists->a_count = lists->b_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct match *match = matches[i];
		bool keyed = lists->keyed[match->folder];

		if (match->row && match->row->side[side].ref && !match->now[side] &&
		    pair_key(match, side, keyed, true, &lists->a[lists->a_count]))
			lists->a_count++;
		else if (is_new(match, side) &&
			 pair_key(match, side, keyed, false, &lists->b[lists->b_count]))
			lists->b_count++;
	}
	pair_up(lists->a, lists->a_count, lists->b, lists->b_count, true, renamed, lists);
}

/* Is it here alone?  A row of a keyed kind that was never sent, or that is kept here, counts as new: a UID
 * says nothing about the content, so that what the server has under it must still be compared. */
static bool only_here(const struct match *match, bool keyed)
{
	return is_new(match, LOCAL) || (keyed && match->row && !match->row->side[SERVER].ref &&
					!match->now[SERVER] && match->now[LOCAL]);
}

/* Pairs what is new on the server with messages that lost their number (`rows`), or with what is here
 * alone. */
static void find_counterparts(struct match **matches, size_t count, struct lists *lists, bool rows)
{
	lists->a_count = lists->b_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct match *match = matches[i];
		bool keyed = lists->keyed[match->folder];
		struct candidate *a = &lists->a[lists->a_count];

		if (is_new(match, SERVER)) {
			if (pair_key(match, SERVER, keyed, false, &lists->b[lists->b_count]))
				lists->b_count++;
		} else if (rows ? !keyed && lost_number(match) && row_key(match, a)
				: only_here(match, keyed) && new_key(match, keyed, a)) {
			lists->a_count++;
		}
	}
	pair_up(lists->a, lists->a_count, lists->b, lists->b_count, true, rows ? rekeyed : adopted, lists);
}

/* What was a text form may be whole under another name: a run was stopped, or the user brought it. */
static void find_completed(struct match **matches, size_t count, struct lists *lists)
{
	lists->a_count = lists->b_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct match *match = matches[i];
		const struct row *row = match->row;

		if (row && row->marks & ROW_TEXT && row->side[LOCAL].ref && !match->now[LOCAL] &&
		    row_key(match, &lists->a[lists->a_count]))
			lists->a_count++;
		else if (is_new(match, LOCAL) && !match->stub && !lists->keyed[match->folder] &&
			 new_key(match, false, &lists->b[lists->b_count]))
			lists->b_count++;
	}
	pair_up(lists->a, lists->a_count, lists->b, lists->b_count, true, renamed, lists);
}

static void original(void *context, struct candidate *here, struct candidate *there)
{
	const struct stub *stub = here->match->stub;

	adopted(context, here, there);
	here->match->stub = stub;
	here->match->print = there->match->print;
}

/* A text form that no row knows, and the message on the server that it is of: the same header.  Of equal
 * ones those of the same date go together, then in the order of their numbers. */
static void find_originals(struct match **matches, size_t count, struct lists *lists)
{
	lists->a_count = lists->b_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct match *match = matches[i];

		if (is_new(match, SERVER) && digest_known(&match->print.head))
			lists->b[lists->b_count++] = (struct candidate){ .key = match->print.head.bytes,
									 .key_size = DIGEST_SIZE,
									 .folder = match->folder,
									 .date = match->date,
									 .name = match->now[SERVER]->ref,
									 .match = match };
		else if (is_new(match, LOCAL) && match->stub && digest_known(&match->stub->head) &&
			 !digest_known(&match->stands_for) && !match->stray)
			lists->a[lists->a_count++] = (struct candidate){ .key = match->stub->head.bytes,
									 .key_size = DIGEST_SIZE,
									 .folder = match->folder,
									 .date = match->date,
									 .name = match->stub->ref,
									 .match = match };
	}
	pair_up(lists->a, lists->a_count, lists->b, lists->b_count, true, original, lists);
}

void pair_in_folders(struct match **matches, size_t count, const bool *keyed_by_folder)
{
	struct lists lists = { .keyed = keyed_by_folder };

	lists.a = memory_alloc((count + 1) * sizeof *lists.a);
	lists.b = memory_alloc((count + 1) * sizeof *lists.b);
	find_counterparts(matches, count, &lists, true);
	lists.side = LOCAL;
	find_renames(matches, count, &lists);
	find_completed(matches, count, &lists);
	lists.side = SERVER;
	find_renames(matches, count, &lists);
	find_counterparts(matches, count, &lists, false);
	find_originals(matches, count, &lists);
	free(lists.a);
	free(lists.b);
}

/* ---- across folders ------------------------------------------------------------------------ */

static void descends(void *context, struct candidate *old, struct candidate *fresh)
{
	struct match *match = fresh->match;
	struct row *row = old->match->row;

	if (old->match->now[SERVER]) {
		row = arena_alloc(context, sizeof *row);
		*row = *old->match->row;
		row->id = 0;
	} else {
		old->match->absorbed = true;
	}
	for (int s = 0; s < SIDES; s++)
		row->side[s].ref = match->now[s]->ref;
	row->side[SERVER].revision = ""; /* to be looked at */
	match->row = row;
	match->mended = true;
}

void pair_moved_together(struct arena *arena, struct match **matches, size_t count,
			 const bool *keyed_by_folder)
{
	struct candidate *a = memory_alloc((count + 1) * sizeof *a);
	struct candidate *b = memory_alloc((count + 1) * sizeof *b);
	size_t a_count = 0, b_count = 0;

	for (size_t i = 0; i < count; i++) {
		struct match *match = matches[i];
		const struct row *row = match->row;

		if (!keyed_by_folder[match->folder] || match->absorbed)
			continue;
		if (row && row->side[SERVER].ref && row->side[LOCAL].ref && !match->now[LOCAL])
			a_count += pair_key(match, LOCAL, true, true, &a[a_count]);
		else if (!row && match->now[SERVER] && match->now[LOCAL])
			b_count += pair_key(match, LOCAL, true, false, &b[b_count]);
	}
	pair_up(a, a_count, b, b_count, false, descends, arena);
	free(a);
	free(b);
}
