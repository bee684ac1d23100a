/* Folders: what both sides list against what the state knows.  New ones are made on the other side, renamed
 * ones are renamed there, and what vanished is left to the planner (its items) and, once it is empty, dropped. */
#include "base/map.h"
#include "base/memory.h"
#include "base/str.h"
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

struct folder *folders_by_id(const struct run *run, int64_t id)
{
	for (size_t i = 0; id && i < run->folder_count; i++)
		if (run->folders[i].saved.id == id)
			return &run->folders[i];
	return NULL;
}

static const struct fail *ask_side(struct lists *lists, enum side side)
{
	struct run *run = lists->run;
	struct store_known *known = memory_alloc((lists->known_count + 1) * sizeof *known);
	const struct fail *f = NULL;
	size_t count = 0;

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

/* The only folder on `side` that the state does not know and that has this identity; NULL: none, or several. */
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
	struct folder *found = known->missing[side] ? same_identity(run, side, known->saved.identity[side]) : NULL;
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

/* Is it remembered by its path alone?  See keeping_of. */
static bool nameless(const struct state_folder *saved)
{
	return saved->id && !saved->name[SERVER] && !saved->name[LOCAL];
}

/* Makes way for a folder that gets this path. */
static const struct fail *path_clear(struct lists *lists, const char *path)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < lists->known_count; i++)
		if (nameless(&lists->known[i]) && strcmp(lists->known[i].path, path) == 0)
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

/* ---- policies --------------------------------------------------------------------------------- */

static bool named(const char *const *names, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (str_match(names[i], path))
			return true;
	return false;
}

static bool below(const char *path, const char *parent)
{
	size_t size = strlen(parent);

	return strncmp(path, parent, size) == 0 && path[size] == '/';
}

/* Are removals in this folder final? In \Trash, below it, and in \Junk. */
static bool is_final(const struct run *run, const struct folder *folder)
{
	if (folder->saved.roles & (ROLE_TRASH | ROLE_JUNK))
		return true;
	for (size_t i = 0; i < run->folder_count; i++)
		if (run->folders[i].saved.roles & ROLE_TRASH && below(folder->path, run->folders[i].path))
			return true;
	return false;
}

static void set_policy(struct run *run, struct folder *folder)
{
	const struct engine *engine = run->engine;
	const struct sync_request *request = run->request;
	struct folder_settings settings = { 0 };
	struct policy *policy = &folder->policy;

	engine->settings(engine->settings_context, folder->path, folder->saved.kind, folder->saved.roles, &settings);
	*policy = (struct policy){
		.mode = settings.mode,
		.direction = settings.direction,
		.remove = settings.remove,
		.keep_removed = settings.keep_removed,
		.merge = settings.merge,
		.allow_removals = named(request->allow, request->allow_count, folder->path),
		.in_scope = !request->folder_count ||
			    named(request->folders, request->folder_count, folder->path),
		.pull_only = request->pull_only,
		.push_only = request->push_only,
		.expunge = is_final(run, folder),
	};
	folder->traits = kind_traits(folder->saved.kind);
}

/* ---- making ------------------------------------------------------------------------------------ */

/* Makes on `side` the folder that is new on the other one. */
static const struct fail *make_there(struct run *run, struct folder *folder, enum side side)
{
	struct store_folder *made = arena_alloc(run->arena, sizeof *made);
	const struct fail *f = NULL;

	if (run->request->dry_run)
		return NULL;
	f = store_make(run->engine->side[side], folder->path, folder->saved.roles, run->arena, made);
	if (f && f->scope <= FAIL_FOLDER) {
		folder->fail = f;
		run->outcome->folders_failed++;
		run_tell(run, "%s: cannot be made %s: %s", folder->path,
			 side == SERVER ? "on the server" : "here", f->text);
		return NULL;
	}
	if (!f) {
		folder->seen[side] = made;
		made->news = NEWS_SOME;
		run->outcome->folders_changed++;
	}
	return f;
}

static bool active(const struct folder *folder)
{
	return folder->policy.in_scope && folder->policy.mode != MODE_OFF && !folder->fail;
}

static const struct fail *make_one(struct run *run, struct folder *folder)
{
	const struct policy *policy = &folder->policy;

	if (!active(folder) || folder->missing[SERVER] || folder->missing[LOCAL])
		return NULL;
	if (folder->seen[SERVER] && !folder->seen[LOCAL] && !policy->push_only)
		return make_there(run, folder, LOCAL);
	if (folder->seen[LOCAL] && !folder->seen[SERVER] && !policy->pull_only &&
	    policy->direction != DIRECTION_PULL)
		return make_there(run, folder, SERVER);
	return NULL;
}

