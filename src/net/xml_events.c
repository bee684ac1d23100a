/* XML events: libxml2 fed with cleaned bytes in slices. */
#include "net/xml_events.h"

#include "base/library.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/str.h"
#include "net/xml.h"
#include "net/xml_clean.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLICE          4096                /* bytes that the parser is given at a time, at least */
#define TAG_MOST       ((size_t)64 * 1024) /* of a tag or a comment: the parser waits for its end */
#define ATTRIBUTE_MOST 64                  /* of an element: the parser compares each with each */
#define SPACES_MOST    64                  /* namespaces declared by an element: likewise */
#define VALUE_MOST     1024                /* bytes of an attribute that are kept */

static struct {
	__typeof__(xmlCreatePushParserCtxt) *create;
	__typeof__(xmlCtxtUseOptions) *use_options;
	__typeof__(xmlParseChunk) *parse;
	__typeof__(xmlStopParser) *stop;
	__typeof__(xmlFreeParserCtxt) *release;
	__typeof__(xmlSetStructuredErrorFunc) *set_error_handler;
} libxml;

struct xml_events {
	struct xml_handler handler;
	void *context;
	struct xml_clean clean;
	xmlParserCtxtPtr parser; /* NULL until bytes came, and once it failed */
	const struct fail *fail;
	size_t depth;
	char cleaned[SLICE + XML_CLEAN_ROOM(SLICE)]; /* not yet given to the parser */
	size_t cleaned_size;
};

/* ---- the library -------------------------------------------------------------------------- */

/* What has no parser to tell (conversions): the parser's own fail follows. */
static void error_ignored(void *context, xmlErrorPtr error)
{
	(void)context;
	(void)error;
}

static const struct fail *load(void)
{
	static const char *const files[] = { "libxml2.so.2", NULL };
	static const struct library_symbol symbols[] = {
		{ "xmlCreatePushParserCtxt", &libxml.create },
		{ "xmlCtxtUseOptions", &libxml.use_options },
		{ "xmlParseChunk", &libxml.parse },
		{ "xmlStopParser", &libxml.stop },
		{ "xmlFreeParserCtxt", &libxml.release },
		{ "xmlSetStructuredErrorFunc", &libxml.set_error_handler },
	};
	const struct fail *fail;

	if (libxml.set_error_handler)
		return NULL;
	fail = library_load(files, symbols, sizeof(symbols) / sizeof(*symbols));
	if (!fail)
		libxml.set_error_handler(NULL, error_ignored);
	return fail;
}

/* ---- what the parser calls ---------------------------------------------------------------- */

/* The first fail stays; the parser calls nothing more. */
static void events_fail(struct xml_events *events, const struct fail *fail)
{
	if (!fail || events->fail)
		return;
	events->fail = fail;
	libxml.stop(events->parser);
}

static void on_document(void *context)
{
	struct xml_events *events = context;
	const char *encoding = (const char *)events->parser->encoding;

	if (!encoding && events->parser->input)
		encoding = (const char *)events->parser->input->encoding;
	/* Bytes were already taken for UTF-8 (xml_clean.h). */
	if (encoding && str_casecmp(encoding, "UTF-8") != 0 && str_casecmp(encoding, "UTF8") != 0 &&
	    str_casecmp(encoding, "US-ASCII") != 0)
		events_fail(events, fail_make(FAIL_PROTOCOL, FAIL_FOLDER,
					      "XML in the encoding %s: only UTF-8 is read", encoding));
}

static void on_doctype(void *context, const xmlChar *name, const xmlChar *public_id,
		       const xmlChar *system_id)
{
	struct xml_events *events = context;

	(void)public_id;
	(void)system_id;
	if (name && str_casecmp((const char *)name, "html") == 0)
		events_fail(events, fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "a web page instead of XML"));
	else
		events_fail(events, fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "XML with a DOCTYPE"));
}

