/* Conflicts: what the files of `koc conflicts` share.  conflicts.c takes the command line and resolves;
 * conflicts_shelf.c finds what is open; conflicts_tell.c tells it. */
#ifndef KOC_COMMAND_CONFLICTS_H
#define KOC_COMMAND_CONFLICTS_H

#include "command/command.h"
#include "command/service.h"
#include "engine/resolve.h"

struct json;

/* The open conflicts of one service of an account. */
struct shelf {
	const struct account *account;
	const struct service_type *type;
	char label[SERVICE_LABEL];
	struct service *service;    /* to look at; NULL: it was never synchronised, or cannot be opened */
	struct service *held;       /* to write to, once that was asked for */
	struct conflict *conflicts; /* in the order in which they were found */
	size_t count;
};

/* A shelf for each service of the accounts of the call; what fails is told and the code of it returned. Freed
 * with shelves_free. */
enum exit_code shelves_open(const struct call *call, struct shelf **shelves, size_t *count);
void shelves_free(struct shelf *shelves, size_t count);

/* The conflict of this number.  FAIL_USAGE: there is none, or several accounts have one. */
const struct fail *shelves_find(struct shelf *shelves, size_t count, int64_t number, struct shelf **shelf,
				struct conflict **conflict) MUST_CHECK;

/* The part of the engine that engine/resolve.h uses, over an open service. */
struct engine shelf_engine(struct service *service);

/* What is told: the list; one conflict. */
void conflicts_list(const struct call *call, const struct shelf *shelves, size_t count);
const struct fail *conflicts_show(const struct call *call, struct shelf *shelf,
				  const struct conflict *conflict, struct json *json) MUST_CHECK;

#endif
