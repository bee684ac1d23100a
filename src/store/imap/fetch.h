/* Fetch: what its files share.  Private to them.
 *
 * fetch.c asks for messages in batches and hands them on; fetch_text.c knows what a text form needs: first
 * the structure and the header, then the sections that these two call for. */
#ifndef KOC_STORE_IMAP_FETCH_H
#define KOC_STORE_IMAP_FETCH_H

#include "base/buf.h"
#include "store/imap/box.h"
#include "store/imap/select.h"

struct mail_scan;
struct text; /* fetch_text.c */

enum state { STATE_OPEN, STATE_SUSPECT, STATE_DONE };

/* What of a message is asked for next. */
enum want {
	WANT_WHOLE,
	WANT_PRINT,
	WANT_STRUCTURE, /* BODYSTRUCTURE and the header */
	WANT_SECTIONS   /* what these two call for: text_items() */
};

/* One request at work. */
struct wanted {
	struct read *read;
	struct box *box;
	uint32_t uid;
	enum state state;
	enum want want;
	bool asked;        /* in this flight */
	struct text *text; /* PART_TEXT: what came so far; NULL nothing */
};

/* A section that came with the response at hand. */
struct arrived {
	char *name;
	struct buf bytes;
	struct body *body; /* holds them instead: many, or a whole message */
};

struct reading {
	struct imap *imap;
	struct arena *arena;
	read_done *done;
	void *context;
	bool ended;            /* `done` or the disk ended the call */
	int64_t away;          /* milliseconds spent in `done` */
	uint64_t bytes;        /* of bodies in this flight */
	struct wanted *wanted; /* sorted by folder, part, UID */
	size_t count, left;
	struct body *body; /* being received */
	struct mail_scan *scan;
	struct {
		VEC(struct arrived)
	} arrived;             /* of PART_TEXT, instead of these two */
	size_t held;           /* bytes of headers and structures of messages that are not done */
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

/* ---- text forms ---------------------------------------------------------------------------- */

#define TEXT_HELD    ((size_t)8 << 20) /* of reading->held: then no more structures are asked for */
#define TEXT_BATCHES 4                 /* that ask for structures, in one flight */

/* The items to be asked for, as far as they depend on the message. */
const char *text_items(const struct wanted *wanted);

/* Take the sections of a response; `context` is a batch. */
gate_section text_begin;
gate_body text_bytes;

/* The response has come and is about this message, which is done then, or has to be asked for more. */
const struct fail *text_take(struct reading *reading, struct wanted *wanted,
			     const struct fetched *fetched) MUST_CHECK;

/* Has anything come of what a message wants? */
bool text_has_some(const struct wanted *wanted);

/* The message is asked for as a whole from here on. */
void text_give_up(struct reading *reading, struct wanted *wanted);

/* The sections of the response at hand are of no use. */
void text_forget(struct reading *reading);

#endif
