/* Keyed: what content.c does for items that have a UID. */
#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "engine/content.h"

#include <stdlib.h>
#include <string.h>

/* Asks the server for items that its listing left out: those that it has after all are there. */
static const struct fail *read_unlisted(struct run *run, struct match **matches, size_t count)
{
	struct read *reads = memory_alloc(count * sizeof *reads);
	struct arena *arena = arena_new();
	const struct fail *f = NULL;

	for (size_t i = 0; i < count; i++) {
		reads[i].folder = run->folders[matches[i]->folder].seen[SERVER];
		reads[i].ref = matches[i]->row->side[SERVER].ref;
		reads[i].part = PART_PRINT;
	}
	f = store_read(run->engine->side[SERVER], reads, count, NULL, NULL, arena);
	for (size_t i = 0; !f && i < count; i++) {
		struct match *match = matches[i];

		if (fail_is(reads[i].fail, FAIL_MISSING))
			continue;
		match->now[SERVER] = &match->row->side[SERVER];
		if (reads[i].fail)
			f = content_failed(run, match, SERVER, reads[i].fail);
		else
			content_take(run, match, SERVER, &reads[i]);
	}
	arena_free(arena);
	free(reads);
	return f;
}

/* What a full listing of the server's does not hold may have been left out (a window, a page that got
 * lost): it is gone only if it is not there when asked for by name. */
const struct fail *keyed_gone_there(struct run *run)
{
	struct match **list = memory_alloc((run->matches.count + 1) * sizeof(struct match *));
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];
		const struct folder *folder = &run->folders[match->folder];

		if (is_keyed(run, match) && is_gone(match, SERVER) && folder->looked[SERVER] &&
		    folder->listed_all[SERVER])
			list[count++] = match;
	}
	if (count)
		f = read_unlisted(run, list, count);
	free(list);
	return f;
}

/* The UIDs of new items on the server, where their listing did not give them and something may be their
 * counterpart. */
const struct fail *keyed_uids(struct run *run)
{
	struct match **list = memory_alloc((run->matches.count + 1) * sizeof(struct match *));
	const struct fail *f = NULL;
	size_t count = 0;
	bool sought = false;

	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];

		if (!is_keyed(run, match))
			continue;
		sought |= is_new_here(match) || is_gone(match, SERVER) ||
			  (match->row && !match->row->side[SERVER].ref);
		if (is_new_there(match) && !match->key && !match->looked[SERVER])
			list[count++] = match;
	}
	if (sought && count)
		f = content_prints(run, list, count, SERVER);
	free(list);
	return f;
}

static int key_order(const void *a, const void *b)
{
	const struct match *left = *(struct match *const *)a, *right = *(struct match *const *)b;
	int order = strcmp(left->key, right->key);

	if (!order)
		order = (left->folder > right->folder) - (left->folder < right->folder);
	return order ? order : strcmp(left->now[LOCAL]->ref, right->now[LOCAL]->ref);
}

/* Does a row of the folder have this UID, and its file here? */
static const struct fail *is_taken(struct run *run, const struct match *match, bool *taken)
{
	struct folder *folder = &run->folders[match->folder];
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f = NULL;

	if (folder->saved.id)
		f = state_rows_by_key(run->engine->state, match->key, run->round, &rows, &count);
	for (size_t i = 0; !f && i < count; i++) {
		const struct match *known =
			folder->by_row ? map_getn(folder->by_row, &rows[i].id, sizeof rows[i].id) : NULL;

		if (rows[i].folder == folder->saved.id && rows[i].side[LOCAL].ref &&
		    (!known || known->now[LOCAL]))
			*taken = true;
	}
	return f;
}

/* A folder of a server holds one item of a UID.  Of several files with one UID the first is it, and the
 * others stay as they are, and are told. */
const struct fail *keyed_doubles(struct run *run)
{
	struct match **list = memory_alloc((run->matches.count + 1) * sizeof(struct match *));
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];

		if (is_keyed(run, match) && is_new_here(match) && match->key)
			list[count++] = match;
	}
	qsort(list, count, sizeof(struct match *), key_order);
	for (size_t i = 0; !f && i < count; i++) {
		bool taken = i && list[i]->folder == list[i - 1]->folder &&
			     strcmp(list[i]->key, list[i - 1]->key) == 0;

		if (!taken)
			f = is_taken(run, list[i], &taken);
		if (taken)
			list[i]->trouble = "another file of this folder has the same UID";
	}
	free(list);
	return f;
}
