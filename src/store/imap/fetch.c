/* Fetch: bodies and prints, streamed.
 *
 * UIDs are asked for in commands of up to BATCH_MOST, many in flight; each body goes from the
 * connection into its spool file while it arrives and is handed on as soon as it is complete.
 *
 * A server that answers nonsense loses its connection, and some close it over a message they cannot
 * read. The messages whose answers were due are then suspect; the rest is asked for anew, then each
 * suspect by itself.  When that does it again it is that message's failure. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "core/flags.h"
#include "format/mail.h"
#include "store/body.h"
#include "store/imap/alter.h"
#include "store/imap/compress.h"
#include "store/imap/fetch.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_MOST     250           /* messages in one command */
#define SET_MOST       ((size_t)900) /* bytes of a set in one command */
#define FLIGHT_BATCHES 32
#define MIXED_MOST     4  /* FETCHes whose answers come mixed */
#define RECONNECTS     20 /* in one call, for nonsense */
#define LOSSES         3  /* the same, for a lost connection */

/* ---- receiving ----------------------------------------------------------------------------- */

static const struct fail *body_take(void *context, const void *data, size_t size)
{
	const struct batch *batch = context;
	struct reading *reading = batch->reading;
	const struct fail *f = NULL;

	reading->bytes += size;
	if (batch->part == PART_PRINT) {
		if (!reading->scan)
			reading->scan = mail_scan_begin();
		mail_scan_add(reading->scan, data, size);
		return NULL;
	}
	if (!reading->body)
		f = body_begin(reading->imap->store.spool, BODY_MAIL, &reading->body);
	if (!f)
		f = body_add_wire(reading->body, data, size);
	if (f)
		reading->ended = true;
	return f;
}

/* What was received in part is of no use. */
static void body_forget(struct reading *reading)
{
	body_free(reading->body);
	reading->body = NULL;
	if (reading->scan)
		mail_scan_end(reading->scan, 0, NULL, NULL);
	reading->scan = NULL;
	sections_free(&reading->arrived);
}

static int place_compare(const struct wanted *wanted, const struct box *box, enum part part,
			 uint32_t uid)
{
	if (wanted->box != box)
		return wanted->box->turn < box->turn ? -1 : 1;
	if (wanted->read->part != part)
		return wanted->read->part < part ? -1 : 1;
	return (wanted->uid < uid) - (wanted->uid > uid);
}

/* Who waits for this message?  Not always the oldest command: see session.h. */
static struct wanted *wanted_find(const struct reading *reading, const struct batch *batch,
				  uint32_t uid)
{
	size_t low = 0, high = reading->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (place_compare(&reading->wanted[middle], batch->box, batch->part, uid) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < reading->count; low++) {
		struct wanted *wanted = &reading->wanted[low];

		if (place_compare(wanted, batch->box, batch->part, uid) != 0)
			break;
		if (wanted->state != STATE_DONE)
			return wanted;
	}
	return NULL;
}

const struct fail *hand_on(struct reading *reading, struct wanted *wanted)
{
	int64_t begin = clock_monotonic();
	const struct fail *f;

	wanted->state = STATE_DONE;
	reading->left--;
	f = reading->done ? reading->done(reading->context, wanted->read) : NULL;
	reading->away += clock_monotonic() - begin;
	if (f)
		reading->ended = true;
	return f;
}

void fetched_note(struct reading *reading, struct wanted *wanted, const struct fetched *fetched)
{
	struct read *read = wanted->read;

	read->now.ref = uid_ref(reading->arena, wanted->uid);
	read->now.revision = "";
	if (fetched->date)
		read->date = fetched->date;
	if (!fetched->has_flags)
		return;
	read->has_flags = true;
	read->now.flags.bits = fetched->flags.bits;
	read->now.flags.keywords = arena_str(reading->arena, fetched->flags.keywords);
}

const struct fail *whole_take(struct reading *reading, struct wanted *wanted, struct body *body)
{
	struct read *read = wanted->read;
	const struct fail *f = body_end(body);

	if (f) {
		body_free(body);
		reading->ended = true;
		return f;
	}
	read->body = body;
	read->now.digest = body->digest;
	read->print = body->print;
	return hand_on(reading, wanted);
}

/* The whole message, or its header, has come. */
static const struct fail *message_take(struct batch *batch, struct wanted *wanted,
				       const struct fetched *fetched)
{
	struct reading *reading = batch->reading;
	struct read *read = wanted->read;
	const struct fail *f = NULL;
	struct body *body;

	fetched_note(reading, wanted, fetched);
	if (batch->part == PART_PRINT) {
		if (!reading->scan)
			reading->scan = mail_scan_begin();
		mail_scan_end(reading->scan, fetched->has_size ? fetched->size : 0, &read->print,
			      NULL);
		reading->scan = NULL;
		return hand_on(reading, wanted);
	}
	if (!reading->body)
		f = body_begin(reading->imap->store.spool, BODY_MAIL, &reading->body);
	if (f) {
		reading->ended = true;
		return f;
	}
	body = reading->body;
	reading->body = NULL;
	return whole_take(reading, wanted, body);
}

