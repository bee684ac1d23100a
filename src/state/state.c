/* State: transactions, the same for every implementation.  What is kept, and the questions that can
 * be asked: rows.c, work.c, history.c. */
#include "state/state.h"

#include "base/step.h"
#include "state/driver.h"

const struct fail *state_begin(struct state *state)
{
	const struct fail *f;

	if (state->open)
		return fail_make(FAIL_STATE, FAIL_ACCOUNT, "a transaction is open already");
	f = state->driver->begin(state);
	state->open = !f;
	return f;
}

const struct fail *state_commit(struct state *state)
{
	const struct fail *f;

	if (!state->open)
		return fail_make(FAIL_STATE, FAIL_ACCOUNT, "no transaction is open");
	f = step("commit");
	if (!f)
		f = state->driver->commit(state);
	if (f)
		state->driver->rollback(state);
	state->open = false;
	return f;
}

void state_rollback(struct state *state)
{
	if (state->open)
		state->driver->rollback(state);
	state->open = false;
}

void state_close(struct state *state)
{
	if (!state)
		return;
	state_walk_end(state);
	state_rollback(state);
	state->driver->close(state);
}
