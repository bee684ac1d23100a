/* List: what is in mailboxes, or what changed there since a cursor.
 *
 * Three levels, by what the server can; all mailboxes in one flight:
 *  - QRESYNC: SELECT (QRESYNC …) tells changes and removals; a delta.
 *  - CONDSTORE: FETCH (CHANGEDSINCE …) tells changes; if the counts say that something is gone,
 *    UID SEARCH tells what is left, and the listing is complete with entries that say nothing of
 *    flags.
 *  - neither, or no cursor: FETCH of all; complete.
 * New messages are those from the cursor's UIDNEXT up to the present one, which is known beforehand
 * from STATUS; never "n:*", which has an old message in it when there is nothing new.
 *
 * The cursor says what SELECT told (UIDNEXT, HIGHESTMODSEQ) once all that came with it was taken
 * in.  What happened later is found by the next run, because then STATUS differs from it. */
#include "base/arena.h"
#include "base/memory.h"
#include "core/flags.h"
#include "format/mail.h"
#include "store/imap/box.h"
#include "store/imap/select.h"
#include "store/imap/seen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES_MOST 1000000 /* in one mailbox */
#define ENTRIES_SPARE 200000
#define KEYWORDS_MOST ((size_t)32 << 20)
#define ROUNDS_MOST   4 /* one anew, one for what is new, one to search */
#define TRIES_MOST    4 /* connections lost to nonsense */
#define PRINTS_MOST   64 /* new messages whose headers are read along */

enum level { LEVEL_FULL, LEVEL_BARE, LEVEL_CONDSTORE, LEVEL_QRESYNC };

/* A header was read along. */
struct printed {
	uint32_t uid;
	struct print print;
};

/* One mailbox being listed. */
struct looking {
	struct imap *imap;
	struct look *look;
	struct box *box;
	enum level level;
	int rounds;
	bool done;
	bool renumbered;
	struct cursor then; /* with a level above LEVEL_FULL */
	struct cursor now;  /* as the first SELECT told: becomes the cursor */
	bool has_now;
	uint64_t bound; /* UIDs below it were asked for; 0: none */
	struct selection selection;
	struct {
		VEC(struct command *)
	} commands; /* of this round: all must be OK */
	struct seen seen;
	struct mail_scan *scan; /* a header being received */
	struct {
		VEC(struct printed)
	} prints;
	bool searched;     /* the entries are those that SEARCH found */
	uint64_t expunged; /* EXPUNGEs since SELECT */
};

/* ---- answers ------------------------------------------------------------------------------- */

static uint64_t range_size(struct uid_range range)
{
	return (uint64_t)range.last - range.first + 1;
}

/* Far more than the mailbox is said to hold, or than keywords can need. */
static bool endless(const struct looking *looking)
{
	const struct seen *seen = &looking->seen;
	uint64_t messages = looking->selection.exists > looking->then.messages
				    ? looking->selection.exists
				    : looking->then.messages;
	uint64_t most = 2 * messages + ENTRIES_SPARE;

	return seen->items.count > most || seen->found.count > most ||
	       seen->gone.count > ENTRIES_SPARE || arena_size(seen->arena) > KEYWORDS_MOST + seen->lasting;
}

/* Bytes of a header. */
static const struct fail *header_take(void *context, const void *data, size_t size)
{
	struct looking *looking = context;

	if (!looking->scan)
		looking->scan = mail_scan_begin();
	mail_scan_add(looking->scan, data, size);
	return NULL;
}

/* A header is complete. */
static void header_end(struct looking *looking, const struct fetched *fetched)
{
	struct printed printed = { .uid = fetched->uid };

	if (!looking->scan)
		looking->scan = mail_scan_begin();
	mail_scan_end(looking->scan, fetched->has_size ? fetched->size : 0, &printed.print, NULL);
	looking->scan = NULL;
	if (fetched->uid && fetched->has_size && looking->prints.count < PRINTS_MOST)
		*vec_push(&looking->prints) = printed;
}

