/* Compress: measures how fast bodies come, and turns on COMPRESS where that pays. */
#ifndef KOC_STORE_IMAP_COMPRESS_H
#define KOC_STORE_IMAP_COMPRESS_H

#include "store/imap/box.h"

/* Is it still to be found out?  Then flights should be small: within one nothing can be turned
 * on. */
bool compress_measuring(const struct imap *imap);

/* So much was read in so much time. */
void compress_measured(struct imap *imap, uint64_t bytes, uint64_t messages, int64_t milliseconds);

/* Turns it on, if it pays with `left` messages to be read.  Between flights. */
const struct fail *compress_if_it_pays(struct imap *imap, uint64_t left) MUST_CHECK;

#endif
