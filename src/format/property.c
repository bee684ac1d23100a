/* Property: the tables. */
#include "format/property.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Left out on purpose:
 *
 * DTSTAMP, LAST-MODIFIED (REV in a card): programs and servers set them anew whenever they write,
 * also when they change nothing else, and any change that means something changes something else
 * too. PRODID, X-RADICALE-NAME: who wrote it. QUIRK(radicale): puts its own PRODID, and older
 * versions X-RADICALE-NAME, into what it stores. METHOD:PUBLISH: RFC 4791 4.1 forbids METHOD in a
 * stored item, so servers take it away; PUBLISH is what it is anyway.  Another METHOD stays: in a
 * file that was saved from a message it says what to do.
 *
 * Left in on purpose: CREATED, which nobody has a reason to change; SEQUENCE, by which the others
 * of a meeting know which version is newer.  A server that raises SEQUENCE costs one look at the
 * item, no conflict. */
#define TEXT .type = "TEXT"

static const struct property calendar[] = {
	{ "ACTION", SHAPE_WORD, TEXT },
	{ "ATTACH", SHAPE_PLAIN, .marks = PROPERTY_UNORDERED, .type = "URI" },
	{ "ATTENDEE", SHAPE_ADDRESS, .marks = PROPERTY_UNORDERED, .type = "CAL-ADDRESS" },
	{ "CALSCALE", SHAPE_WORD, TEXT, .value = "GREGORIAN" },
	{ "CATEGORIES", SHAPE_TEXTS, .marks = PROPERTY_UNORDERED | PROPERTY_SPLIT, .type = "TEXT" },
	{ "CLASS", SHAPE_WORD, TEXT, .value = "PUBLIC" },
	{ "COMMENT", SHAPE_TEXT, TEXT },
	{ "COMPLETED", SHAPE_TIME, .type = "DATE-TIME" },
	{ "CONTACT", SHAPE_TEXT, TEXT },
	{ "CREATED", SHAPE_TIME, .type = "DATE-TIME" },
	{ "DESCRIPTION", SHAPE_TEXT, TEXT },
	{ "DTEND", SHAPE_TIME, .type = "DATE-TIME" },
	{ "DTSTAMP", SHAPE_TIME, .marks = PROPERTY_NOISE },
	{ "DTSTART", SHAPE_TIME, .type = "DATE-TIME" },
	{ "DUE", SHAPE_TIME, .type = "DATE-TIME" },
	{ "DURATION", SHAPE_DURATION, .type = "DURATION" },
	{ "EXDATE", SHAPE_TIMES, .marks = PROPERTY_UNORDERED | PROPERTY_SPLIT, .type = "DATE-TIME" },
	{ "EXRULE", SHAPE_RULE, .marks = PROPERTY_UNORDERED, .type = "RECUR" },
	{ "FREEBUSY", SHAPE_TIMES, .marks = PROPERTY_UNORDERED | PROPERTY_SPLIT, .type = "PERIOD" },
	{ "GEO", SHAPE_PLAIN, .type = "FLOAT" },
	{ "LAST-MODIFIED", SHAPE_TIME, .marks = PROPERTY_NOISE },
	{ "LOCATION", SHAPE_TEXT, TEXT },
	{ "METHOD", SHAPE_WORD, TEXT, .value = "PUBLISH" },
	{ "ORGANIZER", SHAPE_ADDRESS, .type = "CAL-ADDRESS" },
	{ "PERCENT-COMPLETE", SHAPE_NUMBER, .type = "INTEGER" },
	{ "PRIORITY", SHAPE_NUMBER, .type = "INTEGER", .value = "0" },
	{ "PRODID", SHAPE_TEXT, .marks = PROPERTY_NOISE },
	{ "RDATE", SHAPE_TIMES, .marks = PROPERTY_UNORDERED | PROPERTY_SPLIT, .type = "DATE-TIME" },
	{ "RECURRENCE-ID", SHAPE_TIME, .type = "DATE-TIME" },
	{ "RELATED-TO", SHAPE_TEXT, .marks = PROPERTY_UNORDERED, .type = "TEXT" },
	{ "REPEAT", SHAPE_NUMBER, .type = "INTEGER" },
	{ "REQUEST-STATUS", SHAPE_PARTS, .marks = PROPERTY_UNORDERED, .type = "TEXT" },
	{ "RESOURCES", SHAPE_TEXTS, .marks = PROPERTY_UNORDERED | PROPERTY_SPLIT, .type = "TEXT" },
	{ "RRULE", SHAPE_RULE, .marks = PROPERTY_UNORDERED, .type = "RECUR" },
	{ "SEQUENCE", SHAPE_NUMBER, .type = "INTEGER", .value = "0" },
	{ "STATUS", SHAPE_WORD, TEXT },
	{ "SUMMARY", SHAPE_TEXT, TEXT },
	{ "TRANSP", SHAPE_WORD, TEXT, .value = "OPAQUE" },
	{ "TRIGGER", SHAPE_DURATION, .type = "DURATION" },
	{ "TZID", SHAPE_TEXT, TEXT },
	{ "TZNAME", SHAPE_TEXT, TEXT },
	{ "TZOFFSETFROM", SHAPE_PLAIN, .type = "UTC-OFFSET" },
	{ "TZOFFSETTO", SHAPE_PLAIN, .type = "UTC-OFFSET" },
	{ "TZURL", SHAPE_PLAIN, .marks = PROPERTY_NOISE },
	{ "UID", SHAPE_TEXT, TEXT },
	{ "URL", SHAPE_PLAIN, .type = "URI" },
	{ "VERSION", SHAPE_WORD, TEXT, .value = "2.0" },
	{ "X-LIC-LOCATION", SHAPE_TEXT, .marks = PROPERTY_NOISE },
	{ "X-RADICALE-NAME", SHAPE_TEXT, .marks = PROPERTY_NOISE },
};

