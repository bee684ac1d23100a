/* State in SQLite: records put and questions asked.  The SQL is made from the tables' descriptions
 * and the queries, once each, and kept compiled. */
#include "state/sqlite.h"

#include "base/buf.h"

#include <string.h>

#define SQL_MOST 4096

/* ---- statements ---- */

enum verb {
	VERB_INSERT,
	VERB_REPLACE,
	VERB_UPDATE,
	VERB_SAME,        /* has the record with this number the same indexed columns? */
	VERB_UPDATE_REST, /* all but these */
	VERB_SELECT,
	VERB_COUNT,
	VERB_SUM,
	VERB_DELETE,
	VERB_CLEAR
};

/* The columns that are parameters of a statement, in the table's order; a WHERE id = ? comes
 * last. */
static bool verb_takes(enum verb verb, const struct field *field)
{
	if (field->type == FIELD_ID)
		return false;
	if (verb == VERB_SAME)
		return field_indexed(field);
	return verb != VERB_UPDATE_REST || !field_indexed(field);
}

/* "COLUMN BEHIND, COLUMN BEHIND, …" of the columns that it takes. */
static void columns_add(struct buf *sql, enum verb verb, const struct table *table,
			const char *behind, const char *between)
{
	const char *before = "";

	for (size_t i = 0; i < table->count; i++) {
		if (!verb_takes(verb, &table->fields[i]))
			continue;
		buf_addf(sql, "%s%s%s", before, table->fields[i].column, behind);
		before = between;
	}
}

static void insert_make(struct buf *sql, enum verb verb, const struct table *table)
{
	const char *before = "";

	buf_addf(sql, "%s INTO %s (", verb == VERB_INSERT ? "INSERT" : "REPLACE", table->name);
	columns_add(sql, verb, table, "", ", ");
	buf_adds(sql, ") VALUES (");
	for (size_t i = 0; i < table->count; i++) {
		if (!verb_takes(verb, &table->fields[i]))
			continue;
		buf_addf(sql, "%s?", before);
		before = ", ";
	}
	buf_adds(sql, ")");
}

static void update_make(struct buf *sql, enum verb verb, const struct table *table)
{
	buf_addf(sql, "UPDATE %s SET ", table->name);
	columns_add(sql, verb, table, " = ?", ", ");
	buf_adds(sql, " WHERE id = ?");
}

static void same_make(struct buf *sql, const struct table *table)
{
	buf_addf(sql, "SELECT 1 FROM %s WHERE ", table->name);
	columns_add(sql, VERB_SAME, table, " IS ?", " AND ");
	buf_adds(sql, " AND id = ?");
}

static void where_add(struct buf *sql, const struct query *query)
{
	if (query->where)
		buf_addf(sql, " WHERE %s", query->where);
}

static void select_make(struct buf *sql, const struct query *query)
{
	const struct table *table = &tables[query->table];

	buf_adds(sql, "SELECT ");
	for (size_t i = 0; i < table->count; i++)
		buf_addf(sql, "%s%s", i ? ", " : "", table->fields[i].column);
	buf_addf(sql, " FROM %s", table->name);
	where_add(sql, query);
	if (query->by || table_numbered(table))
		buf_addf(sql, " ORDER BY %s", query->by ? query->by : "id");
	if (query->limited)
		buf_addf(sql, " LIMIT ?%d", query->values);
}

