/* Attributes: the parameters of Content-Type and Content-Disposition ("; charset=utf-8"), as they were
 * sent, and as text for people: in pieces and in any character set (RFC 2231), as encoded words where
 * none belong (RFC 2047), as raw bytes. */
#ifndef KOC_FORMAT_ATTRIBUTE_H
#define KOC_FORMAT_ATTRIBUTE_H

#include <stddef.h>

struct arena;

#define ATTRIBUTES_MOST 100 /* of one field; more are not read */

struct attribute {
	const char *name;  /* as sent: "filename*0*" */
	const char *value; /* as sent, without quotes and backslashes of a quoted string */
	struct attribute *next;
};

/* Reads a field's text, unfolded or not: what stands before the first semicolon, without blanks and
 * comments around it, and the attributes behind it.  All lies in the arena; *value is never NULL. */
void attributes_read(const char *text, size_t size, struct arena *arena, const char **value,
		     struct attribute **first);

/* The value of the attribute with this very name (any case of letters) as sent; NULL none. */
const char *attribute_value(const struct attribute *first, const char *name);

/* The value for people: valid UTF-8 of at most `most` bytes without control characters, never empty; NULL
 * none.  In the arena. */
const char *attribute_text(const struct attribute *first, const char *name, size_t most, struct arena *arena);

#endif
