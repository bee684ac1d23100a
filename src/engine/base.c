/* Base: the agreed content of an item of a keyed kind, kept in the state beside its row. */
#include "base/memory.h"
#include "engine/run.h"

#include <stdlib.h>

void row_describe(struct row *row, const struct body *body, const struct digest *normal)
{
	row->print = body->print;
	if (body->mail) {
		row->message_id = body->fields.message_id;
		row->subject = body->fields.subject;
		row->from = body->fields.from;
		row->sent = body->fields.sent;
		row->normal = body->says;
		return;
	}
	row->normal = *normal;
	row->subject = body->facts.summary;
	if (body->facts.uid)
		row->key = body->facts.uid;
}

const struct fail *base_keep(struct run *run, const struct row *row, struct body *body)
{
	const struct fail *f = NULL;
	char *bytes = NULL;
	size_t size = 0;

	if (body->mail)
		return NULL;
	f = body_all(body, &bytes, &size);
	if (!f)
		f = state_base_put(run->engine->state, row->id, bytes, size, body->facts.fields);
	free(bytes);
	return f;
}

static const struct fail *got_body(void *context, struct read *read)
{
	(void)context; /* the body stays in the read */
	(void)read;
	return NULL;
}

const struct fail *base_of_local(struct run *run, const struct op *op, struct row *row)
{
	const struct folder *folder = &run->folders[op->match->folder];
	struct read read = { .folder = folder->seen[LOCAL],
			     .ref = op->match->now[LOCAL]->ref,
			     .part = PART_WHOLE };
	const struct fail *f = NULL;

	f = store_read(run->engine->side[LOCAL], &read, 1, got_body, NULL, run->round);
	if (f)
		return f;
	row->normal = op->match->normal[LOCAL];
	/* Saved or moved meanwhile?  Then it is not what was found equal; the next look finds that. */
	if (read.fail || !read.body || !digest_equal(&read.body->digest, &op->match->now[LOCAL]->digest)) {
		body_free(read.body);
		return state_row_put(run->engine->state, row);
	}
	row_describe(row, read.body, &read.normal);
	f = state_row_put(run->engine->state, row);
	if (!f)
		f = base_keep(run, row, read.body);
	body_free(read.body);
	return f;
}
