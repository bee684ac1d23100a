/* Fetch: what the files of `koc fetch` share.  fetch.c takes the command line; fetch_arguments.c finds
 * out what is meant, in which accounts; fetch_service.c looks and fetches; fetch_workers.c has that done by a
 * process for each account; fetch_tell.c tells; fetch_part.c does --part, into the file of fetch_output.c. */
#ifndef KOC_COMMAND_FETCH_H
#define KOC_COMMAND_FETCH_H

#include "command/command.h"
#include "command/service.h"
#include "base/vec.h"
#include "engine/fetch.h"

struct json;
struct worker;

struct fetch_values {
	const char *part;   /* --part; NULL: whole messages */
	const char *output; /* -o */
};

/* What is asked of the mail of one account. */
struct fetch_task {
	const struct call *call;
	const struct account *account;
	char label[SERVICE_LABEL];
	struct service *service; /* to look at; NULL: not now, or not at all, for: */
	const struct fail *fail;
	struct {
		VEC(struct fetch_target)
	} targets;
	enum exit_code code;
};

/* A task for each account of the call that has mail, opened to be looked at.  What fails is told, and its
 * task has the code of it and no service; but that one was not synchronised yet only if that is so of
 * all. */
struct fetch_task *fetch_tasks_open(const struct call *call, struct arena *arena, size_t *count);
void fetch_tasks_close(struct fetch_task *tasks, size_t count); /* the services */
void fetch_tasks_free(struct fetch_task *tasks, size_t count);

/* Finds what the arguments mean: targets of the tasks.  What means nothing is told, and the code of it
 * returned. */
enum exit_code fetch_arguments(const struct call *call, struct fetch_task *tasks, size_t count,
			       struct arena *arena);

/* The part of the engine that looks, over an open service; the account's id is the caller's. */
struct engine fetch_engine(const struct fetch_task *task, struct service *service, const char *id);

/* Settles what needs no server.  False: there is nothing left to be fetched. */
bool fetch_needed(struct fetch_task *task, struct json *json);

/* The service of a task for a run, and the engine over it; the account's id is the caller's. */
const struct fail *fetch_open(struct fetch_task *task, const char *secret, struct service **service,
			      const char *id, struct engine *engine) MUST_CHECK;

/* Fetches what is left, in its worker: what is for standard output goes to worker->out. */
enum exit_code fetch_service(struct fetch_task *task, const char *secret, struct worker *worker,
			     void *nothing);

/* fetch_part.c: --part.  Of the one target of one task. */
enum exit_code fetch_part(const struct call *call, struct fetch_task *tasks, size_t count);

/* Runs jobs of tasks in workers, with the secret of each account. */
typedef enum exit_code fetch_work(struct fetch_task *task, const char *secret, struct worker *worker,
				  void *context);
enum exit_code fetch_workers(const struct call *call, struct fetch_task *const *tasks, size_t count,
			     fetch_work *work, void *context);

/* What is told of the files of a task, one by one. */
struct fetch_telling {
	struct fetch_task *task;
	struct buf *out;
	struct json *json;   /* --json; NULL: for people */
	enum exit_code code; /* the worst so far */
};
void fetch_tell_file(void *context, const struct fetch_file *file); /* of a struct fetch_telling */
void fetch_tell_sum(const struct fetch_telling *telling, const struct fetch_outcome *outcome);

#endif
