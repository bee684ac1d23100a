/* Account: one sync of one service (mail, DAV) of an account, between two stores. */
#ifndef KOC_ENGINE_ACCOUNT_H
#define KOC_ENGINE_ACCOUNT_H

#include "base/fail.h"
#include "config/config.h"
#include "core/item.h"
#include "engine/places.h"
#include "state/state.h"
#include "store/store.h"

struct buf;

/* How far a run is, for the progress line. */
struct progress {
	const char *folder;      /* being worked on; NULL none */
	uint64_t items, items_all;
	uint64_t bytes;
};

struct engine {
	const char *service;     /* "mail", "dav": its part of the vault; other services of the account may be
				  * at work in the same store */
	struct store *side[SIDES];
	struct state *state;
	const char *account;     /* its id, as text forms name it; NULL: there are none of this service */
	struct places *places;
	/* Settings of a folder by configuration; `context` is passed through. */
	void (*settings)(void *context, const char *path, enum kind kind, uint32_t roles,
			 struct folder_settings *settings);
	void *settings_context;
	/* Called now and then; may be NULL. */
	void (*progress)(void *context, const struct progress *progress);
	void *progress_context;
	/* One line for the user (item set aside, folder skipped, removals held); may be NULL. */
	void (*tell)(void *context, const char *line);
	void *tell_context;
	int64_t now;             /* seconds since the epoch, the run's time */
	int vault_days;          /* how long the vault keeps a file; 0 for ever */
	size_t round_most;       /* new items on the server that one round takes; 0: enough for any machine.
				  * Tests set a few */
};

struct sync_request {
	const char *const *folders; /* names or patterns; count 0: all */
	size_t folder_count;
	bool *found;                /* folder_count of them, set where there is such a folder; NULL:
	                             * all must be there, else FAIL_USAGE before anything is done */
	const char *first;          /* the folder to begin with; NULL none */
	bool *first_found;          /* set where there is one: is that folder there? */
	const char *here;           /* the folder in which the user is; NULL none */
	bool dry_run;
	bool pull_only, push_only;
	const char *const *allow;   /* --allow-removals */
	size_t allow_count;
	int64_t deadline;           /* clock_monotonic() at which the run ends itself; 0 none */
};

struct sync_outcome {
	uint64_t pulled, pushed;            /* items whose bytes travelled */
	uint64_t flagged[SIDES];            /* items whose flags were changed on that side */
	uint64_t removed[SIDES];            /* on that side */
	uint64_t moved[SIDES];
	uint64_t adopted;                   /* found equal on both sides without a base */
	uint64_t conflicts;
	uint64_t merged;                    /* edits of both sides made one */
	uint64_t held;                      /* removals held by the brake */
	uint64_t set_aside;                 /* items that failed in this run */
	uint64_t raced;                     /* lost a race; the next run looks again */
	uint64_t folders_failed;
	bool unreachable;                   /* some of what failed did as the line broke or was silent */
	uint64_t folders_changed;           /* made, renamed, dropped */
	struct buf *plan;                   /* dry run: the plan, a line an operation; caller's buffer */
};

/* Synchronises.  A fail of ACCOUNT scope ended the run early; finished folders stay finished.  What failed
 * in single items or folders is in the outcome and was told. */
const struct fail *account_sync(const struct engine *engine, const struct sync_request *request,
				struct sync_outcome *outcome) MUST_CHECK;

#endif
