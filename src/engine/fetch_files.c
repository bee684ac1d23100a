/* Fetch: what the files are.  A text form lies where its row says, or somewhere else because the user
 * renamed, moved or copied it since the last run; then it is known by its stub.  One that was moved can
 * become whole at once: its row learns the digest of the whole message first, so that the next sync finds
 * the file, in whatever form, as the row's own, moved.  A copy cannot: the server has only the one
 * message, and whole it would look like another. */
#include "engine/fetch_room.h"

#include "base/map.h"
#include "base/memory.h"
#include "engine/content.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1000 /* reads in one call */

/* ---- taking up -------------------------------------------------------------------------------- */

static bool take(struct fetching *fetching, const char *key)
{
	if (map_get(fetching->taken, key))
		return false;
	map_set(fetching->taken, key, fetching);
	return true;
}

static bool take_file(struct fetching *fetching, const struct folder *folder, const char *ref)
{
	return take(fetching, arena_printf(fetching->run.round, "%s/%s", folder->path, ref));
}

static size_t index_of(const struct run *run, const struct folder *folder)
{
	return (size_t)(folder - run->folders);
}

void files_add_row(struct fetching *fetching, struct fetch_target *target, struct folder *folder,
		   struct row *row)
{
	struct run *run = &fetching->run;
	struct wanted *file = NULL;
	struct match *match = NULL;

	if (!take_file(fetching, folder, row->side[LOCAL].ref))
		return;
	match = match_new(run, folder);
	match->row = row;
	match->date = row->date;
	for (int s = 0; s < SIDES; s++)
		match->now[s] = row->side[s].ref ? &row->side[s] : NULL;
	file = vec_push(&fetching->files);
	*file = (struct wanted){
		.target = target, .match = match, .folder = index_of(run, folder), .known = true
	};
}

void files_add_new(struct fetching *fetching, struct fetch_target *target, struct match *match)
{
	struct wanted *file = NULL;

	if (!take_file(fetching, &fetching->run.folders[match->folder], match->now[LOCAL]->ref))
		return;
	file = vec_push(&fetching->files);
	*file = (struct wanted){ .target = target, .match = match, .folder = match->folder };
}

const struct fail *files_add_name(struct fetching *fetching, struct fetch_target *target,
				  struct folder *folder, const char *ref)
{
	struct run *run = &fetching->run;
	struct version *here = NULL;
	struct match *match = NULL;
	struct row *row = NULL;
	const struct fail *f = NULL;

	if (folder->saved.id)
		f = state_row_find(run->engine->state, folder->saved.id, LOCAL, ref, run->round, &row);
	if (!f && row) {
		files_add_row(fetching, target, folder, row);
	} else if (!f) {
		here = arena_alloc(run->round, sizeof *here);
		here->ref = ref;
		match = match_new(run, folder);
		match->now[LOCAL] = here;
		files_add_new(fetching, target, match);
	}
	return f;
}

/* Is a folder that the run knows one of those that are asked for? */
static bool is_asked(const struct fetching *fetching, const struct folder *folder)
{
	const struct fetch_request *request = fetching->request;

	if (!request)
		return true;
	for (size_t i = 0; i < request->count; i++)
		if (!request->targets[i].ref && strcmp(request->targets[i].folder, folder->path) == 0)
			return true;
	return false;
}

const struct fail *files_list(struct fetching *fetching)
{
	struct run *run = &fetching->run;
	const struct fail *f = NULL;

	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		folder->look[LOCAL] =
			folder->look[LOCAL] && folder->saved.kind == KIND_MAIL && is_asked(fetching, folder);
		folder->missing[LOCAL] = false; /* what is gone is not looked for */
	}
	f = look_local(run);
	for (size_t i = 0; i < run->folder_count; i++)
		run->folders[i].looked[LOCAL] = false; /* no cursor moves on */
	return f;
}

/* ---- the row of a text form that no row knows by its name ------------------------------------------ */

/* Does the row's own file lie where the row says? */
static const struct fail *is_at_home(struct run *run, const struct row *row, bool *there)
{
	const struct folder *home = folders_by_id(run, row->folder);

	*there = false;
	if (!home || !home->seen[LOCAL])
		return NULL;
	return store_exists(run->engine->side[LOCAL], home->seen[LOCAL], row->side[LOCAL].ref, there);
}

/* How well a row fits a text form. */
enum fit { FIT_NOT, FIT_COPY, FIT_EDITED, FIT_BESIDE, FIT_MOVED };

static const struct fail *row_fits(struct run *run, const struct match *match, const struct row *row,
				   enum fit *fit)
{
	bool text = row->marks & ROW_TEXT, there = false;
	const struct fail *f = NULL;

	*fit = FIT_NOT;
	if (!row->side[SERVER].ref || !row->side[LOCAL].ref || !folders_by_id(run, row->folder))
		return NULL;
	f = is_at_home(run, row, &there);
	if (there)
		*fit = text ? FIT_COPY : FIT_BESIDE;
	else if (text && !digest_equal(&row->normal, &match->normal[LOCAL]))
		*fit = FIT_EDITED;
	else
		*fit = FIT_MOVED;
	return f;
}

