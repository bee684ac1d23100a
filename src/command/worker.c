/* Worker: child processes for accounts, what they send, and their end. */
#include "command/worker.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/str.h"
#include "base/terminal.h"
#include "command/worker_progress.h"
#include "engine/account.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS_MOST 32          /* at a time; more accounts wait for their turn */
#define OUT_MOST     (256u << 20)
#define ANSWER_MOST  (1u << 20)
#define PART_MOST    32768       /* bytes that one frame carries */

/* ---- frames: what goes through the pipe --------------------------------------------------------- */

enum frame_type { FRAME_LINE, FRAME_PROGRESS, FRAME_OUT, FRAME_ANSWER, FRAME_END };

/* Both ends are one program: its own byte order and layout will do. */
struct frame {
	uint32_t type;
	uint32_t size; /* bytes that follow */
};

static void send_all(int pipe, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = write(pipe, data, size);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			_exit(EXIT_SOME); /* nobody waits for this work any more */
		data += sent;
		size -= (size_t)sent;
	}
}

static void send_frame(int pipe, enum frame_type type, const void *data, size_t size)
{
	char bytes[sizeof(struct frame) + PART_MOST];
	struct frame frame = { .type = type, .size = (uint32_t)size };

	memcpy(bytes, &frame, sizeof frame);
	memcpy(bytes + sizeof frame, data, size);
	send_all(pipe, bytes, sizeof frame + size);
}

static void send_buf(int pipe, enum frame_type type, const struct buf *buf)
{
	for (size_t at = 0; at < buf->size; at += PART_MOST)
		send_frame(pipe, type, buf->data + at,
			   buf->size - at < PART_MOST ? buf->size - at : PART_MOST);
}

static void send_line(void *context, const char *text)
{
	const struct worker *worker = context;

	send_frame(worker->pipe, FRAME_LINE, text, strlen(text));
}

void worker_progress(struct worker *worker, const struct progress *progress)
{
	if (!progress_due())
		return;
	str_copy(worker->progress.folder, sizeof worker->progress.folder,
		 progress->folder ? progress->folder : "");
	worker->progress.items = progress->items;
	worker->progress.items_all = progress->items_all;
	worker->progress.bytes = progress->bytes;
	send_frame(worker->pipe, FRAME_PROGRESS, &worker->progress, sizeof worker->progress);
}

/* ---- the worker --------------------------------------------------------------------------------- */

void worker_init(struct worker *worker)
{
	memset(worker, 0, sizeof *worker);
	worker->code = EXIT_SOME;
	worker->pipe = -1;
	buf_init(&worker->out, OUT_MOST);
	buf_init(&worker->answer, ANSWER_MOST);
	buf_init(&worker->in, 2 * (sizeof(struct frame) + PART_MOST));
}

void worker_free(struct worker *worker)
{
	buf_free(&worker->out);
	buf_free(&worker->answer);
	buf_free(&worker->in);
}

/* All workers of a run, in the parent. */
struct crew {
	struct worker *workers;
	size_t count;
	size_t next;       /* the first that has not been started */
	size_t running;
	int signals;       /* a signalfd */
	sigset_t before;   /* the signal mask */
	int ended_by;      /* the signal that told this process to end; 0 none */
};

__attribute__((noreturn)) static void child(const struct crew *crew, struct worker *worker, int pipe,
					    pid_t parent)
{
	uint32_t code;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent) /* it has ended already */
		_exit(EXIT_SOME);
	sigprocmask(SIG_SETMASK, &crew->before, NULL);
	close(crew->signals);
	for (size_t i = 0; i < crew->count; i++)
		if (crew->workers[i].pipe >= 0)
			close(crew->workers[i].pipe);
	worker->pipe = pipe;
	log_set_sink(send_line, worker);
	code = (uint32_t)worker->job(worker, worker->context);
	send_buf(pipe, FRAME_OUT, &worker->out);
	send_buf(pipe, FRAME_ANSWER, &worker->answer);
	send_frame(pipe, FRAME_END, &code, sizeof code);
#ifdef __SANITIZE_ADDRESS__
	exit(EXIT_SUCCESS); /* looks for leaks */
#else
	_exit(EXIT_SUCCESS);
#endif
}

static void start(struct crew *crew, struct worker *worker)
{
	int ends[2] = { -1, -1 };
	pid_t parent = getpid();

	if (pipe2(ends, O_CLOEXEC) < 0)
		goto fail;
	worker->pid = fork();
	if (worker->pid < 0)
		goto fail;
	if (worker->pid == 0) {
		close(ends[0]);
		child(crew, worker, ends[1], parent);
	}
	close(ends[1]);
	worker->pipe = ends[0];
	crew->running++;
	return;
fail:
	log_line(LOG_QUIET, "%s: no process for it: %s", worker->name, strerror(errno));
	worker->pid = 0;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
}

/* ---- the parent --------------------------------------------------------------------------------- */

