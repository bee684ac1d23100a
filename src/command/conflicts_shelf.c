/* Conflicts: those that are open, of all services. */
#include "command/conflicts.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct engine shelf_engine(struct service *service)
{
	return (struct engine){ .service = service->type->name,
				.side[LOCAL] = service->side[LOCAL],
				.state = service->state,
				.places = service->places,
				.now = clock_now() };
}

static int conflict_order(const void *a, const void *b)
{
	const struct conflict *first = a, *second = b;

	if (first->when != second->when)
		return first->when < second->when ? -1 : 1;
	return (first->id > second->id) - (first->id < second->id);
}

static const struct fail *shelf_fill(struct shelf *shelf)
{
	struct service *service = shelf->service;
	struct conflict *all = NULL;
	struct engine engine;
	size_t count = 0;
	const struct fail *f = NULL;

	if (!service->state)
		return NULL;
	service->places = places_open(service->root);
	f = shelf->type->look_local(service->root, &service->side[LOCAL]);
	if (!f)
		f = state_conflicts(service->state, service->arena, &all, &count);
	if (f)
		return f;
	engine = shelf_engine(service);
	shelf->conflicts = all;
	for (size_t i = 0; i < count; i++) /* the next run closes the others */
		if (conflict_is_open(&engine, &all[i], service->arena))
			all[shelf->count++] = all[i];
	if (shelf->count > 1)
		qsort(all, shelf->count, sizeof *all, conflict_order);
	return NULL;
}

enum exit_code shelves_open(const struct call *call, struct shelf **result, size_t *count)
{
	struct shelf *shelves = memory_alloc((call->account_count * SERVICE_TYPES + 1) * sizeof *shelves);
	enum exit_code code = EXIT_DONE;

	*result = shelves;
	*count = 0;
	for (size_t i = 0; i < call->account_count * SERVICE_TYPES; i++) {
		struct shelf *shelf = &shelves[*count];
		const struct fail *f;

		shelf->account = call->accounts[i / SERVICE_TYPES];
		shelf->type = &service_types[i % SERVICE_TYPES];
		if (!service_wanted(shelf->type, shelf->account))
			continue;
		(*count)++;
		service_label(shelf->type, shelf->account, shelf->label);
		f = service_look(shelf->type, shelf->account, &shelf->service);
		if (fail_is(f, FAIL_MISSING)) /* no store yet */
			f = NULL;
		else if (!f)
			f = shelf_fill(shelf);
		if (f)
			log_line(LOG_QUIET, "%s: %s", shelf->label, f->text);
		code = exit_code_worse(code, exit_code_of(f));
	}
	return code;
}

void shelves_free(struct shelf *shelves, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		service_close(shelves[i].held);
		service_close(shelves[i].service);
	}
	free(shelves);
}

const struct fail *shelves_find(struct shelf *shelves, size_t count, int64_t number, struct shelf **shelf,
				struct conflict **conflict)
{
	*shelf = NULL;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < shelves[i].count; k++) {
			if (conflict_number(&shelves[i].conflicts[k]) != number)
				continue;
			if (*shelf)
				return fail_make(FAIL_USAGE, FAIL_ALL,
						 "%s and %s both have a conflict %" PRId64 ": choose with -a",
						 (*shelf)->account->name, shelves[i].account->name, number);
			*shelf = &shelves[i];
			*conflict = &shelves[i].conflicts[k];
		}
	if (!*shelf)
		return fail_make(FAIL_USAGE, FAIL_ALL, "there is no conflict %" PRId64, number);
	return NULL;
}
