/* Worker: a child process for the service of one account.  Accounts go side by side; one that hangs, fails
 * or crashes holds up no other.  The parent has the terminal: what a worker tells, how far it is, its output
 * and how it ended come through a pipe.
 *
 * The parent forks while it is small: it opens no state and no connection.  Secrets are handed over in the
 * memory that a fork copies.  A worker does not outlive its parent. */
#ifndef KOC_COMMAND_WORKER_H
#define KOC_COMMAND_WORKER_H

#include "base/buf.h"
#include "command/exit_code.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct progress;
struct worker;

/* Does the work, in the child.  It fills worker->out and worker->answer. */
typedef enum exit_code worker_job(struct worker *worker, void *context);

struct worker {
	/* Set by the caller: */
	const char *name;        /* of the account, for what is told */
	worker_job *job;
	void *context;
	/* Outcome: */
	bool finished;           /* the job returned `code`; else: */
	int signal;              /* it was ended by this one; 0: it ended in another way */
	enum exit_code code;     /* EXIT_SOME if it did not finish */
	struct buf out;          /* for standard output; whole only if it finished */
	struct buf answer;       /* anything else for the parent */

	/* Private: */
	pid_t pid;               /* 0: not running */
	int pipe;                /* read end in the parent, write end in the worker; -1: closed */
	struct buf in;           /* received, not taken apart yet */
	struct {
		char folder[128];
		uint64_t items, items_all, bytes;
	} progress;
};

/* Initialises one; all else that the caller does not set is zero. */
void worker_init(struct worker *worker);
void worker_free(struct worker *worker);

/* Runs them all to their ends and prints what they tell.  Result: 0, or the signal that told this process to
 * end: then all have been ended. */
int workers_run(struct worker *workers, size_t count);

/* In the job: how far it is.  Cheap enough to be called at each item. */
void worker_progress(struct worker *worker, const struct progress *progress);

#endif
