/* Mistakes: what is wrong in a configuration, collected in any order and told in the order of the
 * file, so that one run shows all there is to mend. */
#ifndef KOC_CONFIG_MISTAKES_H
#define KOC_CONFIG_MISTAKES_H

#include "base/vec.h"

#include <stdbool.h>

struct arena;

struct mistake {
	int file;         /* index of the file read: the configuration, then its .modes */
	int line;         /* 0: the file as a whole */
	const char *text; /* "FILE:LINE: what is wrong" */
};

struct mistakes {
	struct arena *arena; /* owns the texts */
	const char *path;    /* the file being read now */
	int file;
	size_t untold;       /* more than were kept */
	VEC(struct mistake)
};

void mistakes_init(struct mistakes *mistakes);
void mistakes_free(struct mistakes *mistakes);

/* From now on mistakes are in this file.  `path` is borrowed. */
void mistakes_file(struct mistakes *mistakes, const char *path);

/* Control characters in the text are escaped: it stays one line. */
void mistake_add(struct mistakes *mistakes, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sorts by place and gives each text to `report` (which may be NULL), at most MISTAKES_TOLD and then a
 * line that counts the rest.  Returns the first text, or NULL if there is none. */
#define MISTAKES_TOLD 50
const char *mistakes_tell(struct mistakes *mistakes, void (*report)(void *context, const char *line),
			  void *context);

#endif
