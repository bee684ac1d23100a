/* Rows by the form of their local file (text forms, and whole messages that could become one), and by the
 * header that tells whose text form a file is. */
#include "state/records.h"
#include "state/state.h"

#include <string.h>

static bool is_text(const struct row *row)
{
	return row->marks & ROW_TEXT;
}

static bool both_refs(const struct row *row)
{
	return row->side[SERVER].ref && row->side[LOCAL].ref;
}

static bool text_in_folder(const struct query *query, const void *record, const struct value *values)
{
	const struct row *row = record;

	(void)query;
	return row->folder == values[0].number && is_text(row) && both_refs(row);
}

static bool has_head(const struct query *query, const void *record, const struct value *values)
{
	const struct row *row = record;

	(void)query;
	return digest_equal(&row->print.head, &values[0].digest);
}

static bool whole_before(const struct query *query, const void *record, const struct value *values)
{
	const struct row *row = record;

	(void)query;
	return row->folder == values[0].number && row->date && row->date < values[1].number &&
	       !(row->marks & (ROW_TEXT | ROW_BARE | ROW_KEPT)) && both_refs(row);
}

static int newest_first(const void *a, const void *b)
{
	const struct row *first = a, *second = b;

	return strcmp(second->side[SERVER].ref, first->side[SERVER].ref);
}

/* "marks & 4", word for word: so SQLite takes the partial indexes. */
static const struct query texts = {
	.table = TABLE_ROW,
	.values = 2,
	.where = "folder = ?1 AND marks & 4 AND server_ref IS NOT NULL AND local_ref IS NOT NULL",
	.holds = text_in_folder,
	.by = "server_ref DESC",
	.order = newest_first,
	.limited = true,
};
static const struct query by_head = {
	.table = TABLE_ROW,
	.values = 1,
	.where = "head = ?1",
	.holds = has_head,
};
static const struct query wholes = {
	.table = TABLE_ROW,
	.values = 3,
	.where = "folder = ?1 AND date <> 0 AND date < ?2 AND NOT marks & 13 AND server_ref IS NOT NULL "
		 "AND local_ref IS NOT NULL",
	.holds = whole_before,
	.by = "server_ref DESC",
	.order = newest_first,
	.limited = true,
};

const struct fail *state_rows_text(struct state *state, int64_t folder, size_t most, struct arena *arena,
				   struct row **rows, size_t *count)
{
	return records_list(state, &texts, VALUES(value_number(folder), value_number((int64_t)most)), arena,
			    rows, count);
}

const struct fail *state_rows_by_head(struct state *state, const struct digest *head, struct arena *arena,
				      struct row **rows, size_t *count)
{
	return records_list(state, &by_head, VALUES(value_digest(head)), arena, rows, count);
}

const struct fail *state_rows_whole(struct state *state, int64_t folder, int64_t before, size_t most,
				    struct arena *arena, struct row **rows, size_t *count)
{
	return records_list(state, &wholes,
			    VALUES(value_number(folder), value_number(before), value_number((int64_t)most)),
			    arena, rows, count);
}
