/* Etpan: libetpan's parser as a function from one clean line to values.  It never sees the
 * network: the line, written by the gate, is all its stream holds. */
#ifndef KOC_STORE_IMAP_ETPAN_H
#define KOC_STORE_IMAP_ETPAN_H

#include "base/fail.h"
#include "store/imap/answer.h"

struct arena;
struct buf;
struct etpan; /* opaque */

struct etpan *etpan_new(void);
void etpan_free(struct etpan *etpan); /* NULL allowed */

/* Each parses `line`, one untagged response with its CRLF; the values lie in `arena`.
 * FAIL_PROTOCOL. */
const struct fail *etpan_fetch(struct etpan *etpan, const struct buf *line, struct arena *arena,
			       struct fetched *fetched) MUST_CHECK;
const struct fail *etpan_flags(struct etpan *etpan, const struct buf *line, struct arena *arena,
			       struct flags *flags) MUST_CHECK;
const struct fail *etpan_code(struct etpan *etpan, const struct buf *line, struct arena *arena,
			      struct code *code) MUST_CHECK;
const struct fail *etpan_vanished(struct etpan *etpan, const struct buf *line, struct arena *arena,
				  struct answer *answer) MUST_CHECK;

#endif
