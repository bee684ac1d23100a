/* Session: one account opened for a command: its directories, the lock, the state, the stores. */
#ifndef KOC_COMMAND_SESSION_H
#define KOC_COMMAND_SESSION_H

#include "config/config.h"
#include "engine/places.h"
#include "state/state.h"
#include "store/store.h"

#define SESSION_INNER ".koc"
#define SESSION_STATE "mail.db"

struct session {
	const struct account *account;
	struct arena *arena;
	int root;                 /* the account's store; -1: there is none */
	int inner;                /* .koc in it; -1: there is none */
	int lock;                 /* held; -1 not */
	char *scratch;            /* a directory in place of a store that is not there (dry runs) */
	struct state *state;      /* NULL: there is none (session_look only) */
	struct store *side[SIDES];
	struct spool spool;
	struct places *places;
};

/* For commands that only look at what is known: makes nothing, takes no lock.  An account that was
 * never synchronised has no state. */
const struct fail *session_look(const struct account *account, struct session **session) MUST_CHECK;

/* For a run: makes what is missing, takes the lock (FAIL_LOCKED), empties the spool, and opens state
 * and stores with the secret.  Dry: a store or a state that is not there is not made; the run gets an
 * empty one that leaves no trace. */
const struct fail *session_run(const struct account *account, bool dry, struct session **session)
	MUST_CHECK;

/* Closes all; NULL allowed. */
void session_close(struct session *session);

/* Steps of both: an empty session; the account's store, whose symlinks on the way to it are the user's
 * own and followed; .koc in it; is there a state in that? */
struct session *session_new(const struct account *account);
const struct fail *session_root_open(struct session *session) MUST_CHECK;
const struct fail *session_inner_open(struct session *session, bool make) MUST_CHECK;
bool session_state_there(const struct session *session);

#endif