static void headers_forget(struct looking *looking)
{
	if (looking->scan)
		mail_scan_end(looking->scan, 0, NULL, NULL);
	looking->scan = NULL;
	looking->prints.count = 0;
}

static const struct fail *looking_take(void *context, const struct answer *answer)
{
	struct looking *looking = context;

	switch (answer->kind) {
	case ANSWER_FETCH:
		seen_fetched(&looking->seen, &answer->fetched);
		if (answer->fetched.has_body)
			header_end(looking, &answer->fetched);
		break;
	case ANSWER_VANISHED:
		for (size_t i = 0; i < answer->range_count; i++) {
			seen_gone(&looking->seen, answer->ranges[i]);
			if (!answer->earlier)
				looking->expunged += range_size(answer->ranges[i]);
		}
		break;
	case ANSWER_SEARCH:
		for (size_t i = 0; i < answer->uid_count; i++)
			seen_found(&looking->seen, answer->uids[i]);
		break;
	case ANSWER_EXPUNGE:
		looking->expunged++;
		break;
	case ANSWER_EXISTS:
	case ANSWER_NOTHING:
	case ANSWER_DONE:
	case ANSWER_CONTINUE:
	case ANSWER_STATE:
	case ANSWER_PREAUTH:
	case ANSWER_BYE:
	case ANSWER_CAPABILITY:
	case ANSWER_ENABLED:
	case ANSWER_LIST:
	case ANSWER_STATUS:
	case ANSWER_NAMESPACE:
	case ANSWER_FLAGS:
		break;
	}
	return endless(looking) ? fail_make(FAIL_PROTOCOL, FAIL_FOLDER,
					    "the server lists messages without end")
				: NULL;
}

static void looking_closed(void *context)
{
	struct looking *looking = context;

	seen_clear(&looking->seen);
	headers_forget(looking);
	looking->expunged = 0;
}

/* ---- questions ----------------------------------------------------------------------------- */

