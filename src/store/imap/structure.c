/* Structure: one pass over the brackets, the open ones on the tree itself. */
#include "store/imap/structure.h"

#include "base/arena.h"
#include "format/attribute.h"
#include "store/imap/scan.h"

#include <string.h>

struct reading {
	struct structure *structure;
	struct arena *arena;
	struct scan scan;
};

static void blanks(struct reading *reading)
{
	while (scan_char(&reading->scan, ' '))
		;
}

/* All below take one value and the blanks in front of it; false: it is not next. */

/* A string, or NULL for NIL. */
static bool take_string(struct reading *reading, const char **string)
{
	char *taken;

	blanks(reading);
	if (!scan_string(&reading->scan, reading->arena, &taken))
		return false;
	*string = taken;
	return true;
}

/* The same in lower case, never NULL. */
static bool take_word(struct reading *reading, const char **word)
{
	const char *taken;

	if (!take_string(reading, &taken))
		return false;
	*word = taken ? structure_lower(reading->arena, taken) : "";
	return true;
}

static bool take_number(struct reading *reading, uint64_t *number)
{
	blanks(reading);
	return scan_number(&reading->scan, number);
}

/* Anything. */
static bool take_value(struct reading *reading)
{
	struct span span;

	blanks(reading);
	return scan_value(&reading->scan, &span);
}

static bool take_nil(struct reading *reading)
{
	blanks(reading);
	return scan_this(&reading->scan, "NIL");
}

/* NIL or ("name" "value" …). */
static bool take_attributes(struct reading *reading, const struct attribute **first)
{
	const struct attribute **last = first;
	size_t count = 0;

	if (take_nil(reading))
		return true;
	if (!scan_char(&reading->scan, '('))
		return false;
	for (;;) {
		struct attribute *attribute;
		const char *name, *value;

		blanks(reading);
		if (scan_char(&reading->scan, ')'))
			return true;
		if (!take_string(reading, &name) || !take_string(reading, &value))
			return false;
		if (!name || !value || ++count > ATTRIBUTES_MOST)
			continue;
		attribute = arena_alloc(reading->arena, sizeof *attribute);
		attribute->name = name;
		attribute->value = value;
		*last = attribute;
		last = (const struct attribute **)&attribute->next;
	}
}

/* NIL or ("attachment" (…)); some servers leave the brackets away. */
static bool take_disposition(struct reading *reading, struct structure_part *part)
{
	if (take_nil(reading))
		return true;
	if (!scan_char(&reading->scan, '('))
		return take_word(reading, &part->disposed);
	return take_word(reading, &part->disposed) && take_attributes(reading, &part->disposed_attributes) &&
	       (blanks(reading), scan_char(&reading->scan, ')'));
}

/* What may follow in a later version of the protocol, and the bracket that closes the part. */
static bool take_rest(struct reading *reading)
{
	for (;;) {
		blanks(reading);
		if (scan_char(&reading->scan, ')'))
			return true;
		if (!take_value(reading))
			return false;
	}
}

static bool closes(struct reading *reading)
{
	blanks(reading);
	return *reading->scan.at == ')';
}

/* The extension data of a part, and its closing bracket: MD5, disposition, language, location.  Any of it
 * may be missing at the end. */
static bool take_extension(struct reading *reading, struct structure_part *part)
{
	if (!closes(reading) && !take_value(reading))
		return false;
	if (!closes(reading) && !take_disposition(reading, part))
		return false;
	return take_rest(reading);
}

/* The same of a multipart: attributes, disposition, language, location. */
static bool take_multipart_end(struct reading *reading, struct structure_part *part)
{
	part->type = "multipart";
	if (!take_word(reading, &part->subtype))
		return false;
	if (!closes(reading) && !take_attributes(reading, &part->attributes))
		return false;
	if (!closes(reading) && !take_disposition(reading, part))
		return false;
	return take_rest(reading);
}

/* An envelope; of what is in it only the subject is of use: the second of ten. */
static bool take_envelope(struct reading *reading, struct structure_part *part)
{
	if (take_nil(reading))
		return true;
	if (!scan_char(&reading->scan, '('))
		return false;
	if (!closes(reading) && !take_value(reading))
		return false;
	blanks(reading);
	if (!closes(reading) && *reading->scan.at != '(' && !take_string(reading, &part->titled))
		return false;
	return take_rest(reading);
}

static bool take_fields(struct reading *reading, struct structure_part *part)
{
	const char *id;

	if (!take_word(reading, &part->type) || !take_word(reading, &part->subtype) ||
	    !take_attributes(reading, &part->attributes) || !take_string(reading, &id) ||
	    !take_string(reading, &part->described) || !take_word(reading, &part->encoding) ||
	    !take_number(reading, &part->octets))
		return false;
	part->id = id ? id : "";
	return *part->type && *part->subtype;
}

/* Lines, where they are told. */
static void take_lines(struct reading *reading, struct structure_part *part)
{
	if (!take_nil(reading))
		part->has_lines = take_number(reading, &part->lines);
}

enum outcome { ENDED, HAS_PARTS, WRONG };

/* A part that has just been opened: to its end, or to the first part in it. */
static enum outcome take_part(struct reading *reading, struct structure_part *part)
{
	blanks(reading);
	if (*reading->scan.at == '(') {
		part->type = "multipart";
		return HAS_PARTS;
	}
	if (!take_fields(reading, part))
		return WRONG;
	blanks(reading);
	if (structure_is(part, "text", NULL)) {
		take_lines(reading, part);
	} else if (structure_is(part, "message", "rfc822") || structure_is(part, "message", "global")) {
		/* Some servers tell no more of it than of any other part. */
		bool told = *reading->scan.at == '(';

		if (told && !take_envelope(reading, part))
			return WRONG;
		if (!told)
			(void)take_nil(reading); /* an envelope that is none, or an MD5 */
		blanks(reading);
		if (*reading->scan.at == '(')
			return HAS_PARTS;
		if (told && !take_nil(reading))
			return WRONG;
		take_lines(reading, part);
	}
	return take_extension(reading, part) ? ENDED : WRONG;
}

/* The end of a part whose parts have all been taken. */
static bool take_end(struct reading *reading, struct structure_part *part)
{
	if (strcmp(part->type, "multipart") == 0)
		return take_multipart_end(reading, part);
	take_lines(reading, part);
	return take_extension(reading, part);
}

/* The whole; false where it makes no sense. */
static bool read_all(struct reading *reading)
{
	struct structure_part *outer = NULL, *part;

	do {
		enum outcome outcome;

		blanks(reading);
		if (!scan_char(&reading->scan, '('))
			return false;
		part = structure_add(reading->structure, outer);
		if (!part)
			return false;
		outcome = take_part(reading, part);
		if (outcome == WRONG)
			return false;
		if (outcome == HAS_PARTS) {
			outer = part;
			continue;
		}
		/* Closed: those around it too, unless more of theirs follow. */
		for (;; outer = outer->parent) {
			blanks(reading);
			if (!outer || (strcmp(outer->type, "multipart") == 0 && *reading->scan.at == '('))
				break;
			if (!take_end(reading, outer))
				return false;
		}
	} while (outer);
	blanks(reading);
	return !*reading->scan.at;
}

struct structure *structure_read(struct arena *arena, const char *value, size_t size)
{
	struct reading reading = {
		.structure = structure_new(arena),
		.arena = arena,
		.scan = { arena_strn(arena, value, size) },
	};

	if (!read_all(&reading))
		reading.structure->broken = true;
	if (reading.structure->root)
		structure_settle(reading.structure);
	return reading.structure;
}
