/* Strings: the few things that <string.h> lacks.  ASCII only where letters matter (locale-free). */
#ifndef KOC_BASE_STR_H
#define KOC_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
int str_casecmp(const char *a, const char *b);             /* ASCII, locale-free */
int str_ncasecmp(const char *a, const char *b, size_t n);

/* Parses a decimal number without sign; the whole string must be digits and fit.  False if not. */
bool str_u64(const char *s, uint64_t *value);
bool str_u32(const char *s, uint32_t *value);

/* Is it valid UTF-8 (no overlong forms, no surrogates)? */
bool str_utf8(const char *s, size_t size);

/* The length of the valid UTF-8 sequence that s begins with, and its code point; 0 if none. */
size_t str_utf8_next(const char *s, size_t size, uint32_t *code);

/* Copies at most room-1 bytes, always terminates; returns false if it was cut. */
bool str_copy(char *to, size_t room, const char *from);

/* Levenshtein distance, capped at `most` + 1; for "did you mean". */
size_t str_distance(const char *a, const char *b, size_t most);

/* Does `name` match `pattern`?  `*` is any run of characters, `%` any run without '/', as in IMAP
 * LIST (RFC 3501 6.3.8).  Never backtracks: time grows with the product of both lengths, whatever
 * the pattern. */
bool str_match(const char *pattern, const char *name);

/* Lower-case hexadecimal of n bytes into out[2n+1]. */
void str_hex(char *out, const void *bytes, size_t n);
bool str_unhex(void *bytes, const char *hex, size_t n); /* false unless exactly 2n digits */

#endif