static void ask(struct looking *looking, struct flight *flight, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void ask(struct looking *looking, struct flight *flight, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	*vec_push(&looking->commands) = flight_add(flight, looking_take, looking, "%s", text);
}

/* New messages: those from `first` to below `next`, with all that is told of them. */
static void ask_new(struct looking *looking, struct flight *flight, uint64_t first, uint64_t next)
{
	bool headers = looking->look->prints && next - first <= PRINTS_MOST;

	if (first < next)
		ask(looking, flight,
		    "UID FETCH %" PRIu64 ":%" PRIu64 " (UID FLAGS INTERNALDATE RFC822.SIZE%s%s)",
		    first, next - 1,
		    session_can(&looking->imap->session, CAP_OBJECTID) ? " EMAILID" : "",
		    headers ? " BODY.PEEK[HEADER]" : "");
	if (first < next && headers) {
		struct command *command = looking->commands.items[looking->commands.count - 1];

		command->section = "HEADER";
		command->body = header_take;
	}
	looking->bound = next;
}

static void ask_select(struct looking *looking, struct flight *flight)
{
	struct imap *imap = looking->imap;
	char parameters[96] = "";

	if (looking->level == LEVEL_QRESYNC)
		snprintf(parameters, sizeof parameters, " (QRESYNC (%" PRIu32 " %" PRIu64 "))",
			 looking->then.validity, looking->then.modseq);
	else if (!imap->session.qresync && session_can(&imap->session, CAP_CONDSTORE))
		snprintf(parameters, sizeof parameters, " (CONDSTORE)");
	memset(&looking->selection, 0, sizeof looking->selection);
	looking->selection.take = looking_take;
	looking->selection.closed = looking_closed;
	looking->selection.context = looking;
	looking->expunged = 0;
	select_add(imap, flight, &looking->selection, looking->box, parameters);
}

/* Selects the mailbox once more for what is still to be asked; what is new by then is left to the
 * next run. */
static void select_again(struct looking *looking, struct flight *flight)
{
	memset(&looking->selection, 0, sizeof looking->selection);
	looking->selection.take = looking_take;
	looking->selection.context = looking;
	select_add(looking->imap, flight, &looking->selection, looking->box, "");
}

/* The first round: all that can be asked before SELECT has been answered. */
static void ask_first(struct looking *looking, struct flight *flight)
{
	const struct cursor *then = &looking->then;
	uint64_t next = looking->box->next, first = looking->level == LEVEL_FULL ? 1 : then->next;

	ask_select(looking, flight);
	if (looking->level == LEVEL_CONDSTORE && then->messages)
		ask(looking, flight,
		    "UID FETCH 1:%" PRIu64 " (UID FLAGS) (CHANGEDSINCE %" PRIu64 ")",
		    then->next - 1, then->modseq);
	else if (looking->level == LEVEL_BARE && then->messages)
		ask(looking, flight, "UID FETCH 1:%" PRIu64 " (UID FLAGS)", then->next - 1);
	if (next >= first)
		ask_new(looking, flight, first, next);
	else
		looking->bound = first;
}

static void ask_search(struct looking *looking, struct flight *flight)
{
	seen_searched(&looking->seen);
	looking->searched = true;
	ask(looking, flight, "UID SEARCH ALL");
}

/* ---- decisions ----------------------------------------------------------------------------- */

/* The level that the cursor and the server allow. */
static enum level level_of(const struct looking *looking)
{
	const struct session *session = &looking->imap->session;
	const struct look *look = looking->look;
	const struct box *box = looking->box;

	if (look->full || !looking->then.validity)
		return LEVEL_FULL;
	if (box->validity && box->validity != looking->then.validity)
		return LEVEL_FULL;
	if (box->counted && !cursor_follows(&looking->then, &box->now))
		return LEVEL_FULL;
	if (looking->then.modseq && session->qresync)
		return LEVEL_QRESYNC;
	if (looking->then.modseq && session_can(session, CAP_CONDSTORE))
		return LEVEL_CONDSTORE;
	return LEVEL_BARE;
}

static const struct fail *commands_fail(const struct looking *looking)
{
	for (size_t i = 0; i < looking->commands.count; i++) {
		const struct fail *f =
			command_fail(looking->commands.items[i], FAIL_FOLDER, "listing");

		if (f)
			return f;
	}
	return NULL;
}

/* Do the counts say, at the CONDSTORE level, that old messages are gone? */
static bool something_went(struct looking *looking)
{
	uint64_t fresh = seen_count(&looking->seen, looking->then.next, looking->now.next);

	return looking->expunged || looking->now.messages != looking->then.messages + fresh;
}

/* What SELECT told, if it makes sense. */
static const struct fail *told_check(const struct looking *looking, struct cursor *told)
{
	const struct selection *selection = &looking->selection;
	const struct box *box = looking->box;
	const struct fail *f = command_fail(selection->command, FAIL_FOLDER, "SELECT");

	if (f)
		return f;
	if (selection->validity == 0 || selection->validity > UINT32_MAX)
		return fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "the server tells no UIDVALIDITY");
	if (!selection->has_exists || selection->exists > MESSAGES_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_FOLDER,
				 "the server tells no number of messages, or more than %d",
				 MESSAGES_MOST);
	told->validity = (uint32_t)selection->validity;
	told->next = selection->next;
	told->messages = selection->exists;
	told->modseq = selection->modseq;
	/* RFC 3501 wants UIDNEXT here, but was not always followed. */
	if (told->next == 0 && box->counted && box->now.validity == told->validity)
		told->next = box->now.next;
	if (told->next == 0 || told->next > (uint64_t)UINT32_MAX + 1)
		return fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "the server tells no UIDNEXT");
	return NULL;
}

