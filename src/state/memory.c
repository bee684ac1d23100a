/* State in memory: what SQLite does, done on small arrays.  For the model test, which lives through
 * hundreds of thousands of tiny histories: opening is two small allocations, tables are searched
 * from end to end, and strings are never given back before the state is closed, so that a snapshot
 * is a copy of flat arrays. */
#include "base/arena.h"
#include "base/memory.h"
#include "base/vec.h"
#include "state/driver.h"

#include <stdlib.h>
#include <string.h>

/* The records of one table, in the order in which they were first put. */
struct list {
	VEC(char)
	int64_t last; /* the highest number given so far */
};

struct memory {
	struct state state;
	struct arena *arena;
	struct list now[TABLES];
	struct list before[TABLES]; /* as the open transaction found them */
};

static struct memory *memory_of(struct state *state)
{
	return (struct memory *)state;
}

static char *record_at(const struct memory *memory, enum table_name name, size_t i)
{
	return memory->now[name].items + i * tables[name].size;
}

/* ---- transactions ---- */

static const struct fail *memory_begin(struct state *state)
{
	struct memory *memory = memory_of(state);

	for (size_t t = 0; t < TABLES; t++) {
		struct list *from = &memory->now[t], *to = &memory->before[t];

		if (to->room < from->count) {
			to->room = from->room;
			to->items = memory_resize(to->items, to->room, tables[t].size);
		}
		if (from->count)
			memcpy(to->items, from->items, from->count * tables[t].size);
		to->count = from->count;
		to->last = from->last;
	}
	return NULL;
}

static const struct fail *memory_commit(struct state *state)
{
	(void)state;
	return NULL;
}

static void memory_rollback(struct state *state)
{
	struct memory *memory = memory_of(state);

	for (size_t t = 0; t < TABLES; t++) {
		struct list now = memory->now[t];

		memory->now[t] = memory->before[t];
		memory->before[t] = now;
	}
}

static void memory_close(struct state *state)
{
	struct memory *memory = memory_of(state);

	for (size_t t = 0; t < TABLES; t++) {
		vec_free(&memory->now[t]);
		vec_free(&memory->before[t]);
	}
	arena_free(memory->arena);
	free(memory);
}

/* ---- changes ---- */

static bool field_equal(const struct field *field, const void *a, const void *b)
{
	if (field_is_text(field)) {
		const char *first = field_text(field, a), *second = field_text(field, b);

		return first && second && strcmp(first, second) == 0; /* NULL equals nothing */
	}
	if (field->type == FIELD_WORD)
		return *(const int *)field_of(field, a) == *(const int *)field_of(field, b);
	return *(const int64_t *)field_of(field, a) == *(const int64_t *)field_of(field, b);
}

/* The first record that has the same unique key `key` (a bit of field.unique) and is not the one at
 * `except`; `count` if there is none. */
static size_t key_find(const struct memory *memory, enum table_name name, unsigned key,
		       const void *record, size_t except)
{
	const struct table *table = &tables[name];
	size_t count = memory->now[name].count;
	const struct field *parts[4];
	size_t part_count = 0;

	for (size_t f = 0; f < table->count; f++)
		if (table->fields[f].unique & key)
			parts[part_count++] = &table->fields[f];
	if (!part_count)
		return count;
	for (size_t i = 0; i < count; i++) {
		size_t equal = 0;

		while (equal < part_count &&
		       field_equal(parts[equal], record, record_at(memory, name, i)))
			equal++;
		if (equal == part_count && i != except)
			return i;
	}
	return count;
}

static size_t id_find(const struct memory *memory, enum table_name name, int64_t id)
{
	size_t i = 0;

	while (i < memory->now[name].count &&
	       table_id(&tables[name], record_at(memory, name, i)) != id)
		i++;
	return i;
}

static const struct fail *links_check(const struct memory *memory, const struct table *table,
				      const void *record)
{
	for (size_t f = 0; f < table->count; f++) {
		const struct field *field = &table->fields[f];
		int64_t id;

		if (field->type != FIELD_LINK)
			continue;
		id = *(const int64_t *)field_of(field, record);
		if (id ? id_find(memory, field->links, id) == memory->now[field->links].count
		       : field->follows)
			return fail_make(FAIL_STATE, FAIL_ITEM, "%s.%s names nothing", table->name,
					 field->column);
	}
	return NULL;
}

static const struct fail *memory_put(struct state *state, const struct table *table, void *record)
{
	struct memory *memory = memory_of(state);
	enum table_name name = (enum table_name)(table - tables);
	struct list *list = &memory->now[name];
	bool numbered = table_numbered(table);
	bool fresh = numbered && !table_id(table, record);
	size_t at;
	const struct fail *f = links_check(memory, table, record);

	if (f)
		return f;
	if (fresh)
		at = list->count;
	else if (numbered)
		at = id_find(memory, name, table_id(table, record));
	else
		at = key_find(memory, name, 1, record, list->count);
	if (numbered && !fresh && at == list->count)
		return fail_make(FAIL_STATE, FAIL_ITEM, "%s: no such record", table->name);
	for (unsigned key = 1; numbered && key <= 2; key <<= 1)
		if (key_find(memory, name, key, record, at) != list->count)
			return fail_make(FAIL_STATE, FAIL_ITEM, "%s: not unique", table->name);
	if (fresh)
		*(int64_t *)field_in(&table->fields[0], record) = ++list->last;
	if (at == list->count) {
		list->items = vec_grow_(list->items, list->count, &list->room, table->size);
		list->count++;
	}
	table_copy(table, memory->arena, record_at(memory, name, at), record);
	return NULL;
}

