/* Content: what content.c, keyed.c and names.c share.  Private to them. */
#ifndef KOC_ENGINE_CONTENT_H
#define KOC_ENGINE_CONTENT_H

#include "engine/run.h"

static inline bool is_new_here(const struct match *match)
{
	return !match->row && !match->absorbed && match->now[LOCAL] && !match->now[SERVER];
}

static inline bool is_new_there(const struct match *match)
{
	return !match->row && !match->absorbed && match->now[SERVER] && !match->now[LOCAL];
}

static inline bool is_gone(const struct match *match, enum side side)
{
	return match->row && match->row->side[side].ref && !match->now[side];
}

static inline bool is_keyed(const struct run *run, const struct match *match)
{
	return run->folders[match->folder].traits->keyed;
}

/* content.c: what a read told of a match's item goes into the match; why it could not be read. */
void content_take(struct run *run, struct match *match, enum side side, const struct read *read);
const struct fail *content_failed(struct run *run, struct match *match, enum side side,
				  const struct fail *fail) MUST_CHECK;
/* Reads prints of many matches on one side. */
const struct fail *content_prints(struct run *run, struct match **matches, size_t count,
				  enum side side) MUST_CHECK;

/* stubs.c: new text forms here, and the rows of the messages that they are of. */
const struct fail *stubs_find(struct run *run) MUST_CHECK;
/* After the pairing: those whose message is only now getting its row are for the next round. */
void stubs_wait(struct run *run);

/* lasting.c: the prints of new messages on the server, where what it calls them tells. */
void lasting_know(struct run *run);
/* keyed.c: what is missing in a full listing is asked for by name. */
const struct fail *keyed_gone_there(struct run *run) MUST_CHECK;
/* The UIDs of new items on the server, where their listing did not give them and something may be their
 * counterpart. */
const struct fail *keyed_uids(struct run *run) MUST_CHECK;
/* names.c: files that hold another item than their row says become new items, and what the row says is gone.
 * *parted: there were some. */
const struct fail *names_part(struct run *run, bool *parted) MUST_CHECK;
/* After the pairing: rows whose items were found under another name get that name. */
const struct fail *names_give(struct run *run) MUST_CHECK;
/* Of several files with one UID the first is the item; the others are in trouble. */
const struct fail *keyed_doubles(struct run *run) MUST_CHECK;

#endif
