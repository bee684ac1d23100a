/* XML: the reader of multistatus answers, over xml_events.h.  A stack of places says what each open
 * element is; what is in none of the places of RFC 4918 14 is passed over (RFC 4918 17). */
#include "net/xml.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/vec.h"
#include "net/xml_events.h"

#include <stdlib.h>
#include <string.h>

#define RESPONSES_MOST  1000000
#define HREFS_MOST      10000               /* of one response */
#define PROPERTIES_MOST 1000                /* likewise */
#define CHILDREN_MOST   20000               /* likewise */
#define WORD_MOST       ((size_t)64 * 1024) /* an href, a token, a child's text */
#define WORDS_MOST      ((size_t)4 << 20)   /* all that of one response */
#define TEXTS_MOST      (2 * XML_TEXT_MOST) /* the texts of all its properties */
#define TEXT_KEPT       ((size_t)1 << 20)   /* room kept for the next response */

enum place {
	NOWHERE, /* passed over */
	DOCUMENT,
	MULTISTATUS,
	TOKEN,
	RESPONSE,
	HREF,
	STATUS,
	PROPSTAT,
	PROPSTAT_STATUS,
	PROP,
	PROPERTY,
	CHILD,
	ERROR,
	DESCRIPTION
};

struct xml {
	struct xml_limits limits;
	xml_response_done *done;
	void *context;
	struct xml_events *events;

	enum place stack[XML_DEPTH + 1];
	size_t depth;
	struct buf word;               /* text of a HREF, STATUS, TOKEN, … : never one in another */
	struct buf values[XML_DEPTH];  /* text of the open children, by depth below the property */

	bool ended;                    /* the multistatus is closed */
	size_t responses;
	char *token;

	/* The response at hand; begun anew with each. */
	struct arena *arena;
	size_t words;                  /* bytes put into the arena */
	struct buf text;               /* of its properties, each terminated, one after another */
	size_t text_begin;             /* of the open property */
	struct { VEC(const char *) } hrefs;
	struct { VEC(struct xml_property) } properties;
	struct { VEC(struct xml_child) } children;
	struct { VEC(size_t) } open;   /* numbers of the open children */
	size_t propstat_first;         /* its first property */
	int propstat_status;           /* 0: not said so far */
	struct xml_response response;
};

/* ---- words -------------------------------------------------------------------------------- */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The text without the blanks around it; not terminated. */
static const char *trimmed(const struct buf *text, size_t *size)
{
	const char *data = text->data;

	*size = text->size;
	while (*size && blank(data[*size - 1]))
		--*size;
	for (; *size && blank(*data); data++)
		--*size;
	return data;
}

static const struct fail *beyond(const char *what)
{
	return fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "XML beyond limits: %s", what);
}

/* Copies into the response's arena. */
static const struct fail *word_keep(struct xml *xml, const char *data, size_t size, const char **kept)
{
	xml->words += size + 1;
	if (xml->words > WORDS_MOST)
		return beyond("a response that is too large");
	*kept = arena_strn(xml->arena, data, size);
	return NULL;
}

static const struct fail *word_end(struct xml *xml, const char **kept)
{
	size_t size;
	const char *data = trimmed(&xml->word, &size);

	return word_keep(xml, data, size, kept);
}

/* The code of "HTTP/1.1 404 Not Found", also without the version; 500 when there is none: not success. */
static int status_code(const struct buf *text)
{
	size_t size;
	const char *s = trimmed(text, &size);
	const char *end = s + size;
	int code = 0;

	if (size >= 5 && memcmp(s, "HTTP/", 5) == 0) {
		while (s < end && !blank(*s))
			s++;
		while (s < end && blank(*s))
			s++;
	}
	for (int i = 0; i < 3; i++, s++) {
		if (s >= end || *s < '0' || *s > '9')
			return 500;
		code = code * 10 + (*s - '0');
	}
	if ((s < end && !blank(*s)) || code < 100)
		return 500;
	return code;
}

/* ---- a response --------------------------------------------------------------------------- */

static void response_begin(struct xml *xml)
{
	arena_reset(xml->arena);
	xml->words = 0;
	if (xml->text.room > TEXT_KEPT)
		buf_free(&xml->text);
	else
		buf_clear(&xml->text);
	xml->hrefs.count = xml->properties.count = xml->children.count = 0;
	xml->response = (struct xml_response){ 0 };
}

/* Texts and children lie in the order of their properties; only now do they stay where they are. */
static void response_join(struct xml *xml)
{
	const char *text = xml->text.data;
	size_t child = 0;

	for (size_t i = 0; i < xml->properties.count; i++) {
		struct xml_property *property = &xml->properties.items[i];

		property->text = text;
		text += property->size + 1;
		property->children = property->child_count ? &xml->children.items[child] : NULL;
		child += property->child_count;
	}
	xml->response.properties = xml->properties.items;
	xml->response.property_count = xml->properties.count;
}