static const struct fail *batch_take(void *context, const struct answer *answer)
{
	struct batch *batch = context;
	struct wanted *wanted;

	if (answer->kind != ANSWER_FETCH || (!answer->fetched.has_body && !answer->fetched.structure))
		return NULL;
	if (batch->box->other) {
		body_forget(batch->reading); /* of another mailbox of that name: see batch_close */
		return NULL;
	}
	wanted = wanted_find(batch->reading, batch, answer->fetched.uid);
	if (!wanted)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				 "the server sent a message that was not asked for");
	if (part_asks_twice(batch->part))
		return text_take(batch->reading, wanted, &answer->fetched);
	return message_take(batch, wanted, &answer->fetched);
}

/* ---- asking -------------------------------------------------------------------------------- */

/* What follows the set, without UID. */
static const char *items_of(const struct batch *batch)
{
	switch (batch->want) {
	case WANT_WHOLE:
		return "FLAGS INTERNALDATE BODY.PEEK[]";
	case WANT_PRINT:
		return "FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]";
	case WANT_STRUCTURE:
		return "FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER]";
	case WANT_SECTIONS:
		return batch->wanted[0]->text->items;
	}
	return NULL;
}

/* The UIDs of a batch as a set: of the newest as many as fit, in which they ascend, as the answers will. */
static void batch_set(struct batch *batch, struct buf *set)
{
	uint32_t uids[BATCH_MOST];

	for (size_t i = 0; i < batch->count; i++)
		uids[i] = batch->wanted[i]->uid;
	batch->count = uid_set_add(set, uids, batch->count, BATCH_MOST, SET_MOST);
	for (size_t i = 0, k = batch->count; i < --k; i++) {
		struct wanted *wanted = batch->wanted[i];

		batch->wanted[i] = batch->wanted[k];
		batch->wanted[k] = wanted;
	}
	for (size_t i = 0; i < batch->count; i++)
		uids[i] = batch->wanted[i]->uid;
	buf_clear(set);
	uid_set_add(set, uids, batch->count, BATCH_MOST, SET_MOST);
}

static void batch_add(struct batch *batch, struct flight *flight)
{
	struct buf set;

	buf_init(&set, SET_MOST + 32);
	batch_set(batch, &set);
	for (size_t i = 0; i < batch->count; i++)
		batch->wanted[i]->asked = true;
	select_need(batch->reading->imap, flight, &batch->selection, batch->box);
	batch->command = flight_add(flight, batch_take, batch, "UID FETCH %s (UID %s)", set.data,
				    items_of(batch));
	if (part_asks_twice(batch->part)) {
		batch->command->begin = text_begin;
		batch->command->body = text_bytes;
	} else {
		batch->command->section = batch->want == WANT_WHOLE ? "" : "HEADER";
		batch->command->body = body_take;
	}
	buf_free(&set);
}

/* Can both be asked for with one command? */
static bool is_alike(const struct wanted *a, const struct wanted *b)
{
	return a->box == b->box && a->read->part == b->read->part && a->want == b->want &&
	       (a->want != WANT_SECTIONS || strcmp(a->text->items, b->text->items) == 0);
}

/* Is the same part of the same message asked for before, and not there yet?  Its answers could not be told
 * from this one's. */
static bool is_again(const struct reading *reading, const struct wanted *wanted)
{
	const struct wanted *before = wanted - 1;

	return wanted > reading->wanted && before->state != STATE_DONE && before->box == wanted->box &&
	       before->read->part == wanted->read->part && before->uid == wanted->uid;
}

/* The next batch of what is in this state and not asked for, at most `most` messages.  With `structures`
 * false what asks for a structure is passed over. */
static bool batch_next(struct reading *reading, struct arena *arena, enum state state, size_t most,
		       bool structures, struct batch *batch)
{
	const struct wanted *first = NULL;

	if (state != STATE_OPEN)
		most = 1;
	else if (most > BATCH_MOST)
		most = BATCH_MOST;
	memset(batch, 0, sizeof *batch);
	batch->reading = reading;
	batch->wanted = arena_alloc(arena, most * sizeof(struct wanted *));
	for (size_t i = reading->begin; i < reading->count && batch->count < most; i++) {
		struct wanted *wanted = &reading->wanted[i];

		if (wanted->state != state || wanted->asked || is_again(reading, wanted) ||
		    (!structures && wanted->want == WANT_STRUCTURE))
			continue;
		if (first && wanted->box != first->box)
			break;
		if (first && !is_alike(first, wanted))
			continue;
		first = first ? first : wanted;
		batch->wanted[batch->count++] = wanted;
	}
	if (!first)
		return false;
	batch->box = first->box;
	batch->part = first->read->part;
	batch->want = first->want;
	return true;
}

