/* vCard: a small reader of our own; Debian has no library for it that is fit. */
#include "format/vcard.h"

#include "base/buf.h"
#include "format/fields.h"

#include <stdlib.h>
#include <string.h>

static struct slice value_of(const struct part *card, const char *name)
{
	const struct line *line = part_line(card, name);

	return line ? line->value : (struct slice){ 0 };
}

/* The piece with this number of a value like "Doe;Jane;;;". */
static struct slice piece_of(struct slice value, unsigned number)
{
	struct slice piece = { 0 };

	for (unsigned i = 0; i <= number; i++)
		if (!slice_cut(&value, ';', &piece))
			return (struct slice){ 0 };
	return piece;
}

/* ---- quoted-printable ---- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* vCard 2.1 writes what is not ASCII so.  A "=" at the end of a line joins it to the next one. */
static void unquote(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.size; i++) {
		char c = value.at[i];
		bool two = i + 2 < value.size && hex(value.at[i + 1]) >= 0 && hex(value.at[i + 2]) >= 0;

		if (c == '=' && two) {
			c = (char)(hex(value.at[i + 1]) * 16 + hex(value.at[i + 2]));
			i += 2;
		} else if (c == '=' && i + 1 < value.size && value.at[i + 1] == '\n') {
			i++;
			continue;
		}
		buf_addc(out, c);
	}
}

static bool is_quoted(const struct line *line)
{
	struct slice rest = line->params, name, values;

	while (param_next(&rest, &name, &values))
		if (param_is(values, "QUOTED-PRINTABLE"))
			return true;
	return false;
}

/* The line's value as it is without quoted-printable.  What is in `room` is overwritten. */
static struct slice decoded(struct buf *room, const struct line *line)
{
	if (!line || !is_quoted(line))
		return line ? line->value : (struct slice){ 0 };
	buf_clear(room);
	unquote(room, (struct slice){ line->value.at,
				      line->value.size < room->limit ? line->value.size : room->limit });
	return (struct slice){ room->data, room->size };
}

/* ---- the object ---- */

/* "tel:+420…" and "mailto:…" of version 4.0 are shown without the scheme. */
static struct slice without_scheme(struct slice value)
{
	static const char *const schemes[] = { "tel:", "mailto:" };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t size = strlen(schemes[i]);

		if (slice_starts(value, schemes[i]))
			return (struct slice){ value.at + size, value.size - size };
	}
	return value;
}

/* The values of all lines with this name. */
static void list_add(struct fields *fields, const struct part *card, struct buf *room, const char *name,
		     const char *key)
{
	if (!part_line(card, name))
		return;
	fields_list(fields, key);
	for (const struct line *line = card->lines; line; line = line->next)
		if (slice_is(line->name, name))
			fields_list_text(fields, without_scheme(decoded(room, line)));
	fields_list_end(fields);
}

static void categories_add(struct fields *fields, const struct part *card)
{
	struct slice rest, value;

	if (!part_line(card, "CATEGORIES"))
		return;
	fields_list(fields, "categories");
	for (const struct line *line = card->lines; line; line = line->next) {
		rest = line->value;
		while (slice_is(line->name, "CATEGORIES") && fields->listed < FIELDS_LIST_MOST &&
		       slice_cut(&rest, ',', &value))
			fields_list_text(fields, value);
	}
	fields_list_end(fields);
}

/* An organization and its units, with commas between. */
static void org_add(struct fields *fields, struct slice value)
{
	struct buf text;
	struct slice piece;

	buf_init(&text, FIELDS_TEXT_MOST);
	while (slice_cut(&value, ';', &piece)) {
		if (!piece.size)
			continue;
		if (text.size)
			buf_adds(&text, ", ");
		buf_add(&text, piece.at, piece.size);
	}
	fields_text(fields, "org", (struct slice){ text.data, text.size });
	buf_free(&text);
}

/* "Jane Doe" of "Doe;Jane;;;". */
static char *name_of_pieces(struct slice value)
{
	struct slice given = piece_of(value, 1), family = piece_of(value, 0);
	struct buf whole;
	char *name;

	buf_init(&whole, 8 * FIELDS_TEXT_MOST);
	buf_add(&whole, given.at, given.size);
	buf_addc(&whole, ' ');
	buf_add(&whole, family.at, family.size);
	name = fields_clean((struct slice){ whole.data, whole.size }, FIELDS_TEXT_MOST);
	buf_free(&whole);
	return name;
}

char *vcard_name(const struct part *card)
{
	struct buf room;
	char *name;

	buf_init(&room, 4 * FIELDS_TEXT_MOST);
	name = fields_clean(decoded(&room, part_line(card, "FN")), FIELDS_TEXT_MOST);
	if (!name)
		name = name_of_pieces(decoded(&room, part_line(card, "N")));
	if (!name)
		name = fields_clean(piece_of(decoded(&room, part_line(card, "ORG")), 0), FIELDS_TEXT_MOST);
	if (!name)
		name = fields_clean(decoded(&room, part_line(card, "EMAIL")), FIELDS_TEXT_MOST);
	buf_free(&room);
	return name;
}

static bool is_group(const struct part *card)
{
	return slice_is(value_of(card, "KIND"), "group") ||
	       slice_is(value_of(card, "X-ADDRESSBOOKSERVER-KIND"), "group");
}

char *vcard_fields(const struct part *card)
{
	char *name = vcard_name(card);
	struct fields fields;
	struct slice value;
	struct buf room;

	buf_init(&room, 4 * FIELDS_TEXT_MOST);
	fields_begin(&fields);
	fields_text(&fields, "component", (struct slice){ "contact", 7 });
	if (name) {
		json_key(&fields.json, "name");
		json_text(&fields.json, name);
	}
	value = decoded(&room, part_line(card, "N"));
	fields_text(&fields, "family", piece_of(value, 0));
	fields_text(&fields, "given", piece_of(value, 1));
	org_add(&fields, decoded(&room, part_line(card, "ORG")));
	list_add(&fields, card, &room, "EMAIL", "emails");
	list_add(&fields, card, &room, "TEL", "phones");
	fields_word(&fields, "birthday", value_of(card, "BDAY"));
	categories_add(&fields, card);
	fields_word(&fields, "version", value_of(card, "VERSION"));
	fields_true(&fields, "is_group", is_group(card));
	fields_true(&fields, "has_photo", value_of(card, "PHOTO").size > 0);
	buf_free(&room);
	free(name);
	return fields_end(&fields);
}
