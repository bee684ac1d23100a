/* Text: a plan as lines.  One format for the dry run, -v, `koc log` and the tests:
 *
 *     pull         mail/INBOX 0000000077
 *     flag         mail/INBOX 0000000012 server +\Seen local -$Junk
 *     move-server  mail/INBOX 0000000013 to mail/Archive
 *     merge        calendars/Home a.ics (Summary from here; Place from the server)
 *     hold         mail/INBOX 0000000014 (too many at once)
 *
 * verb, folder, the item's name (the server's ref, else the local one), details.  Pure. */
#ifndef KOC_CORE_TEXT_H
#define KOC_CORE_TEXT_H

#include "core/plan.h"

/* The operation's word: "pull", "push", … ; NULL for VERB_NONE. */
const char *text_verb(const struct op *op);

/* What follows folder and item: flags, target folder, reason; "" if nothing does.  `to` is the path of the
 * target folder (MOVE). */
const char *text_details(struct arena *arena, const struct op *op, const char *to);

/* The whole line, without a line end; NULL for VERB_NONE. */
const char *text_op(struct arena *arena, const struct op *op, const char *folder, const char *to);

#endif
