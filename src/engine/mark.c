/* Mark: the end of a round for each finished folder: its cursors, and what is still open as pending, in
 * one transaction.  A folder with operations that did not come to an end keeps its old cursors. */
#include "engine/run.h"

#include <string.h>

static bool is_left(const struct run *run, int64_t folder, enum side side, const char *ref)
{
	for (size_t i = 0; i < run->left.count; i++)
		if (run->left.items[i].folder == folder && run->left.items[i].side == side &&
		    strcmp(run->left.items[i].ref, ref) == 0)
			return true;
	return false;
}

/* Not what is set aside until later; nor anything in a round that only looks at what the one before it did,
 * but for an item that was changed since it was set aside. */
static bool was_taken_up(const struct run *run, const struct folder *folder, const struct pending *pending)
{
	if (pending->why != PENDING_SET_ASIDE)
		return folder->taken_up;
	return !pending->next || (folder->taken_up && pending->next <= run->engine->now);
}

/* Pending work that this round took up and that is not left again is done. */
static const struct fail *clear_pending(struct run *run, const struct folder *folder)
{
	const struct fail *f = NULL;

	for (size_t i = 0; !f && i < folder->pending_count; i++) {
		const struct pending *pending = &folder->pending[i];

		if (was_taken_up(run, folder, pending) &&
		    !is_left(run, folder->saved.id, pending->side, pending->ref))
			f = state_pending_remove(run->engine->state, folder->saved.id, pending->side,
						 pending->ref);
	}
	return f;
}

/* The server's cursor of a folder of which only a part was taken stays where it is. */
static bool may_move(const struct folder *folder, enum side side)
{
	return folder->looked[side] && folder->cursor[side] && !(folder->deferred && side == SERVER);
}

static bool cursors_moved(const struct folder *folder)
{
	for (int s = 0; s < SIDES; s++)
		if (may_move(folder, (enum side)s) &&
		    strcmp(folder->cursor[s], folder->saved.cursor[s]) != 0)
			return true;
	return false;
}

static const struct fail *mark_folder(struct run *run, struct folder *folder)
{
	const struct fail *f = NULL;

	f = clear_pending(run, folder);
	for (size_t i = 0; !f && i < run->left.count; i++)
		if (run->left.items[i].folder == folder->saved.id)
			f = state_pending_put(run->engine->state, &run->left.items[i]);
	/* A folder that is missing on a side waits for a decision: nothing moves on. */
	if (f || !cursors_moved(folder) || folder->missing[SERVER] || folder->missing[LOCAL])
		return f;
	for (int s = 0; s < SIDES; s++)
		if (may_move(folder, (enum side)s))
			folder->saved.cursor[s] = arena_str(run->arena, folder->cursor[s]);
	return state_folder_put(run->engine->state, &folder->saved);
}

static bool has_left(const struct run *run, const struct folder *folder)
{
	for (size_t i = 0; i < run->left.count; i++)
		if (run->left.items[i].folder == folder->saved.id)
			return true;
	return false;
}

/* Is there anything to write down for a folder that came to its end? */
static bool to_mark(const struct run *run, const struct folder *folder)
{
	if (!folder->saved.id || folder->fail || folder->open || folder->waits ||
	    !folder->policy.in_scope || folder->policy.mode == MODE_OFF)
		return false;
	return cursors_moved(folder) || (folder->taken_up && folder->pending_count) ||
	       has_left(run, folder);
}

const struct fail *mark_folders(struct run *run)
{
	const struct fail *f = NULL;
	bool begun = false;

	for (size_t i = 0; !f && !run->rolled_back && i < run->folder_count; i++) {
		if (!to_mark(run, &run->folders[i]))
			continue;
		if (!begun)
			f = tx_begin(run);
		begun = true;
		if (!f)
			f = mark_folder(run, &run->folders[i]);
	}
	return begun ? tx_end(run, f) : f;
}
