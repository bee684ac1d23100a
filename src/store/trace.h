/* Trace: a store that passes every call on to another one and writes down, as text, what was asked
 * and what came of it.  For -vv and for tests.
 *
 *     server list mail/INBOX cursor 1003:7
 *     server = complete, 2 entries, cursor 1003:9
 *     server write mail/INBOX 312 bytes \Seen
 *     server sync
 *     server = mail/INBOX 0000000003
 *
 * Lines that begin with "=" are outcomes, in the order of the requests; those of queued requests come
 * when sync() is done.
 */
#ifndef KOC_STORE_TRACE_H
#define KOC_STORE_TRACE_H

#include "store/store.h"

struct buf;

/* Wraps a store, which it takes.  `label` is put before each line ("server", "local"); it must live
 * as long as the store.  `out` NULL: lines go to the log (LOG_WIRE). */
struct store *trace_open(struct store *inner, const char *label, struct buf *out);

#endif