static const struct fail *response_end(struct xml *xml)
{
	const struct fail *fail = NULL;

	/* Passed over, it would be an item that the server does not list any more. */
	if (!xml->hrefs.count)
		return fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "a response without an href");
	response_join(xml);
	for (size_t i = 0; i < xml->hrefs.count && !fail; i++) {
		if (++xml->responses > xml->limits.responses)
			return beyond("too many responses");
		xml->response.href = xml->hrefs.items[i];
		fail = xml->done(xml->context, &xml->response);
	}
	return fail;
}

static void propstat_begin(struct xml *xml)
{
	xml->propstat_first = xml->properties.count;
	xml->propstat_status = 0;
}

static void propstat_end(struct xml *xml)
{
	for (size_t i = xml->propstat_first; i < xml->properties.count; i++)
		xml->properties.items[i].status = xml->propstat_status ? xml->propstat_status : 200;
}

static const struct fail *property_begin(struct xml *xml, const struct xml_element *element)
{
	struct xml_property property = { 0 };
	const struct fail *fail;

	if (xml->properties.count >= PROPERTIES_MOST)
		return beyond("too many properties");
	fail = word_keep(xml, element->space, strlen(element->space), &property.space);
	if (!fail)
		fail = word_keep(xml, element->name, strlen(element->name), &property.name);
	if (fail)
		return fail;
	*vec_push(&xml->properties) = property;
	xml->text_begin = xml->text.size;
	return NULL;
}

static const struct fail *property_end(struct xml *xml)
{
	xml->properties.items[xml->properties.count - 1].size = xml->text.size - xml->text_begin;
	buf_addc(&xml->text, '\0');
	return xml->text.over ? beyond("a response that is too large") : NULL;
}

static const struct fail *child_begin(struct xml *xml, const struct xml_element *element)
{
	struct xml_child child = { .depth = (unsigned)xml->open.count + 1, .value = "" };
	const struct fail *fail;

	if (xml->children.count >= CHILDREN_MOST)
		return beyond("too many elements in a response");
	fail = word_keep(xml, element->space, strlen(element->space), &child.space);
	if (!fail)
		fail = word_keep(xml, element->name, strlen(element->name), &child.name);
	if (!fail && element->label)
		fail = word_keep(xml, element->label, strlen(element->label), &child.label);
	if (!fail && element->version)
		fail = word_keep(xml, element->version, strlen(element->version), &child.version);
	if (fail)
		return fail;
	buf_clear(&xml->values[xml->open.count]);
	*vec_push(&xml->open) = xml->children.count;
	*vec_push(&xml->children) = child;
	xml->properties.items[xml->properties.count - 1].child_count++;
	return NULL;
}

static const struct fail *child_end(struct xml *xml)
{
	struct xml_child *child = &xml->children.items[xml->open.items[--xml->open.count]];
	size_t size;
	const char *data = trimmed(&xml->values[xml->open.count], &size);

	return size ? word_keep(xml, data, size, &child->value) : NULL;
}

/* ---- elements ----------------------------------------------------------------------------- */

/* What an element is, by where it stands and its name in DAV:. */
static enum place place_of(enum place in, const struct xml_element *element)
{
	static const struct {
		enum place in;
		const char *name;
		enum place is;
	} known[] = {
		{ DOCUMENT, "multistatus", MULTISTATUS },
		{ MULTISTATUS, "response", RESPONSE },
		{ MULTISTATUS, "sync-token", TOKEN },
		{ RESPONSE, "href", HREF },
		{ RESPONSE, "status", STATUS },
		{ RESPONSE, "propstat", PROPSTAT },
		{ RESPONSE, "error", ERROR },
		{ RESPONSE, "responsedescription", DESCRIPTION },
		{ PROPSTAT, "status", PROPSTAT_STATUS },
		{ PROPSTAT, "prop", PROP },
		{ PROPSTAT, "error", ERROR },
		{ PROPSTAT, "responsedescription", DESCRIPTION },
	};

	if (in == PROP)
		return PROPERTY;
	if (in == PROPERTY || in == CHILD)
		return CHILD;
	if (strcmp(element->space, XML_DAV) != 0)
		return NOWHERE;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].in == in && strcmp(known[i].name, element->name) == 0)
			return known[i].is;
	return NOWHERE;
}

static const struct fail *element_start(void *context, const struct xml_element *element)
{
	struct xml *xml = context;
	enum place in = xml->depth ? xml->stack[xml->depth - 1] : DOCUMENT;
	enum place is = place_of(in, element);

	xml->stack[xml->depth++] = is;
	if (in == ERROR && !xml->response.error)
		return word_keep(xml, element->name, strlen(element->name), &xml->response.error);
	switch (is) {
	case NOWHERE:
		if (in == DOCUMENT)
			return fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "XML that is no multistatus: <%s>",
					 element->name);
		return NULL;
	case RESPONSE:
		response_begin(xml);
		return NULL;
	case PROPSTAT:
		propstat_begin(xml);
		return NULL;
	case HREF:
	case STATUS:
	case PROPSTAT_STATUS:
	case TOKEN:
	case DESCRIPTION:
		buf_clear(&xml->word);
		return NULL;
	case PROPERTY:
		return property_begin(xml, element);
	case CHILD:
		return child_begin(xml, element);
	case DOCUMENT:
	case MULTISTATUS:
	case PROP:
	case ERROR:
		return NULL;
	}
	return NULL;
}

