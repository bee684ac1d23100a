/* Discover, asking. */
#include "net/discover_ask.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "net/http_curl.h"
#include "net/xml.h"

#include <string.h>

#define HOPS      5                   /* redirects from one origin to another */
#define BODY_MOST ((uint64_t)16 << 20)

static const char question[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	"<propfind xmlns=\"DAV:\" xmlns:C=\"" XML_CALDAV "\" xmlns:A=\"" XML_CARDDAV "\"><prop>"
	"<current-user-principal/><resourcetype/><C:calendar-home-set/><A:addressbook-home-set/>"
	"</prop></propfind>\n";

/* ---- origins ------------------------------------------------------------------------------ */

struct origin *search_origin(struct search *search, const char *origin)
{
	for (size_t i = 0; i < search->origins.count; i++)
		if (strcmp(search->origins.items[i]->name, origin) == 0)
			return search->origins.items[i];
	return NULL;
}

void search_allow(struct search *search, const char *origin)
{
	struct origin *new;

	if (search_origin(search, origin))
		return;
	new = arena_alloc(search->arena, sizeof(*new));
	new->name = origin;
	*vec_push(&search->origins) = new;
}

/* Is the host one below the name that was configured? */
static bool below_server(const struct search *search, const char *host)
{
	const char *server = search->discover->server;
	size_t size = server ? strlen(server) : 0;
	size_t length = strlen(host);

	return size && strchr(server, '.') && length > size + 1 && host[length - size - 1] == '.' &&
	       str_casecmp(host + length - size, server) == 0;
}

bool search_allowed(struct search *search, const struct http_url *url)
{
	return search_origin(search, url->origin) || (url->tls && below_server(search, url->host));
}

void search_doubt(struct search *search, const struct fail *fail)
{
	if (!search->doubt)
		search->doubt = fail;
}

void search_close(struct search *search)
{
	for (size_t i = 0; i < search->origins.count; i++)
		http_close(search->origins.items[i]->http);
	vec_free(&search->origins);
}

/* ---- the answer --------------------------------------------------------------------------- */

struct reading {
	struct search *search;
	struct resource *resource;
	const char *base; /* what hrefs are relative to */
	bool first;       /* the next response is the first */
};

/* The absolute URL of an href; NULL: it is none. */
static const char *absolute(const struct reading *reading, const char *href)
{
	struct http_url url;

	if (!*href || http_url_parse(href, reading->base, &url, reading->search->arena))
		return NULL;
	return arena_printf(reading->search->arena, "%s%s", url.origin, url.target);
}

static void take_homes(const struct reading *reading, const struct xml_property *property,
		       enum service service)
{
	struct resource *resource = reading->resource;

	for (size_t i = 0; property && i < property->child_count; i++) {
		const struct xml_child *child = &property->children[i];
		const char *url = NULL;

		if (strcmp(child->name, "href") == 0 && strcmp(child->space, XML_DAV) == 0)
			url = absolute(reading, child->value);
		if (!url || resource->home_count == DISCOVER_HREFS)
			continue;
		resource->home_services[resource->home_count] = service;
		resource->homes[resource->home_count++] = url;
	}
}

static const char *take_principal(const struct reading *reading, const struct xml_property *property)
{
	for (size_t i = 0; property && i < property->child_count; i++)
		if (strcmp(property->children[i].name, "href") == 0)
			return absolute(reading, property->children[i].value);
	return NULL; /* also <unauthenticated/> */
}

static const struct fail *take_response(void *context, const struct xml_response *response)
{
	struct reading *reading = context;
	struct resource *resource = reading->resource;
	const struct xml_property *type = xml_property(response, XML_DAV, "resourcetype");
	const bool is[SERVICES] = {
		[CALENDARS] = type && xml_has(type, XML_CALDAV, "calendar"),
		[CONTACTS] = type && xml_has(type, XML_CARDDAV, "addressbook"),
	};

	for (int service = 0; service < SERVICES; service++)
		resource->holds[service] |= is[service];
	if (!reading->first)
		return NULL;
	reading->first = false;
	/* QUIRK(xandikos): it says within 207 that nothing is there. */
	resource->status = response->status ? response->status : 207;
	if (resource->status / 100 != 2)
		return NULL;
	resource->found = true;
	memcpy(resource->is, is, sizeof(is));
	resource->principal =
		take_principal(reading, xml_property(response, XML_DAV, "current-user-principal"));
	take_homes(reading, xml_property(response, XML_CALDAV, "calendar-home-set"), CALENDARS);
	take_homes(reading, xml_property(response, XML_CARDDAV, "addressbook-home-set"), CONTACTS);
	return NULL;
}

static const struct fail *answer_read(struct search *search, const struct buf *body,
				      struct resource *resource)
{
	struct reading reading = { search, resource, resource->url, true };
	struct xml *xml = xml_begin(&(struct xml_limits){ 0 }, take_response, &reading);
	const struct fail *fail = xml_add(xml, body->data, body->size);

	if (!fail)
		fail = xml_end(xml);
	xml_free(xml);
	return fail_in(fail_scoped(fail, FAIL_ACCOUNT), "%s", resource->url);
}

/* Is this word in the list (RFC 4918 10.1)? */
static bool list_has(const char *list, const char *word)
{
	size_t size = strlen(word);

	while (list && *list) {
		size_t length = strcspn(list, ", \t");

		if (length == size && str_ncasecmp(list, word, size) == 0)
			return true;
		list += length + strspn(list + length, ", \t");
	}
	return false;
}

/* ---- the request -------------------------------------------------------------------------- */

static const struct fail *origin_open(struct search *search, struct origin *origin)
{
	struct http_options options = *search->discover->http;

	if (origin->http)
		return NULL;
	options.connections = 1;
	return http_open(origin->name, &options, &origin->http);
}

static const struct fail *body_add(void *context, const char *data, size_t size)
{
	buf_add(context, data, size);
	return NULL;
}

/* What the end of a request to an origin means.  *next: where else to ask, NULL nowhere. */
static const struct fail *request_judge(struct search *search, const struct http_url *url,
					const struct http_request *request, struct origin *origin,
					const char **next)
{
	struct http_url there;

	if (!request->fail)
		return NULL;
	if (request->closed) {
		origin->closed = true;
		return NULL;
	}
	if (!fail_is(request->fail, FAIL_REFUSED) || !request->location ||
	    http_url_parse(request->location, NULL, &there, search->arena))
		return fail_scoped(request->fail, FAIL_ACCOUNT);
	if (url->tls && there.tls && str_starts(url->target, "/.well-known/"))
		search_allow(search, there.origin);
	if (strcmp(there.origin, url->origin) != 0 && search_allowed(search, &there))
		*next = request->location;
	else if (!search->aside)
		search->aside = fail_scoped(request->fail, FAIL_ACCOUNT);
	return NULL;
}

/* Asks one origin. */
static const struct fail *origin_ask(struct search *search, const struct http_url *url, const char *depth,
				     struct resource *resource, const char **next)
{
	struct origin *origin = search_origin(search, url->origin);
	struct http_request request = {
		.method = "PROPFIND",
		.target = url->target,
		.headers = { arena_printf(search->arena, "Depth: %s", depth),
			     "Content-Type: application/xml; charset=utf-8" },
		.body = question,
		.body_size = sizeof(question) - 1,
		.sink = body_add,
		.most = BODY_MOST,
	};
	const struct fail *fail;
	struct buf body;

	if (origin->closed)
		return NULL;
	fail = origin_open(search, origin);
	if (fail)
		return fail;
	buf_init(&body, BODY_MOST);
	request.sink_context = &body;
	fail = http_run(origin->http, &request, 1, NULL, NULL, search->arena);
	if (!fail || request.closed || request.location)
		fail = request_judge(search, url, &request, origin, next);
	if (http_retry(origin->http) > search->discover->retry)
		search->discover->retry = http_retry(origin->http);
	if (!fail && !request.fail) {
		resource->status = request.status;
		resource->url = request.url;
		resource->can[CALENDARS] = list_has(request.dav, "calendar-access");
		resource->can[CONTACTS] = list_has(request.dav, "addressbook");
		if (request.status == 207)
			fail = answer_read(search, &body, resource);
		else if (request.status >= 500)
			search_doubt(search, fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "%s: status %d",
						       request.url, request.status));
	}
	buf_free(&body);
	return fail;
}

const struct fail *search_ask(struct search *search, const char *url, const char *depth,
			      struct resource *resource)
{
	*resource = (struct resource){ 0 };
	for (int hop = 0; hop <= HOPS; hop++) {
		const char *next = NULL;
		const struct fail *fail;
		struct http_url there;

		if (http_url_parse(url, NULL, &there, search->arena))
			return fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "%s is no URL", url);
		search_allow(search, there.origin);
		fail = origin_ask(search, &there, depth, resource, &next);
		if (fail || !next)
			return fail;
		url = next;
	}
	return fail_make(FAIL_REFUSED, FAIL_ACCOUNT, "%s: redirected more than %d times", url, HOPS);
}
