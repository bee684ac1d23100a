/* Discover: what is asked in which order, and who may be asked. */
#include "net/discover_ask.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "net/discover_dns.h"
#include "net/http_curl.h"

#include <arpa/inet.h>
#include <string.h>

static const struct {
	const char *srv, *well_known, *what;
} services[SERVICES] = {
	[CALENDARS] = { "_caldavs._tcp", "/.well-known/caldav", "calendars" },
	[CONTACTS] = { "_carddavs._tcp", "/.well-known/carddav", "contacts" },
};

/* ---- URLs --------------------------------------------------------------------------------- */

/* The next byte of a path, percent-decoded. */
static unsigned char path_next(const char **at)
{
	unsigned char byte;

	if (**at == '%' && str_unhex(&byte, (char[]){ (*at)[1], (*at)[1] ? (*at)[2] : '\0', '\0' }, 1)) {
		*at += 3;
		return byte;
	}
	return (unsigned char)*(*at)++;
}

/* Does the URL lie in, or is it, the collection `in`?  Compared decoded, but for a slash at the end. */
static bool url_lies_in(const char *url, const char *in)
{
	while (*in) {
		if (!*url)
			return strcmp(in, "/") == 0;
		if (path_next(&url) != path_next(&in))
			return false;
	}
	return !*url || *url == '/' || in[-1] == '/';
}

static bool url_same(const char *a, const char *b)
{
	return url_lies_in(a, b) && url_lies_in(b, a);
}

/* ---- homes -------------------------------------------------------------------------------- */

static struct discover_home *home_add(struct search *search, const char *url, enum service service)
{
	struct discover_home *home = NULL;

	for (size_t i = 0; i < search->homes.count && !home; i++)
		if (url_same(search->homes.items[i].url, url))
			home = &search->homes.items[i];
	if (!home) {
		home = vec_push(&search->homes);
		home->url = str_ends(url, "/") ? url : arena_printf(search->arena, "%s/", url);
	}
	home->calendars |= service == CALENDARS;
	home->contacts |= service == CONTACTS;
	return home;
}

static bool homes_have(const struct search *search, enum service service)
{
	for (size_t i = 0; i < search->homes.count; i++)
		if (service == CALENDARS ? search->homes.items[i].calendars : search->homes.items[i].contacts)
			return true;
	return false;
}

/* May what the server named be asked?  Else it is left alone and told. */
static bool may_ask(struct search *search, const char *url, const char *what)
{
	struct http_url there;

	if (!http_url_parse(url, NULL, &there, search->arena) && search_allowed(search, &there))
		return true;
	search_doubt(search,
		     fail_make(FAIL_REFUSED, FAIL_ACCOUNT,
			       "its %s are said to be at %s, another origin: not asked unless `dav` names it",
			       what, url));
	return false;
}

/* Takes the homes that a resource names.  Returns how many. */
static size_t homes_take(struct search *search, const struct resource *resource)
{
	size_t taken = 0;

	for (size_t i = 0; i < resource->home_count; i++) {
		enum service service = resource->home_services[i];

		if (may_ask(search, resource->homes[i], services[service].what)) {
			home_add(search, resource->homes[i], service);
			taken++;
		}
	}
	return taken;
}

static bool names_both(const struct resource *resource)
{
	bool named[SERVICES] = { false, false };

	for (size_t i = 0; i < resource->home_count; i++)
		named[resource->home_services[i]] = true;
	return named[CALENDARS] && named[CONTACTS];
}

/* ---- one URL ------------------------------------------------------------------------------ */

/* The URL itself, for what it is or holds.  Returns whether it is or holds anything. */
static bool itself_take(struct search *search, const struct resource *resource, const bool *kinds,
			bool collection)
{
	bool any = false;

	for (enum service service = 0; service < SERVICES; service++)
		if (kinds[service]) {
			home_add(search, resource->url, service)->collection = collection;
			any = true;
		}
	return any;
}

/* A URL that was given, and that homes found so far neither lie in nor contain: what does it hold?
 * QUIRK(synology): there is no principal, and only that tells. */
static const struct fail *given_take(struct search *search, const struct resource *resource, bool *found)
{
	struct resource members;
	const struct fail *fail;

	if (resource->principal && url_same(resource->url, resource->principal))
		return NULL;
	for (size_t i = 0; i < search->homes.count; i++)
		if (url_lies_in(search->homes.items[i].url, resource->url) ||
		    url_lies_in(resource->url, search->homes.items[i].url))
			return NULL;
	fail = search_ask(search, resource->url, "1", &members);
	if (fail || !members.found)
		return fail;
	*found |= itself_take(search, resource, members.holds, false);
	/* An empty home: of what the server says it can hold. */
	if (!*found)
		*found = itself_take(search, resource, members.can, false);
	return NULL;
}

