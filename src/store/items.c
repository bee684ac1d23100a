/* Items: many requests, their outcomes. */
#include "store/items.h"

#include "base/memory.h"

#include <stdlib.h>

const struct fail item_missing = { FAIL_MISSING, FAIL_ITEM, "it is not there" };
const struct fail item_restless = { FAIL_STALE, FAIL_ITEM, "it is being renamed all the time" };
const struct fail item_stale = { FAIL_STALE, FAIL_ITEM, "it is not what it was" };

bool fail_ends(const struct fail *fail)
{
	return fail && (fail->code == FAIL_STOPPED || fail->scope > FAIL_FOLDER);
}

const struct fail **items_fail_of(const struct items *items, size_t i)
{
	return (const struct fail **)(void *)((char *)items->first + i * items->size +
					      items->fail_at);
}

void items_fail(const struct items *items, const bool *done, const struct fail *fail)
{
	for (size_t i = 0; i < items->count; i++)
		if (!(done && done[i]) && !*items_fail_of(items, i))
			*items_fail_of(items, i) = fail;
}

void items_begin(const struct items *items)
{
	for (size_t i = 0; i < items->count; i++)
		*items_fail_of(items, i) = NULL;
}

const struct fail *items_do(const struct items *items, item_do *act, void *context)
{
	bool *done = memory_alloc(items->count + 1);
	const struct fail *end = NULL;

	for (size_t i = 0; i < items->count && !end; i++) {
		const struct fail **fail = items_fail_of(items, i);

		if (*fail)
			continue;
		*fail = act(context, (char *)items->first + i * items->size);
		done[i] = true;
		end = fail_ends(*fail) ? *fail : items->end;
	}
	if (end)
		items_fail(items, done, end);
	free(done);
	return end;
}
