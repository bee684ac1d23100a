/* Folders: which there are, by what rules, in what order.  New ones are made on the other side, and what
 * vanished is left to the planner (its items) and, once it is empty, dropped. */
#include "base/str.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

struct folder *folders_by_id(const struct run *run, int64_t id)
{
	for (size_t i = 0; id && i < run->folder_count; i++)
		if (run->folders[i].saved.id == id)
			return &run->folders[i];
	return NULL;
}

bool folder_is_inbox(const struct folder *folder)
{
	return folder->saved.roles & ROLE_INBOX || strcmp(folder->path, "mail/INBOX") == 0;
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

	engine->settings(engine->settings_context, folder->path, folder->saved.kind, folder->saved.roles,
			 &settings);
	*policy = (struct policy){
		.mode = settings.mode,
		.direction = settings.direction,
		.remove = settings.remove,
		.keep_removed = settings.keep_removed,
		.merge = settings.merge,
		.expire_days = settings.expire_days,
		.allow_removals = named(request->allow, request->allow_count, folder->path),
		.in_scope = !request->folder_count ||
			    named(request->folders, request->folder_count, folder->path),
		.pull_only = request->pull_only,
		.push_only = request->push_only,
		.expunge = is_final(run, folder),
		.server_read_only = folder->seen[SERVER] && folder->seen[SERVER]->read_only,
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

/* Does the server number its items anew?  A listing that follows a cursor tells; the rows of a first run
 * that was stopped have none. */
static bool numbers_anew(const struct folder *folder)
{
	const char *known = folder->saved.identity[SERVER], *now = folder->seen[SERVER]->identity;

	return folder->saved.id && !*folder->saved.cursor[SERVER] && known && *known &&
	       text_differs(known, now);
}

/* What is to be remembered of a folder that both sides have. */
static bool learn(struct folder *folder)
{
	struct state_folder *saved = &folder->saved;
	bool changed = !saved->id || saved->mode != folder->policy.mode || folder->new_roles ||
		       folder->new_label;

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
	changed |= text_differs(saved->lasting, folder->seen[SERVER]->lasting);
	saved->lasting = folder->seen[SERVER]->lasting;
	return changed;
}

enum keeping { KEEP_AS_IT_IS, KEEP_ANEW, KEEP_NO_MORE };

/* A folder that is off and was never synchronised is remembered by its path alone, for `koc folders`: its
 * names on the sides are learnt when it is turned on, so that nothing of it can be missing before that. */
static enum keeping keeping_of(struct folder *folder)
{
	struct state_folder *saved = &folder->saved;
	bool there = folder->seen[SERVER] || folder->seen[LOCAL];
	bool changed = !saved->id || saved->mode != MODE_OFF || folder->new_roles;

	if (active(folder) && folder->seen[SERVER] && folder->seen[LOCAL])
		return learn(folder) ? KEEP_ANEW : KEEP_AS_IT_IS;
	if (folder->policy.mode != MODE_OFF || (saved->id && !folder_nameless(saved)))
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

/* ---- looks ----------------------------------------------------------------------------------------- */

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
		if (folder->saved.id && (folder->look[LOCAL] || folder->look[SERVER] ||
					 folder->missing[SERVER] || folder->missing[LOCAL]))
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

const struct fail *folders_open(struct run *run)
{
	const struct fail *f = lists_read(run);

	if (f)
		return f;
	for (size_t i = 0; i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];
		const struct store_folder *any =
			folder->seen[SERVER] ? folder->seen[SERVER] : folder->seen[LOCAL];

		if (any && !folder->saved.id)
			folder->saved.kind = any->kind;
		if (folder->seen[SERVER]) {
			folder->new_roles = folder->saved.roles != folder->seen[SERVER]->roles;
			folder->saved.roles = folder->seen[SERVER]->roles;
		}
	}
	for (size_t i = 0; i < run->folder_count; i++)
		set_policy(run, &run->folders[i]);
	f = order_folders(run);
	for (size_t i = 0; i < run->folder_count && !run->trash; i++)
		if (run->folders[i].saved.roles & ROLE_TRASH)
			run->trash = &run->folders[i];
	if (!f)
		f = check_names(run);
	if (!f)
		f = order_remember(run);
	for (size_t i = 0; !f && i < run->folder_count; i++)
		f = make_one(run, &run->folders[i]);
	if (!f && !run->request->dry_run)
		f = labels_agree(run);
	if (!f)
		f = save_all(run);
	if (!f)
		f = directions_take_up(run);
	return f ? f : set_looks(run);
}

const struct fail *folders_look(struct run *run)
{
	const struct fail *f = lists_read_local(run);

	for (size_t i = 0; !f && i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];
		const struct store_folder *here = folder->seen[LOCAL];

		if (here && !folder->saved.id)
			folder->saved.kind = here->kind;
		set_policy(run, folder);
		folder->look[LOCAL] = here && folder->policy.mode != MODE_OFF && here->news != NEWS_NONE;
	}
	return f;
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

const struct fail *folders_return(struct run *run)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];
		bool any = false;

		if (!folder_is_inbox(folder) || !folder->missing[LOCAL] || !folder->seen[SERVER] ||
		    !active(folder) || folder->open || folder->policy.push_only)
			continue;
		f = has_rows(run, folder, &any);
		if (f || any)
			continue;
		f = make_there(run, folder, LOCAL);
		folder->missing[LOCAL] = folder->fail != NULL;
		folder->again[SERVER] = folder->again[LOCAL] = folder->again_full = true;
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

	if (!active(folder) || folder->open || (!folder->missing[SERVER] && !folder->missing[LOCAL]) ||
	    folder_is_inbox(folder))
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
		run_tell(run, "%s: not removed %s: %s", folder->path,
			 side == SERVER ? "on the server" : "here", f->text);
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
