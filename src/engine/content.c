/* Content: where names do not settle what an item is, its content does.  New local files are read (they
 * would be sent anyway); of new items on the server the header is read only when something of the same
 * size is looking for its counterpart. */
#include "base/map.h"
#include "base/memory.h"
#include "core/pair.h"
#include "engine/content.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 4000 /* reads in one call */

/* A copy of a match's version that may be filled in. */
static struct version *version_own(struct run *run, struct match *match, enum side side)
{
	struct version *version = arena_alloc(run->round, sizeof *version);

	*version = *match->now[side];
	match->now[side] = version;
	return version;
}

static const struct stub *stub_copy(struct arena *arena, const struct stub *stub)
{
	struct stub *copy = NULL;

	if (!stub)
		return NULL;
	copy = arena_alloc(arena, sizeof *copy);
	*copy = *stub;
	copy->epoch = arena_str(arena, stub->epoch);
	copy->ref = arena_str(arena, stub->ref);
	return copy;
}

static const struct words *words_copy(struct arena *arena, const struct words *words)
{
	struct words *copy = NULL;

	if (!words)
		return NULL;
	copy = arena_alloc(arena, sizeof *copy);
	copy->message_id = arena_str(arena, words->message_id);
	copy->subject = arena_str(arena, words->subject);
	copy->from = arena_str(arena, words->from);
	copy->sent = words->sent;
	return copy;
}

void content_take(struct run *run, struct match *match, enum side side, const struct read *read)
{
	struct version *version = version_own(run, match, side);

	match->looked[side] = true;
	version->digest = read->now.digest;
	if (read->now.revision)
		version->revision = arena_str(run->round, read->now.revision);
	if (!match->row || side == LOCAL)
		match->print = read->print;
	if (!match->date)
		match->date = read->date;
	if (side == LOCAL) {
		match->stub = stub_copy(run->round, read->stub);
		match->words = words_copy(run->round, read->words);
	}
	match->normal[side] = read->normal;
	if (read->key && !match->row)
		match->key = arena_str(run->round, read->key);
	if (read->key && side == LOCAL)
		match->key_here = arena_str(run->round, read->key);
	if (side == LOCAL && read->wrong)
		match->trouble = read->wrong;
	match->damaged |= side == LOCAL && read->wrong;
	if (side == LOCAL && read->notice && match->row)
		match->trouble = "it is now a message of koc's own, which no server gets";
	else if (side == LOCAL)
		match->own = read->notice;
}

/* What cannot be read: gone or changed meanwhile is for the next look; anything else is the item's
 * trouble. */
const struct fail *content_failed(struct run *run, struct match *match, enum side side,
				      const struct fail *fail)
{
	struct folder *folder = &run->folders[match->folder];

	if (fail->scope > FAIL_FOLDER)
		return fail;
	if (fail_is(fail, FAIL_MISSING) || fail_is(fail, FAIL_STALE)) {
		match->absorbed = true;
		folder->again[side] = true;
		/* A new file that was just renamed once more may be what is missing elsewhere. */
		if (side == LOCAL && !match->row)
			run->restless = true;
		if (match->row || match->now[side_other(side)])
			match_raced(run, match);
		return NULL;
	}
	match->trouble = arena_str(run->round, fail->text);
	return NULL;
}

/* Reads prints of many matches on one side. */
const struct fail *content_prints(struct run *run, struct match **matches, size_t count, enum side side)
{
	struct read *reads = memory_alloc((count < CHUNK ? count : CHUNK) * sizeof *reads);
	struct arena *arena = arena_new();
	const struct fail *f = NULL;

	for (size_t from = 0; !f && from < count; from += CHUNK) {
		size_t n = count - from < CHUNK ? count - from : CHUNK;

		memset(reads, 0, n * sizeof *reads);
		for (size_t i = 0; i < n; i++) {
			struct match *match = matches[from + i];

			reads[i].folder = run->folders[match->folder].seen[side];
			reads[i].ref = match->now[side]->ref;
			reads[i].part = PART_PRINT;
			reads[i].hint = match->now[side]->flags;
			reads[i].wire = match->row && match->row->marks & ROW_WIRE;
		}
		f = store_read(run->engine->side[side], reads, n, NULL, NULL, arena);
		for (size_t i = 0; !f && i < n; i++) {
			if (reads[i].fail)
				f = content_failed(run, matches[from + i], side, reads[i].fail);
			else
				content_take(run, matches[from + i], side, &reads[i]);
		}
		arena_reset(arena);
	}
	arena_free(arena);
	free(reads);
	return f;
}

