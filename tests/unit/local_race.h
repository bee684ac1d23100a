/* What the tests of local drivers share that race with another program, or are killed at each step. */
#ifndef KOC_TESTS_LOCAL_RACE_H
#define KOC_TESTS_LOCAL_RACE_H

#include "local_room.h"

#include <sys/wait.h>

/* ---- looking for texts -------------------------------------------------------------------- */

/* What the walk over all files looks for. */
static struct {
	const char *text;
	size_t found;
	size_t dotted; /* files whose names begin with ".koc-" */
} sought;

static inline int look_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	char text[256];
	ssize_t got;
	int fd;

	(void)type;
	if (!S_ISREG(status->st_mode) || strstr(path, "/spool/"))
		return 0;
	sought.dotted += strncmp(path + ftw->base, ".koc-", 5) == 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = read(fd, text, sizeof text - 1);
	text[got > 0 ? got : 0] = '\0';
	close(fd);
	sought.found += strcmp(text, sought.text) == 0;
	return 0;
}

/* How many files hold just this, in the folders, the vault and where the other program puts
 * things; not in the spool. */
static inline size_t copies_of(const struct room *room, const char *text)
{
	sought.text = text;
	sought.found = sought.dotted = 0;
	nftw(room->path, look_one, 16, FTW_PHYS);
	return sought.found;
}

/* ---- another program ---------------------------------------------------------------------- */

/* What another program does just before this step. */
struct intruder {
	const char *at;
	int root;
	void (*act)(int root);
};

static inline const struct fail *intrude(void *context, const char *what)
{
	struct intruder *intruder = context;

	if (intruder->at && strcmp(what, intruder->at) == 0) {
		intruder->at = NULL;
		intruder->act(intruder->root);
	}
	return NULL;
}

/* ---- killed ------------------------------------------------------------------------------- */

static unsigned steps_left;

static inline const struct fail *die(void *context, const char *what)
{
	(void)context;
	(void)what;
	if (--steps_left == 0)
		_exit(9);
	return NULL;
}

struct scenario {
	const char *name;
	void (*run)(struct room *);
	void (*see)(struct room *, bool done); /* what may be there; all, when it is done */
	unsigned least;                        /* steps */
};

/* Runs it in a child that dies at its n-th step; true when it came to its end before. */
static inline bool run_killed(struct room *room, const struct scenario *scenario, unsigned n)
{
	int status;
	pid_t child = room_fork();

	if (child == 0) {
		steps_left = n;
		step_set_hook(die, NULL);
		scenario->run(room);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9));
	return WEXITSTATUS(status) == 0;
}

#endif
