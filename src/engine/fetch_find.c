/* Fetch: messages by their Message-ID.  The rows know it; where a row's file is not in its place, it is
 * among the files that no row knows by their names. */
#include "engine/fetch_room.h"

#include "base/map.h"
#include "base/memory.h"
#include "engine/content.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1000 /* reads in one call */

/* A row with a Message-ID that is looked for. */
struct hit {
	struct fetch_wish *wish;
	struct row *row;
	bool there; /* its file lies where it says */
};

struct finding {
	struct fetching fetching;
	struct arena *arena; /* the caller's */
	struct map *wishes;  /* by Message-ID */
	struct {
		VEC(struct hit)
	} hits;
	struct {
		VEC(struct fetch_found)
	} found;
	struct {
		VEC(struct fetch_wish *)
	} of; /* … by index: whose it is */
};

static void found_add(struct finding *finding, struct fetch_wish *wish, const struct folder *folder,
		      const struct row *row, const struct read *read)
{
	struct fetch_found *found = vec_push(&finding->found);
	struct arena *arena = finding->arena;

	*found = (struct fetch_found){
		.folder = arena_str(arena, folder->path),
		.ref = arena_str(arena, read->ref),
		.path = read->path ? arena_str(arena, read->path)
				   : arena_printf(arena, "%s/cur/%s", folder->path, read->ref),
		.subject = arena_str(arena, row->subject),
		.print = row->print,
		.text = read->stub != NULL,
	};
	*vec_push(&finding->of) = wish;
}

/* ---- rows ------------------------------------------------------------------------------------- */

static const struct fail *walk_folder(struct finding *finding, const struct folder *folder)
{
	struct run *run = &finding->fetching.run;
	struct state *state = run->engine->state;
	const struct row *row = NULL;
	const struct fail *f = state_walk(state, folder->saved.id, LOCAL, NULL, NULL);

	if (!f)
		f = state_walk_next(state, &row);
	while (!f && row) {
		struct fetch_wish *wish = row->message_id ? map_get(finding->wishes, row->message_id) : NULL;

		if (wish) {
			struct hit *hit = vec_push(&finding->hits);

			*hit = (struct hit){ .wish = wish, .row = arena_alloc(run->round, sizeof *hit->row) };
			hit->row->id = row->id;
			wish->known++;
		}
		f = state_walk_next(state, &row);
	}
	state_walk_end(state);
	return f;
}

static const struct fail *walk_all(struct finding *finding)
{
	struct run *run = &finding->fetching.run;
	const struct fail *f = NULL;

	for (size_t i = 0; i < run->folder_count && !f; i++)
		if (run->folders[i].saved.id && run->folders[i].saved.kind == KIND_MAIL)
			f = walk_folder(finding, &run->folders[i]);
	for (size_t i = 0; i < finding->hits.count && !f; i++) /* a walk's rows do not last */
		f = state_row_get(run->engine->state, finding->hits.items[i].row->id, run->round,
				  &finding->hits.items[i].row);
	return f;
}

/* ---- files in their places -------------------------------------------------------------------- */

static const struct fail *read_home(struct finding *finding, struct hit *hit)
{
	struct run *run = &finding->fetching.run;
	const struct folder *home = hit->row ? folders_by_id(run, hit->row->folder) : NULL;
	struct read read = { .part = PART_PRINT };
	const struct fail *f = NULL;

	if (!home || !home->seen[LOCAL])
		return NULL;
	read.folder = home->seen[LOCAL];
	read.ref = hit->row->side[LOCAL].ref;
	read.hint = hit->row->side[LOCAL].flags;
	read.wire = hit->row->marks & ROW_WIRE;
	f = store_read(run->engine->side[LOCAL], &read, 1, NULL, NULL, run->round);
	if (f || read.fail)
		return f;
	hit->there = true;
	found_add(finding, hit->wish, home, hit->row, &read);
	return NULL;
}

/* ---- files elsewhere -------------------------------------------------------------------------- */

static struct hit *hit_of(const struct finding *finding, const struct row *row)
{
	for (size_t i = 0; i < finding->hits.count; i++)
		if (finding->hits.items[i].row && finding->hits.items[i].row->id == row->id)
			return &finding->hits.items[i];
	return NULL;
}

