/* Stamps: what a folder's directories and its table of keywords looked like when it was listed. */
#ifndef KOC_STORE_MAILDIR_STAMPS_H
#define KOC_STORE_MAILDIR_STAMPS_H

#include "store/stamp.h"

#include <stdbool.h>

struct stamps {
	struct stamp cur, new, table;
};

#define STAMPS_TEXT 300

/* The cursor for stamps that were read after the touch at `touched`; one that is not trusted is
 * written so that it never matches. */
void stamps_text(char out[STAMPS_TEXT], const struct stamps *stamps, struct timespec touched);

/* Does the cursor say that nothing changed since?  False for any text that is no cursor. */
bool stamps_match(const char *cursor, const struct stamps *now);

#endif
