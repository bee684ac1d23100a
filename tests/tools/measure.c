/* measure FILE PROGRAM [ARGUMENT...]: runs a program and writes to FILE what it cost, as one line of
 *
 *	PEAK-KB CPU-MICROSECONDS WALL-MICROSECONDS
 *
 * and ends as the program ended (128 + signal if it was killed).  A large process, as a test's
 * interpreter, cannot ask this itself: what it forks inherits its own peak. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long microseconds(const struct timeval *t)
{
	return t->tv_sec * 1000000L + t->tv_usec;
}

int main(int count, char **words)
{
	struct timespec began, ended;
	struct rusage usage;
	FILE *out = NULL;
	pid_t pid;
	int status = 0;

	if (count < 3) {
		fprintf(stderr, "usage: measure FILE PROGRAM [ARGUMENT...]\n");
		return 64;
	}
	clock_gettime(CLOCK_MONOTONIC, &began);
	pid = fork();
	if (pid == 0) {
		execvp(words[2], words + 2);
		perror(words[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
		perror("measure");
		return 71;
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	out = fopen(words[1], "w");
	if (!out || fprintf(out, "%ld %ld %ld\n", usage.ru_maxrss,
			    microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime),
			    (long)(ended.tv_sec - began.tv_sec) * 1000000L +
				    (ended.tv_nsec - began.tv_nsec) / 1000) < 0 ||
	    fclose(out)) {
		perror(words[1]);
		return 71;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
