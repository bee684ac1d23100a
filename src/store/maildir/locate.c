/* Locate: finding an item's file, and trying many items. */
#include "store/maildir/locate.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often items that are renamed again and again are sought. */
#define ROUNDS 6

/* ---- the index ---------------------------------------------------------------------------- */

void index_free(struct box *box)
{
	scan_free(&box->index.scan);
	arena_free(box->index.text);
	map_free(box->index.moved);
	box->index = (struct index){ 0 };
}

/* Indices of other folders go, those used longest ago first, while all together are too large. */
static void indices_limit(struct maildir *maildir, const struct box *keep)
{
	for (;;) {
		struct box *oldest = NULL;
		size_t total = 0;

		for (size_t i = 0; i < BOXES_OPEN; i++) {
			struct box *box = maildir->boxes[i];

			if (!box || !box->index.made)
				continue;
			total += box->index.scan.count;
			if (box != keep && (!oldest || box->used < oldest->used))
				oldest = box;
		}
		if (total <= INDEX_MOST || !oldest)
			return;
		index_free(oldest);
	}
}

static const struct fail *index_make(struct maildir *maildir, struct box *box)
{
	struct index *index = &box->index;
	const struct fail *fail;

	index_free(box);
	index->text = arena_new();
	fail = scan_folder(maildir, box, index->text, &index->scan);
	if (fail) {
		index_free(box);
		return fail_in(fail, "%s", box->path);
	}
	index->moved = map_new();
	index->round = maildir->round;
	index->made = true;
	indices_limit(maildir, box);
	return NULL;
}

/* Did nothing at all happen in the folder since the index was made? */
static const struct fail *index_unmoved(const struct box *box, bool *unmoved)
{
	const struct scan *scan = &box->index.scan;
	const struct fail *fail;
	struct stamp cur, new = { 0 };

	*unmoved = false;
	if (!scan->stable || !stamp_trusted(&scan->stamps.cur, scan->touched) ||
	    !stamp_trusted(&scan->stamps.new, scan->touched))
		return NULL;
	fail = stamp_read(box->in[IN_CUR], ".", &cur);
	if (!fail && box->in[IN_NEW] >= 0)
		fail = stamp_read(box->in[IN_NEW], ".", &new);
	*unmoved = !fail && stamp_equal(&cur, &scan->stamps.cur) &&
		   stamp_equal(&new, &scan->stamps.new);
	return fail;
}

const struct fail *index_fresh(struct maildir *maildir, struct box *box)
{
	const struct fail *fail = NULL;
	bool unmoved = false;

	if (box->index.made && box->index.round == maildir->round)
		return NULL;
	if (box->index.made)
		fail = index_unmoved(box, &unmoved);
	if (fail)
		return fail;
	if (!unmoved)
		return index_make(maildir, box);
	box->index.round = maildir->round;
	return NULL;
}

void index_note(struct box *box, const char *base, size_t size, enum place place,
		const char *text)
{
	struct index *index = &box->index;

	if (!index->made)
		return;
	map_setn(index->moved, base, size,
		 !text ? arena_str(index->text, "")
		       : arena_printf(index->text, "%c%s", place == IN_NEW ? 'n' : 'c', text));
}

const struct fail *index_taken(struct maildir *maildir, struct box *box, const char *base,
			       bool *taken)
{
	const struct fail *fail = box->index.made ? NULL : index_make(maildir, box);
	const char *moved;

	*taken = false;
	if (fail)
		return fail;
	moved = map_get(box->index.moved, base);
	*taken = moved ? *moved != '\0'
		       : scan_find(&box->index.scan, base, strlen(base)) != NULL;
	return NULL;
}

/* ---- one item ----------------------------------------------------------------------------- */

