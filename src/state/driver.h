/* Driver: what an implementation of state must do, and how it is asked.  A question (struct query)
 * is written down twice, in SQL and as a function in C, side by side; SQLite uses the one and
 * memory the other, and tests/unit/state.c holds them to the same answers. */
#ifndef KOC_STATE_DRIVER_H
#define KOC_STATE_DRIVER_H

#include "state/table.h"

/* What stands for ?1, ?2, … in a query. */
struct value {
	enum {
		VALUE_NUMBER,
		VALUE_TEXT,
		VALUE_DIGEST,
		VALUE_END /* the open end of a range: behind every text */
	} type;
	int64_t number;
	const char *text;
	struct digest digest;
};

static inline struct value value_number(int64_t number)
{
	return (struct value){ .type = VALUE_NUMBER, .number = number };
}

static inline struct value value_text(const char *text)
{
	return (struct value){ .type = VALUE_TEXT, .text = text };
}

static inline struct value value_end(void)
{
	return (struct value){ .type = VALUE_END };
}

static inline struct value value_digest(const struct digest *digest)
{
	return (struct value){ .type = VALUE_DIGEST, .digest = *digest };
}

#define VALUES(...) ((const struct value[]){ __VA_ARGS__ })

struct query {
	enum table_name table;
	int values;        /* how many it takes */
	const char *where; /* in SQL: which records; NULL: all */
	bool (*holds)(const struct query *query, const void *record, const struct value *values);
	const char *by;    /* in SQL: in which order; NULL: as they were put */
	int (*order)(const void *a, const void *b); /* of two records; never equal */
	bool limited;      /* the last value is how many are wanted at most */
	enum side side;    /* for `holds` */
};

/* Answers to a query, one after another. */
struct cursor {
	const struct query *query;
	void *answers;       /* SQLite: the statement; memory: copies of the records */
	size_t next, count;  /* memory only */
	union record record; /* SQLite only: the current record; its strings are SQLite's */
};

struct driver {
	const struct fail *(*begin)(struct state *state);
	const struct fail *(*commit)(struct state *state); /* on failure rollback is called */
	void (*rollback)(struct state *state);
	void (*close)(struct state *state);

	/* All that write are called within a transaction only. */

	/* Inserts (number 0; then sets it) or updates; in a table without numbers inserts or
	 * replaces. FAIL_STATE with ITEM scope: the record to be updated is not there, another has
	 * the same unique key, a link names nothing. */
	const struct fail *(*put)(struct state *state, const struct table *table, void *record);
	/* Removes the answers; what follows them goes too. */
	const struct fail *(*remove)(struct state *state, const struct query *query,
				     const struct value *values);
	/* Makes a FIELD_TEXT of all answers NULL. */
	const struct fail *(*clear)(struct state *state, const struct query *query,
				    const struct value *values, const struct field *field);

	const struct fail *(*count)(struct state *state, const struct query *query,
				    const struct value *values, uint64_t *count);

	/* The sum of a FIELD_U64 of all answers. */
	const struct fail *(*sum)(struct state *state, const struct query *query,
				  const struct value *values, const struct field *field,
				  uint64_t *sum);

	/* Begins, continues and ends an answer.  A record is valid until the next call; NULL at the
	 * end.  The cursor is to be ended whenever `ask` succeeded. */
	const struct fail *(*ask)(struct state *state, struct cursor *cursor,
				  const struct query *query, const struct value *values);
	const struct fail *(*next)(struct state *state, struct cursor *cursor,
				   const void **record);
	void (*end)(struct state *state, struct cursor *cursor);
};

/* Both implementations begin with this. */
struct state {
	const struct driver *driver;
	bool open;    /* a transaction is */
	bool walking; /* `walk` is under way */
	struct cursor walk;
};

#endif
