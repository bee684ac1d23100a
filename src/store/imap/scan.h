/* Scan: takes words, numbers, strings and lists off a response's text.  Bounded: no recursion,
 * no allocation but in the arena given.  A literal has been put into the text as a quoted string
 * before (gate.c), so a quoted string may hold any byte but NUL. */
#ifndef KOC_STORE_IMAP_SCAN_H
#define KOC_STORE_IMAP_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define SCAN_DEPTH_MOST 300 /* Dovecot tells of parts 100 deep */

struct scan {
	const char *at; /* NUL-terminated */
};

/* Some bytes of the text. */
struct span {
	const char *text;
	size_t size;
};

/* All return false, and take nothing, if what they are to take is not next. */
bool scan_char(struct scan *scan, char c);
bool scan_number(struct scan *scan, uint64_t *number);

/* One word: up to a space, a bracket of any sort, a quote or the end; not empty. */
bool scan_word(struct scan *scan, struct span *word);

/* The same, but only if it is this one (any case). */
bool scan_this(struct scan *scan, const char *word);

/* A quoted string or an atom, in the arena; NIL gives NULL. */
bool scan_string(struct scan *scan, struct arena *arena, char **string);

/* One value of any form: atom, quoted string, list nested at most SCAN_DEPTH_MOST deep. */
bool scan_value(struct scan *scan, struct span *value);

/* The ID in "(ID)", an objectid (RFC 8474 7), in the arena; NULL if it is none. */
const char *span_object(struct span span, struct arena *arena);

bool span_is(struct span span, const char *word); /* any case */

#endif
