/* Replays the fuzz targets without a fuzzer: every file of tests/fuzz/corpus/TARGET, and mutations of
 * each that are the same in every run.  Ends with "N passed, N failed"; status 1 when any failed.
 *
 *     replay CORPUS [TARGET INPUT]
 *
 * With a target and the number of an input, runs only that one, in this process, for a debugger. */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUTATIONS    4000 /* of all files of a target together */
#define SIZE_MOST    ((size_t)64 * 1024)
#define FILES_MOST   200
#define FAILURES_MOST 5   /* of a target; then it is left */
#define SECONDS_MOST 20   /* for one input */

/* FUZZ_TARGETS comes from the Makefile: X(mail) X(wire) … */
#define X(name) int fuzz_##name(const uint8_t *data, size_t size);
FUZZ_TARGETS
#undef X

static const struct target {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
} targets[] = {
#define X(name) { #name, fuzz_##name },
	FUZZ_TARGETS
#undef X
};

struct input {
	uint8_t data[SIZE_MOST];
	size_t size;
};

static struct input files[FILES_MOST];
static char *names[FILES_MOST];
static size_t file_count;

/* ---- the corpus --------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool corpus_load(const char *corpus, const char *target)
{
	char path[4096];
	struct dirent *entry;
	DIR *directory;

	for (size_t i = 0; i < file_count; i++)
		free(names[i]);
	file_count = 0;
	snprintf(path, sizeof path, "%s/%s", corpus, target);
	directory = opendir(path);
	if (!directory) {
		perror(path);
		return false;
	}
	while ((entry = readdir(directory)) && file_count < FILES_MOST)
		if (entry->d_name[0] != '.' && (names[file_count] = strdup(entry->d_name)))
			file_count++;
	closedir(directory);
	qsort(names, file_count, sizeof *names, by_name);
	for (size_t i = 0; i < file_count; i++) {
		FILE *file;

		snprintf(path, sizeof path, "%s/%s/%s", corpus, target, names[i]);
		file = fopen(path, "rb");
		if (!file) {
			perror(path);
			return false;
		}
		files[i].size = fread(files[i].data, 1, SIZE_MOST, file);
		fclose(file);
	}
	if (file_count < 3)
		printf("%s/%s: only %zu files\n", corpus, target, file_count);
	return file_count >= 3;
}

/* ---- mutations ---------------------------------------------------------------------------- */

static uint64_t seed;

static size_t draw(size_t below)
{
	/* xorshift64* (Vigna) */
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (size_t)((seed * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* Replaces `cut` bytes at `at` by others, as far as there is room. */
static void splice(struct input *input, size_t at, size_t cut, const uint8_t *with, size_t size)
{
	if (cut > input->size - at)
		cut = input->size - at;
	if (size > SIZE_MOST - (input->size - cut))
		return;
	memmove(input->data + at + size, input->data + at + cut, input->size - at - cut);
	if (size)
		memcpy(input->data + at, with, size);
	input->size += size - cut;
}

static void mutate(struct input *input)
{
	static const char *const tokens[] = { "\r",   "\n",  "\r\n",   "\r\r\n", "=?", "?=", "?Q?", "?B?",
					      "*",    "%",   "/",      "<",      ">",  ":",  "(",   "\\",
					      "\xff", "\xc2", "\x9b", "\xe2\x80\xae", "\033[", "-", "+", "=" };
	const struct input *other = &files[draw(file_count)];
	size_t at = draw(input->size + 1);
	const char *token = tokens[draw(sizeof tokens / sizeof *tokens)];
	uint8_t byte = (uint8_t)draw(256);
	size_t from = draw(other->size + 1);

	switch (draw(7)) {
	case 0: /* a bit */
		if (at < input->size)
			input->data[at] ^= (uint8_t)(1u << draw(8));
		break;
	case 1: /* a byte */
		splice(input, at, draw(2), &byte, 1);
		break;
	case 2: /* a token */
		splice(input, at, draw(4), (const uint8_t *)token, strlen(token));
		break;
	case 3: /* nothing */
		splice(input, at, 1 + draw(8), NULL, 0);
		break;
	case 4: /* itself again */
		if (input->size < SIZE_MOST / 4) {
			static struct input copy;

			copy = *input;
			from %= copy.size + 1;
			splice(input, at, 0, copy.data + from, copy.size - from);
		}
		break;
	case 5: /* another one's piece */
		splice(input, at, draw(16), other->data + from, draw(other->size - from + 1));
		break;
	case 6: /* the end */
		input->size = at;
		break;
	}
}

static size_t input_count(void)
{
	return file_count + MUTATIONS;
}

/* The n-th input: first the files, then mutations of them. */
static void input_make(size_t number, struct input *input)
{
	*input = files[number % file_count];
	if (number < file_count)
		return;
	seed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 1 + draw(6); i; i--)
		mutate(input);
}

/* ---- runs --------------------------------------------------------------------------------- */

static void run_one(const struct target *target, size_t number)
{
	static struct input input;
	uint8_t *exact;

	input_make(number, &input);
	/* A block of its own, so that the sanitizer sees a read beyond its end. */
	exact = malloc(input.size ? input.size : 1);
	if (!exact)
		abort();
	memcpy(exact, input.data, input.size);
	target->run(exact, input.size);
	free(exact);
}

static void child_run(const struct target *target, volatile size_t *number)
{
	for (; *number < input_count(); ++*number) {
		alarm(SECONDS_MOST);
		run_one(target, *number);
	}
	_exit(0);
}

/* Runs a target's inputs in a child; after a crash another one goes on behind it. */
static size_t target_run(const struct target *target, volatile size_t *number, size_t *passed)
{
	size_t failures = 0;

	for (*number = 0; *number < input_count() && failures < FAILURES_MOST; ++*number) {
		size_t first = *number;
		int status = 0;
		pid_t child;

		fflush(NULL);
		child = fork();
		if (child == 0)
			child_run(target, number);
		if (child < 0 || waitpid(child, &status, 0) != child) {
			perror("fork");
			return failures + 1;
		}
		*passed += *number - first;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			break;
		failures++;
		printf("%s: input %zu (of %s): %s\n", target->name, *number,
		       names[*number % file_count],
		       WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "ended by itself");
	}
	printf("%s: %zu files, %d mutations, %zu failed\n", target->name, file_count, MUTATIONS, failures);
	return failures;
}

int main(int argc, char **argv)
{
	volatile size_t *number = mmap(NULL, sizeof *number, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t passed = 0;
	size_t failed = 0;

	if ((argc != 2 && argc != 4) || number == MAP_FAILED) {
		fprintf(stderr, "usage: replay CORPUS [TARGET INPUT]\n");
		return 64;
	}
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		if (argc == 4 && strcmp(argv[2], targets[i].name) != 0)
			continue;
		if (!corpus_load(argv[1], targets[i].name))
			failed++;
		else if (argc == 4)
			run_one(&targets[i], strtoul(argv[3], NULL, 10));
		else
			failed += target_run(&targets[i], number, &passed);
	}
	if (argc == 2)
		printf("%zu passed, %zu failed\n", passed, failed);
	return failed || (argc == 2 && passed < 1000);
}
