/* Output: the file that an attachment is written to.  It appears whole or not at all, 0600, and takes no
 * other file's place.  Standard output, a device or a pipe is written as it comes. */
#ifndef KOC_COMMAND_FETCH_OUTPUT_H
#define KOC_COMMAND_FETCH_OUTPUT_H

#include "base/fail.h"

#include <stdbool.h>
#include <stdint.h>

struct output {
	const char *path; /* "-": standard output */
	int fd;
	bool direct;      /* what is written there is there */
	int directory;    /* else: where it is to appear, */
	const char *name; /* under this name; */
	char other[64];   /* until then it has this one; "": it has none */
};

/* FAIL_USAGE (ITEM): it cannot be written to: there is a file of that name, or it is a directory; standard
 * output is a terminal. */
const struct fail *output_open(const char *path, struct output *output) MUST_CHECK;

/* Lets it appear and closes it.  FAIL_EXISTS: a file of that name appeared meanwhile. */
const struct fail *output_keep(struct output *output) MUST_CHECK;

/* Closes it; nothing stays. */
void output_drop(struct output *output);

/* Bytes in it; 0 for one that is written as it comes. */
uint64_t output_size(const struct output *output);

#endif
