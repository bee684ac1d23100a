/* Outline: a first pass over the text of a configuration, before libconfuse reads it.
 *
 * libconfuse 3.3 ends at the first unknown key, tells no line for a section, loses the first of two
 * sections of one name, passes over characters that fit nowhere without a word, lets an unset
 * environment variable vanish, and counts the line of a comment three times.  So this pass finds
 * these mistakes itself, notes on which line every section and key stands, and then makes the text
 * fit for libconfuse: comments and the statements with mistakes become spaces.
 */
#ifndef KOC_CONFIG_OUTLINE_H
#define KOC_CONFIG_OUTLINE_H

#include "base/vec.h"
#include "config/keys.h"

#include <stdbool.h>

struct arena;
struct buf;
struct mistakes;

/* A section, in the order of the file; a folder follows the account it is in. */
struct place {
	enum section section;
	int line;
	int key_line[KEYS_MOST]; /* by index into config_keys; 0: not given,
				  * negative: given with a mistake, not to be read */
	bool meant[KEYS_MOST];   /* probably meant by a mistyped name: do not call it missing */
	bool open_end;           /* a syntax error ended the reading inside it */
};

struct outline {
	VEC(struct place)
};

/* Scans `text` and changes it as said above, never its line breaks.  The strings in it are not looked
 * into, but for what would end or change them. */
void outline_scan(struct outline *outline, struct buf *text, struct arena *arena,
		  struct mistakes *mistakes);

#endif