/* A file that no row knows by its name: is it one of the rows that miss theirs? */
static const struct fail *place_new(struct finding *finding, struct match *match, const struct read *read)
{
	struct run *run = &finding->fetching.run;
	const struct folder *folder = &run->folders[match->folder];
	struct row *row = NULL, *rows = NULL;
	const struct fail *why = NULL, *f = NULL;
	const struct hit *hit = NULL;
	size_t count = 0;

	content_take(run, match, LOCAL, read);
	if (match->stub) {
		f = files_row(&finding->fetching, match, &row, &why);
	} else {
		f = state_rows_by_digest(run->engine->state, &read->now.digest, run->round, &rows, &count);
		for (size_t i = 0; !f && i < count && !row; i++) {
			hit = hit_of(finding, &rows[i]);
			row = hit && !hit->there ? &rows[i] : NULL;
		}
	}
	hit = !f && row ? hit_of(finding, row) : NULL;
	if (hit && !hit->there)
		found_add(finding, hit->wish, folder, row, read);
	return f;
}

static const struct fail *read_new(struct finding *finding)
{
	struct run *run = &finding->fetching.run;
	struct read *reads = memory_alloc(CHUNK * sizeof *reads);
	struct match **of = memory_alloc(CHUNK * sizeof(struct match *));
	struct arena *arena = arena_new();
	size_t all = run->matches.count, count = 0;
	const struct fail *f = NULL;

	for (size_t i = 0; i < all && !f; i++) {
		struct match *match = run->matches.items[i];

		if (!match->row && match->now[LOCAL]) {
			of[count] = match;
			reads[count++] = (struct read){ .folder = run->folders[match->folder].seen[LOCAL],
							.ref = match->now[LOCAL]->ref,
							.part = PART_PRINT,
							.hint = match->now[LOCAL]->flags };
		}
		if (count < CHUNK && i + 1 < all)
			continue;
		f = store_read(run->engine->side[LOCAL], reads, count, NULL, NULL, arena);
		for (size_t k = 0; k < count && !f; k++)
			if (!reads[k].fail)
				f = place_new(finding, of[k], &reads[k]);
		arena_reset(arena);
		count = 0;
	}
	arena_free(arena);
	free(of);
	free(reads);
	return f;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static const struct fail *find_files(struct finding *finding)
{
	const struct fail *f = walk_all(finding);
	bool any_missing = false;

	for (size_t i = 0; i < finding->hits.count && !f; i++) {
		f = read_home(finding, &finding->hits.items[i]);
		any_missing |= !finding->hits.items[i].there;
	}
	if (f || !any_missing)
		return f;
	f = files_list(&finding->fetching);
	return f ? f : read_new(finding);
}

/* Each wish gets what was found for it. */
static void hand_out(struct finding *finding, struct fetch_wish *wishes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fetch_wish *wish = &wishes[i];

		for (size_t k = 0; k < finding->of.count; k++)
			wish->count += finding->of.items[k] == wish;
		wish->found = arena_alloc(finding->arena, (wish->count + 1) * sizeof *wish->found);
		wish->count = 0;
		for (size_t k = 0; k < finding->of.count; k++)
			if (finding->of.items[k] == wish)
				wish->found[wish->count++] = finding->found.items[k];
	}
}

const struct fail *fetch_find(const struct engine *engine, struct fetch_wish *wishes, size_t count,
			      struct arena *arena)
{
	struct finding finding = { .arena = arena, .wishes = map_new() };
	const struct fail *f = NULL;

	fetching_begin(&finding.fetching, engine);
	finding.fetching.nothing_else.dry_run = true;
	for (size_t i = 0; i < count; i++) {
		wishes[i].found = NULL;
		wishes[i].count = wishes[i].known = 0;
		map_set(finding.wishes, wishes[i].message_id, &wishes[i]);
	}
	f = folders_look(&finding.fetching.run);
	if (!f)
		f = find_files(&finding);
	if (!f)
		hand_out(&finding, wishes, count);
	fetching_end(&finding.fetching);
	map_free(finding.wishes);
	vec_free(&finding.hits);
	vec_free(&finding.found);
	vec_free(&finding.of);
	return f;
}
