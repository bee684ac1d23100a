/* Reader: the responses that the gate understands by itself, and the clean lines it writes for
 * libetpan.  Each takes the response's text from its first word on. */
#ifndef KOC_STORE_IMAP_READER_H
#define KOC_STORE_IMAP_READER_H

#include "base/fail.h"
#include "store/imap/answer.h"
#include "store/imap/scan.h"

struct gate;

/* Stands in the text for a body that was taken. */
#define GATE_TAKEN "-"

/* Is it a body that somebody takes, by the item's name, "BODY[1.2]"?  Then gate->named says which. */
bool gate_wants(struct gate *gate, const char *name, size_t size);

/* One of this size comes. */
const struct fail *gate_body_begin(struct gate *gate, uint64_t size) MUST_CHECK;

/* Fills in `answer`; leaves ANSWER_NOTHING what is of no use. */
typedef const struct fail *reader_read(struct gate *gate, struct scan *scan, struct answer *answer);

reader_read reader_state;        /* "OK [CODE …] text", also NO, BAD, BYE, PREAUTH */
reader_read reader_capability;   /* CAPABILITY and ENABLED */
reader_read reader_list;         /* LIST and LSUB */
reader_read reader_status;
reader_read reader_namespace;
reader_read reader_search_empty; /* SEARCH with nothing behind it */
reader_read reader_flags;
reader_read reader_vanished;
reader_read reader_numbered;     /* "7 EXISTS", "7 EXPUNGE", "7 FETCH (…)" */

#endif
