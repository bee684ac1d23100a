/* Sync: what the files of `koc sync` share.  sync.c takes the command line; sync_jobs.c runs a worker for
 * each service of each account; sync_service.c is the work of one; sync_tell.c says what came of it. */
#ifndef KOC_COMMAND_SYNC_H
#define KOC_COMMAND_SYNC_H

#include "command/command.h"
#include "command/service.h"
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

/* One service of one account, and what is asked of it. */
struct sync_task {
	const struct call *call;
	const struct account *account;
	const struct service_type *type;
	char label[SERVICE_LABEL];  /* what people are told that it is */
	const char **folders;       /* those of the call that can be its own; count 0: all there are */
	size_t folder_count;
	bool alone;                 /* nobody else of the call can have them: they must be there */
};

/* Runs all services of all accounts of the call, side by side. */
enum exit_code sync_jobs(const struct call *call);

/* Synchronises one service, in its worker: what is for standard output goes to worker->out; nothing goes
 * there if the server turns out not to have the service.  `secret` may be NULL only if no login is tried.
 * `found` (task->folder_count of them, and one more for --first) is set where there is such a folder;
 * `unannounced`: there are conflicts that no message told of. */
enum exit_code sync_service(const struct sync_task *task, const char *secret, struct worker *worker,
			    bool *found, bool *unannounced);

/* What a service's run did, for people (one line), as a plan (dry runs), for programs (a JSON object). */
void sync_tell_people(const struct sync_task *task, const struct sync_outcome *outcome, struct buf *out);
void sync_tell_plan(const struct sync_task *task, const struct buf *plan, struct buf *out);
/* `error`: why it ended early; NULL: it did not.  plan: NULL no dry run. */
void sync_tell_program(const struct sync_task *task, const struct sync_outcome *outcome, const char *error,
		       enum exit_code code, const struct buf *plan, struct buf *out);

/* Did anything happen that is told? */
bool sync_did_something(const struct sync_outcome *outcome);

#endif
