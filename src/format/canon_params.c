/* Canon: parameters. */
#include "format/canon.h"

#include "base/buf.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

/* A parameter as it is to be written, somewhere in a buffer: "NAME=value". */
struct written {
	size_t at, size;
	size_t name; /* of `size` */
	const char *data;
};

struct written_list {
	VEC(struct written)
};

/* By name; those of one name stay in their order. */
static int written_order(const void *a, const void *b)
{
	const struct written *first = a, *second = b;
	size_t size = first->name < second->name ? first->name : second->name;
	int order = memcmp(first->data + first->at, second->data + second->at, size);

	if (!order)
		order = (first->name > second->name) - (first->name < second->name);
	return order ? order : (first->at > second->at) - (first->at < second->at);
}

/* RFC 6868: ^n is a line end, ^' a quote, ^^ a ^; any other ^ is one. */
static void value_add(struct buf *out, struct slice value)
{
	bool quote = false;

	for (size_t i = 0; i < value.size; i++)
		quote = quote || memchr(",;:", value.at[i], 3);
	if (quote)
		buf_addc(out, '"');
	for (size_t i = 0; i < value.size; i++) {
		char c = value.at[i], next = i + 1 < value.size ? value.at[i + 1] : '\0';

		if (c == '"')
			buf_adds(out, "^'");
		else if (c != '^')
			buf_addc(out, c);
		else if (next == 'n' || next == '\'' || next == '^')
			buf_add(out, value.at + i++, 2);
		else
			buf_adds(out, "^^");
	}
	if (quote)
		buf_addc(out, '"');
}

/* The words of a set; a list in quotes is a list all the same (RFC 6350 5.6: TYPE="voice,cell"). */
static void set_add(struct buf *types, struct slice values)
{
	if (types->size)
		buf_addc(types, ',');
	for (size_t i = 0; i < values.size; i++)
		if (values.at[i] != '"')
			canon_upper(types, (struct slice){ values.at + i, 1 });
}

/* vCard 2.1 leaves the names of parameters out. */
static struct slice name_of_value(struct slice value)
{
	static const char *const encodings[] = { "BASE64", "QUOTED-PRINTABLE", "8BIT", "7BIT" };

	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++)
		if (slice_is(value, encodings[i]))
			return (struct slice){ "ENCODING", 8 };
	return (struct slice){ "TYPE", 4 };
}

static bool says_nothing(const struct parameter *parameter, const struct property *property,
			 struct slice name, struct slice values, bool card)
{
	if (slice_is(name, "VALUE"))
		return property->type && param_is(values, property->type);
	return !card && parameter->value && param_is(values, parameter->value);
}

static void param_add(struct buf *out, struct written *written, const struct parameter *parameter,
		      struct slice name, struct slice values)
{
	struct slice value;

	written->at = out->size;
	canon_upper(out, name);
	written->name = name.size;
	buf_addc(out, '=');
	if (slice_is(name, "ENCODING") && param_is(values, "B"))
		values = (struct slice){ "BASE64", 6 };
	for (bool first = true; param_value(&values, &value); first = false) {
		size_t start;

		if (!first)
			buf_addc(out, ',');
		start = out->size;
		value_add(out, value);
		for (size_t i = start; parameter->kind == PARAMETER_WORD && i < out->size; i++)
			if (out->data[i] >= 'a' && out->data[i] <= 'z')
				out->data[i] = (char)(out->data[i] - 'a' + 'A');
	}
	written->size = out->size - written->at;
}

void canon_params(struct buf *out, const struct property *property, const struct line *line, bool card)
{
	struct slice rest = line->params, name, values;
	struct written_list list = { 0 };
	struct buf text, types;

	if (!rest.size)
		return;
	buf_init(&text, 4 * CANON_PARAMS_MOST);
	buf_init(&types, 2 * CANON_PARAMS_MOST);
	while (param_next(&rest, &name, &values)) {
		const struct parameter *parameter;

		if (!name.size)
			name = name_of_value(values);
		parameter = parameter_find(name);
		if (says_nothing(parameter, property, name, values, card))
			continue;
		if (parameter->kind == PARAMETER_SET)
			set_add(&types, values);
		else
			param_add(&text, vec_push(&list), parameter, name, values);
	}
	if (types.size) {
		struct written *written = vec_push(&list);

		canon_sort(&types, 0, ',');
		written->at = text.size;
		written->name = 4;
		buf_adds(&text, "TYPE=");
		buf_add(&text, types.data, types.size);
		written->size = text.size - written->at;
	}
	for (size_t i = 0; i < list.count; i++)
		list.items[i].data = text.data;
	if (list.count > 1)
		qsort(list.items, list.count, sizeof *list.items, written_order);
	for (size_t i = 0; i < list.count; i++) {
		buf_addc(out, ';');
		buf_add(out, text.data + list.items[i].at, list.items[i].size);
	}
	vec_free(&list);
	buf_free(&types);
	buf_free(&text);
}
