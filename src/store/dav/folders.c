/* Folders: one look at each home, which tells of every collection whether it has news. */
#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "store/dav/ask.h"
#include "store/dav/collection.h"
#include "store/dav/href.h"
#include "store/dav/since.h"
#include "store/path.h"

#include <stdlib.h>
#include <string.h>

#define COLLECTIONS_MOST 2000

/* One look at all homes. */
struct survey {
	struct dav *dav;
	struct arena *arena; /* of this look */
	const struct store_known *known;
	size_t known_count;
	struct map *known_by_norm; /* their places in `known`, as pointers */
	struct map *paths;         /* taken */
	unsigned marks;            /* enum mark: asked for */
	struct {
		VEC(struct collection *)
	} seen;
};

/* One home in it. */
struct visit {
	struct survey *survey;
	const struct home *home;
	struct ask *ask;
	const char *norm;
	const char *first; /* the first thing that was told about; NULL: nothing was */
	bool gone;         /* it is said not to be there */
	bool self;         /* the home told about itself, as it must */
	bool any;          /* there was a collection */
	bool cut;          /* it said that it left things out */
};

/* ---- names -------------------------------------------------------------------------------- */

/* For comparing collections of several servers: the first one's have no origin before them. */
static const char *norm_of(struct dav *dav, struct arena *arena, const struct origin *origin,
			   const char *base, const char *href)
{
	const char *norm = href_norm(arena, base, href);

	if (!norm || origin == dav->origins.items[0])
		return norm;
	return arena_printf(arena, "%s%s", origin->url, norm);
}

/* The same of a name that is known: it is an absolute URL if it is of another server. */
static const char *norm_of_name(struct dav *dav, struct arena *arena, const char *name)
{
	size_t origin = href_origin(name);
	const char *norm = href_norm(arena, "/", name);

	for (size_t i = 1; norm && origin && i < dav->origins.count; i++) {
		const char *url = dav->origins.items[i]->url;

		if (strlen(url) == origin && str_starts(name, url))
			return arena_printf(arena, "%s%s", url, norm);
	}
	return norm;
}

struct collection *collection_get(struct dav *dav, struct origin *origin, const char *base, const char *href)
{
	bool first = origin == dav->origins.items[0];
	const char *name =
		first ? href
		      : arena_printf(dav->arena, "%s%s", origin->url, href_target(dav->arena, base, href));
	struct collection *collection = map_get(dav->collections, name);
	const char *slash = str_ends(href, "/") ? "" : "/";

	if (collection)
		return collection;
	collection = arena_alloc(dav->arena, sizeof *collection);
	collection->name = map_set(dav->collections, name, collection);
	collection->origin = origin;
	collection->prefix = arena_printf(dav->arena, "%s%s", href, slash);
	collection->target = href_target(dav->arena, base, collection->prefix);
	collection->norm = href_norm(dav->arena, base, href);
	collection->token = collection->ctag = "";
	return collection;
}

/* ---- answers ------------------------------------------------------------------------------ */

static const struct store_known *known_of(const struct survey *survey, const char *norm)
{
	return map_get(survey->known_by_norm, norm);
}

/* Is it in the list already (two homes can be one)? */
static bool is_seen(const struct survey *survey, const struct collection *collection)
{
	for (size_t i = 0; i < survey->seen.count; i++)
		if (survey->seen.items[i] == collection ||
		    (survey->seen.items[i]->origin == collection->origin &&
		     strcmp(survey->seen.items[i]->norm, collection->norm) == 0))
			return true;
	return false;
}

/* The kind that a path's root says; KINDS: none that is on a DAV server. */
static enum kind kind_of_path(const char *path)
{
	for (int kind = KIND_EVENTS; kind < KINDS; kind++) {
		const char *root = kind_traits((enum kind)kind)->root;

		if (str_starts(path, root) && path[strlen(root)] == '/')
			return (enum kind)kind;
	}
	return KINDS;
}

/* The home could not tell about a collection that is known: it is not gone for that. */
static void take_broken(struct visit *visit, const struct xml_response *response, const char *norm)
{
	struct survey *survey = visit->survey;
	const struct store_known *known = known_of(survey, norm);
	struct collection *collection;

	if (!known || kind_of_path(known->path) == KINDS)
		return;
	collection = collection_get(survey->dav, visit->home->origin, visit->home->target, response->href);
	if (is_seen(survey, collection))
		return;
	collection->kind = kind_of_path(known->path);
	collection->flavour = flavour_of(collection->kind);
	collection->broken = true;
	*vec_push(&survey->seen) = collection;
}

/* Does the response fail to say what it is about? */
static bool is_broken(const struct xml_response *response)
{
	int status = response->status;

	for (size_t i = 0; i < response->property_count; i++)
		if (strcmp(response->properties[i].name, "resourcetype") == 0)
			status = response->properties[i].status;
	return status >= 300 && status != 404 && status != 410;
}