/* Looks at one URL and follows it to the homes.  `given`: it is one of the configuration.  *found: there are
 * calendars or contacts there. */
static const struct fail *url_look(struct search *search, const char *url, bool given, bool *found,
				   struct resource *resource)
{
	const struct fail *fail = search_ask(search, url, "0", resource);
	struct resource principal;

	*found = false;
	if (fail || !resource->found)
		return fail;
	if (given && itself_take(search, resource, resource->is, true)) {
		*found = true;
		return NULL;
	}
	*found = homes_take(search, resource) > 0;
	if (resource->principal && !search->discover->principal)
		search->discover->principal = resource->principal;
	if (resource->principal && !names_both(resource) && !url_same(resource->principal, resource->url) &&
	    may_ask(search, resource->principal, "principal")) {
		fail = search_ask(search, resource->principal, "0", &principal);
		if (fail)
			return fail;
		*found |= homes_take(search, &principal) > 0;
	}
	if (given)
		return given_take(search, resource, found);
	if (!*found)
		*found = itself_take(search, resource, resource->is, true);
	return NULL;
}

/* ---- by the configuration's URLs ----------------------------------------------------------- */

/* The well-known URLs of an origin. */
static const struct fail *well_known_look(struct search *search, const char *origin, enum service service,
					  bool *found)
{
	struct resource resource;

	return url_look(search, arena_printf(search->arena, "%s%s", origin, services[service].well_known),
			false, found, &resource);
}

static const struct fail *nothing_there(const struct search *search, const char *url,
					const struct resource *resource)
{
	struct http_url parsed;

	if (search->doubt || search->aside)
		return fail_in(search->doubt ? search->doubt : search->aside, "%s", url);
	if (http_url_parse(url, NULL, &parsed, search->arena) == NULL)
		for (size_t i = 0; i < search->origins.count; i++)
			if (search->origins.items[i]->closed &&
			    strcmp(search->origins.items[i]->name, parsed.origin) == 0)
				return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT,
						 "cannot connect to %s port %s: Connection refused",
						 parsed.host, parsed.port);
	if (resource->status == 403)
		return fail_make(FAIL_REFUSED, FAIL_ACCOUNT, "%s: not allowed (403)", url);
	if (resource->status && resource->status != 207)
		return fail_make(FAIL_REFUSED, FAIL_ACCOUNT, "%s: neither calendars nor contacts there (%d)",
				 url, resource->status);
	return fail_make(FAIL_REFUSED, FAIL_ACCOUNT, "%s: neither calendars nor contacts there", url);
}

/* One URL of the configuration; the bare URL of a server is as good as its name. */
static const struct fail *given_look(struct search *search, const char *url)
{
	const struct fail *fail;
	struct resource resource;
	struct http_url parsed;
	bool found, more;

	fail = url_look(search, url, true, &found, &resource);
	if (fail || found)
		return fail;
	if (!http_url_parse(url, NULL, &parsed, search->arena) && strcmp(parsed.target, "/") == 0)
		for (enum service service = 0; service < SERVICES && !fail; service++)
			if (!homes_have(search, service)) {
				fail = well_known_look(search, parsed.origin, service, &more);
				found |= more;
			}
	if (fail || found)
		return fail;
	return nothing_there(search, url, &resource);
}

static const struct fail *by_urls(struct search *search)
{
	const struct discover *discover = search->discover;
	const struct fail *fail = NULL;

	for (size_t i = 0; i < discover->url_count; i++) {
		struct http_url url;
		const char *wrong = http_url_parse(discover->urls[i], NULL, &url, search->arena);

		if (wrong)
			return fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "URL %s: %s", discover->urls[i], wrong);
		search_allow(search, url.origin);
	}
	for (size_t i = 0; i < discover->url_count && !fail; i++)
		fail = given_look(search, discover->urls[i]);
	return fail;
}

/* ---- by the server's name ------------------------------------------------------------------ */

/* Looks at one host for one service: where DNS says, at the well-known place, at the root. */
static const struct fail *host_look(struct search *search, const char *origin, const char *path,
				    enum service service, bool *found)
{
	struct resource resource;
	const struct fail *fail = NULL;

