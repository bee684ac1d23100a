/* Property: what is known of the properties and parameters of iCalendar and vCard: how a value is
 * written, and what says nothing. */
#ifndef KOC_FORMAT_PROPERTY_H
#define KOC_FORMAT_PROPERTY_H

#include "format/lines.h"

/* How a value is made. */
enum shape {
	SHAPE_PLAIN,    /* nothing is known of it: byte by byte */
	SHAPE_TEXT,     /* one text (RFC 5545 3.3.11); an escape before a comma or semicolon means nothing */
	SHAPE_TEXTS,    /* texts with commas between */
	SHAPE_PARTS,    /* lists of texts with semicolons between */
	SHAPE_WORD,     /* one of a few words, in any case of letters */
	SHAPE_NUMBER,   /* an integer */
	SHAPE_TIME,     /* a date, a date-time or a period */
	SHAPE_TIMES,    /* some with commas between */
	SHAPE_DURATION, /* RFC 5545 3.3.6 */
	SHAPE_RULE,     /* RFC 5545 3.3.10 */
	SHAPE_ADDRESS,  /* a URI whose scheme may be in any case: "mailto:…" */
	SHAPE_BINARY    /* base64: blanks mean nothing */
};

enum property_mark {
	PROPERTY_NOISE = 1,     /* changes without a meaning, or means nothing in a stored item */
	PROPERTY_UNORDERED = 2, /* several of this name have no order */
	PROPERTY_SPLIT = 4,     /* one with a list is several with one value each */
	PROPERTY_SHORT = 8      /* empty pieces at its end mean nothing */
};

struct property {
	const char *name;
	enum shape shape;
	unsigned marks;    /* enum property_mark */
	const char *type;  /* the VALUE that it has without saying so; NULL unknown */
	const char *value; /* a value that means the same as not having the property; NULL none */
};

/* What is known of the property; never NULL. */
const struct property *property_find(struct slice name, bool card);

/* The shape of this line's value: VALUE and ENCODING are heard. */
enum shape property_shape(const struct property *property, const struct line *line, bool card);

enum parameter_kind {
	PARAMETER_PLAIN,
	PARAMETER_WORD, /* in any case of letters */
	PARAMETER_SET   /* words without an order, each once; several parameters are one */
};

struct parameter {
	const char *name;
	enum parameter_kind kind;
	const char *value; /* iCalendar: as property.value */
};

/* What is known of the parameter; never NULL. */
const struct parameter *parameter_find(struct slice name);

#endif
