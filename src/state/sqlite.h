/* What the files of the SQLite implementation share: sqlite.c opens the database and turns its errors
 * into fails, sqlite_schema.c makes its tables, sqlite_query.c puts records and asks questions. */
#ifndef KOC_STATE_SQLITE_H
#define KOC_STATE_SQLITE_H

#include "base/vec.h"
#include "state/driver.h"

#include <sqlite3.h>

/* A statement that was compiled: what is done (enum) with a table or a query. */
struct prepared {
	const void *of;
	int verb;
	sqlite3_stmt *statement;
};

struct sqlite {
	struct state state;
	sqlite3 *db;
	char *path; /* for people */
	struct {
		VEC(struct prepared)
	} cache;
};

static inline struct sqlite *sqlite_of(struct state *state)
{
	return (struct sqlite *)state;
}

/* The fail for a result code of SQLite that is not SQLITE_OK, SQLITE_ROW or SQLITE_DONE. */
const struct fail *sqlite_fail(struct sqlite *sqlite, int code);

/* The fail for content that koc never wrote. */
const struct fail *sqlite_damaged(struct sqlite *sqlite, const char *what);

/* The fail for a database that is not to be used, with what to do about it.  "The state WHAT: …" */
const struct fail *sqlite_unusable(const struct sqlite *sqlite, const char *what);

/* Runs SQL that answers nothing. */
const struct fail *sqlite_execute(struct sqlite *sqlite, const char *sql) MUST_CHECK;

/* Makes the schema in an empty database, brings that of an older koc up to date, and refuses any other. */
const struct fail *sqlite_schema(struct sqlite *sqlite) MUST_CHECK;

/* The members of struct driver. */
const struct fail *sqlite_put(struct state *state, const struct table *table, void *record);
const struct fail *sqlite_remove(struct state *state, const struct query *query,
				 const struct value *values);
const struct fail *sqlite_clear(struct state *state, const struct query *query,
				const struct value *values, const struct field *field);
const struct fail *sqlite_count(struct state *state, const struct query *query,
				const struct value *values, uint64_t *count);
const struct fail *sqlite_sum(struct state *state, const struct query *query,
			      const struct value *values, const struct field *field, uint64_t *sum);
const struct fail *sqlite_ask(struct state *state, struct cursor *cursor,
			      const struct query *query, const struct value *values);
const struct fail *sqlite_next(struct state *state, struct cursor *cursor, const void **record);
void sqlite_end(struct state *state, struct cursor *cursor);

#endif
