/* Alter: requests that change the server wait in a queue and go out together.
 *
 * A job is one request at work.  Jobs of one mailbox that need the same command share it (one
 * STORE for all that get the same flags).  A command that is refused is repeated for each of its
 * jobs alone, so that one bad message does not stop the others; one whose answer never came is
 * never repeated. */
#ifndef KOC_STORE_IMAP_ALTER_H
#define KOC_STORE_IMAP_ALTER_H

#include "core/flags.h"
#include "store/imap/box.h"
#include "store/imap/select.h"

enum job_kind { JOB_FLAG, JOB_TRANSFER, JOB_REMOVE, JOB_WRITE };

enum job_state {
	JOB_OPEN,
	JOB_ALONE,   /* refused together with others: once more by itself */
	JOB_COPIED,  /* a transfer whose original is still to be removed */
	JOB_DONE
};

struct job {
	enum job_kind kind;
	enum job_state state;
	struct arena *arena;      /* the caller's, for outcomes */
	struct flag_change *change;
	struct transfer *transfer;
	struct removal *removal;
	struct write *write;
	struct box *box, *to;     /* `box` of a write: where it goes */
	uint32_t uid;
	struct flag_delta delta;  /* of a flag change: with those before it on the same message */
	struct job *heir;         /* the later job that does what this one wants, too; NULL none */
	bool refused;             /* one of its commands was, in this round */
	bool bare;                /* a write once more, without keywords */
	uint64_t next;            /* of a write: UIDNEXT before it, 0 unknown */
};

struct act;

/* A message that is there, and its flags. */
struct present {
	uint32_t uid;
	size_t turn; /* a later one knows better */
	struct flags flags;
};

/* A mailbox in a flight of acts: selected, and which of the jobs' messages are there after the
 * flags were changed.  STORE and COPY say nothing of those that are not (RFC 3501 6.4.8), so a
 * FETCH asks. */
struct site {
	struct arena *arena;
	struct selection selection;
	struct {
		VEC(struct command *)
	} asked;
	struct {
		VEC(struct present)
	} present;               /* by UID, each once, when the flight has been run */
	struct {
		VEC(struct job *)
	} idle;                  /* flag changes of which nothing is admitted here */
};

/* Its command was answered: what that means for its jobs.  `refused` NULL: with OK. */
typedef void act_outcome(struct act *act, const struct fail *refused);

struct queue {
	VEC(struct job)
};

/* One command for several jobs. */
struct act {
	struct imap *imap;
	struct arena *arena;         /* of the flight */
	struct job **jobs;           /* by UID */
	size_t count;
	struct site *site;           /* NULL: it needs none */
	struct command *command;
	struct code copied;          /* COPYUID */
	act_outcome *outcome;
};

/* A flight of acts. */
struct acts {
	struct imap *imap;
	struct flight flight;
	struct {
		VEC(struct act *)
	} items;
	struct {
		VEC(struct site *)
	} sites;
};

/* Selects the mailbox. */
struct site *site_add(struct acts *acts, struct box *box);

/* Asks for the jobs' messages. */
void site_ask(struct acts *acts, struct site *site, struct job **jobs, size_t count);

/* Puts what the server told in order. */
void site_settle(struct site *site);

/* The message as the server told; NULL if it is not there; *known tells whether the server
 * answered. */
const struct present *site_present(const struct site *site, uint32_t uid, bool *known);

/* Adds acts for these jobs of one mailbox, as many as it takes; each sends `before`, a set of
 * UIDs, `after`. */
void acts_add(struct acts *acts, struct site *site, struct job **jobs, size_t count,
	      const char *step, const char *before, const char *after, act_outcome *outcome);

void acts_begin(struct acts *acts, struct imap *imap, struct arena *arena);

/* Sends all and calls the outcomes, of the answered ones alone. */
const struct fail *acts_run(struct acts *acts) MUST_CHECK;

/* What was refused together is tried by each alone, what was refused alone has failed. */
void job_refused(struct job *job, const struct fail *refused, bool together);
void jobs_refused(struct act *act, const struct fail *refused);

/* The jobs of one mailbox are added to a flight (alter.c, expunge.c, append.c). */
void alter_add(struct acts *acts, struct box *box, struct job **jobs, size_t count);
void append_add(struct acts *acts, struct job **jobs, size_t count);
void expunge_add(struct acts *acts, struct site *site, struct job **jobs, size_t count);

/* Removes the jobs' messages without UIDPLUS: in flights of its own. */
const struct fail *expunge_plain(struct imap *imap, struct box *box, struct job **jobs,
				 size_t count) MUST_CHECK;

/* Is it a job that removes its message now: a removal, or a transfer that has been copied? */
bool job_removes(const struct job *job);

/* Finds what was appended to a server that does not tell its UID. */
const struct fail *append_find(struct imap *imap, struct job *jobs, size_t count) MUST_CHECK;

/* The flags that a message has after a flag change: as the server told, or (told NULL) as they
 * must be. */
struct flags flags_after(const struct job *job, const struct flags *told);

/* What of the flags the mailbox keeps, as far as is known. */
struct flags flags_admitted(struct arena *arena, const struct box *box, struct flags flags);

struct queue *queue_new(void);
void queue_free(struct queue *queue); /* NULL allowed; what waits is dropped */

/* Runs all that waits; afterwards every request has its outcome.  The fail of a connection that
 * broke. */
const struct fail *queue_run(struct imap *imap) MUST_CHECK;

/* The job has its outcome. */
void job_end(struct job *job, const struct fail *f);

#endif
