/* Canon: one way of writing for all values and parameters that mean the same. */
#ifndef KOC_FORMAT_CANON_H
#define KOC_FORMAT_CANON_H

#include "format/property.h"

#include <stdint.h>

struct buf;

/* Larger values, and larger lots of parameters, are not looked into: they are what they are. */
#define CANON_VALUE_MOST  ((size_t)64 * 1024)
#define CANON_PARAMS_MOST ((size_t)16 * 1024)

/* Adds the value as it is written here.  It is at most CANON_VALUE_MOST bytes; at most twice as
 * many are added.  SHAPE_BINARY is added without its blanks. */
void canon_value(struct buf *out, enum shape shape, const struct property *property, struct slice value);

/* Adds the line's parameters, sorted by name: ";NAME=value,value;…"; nothing if none says anything.
 * They are at most CANON_PARAMS_MOST bytes. */
void canon_params(struct buf *out, const struct property *property, const struct line *line, bool card);

/* A duration (RFC 5545 3.3.6) in seconds, which `minus` says are to be taken off; false if it is
 * none. */
bool canon_seconds(struct slice text, uint64_t *seconds, bool *minus);

/* In capitals (ASCII). */
void canon_upper(struct buf *out, struct slice text);

/* Sorts what lies between the separators in the buffer from `start` on; of equal pieces one stays. */
void canon_sort(struct buf *out, size_t start, char separator);

/* A text value as it is meant, without its escapes (RFC 5545 3.3.11, RFC 6350 3.4). */
void canon_unescape(struct buf *out, struct slice text);

#endif