static bool text_differs(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

/* Does the server number its items anew?  A listing that follows a cursor tells; the rows of a first run that was
 * stopped have none. */
static bool numbers_anew(const struct folder *folder)
{
	const char *known = folder->saved.identity[SERVER], *now = folder->seen[SERVER]->identity;

	return folder->saved.id && !*folder->saved.cursor[SERVER] && known && *known && text_differs(known, now);
}

/* What is to be remembered of a folder that both sides have. */
static bool learn(struct folder *folder)
{
	struct state_folder *saved = &folder->saved;
	bool changed = !saved->id || saved->mode != folder->policy.mode || folder->new_roles;

	saved->mode = folder->policy.mode;
	folder->renumbered = numbers_anew(folder);
	for (int s = 0; s < SIDES; s++) {
		if (!folder->seen[s])
			continue;
		changed |= text_differs(saved->name[s], folder->seen[s]->name) ||
			   text_differs(saved->identity[s], folder->seen[s]->identity);
		saved->name[s] = folder->seen[s]->name;
		saved->identity[s] = folder->seen[s]->identity;
	}
	return changed;
}

enum keeping { KEEP_AS_IT_IS, KEEP_ANEW, KEEP_NO_MORE };

/* A folder that is off and was never synchronised is remembered by its path alone, for `koc folders`: its names
 * on the sides are learnt when it is turned on, so that nothing of it can be missing before that. */
static enum keeping keeping_of(struct folder *folder)
{
	struct state_folder *saved = &folder->saved;
	bool there = folder->seen[SERVER] || folder->seen[LOCAL];
	bool changed = !saved->id || saved->mode != MODE_OFF || folder->new_roles;

	if (active(folder) && folder->seen[SERVER] && folder->seen[LOCAL])
		return learn(folder) ? KEEP_ANEW : KEEP_AS_IT_IS;
	if (folder->policy.mode != MODE_OFF || (saved->id && !nameless(saved)))
		return KEEP_AS_IT_IS;
	if (!there)
		return saved->id ? KEEP_NO_MORE : KEEP_AS_IT_IS;
	saved->mode = MODE_OFF;
	return changed ? KEEP_ANEW : KEEP_AS_IT_IS;
}

static const struct fail *save_all(struct run *run)
{
	const struct fail *f = NULL;
	bool open = false;

	for (size_t i = 0; !f && i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];
		enum keeping keeping = keeping_of(folder);

		if (keeping == KEEP_AS_IT_IS)
			continue;
		if (!open)
			f = tx_begin(run);
		open = true;
		if (!f && keeping == KEEP_ANEW) {
			f = state_folder_put(run->engine->state, &folder->saved);
			if (!f && folder->renumbered)
				f = state_rows_unref(run->engine->state, folder->saved.id, SERVER);
		} else if (!f) {
			f = state_folder_remove(run->engine->state, folder->saved.id);
			folder->saved.id = 0;
		}
	}
	return open ? tx_end(run, f) : f;
}

/* ---- order and looks ----------------------------------------------------------------------------- */

/* The folder in use, then INBOX, then the rest by path. */
static int rank(const struct sync_request *request, const struct folder *folder)
{
	if (request->first && (strcmp(request->first, folder->path) == 0 || below(folder->path, request->first)))
		return 0;
	return folder->saved.roles & ROLE_INBOX || strcmp(folder->path, "mail/INBOX") == 0 ? 1 : 2;
}

static int work_order(const void *a, const void *b, void *context)
{
	const struct folder *left = a, *right = b;
	int left_rank = rank(context, left), right_rank = rank(context, right);

	return left_rank != right_rank ? left_rank - right_rank : strcmp(left->path, right->path);
}

static const struct fail *set_looks(struct run *run)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];
		bool on = folder->policy.mode != MODE_OFF && !folder->fail;

		/* Every local folder is looked at: what is gone from one may lie in another. */
		if (on && folder->seen[LOCAL] && folder->saved.id)
			folder->look[LOCAL] = folder->seen[LOCAL]->news != NEWS_NONE;
		if (on && folder->policy.in_scope && folder->seen[SERVER] && folder->saved.id)
			folder->look[SERVER] = folder->seen[SERVER]->news != NEWS_NONE;
		if (run->request->dry_run && on && folder->policy.in_scope)
			for (int s = 0; s < SIDES; s++)
				folder->look[s] |= !folder->saved.id && folder->seen[s];
		if (folder->saved.id && (folder->look[LOCAL] || folder->look[SERVER] || folder->missing[SERVER] ||
					 folder->missing[LOCAL]))
			f = state_rows_count(run->engine->state, folder->saved.id, &folder->items);
	}
	return f;
}

