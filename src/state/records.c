/* Records: the few things that are done with records of any table. */
#include "state/records.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

const struct fail *records_begin(struct state *state, bool *alone)
{
	*alone = !state->open;
	return *alone ? state_begin(state) : NULL;
}

const struct fail *records_end(struct state *state, bool alone, const struct fail *f)
{
	if (!alone)
		return f;
	if (!f)
		return state_commit(state);
	state_rollback(state);
	return f;
}

/* A walk reads the rows as they lie: changes would make it skip or repeat some. */
static const struct fail *records_check(const struct state *state, enum table_name table)
{
	if (state->walking && table == TABLE_ROW)
		return fail_make(FAIL_STATE, FAIL_ITEM, "rows cannot change during a walk");
	return NULL;
}

const struct fail *records_put(struct state *state, enum table_name name, void *record)
{
	const struct table *table = &tables[name];
	int64_t *id = table_numbered(table) ? field_in(&table->fields[0], record) : NULL;
	int64_t before = id ? *id : 0;
	bool alone = false;
	const struct fail *f = records_check(state, name);

	if (f)
		return f;
	f = records_begin(state, &alone);
	if (!f)
		f = state->driver->put(state, table, record);
	f = records_end(state, alone, f);
	if (f && id)
		*id = before;
	return f;
}

const struct fail *records_remove(struct state *state, const struct query *query,
				  const struct value *values)
{
	bool alone = false;
	const struct fail *f;

	/* A folder takes its rows along. */
	f = records_check(state, query->table == TABLE_FOLDER ? TABLE_ROW : query->table);
	if (f)
		return f;
	f = records_begin(state, &alone);
	if (!f)
		f = state->driver->remove(state, query, values);
	return records_end(state, alone, f);
}

const struct fail *records_clear(struct state *state, const struct query *query,
				 const struct value *values, const char *column)
{
	bool alone = false;
	const struct fail *f = records_check(state, query->table);

	if (f)
		return f;
	f = records_begin(state, &alone);
	if (!f)
		f = state->driver->clear(state, query, values,
					 table_field(&tables[query->table], column));
	return records_end(state, alone, f);
}

const struct fail *records_list(struct state *state, const struct query *query,
				const struct value *values, struct arena *arena, void *records,
				size_t *count)
{
	const struct table *table = &tables[query->table];
	struct {
		VEC(char)
	} list = { 0 };
	struct cursor cursor;
	const void *record;
	void *copies = NULL;
	const struct fail *f;

	memcpy(records, &copies, sizeof copies);
	*count = 0;
	f = state->driver->ask(state, &cursor, query, values);
	if (f)
		return f;
	while (!(f = state->driver->next(state, &cursor, &record)) && record) {
		list.items = vec_grow_(list.items, list.count, &list.room, table->size);
		table_copy(table, arena, list.items + list.count++ * table->size, record);
	}
	state->driver->end(state, &cursor);
	if (!f && list.count) {
		copies = arena_alloc(arena, list.count * table->size);
		memcpy(copies, list.items, list.count * table->size);
		memcpy(records, &copies, sizeof copies);
		*count = list.count;
	}
	vec_free(&list);
	return f;
}

const struct fail *records_first(struct state *state, const struct query *query,
				 const struct value *values, struct arena *arena, void *first)
{
	const struct table *table = &tables[query->table];
	struct cursor cursor;
	const void *record;
	void *copy = NULL;
	const struct fail *f;

	f = state->driver->ask(state, &cursor, query, values);
	if (f)
		goto out;
	f = state->driver->next(state, &cursor, &record);
	if (!f && record) {
		copy = arena_alloc(arena, table->size);
		table_copy(table, arena, copy, record);
	}
	state->driver->end(state, &cursor);
out:
	memcpy(first, &copy, sizeof copy);
	return f;
}

static bool record_has_id(const struct query *query, const void *record, const struct value *values)
{
	return table_id(&tables[query->table], record) == values[0].number;
}

#define BY_ID(name)                                                                            \
	[name] = { .table = name, .values = 1, .where = "id = ?1", .holds = record_has_id }

const struct query records_by_id[TABLES] = {
	BY_ID(TABLE_FOLDER), BY_ID(TABLE_ROW), BY_ID(TABLE_INTENT),
	BY_ID(TABLE_VAULT), BY_ID(TABLE_CONFLICT), BY_ID(TABLE_RUN),
};

int record_newest(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b; /* see FIELD_ID */

	return (first < second) - (first > second);
}
