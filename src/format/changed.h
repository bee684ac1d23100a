/* Changed: when an item says that it was changed last. */
#ifndef KOC_FORMAT_CHANGED_H
#define KOC_FORMAT_CHANGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The latest LAST-MODIFIED (else DTSTAMP) of an event, task or note; REV of a card.  Seconds since the epoch;
 * 0: it does not say. */
int64_t changed_when(const char *data, size_t size, bool card);

#endif
