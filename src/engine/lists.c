/* Lists: what both sides list as one, by path, beside what the state knows; renames come first. */
#include "base/map.h"
#include "base/memory.h"
#include "engine/adopt.h"
#include "engine/lists.h"

#include <stdlib.h>
#include <string.h>

#define PASSES 16 /* renames change both lists: they are asked for again */

/* Asks a side for its folders; `more` is told as known beside what the state knows. */
static const struct fail *ask_side(struct lists *lists, enum side side, const struct store_known *more,
				   size_t more_count)
{
	struct run *run = lists->run;
	struct store_known *known = memory_alloc((lists->known_count + more_count + 1) * sizeof *known);
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; i < more_count; i++)
		known[count++] = more[i];
	for (size_t i = 0; i < lists->known_count; i++)
		if (lists->known[i].name[side])
			known[count++] = (struct store_known){ .path = lists->known[i].path,
							       .name = lists->known[i].name[side],
							       .cursor = lists->known[i].cursor[side] };
	f = store_folders(run->engine->side[side], known, count, run->arena, &lists->list[side]);
	if (!f && !lists->list[side].complete)
		f = fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the list of folders was cut short");
	free(known);
	return f;
}

/* What both sides have and the state does not know gets on the server's side the paths that it has here. */
static const struct fail *adopt(struct lists *lists)
{
	struct run *run = lists->run;
	struct store_known *pairs = NULL;
	const struct fail *f = NULL;
	size_t count;

	for (int s = 0; s < SIDES; s++)
		if (!(run->engine->side[s]->traits & STORE_LABELS))
			return NULL;
	pairs = memory_alloc((lists->list[LOCAL].count + 1) * sizeof *pairs);
	count = adopt_pairs(lists->known, lists->known_count, lists->list, pairs);
	if (count)
		f = ask_side(lists, SERVER, pairs, count);
	free(pairs);
	return f;
}

/* Does this entry stand for a folder that can be synchronised? */
static bool usable(const struct store_folder *folder)
{
	if (folder->unsupported || folder->roles & ROLE_NOSELECT)
		return false;
	return !(folder->roles & ROLE_FOREIGN) || folder->roles & ROLE_SUBSCRIBED;
}

static struct folder *folder_at(struct run *run, struct map *by_path, const char *path)
{
	struct folder *folder = map_get(by_path, path);

	if (!folder) {
		folder = &run->folders[run->folder_count++];
		memset(folder, 0, sizeof *folder);
		folder->path = path;
		folder->saved.path = path;
		folder->saved.cursor[SERVER] = folder->saved.cursor[LOCAL] = "";
		folder->saved.identity[SERVER] = folder->saved.identity[LOCAL] = "";
		map_set(by_path, path, folder);
	}
	return folder;
}

/* All three lists as one, by path. */
static void unite(struct lists *lists)
{
	struct run *run = lists->run;
	struct map *by_path = map_new();

	run->folders = arena_alloc(run->arena, (lists->known_count + lists->list[SERVER].count +
						lists->list[LOCAL].count + 1) * sizeof *run->folders);
	run->folder_count = 0;
	for (size_t i = 0; i < lists->known_count; i++)
		folder_at(run, by_path, lists->known[i].path)->saved = lists->known[i];
	for (int s = 0; s < SIDES; s++)
		for (size_t i = 0; i < lists->list[s].count; i++) {
			struct store_folder *seen = &lists->list[s].items[i];

			if (seen->unsupported && seen->why && s == SERVER)
				run_tell(run, "%s: left out: %s", seen->name, seen->why);
			if (usable(seen))
				folder_at(run, by_path, seen->path)->seen[s] = seen;
		}
	map_free(by_path);
}

/* What the state knows and a side does not list (any more). */
static void find_missing(struct run *run)
{
	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		for (int s = 0; s < SIDES; s++)
			folder->missing[s] = folder->saved.id && folder->saved.name[s] && !folder->seen[s];
	}
}

bool folder_nameless(const struct state_folder *saved)
{
	return saved->id && !saved->name[SERVER] && !saved->name[LOCAL];
}

static const struct fail *lists_pass(struct run *run, bool *again)
{
	struct lists lists = { .run = run };
	const struct fail *f =
		state_folders(run->engine->state, run->arena, &lists.known, &lists.known_count);

	if (!f)
		f = ask_side(&lists, LOCAL, NULL, 0);
	if (!f)
		f = ask_side(&lists, SERVER, NULL, 0);
	if (!f)
		f = adopt(&lists);
	if (f)
		return f;
	unite(&lists);
	*again = false;
	f = run->request->dry_run ? renames_pretend(&lists) : renames_carry(&lists, again);
	find_missing(run);
	return f;
}

const struct fail *lists_read(struct run *run)
{
	const struct fail *f = NULL;
	bool again = true;

	for (int pass = 0; !f && again && pass < PASSES; pass++)
		f = lists_pass(run, &again);
	return f;
}

const struct fail *lists_read_local(struct run *run)
{
	struct lists lists = { .run = run };
	const struct fail *f = state_folders(run->engine->state, run->arena, &lists.known,
					     &lists.known_count);

	if (!f)
		f = ask_side(&lists, LOCAL, NULL, 0);
	if (f)
		return f;
	unite(&lists);
	find_missing(run);
	for (size_t i = 0; i < run->folder_count; i++)
		run->folders[i].missing[SERVER] = false; /* nobody asked */
	return NULL;
}

const struct fail *lists_read_server(struct run *run)
{
	struct lists lists = { .run = run };
	const struct fail *f = state_folders(run->engine->state, run->arena, &lists.known,
					     &lists.known_count);

	if (!f)
		f = ask_side(&lists, SERVER, NULL, 0);
	for (size_t i = 0; !f && i < lists.list[SERVER].count; i++) {
		struct store_folder *seen = &lists.list[SERVER].items[i];

		for (size_t k = 0; usable(seen) && k < run->folder_count; k++)
			if (strcmp(run->folders[k].path, seen->path) == 0)
				run->folders[k].seen[SERVER] = seen;
	}
	return f;
}
