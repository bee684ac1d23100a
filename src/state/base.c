/* Base: the bytes that both sides agreed on, of items that can change. */
#include "state/records.h"
#include "state/state.h"

static bool base_of_row(const struct query *query, const void *record, const struct value *values)
{
	const struct base_record *base = record;

	(void)query;
	return base->row == values[0].number;
}

static const struct query base_by_row = {
	.table = TABLE_BASE,
	.values = 1,
	.where = "row = ?1",
	.holds = base_of_row,
};

const struct fail *state_base_put(struct state *state, int64_t row, const void *data, size_t size,
				  const char *fields)
{
	struct base_record base = { row, fields, { data, size } };

	return records_put(state, TABLE_BASE, &base);
}

const struct fail *state_base_get(struct state *state, int64_t row, struct arena *arena,
				  const char **data, size_t *size)
{
	struct base_record *base;
	const struct fail *f = records_first(state, &base_by_row, VALUES(value_number(row)), arena, &base);

	*data = base ? base->bytes.data : NULL;
	*size = base ? base->bytes.size : 0;
	return f;
}