/* Is the file there under this name?  `text` may be the one in `found`. */
static bool look_at(const struct box *box, enum place place, const char *text,
		    struct found *found)
{
	/* A ref is remembered between runs: it must not lead anywhere else. */
	if (box->in[place] < 0 || strlen(text) >= NAME_ROOM || strchr(text, '/') ||
	    fstatat(box->in[place], text, &found->status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(found->status.st_mode))
		return false;
	if (text != found->text)
		snprintf(found->text, NAME_ROOM, "%s", text);
	found->place = place;
	found->there = true;
	return true;
}

/* Where the flags say that it is.  cur goes first: of two files with one base it is the one meant.
 */
static bool look_by_hint(const struct box *box, const char *ref, const struct flags *hint,
			 struct found *found)
{
	struct name name = { .base = ref, .base_size = strlen(ref), .has_info = true, .rest = "" };

	if (hint) {
		name.bits = hint->bits;
		name.letters = letters_of(&box->letters, hint->keywords);
	}
	if (name_build(found->text, &name) && look_at(box, IN_CUR, found->text, found))
		return true;
	return !name.bits && !name.letters && look_at(box, IN_NEW, ref, found);
}

static bool look_by_index(const struct box *box, const char *ref, struct found *found)
{
	const struct scan *scan = &box->index.scan;
	const struct scan_name *name;
	const char *moved;

	if (!box->index.made)
		return false;
	moved = map_get(box->index.moved, ref);
	if (moved)
		return *moved && look_at(box, *moved == 'n' ? IN_NEW : IN_CUR, moved + 1, found);
	name = scan_find(scan, ref, strlen(ref));
	for (; name; name = name + 1 < scan->items + scan->count && scan_same(name, name + 1)
				    ? name + 1
				    : NULL)
		if (look_at(box, (enum place)name->place, name->text, found))
			return true;
	return false;
}

const struct fail *locate(struct maildir *maildir, struct box *box, const char *ref,
			  const struct flags *hint, enum chance chance, struct found *found)
{
	const struct fail *fail;

	found->there = false;
	found->sure = false;
	if (chance == CHANCE_QUICK) {
		/* After a miss the whole folder will be looked through: what follows waits for
		 * that, so that changes of one item stay in their order. */
		if (box->missed == maildir->round)
			return NULL;
		if (!look_by_hint(box, ref, hint, found) && !look_by_index(box, ref, found))
			box->missed = maildir->round;
		return NULL;
	}
	fail = index_fresh(maildir, box);
	if (fail)
		return fail;
	/* If the index knows a name that is not there now, somebody renamed it just now. */
	found->sure = box->index.scan.stable && !scan_find(&box->index.scan, ref, strlen(ref));
	look_by_index(box, ref, found);
	return NULL;
}

bool locate_vanished(enum chance chance, const struct fail **fail)
{
	*fail = chance == CHANCE_LAST ? &item_restless : NULL;
	return chance == CHANCE_LAST;
}

bool locate_missed(const struct found *found, enum chance chance, const struct fail **fail)
{
	if (chance == CHANCE_QUICK || !found->sure)
		return locate_vanished(chance, fail);
	*fail = &item_missing;
	return true;
}

/* ---- many items --------------------------------------------------------------------------- */

const struct fail *items_each(struct maildir *maildir, const struct items *items, item_try *try,
			      void *context)
{
	bool *done = memory_alloc(items->count + 1);
	const struct fail *end = NULL;
	size_t left = 0;

	for (size_t i = 0; i < items->count; i++) {
		done[i] = *items_fail_of(items, i) != NULL;
		left += !done[i];
	}
	for (unsigned round = 0; round < ROUNDS && left && !end; round++) {
		enum chance chance = round == 0		 ? CHANCE_QUICK
				     : round < ROUNDS - 1 ? CHANCE_FRESH
							  : CHANCE_LAST;

		for (size_t i = 0; i < items->count && !end; i++) {
			const struct fail *fail = NULL;

			if (done[i] || !try(maildir, (char *)items->first + i * items->size, chance,
					    context, &fail))
				continue;
			*items_fail_of(items, i) = fail;
			done[i] = true;
			left--;
			end = fail_ends(fail) ? fail : items->end;
		}
		maildir->round++;
	}
	if (end)
		items_fail(items, done, end);
	free(done);
	return end;
}
