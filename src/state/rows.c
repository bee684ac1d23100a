/* Folders, their rows, and the walk. */
#include "state/records.h"
#include "state/state.h"

#include <string.h>

/* ---- folders ---- */

static int folder_order(const void *a, const void *b)
{
	const struct state_folder *first = a, *second = b;

	return strcmp(first->path, second->path);
}

static const struct query folders_all = {
	.table = TABLE_FOLDER,
	.by = "path",
	.order = folder_order,
};

const struct fail *state_folders(struct state *state, struct arena *arena,
				 struct state_folder **folders, size_t *count)
{
	return records_list(state, &folders_all, NULL, arena, folders, count);
}

const struct fail *state_folder_put(struct state *state, struct state_folder *folder)
{
	return records_put(state, TABLE_FOLDER, folder);
}

const struct fail *state_folder_remove(struct state *state, int64_t id)
{
	return records_remove(state, &records_by_id[TABLE_FOLDER], VALUES(value_number(id)));
}

/* ---- rows ---- */

static bool row_has_ref(const struct query *query, const void *record, const struct value *values)
{
	const struct row *row = record;
	const char *ref = row->side[query->side].ref;

	return row->folder == values[0].number && ref && strcmp(ref, values[1].text) == 0;
}

static bool row_has_digest(const struct query *query, const void *record,
			   const struct value *values)
{
	const struct row *row = record;

	(void)query;
	return digest_equal(&row->side[LOCAL].digest, &values[0].digest);
}

static bool row_has_key(const struct query *query, const void *record, const struct value *values)
{
	const struct row *row = record;

	(void)query;
	return row->key && strcmp(row->key, values[0].text) == 0;
}

static bool row_lacks_ref(const struct query *query, const void *record,
			  const struct value *values)
{
	const struct row *row = record;

	return row->folder == values[0].number && !row->side[query->side].ref;
}

/* In the folder and the range, both ends inclusive. */
static bool row_in_range(const struct query *query, const void *record, const struct value *values)
{
	const struct row *row = record;
	const char *ref = row->side[query->side].ref;

	return row->folder == values[0].number && ref && strcmp(ref, values[1].text) >= 0 &&
	       (values[2].type == VALUE_END || strcmp(ref, values[2].text) <= 0);
}

static int row_order_server(const void *a, const void *b)
{
	const struct row *first = a, *second = b;

	return strcmp(first->side[SERVER].ref, second->side[SERVER].ref);
}

static int row_order_local(const void *a, const void *b)
{
	const struct row *first = a, *second = b;

	return strcmp(first->side[LOCAL].ref, second->side[LOCAL].ref);
}

static const struct query rows_by_key = {
	.table = TABLE_ROW,
	.values = 1,
	.where = "key = ?1",
	.holds = row_has_key,
};
static const struct query rows_by_digest = {
	.table = TABLE_ROW,
	.values = 1,
	.where = "local_digest = ?1",
	.holds = row_has_digest,
};

static const struct query row_by_ref[SIDES] = {
	[SERVER] = {
		.table = TABLE_ROW,
		.values = 2,
		.where = "folder = ?1 AND server_ref = ?2",
		.holds = row_has_ref,
		.side = SERVER,
	},
	[LOCAL] = {
		.table = TABLE_ROW,
		.values = 2,
		.where = "folder = ?1 AND local_ref = ?2",
		.holds = row_has_ref,
		.side = LOCAL,
	},
};

static const struct query rows_without[SIDES] = {
	[SERVER] = {
		.table = TABLE_ROW,
		.values = 1,
		.where = "folder = ?1 AND server_ref IS NULL",
		.holds = row_lacks_ref,
		.side = SERVER,
	},
	[LOCAL] = {
		.table = TABLE_ROW,
		.values = 1,
		.where = "folder = ?1 AND local_ref IS NULL",
		.holds = row_lacks_ref,
		.side = LOCAL,
	},
};

static const struct query rows_in_range[SIDES] = {
	[SERVER] = {
		.table = TABLE_ROW,
		.values = 3,
		.where = "folder = ?1 AND server_ref >= ?2 AND server_ref <= ?3",
		.holds = row_in_range,
		.by = "server_ref",
		.order = row_order_server,
		.side = SERVER,
	},
	[LOCAL] = {
		.table = TABLE_ROW,
		.values = 3,
		.where = "folder = ?1 AND local_ref >= ?2 AND local_ref <= ?3",
		.holds = row_in_range,
		.by = "local_ref",
		.order = row_order_local,
		.side = LOCAL,
	},
};

