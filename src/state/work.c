/* Open work: what is pending, what was about to be done; and memos. */
#include "base/arena.h"
#include "state/records.h"
#include "state/state.h"

#include <string.h>

/* ---- pending ---- */

static bool pending_in(const struct query *query, const void *record, const struct value *values)
{
	const struct pending *pending = record;

	(void)query;
	return pending->folder == values[0].number;
}

static bool pending_is(const struct query *query, const void *record, const struct value *values)
{
	const struct pending *pending = record;

	return pending->side == query->side && pending->folder == values[0].number &&
	       strcmp(pending->ref, values[1].text) == 0;
}

static int pending_order(const void *a, const void *b)
{
	const struct pending *first = a, *second = b;

	if (first->folder != second->folder)
		return first->folder < second->folder ? -1 : 1;
	if (first->side != second->side)
		return first->side < second->side ? -1 : 1;
	return strcmp(first->ref, second->ref);
}

/* 'server' comes before 'local', as in enum side. */
#define PENDING_BY "folder, side DESC, ref"

static const struct query pending_all = {
	.table = TABLE_PENDING,
	.by = PENDING_BY,
	.order = pending_order,
};
static const struct query pending_of_folder = {
	.table = TABLE_PENDING,
	.values = 1,
	.where = "folder = ?1",
	.holds = pending_in,
	.by = PENDING_BY,
	.order = pending_order,
};
static const struct query pending_by_ref[SIDES] = {
	[SERVER] = {
		.table = TABLE_PENDING,
		.values = 2,
		.where = "folder = ?1 AND side = 'server' AND ref = ?2",
		.holds = pending_is,
		.side = SERVER,
	},
	[LOCAL] = {
		.table = TABLE_PENDING,
		.values = 2,
		.where = "folder = ?1 AND side = 'local' AND ref = ?2",
		.holds = pending_is,
		.side = LOCAL,
	},
};

const struct fail *state_pending_put(struct state *state, const struct pending *pending)
{
	struct pending record = *pending;

	return records_put(state, TABLE_PENDING, &record);
}

const struct fail *state_pending_remove(struct state *state, int64_t folder, enum side side,
					const char *ref)
{
	return records_remove(state, &pending_by_ref[side],
			      VALUES(value_number(folder), value_text(ref)));
}

const struct fail *state_pending(struct state *state, int64_t folder, struct arena *arena,
				 struct pending **pending, size_t *count)
{
	return records_list(state, folder ? &pending_of_folder : &pending_all,
			    VALUES(value_number(folder)), arena, pending, count);
}

/* ---- intents ---- */

static const struct query intents_all = { .table = TABLE_INTENT };

const struct fail *state_intent_put(struct state *state, struct intent *intent)
{
	return records_put(state, TABLE_INTENT, intent);
}

const struct fail *state_intent_remove(struct state *state, int64_t id)
{
	return records_remove(state, &records_by_id[TABLE_INTENT], VALUES(value_number(id)));
}

const struct fail *state_intents(struct state *state, struct arena *arena, struct intent **intents,
				 size_t *count)
{
	return records_list(state, &intents_all, NULL, arena, intents, count);
}

/* ---- memos ---- */

static bool memo_is(const struct query *query, const void *record, const struct value *values)
{
	const struct memo *memo = record;

	(void)query;
	return strcmp(memo->name, values[0].text) == 0;
}

static const struct query memo_by_name = {
	.table = TABLE_MEMO,
	.values = 1,
	.where = "name = ?1",
	.holds = memo_is,
};

const struct fail *state_memo_put(struct state *state, const char *name, const char *value)
{
	struct memo memo = { .name = name, .value = value };

	if (!value)
		return records_remove(state, &memo_by_name, VALUES(value_text(name)));
	return records_put(state, TABLE_MEMO, &memo);
}

const struct fail *state_memo_get(struct state *state, const char *name, struct arena *arena,
				  const char **value)
{
	struct memo *memo;
	const struct fail *f;

	f = records_first(state, &memo_by_name, VALUES(value_text(name)), arena, &memo);
	*value = memo ? memo->value : NULL;
	return f;
}