/* The cached statement for doing `verb` with `of`, a table or (from VERB_SELECT on) a query. */
static const struct fail *statement_get(struct sqlite *sqlite, enum verb verb, const void *of,
					const struct field *field, sqlite3_stmt **statement)
{
	const struct query *query = of;
	struct prepared *prepared;
	struct buf sql;
	int code;

	for (size_t i = 0; i < sqlite->cache.count; i++) {
		prepared = &sqlite->cache.items[i];
		if (prepared->of == of && prepared->verb == (int)verb) {
			*statement = prepared->statement;
			return NULL;
		}
	}
	buf_init(&sql, SQL_MOST);
	switch (verb) {
	case VERB_INSERT:
	case VERB_REPLACE:
		insert_make(&sql, verb, of);
		break;
	case VERB_UPDATE:
	case VERB_UPDATE_REST:
		update_make(&sql, verb, of);
		break;
	case VERB_SAME:
		same_make(&sql, of);
		break;
	case VERB_SELECT:
		select_make(&sql, query);
		break;
	case VERB_COUNT:
		buf_addf(&sql, "SELECT count(*) FROM %s", tables[query->table].name);
		where_add(&sql, query);
		break;
	case VERB_SUM:
		buf_addf(&sql, "SELECT coalesce(sum(%s), 0) FROM %s", field->column,
			 tables[query->table].name);
		where_add(&sql, query);
		break;
	case VERB_DELETE:
		buf_addf(&sql, "DELETE FROM %s", tables[query->table].name);
		where_add(&sql, query);
		break;
	case VERB_CLEAR:
		/* NULL breaks no rule here.  Without OR FAIL the pages as they were before the
		 * statement would be kept in memory, to undo it. */
		buf_addf(&sql, "UPDATE OR FAIL %s SET %s = NULL", tables[query->table].name,
			 field->column);
		where_add(&sql, query);
		break;
	}
	code = sqlite3_prepare_v3(sqlite->db, sql.data, (int)sql.size + 1,
				  SQLITE_PREPARE_PERSISTENT, statement, NULL);
	buf_free(&sql);
	if (code != SQLITE_OK)
		return sqlite_fail(sqlite, code);
	*vec_push(&sqlite->cache) = (struct prepared){ of, (int)verb, *statement };
	return NULL;
}