/* Copies the attribute's value, cut at VALUE_MOST; libxml gives five pointers an attribute. */
static const char *value_copy(const xmlChar *const *attribute, char *room)
{
	size_t size = (size_t)(attribute[4] - attribute[3]);

	if (size >= VALUE_MOST)
		size = VALUE_MOST - 1;
	memcpy(room, attribute[3], size);
	room[size] = '\0';
	return room;
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *space,
		     int space_count, const xmlChar **spaces, int count, int defaulted,
		     const xmlChar **attributes)
{
	struct xml_events *events = context;
	struct xml_element element = { .space = space ? (const char *)space : "",
				       .name = (const char *)name };
	char label[VALUE_MOST], version[VALUE_MOST];

	(void)prefix;
	(void)spaces;
	(void)defaulted;
	if (events->fail)
		return;
	if (++events->depth > XML_DEPTH || space_count > SPACES_MOST || count > ATTRIBUTE_MOST) {
		events_fail(events, fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "XML beyond limits: %s",
					      events->depth > XML_DEPTH ? "nested too deeply"
									: "too many attributes"));
		return;
	}
	for (int i = 0; i < count; i++, attributes += 5) {
		const char *attribute = (const char *)attributes[0];

		if (strcmp(attribute, "name") == 0 || strcmp(attribute, "content-type") == 0)
			element.label = value_copy(attributes, label);
		else if (strcmp(attribute, "version") == 0)
			element.version = value_copy(attributes, version);
	}
	events_fail(events, events->handler.start(events->context, &element));
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *space)
{
	struct xml_events *events = context;

	(void)name;
	(void)prefix;
	(void)space;
	if (events->fail)
		return;
	events->depth--;
	events_fail(events, events->handler.end(events->context));
}

static void on_text(void *context, const xmlChar *data, int size)
{
	struct xml_events *events = context;

	if (!events->fail && events->depth && size > 0)
		events_fail(events, events->handler.text(events->context, (const char *)data, (size_t)size));
}

static void on_error(void *context, xmlErrorPtr error)
{
	struct xml_events *events = context;

	/* Namespaces that are not declared or are odd do no harm: such names are known to nobody. */
	if (error->level == XML_ERR_WARNING || error->domain == XML_FROM_NAMESPACE)
		return;
	events_fail(events, fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "XML that cannot be read: line %d: %s",
				      error->line, error->message ? error->message : "unknown reason"));
}

/* ---- the stream --------------------------------------------------------------------------- */

static const struct fail *parser_create(struct xml_events *events)
{
	/* Blanks are text, CDATA is text. */
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC,
		.startDocument = on_document,
		.internalSubset = on_doctype,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.serror = on_error,
	};
	const struct fail *fail = load();

	if (fail)
		return fail;
	events->parser = libxml.create(&sax, events, NULL, 0, NULL);
	if (!events->parser)
		return fail_make(FAIL_SYSTEM, FAIL_ALL, "libxml2 makes no parser");
	libxml.use_options(events->parser, XML_PARSE_NONET);
	return NULL;
}

struct xml_events *xml_events_begin(const struct xml_handler *handler, void *context)
{
	struct xml_events *events = memory_alloc(sizeof(*events));

	*events = (struct xml_events){ .handler = *handler, .context = context };
	return events;
}

/* Gives what is cleaned to the parser; `last`: there is no more. */
static const struct fail *parser_feed(struct xml_events *events, bool last)
{
	const xmlParserInput *input;

	libxml.parse(events->parser, events->cleaned, (int)events->cleaned_size, last);
	events->cleaned_size = 0;
	if (events->fail)
		return events->fail;
	if (!events->parser->wellFormed)
		return fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "XML that cannot be read");
	/* Text is taken as it comes: what waits for more is a tag, a comment or a reference. */
	input = events->parser->input;
	if (!last && input && (size_t)(input->end - input->cur) > TAG_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "XML beyond limits: a tag that does not end");
	return NULL;
}

/* Small pieces are gathered: the parser looks at what waits for its end anew with each. */
const struct fail *xml_events_add(struct xml_events *events, const char *data, size_t size)
{
	if (!events->parser && !events->fail)
		events->fail = parser_create(events);
	while (size && !events->fail) {
		size_t slice = size < SLICE ? size : SLICE;

		events->cleaned_size += xml_clean_add(&events->clean, data, slice,
						      events->cleaned + events->cleaned_size);
		if (events->cleaned_size >= SLICE)
			events->fail = parser_feed(events, false);
		data += slice;
		size -= slice;
	}
	return events->fail;
}

const struct fail *xml_events_end(struct xml_events *events)
{
	if (!events->clean.begun && !events->fail)
		events->fail = fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "an empty answer instead of XML");
	if (events->fail)
		return events->fail;
	events->cleaned_size += xml_clean_end(&events->clean, events->cleaned + events->cleaned_size);
	events->fail = parser_feed(events, true);
	if (!events->fail && events->clean.dropped)
		log_line(LOG_VERBOSE, "%zu characters in an answer that XML forbids were left out",
			 events->clean.dropped);
	return events->fail;
}

void xml_events_free(struct xml_events *events)
{
	if (!events)
		return;
	if (events->parser)
		libxml.release(events->parser);
	free(events);
}