static const struct fail *visit_take(void *context, const struct xml_response *response)
{
	struct visit *visit = context;
	struct survey *survey = visit->survey;
	struct dav *dav = survey->dav;
	struct arena *arena = survey->arena;
	const char *norm = href_norm(arena, visit->home->target, response->href);
	enum flavour flavour;
	struct collection *collection;

	if (!norm)
		return NULL;
	if (!visit->first && response->status < 300)
		visit->first = norm;
	if (strcmp(norm, visit->norm) == 0) {
		visit->self = response->status < 300;
		visit->gone = response->status == 404 || response->status == 410;
	}
	if (response->status == 507)
		visit->cut = true;
	norm = norm_of(dav, arena, visit->home->origin, visit->home->target, response->href);
	if (is_broken(response))
		take_broken(visit, response, norm);
	if (!collection_is(response, &flavour))
		return NULL;
	visit->any = true;
	collection = collection_get(dav, visit->home->origin, visit->home->target, response->href);
	if (is_seen(survey, collection))
		return NULL;
	collection->flavour = flavour;
	collection->kind = collection_kind(response, flavour);
	collection_take(collection, dav->arena, response, survey->marks);
	*vec_push(&survey->seen) = collection;
	if (survey->seen.count > COLLECTIONS_MOST)
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the server lists more than %d collections",
				 COLLECTIONS_MOST);
	return NULL;
}

/* ---- asking ------------------------------------------------------------------------------- */

/* Did the homes themselves fail, so that they should be discovered anew? */
static bool is_lost(const struct visit *visit)
{
	const struct ask *ask = visit->ask;

	if (ask->fail)
		return ask->fail->code == FAIL_REFUSED; /* redirected to another origin */
	return visit->gone || (ask->status >= 300 && ask->status < 500);
}

/* Did it tell about the home, or about what it was redirected to, or about collections at least?  If not it
 * may have answered another question. */
static bool is_answer(const struct visit *visit)
{
	const char *url = visit->ask->http.url;
	const char *norm = url ? href_norm(visit->survey->arena, "/", url) : NULL;

	return visit->self || visit->any || (norm && visit->first && strcmp(norm, visit->first) == 0);
}

static const struct fail *visit_fail(const struct visit *visit)
{
	const struct fail *f = ask_fail(visit->ask, FAIL_ACCOUNT);

	if (!f && !is_answer(visit))
		f = fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the answer does not tell about what was asked");
	if (!f && visit->cut)
		f = fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "the server does not list all collections");
	return fail_scoped(fail_in(f, "%s", visit->home->target), FAIL_ACCOUNT);
}

/* Which server is the first decides how names are told: the homes must be known. */
static void take_known(struct survey *survey)
{
	for (size_t i = 0; i < survey->known_count; i++) {
		const struct store_known *known = &survey->known[i];
		const char *norm = norm_of_name(survey->dav, survey->arena, known->name);

		if (norm)
			map_set(survey->known_by_norm, norm, (void *)(uintptr_t)known);
	}
}

/* Asks for the marks that there are cursors to compare with. */
static const char *propfind_text(struct survey *survey)
{
	const char *text;
	struct since since;
	struct buf xml;

	survey->marks = 0;
	for (size_t i = 0; i < survey->known_count; i++) {
		const struct store_known *known = &survey->known[i];
		const char *norm = href_norm(survey->arena, "/", known->name);

		if (norm && since_parse(survey->arena, known->cursor, norm, &since))
			survey->marks |= *since.token ? MARK_TOKEN : *since.ctag ? MARK_CTAG : 0;
	}
	buf_init(&xml, 4096);
	collection_propfind(&xml, survey->marks);
	text = arena_str(survey->arena, xml.data);
	buf_free(&xml);
	return text;
}

/* One look; *lost: a home is not there any more. */
static const struct fail *survey_run(struct survey *survey, bool *lost)
{
	struct dav *dav = survey->dav;
	struct visit *visits = arena_alloc(survey->arena, (dav->homes.count + 1) * sizeof *visits);
	const struct fail *f;
	const char *xml;
	struct asks asks;

	*lost = false;
	survey->seen.count = 0;
	take_known(survey);
	xml = propfind_text(survey);
	asks_begin(&asks, dav, survey->arena);
	for (size_t i = 0; i < dav->homes.count; i++) {
		const struct home *home = &dav->homes.items[i];
		struct visit *visit = &visits[i];

		visit->survey = survey;
		visit->home = home;
		visit->norm = href_norm(survey->arena, "/", home->target);
		visit->ask = asks_add(&asks, home->origin, "PROPFIND", home->target);
		ask_multistatus(visit->ask, home->collection ? "Depth: 0" : "Depth: 1", visit_take, visit);
		ask_xml(visit->ask, xml);
	}
	f = asks_run(&asks);
	for (size_t i = 0; i < dav->homes.count && !f; i++) {
		*lost |= is_lost(&visits[i]);
		f = visit_fail(&visits[i]);
	}
	for (size_t i = 0; i < dav->homes.count && !*lost; i++)
		*lost |= is_lost(&visits[i]);
	asks_end(&asks);
	return f;
}