/* Has the batch not brought what it was to bring of this message? */
static bool is_due(const struct batch *batch, const struct wanted *wanted)
{
	return wanted->state != STATE_DONE && wanted->want == batch->want;
}

/* From here on it is asked for by itself; what was learnt of it is not believed. */
static void set_apart(struct reading *reading, struct wanted *wanted, enum state state)
{
	wanted->state = state;
	if (!part_asks_twice(wanted->read->part) || wanted->want == WANT_WHOLE)
		return;
	text_free(reading, wanted);
	wanted->want = WANT_STRUCTURE;
}

/* A message whose answer was due in a batch that is done: `refused`, or left out. */
static const struct fail *due_close(struct batch *batch, struct wanted *wanted, const struct fail *refused)
{
	struct reading *reading = batch->reading;

	if (wanted->later)
		return NULL;
	if (fail_is(refused, FAIL_REFUSED) && refused->scope == FAIL_ITEM) {
		/* Refused together: each by itself, to find the one it is about. */
		if (batch->count > 1) {
			set_apart(reading, wanted, STATE_ALONE);
			return NULL;
		}
		if (batch->part == PART_TEXT && batch->want != WANT_WHOLE)
			return text_give_up(reading, wanted, refused->text);
	}
	/* Some of its sections are not there, or nowhere to be had. */
	if (!refused && text_has_some(wanted))
		return text_give_up(reading, wanted, "not all of it came that was asked for");
	wanted->read->fail = refused ? refused
				     : fail_make(FAIL_MISSING, FAIL_ITEM, "UID %s is not there any more",
						 wanted->read->ref);
	return hand_on(reading, wanted);
}

/* What of a batch was not answered. */
static const struct fail *batch_close(struct batch *batch)
{
	const struct fail *f = NULL, *refused;

	if (!batch->command->done)
		return NULL;
	refused = select_fail(&batch->selection);
	if (!refused && batch->command->verdict != VERDICT_OK)
		refused = command_fail(batch->command, FAIL_ITEM, "FETCH");
	for (size_t i = 0; i < batch->count && !f; i++)
		if (is_due(batch, batch->wanted[i]))
			f = due_close(batch, batch->wanted[i], refused);
	return f;
}

/* ---- flights ------------------------------------------------------------------------------- */

/* The connection was given up for nonsense: whose answers were due?  Twice, and it is that
 * message's failure. */
static const struct fail *suspects_mark(struct reading *reading, struct batch *batches,
					size_t count, const struct fail *nonsense)
{
	int marked = 0;

	for (size_t i = 0; i < count && marked < MIXED_MOST; i++) {
		struct batch *batch = &batches[i];
		size_t due = 0;

		while (due < batch->count && !is_due(batch, batch->wanted[due]))
			due++;
		if (due == batch->count)
			continue;
		if (batch->wanted[due]->state == STATE_SUSPECT) {
			batch->wanted[due]->read->fail = fail_scoped(nonsense, FAIL_ITEM);
			return hand_on(reading, batch->wanted[due]);
		}
		set_apart(reading, batch->wanted[due], STATE_SUSPECT);
		/* As simply as can be. */
		if (batch->part == PART_TEXT)
			batch->wanted[due]->want = WANT_WHOLE;
		marked++;
	}
	return NULL;
}

/* Fills a flight with what is in this state: at most so many batches, and all that bring messages to their
 * end, which go first. */
static size_t batches_add(struct reading *reading, struct flight *flight, enum state state,
			  struct batch *batches, size_t most)
{
	size_t count = 0, others = 0, room = text_room(reading);

	while (count < FLIGHT_BATCHES) {
		struct batch *batch = &batches[count];
		size_t structures = room ? room : !count;

		if (state == STATE_SUSPECT && count)
			break;
		if (!batch_next(reading, flight->arena, state, BATCH_MOST, false, batch) &&
		    (!structures || !batch_next(reading, flight->arena, state, structures, true, batch)))
			break;
		if (batch->want != WANT_SECTIONS && others++ == most)
			break;
		/* Their answers may come mixed, and nobody could tell a header from a body then. */
		if (batch->part != batches[0].part)
			break;
		if (batch->want == WANT_STRUCTURE)
			room -= batch->count < room ? batch->count : room;
		count++;
		batch_add(batch, flight);
	}
	return count;
}