static const struct property contact[] = {
	{ "ADR", SHAPE_PARTS, .marks = PROPERTY_SHORT, .type = "TEXT" },
	{ "CATEGORIES", SHAPE_TEXTS, .marks = PROPERTY_UNORDERED | PROPERTY_SPLIT, .type = "TEXT" },
	{ "EMAIL", SHAPE_TEXT, TEXT },
	{ "FN", SHAPE_TEXT, TEXT },
	{ "GENDER", SHAPE_PARTS, .marks = PROPERTY_SHORT, .type = "TEXT" },
	{ "IMPP", SHAPE_PLAIN, .type = "URI" },
	{ "KIND", SHAPE_WORD, TEXT, .value = "INDIVIDUAL" },
	{ "KEY", .shape = SHAPE_PLAIN },
	{ "LABEL", SHAPE_TEXT, TEXT },
	{ "LOGO", .shape = SHAPE_PLAIN },
	{ "MEMBER", SHAPE_PLAIN, .marks = PROPERTY_UNORDERED, .type = "URI" },
	{ "N", SHAPE_PARTS, .marks = PROPERTY_SHORT, .type = "TEXT" },
	{ "NICKNAME", SHAPE_TEXTS, TEXT },
	{ "NOTE", SHAPE_TEXT, TEXT },
	{ "ORG", SHAPE_PARTS, .marks = PROPERTY_SHORT, .type = "TEXT" },
	{ "PHOTO", .shape = SHAPE_PLAIN },
	{ "PRODID", SHAPE_TEXT, .marks = PROPERTY_NOISE },
	{ "REV", SHAPE_TIME, .marks = PROPERTY_NOISE },
	{ "ROLE", SHAPE_TEXT, TEXT },
	{ "SORT-STRING", SHAPE_TEXT, TEXT },
	{ "SOUND", .shape = SHAPE_PLAIN },
	{ "TEL", SHAPE_TEXT, TEXT },
	{ "TITLE", SHAPE_TEXT, TEXT },
	{ "UID", .shape = SHAPE_TEXT },
	{ "URL", .shape = SHAPE_PLAIN },
	{ "VERSION", .shape = SHAPE_PLAIN },
	{ "X-ABADR", SHAPE_PARTS, .marks = PROPERTY_UNORDERED },
	{ "X-ABLABEL", SHAPE_PARTS, .marks = PROPERTY_UNORDERED },
	{ "X-ADDRESSBOOKSERVER-KIND", SHAPE_WORD, TEXT },
	{ "X-ADDRESSBOOKSERVER-MEMBER", SHAPE_PLAIN, .marks = PROPERTY_UNORDERED },
	{ "X-RADICALE-NAME", SHAPE_TEXT, .marks = PROPERTY_NOISE },
};