static const char *const misfits[] = {
	[FIT_NOT] = "no message is known for it: run koc sync first",
	[FIT_COPY] = "a copy that the server does not have yet: run koc sync first",
	[FIT_EDITED] = "edited here, where only its text was: koc sync makes a conflict of that",
};

const struct fail *files_row(struct fetching *fetching, const struct match *match, struct row **row,
			     const struct fail **why)
{
	struct run *run = &fetching->run;
	struct row *rows = NULL;
	size_t count = 0;
	enum fit best = FIT_NOT;
	const struct fail *f = NULL;

	*row = NULL;
	if (!digest_known(&match->stub->head)) {
		*why = fail_make(FAIL_DATA, FAIL_ITEM, "it holds parts of several messages");
		return NULL;
	}
	f = state_rows_by_head(run->engine->state, &match->stub->head, run->round, &rows, &count);
	for (size_t i = 0; !f && i < count; i++) {
		enum fit fit = FIT_NOT;

		f = row_fits(run, match, &rows[i], &fit);
		if (fit > best) {
			best = fit;
			*row = &rows[i];
		}
	}
	if (!f && best < FIT_BESIDE)
		*why = fail_make(FAIL_STALE, FAIL_ITEM, "%s", misfits[best]);
	return f;
}

/* ---- judging --------------------------------------------------------------------------------------- */

/* A file that lies where its row says. */
static const struct fail *known_wrong(const struct match *match)
{
	if (!match->row->side[SERVER].ref)
		return fail_make(FAIL_STALE, FAIL_ITEM, "%s", misfits[FIT_NOT]);
	if (!(match->row->marks & ROW_TEXT))
		return fail_make(FAIL_STALE, FAIL_ITEM, "it was whole before: run koc sync first");
	if (match_change(match, LOCAL) != CHANGE_SAME ||
	    !digest_equal(&match->stub->head, &match->row->print.head))
		return fail_make(FAIL_DATA, FAIL_ITEM, "%s", misfits[FIT_EDITED]);
	return NULL;
}

/* A file that no row knows by its name gets the row that it stands for. */
static const struct fail *find_row(struct fetching *fetching, struct wanted *file, const struct fail **why)
{
	struct match *match = file->match;
	struct row *row = NULL;
	const struct fail *f = files_row(fetching, match, &row, why);

	if (f || *why)
		return f;
	match->row = row;
	match->now[SERVER] = &row->side[SERVER];
	match->folder = index_of(&fetching->run, folders_by_id(&fetching->run, row->folder));
	return NULL;
}

static const struct fail *judge(struct fetching *fetching, struct wanted *file, const struct read *read)
{
	struct run *run = &fetching->run;
	struct match *match = file->match;
	const struct fail *f = NULL, *why = NULL;

	if (read->fail) {
		/* Of a folder only what lies in it. */
		if (!fail_is(read->fail, FAIL_MISSING))
			file_settle(fetching, file, FETCH_FAILED, read->fail);
		else if (file->target->ref)
			file_settle(fetching, file, FETCH_FAILED,
				    fail_make(FAIL_USAGE, FAIL_ITEM, "there is no such message"));
		file->settled = true;
		return NULL;
	}
	file->path = arena_str(run->round, read->path);
	content_take(run, match, LOCAL, read);
	if (!match->stub) {
		file_settle(fetching, file, FETCH_WHOLE, NULL);
		return NULL;
	}
	if (file->known)
		why = known_wrong(match);
	else
		f = find_row(fetching, file, &why);
	if (!f && why)
		file_settle(fetching, file, FETCH_FAILED, why);
	else
		file->target->open = true;
	return f;
}

static const struct fail *judge_chunk(struct fetching *fetching, struct wanted *files, size_t count,
				      struct read *reads, struct arena *arena)
{
	struct run *run = &fetching->run;
	const struct fail *f = NULL;

	memset(reads, 0, count * sizeof *reads);
	for (size_t i = 0; i < count; i++) {
		const struct match *match = files[i].match;

		reads[i].folder = run->folders[files[i].folder].seen[LOCAL];
		reads[i].ref = match->now[LOCAL]->ref;
		reads[i].part = PART_PRINT;
		reads[i].hint = match->now[LOCAL]->flags;
		reads[i].wire = match->row && match->row->marks & ROW_WIRE;
	}
	f = store_read(run->engine->side[LOCAL], reads, count, NULL, NULL, arena);
	for (size_t i = 0; !f && i < count; i++)
		f = judge(fetching, &files[i], &reads[i]);
	return f;
}

const struct fail *files_judge(struct fetching *fetching)
{
	size_t count = fetching->files.count;
	struct read *reads = memory_alloc((count < CHUNK ? count + 1 : CHUNK) * sizeof *reads);
	struct arena *arena = arena_new();
	const struct fail *f = NULL;

	for (size_t from = 0; !f && from < count; from += CHUNK) {
		f = judge_chunk(fetching, fetching->files.items + from,
				count - from < CHUNK ? count - from : CHUNK, reads, arena);
		arena_reset(arena);
	}
	arena_free(arena);
	free(reads);
	return f;
}