static const struct fail *flight_of_batches(struct reading *reading, enum state state, bool *asked)
{
	struct imap *imap = reading->imap;
	struct arena *arena = arena_new();
	struct batch *batches = arena_alloc(arena, FLIGHT_BATCHES * sizeof *batches);
	size_t most = FLIGHT_BATCHES, count, left = reading->left;
	const struct fail *f = NULL, *g = NULL;
	struct flight flight;
	int64_t begin;

	/* Small flights, each larger than all before, until it is known whether COMPRESS pays. */
	if (compress_measuring(imap) && imap->speed.messages / BATCH_MOST < FLIGHT_BATCHES)
		most = 1 + (size_t)(imap->speed.messages / BATCH_MOST);
	while (reading->begin < reading->count && reading->wanted[reading->begin].state == STATE_DONE)
		reading->begin++;
	flight_begin(&flight, arena);
	count = batches_add(reading, &flight, state, batches, most);
	*asked = count > 0;
	reading->bytes = 0;
	reading->away = 0;
	begin = clock_monotonic();
	if (count)
		f = flight_run(&flight, &imap->session);
	compress_measured(imap, reading->bytes, left - reading->left,
			  clock_monotonic() - begin - reading->away);
	for (size_t i = 0; i < count && !reading->ended; i++)
		g = batch_close(&batches[i]);
	body_forget(reading);
	for (size_t i = 0; i < reading->count; i++)
		reading->wanted[i].asked = reading->wanted[i].later = false;
	if ((fail_is(f, FAIL_PROTOCOL) || fail_is(f, FAIL_UNREACHABLE)) && !reading->ended)
		g = suspects_mark(reading, batches, count, f);
	flight_end(&flight);
	arena_free(arena);
	return reading->ended && g ? g : f;
}

/* Asks until nothing is open. */
static const struct fail *read_all(struct reading *reading)
{
	struct imap *imap = reading->imap;
	int nonsense = 0, lost = 0;

	while (reading->left) {
		bool asked = false;
		const struct fail *f = session_need(&imap->session);

		if (!f)
			f = compress_if_it_pays(imap, reading->left);
		for (enum state state = STATE_OPEN; !f && !asked && state < STATE_DONE; state++)
			f = flight_of_batches(reading, state, &asked);
		if (!f && !asked)
			return NULL;
		if (!f ||
		    (!reading->ended && fail_is(f, FAIL_PROTOCOL) && ++nonsense <= RECONNECTS) ||
		    (!reading->ended && fail_is(f, FAIL_UNREACHABLE) && ++lost <= LOSSES))
			continue;
		return f;
	}
	return NULL;
}

/* ---- the call ------------------------------------------------------------------------------ */

static int wanted_compare(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	if (x->box != y->box)
		return x->box->turn < y->box->turn ? -1 : 1;
	if (x->read->part != y->read->part)
		return x->read->part < y->read->part ? -1 : 1;
	return (x->uid < y->uid) - (x->uid > y->uid);
}

const struct fail *imap_read(struct store *store, struct read *reads, size_t count, read_done *done,
			     void *context, struct arena *arena)
{
	struct imap *imap = imap_of(store);
	struct reading reading = { .imap = imap, .arena = arena, .done = done, .context = context };
	const struct fail *f = queue_run(imap);

	reading.wanted = memory_alloc((count + 1) * sizeof *reading.wanted);
	for (size_t i = 0; i < count; i++) {
		struct wanted wanted = { .read = &reads[i],
					 .box = box_of(imap, reads[i].folder),
					 .uid = uid_of_ref(reads[i].ref) };

		reads[i].fail = NULL;
		reads[i].text = false;
		if (!wanted.box || !wanted.uid) {
			reads[i].fail = fail_make(FAIL_MISSING, FAIL_ITEM, "no such message: %s",
						  reads[i].ref);
			if (!f && done)
				f = done(context, &reads[i]);
			continue;
		}
		if (reads[i].part == PART_PRINT)
			wanted.want = WANT_PRINT;
		else if ((reads[i].part == PART_TEXT && imap->options.account) ||
			 reads[i].part == PART_SECTION)
			wanted.want = WANT_STRUCTURE;
		wanted.box->turn = 0;
		reading.wanted[reading.count++] = wanted;
	}
	/* Folders in the order in which they come first. */
	for (size_t i = 0; i < reading.count; i++)
		if (!reading.wanted[i].box->turn)
			reading.wanted[i].box->turn = i + 1;
	qsort(reading.wanted, reading.count, sizeof *reading.wanted, wanted_compare);
	reading.left = reading.count;
	if (!f)
		f = read_all(&reading);
	for (size_t i = 0; i < reading.count; i++) {
		if (reading.wanted[i].state != STATE_DONE)
			reading.wanted[i].read->fail = f;
		text_free(&reading, &reading.wanted[i]);
	}
	free(reading.wanted);
	return f;
}