/* Is this folder's part of the plan carried out in this run? */
static bool planned(const struct folder *folder)
{
	return folder->policy.in_scope && folder->policy.mode != MODE_OFF && !folder->fail;
}

/* Every new local item that may be sent, or (when something is gone here) that may have been moved. */
static const struct fail *look_at_new_here(struct run *run)
{
	struct match **list = NULL;
	const struct fail *f = NULL;
	bool gone = false;
	size_t count = 0;

	for (size_t i = 0; i < run->matches.count; i++)
		gone |= is_gone(run->matches.items[i], LOCAL);
	if (gone)
		f = look_elsewhere(run);
	list = memory_alloc((run->matches.count + 1) * sizeof(struct match *));
	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];
		struct folder *folder = &run->folders[match->folder];

		if (is_new_here(match) && !match->looked[LOCAL] && (gone || planned(folder)))
			list[count++] = match;
	}
	if (!f && count)
		f = content_prints(run, list, count, LOCAL);
	free(list);
	return f;
}

static int size_order(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Sizes of what looks for a counterpart on the server, sorted. */
struct sizes {
	uint64_t *items;
	size_t count;
};

/* Is one of the sizes such that a message of the claimed size may be the one, with at most `noise` bytes that
 * its print leaves out? */
static bool size_wanted(const struct sizes *sizes, uint64_t claimed, uint64_t noise)
{
	size_t low = 0, high = sizes->count;

	while (low < high) { /* the first that is not less than what can be meant */
		size_t middle = low + (high - low) / 2;

		if (sizes->items[middle] + noise < claimed)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sizes->count && sizes->items[low] <= claimed;
}

/* `here`: of what is new here or was not sent; else of what is gone there.  What moved on the server kept its
 * bytes; what lies here may have lost or got lines that other programs add. */
static struct sizes wanted_sizes(const struct run *run, bool here)
{
	struct sizes sizes = { memory_alloc((run->matches.count + 1) * sizeof *sizes.items), 0 };

	for (size_t i = 0; i < run->matches.count; i++) {
		const struct match *match = run->matches.items[i];
		const struct row *row = match->row;
		bool unsent = row && !row->side[SERVER].ref;

		if (here && is_new_here(match) && digest_known(&match->print.head))
			sizes.items[sizes.count++] = match->print.size;
		else if (row && digest_known(&row->print.head) &&
			 (here ? unsent : !unsent && !match->now[SERVER]))
			sizes.items[sizes.count++] = row->print.size;
	}
	qsort(sizes.items, sizes.count, sizeof *sizes.items, size_order);
	return sizes;
}

/* Does a text form that no row knows look for its message there?  Nothing but its header tells which it
 * is. */
static bool seeks_originals(const struct run *run, bool *seeks)
{
	bool any = false;

	for (size_t i = 0; i < run->matches.count; i++) {
		const struct match *match = run->matches.items[i];

		if (is_new_here(match) && match->stub && !digest_known(&match->stands_for) &&
		    !match->stray)
			any = seeks[match->folder] = true;
	}
	return any;
}

static const struct fail *look_at_new_there(struct run *run)
{
	struct sizes here = wanted_sizes(run, true), gone = wanted_sizes(run, false);
	bool *seeks = memory_alloc((run->folder_count + 1) * sizeof *seeks);
	struct match **list = NULL;
	const struct fail *f = NULL;
	size_t count = 0;

	if (!seeks_originals(run, seeks) && !here.count && !gone.count)
		goto out;
	list = memory_alloc((run->matches.count + 1) * sizeof(struct match *));
	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];

		if (run->folders[match->folder].traits->keyed)
			continue;
		if (is_new_there(match) && !match->looked[SERVER] &&
		    (!match->size || seeks[match->folder] || size_wanted(&gone, match->size, 0) ||
		     size_wanted(&here, match->size, MAIL_NOISE_SIZE)))
			list[count++] = match;
	}
	if (count)
		f = content_prints(run, list, count, SERVER);
out:
	free(list);
	free(seeks);
	free(here.items);
	free(gone.items);
	return f;
}

/* What tells of conflicts lies among the user's mail, and is not part of it.  If the server has the very
 * message (somebody else put it there), it is like any other. */
