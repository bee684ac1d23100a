/* Renew: the same event, task, note or contact under another UID, so that it is a second item beside the
 * first.  All else stays byte for byte. */
#ifndef KOC_FORMAT_RENEW_H
#define KOC_FORMAT_RENEW_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Appends the item with `uid` in place of its own, in all its components (the instances of a recurring event
 * too) and wherever one of them refers to it (RELATED-TO; RELATED and MEMBER of a card).  `uid` is of
 * letters, digits and dashes.  False: it has no UID, so that nothing can be renewed; then `out` is of no use.
 */
bool renew_uid(const char *data, size_t size, bool card, const char *uid, struct buf *out);

#endif
