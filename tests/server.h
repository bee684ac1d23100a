/* A private server for a unit test, started by one of the programs in tests/servers; and what its
 * directory says of it. */
#ifndef KOC_TESTS_SERVER_H
#define KOC_TESTS_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER_ARGUMENTS 24

/* Runs a program of tests/servers; false if it failed. */
static inline bool server_run(const char *program, const char *const *arguments)
{
	char path[64];
	int status = -1;
	pid_t pid;

	snprintf(path, sizeof path, "tests/servers/%s", program);
	pid = fork();
	if (pid == 0) {
		execv(path, (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* The port it left in port.NAME; "" if there is none. */
static inline void server_port(const char *directory, const char *name, char port[8])
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof path, "%s/port.%s", directory, name);
	file = fopen(path, "r");
	if (!file || !fgets(port, 8, file))
		port[0] = '\0';
	port[strcspn(port, "\n")] = '\0';
	if (file)
		fclose(file);
}

/* Starts one in a fresh directory, whose name is put into `directory`, with these further arguments,
 * NULL-terminated; it ends with this process at the latest. */
static inline bool server_start(const char *program, char directory[64], const char *const *more)
{
	const char *arguments[SERVER_ARGUMENTS + 8] = { program, "start", "--dir", directory, "--with" };
	char owner[24];
	size_t count = 5;

	snprintf(directory, 64, "/tmp/koc-%s-XXXXXX", program);
	if (!mkdtemp(directory) || chmod(directory, 0755) != 0)
		return false;
	snprintf(owner, sizeof owner, "%ld", (long)getpid());
	arguments[count++] = owner;
	for (; *more && count < SERVER_ARGUMENTS; more++)
		arguments[count++] = *more;
	return server_run(program, arguments);
}

/* Ends it and removes its directory. */
static inline void server_stop(const char *program, const char *directory)
{
	const char *const arguments[] = { program, "stop", "--dir", directory, NULL };
	pid_t pid;

	server_run(program, arguments);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", directory, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

#endif
