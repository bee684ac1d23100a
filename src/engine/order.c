/* Order: the folder in use is worked on first, then INBOX, then the rest by path.  In use is the one that the
 * user names, else the one in which he is, else the one that he named last, in this run or an earlier one. */
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#define MEMO "folder" /* the one named last */

/* Is the folder this one, or below it? */
static bool is_part(const struct folder *folder, const char *path)
{
	size_t size = strlen(path);

	return strncmp(folder->path, path, size) == 0 && (!folder->path[size] || folder->path[size] == '/');
}

/* Is there such a folder, or one below it; and if it is to go first, is there anything to be done in it? */
static bool is_there(const struct run *run, const char *path, bool first)
{
	for (size_t i = 0; path && i < run->folder_count; i++) {
		const struct folder *folder = &run->folders[i];

		if (is_part(folder, path) &&
		    (!first || (folder->policy.in_scope && folder->policy.mode != MODE_OFF)))
			return true;
	}
	return false;
}

/* Patterns name none: no folder has their name, unless its name just looks like one. */
static const char *last_named(const struct run *run, bool first)
{
	const struct sync_request *request = run->request;

	for (size_t i = request->folder_count; i-- > 0;)
		if (is_there(run, request->folders[i], first))
			return request->folders[i];
	return NULL;
}

static const struct fail *choose(struct run *run)
{
	const struct sync_request *request = run->request;
	const char *named = last_named(run, true), *memo = NULL;
	const struct fail *f = NULL;

	if (is_there(run, request->first, true)) {
		run->in_use = request->first;
	} else if (is_there(run, request->here, true)) {
		run->in_use = request->here;
	} else if (named) {
		run->in_use = named;
	} else {
		f = state_memo_get(run->engine->state, MEMO, run->arena, &memo);
		run->in_use = is_there(run, memo, true) ? memo : NULL;
	}
	return f;
}

static int rank(const struct run *run, const struct folder *folder)
{
	if (run->in_use && is_part(folder, run->in_use))
		return 0;
	return folder_is_inbox(folder) ? 1 : 2;
}

static int work_order(const void *a, const void *b, void *context)
{
	const struct folder *left = a, *right = b;
	int left_rank = rank(context, left), right_rank = rank(context, right);

	return left_rank != right_rank ? left_rank - right_rank : strcmp(left->path, right->path);
}

const struct fail *order_folders(struct run *run)
{
	const struct fail *f = choose(run);

	if (run->request->first_found)
		*run->request->first_found = is_there(run, run->request->first, false);
	qsort_r(run->folders, run->folder_count, sizeof *run->folders, work_order, run);
	return f;
}

const struct fail *order_remember(struct run *run)
{
	const char *named = run->request->first, *memo = NULL;
	const struct fail *f = NULL;

	if (!is_there(run, named, false))
		named = last_named(run, false);
	if (!named || run->request->dry_run)
		return NULL;
	f = state_memo_get(run->engine->state, MEMO, run->arena, &memo);
	if (f || (memo && strcmp(memo, named) == 0))
		return f;
	return state_memo_put(run->engine->state, MEMO, named);
}
