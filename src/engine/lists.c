/* Lists: what both sides list as one, by path, beside what the state knows.  Folders that were renamed on one
 * side are renamed on the other first. */
#include "base/map.h"
#include "base/memory.h"
#include "engine/adopt.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

#define PASSES 4 /* a rename changes both lists: they are asked for again */

/* The lists of one pass. */
struct lists {
	struct run *run;
	struct state_folder *known;
	size_t known_count;
	struct folder_list list[SIDES];
};

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
	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		for (int s = 0; s < SIDES; s++)
			folder->missing[s] = folder->saved.id && folder->saved.name[s] && !folder->seen[s];
	}
	map_free(by_path);
}

/* ---- renames -------------------------------------------------------------------------------- */

/* Does a folder on `side` hold the items that the rows of `known` speak of? */
static const struct fail *holds_rows(struct run *run, const struct folder *known, enum side side,
				     const struct store_folder *seen, bool *holds)
{
	struct look look = { .folder = seen, .cursor = "", .full = true };
	const struct fail *f = store_list(run->engine->side[side], &look, 1);
	const struct row *row = NULL;
	size_t rows = 0, found = 0, i = 0;
	bool differs = false;

	*holds = false;
	if (f || look.fail)
		goto out;
	f = state_walk(run->engine->state, known->saved.id, side, NULL, NULL);
	if (!f)
		f = state_walk_next(run->engine->state, &row);
	while (!f && row) {
		const struct listing *listing = look.listing;

		rows++;
		while (i < listing->count && strcmp(listing->entries[i].ref, row->side[side].ref) < 0)
			i++;
		if (i < listing->count && strcmp(listing->entries[i].ref, row->side[side].ref) == 0) {
			const struct entry *entry = &listing->entries[i];

			if (side == SERVER && entry->says & SAYS_SIZE && row->print.size &&
			    !mail_size_close(row->print.size, entry->size))
				differs = true;
			found++;
		}
		f = state_walk_next(run->engine->state, &row);
	}
	state_walk_end(run->engine->state);
	*holds = !differs && (!rows || found * 2 >= rows);
out:
	listing_free(look.listing);
	return f;
}

/* The only folder on `side` that the state does not know and that has this identity; NULL: none, or
 * several. */
static struct folder *same_identity(struct run *run, enum side side, const char *identity)
{
	struct folder *found = NULL;

	for (size_t i = 0; identity && *identity && i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		if (folder->saved.id || !folder->seen[side] ||
		    strcmp(folder->seen[side]->identity, identity) != 0)
			continue;
		if (found)
			return NULL;
		found = folder;
	}
	return found;
}

/* Where a folder that is missing on `side` lies there now; NULL: nowhere. */
static const struct fail *find_renamed(struct run *run, const struct folder *known, enum side side,
				       struct folder **renamed)
{
	struct folder *found =
		known->missing[side] ? same_identity(run, side, known->saved.identity[side]) : NULL;
	bool holds = false;
	const struct fail *f = NULL;

	*renamed = NULL;
	if (!found)
		return NULL;
	f = holds_rows(run, known, side, found->seen[side], &holds);
	if (!f && holds)
		*renamed = found;
	return f;
}

bool folder_nameless(const struct state_folder *saved)
{
	return saved->id && !saved->name[SERVER] && !saved->name[LOCAL];
}

/* Makes way for a folder that gets this path. */
static const struct fail *path_clear(struct lists *lists, const char *path)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < lists->known_count; i++)
		if (folder_nameless(&lists->known[i]) && strcmp(lists->known[i].path, path) == 0)
			f = state_folder_remove(lists->run->engine->state, lists->known[i].id);
	return f;
}

/* The state follows: the folder and all below it have new paths; names are learnt from the next lists. */
static const struct fail *rename_known(struct lists *lists, const char *from, const char *to)
{
	struct run *run = lists->run;
	size_t size = strlen(from);
	const struct fail *f = tx_begin(run);

	for (size_t i = 0; !f && i < lists->known_count; i++) {
		struct state_folder *known = &lists->known[i];

		if (strncmp(known->path, from, size) != 0 || (known->path[size] && known->path[size] != '/'))
			continue;
		known->path = arena_printf(run->arena, "%s%s", to, known->path + size);
		f = path_clear(lists, known->path);
		if (!f)
			f = state_folder_put(run->engine->state, known);
	}
	run->outcome->folders_changed++;
	return tx_end(run, f);
}

/* Carries a rename of one side to the other. Moved on both sides to different places: the server's wins. */
static const struct fail *carry_rename(struct lists *lists, struct folder *known, bool *renamed)
{
	struct run *run = lists->run;
	struct folder *there = NULL, *here = NULL;
	struct store_folder made = { 0 };
	const struct store_folder *old = NULL;
	const char *target = NULL;
	enum side side = LOCAL;
	const struct fail *f = find_renamed(run, known, SERVER, &there);

	if (!f)
		f = find_renamed(run, known, LOCAL, &here);
	if (f || (!there && !here))
		return f;
	target = there ? there->path : here->path;
	if (there && here && there == here) {
		old = NULL;
	} else if (there) {
		old = here ? here->seen[LOCAL] : known->seen[LOCAL];
	} else {
		side = SERVER;
		old = known->seen[SERVER];
	}
	if (old && (side == LOCAL ? there->seen[LOCAL] : here->seen[SERVER]))
		return NULL; /* the target exists on the other side: its items move one by one */
	if (run->request->dry_run) {
		run_tell(run, "%s was renamed to %s", known->path, target);
		return NULL;
	}
	if (old)
		f = store_rename(run->engine->side[side], old, target, run->arena, &made);
	if (f && f->scope <= FAIL_FOLDER) {
		run_tell(run, "%s: not renamed to %s: %s", known->path, target, f->text);
		return NULL;
	}
	if (!f)
		f = rename_known(lists, known->path, target);
	*renamed = !f;
	return f;
}

static int path_order(const void *a, const void *b)
{
	const struct folder *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static const struct fail *carry_renames(struct lists *lists, bool *any)
{
	struct run *run = lists->run;
	const struct fail *f = NULL;

	*any = false;
	qsort(run->folders, run->folder_count, sizeof *run->folders, path_order); /* parents first */
	for (size_t i = 0; !f && i < run->folder_count && !*any; i++) {
		struct folder *folder = &run->folders[i];

		if (folder->missing[SERVER] || folder->missing[LOCAL])
			f = carry_rename(lists, folder, any);
	}
	return f;
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
	return carry_renames(&lists, again);
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
	for (size_t i = 0; i < run->folder_count; i++)
		run->folders[i].missing[SERVER] = false; /* nobody asked */
	return NULL;
}
