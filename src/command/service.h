/* Service: one of the services of an account, mail or DAV, opened for a command: directories, lock, state,
 * stores.  They share the account's store and nothing else: each has its own of everything in .koc, so that
 * they can be at work side by side, and one that fails does not touch the other. */
#ifndef KOC_COMMAND_SERVICE_H
#define KOC_COMMAND_SERVICE_H

#include "config/config.h"
#include "engine/places.h"
#include "state/state.h"
#include "store/store.h"

#define SERVICE_INNER ".koc"
#define SERVICE_TYPES 2

struct service;

/* What tells the services apart. */
struct service_type {
	const char *name;         /* "mail", "dav": in --json, in the vault, behind the account's name */
	bool kinds[KINDS];        /* of folders that it keeps in step */
	const char *lock, *state, *spool; /* their names in .koc */
	const char *makes;        /* a directory of the store that open_local makes; NULL: none */
	const char *absent;       /* the file in .koc that says that the server has no such service; NULL: a
				   * server that is known by its name alone must have it, too */
	/* Is it named by a key of its own?  Else the account has it if it has `server`. */
	bool (*named)(const struct account *account);
	const struct fail *(*open_local)(int root, struct store **store);
	const struct fail *(*look_local)(int root, struct store **store); /* for one who only looks */
	/* `memo`: of the last run, NULL none. */
	struct store *(*open_server)(const struct account *account, const char *secret, const char *memo);
	/* When a server that asked to wait may be asked again, by that memo; 0: at once.  NULL: none asks. */
	int64_t (*memo_wait)(const char *memo);
};
extern const struct service_type service_types[SERVICE_TYPES];

/* Does the account have such a service, as far as its configuration tells? */
bool service_wanted(const struct service_type *type, const struct account *account);

/* Can the pattern match folders that it keeps? */
bool service_reaches(const struct service_type *type, const char *pattern);

/* What people are told that it is: "work"; "work (dav)" where the account has mail beside it. */
#define SERVICE_LABEL 96
void service_label(const struct service_type *type, const struct account *account, char label[SERVICE_LABEL]);

struct service {
	const struct service_type *type;
	const struct account *account;
	struct arena *arena;
	int root;                 /* the account's store; -1: there is none */
	int inner;                /* .koc in it; -1: there is none */
	int lock;                 /* held; -1 not */
	bool fresh;               /* type->makes was not there: an empty one goes again */
	char *scratch;            /* a directory in place of a store that is not there (dry runs) */
	struct state *state;      /* NULL: there is none (service_look only) */
	struct store *side[SIDES];
	struct spool spool;
	struct places *places;
};

/* For commands that only look at what is known: makes nothing, takes no lock.  A service that was
 * never synchronised has no state. */
const struct fail *service_look(const struct service_type *type, const struct account *account,
				struct service **service) MUST_CHECK;

/* For a run: makes what is missing, takes the lock (FAIL_LOCKED), empties the spool, and opens state
 * and stores; the secret is only read.  Dry: a store or a state that is not there is not made; the run
 * gets an empty one that leaves no trace. */
const struct fail *service_run(const struct service_type *type, const struct account *account,
			       const char *secret, bool dry, struct service **service) MUST_CHECK;

/* For commands that change what is here without asking the server: takes the lock (FAIL_LOCKED), opens the
 * state and the local store.  FAIL_MISSING if it was never synchronised. */
const struct fail *service_hold(const struct service_type *type, const struct account *account,
				struct service **service) MUST_CHECK;

/* Closes all; NULL allowed. */
void service_close(struct service *service);

/* Notes that the run of this time came to its end, without a write to the state: a run with nothing to do
 * has none. */
void service_note(const struct service *service, int64_t when);

/* The time of the last run that came to its end; 0 never. */
int64_t service_noted(const struct service *service);

/* Whose store is it?  What belongs to two users must never be mixed.  own writes it down, once, for a run
 * that has come to its end, so that the login is known to be right; check refuses another user
 * (FAIL_CONFIG), whichever of the account's services it was that wrote it down. */
const struct fail *service_own(const struct service *service) MUST_CHECK;
const struct fail *service_own_check(const struct service *service) MUST_CHECK;

/* A server that is known by its name alone need not have every service: optional.  never_there: it is such a
 * one, and nothing of it was ever seen.  That it is not there is noted and believed for some time, at most
 * ABSENT_MOST seconds: absent; known: there is something to tell of it. */
#define ABSENT_MOST 86400
bool service_optional(const struct service_type *type, const struct account *account);
bool service_absent(const struct service_type *type, const struct account *account, int64_t now);
bool service_known(const struct service *service);
const struct fail *service_never_there(const struct service *service, bool *never) MUST_CHECK;
const struct fail *service_note_absent(const struct service *service, int64_t until) MUST_CHECK;
void service_note_there(const struct service *service);

/* Steps of both: an empty service; the account's store, whose symlinks on the way to it are the user's
 * own and followed; .koc in it; is there a state of this type in that? */
struct service *service_new(const struct service_type *type, const struct account *account);
const struct fail *service_root_open(struct service *service) MUST_CHECK;
const struct fail *service_inner_open(struct service *service, bool make) MUST_CHECK;
bool service_state_there(const struct service *service, const struct service_type *type);

#endif