/* A folder that was asked for by its name must be there. */
static const struct fail *check_names(const struct run *run)
{
	for (size_t i = 0; i < run->request->folder_count; i++) {
		bool found = false;

		for (size_t k = 0; k < run->folder_count && !found; k++)
			found = str_match(run->request->folders[i], run->folders[k].path);
		if (found && run->request->found)
			run->request->found[i] = true;
		if (!found && !run->request->found)
			return fail_make(FAIL_USAGE, FAIL_ACCOUNT, "there is no folder %s",
					 run->request->folders[i]);
	}
	return NULL;
}

static const struct fail *read_lists(struct run *run, bool *again)
{
	struct lists lists = { .run = run };
	const struct fail *f = state_folders(run->engine->state, run->arena, &lists.known, &lists.known_count);

	if (!f)
		f = ask_side(&lists, LOCAL);
	if (!f)
		f = ask_side(&lists, SERVER);
	if (f)
		return f;
	unite(&lists);
	return carry_renames(&lists, again);
}

const struct fail *folders_open(struct run *run)
{
	const struct fail *f = NULL;
	bool again = true;

	for (int pass = 0; !f && again && pass < PASSES; pass++)
		f = read_lists(run, &again);
	if (f)
		return f;
	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];
		const struct store_folder *any = folder->seen[SERVER] ? folder->seen[SERVER] : folder->seen[LOCAL];

		if (any && !folder->saved.id)
			folder->saved.kind = any->kind;
		if (folder->seen[SERVER]) {
			folder->new_roles = folder->saved.roles != folder->seen[SERVER]->roles;
			folder->saved.roles = folder->seen[SERVER]->roles;
		}
	}
	qsort_r(run->folders, run->folder_count, sizeof *run->folders, work_order, (void *)run->request);
	for (size_t i = 0; i < run->folder_count; i++) {
		set_policy(run, &run->folders[i]);
		if (run->folders[i].saved.roles & ROLE_TRASH && !run->trash)
			run->trash = &run->folders[i];
	}
	f = check_names(run);
	for (size_t i = 0; !f && i < run->folder_count; i++)
		f = make_one(run, &run->folders[i]);
	if (!f)
		f = save_all(run);
	return f ? f : set_looks(run);
}

const struct fail *folders_look(struct run *run)
{
	struct lists lists = { .run = run };
	const struct fail *f = state_folders(run->engine->state, run->arena, &lists.known, &lists.known_count);

	if (!f)
		f = ask_side(&lists, LOCAL);
	if (f)
		return f;
	unite(&lists);
	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];
		const struct store_folder *here = folder->seen[LOCAL];

		if (here && !folder->saved.id)
			folder->saved.kind = here->kind;
		set_policy(run, folder);
		folder->missing[SERVER] = false; /* nobody asked */
		folder->look[LOCAL] = here && folder->policy.mode != MODE_OFF && here->news != NEWS_NONE;
	}
	return NULL;
}

/* ---- dropping -------------------------------------------------------------------------------------- */

static const struct fail *has_rows(struct run *run, const struct folder *folder, bool *any)
{
	const struct fail *f = NULL;

	*any = false;
	for (int s = 0; !f && s < SIDES && !*any; s++) {
		const struct row *row = NULL;

		f = state_walk(run->engine->state, folder->saved.id, (enum side)s, NULL, NULL);
		if (!f)
			f = state_walk_next(run->engine->state, &row);
		state_walk_end(run->engine->state);
		*any = row != NULL;
	}
	return f;
}

/* A folder that is missing on one side and whose last item is gone goes on the other side too. */
static const struct fail *drop_one(struct run *run, struct folder *folder)
{
	enum side side = folder->seen[SERVER] ? SERVER : LOCAL;
	const struct policy *policy = &folder->policy;
	const struct fail *f = NULL;
	bool any = false;

	if (!active(folder) || folder->open || (!folder->missing[SERVER] && !folder->missing[LOCAL]))
		return NULL;
	if (side == SERVER && (policy->pull_only || policy->direction == DIRECTION_PULL))
		return NULL;
	if (side == LOCAL && policy->push_only)
		return NULL;
	f = has_rows(run, folder, &any);
	if (f || any)
		return f;
	if (folder->seen[side])
		f = store_drop(run->engine->side[side], folder->seen[side]);
	if (f && f->scope <= FAIL_FOLDER) {
		/* It holds something that the rows do not know: then it is a new folder for the next run. */
		run_tell(run, "%s: not removed %s: %s", folder->path, side == SERVER ? "on the server" : "here",
			 f->text);
		f = NULL;
	}
	run->outcome->folders_changed++;
	return f ? f : state_folder_remove(run->engine->state, folder->saved.id);
}

const struct fail *folders_close(struct run *run)
{
	const struct fail *f = NULL;

	for (size_t i = run->folder_count; !f && i-- > 0;) /* subfolders before their parents */
		f = drop_one(run, &run->folders[i]);
	return f;
}
