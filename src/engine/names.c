/* Names: what content.c does for files that hold another item than the row of their name says.  Somebody
 * exchanged two files, moved one over another, or gave an item another UID.  The UID says which item a file
 * is; a message is another one if it is, byte for byte, what another row knows. */
#include "base/memory.h"
#include "engine/content.h"

#include <stdlib.h>
#include <string.h>

/* May its file be another item's by now? */
static bool may_be_other(const struct run *run, const struct match *match)
{
	const struct folder *folder = &run->folders[match->folder];

	if (!match->row || !match->row->id || !match->now[LOCAL] || match->looked[LOCAL] || match->absorbed)
		return false;
	if (is_keyed(run, match) && !match->row->key)
		return false;
	return folder->policy.in_scope && folder->policy.mode != MODE_OFF && !folder->fail &&
	       match_change(match, LOCAL) == CHANGE_UNSURE;
}

/* A name that no file can have: the row's item is gone, also to a later run, whoever has its name. */
static const char *nobodys(struct run *run, const struct row *row)
{
	return arena_printf(run->round, "/%lld", (long long)row->id);
}

bool name_is_nobodys(const char *ref)
{
	return *ref == '/';
}

/* Is the file what another row says of a file of its own? */
static const struct fail *is_other(struct run *run, const struct match *match, bool *other)
{
	const struct digest *digest = &match->now[LOCAL]->digest;
	struct row *rows = NULL;
	size_t count = 0;
	const struct fail *f = NULL;

	*other = false;
	if (match->absorbed || match->trouble)
		return NULL;
	if (is_keyed(run, match)) {
		*other = match->key_here && strcmp(match->key_here, match->row->key) != 0;
		return NULL;
	}
	if (!digest_known(digest) || match_change(match, LOCAL) == CHANGE_SAME)
		return NULL;
	/* A text form of the row's message: a run was stopped that made it, or its header was written
	 * anew. */
	if (match->stub && digest_equal(&match->stub->head, &match->row->print.head))
		return NULL;
	f = state_rows_by_digest(run->engine->state, digest, run->round, &rows, &count);
	for (size_t i = 0; !f && i < count; i++)
		*other |= rows[i].id != match->row->id;
	return f;
}

/* The row's item is gone here, and the file is a new one. */
static void part(struct run *run, struct match *match)
{
	struct match *fresh = match_new(run, &run->folders[match->folder]);

	fresh->now[LOCAL] = match->now[LOCAL];
	fresh->normal[LOCAL] = match->normal[LOCAL];
	fresh->looked[LOCAL] = is_keyed(run, match); /* else its print is wanted, too */
	fresh->key = fresh->key_here = match->key_here;
	match->row->side[LOCAL].ref = nobodys(run, match->row);
	match->now[LOCAL] = NULL;
	match->normal[LOCAL] = (struct digest){ 0 };
	match->looked[LOCAL] = false;
	match->key_here = NULL;
}

const struct fail *names_part(struct run *run, bool *parted)
{
	struct match **list = memory_alloc((run->matches.count + 1) * sizeof(struct match *));
	const struct fail *f = NULL;
	size_t count = 0;

	*parted = false;
	for (size_t i = 0; i < run->matches.count; i++)
		if (may_be_other(run, run->matches.items[i]))
			list[count++] = run->matches.items[i];
	if (count)
		f = content_prints(run, list, count, LOCAL);
	for (size_t i = 0; !f && i < count; i++) {
		bool other = false;

		f = is_other(run, list[i], &other);
		if (f || !other)
			continue;
		part(run, list[i]);
		*parted = true;
	}
	free(list);
	return f;
}

/* Is the row's item under another name now, or gone and its name another item's? */
static bool renamed(const struct match *match)
{
	const char *ref = match->row ? match->row->side[LOCAL].ref : NULL;

	if (!ref || !match->row->id || match->absorbed)
		return false;
	return match->now[LOCAL] ? strcmp(ref, match->now[LOCAL]->ref) != 0 : name_is_nobodys(ref);
}

const struct fail *names_give(struct run *run)
{
	struct match **list = memory_alloc((run->matches.count + 1) * sizeof(struct match *));
	const struct fail *f = NULL;
	size_t count = 0;

	for (size_t i = 0; i < run->matches.count; i++)
		if (renamed(run->matches.items[i]))
			list[count++] = run->matches.items[i];
	if (!count)
		goto out;
	/* First all give away what they had: a name belongs to one row at a time. */
	f = tx_begin(run);
	for (size_t i = 0; !f && i < count; i++) {
		struct row row = *list[i]->row;

		row.side[LOCAL].ref = nobodys(run, &row);
		f = state_row_put(run->engine->state, &row);
	}
	for (size_t i = 0; !f && i < count; i++) {
		struct row *row = list[i]->row;

		if (!list[i]->now[LOCAL])
			continue;
		/* The rest of what is remembered of the file is still true of it. */
		row->side[LOCAL].ref = list[i]->now[LOCAL]->ref;
		f = row_displace(run, row);
		if (!f)
			f = state_row_put(run->engine->state, row);
	}
	f = tx_end(run, f);
out:
	free(list);
	return f;
}
