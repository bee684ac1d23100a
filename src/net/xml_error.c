/* XML: bodies of errors, and text put into requests. */
#include "net/xml.h"

#include "net/xml_events.h"

#include <string.h>

#define DETAIL_MOST 1024
#define XML_SABRE   "http://sabredav.org/ns"

struct error_reader {
	size_t depth;
	size_t error;        /* depth of the open <error>; 0 none */
	size_t telling;      /* depth of the open element whose text is the detail; 0 none */
	struct buf *condition, *detail;
};

static bool tells(const struct xml_element *element)
{
	if (strcmp(element->space, XML_DAV) == 0)
		return strcmp(element->name, "responsedescription") == 0 ||
		       strcmp(element->name, "href") == 0;
	/* QUIRK(sabre): its reason is in an element of its own. */
	return strcmp(element->space, XML_SABRE) == 0 && strcmp(element->name, "message") == 0;
}

static const struct fail *error_start(void *context, const struct xml_element *element)
{
	struct error_reader *reader = context;
	bool teller = tells(element);

	reader->depth++;
	if (!reader->error) {
		if (strcmp(element->space, XML_DAV) == 0 && strcmp(element->name, "error") == 0)
			reader->error = reader->depth;
		/* Beside an error, only a description tells of it: an href is the response's own. */
		else if (strcmp(element->name, "responsedescription") != 0)
			teller = false;
	} else if (reader->depth == reader->error + 1 && !teller && !reader->condition->size &&
		   strcmp(element->space, XML_SABRE) != 0) {
		buf_adds(reader->condition, element->name);
	}
	if (teller && !reader->telling && !reader->detail->size)
		reader->telling = reader->depth;
	return NULL;
}

static const struct fail *error_text(void *context, const char *data, size_t size)
{
	struct error_reader *reader = context;

	if (!reader->telling)
		return NULL;
	for (; size && !reader->detail->size && strchr(" \t\r\n", *data); data++)
		size--;
	if (size > DETAIL_MOST - reader->detail->size)
		size = DETAIL_MOST - reader->detail->size;
	buf_add(reader->detail, data, size);
	return NULL;
}

static const struct fail *error_end(void *context)
{
	struct error_reader *reader = context;

	if (reader->telling == reader->depth)
		reader->telling = 0;
	if (reader->error == reader->depth)
		reader->error = 0;
	reader->depth--;
	return NULL;
}

void xml_error(const char *data, size_t size, struct buf *condition, struct buf *detail)
{
	static const struct xml_handler handler = { error_start, error_text, error_end };
	struct error_reader reader = { .condition = condition, .detail = detail };
	struct xml_events *events = xml_events_begin(&handler, &reader);
	const struct fail *fail;

	buf_clear(condition);
	buf_clear(detail);
	fail = xml_events_add(events, data, size);
	if (!fail)
		fail = xml_events_end(events);
	(void)fail; /* what was read up to there is told: a body may be cut */
	xml_events_free(events);
	while (detail->size && strchr(" \t\r\n", detail->data[detail->size - 1]))
		detail->data[--detail->size] = '\0';
}

void xml_escape(struct buf *out, const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" } };

	for (; *text; text++) {
		const char *entity = NULL;

		for (size_t i = 0; i < sizeof(entities) / sizeof(*entities) && !entity; i++)
			if (entities[i].c == *text)
				entity = entities[i].entity;
		if (entity)
			buf_adds(out, entity);
		else if ((unsigned char)*text >= 0x20 || *text == '\t' || *text == '\n' || *text == '\r')
			buf_addc(out, *text);
	}
}