const struct fail *state_row_put(struct state *state, struct row *row)
{
	if (!row->side[SERVER].ref && !row->side[LOCAL].ref)
		return fail_make(FAIL_STATE, FAIL_ITEM, "a row must have a ref on a side");
	return records_put(state, TABLE_ROW, row);
}

const struct fail *state_row_remove(struct state *state, int64_t id)
{
	return records_remove(state, &records_by_id[TABLE_ROW], VALUES(value_number(id)));
}

const struct fail *state_row_find(struct state *state, int64_t folder, enum side side,
				  const char *ref, struct arena *arena, struct row **row)
{
	return records_first(state, &row_by_ref[side],
			     VALUES(value_number(folder), value_text(ref)), arena, row);
}

const struct fail *state_row_get(struct state *state, int64_t id, struct arena *arena,
				 struct row **row)
{
	return records_first(state, &records_by_id[TABLE_ROW], VALUES(value_number(id)), arena,
			     row);
}

const struct fail *state_rows_by_digest(struct state *state, const struct digest *digest,
					struct arena *arena, struct row **rows, size_t *count)
{
	return records_list(state, &rows_by_digest, VALUES(value_digest(digest)), arena, rows,
			    count);
}

const struct fail *state_rows_by_key(struct state *state, const char *key, struct arena *arena,
				     struct row **rows, size_t *count)
{
	return records_list(state, &rows_by_key, VALUES(value_text(key)), arena, rows, count);
}

const struct fail *state_rows_without(struct state *state, int64_t folder, enum side side,
				      struct arena *arena, struct row **rows, size_t *count)
{
	return records_list(state, &rows_without[side], VALUES(value_number(folder)), arena, rows,
			    count);
}

/* The values of rows_in_range for all rows that have a ref on its side. */
#define WHOLE(folder) VALUES(value_number(folder), value_text(""), value_end())

const struct fail *state_rows_unref(struct state *state, int64_t folder, enum side side)
{
	const char *column = side == SERVER ? "server_ref" : "local_ref";
	bool alone = false;
	const struct fail *f = records_begin(state, &alone);

	/* First those that would be left with no ref at all. */
	if (!f)
		f = records_remove(state, &rows_without[side_other(side)],
				   VALUES(value_number(folder)));
	if (!f)
		f = records_clear(state, &rows_in_range[side], WHOLE(folder), column);
	return records_end(state, alone, f);
}

const struct fail *state_rows_count(struct state *state, int64_t folder, uint64_t *count)
{
	uint64_t without = 0;
	const struct fail *f;

	/* A row that has no local ref has a server's: both counts need nothing but an index. */
	*count = 0;
	f = state->driver->count(state, &rows_in_range[SERVER], WHOLE(folder), count);
	if (!f)
		f = state->driver->count(state, &rows_without[LOCAL], VALUES(value_number(folder)),
					 &without);
	if (!f)
		*count -= without;
	return f;
}

const struct fail *state_rows_size(struct state *state, int64_t folder, uint64_t *bytes)
{
	return state->driver->sum(state, &rows_in_range[LOCAL], WHOLE(folder),
				  table_field(&tables[TABLE_ROW], "size"), bytes);
}

/* ---- the walk ---- */

const struct fail *state_walk(struct state *state, int64_t folder, enum side side,
			      const char *first, const char *last)
{
	const struct value *values = VALUES(value_number(folder), value_text(first ? first : ""),
					    last ? value_text(last) : value_end());
	const struct fail *f;

	if (state->walking)
		return fail_make(FAIL_STATE, FAIL_ITEM, "a walk is under way already");
	f = state->driver->ask(state, &state->walk, &rows_in_range[side], values);
	state->walking = !f;
	return f;
}

const struct fail *state_walk_next(struct state *state, const struct row **row)
{
	const void *record = NULL;
	const struct fail *f = NULL;

	*row = NULL;
	if (!state->walking)
		return fail_make(FAIL_STATE, FAIL_ITEM, "no walk is under way");
	f = state->driver->next(state, &state->walk, &record);
	*row = record;
	return f;
}

void state_walk_end(struct state *state)
{
	if (state->walking)
		state->driver->end(state, &state->walk);
	state->walking = false;
}