/* Removes a record and what follows it, and cuts the other links to it. */
static void record_drop(struct memory *memory, enum table_name name, size_t at)
{
	struct list *list = &memory->now[name];
	size_t size = tables[name].size;
	int64_t id = table_numbered(&tables[name])
			     ? table_id(&tables[name], record_at(memory, name, at))
			     : 0;

	list->count--;
	memmove(list->items + at * size, list->items + (at + 1) * size, (list->count - at) * size);
	for (size_t t = 0; id && t < TABLES; t++) {
		for (size_t f = 0; f < tables[t].count; f++) {
			const struct field *field = &tables[t].fields[f];

			if (field->type != FIELD_LINK || field->links != name)
				continue;
			for (size_t i = memory->now[t].count; i-- > 0;) {
				char *record = record_at(memory, (enum table_name)t, i);
				int64_t *link = field_in(field, record);

				if (*link == id && field->follows)
					record_drop(memory, (enum table_name)t, i);
				else if (*link == id)
					*link = 0;
			}
		}
	}
}

static bool query_holds(const struct query *query, const void *record, const struct value *values)
{
	return !query->holds || query->holds(query, record, values);
}

static const struct fail *memory_remove(struct state *state, const struct query *query,
					const struct value *values)
{
	struct memory *memory = memory_of(state);

	for (size_t i = memory->now[query->table].count; i-- > 0;)
		if (query_holds(query, record_at(memory, query->table, i), values))
			record_drop(memory, query->table, i);
	return NULL;
}

static const struct fail *memory_clear(struct state *state, const struct query *query,
				       const struct value *values, const struct field *field)
{
	struct memory *memory = memory_of(state);

	for (size_t i = 0; i < memory->now[query->table].count; i++) {
		char *record = record_at(memory, query->table, i);

		if (query_holds(query, record, values))
			*(const char **)field_in(field, record) = NULL;
	}
	return NULL;
}

/* ---- questions ---- */

static const struct fail *memory_count(struct state *state, const struct query *query,
				       const struct value *values, uint64_t *count)
{
	struct memory *memory = memory_of(state);

	*count = 0;
	for (size_t i = 0; i < memory->now[query->table].count; i++)
		*count += query_holds(query, record_at(memory, query->table, i), values);
	return NULL;
}

static const struct fail *memory_sum(struct state *state, const struct query *query,
				     const struct value *values, const struct field *field,
				     uint64_t *sum)
{
	struct memory *memory = memory_of(state);

	*sum = 0;
	for (size_t i = 0; i < memory->now[query->table].count; i++) {
		const void *record = record_at(memory, query->table, i);

		if (query_holds(query, record, values))
			*sum += *(const uint64_t *)field_of(field, record);
	}
	return NULL;
}

static const struct fail *memory_ask(struct state *state, struct cursor *cursor,
				     const struct query *query, const struct value *values)
{
	struct memory *memory = memory_of(state);
	size_t size = tables[query->table].size;
	struct list found = { 0 };

	for (size_t i = 0; i < memory->now[query->table].count; i++) {
		const char *record = record_at(memory, query->table, i);

		if (!query_holds(query, record, values))
			continue;
		found.items = vec_grow_(found.items, found.count, &found.room, size);
		memcpy(found.items + found.count++ * size, record, size);
	}
	if (query->order && found.count > 1)
		qsort(found.items, found.count, size, query->order);
	if (query->limited) {
		int64_t most = values[query->values - 1].number;

		if ((uint64_t)most < found.count)
			found.count = (size_t)most;
	}
	*cursor = (struct cursor){ .query = query, .answers = found.items, .count = found.count };
	return NULL;
}

static const struct fail *memory_next(struct state *state, struct cursor *cursor,
				      const void **record)
{
	size_t size = tables[cursor->query->table].size;

	(void)state;
	*record = NULL;
	if (cursor->next < cursor->count)
		*record = (char *)cursor->answers + cursor->next++ * size;
	return NULL;
}

static void memory_end(struct state *state, struct cursor *cursor)
{
	(void)state;
	free(cursor->answers);
	cursor->answers = NULL;
}

static const struct driver memory_driver = {
	.begin = memory_begin,
	.commit = memory_commit,
	.rollback = memory_rollback,
	.close = memory_close,
	.put = memory_put,
	.remove = memory_remove,
	.clear = memory_clear,
	.count = memory_count,
	.sum = memory_sum,
	.ask = memory_ask,
	.next = memory_next,
	.end = memory_end,
};

struct state *state_memory(void)
{
	struct memory *memory = memory_alloc(sizeof *memory);

	memory->state.driver = &memory_driver;
	memory->arena = arena_new();
	return &memory->state;
}