/* Can what the first round brought be used, SELECT having told this? */
static bool fits(struct looking *looking, const struct cursor *told)
{
	struct box *box = looking->box;
	bool same = box->validity == told->validity;

	if (!same) {
		box->validity = told->validity;
		box->next = told->next;
		box->other = false;
	}
	if (looking->level == LEVEL_FULL)
		return same;
	if (looking->then.validity != told->validity) {
		looking->renumbered = true;
		return false;
	}
	if (!cursor_follows(&looking->then, told))
		return false;
	/* Without MODSEQ now, nothing was told of what changed (NOMODSEQ). */
	return told->modseq || looking->level == LEVEL_BARE;
}

/* After a round: adds to `flight` what must still be asked; nothing: it is done. */
static const struct fail *next_round(struct looking *looking, struct flight *flight)
{
	struct cursor told = { 0 };
	const struct fail *f = told_check(looking, &told);
	bool more, search;

	if (!f && ++looking->rounds > ROUNDS_MOST)
		f = fail_make(FAIL_STALE, FAIL_FOLDER, "the mailbox changes all the time");
	if (f)
		return f;
	if (!looking->has_now) {
		if (!fits(looking, &told)) {
			seen_clear(&looking->seen);
			headers_forget(looking);
			looking->level = LEVEL_FULL;
			looking->commands.count = 0;
			ask_first(looking, flight);
			return NULL;
		}
		looking->now = told;
		looking->has_now = true;
	} else if (told.validity != looking->now.validity) {
		return fail_make(FAIL_STALE, FAIL_FOLDER,
				 "UIDVALIDITY changed while it was listed");
	}
	f = commands_fail(looking);
	if (f)
		return f;
	looking->commands.count = 0;
	more = looking->bound < looking->now.next;
	search = !more && looking->level == LEVEL_CONDSTORE && !looking->searched &&
		 something_went(looking);
	if (!more && !search) {
		looking->done = true;
		return NULL;
	}
	select_again(looking, flight);
	if (more)
		ask_new(looking, flight, looking->bound, looking->now.next);
	if (search)
		ask_search(looking, flight);
	return NULL;
}

/* ---- the listing --------------------------------------------------------------------------- */

/* The prints that were read along, to their entries. */
static void prints_fill(const struct looking *looking, struct listing *listing)
{
	for (size_t i = 0; i < looking->prints.count; i++) {
		const struct printed *printed = &looking->prints.items[i];
		const char *ref = uid_ref(listing->arena, printed->uid);
		struct print *print = NULL;

		for (size_t k = listing->count; k > 0 && !print; k--) { /* new ones are the last */
			if (strcmp(listing->entries[k - 1].ref, ref) != 0)
				continue;
			print = arena_alloc(listing->arena, sizeof *print);
			*print = printed->print;
			listing->entries[k - 1].print = print;
		}
	}
}

static struct listing *listing_make(struct looking *looking)
{
	const struct box *box = looking->box;
	struct arena *arena = looking->seen.arena;
	struct listing *listing = arena_alloc(arena, sizeof *listing);
	struct cursor cursor = looking->now;

	listing->arena = arena;
	listing->complete = looking->level <= LEVEL_BARE || looking->searched;
	listing->renumbered = looking->renumbered;
	listing->read_only = box->read_only;
	listing->admits.bits = box->admits.bits;
	listing->admits.keywords = arena_str(arena, box->admits.keywords);
	listing->admits_keywords = box->any_keyword;
	listing->next = uid_ref(arena, cursor.next);
	seen_list(&looking->seen, cursor.next, listing->complete, listing);
	if (listing->complete) {
		/* Fewer than SELECT counted, and nobody told that they went: what is not there is
		 * not gone for that. */
		listing->unstable = listing->count + looking->expunged < cursor.messages;
		cursor.messages = listing->count;
	}
	listing->cursor = listing->unstable ? "" : cursor_text(arena, &cursor);
	prints_fill(looking, listing);
	for (size_t i = 0; i < listing->count; i++)
		if (listing->entries[i].says & SAYS_SIZE)
			looking->imap->speed.expected += listing->entries[i].size;
	return listing;
}

