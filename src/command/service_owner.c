/* Service: whose store it is. */
#include "command/service.h"

#include <string.h>

#define OWNER "user" /* the memo */

/* Whom a state names; NULL: nobody. */
static const struct fail *owner_of(struct state *state, struct arena *arena, const char **owner)
{
	return state_memo_get(state, OWNER, arena, owner);
}

/* Whom the states of the account's other services name.  One that cannot be read says nothing here: that is
 * told where it is needed. */
static const char *owner_elsewhere(const struct service *service)
{
	const char *owner = NULL;

	for (size_t i = 0; i < SERVICE_TYPES && !owner; i++) {
		const struct service_type *type = &service_types[i];
		struct state *state = NULL;
		const struct fail *f = NULL;

		if (type == service->type || !service_state_there(service, type))
			continue;
		f = state_open(service->inner, type->state, &state);
		if (!f)
			f = owner_of(state, service->arena, &owner);
		if (f)
			owner = NULL;
		state_close(state);
	}
	return owner;
}

const struct fail *service_own(const struct service *service)
{
	const char *owner = NULL;
	const struct fail *f = owner_of(service->state, service->arena, &owner);

	if (f || owner)
		return f;
	return state_memo_put(service->state, OWNER, service->account->user);
}

const struct fail *service_own_check(const struct service *service)
{
	const struct account *account = service->account;
	const char *owner = NULL;
	const struct fail *f = owner_of(service->state, service->arena, &owner);

	if (!f && !owner)
		owner = owner_elsewhere(service);
	if (f || !owner || strcmp(owner, account->user) == 0)
		return f;
	return fail_make(FAIL_CONFIG, FAIL_ACCOUNT,
			 "%s belongs to %s, not to %s: give each user a store of their own (or, if it is "
			 "the same person under a new name, remove %s/" SERVICE_INNER ")",
			 account->store, owner, account->user, account->store);
}
