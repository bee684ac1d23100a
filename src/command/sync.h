/* Sync: what the files of `koc sync` share.  sync.c takes the command line and runs a worker for each
 * account; sync_account.c is the work of one; sync_tell.c says what came of it. */
#ifndef KOC_COMMAND_SYNC_H
#define KOC_COMMAND_SYNC_H

#include "command/command.h"
#include "engine/account.h"

struct worker;

#define ALLOW_MOST 64

struct sync_values {
	const char *first;
	bool dry_run, pull, push;
	const char *allow[ALLOW_MOST];
	size_t allow_count;
	int64_t seconds; /* --max-time; 0 none */
};

/* Synchronises the mail of one account, in its worker: what is for standard output goes to `out`.
 * `secret` may be NULL only if no login is tried.  `found` as in struct sync_request. */
enum exit_code sync_account(const struct call *call, const struct account *account, const char *secret,
			    struct worker *worker, bool *found);

/* What an account's run did, for people (one line), as a plan (dry runs), for programs (a JSON object). */
void sync_tell_people(const struct account *account, const struct sync_outcome *outcome, struct buf *out);
void sync_tell_plan(const struct call *call, const struct account *account, const struct buf *plan,
		    struct buf *out);
/* `error`: why it ended early; NULL: it did not.  plan: NULL no dry run. */
void sync_tell_program(const struct account *account, const struct sync_outcome *outcome, const char *error,
		       enum exit_code code, const struct buf *plan, struct buf *out);

/* Did anything happen that is told? */
bool sync_did_something(const struct sync_outcome *outcome);

#endif
