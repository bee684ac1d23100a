/* Records: what the public functions are made of; each is its own transaction unless one is
 * open. */
#ifndef KOC_STATE_RECORDS_H
#define KOC_STATE_RECORDS_H

#include "state/driver.h"

/* Runs `f`'s transaction to its end:
 *
 *     f = records_begin(state, &alone);
 *     if (!f) f = …
 *     return records_end(state, alone, f);
 */
const struct fail *records_begin(struct state *state, bool *alone) MUST_CHECK;
const struct fail *records_end(struct state *state, bool alone, const struct fail *f) MUST_CHECK;

/* See struct driver. */
const struct fail *records_put(struct state *state, enum table_name table, void *record) MUST_CHECK;
const struct fail *records_remove(struct state *state, const struct query *query,
				  const struct value *values) MUST_CHECK;
const struct fail *records_clear(struct state *state, const struct query *query,
				 const struct value *values, const char *column) MUST_CHECK;

/* All answers, copied to the arena as an array of the table's struct.  `records` points to a
 * pointer to that struct (struct row **), which becomes NULL when there are none and on failure. */
const struct fail *records_list(struct state *state, const struct query *query,
				const struct value *values, struct arena *arena, void *records,
				size_t *count) MUST_CHECK;

/* The first answer, copied to the arena; `record` points to a pointer, as above. */
const struct fail *records_first(struct state *state, const struct query *query,
				 const struct value *values, struct arena *arena,
				 void *record) MUST_CHECK;

/* The record with a number, of each numbered table. */
extern const struct query records_by_id[TABLES];

/* For queries: an order, the highest number first. */
int record_newest(const void *a, const void *b);

#endif