/* RFC 5545 3.8.8.2: of a property that is not known the value is a text.  In a card nobody says so. */
static const struct property calendar_other = { "", SHAPE_TEXT, TEXT };
static const struct property contact_other = { "", .shape = SHAPE_PARTS };

static const struct parameter parameters[] = {
	{ "CHARSET", PARAMETER_WORD, NULL },
	{ "CUTYPE", PARAMETER_WORD, "INDIVIDUAL" },
	{ "ENCODING", PARAMETER_WORD, "8BIT" },
	{ "FBTYPE", PARAMETER_WORD, "BUSY" },
	{ "FMTTYPE", PARAMETER_WORD, NULL },
	{ "LANGUAGE", PARAMETER_WORD, NULL },
	{ "PARTSTAT", PARAMETER_WORD, "NEEDS-ACTION" },
	{ "PREF", PARAMETER_WORD, NULL },
	{ "RANGE", PARAMETER_WORD, NULL },
	{ "RELATED", PARAMETER_WORD, "START" },
	{ "RELTYPE", PARAMETER_WORD, "PARENT" },
	{ "ROLE", PARAMETER_WORD, "REQ-PARTICIPANT" },
	{ "RSVP", PARAMETER_WORD, "FALSE" },
	{ "SCHEDULE-AGENT", PARAMETER_WORD, "SERVER" },
	{ "TYPE", PARAMETER_SET, NULL },
	{ "VALUE", PARAMETER_WORD, NULL },
};

static const struct parameter parameter_other = { "", PARAMETER_PLAIN, NULL };

const struct property *property_find(struct slice name, bool card)
{
	const struct property *table = card ? contact : calendar;
	size_t count = card ? COUNT(contact) : COUNT(calendar);

	for (size_t i = 0; i < count; i++)
		if (slice_is(name, table[i].name))
			return &table[i];
	return card ? &contact_other : &calendar_other;
}

/* The shapes of values that say what they are. */
static const struct {
	const char *type;
	enum shape shape;
} types[] = {
	{ "BINARY", SHAPE_BINARY },  { "BOOLEAN", SHAPE_WORD },   { "CAL-ADDRESS", SHAPE_ADDRESS },
	{ "DATE", SHAPE_TIME },      { "DATE-TIME", SHAPE_TIME }, { "DURATION", SHAPE_DURATION },
	{ "INTEGER", SHAPE_NUMBER }, { "PERIOD", SHAPE_TIME },    { "RECUR", SHAPE_RULE },
};

static bool textual(enum shape shape)
{
	return shape == SHAPE_TEXT || shape == SHAPE_TEXTS || shape == SHAPE_PARTS || shape == SHAPE_WORD;
}

static enum shape shape_of_type(const struct property *property, struct slice values, bool card)
{
	if (param_is(values, "TEXT"))
		return textual(property->shape) ? property->shape : SHAPE_TEXT;
	for (size_t i = 0; !card && i < COUNT(types); i++)
		if (param_is(values, types[i].type))
			return property->shape == SHAPE_TIMES && types[i].shape == SHAPE_TIME
				       ? SHAPE_TIMES
				       : types[i].shape;
	return SHAPE_PLAIN;
}

enum shape property_shape(const struct property *property, const struct line *line, bool card)
{
	struct slice rest = line->params, name, values;
	enum shape shape = property->shape;

	while (param_next(&rest, &name, &values)) {
		if (name.size && slice_is(name, "VALUE"))
			shape = shape_of_type(property, values, card);
		else if (param_is(values, "QUOTED-PRINTABLE"))
			return SHAPE_PLAIN;
		else if (param_is(values, "BASE64") || (slice_is(name, "ENCODING") && param_is(values, "B")))
			return SHAPE_BINARY;
	}
	return slice_starts(line->value, "data:") && !textual(shape) ? SHAPE_BINARY : shape;
}

const struct parameter *parameter_find(struct slice name)
{
	for (size_t i = 0; i < COUNT(parameters); i++)
		if (slice_is(name, parameters[i].name))
			return &parameters[i];
	return &parameter_other;
}
