/* Service: the mail of one account, opened for a command: directories, lock, state, stores. */
#ifndef KOC_COMMAND_SERVICE_H
#define KOC_COMMAND_SERVICE_H

#include "config/config.h"
#include "engine/places.h"
#include "state/state.h"
#include "store/store.h"

#define SERVICE_LOCK  "lock"
#define SERVICE_INNER ".koc"
#define SERVICE_STATE "mail.db"
#define SERVICE_MAIL  "mail"

struct service {
	const struct account *account;
	struct arena *arena;
	int root;                 /* the account's store; -1: there is none */
	int inner;                /* .koc in it; -1: there is none */
	int lock;                 /* held; -1 not */
	bool fresh;               /* its mail/ was not there: an empty one goes again */
	char *scratch;            /* a directory in place of a store that is not there (dry runs) */
	struct state *state;      /* NULL: there is none (service_look only) */
	struct store *side[SIDES];
	struct spool spool;
	struct places *places;
};

/* For commands that only look at what is known: makes nothing, takes no lock.  An account that was
 * never synchronised has no state. */
const struct fail *service_look(const struct account *account, struct service **service) MUST_CHECK;

/* For a run: makes what is missing, takes the lock (FAIL_LOCKED), empties the spool, and opens state
 * and stores; the secret is only read.  Dry: a store or a state that is not there is not made; the run
 * gets an empty one that leaves no trace. */
const struct fail *service_run(const struct account *account, const char *secret, bool dry,
			       struct service **service) MUST_CHECK;

/* Closes all; NULL allowed. */
void service_close(struct service *service);

/* Notes that a run came to its end, without a write to the state: a run with nothing to do has none. */
void service_note(const struct service *service);

/* Writes down, once, whose store this is: another user's mail must never be mixed with it.  For a run
 * that has come to its end, so that the login is known to be right.  service_run refuses another user
 * (FAIL_CONFIG). */
const struct fail *service_own(const struct service *service) MUST_CHECK;

/* When a run last came to its end, in seconds since the epoch; 0 never. */
int64_t service_noted(const struct service *service);

/* Steps of both: an empty service; the account's store, whose symlinks on the way to it are the user's
 * own and followed; .koc in it; is there a state in that? */
struct service *service_new(const struct account *account);
const struct fail *service_root_open(struct service *service) MUST_CHECK;
const struct fail *service_inner_open(struct service *service, bool make) MUST_CHECK;
bool service_state_there(const struct service *service);

#endif
