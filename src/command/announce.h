/* Announce: the message about conflicts that no message has told of yet (SPEC 4), put into the account's own
 * store by the parent of a run when its workers have ended: one message for what all services found. */
#ifndef KOC_COMMAND_ANNOUNCE_H
#define KOC_COMMAND_ANNOUNCE_H

#include "config/config.h"

struct service;

/* Does the service have such conflicts? */
const struct fail *announce_needed(const struct service *service, bool *needed) MUST_CHECK;

/* Delivers the message, if there is anything to tell, and marks what it tells of.  `several`: there are other
 * accounts.  A service that a run is at work in is left to that run. */
const struct fail *announce(const struct account *account, bool several) MUST_CHECK;

#endif