static void leave_own(struct run *run)
{
	for (size_t i = 0; i < run->matches.count; i++)
		if (run->matches.items[i]->own && is_new_here(run->matches.items[i]))
			run->matches.items[i]->absorbed = true;
}

const struct fail *content_pair(struct run *run)
{
	bool *keyed = NULL, parted = false;
	const struct fail *f = keyed_gone_there(run);

	if (!f)
		f = names_part(run, &parted);
	if (!f)
		f = look_at_new_here(run);
	if (!f)
		f = stubs_find(run);
	if (!f)
		f = keyed_uids(run);
	if (!f)
		lasting_know(run);
	if (!f)
		f = look_at_new_there(run);
	if (f)
		return f;
	keyed = memory_alloc((run->folder_count + 1) * sizeof *keyed);
	for (size_t i = 0; i < run->folder_count; i++)
		keyed[i] = run->folders[i].traits->keyed;
	pair_in_folders(run->matches.items, run->matches.count, keyed);
	pair_moved_together(run->round, run->matches.items, run->matches.count, keyed);
	free(keyed);
	stubs_wait(run);
	leave_own(run);
	if (parted)
		f = names_give(run);
	return f ? f : keyed_doubles(run);
}

/* ---- looks that the planner asked for -------------------------------------------------------- */

static const struct fail *read_done_nothing(void *context, struct read *read)
{
	(void)context;
	(void)read;
	return NULL;
}

/* Reads one whole body on a side; its digest goes into the match. */
static const struct fail *look_whole(struct run *run, struct match *match, enum side side)
{
	struct read read = { .folder = run->folders[match->folder].seen[side],
			     .ref = match->now[side]->ref,
			     .part = PART_WHOLE,
			     .hint = match->now[side]->flags,
			     .wire = match->row && match->row->marks & ROW_WIRE };
	const struct fail *f =
		store_read(run->engine->side[side], &read, 1, read_done_nothing, NULL, run->round);

	if (f)
		return f;
	if (read.fail)
		return content_failed(run, match, side, read.fail);
	if (read.body)
		read.now.digest = read.body->digest;
	content_take(run, match, side, &read);
	body_free(read.body);
	return NULL;
}

/* Are both bodies of a message equal? */
static const struct fail *compare(struct run *run, struct match *match)
{
	const struct fail *f = NULL;

	for (int s = 0; !f && s < SIDES && !match->absorbed && !match->trouble; s++)
		f = look_whole(run, match, (enum side)s);
	if (f || match->absorbed || match->trouble)
		return f;
	match->compared = digest_equal(&match->now[SERVER]->digest, &match->now[LOCAL]->digest) ? EQUAL
												 : DIFFERENT;
	return NULL;
}

const struct fail *content_look(struct run *run, struct op **ops, size_t count)
{
	struct match **list[SIDES] = { NULL, NULL };
	struct op **merges = memory_alloc((count + 1) * sizeof(struct op *));
	const struct fail *f = NULL;
	size_t counts[SIDES] = { 0, 0 }, merge_count = 0;

	for (int s = 0; s < SIDES; s++)
		list[s] = memory_alloc((count + 1) * sizeof(struct match *));
	for (size_t i = 0; !f && i < count; i++) {
		struct op *op = ops[i];
		struct match *match = op->match;
		bool keyed = is_keyed(run, match);

		if (op->merge) {
			merges[merge_count++] = op;
			continue;
		}
		for (int s = 0; keyed && s < SIDES; s++)
			if (op->compare ? !digest_known(&match->normal[s]) : (int)op->side == s)
				list[s][counts[s]++] = match;
		if (!keyed && op->compare)
			f = compare(run, match);
		else if (!keyed && op->side == SERVER)
			f = look_whole(run, match, SERVER);
		else if (!keyed)
			list[LOCAL][counts[LOCAL]++] = match;
	}
	for (int s = 0; !f && s < SIDES; s++)
		if (counts[s])
			f = content_prints(run, list[s], counts[s], (enum side)s);
	for (size_t i = 0; !f && i < count; i++)
		if (is_keyed(run, ops[i]->match))
			f = sent_settle(run, ops[i]->match);
	if (!f)
		f = merge_look(run, merges, merge_count);
	for (int s = 0; s < SIDES; s++)
		free(list[s]);
	free(merges);
	return f;
}