/* Makes it ready for the next use; it holds nothing of the caller's any more. */
static void statement_done(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

/* Runs one that changes something.  After a full disk SQLite may have rolled back by itself; what
 * comes then must not become a transaction of its own. */
static const struct fail *statement_run(struct sqlite *sqlite, sqlite3_stmt *statement)
{
	const struct fail *f = NULL;
	int code;

	if (sqlite3_get_autocommit(sqlite->db)) {
		f = fail_make(FAIL_STATE, FAIL_ACCOUNT, "%s: the transaction was lost",
			      sqlite->path);
	} else {
		code = sqlite3_step(statement);
		if (code != SQLITE_DONE)
			f = sqlite_fail(sqlite, code);
	}
	statement_done(statement);
	return f;
}

/* ---- binding ---- */

/* A parameter cannot fail to be bound but for want of memory or a mistake here. */
static const struct fail *bound(struct sqlite *sqlite, int code)
{
	return code == SQLITE_OK ? NULL : sqlite_fail(sqlite, code);
}

static int text_bind(sqlite3_stmt *statement, int at, const char *text,
		     sqlite3_destructor_type kept)
{
	return text ? sqlite3_bind_text(statement, at, text, -1, kept)
		    : sqlite3_bind_null(statement, at);
}

static int digest_bind(sqlite3_stmt *statement, int at, const struct digest *digest,
		       sqlite3_destructor_type kept)
{
	return digest_known(digest)
		       ? sqlite3_bind_blob(statement, at, digest->bytes, DIGEST_SIZE, kept)
		       : sqlite3_bind_null(statement, at);
}

static int blob_bind(sqlite3_stmt *statement, int at, const struct blob *blob)
{
	return blob->size ? sqlite3_bind_blob64(statement, at, blob->data, blob->size, SQLITE_STATIC)
			  : sqlite3_bind_zeroblob(statement, at, 0);
}

/* The record outlives the statement's run: nothing is copied. */
static int field_bind(sqlite3_stmt *statement, int at, const struct field *field,
		      const void *record)
{
	const void *member = field_of(field, record);
	int64_t link;

	switch (field->type) {
	case FIELD_LINK:
		link = *(const int64_t *)member;
		return link ? sqlite3_bind_int64(statement, at, link)
			    : sqlite3_bind_null(statement, at);
	case FIELD_ID:
	case FIELD_I64:
		return sqlite3_bind_int64(statement, at, *(const int64_t *)member);
	case FIELD_U64:
		return sqlite3_bind_int64(statement, at, (int64_t) * (const uint64_t *)member);
	case FIELD_U32:
		return sqlite3_bind_int64(statement, at, *(const uint32_t *)member);
	case FIELD_INT:
		return sqlite3_bind_int(statement, at, *(const int *)member);
	case FIELD_BOOL:
		return sqlite3_bind_int(statement, at, *(const bool *)member);
	case FIELD_WORD:
		return text_bind(statement, at, field->words[*(const unsigned *)member],
				 SQLITE_STATIC);
	case FIELD_TEXT:
	case FIELD_FILLED:
	case FIELD_SPARSE:
		return text_bind(statement, at, field_text(field, record), SQLITE_STATIC);
	case FIELD_DIGEST:
		return digest_bind(statement, at, member, SQLITE_STATIC);
	case FIELD_BLOB:
		return blob_bind(statement, at, member);
	}
	return SQLITE_MISUSE;
}

/* A cursor outlives its caller's values: they are copied. */
static int value_bind(sqlite3_stmt *statement, int at, const struct value *value)
{
	switch (value->type) {
	case VALUE_NUMBER:
		return sqlite3_bind_int64(statement, at, value->number);
	case VALUE_TEXT:
		return text_bind(statement, at, value->text, SQLITE_TRANSIENT);
	case VALUE_DIGEST:
		return digest_bind(statement, at, &value->digest, SQLITE_TRANSIENT);
	case VALUE_END:
		return sqlite3_bind_zeroblob(statement, at, 0); /* in SQL every blob > every text */
	}
	return SQLITE_MISUSE;
}

static const struct fail *query_get(struct sqlite *sqlite, enum verb verb,
				    const struct query *query, const struct value *values,
				    const struct field *field, sqlite3_stmt **statement)
{
	/* A limit belongs to SELECT alone. */
	int count = query->values;
	const struct fail *f = statement_get(sqlite, verb, query, field, statement);

	for (int i = 0; !f && i < count; i++)
		f = bound(sqlite, value_bind(*statement, i + 1, &values[i]));
	if (f && *statement)
		statement_done(*statement);
	return f;
}

/* ---- changes ---- */

/* The statement for doing `verb` with a record, its parameters bound. */
static const struct fail *record_get(struct sqlite *sqlite, enum verb verb,
				     const struct table *table, const void *record,
				     sqlite3_stmt **statement)
{
	int at = 1;
	const struct fail *f = statement_get(sqlite, verb, table, NULL, statement);

	if (f)
		return f;
	for (size_t i = 0; !f && i < table->count; i++)
		if (verb_takes(verb, &table->fields[i]))
			f = bound(sqlite, field_bind(*statement, at++, &table->fields[i], record));
	if (!f && verb != VERB_INSERT && verb != VERB_REPLACE)
		f = bound(sqlite, sqlite3_bind_int64(*statement, at, table_id(table, record)));
	if (f)
		statement_done(*statement);
	return f;
}

static bool table_indexed(const struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (field_indexed(&table->fields[i]))
			return true;
	return false;
}

/* How to update a record.  SQLite writes an index whenever a column of it is set, to whatever; most
 * updates are of flags, and writing three indexes that stay the same cost five times as much. */
static const struct fail *update_choose(struct sqlite *sqlite, const struct table *table,
					const void *record, enum verb *verb)
{
	sqlite3_stmt *statement = NULL;
	const struct fail *f;
	int code;

	*verb = VERB_UPDATE;
	if (!table_indexed(table))
		return NULL;
	f = record_get(sqlite, VERB_SAME, table, record, &statement);
	if (f)
		return f;
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*verb = VERB_UPDATE_REST;
	else if (code != SQLITE_DONE)
		f = sqlite_fail(sqlite, code);
	statement_done(statement);
	return f;
}

const struct fail *sqlite_put(struct state *state, const struct table *table, void *record)
{
	struct sqlite *sqlite = sqlite_of(state);
	bool numbered = table_numbered(table);
	enum verb verb = numbered ? VERB_INSERT : VERB_REPLACE;
	sqlite3_stmt *statement = NULL;
	const struct fail *f = NULL;

	if (numbered && table_id(table, record))
		f = update_choose(sqlite, table, record, &verb);
	if (!f)
		f = record_get(sqlite, verb, table, record, &statement);
	if (!f)
		f = statement_run(sqlite, statement);
	if (f)
		return f;
	if (verb == VERB_INSERT)
		*(int64_t *)field_in(&table->fields[0], record) =
			sqlite3_last_insert_rowid(sqlite->db);
	else if (verb != VERB_REPLACE && !sqlite3_changes(sqlite->db))
		f = fail_make(FAIL_STATE, FAIL_ITEM, "%s: no such record", table->name);
	return f;
}

static const struct fail *query_run(struct sqlite *sqlite, enum verb verb,
				    const struct query *query, const struct value *values,
				    const struct field *field)
{
	sqlite3_stmt *statement = NULL;
	const struct fail *f = query_get(sqlite, verb, query, values, field, &statement);

	return f ? f : statement_run(sqlite, statement);
}

const struct fail *sqlite_remove(struct state *state, const struct query *query,
				 const struct value *values)
{
	return query_run(sqlite_of(state), VERB_DELETE, query, values, NULL);
}

const struct fail *sqlite_clear(struct state *state, const struct query *query,
				const struct value *values, const struct field *field)
{
	return query_run(sqlite_of(state), VERB_CLEAR, query, values, field);
}

/* ---- questions ---- */

/* One whose answer is a single number. */
static const struct fail *number_get(struct state *state, enum verb verb, const struct query *query,
				     const struct value *values, const struct field *field,
				     uint64_t *number)
{
	struct sqlite *sqlite = sqlite_of(state);
	sqlite3_stmt *statement = NULL;
	const struct fail *f = query_get(sqlite, verb, query, values, field, &statement);
	int code;

	*number = 0;
	if (f)
		return f;
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*number = (uint64_t)sqlite3_column_int64(statement, 0);
	else
		f = sqlite_fail(sqlite, code);
	statement_done(statement);
	return f;
}

const struct fail *sqlite_count(struct state *state, const struct query *query,
				const struct value *values, uint64_t *count)
{
	return number_get(state, VERB_COUNT, query, values, NULL, count);
}

const struct fail *sqlite_sum(struct state *state, const struct query *query,
			      const struct value *values, const struct field *field, uint64_t *sum)
{
	return number_get(state, VERB_SUM, query, values, field, sum);
}

static bool word_read(const struct field *field, const char *word, unsigned *value)
{
	for (*value = 0; word && field->words[*value]; (*value)++)
		if (strcmp(field->words[*value], word) == 0)
			return true;
	return false;
}

/* False for what koc never writes. */
static bool field_read(sqlite3_stmt *statement, int column, const struct field *field, void *record)
{
	void *member = field_in(field, record);
	const char *text;
	const void *blob;

	switch (field->type) {
	case FIELD_ID:
	case FIELD_LINK:
	case FIELD_I64:
		*(int64_t *)member = sqlite3_column_int64(statement, column);
		return true;
	case FIELD_U64:
		*(uint64_t *)member = (uint64_t)sqlite3_column_int64(statement, column);
		return true;
	case FIELD_U32:
		*(uint32_t *)member = (uint32_t)sqlite3_column_int64(statement, column);
		return true;
	case FIELD_INT:
		*(int *)member = sqlite3_column_int(statement, column);
		return true;
	case FIELD_BOOL:
		*(bool *)member = sqlite3_column_int(statement, column) != 0;
		return true;
	case FIELD_WORD:
		return word_read(field, (const char *)sqlite3_column_text(statement, column),
				 member);
	case FIELD_TEXT:
	case FIELD_FILLED:
	case FIELD_SPARSE:
		text = (const char *)sqlite3_column_text(statement, column);
		*(const char **)member = text;
		return text || field->type != FIELD_FILLED;
	case FIELD_DIGEST:
		blob = sqlite3_column_blob(statement, column);
		if (blob && sqlite3_column_bytes(statement, column) != DIGEST_SIZE)
			return false;
		if (blob)
			memcpy(member, blob, DIGEST_SIZE);
		else
			memset(member, 0, DIGEST_SIZE);
		return true;
	case FIELD_BLOB:
		blob = sqlite3_column_blob(statement, column);
		*(struct blob *)member =
			(struct blob){ blob, (size_t)sqlite3_column_bytes(statement, column) };
		return sqlite3_column_type(statement, column) == SQLITE_BLOB;
	}
	return false;
}

const struct fail *sqlite_ask(struct state *state, struct cursor *cursor, const struct query *query,
			      const struct value *values)
{
	sqlite3_stmt *statement = NULL;
	const struct fail *f;

	f = query_get(sqlite_of(state), VERB_SELECT, query, values, NULL, &statement);
	cursor->query = query;
	cursor->answers = statement;
	return f;
}

const struct fail *sqlite_next(struct state *state, struct cursor *cursor, const void **record)
{
	const struct table *table = &tables[cursor->query->table];
	struct sqlite *sqlite = sqlite_of(state);
	int code = sqlite3_step(cursor->answers);

	*record = NULL;
	if (code == SQLITE_DONE)
		return NULL;
	if (code != SQLITE_ROW)
		return sqlite_fail(sqlite, code);
	for (size_t i = 0; i < table->count; i++)
		if (!field_read(cursor->answers, (int)i, &table->fields[i], &cursor->record))
			return sqlite_damaged(sqlite, table->fields[i].column);
	*record = &cursor->record;
	return NULL;
}

void sqlite_end(struct state *state, struct cursor *cursor)
{
	(void)state;
	statement_done(cursor->answers);
}