static const struct fail *survey_all(struct survey *survey)
{
	bool found = false, lost = false;
	const struct fail *f = home_find(survey->dav, false, &found);

	if (!f)
		f = survey_run(survey, &lost);
	if (!f || !lost || found)
		return f;
	f = home_find(survey->dav, true, &found);
	return f ? f : survey_run(survey, &lost);
}

/* ---- paths and news ----------------------------------------------------------------------- */

static int by_norm(const void *a, const void *b)
{
	const struct collection *x = *(struct collection *const *)a, *y = *(struct collection *const *)b;

	return strcmp(x->norm, y->norm);
}

static int by_path(const void *a, const void *b)
{
	const struct collection *x = *(struct collection *const *)a, *y = *(struct collection *const *)b;

	return strcmp(x->path, y->path);
}

static const struct store_known *known_of_collection(const struct survey *survey,
						     const struct collection *collection)
{
	return known_of(survey, norm_of_name(survey->dav, survey->arena, collection->name));
}

static void path_new(struct survey *survey, struct collection *collection)
{
	const char *path = NULL;

	for (unsigned n = 1; !path || map_get(survey->paths, path); n++)
		path = collection_path(survey->arena, collection->kind, collection->title, collection->name,
				       n);
	collection->path = arena_str(survey->dav->arena, path);
	map_set(survey->paths, path, collection);
}

/* A collection that is known keeps its path, and so its kind; then the others get theirs, in an order that is
 * always the same. */
static void give_paths(struct survey *survey)
{
	struct dav *dav = survey->dav;
	struct collection **seen = survey->seen.items;
	size_t count = survey->seen.count;

	for (size_t i = 0; i < dav->order.count; i++)
		dav->order.items[i]->path = NULL;
	for (size_t i = 0; i < count; i++)
		seen[i]->path = NULL;
	if (count)
		qsort(seen, count, sizeof *seen, by_norm);
	for (size_t i = 0; i < count; i++) {
		const struct store_known *known = known_of_collection(survey, seen[i]);
		enum kind kind = known ? kind_of_path(known->path) : KINDS;

		if (kind == KINDS || flavour_of(kind) != seen[i]->flavour ||
		    map_get(survey->paths, known->path))
			continue;
		seen[i]->kind = kind;
		seen[i]->path = arena_str(dav->arena, known->path);
		map_set(survey->paths, seen[i]->path, seen[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (!seen[i]->path)
			path_new(survey, seen[i]);
	if (count)
		qsort(seen, count, sizeof *seen, by_path);
	dav->order.count = 0;
	for (size_t i = 0; i < count; i++)
		*vec_push(&dav->order) = seen[i];
}

/* Is nothing new since the cursor?  The token decides where the server tells one. */
static enum news news_of(const struct survey *survey, const struct collection *collection)
{
	const struct store_known *known = known_of_collection(survey, collection);
	struct since since;

	if (!known || collection->broken ||
	    !since_parse(survey->arena, known->cursor, collection->norm, &since))
		return NEWS_SOME;
	if (since_is_old(&since, survey->dav->options.now))
		return NEWS_SOME;
	if (*collection->token && *since.token)
		return strcmp(collection->token, since.token) == 0 ? NEWS_NONE : NEWS_SOME;
	if (*collection->ctag && *since.ctag)
		return strcmp(collection->ctag, since.ctag) == 0 ? NEWS_NONE : NEWS_SOME;
	return NEWS_SOME;
}

static void survey_tell(struct survey *survey, struct arena *arena, struct folder_list *list)
{
	const struct dav *dav = survey->dav;

	list->items = arena_alloc(arena, (dav->order.count + 1) * sizeof *list->items);
	list->count = dav->order.count;
	list->complete = true;
	for (size_t i = 0; i < dav->order.count; i++) {
		collection_tell(dav->order.items[i], arena, &list->items[i]);
		list->items[i].news = news_of(survey, dav->order.items[i]);
	}
}

const struct fail *dav_folders(struct store *store, const struct store_known *known, size_t count,
			       struct arena *arena, struct folder_list *list)
{
	struct survey survey = {
		.dav = dav_of(store),
		.arena = arena_new(),
		.known = known,
		.known_count = count,
		.known_by_norm = map_new(),
		.paths = map_new(),
	};
	const struct fail *f = dav_may_ask(survey.dav);

	if (!f)
		f = survey_all(&survey);
	if (!f && !survey.dav->homes.count)
		f = count ? fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
				      "the server tells of no calendars and contacts any more")
			  : fail_make(FAIL_MISSING, FAIL_ACCOUNT,
				      "the server has neither calendars nor contacts");
	if (!f) {
		give_paths(&survey);
		survey_tell(&survey, arena, list);
	}
	vec_free(&survey.seen);
	map_free(survey.paths);
	map_free(survey.known_by_norm);
	arena_free(survey.arena);
	return f;
}
