/* Select: making a mailbox the current one, and what the server tells of it. */
#ifndef KOC_STORE_IMAP_SELECT_H
#define KOC_STORE_IMAP_SELECT_H

#include "store/imap/box.h"

/* What SELECT told. */
struct selection {
	struct imap *imap;
	struct box *box;
	struct command *command; /* NULL: it was selected already */
	bool has_exists, has_permanent;
	uint64_t exists;
	uint64_t validity, next, modseq; /* 0: not told */
	bool read_only;
	struct flags flags, permanent;
	bool any_keyword;
	/* Whoever else wants the answers; NULL nobody.  `closed` when they are those of the mailbox
	 * before: forget them. */
	command_take *take;
	void (*closed)(void *context);
	void *context;
};

/* Adds SELECT with what follows the name ("", " (CONDSTORE)").  The selection stays until the
 * flight has been run. */
void select_add(struct imap *imap, struct flight *flight, struct selection *selection,
		struct box *box, const char *parameters);

/* The same, but only if it is not selected.  Then what other programs removed meanwhile may
 * still be seen: where that matters, select it again (NOOP does not help, as what comes behind
 * it may overtake it). */
void select_need(struct imap *imap, struct flight *flight, struct selection *selection,
		 struct box *box);

/* After the flight: NULL if the mailbox is selected and its UIDVALIDITY is that of this run, else
 * FAIL_STALE or what the server said, FOLDER scope. */
const struct fail *select_fail(const struct selection *selection);

#endif