static const struct fail *href_end(struct xml *xml)
{
	const struct fail *fail;
	const char *href;

	if (xml->hrefs.count >= HREFS_MOST)
		return beyond("too many hrefs in a response");
	fail = word_end(xml, &href);
	if (!fail && *href)
		*vec_push(&xml->hrefs) = href;
	return fail;
}

static const struct fail *token_end(struct xml *xml)
{
	size_t size;
	const char *data = trimmed(&xml->word, &size);
	char *token = memory_alloc(size + 1);

	memcpy(token, data, size);
	free(xml->token);
	xml->token = token;
	return NULL;
}

static const struct fail *element_end(void *context)
{
	struct xml *xml = context;
	enum place is = xml->stack[--xml->depth];

	switch (is) {
	case MULTISTATUS:
		xml->ended = true;
		return NULL;
	case RESPONSE:
		return response_end(xml);
	case HREF:
		return href_end(xml);
	case STATUS:
		xml->response.status = status_code(&xml->word);
		return NULL;
	case PROPSTAT_STATUS:
		xml->propstat_status = status_code(&xml->word);
		return NULL;
	case PROPSTAT:
		propstat_end(xml);
		return NULL;
	case PROPERTY:
		return property_end(xml);
	case CHILD:
		return child_end(xml);
	case TOKEN:
		return token_end(xml);
	case DESCRIPTION:
		return xml->response.description ? NULL : word_end(xml, &xml->response.description);
	case NOWHERE:
	case DOCUMENT:
	case PROP:
	case ERROR:
		return NULL;
	}
	return NULL;
}

static const struct fail *element_text(void *context, const char *data, size_t size)
{
	struct xml *xml = context;
	struct buf *into = NULL;

	switch (xml->stack[xml->depth - 1]) {
	case HREF:
	case STATUS:
	case PROPSTAT_STATUS:
	case TOKEN:
	case DESCRIPTION:
		into = &xml->word;
		break;
	case CHILD:
		into = &xml->values[xml->open.count - 1];
		break;
	case PROPERTY:
		if (size > XML_TEXT_MOST - (xml->text.size - xml->text_begin))
			return beyond("a property that is too large");
		into = &xml->text;
		break;
	case NOWHERE:
	case DOCUMENT:
	case MULTISTATUS:
	case RESPONSE:
	case PROPSTAT:
	case PROP:
	case ERROR:
		return NULL;
	}
	buf_add(into, data, size);
	return into->over ? beyond("too much text in an element") : NULL;
}

/* ---- the document ------------------------------------------------------------------------- */

struct xml *xml_begin(const struct xml_limits *limits, xml_response_done *done, void *context)
{
	static const struct xml_handler handler = { element_start, element_text, element_end };
	struct xml *xml = memory_alloc(sizeof(*xml));

	xml->limits = *limits;
	if (!xml->limits.responses)
		xml->limits.responses = RESPONSES_MOST;
	xml->done = done;
	xml->context = context;
	xml->arena = arena_new();
	buf_init(&xml->word, WORD_MOST);
	buf_init(&xml->text, TEXTS_MOST);
	for (size_t i = 0; i < XML_DEPTH; i++)
		buf_init(&xml->values[i], WORD_MOST);
	xml->events = xml_events_begin(&handler, xml);
	return xml;
}

const struct fail *xml_add(struct xml *xml, const char *data, size_t size)
{
	return xml_events_add(xml->events, data, size);
}

const struct fail *xml_end(struct xml *xml)
{
	const struct fail *fail = xml_events_end(xml->events);

	if (!fail && !xml->ended)
		fail = fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "XML that is cut short");
	return fail;
}

const char *xml_sync_token(const struct xml *xml)
{
	return xml->token && *xml->token ? xml->token : NULL;
}

void xml_free(struct xml *xml)
{
	if (!xml)
		return;
	xml_events_free(xml->events);
	for (size_t i = 0; i < XML_DEPTH; i++)
		buf_free(&xml->values[i]);
	buf_free(&xml->text);
	buf_free(&xml->word);
	vec_free(&xml->hrefs);
	vec_free(&xml->properties);
	vec_free(&xml->children);
	vec_free(&xml->open);
	arena_free(xml->arena);
	free(xml->token);
	free(xml);
}

/* ---- what was read ------------------------------------------------------------------------ */

const struct xml_property *xml_property(const struct xml_response *response, const char *space,
					const char *name)
{
	for (size_t i = 0; i < response->property_count; i++) {
		const struct xml_property *property = &response->properties[i];

		if (property->status / 100 == 2 && strcmp(property->name, name) == 0 &&
		    strcmp(property->space, space) == 0)
			return property;
	}
	return NULL;
}

bool xml_has(const struct xml_property *property, const char *space, const char *name)
{
	for (size_t i = 0; i < property->child_count; i++)
		if (strcmp(property->children[i].name, name) == 0 &&
		    strcmp(property->children[i].space, space) == 0)
			return true;
	return false;
}