	*found = false;
	search_allow(search, origin);
	if (path)
		fail = url_look(search, arena_printf(search->arena, "%s%s", origin, path), false, found,
				&resource);
	if (!fail && !*found)
		fail = well_known_look(search, origin, service, found);
	if (!fail && !*found && !search_origin(search, origin)->root_asked) {
		search_origin(search, origin)->root_asked = true;
		fail = url_look(search, arena_printf(search->arena, "%s/", origin), false, found, &resource);
	}
	return fail;
}

/* The origin of a host and port; IPv6 literals in brackets. */
static const char *origin_of(struct search *search, const char *host, unsigned port)
{
	const char *form = strchr(host, ':') ? "https://[%s]:%u" : "https://%s:%u";
	struct http_url url;
	char text[600];

	snprintf(text, sizeof(text), form, host, port);
	return http_url_parse(text, NULL, &url, search->arena) ? arena_str(search->arena, text) : url.origin;
}

/* One service by its SRV records: the first host that can be reached. */
static const struct fail *hosts_look(struct search *search, const struct dns_service *dns,
				     enum service service)
{
	const struct fail *fail = NULL;
	bool found = false;

	for (size_t i = 0; i < dns->host_count && !found; i++) {
		const struct dns_host *host = &dns->hosts[i];
		const char *origin = origin_of(search, host->name, host->port);

		log_line(LOG_VERBOSE, "DNS names %s for the %s of %s", origin, services[service].what,
			 search->discover->server);
		fail = host_look(search, origin, dns->path, service, &found);
		if (fail && fail->code != FAIL_UNREACHABLE)
			return fail;
		if (!fail && search_origin(search, origin)->closed)
			fail = fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT,
					 "cannot connect to %s: Connection refused", origin);
	}
	return found ? NULL : fail;
}

/* Does DNS know of names below this one at all? */
static bool name_is_public(const char *server)
{
	unsigned char address[16];

	return strchr(server, '.') && inet_pton(AF_INET, server, address) != 1 &&
	       inet_pton(AF_INET6, server, address) != 1 && !str_ends(server, ".localhost");
}

static bool same_host(const struct dns_service *a, const struct dns_service *b)
{
	return a->host_count && b->host_count && a->hosts[0].port == b->hosts[0].port &&
	       str_casecmp(a->hosts[0].name, b->hosts[0].name) == 0;
}

static const struct fail *by_server(struct search *search)
{
	const char *server = search->discover->server;
	struct dns_service dns[SERVICES] = { 0 };
	const struct fail *fail = NULL;
	bool found;

	for (enum service service = 0; service < SERVICES && name_is_public(server); service++)
		dns_service_find(services[service].srv, server, search->arena, &dns[service]);
	for (enum service service = 0; service < SERVICES && !fail; service++) {
		/* One principal names the homes of both, mostly. */
		if (homes_have(search, service) &&
		    (!dns[service].host_count || same_host(&dns[CALENDARS], &dns[CONTACTS])))
			continue;
		if (dns[service].none)
			continue;
		if (dns[service].host_count)
			fail = hosts_look(search, &dns[service], service);
		else
			fail = host_look(search, origin_of(search, server, 443), NULL, service, &found);
	}
	if (!fail && !search->homes.count)
		fail = search->doubt;
	return fail;
}

/* ---- all ---------------------------------------------------------------------------------- */

static void homes_give(struct search *search)
{
	struct discover *discover = search->discover;
	size_t count = search->homes.count;

	if (!count)
		return;
	discover->homes = arena_alloc(search->arena, count * sizeof(*discover->homes));
	memcpy(discover->homes, search->homes.items, count * sizeof(*discover->homes));
	discover->home_count = count;
	for (size_t i = 0; i < count; i++)
		log_line(LOG_VERBOSE, "found %s: %s%s%s", discover->homes[i].url,
			 discover->homes[i].calendars ? "calendars" : "",
			 discover->homes[i].calendars && discover->homes[i].contacts ? ", " : "",
			 discover->homes[i].contacts ? "contacts" : "");
}

const struct fail *discover_run(struct discover *discover, struct arena *arena)
{
	struct search search = { .discover = discover, .arena = arena };
	const struct fail *fail = http_curl_load();

	discover->homes = NULL;
	discover->home_count = 0;
	discover->principal = NULL;
	discover->retry = 0;
	if (!fail)
		fail = discover->url_count ? by_urls(&search) : by_server(&search);
	if (!fail) {
		if (search.doubt)
			log_line(LOG_NORMAL, "%s", search.doubt->text);
		homes_give(&search);
	}
	search_close(&search);
	vec_free(&search.homes);
	return fail;
}
