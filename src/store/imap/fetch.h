/* Fetch: what its files share.  Private to them.
 *
 * fetch.c asks for messages in batches and hands them on.  Text forms (fetch_text.c) and single sections
 * (fetch_part.c) take two steps (fetch_steps.c): first the structure and the header, then what these two call
 * for. */
#ifndef KOC_STORE_IMAP_FETCH_H
#define KOC_STORE_IMAP_FETCH_H

#include "format/textform.h"
#include "store/imap/box.h"
#include "store/imap/section.h"
#include "store/imap/select.h"

struct mail_scan;

/* In the order in which they are asked for. */
enum state {
	STATE_OPEN,
	STATE_ALONE,   /* refused with others: in a command of its own */
	STATE_SUSPECT, /* the connection was lost over it, perhaps: in a flight of its own */
	STATE_DONE
};

/* What of a message is asked for next. */
enum want {
	WANT_WHOLE,
	WANT_PRINT,
	WANT_STRUCTURE, /* BODYSTRUCTURE and the header */
	WANT_SECTIONS   /* what these two call for: text->items */
};

/* One request at work. */
struct wanted {
	struct read *read;
	struct box *box;
	uint32_t uid;
	enum state state;
	enum want want;
	bool asked;        /* in this flight */
	bool later;        /* what came of it was dropped for want of room: it is asked for again */
	struct text *text; /* what came so far; NULL nothing */
};

struct reading {
	struct imap *imap;
	struct arena *arena;
	read_done *done;
	void *context;
	bool ended;            /* `done` or the disk ended the call */
	int64_t away;          /* milliseconds spent in `done` */
	uint64_t bytes;        /* of bodies in this flight */
	struct wanted *wanted; /* sorted by folder, part; the newest UID first */
	size_t count, left;
	size_t begin;            /* those before it are done */
	struct body *body; /* being received */
	struct mail_scan *scan;
	struct sections arrived; /* of PART_TEXT, instead of these two */
	size_t held;           /* bytes kept of messages of which more is to come */
};

/* One UID FETCH: some of `wanted` of the same mailbox, which want the same. */
struct batch {
	struct reading *reading;
	struct wanted **wanted;
	size_t count;
	struct box *box;
	enum part part;
	enum want want;
	struct selection selection;
	struct command *command;
};

/* What a FETCH told beside the body. */
void fetched_note(struct reading *reading, struct wanted *wanted, const struct fetched *fetched);

/* The message is whole, in `body`, which is taken. */
const struct fail *whole_take(struct reading *reading, struct wanted *wanted, struct body *body) MUST_CHECK;

/* The request has its outcome: the caller is told. */
const struct fail *hand_on(struct reading *reading, struct wanted *wanted) MUST_CHECK;

/* ---- what needs several questions ---------------------------------------------------------- */

/* What came of a message so far, for PART_TEXT and PART_SECTION. */
struct text {
	struct arena *arena;
	const struct structure *structure; /* NULL: not told yet */
	struct buf header;                 /* empty: not told yet */
	uint64_t size;                     /* RFC822.SIZE; 0 not told */
	struct textform_plan plan;         /* PART_TEXT */
	const struct structure_part *part; /* PART_SECTION */
	const char *items;                 /* of the second question */
	size_t due;                        /* sections that it asks for */
	struct sections sections;          /* those that came to it */
	size_t held;                       /* its share of reading->held */
};

/* Needs a part several questions? */
static inline bool part_asks_twice(enum part part)
{
	return part == PART_TEXT || part == PART_SECTION;
}

/* How many structures may be asked for in one flight, so that what comes of them can be held. */
size_t text_room(const struct reading *reading);

/* Take the sections of a response; `context` is a batch. */
gate_section text_begin;
gate_body text_bytes;

/* The response has come and is about this message, which is done then, or has to be asked for more. */
const struct fail *text_take(struct reading *reading, struct wanted *wanted,
			     const struct fetched *fetched) MUST_CHECK;

/* Has anything come of what a message wants? */
bool text_has_some(const struct wanted *wanted);

/* It cannot be had so: a text form's message is asked for as a whole from here on, without what was learnt of
 * it; a section is FAIL_DATA. */
const struct fail *text_give_up(struct reading *reading, struct wanted *wanted, const char *why) MUST_CHECK;

/* Frees what came of it so far. */
void text_free(struct reading *reading, struct wanted *wanted);

/* Structure and header are there: what else is needed (fetch_text.c, fetch_part.c)? */
const struct fail *text_decide(struct reading *reading, struct wanted *wanted) MUST_CHECK;
const struct fail *part_decide(struct reading *reading, struct wanted *wanted) MUST_CHECK;

/* The message's own print, not that of the file that stands for it. */
struct print text_print(const struct text *text);

/* All that was asked for is there. */
const struct fail *text_make(struct reading *reading, struct wanted *wanted) MUST_CHECK;
const struct fail *part_make(struct reading *reading, struct wanted *wanted) MUST_CHECK;

#endif
