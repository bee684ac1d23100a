/* UIDs: as refs, as sets on the wire ("1:5,9"), as ranges.  Pure. */
#ifndef KOC_STORE_IMAP_UID_H
#define KOC_STORE_IMAP_UID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

#define UID_REF 10 /* digits of a ref, so that refs sort as numbers */

/* Both inclusive; first <= last. */
struct uid_range {
	uint32_t first, last;
};

/* The ref of a UID, or of UIDNEXT, which can be one more than the last UID. */
const char *uid_ref(struct arena *arena, uint64_t uid);

/* The UID that a ref names; 0 if it is none. */
uint32_t uid_of_ref(const char *ref);

/* Adds as many of the UIDs (ascending or descending) to `set` as fit in `room` bytes and `most` UIDs,
 * at least one; returns how many. */
size_t uid_set_add(struct buf *set, const uint32_t *uids, size_t count, size_t most, size_t room);

/* Reads one member of a set ("7" or "5:9", also "9:5") and the comma behind it.  False if it is not
 * one: zero, a star, beyond 32 bits. */
bool uid_set_next(const char **at, struct uid_range *range);

int uid_compare(const void *a, const void *b); /* for qsort of uint32_t */

/* Sorts ranges and joins those that overlap or touch; returns how many are left. */
size_t uid_ranges_merge(struct uid_range *ranges, size_t count);

/* Is it in one of these (sorted, not overlapping)? */
bool uid_ranges_have(const struct uid_range *ranges, size_t count, uint32_t uid);

#endif
