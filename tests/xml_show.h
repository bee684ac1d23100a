/* WebDAV answers through the reader (net/xml.h), and what comes out as text; for unit and fuzz tests. */
#ifndef KOC_TESTS_XML_SHOW_H
#define KOC_TESTS_XML_SHOW_H

#include "net/xml.h"

#include <string.h>

static inline void xml_show_name(struct buf *out, const char *space, const char *name)
{
	static const struct {
		const char *space, *prefix;
	} spaces[] = {
		{ XML_DAV, "D" }, { XML_CALDAV, "C" }, { XML_CARDDAV, "A" }, { XML_CS, "S" }, { XML_APPLE, "I" },
	};

	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++)
		if (strcmp(space, spaces[i].space) == 0) {
			buf_addf(out, "%s:%s", spaces[i].prefix, name);
			return;
		}
	buf_addf(out, "{%s}%s", space, name);
}

static inline void xml_show_text(struct buf *out, const char *text)
{
	for (; *text; text++)
		if (*text == '\n')
			buf_adds(out, "\\n");
		else if (*text == '\r')
			buf_adds(out, "\\r");
		else
			buf_addc(out, *text);
}

/* A line a response: "href status", below it " name status text" for each property and "  depth name" for
 * each child. */
static inline const struct fail *xml_show_response(void *context, const struct xml_response *response)
{
	struct buf *out = context;

	buf_addf(out, "%s %d", response->href, response->status);
	if (response->error)
		buf_addf(out, " error %s", response->error);
	if (response->description)
		buf_addf(out, " (%s)", response->description);
	buf_addc(out, '\n');
	for (size_t i = 0; i < response->property_count; i++) {
		const struct xml_property *property = &response->properties[i];

		buf_addc(out, ' ');
		xml_show_name(out, property->space, property->name);
		buf_addf(out, " %d ", property->status);
		xml_show_text(out, property->text);
		buf_addc(out, '\n');
		for (size_t k = 0; k < property->child_count; k++) {
			const struct xml_child *child = &property->children[k];

			buf_addf(out, "  %u ", child->depth);
			xml_show_name(out, child->space, child->name);
			if (child->label)
				buf_addf(out, " [%s]", child->label);
			if (child->version)
				buf_addf(out, " v%s", child->version);
			if (*child->value)
				buf_addf(out, " = %s", child->value);
			buf_addc(out, '\n');
		}
	}
	return NULL;
}

/* Reads a document in pieces of this size; the last line is "token TOKEN" if there is one, or "fail: TEXT". */
static inline void xml_show(struct buf *out, const char *data, size_t size, size_t piece)
{
	struct xml *xml = xml_begin(&(struct xml_limits){ 0 }, xml_show_response, out);
	const struct fail *fail = NULL;

	for (size_t at = 0; at < size && !fail; at += piece)
		fail = xml_add(xml, data + at, piece < size - at ? piece : size - at);
	if (!fail)
		fail = xml_end(xml);
	if (fail)
		buf_addf(out, "fail: %s\n", fail->text);
	else if (xml_sync_token(xml))
		buf_addf(out, "token %s\n", xml_sync_token(xml));
	xml_free(xml);
}

#endif