static bool take_frame(struct worker *worker, const struct frame *frame, const char *data)
{
	uint32_t code;

	switch ((enum frame_type)frame->type) {
	case FRAME_LINE:
		log_line(LOG_QUIET, "%.*s", (int)frame->size, data);
		return true;
	case FRAME_PROGRESS:
		if (frame->size != sizeof worker->progress)
			return false;
		memcpy(&worker->progress, data, sizeof worker->progress);
		worker->progress.folder[sizeof worker->progress.folder - 1] = '\0';
		return true;
	case FRAME_OUT:
		buf_add(&worker->out, data, frame->size);
		return true;
	case FRAME_ANSWER:
		buf_add(&worker->answer, data, frame->size);
		return true;
	case FRAME_END:
		if (frame->size != sizeof code)
			return false;
		memcpy(&code, data, sizeof code);
		worker->code = (enum exit_code)code;
		worker->finished = true;
		return true;
	}
	return false;
}

/* Takes whole frames out of what was received; false: it makes no sense. */
static bool take_frames(struct worker *worker)
{
	struct frame frame;

	while (worker->in.size >= sizeof frame) {
		memcpy(&frame, worker->in.data, sizeof frame);
		if (frame.size > PART_MOST)
			return false;
		if (worker->in.size < sizeof frame + frame.size)
			break;
		if (!take_frame(worker, &frame, worker->in.data + sizeof frame))
			return false;
		buf_drop(&worker->in, sizeof frame + frame.size);
	}
	return true;
}

static void receive(struct worker *worker)
{
	char data[PART_MOST];
	ssize_t got = read(worker->pipe, data, sizeof data);

	if (got < 0 && errno == EINTR)
		return;
	if (got > 0) {
		buf_add(&worker->in, data, (size_t)got);
		if (take_frames(worker))
			return;
		kill(worker->pid, SIGKILL);
	}
	close(worker->pipe); /* its end, however it comes */
	worker->pipe = -1;
}

static void end_all(struct crew *crew)
{
	crew->next = crew->count;
	for (size_t i = 0; i < crew->count; i++)
		if (crew->workers[i].pid > 0)
			kill(crew->workers[i].pid, SIGKILL);
}

static void take_signal(struct crew *crew)
{
	struct signalfd_siginfo info;

	if (read(crew->signals, &info, sizeof info) != sizeof info || info.ssi_signo == SIGCHLD)
		return;
	crew->ended_by = (int)info.ssi_signo;
	end_all(crew);
}

static void judge(const struct crew *crew, struct worker *worker, int status)
{
	if (worker->finished && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	worker->finished = false;
	worker->code = EXIT_SOME;
	if (WIFSIGNALED(status))
		worker->signal = WTERMSIG(status);
	if (crew->ended_by)
		return;
	if (worker->signal)
		log_line(LOG_QUIET, "%s: ended by signal %d", worker->name, worker->signal);
	else
		log_line(LOG_QUIET, "%s: ended before its time (status %d)", worker->name,
			 WEXITSTATUS(status));
}

/* Collects those that have ended; what they sent has been read by then. */
static void reap(struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++) {
		struct worker *worker = &crew->workers[i];
		int status = 0;

		if (worker->pid <= 0 || worker->pipe >= 0 ||
		    waitpid(worker->pid, &status, WNOHANG) != worker->pid)
			continue;
		worker->pid = 0;
		crew->running--;
		judge(crew, worker, status);
	}
}

/* Waits for news of any worker, or a signal. */
static void attend(struct crew *crew, struct pollfd *polls)
{
	polls[0] = (struct pollfd){ .fd = crew->signals, .events = POLLIN };
	for (size_t i = 0; i < crew->count; i++) /* negative: poll leaves it out */
		polls[i + 1] = (struct pollfd){ .fd = crew->workers[i].pipe, .events = POLLIN };
	if (poll(polls, crew->count + 1, -1) < 0)
		return; /* interrupted */
	if (polls[0].revents)
		take_signal(crew);
	for (size_t i = 0; i < crew->count; i++)
		if (polls[i + 1].revents)
			receive(&crew->workers[i]);
	reap(crew);
	progress_show(crew->workers, crew->count);
}

/* From here on the signals that end a program come in order, through a descriptor.  Those that are ignored
 * (nohup) stay so. */
static bool listen_begin(struct crew *crew)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGTERM };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
		struct sigaction action;

		if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, ending[i]);
	}
	crew->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (crew->signals < 0) {
		log_line(LOG_QUIET, "signalfd: %s", strerror(errno));
		return false;
	}
	sigprocmask(SIG_BLOCK, &set, &crew->before);
	return true;
}

int workers_run(struct worker *workers, size_t count)
{
	struct crew crew = { .workers = workers, .count = count };
	struct pollfd *polls;

	signal(SIGCHLD, SIG_DFL); /* ignored, it would take the children's status away */
	if (!listen_begin(&crew))
		return 0;
	polls = memory_alloc((count + 1) * sizeof *polls);
	while (crew.next < count || crew.running > 0) {
		while (crew.next < count && crew.running < WORKERS_MOST)
			start(&crew, &workers[crew.next++]);
		if (crew.running > 0)
			attend(&crew, polls);
	}
	terminal_clear();
	if (crew.ended_by)
		log_line(LOG_QUIET, "ended by SIG%s; the next run goes on from here",
			 sigabbrev_np(crew.ended_by));
	free(polls);
	close(crew.signals);
	sigprocmask(SIG_SETMASK, &crew.before, NULL);
	return crew.ended_by;
}
