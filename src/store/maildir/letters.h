/* Letters: which keyword each of the letters a–z in a folder's file names means, as Dovecot writes
 * it down in the file `dovecot-keywords`: lines "0 name", "1 name", … (0 is a).
 *
 * A letter, once in the table, never gets another meaning.  A letter without an entry says
 * nothing. An entry that makes no sense (a name that is no keyword, two lines for one letter) says
 * nothing either, but its letter is taken.  Lines that are not understood are kept when the table
 * is written. An entry "$Forwarded" means the flag bit.
 */
#ifndef KOC_STORE_MAILDIR_LETTERS_H
#define KOC_STORE_MAILDIR_LETTERS_H

#include "base/fail.h"
#include "store/stamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define LETTERS      26
#define LETTERS_FILE "dovecot-keywords"
#define LETTERS_MOST ((size_t)64 * 1024) /* bytes in the file */

struct letters {
	char *text;              /* the file; owned */
	size_t size;
	char *keyword[LETTERS];  /* owned; NULL: says nothing */
	uint32_t taken;          /* letters that have a line */
	uint32_t forwarded;      /* letters that mean FLAG_FORWARDED */
	bool broken;             /* the file cannot be read as a table: it is left as it is */
	struct stamp stamp;      /* of the file when it was read */
};

/* ---- pure --------------------------------------------------------------------------------- */

/* Takes over the text of a table (copied). */
void letters_parse(struct letters *letters, const char *text, size_t size);
void letters_free(struct letters *letters);

/* All letters that mean one of these keywords. */
uint32_t letters_of(const struct letters *letters, const char *keywords);

/* The keywords that a set of letters means, canonical; NULL none.  The second one: of all letters;
 * "" none. */
const char *letters_keywords(const struct letters *letters, struct arena *arena, uint32_t set);
const char *letters_all(const struct letters *letters, struct arena *arena);

/* Is there no letter left, whatever files bear? */
bool letters_full(const struct letters *letters);

/* Gives a keyword that has no letter yet the lowest one that has no line and is not in `used` (the
 * letters that files bear).  False if there is none, or the keyword cannot stand in a table. */
bool letters_assign(struct letters *letters, const char *keyword, uint32_t used);

/* ---- the file ----------------------------------------------------------------------------- */

/* Reads the table of the folder's directory.  A missing one is empty. */
const struct fail *letters_load(struct letters *letters, int directory) MUST_CHECK;

/* Writes it, durably, by way of the file `name` in the directory `tmp`. */
const struct fail *letters_save(struct letters *letters, int directory, int tmp,
				const char *name) MUST_CHECK;

#endif
