/* Copy: bytes into new files.  For local drivers. */
#ifndef KOC_STORE_COPY_H
#define KOC_STORE_COPY_H

#include "base/fail.h"
#include "store/body.h"

#include <stdint.h>
#include <sys/stat.h>

/* Copies the file `from` to the new file `to`, durable, with its time of last modification.  Its
 * status comes back.  FAIL_STALE when it was written to meanwhile; nothing is left then. */
const struct fail *copy_file(int from_at, const char *from, int to_at, const char *to,
			     struct stat *status) MUST_CHECK;

/* Writes a body into the new file `to`.  Not durable yet. */
const struct fail *copy_body(struct body *body, int to_at, const char *to) MUST_CHECK;

/* Sets a file's time of last modification, a message's time of receipt.  0: leaves it. */
const struct fail *copy_date(int at, const char *name, int64_t date) MUST_CHECK;

#endif
