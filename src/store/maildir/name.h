/* Name: a message's file name, "BASE:2,INFO".  Pure.
 *
 * The base, which is the item's ref, ends at the first ":2," that is not at the very start.  The
 * info is letters: capitals are flags (D F P R S T; others belong to other programs and are kept),
 * a–z are keywords by the folder's table (letters.h).  What follows the first byte that is no
 * letter is nobody's, says nothing and is kept.
 */
#ifndef KOC_STORE_MAILDIR_NAME_H
#define KOC_STORE_MAILDIR_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_ROOM 256 /* a file's name and its NUL */

struct name {
	const char *base;    /* not terminated */
	size_t base_size;
	bool has_info;       /* there is a ":2," */
	uint32_t bits;       /* enum flag_bit */
	uint32_t letters;    /* a–z: bit 0 is a */
	uint32_t capitals;   /* A–Z that are no flags: bit 0 is A */
	const char *rest;    /* what no letter is; "" mostly */
};

/* The size of a file name's base. */
size_t name_base(const char *text);

/* Takes a file name apart; the result points into `text`. */
void name_parse(struct name *name, const char *text);

/* Puts it together, flags and letters in ASCII order; false if it is too long for a file name. */
bool name_build(char out[NAME_ROOM], const struct name *name);

/* Can this be a new message's base name? */
bool name_is_base(const char *text);

/* ---- unique names ------------------------------------------------------------------------- */

/* Makes names that no other delivery makes: "SECONDS.RrandomPpidQcount.host". */
struct unique {
	uint64_t random; /* of this process and store */
	unsigned count;
	char host[64];   /* "" until the first name is made */
};

void unique_name(struct unique *unique, char out[NAME_ROOM]);

/* Was this name made by unique_name of this very object? */
bool unique_mine(const struct unique *unique, const char *name);

#endif
