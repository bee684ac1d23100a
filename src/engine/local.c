/* Local: the local half of a look, counted. */
#include "engine/local.h"

#include "base/map.h"
#include "core/flags.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

/* A file that was written anew with the same bytes (a backup brought back), or with the same meaning, is not
 * edited. */
static bool is_edited(const struct run *run, const struct match *match)
{
	const struct version *was = &match->row->side[LOCAL], *now = match->now[LOCAL];
	struct read read = {
		.folder = run->folders[match->folder].seen[LOCAL],
		.ref = now->ref,
		.part = PART_PRINT,
		.wire = match->row->marks & ROW_WIRE,
		.hint = now->flags,
	};
	const struct fail *f = NULL;

	if (strcmp(was->revision ? was->revision : "", now->revision ? now->revision : "") == 0)
		return false;
	if (!digest_known(&was->digest))
		return true;
	f = store_read(run->engine->side[LOCAL], &read, 1, NULL, NULL, run->scratch);
	if (!f)
		f = read.fail;
	if (f)
		return true;
	return !digest_equal(&read.now.digest, &was->digest) &&
	       !(digest_known(&read.normal) && digest_equal(&read.normal, &match->row->normal));
}

/* Is it mail that is to be sent?  Not what koc itself put there. */
static bool is_fresh(const struct run *run, const struct match *match)
{
	struct read read = {
		.folder = run->folders[match->folder].seen[LOCAL],
		.ref = match->now[LOCAL]->ref,
		.part = PART_PRINT,
		.hint = match->now[LOCAL]->flags,
	};
	const struct fail *f = NULL;

	if (run->folders[match->folder].traits->keyed)
		return true;
	f = store_read(run->engine->side[LOCAL], &read, 1, NULL, NULL, run->scratch);
	return f || read.fail || !read.notice;
}

/* What is kept here alone is not sent, whatever becomes of it. */
static bool stays(const struct run *run, const struct match *match)
{
	const struct row *row = match->row;

	return row && row->marks & ROW_KEPT && !row->side[SERVER].ref &&
	       run->folders[match->folder].policy.direction != DIRECTION_PUSH;
}

static void count_match(const struct run *run, const struct match *match, struct local_news *news)
{
	const struct version *was =
		match->row && match->row->side[LOCAL].ref ? &match->row->side[LOCAL] : NULL;
	const struct version *now = match->now[LOCAL];

	if (stays(run, match))
		return;
	if (!was) {
		news->fresh += now && is_fresh(run, match);
	} else if (!now) {
		news->gone++;
	} else {
		news->edited += is_edited(run, match);
		news->flagged += !flags_equal(was->flags, now->flags);
	}
}

static int path_order(const void *a, const void *b)
{
	const struct local_news *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static void count_all(const struct run *run, struct arena *arena, struct local_news **result, size_t *count)
{
	struct local_news *news = arena_alloc(arena, (run->folder_count + 1) * sizeof *news);

	for (size_t i = 0; i < run->matches.count; i++)
		count_match(run, run->matches.items[i], &news[run->matches.items[i]->folder]);
	*count = 0;
	for (size_t i = 0; i < run->folder_count; i++) {
		if (!news[i].fresh && !news[i].edited && !news[i].gone && !news[i].flagged)
			continue;
		news[*count] = news[i];
		news[(*count)++].path = arena_str(arena, run->folders[i].path);
	}
	qsort(news, *count, sizeof *news, path_order);
	*result = news;
}

const struct fail *local_look(const struct engine *engine, struct arena *arena, struct local_news **news,
			      size_t *count)
{
	struct sync_request request = { .dry_run = true };
	struct sync_outcome outcome = { 0 };
	struct run run = { .engine = engine, .request = &request, .outcome = &outcome };
	const struct fail *f = NULL;

	run.arena = arena_new();
	run.round = arena_new();
	run.scratch = arena_new();
	f = folders_look(&run);
	if (!f)
		f = look_local(&run);
	if (!f)
		count_all(&run, arena, news, count);
	for (size_t i = 0; i < run.folder_count; i++)
		map_free(run.folders[i].by_row);
	vec_free(&run.matches);
	arena_free(run.scratch);
	arena_free(run.round);
	arena_free(run.arena);
	return f;
}
