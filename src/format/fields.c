/* Fields: texts made safe, members written. */
#include "format/fields.h"

#include "base/memory.h"
#include "format/canon.h"
#include "format/words.h"

#include <stdlib.h>
#include <string.h>

/* All texts there can be, each byte of them escaped, come to less. */
#define FIELDS_MOST ((size_t)1024 * 1024)

void fields_begin(struct fields *fields)
{
	buf_init(&fields->text, FIELDS_MOST);
	fields->json = (struct json){ .out = &fields->text };
	json_begin(&fields->json, '{');
}

char *fields_end(struct fields *fields)
{
	char *text;

	json_end(&fields->json, '}');
	text = memory_str(fields->text.over ? "{}" : fields->text.data);
	buf_free(&fields->text);
	return text;
}

char *fields_clean(struct slice value, size_t most)
{
	struct buf text;
	size_t blanks, size;
	char *clean;

	if (value.size > 4 * most)
		value.size = 4 * most; /* more than that is not left of it */
	buf_init(&text, value.size);
	canon_unescape(&text, value);
	clean = words_clean(text.data, most);
	buf_free(&text);
	size = strlen(clean);
	while (size && clean[size - 1] == ' ')
		size--;
	blanks = strspn(clean, " ");
	if (size) {
		memmove(clean, clean + blanks, size - blanks);
		clean[size - blanks] = '\0';
		return clean;
	}
	free(clean);
	return NULL;
}

void fields_text(struct fields *fields, const char *key, struct slice value)
{
	char *clean = fields_clean(value, FIELDS_TEXT_MOST);

	if (clean) {
		json_key(&fields->json, key);
		json_text(&fields->json, clean);
	}
	free(clean);
}

void fields_word(struct fields *fields, const char *key, struct slice value)
{
	char *clean = fields_clean(value, FIELDS_WORD_MOST);

	if (clean) {
		for (char *c = clean; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c - 'A' + 'a');
		json_key(&fields->json, key);
		json_text(&fields->json, clean);
	}
	free(clean);
}

void fields_number(struct fields *fields, const char *key, struct slice value, unsigned most)
{
	unsigned number = 0;

	if (!value.size || value.size > 4)
		return;
	for (size_t i = 0; i < value.size; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return;
		number = number * 10 + (unsigned)(value.at[i] - '0');
	}
	if (number <= most) {
		json_key(&fields->json, key);
		json_count(&fields->json, number);
	}
}

void fields_count(struct fields *fields, const char *key, size_t count)
{
	if (count) {
		json_key(&fields->json, key);
		json_count(&fields->json, count);
	}
}

void fields_true(struct fields *fields, const char *key, bool value)
{
	if (value) {
		json_key(&fields->json, key);
		json_bool(&fields->json, true);
	}
}

void fields_moment(struct fields *fields, const char *key, struct moment moment)
{
	char text[MOMENT_TEXT];

	if (moment.kind == MOMENT_NONE)
		return;
	moment_text(moment, text);
	json_key(&fields->json, key);
	json_text(&fields->json, text);
}

void fields_list(struct fields *fields, const char *key)
{
	json_key(&fields->json, key);
	json_begin(&fields->json, '[');
	fields->listed = 0;
}

void fields_list_text(struct fields *fields, struct slice value)
{
	char *clean = fields->listed < FIELDS_LIST_MOST ? fields_clean(value, FIELDS_ITEM_MOST) : NULL;

	if (clean) {
		json_text(&fields->json, clean);
		fields->listed++;
	}
	free(clean);
}

void fields_list_end(struct fields *fields)
{
	json_end(&fields->json, ']');
}