static void looking_begin(struct looking *looking)
{
	seen_clear(&looking->seen);
	headers_forget(looking);
	looking->commands.count = 0;
	looking->has_now = looking->searched = looking->renumbered = false;
	looking->expunged = 0;
	looking->rounds = 0;
	looking->level = level_of(looking);
	if (looking->then.validity && looking->box->validity &&
	    looking->then.validity != looking->box->validity)
		looking->renumbered = true;
}

static void looking_end(struct looking *looking)
{
	if (looking->done && !looking->look->fail) {
		looking->look->listing = listing_make(looking);
		looking->seen.arena = NULL;
	}
	headers_forget(looking);
	vec_free(&looking->prints);
	arena_free(looking->seen.arena);
	seen_free(&looking->seen);
	vec_free(&looking->commands);
}

/* One round over all that are not done. */
static const struct fail *round_run(struct imap *imap, struct looking *lookings, size_t count,
				    struct flight *flight)
{
	const struct fail *f = NULL;

	if (flight->commands.count)
		f = flight_run(flight, &imap->session);
	flight->commands.count = 0;
	for (size_t i = 0; i < count && !f; i++)
		if (!lookings[i].done && !lookings[i].look->fail)
			lookings[i].look->fail = next_round(&lookings[i], flight);
	return f;
}

/* The mailbox in whose answers the connection was given up. */
static struct looking *culprit(struct looking *lookings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct looking *looking = &lookings[i];

		if (looking->done || looking->look->fail)
			continue;
		if (!looking->selection.command)
			return NULL; /* nothing was asked yet */
		if (!looking->selection.command->done)
			return looking;
		for (size_t c = 0; c < looking->commands.count; c++)
			if (!looking->commands.items[c]->done)
				return looking;
	}
	return NULL;
}

static const struct fail *list_all(struct imap *imap, struct looking *lookings, size_t count,
				   struct arena *work)
{
	struct flight flight;
	const struct fail *f;
	bool open = false;

	for (size_t i = 0; i < count; i++) {
		lookings[i].selection.command = NULL;
		open = open || (!lookings[i].done && !lookings[i].look->fail);
	}
	f = open ? session_need(&imap->session) : NULL;
	if (f || !open)
		return f;
	flight_begin(&flight, work);
	for (size_t i = 0; i < count; i++) {
		if (lookings[i].done || lookings[i].look->fail)
			continue;
		looking_begin(&lookings[i]);
		ask_first(&lookings[i], &flight);
	}
	while (!f && flight.commands.count)
		f = round_run(imap, lookings, count, &flight);
	flight_end(&flight);
	return f;
}

const struct fail *imap_list(struct store *store, struct look *looks, size_t count)
{
	struct imap *imap = imap_of(store);
	struct looking *lookings = memory_alloc((count + 1) * sizeof *lookings);
	struct arena *work = arena_new();
	const struct fail *f = NULL;

	for (size_t i = 0; i < count; i++) {
		lookings[i].imap = imap;
		lookings[i].look = &looks[i];
		lookings[i].box = box_of(imap, looks[i].folder);
		looks[i].listing = NULL;
		looks[i].fail = NULL;
		if (!lookings[i].box)
			looks[i].fail = fail_make(FAIL_MISSING, FAIL_FOLDER, "no such mailbox");
		if (!cursor_parse(looks[i].cursor, &lookings[i].then))
			memset(&lookings[i].then, 0, sizeof lookings[i].then);
		seen_init(&lookings[i].seen, arena_new());
	}
	for (int tries = 0; tries < TRIES_MOST; tries++) {
		struct looking *bad;

		f = list_all(imap, lookings, count, work);
		bad = fail_is(f, FAIL_PROTOCOL) ? culprit(lookings, count) : NULL;
		if (!bad)
			break;
		/* The others are asked again on a new connection. */
		bad->look->fail = fail_scoped(f, FAIL_FOLDER);
		f = NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (!lookings[i].done && !looks[i].fail)
			looks[i].fail = f ? f
					  : fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
						      "the server answered too much nonsense");
		looking_end(&lookings[i]);
	}
	arena_free(work);
	free(lookings);
	return f;
}
