/* Make: collections are made, dropped, given titles and colors. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/step.h"
#include "base/str.h"
#include "store/dav/ask.h"
#include "store/dav/collection.h"
#include "store/dav/href.h"
#include "store/dav/item.h"
#include "store/path.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define TRIES     3  /* names for a new collection */
#define SLUG_MOST 40 /* bytes of the title in a name */

/* ---- names -------------------------------------------------------------------------------- */

/* The last component of a path, as people write it. */
static const char *title_of_path(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path, *title;
	struct buf out;

	buf_init(&out, PATH_MOST);
	if (!path_component_unescape(&out, last, strlen(last))) {
		buf_clear(&out);
		buf_adds(&out, last);
	}
	title = arena_str(arena, out.data);
	buf_free(&out);
	return title;
}

/* A name that every server takes, and that nothing has: QUIRK(cyrus): not every character is allowed. */
static const char *name_new(struct arena *arena, const char *title)
{
	uint8_t random[5] = { 0 };
	char slug[SLUG_MOST + 1], hex[2 * sizeof random + 1];
	size_t size = 0;

	for (const char *p = title; *p && size < SLUG_MOST; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			slug[size++] = c;
		else if (size && slug[size - 1] != '-')
			slug[size++] = '-';
	}
	while (size && slug[size - 1] == '-')
		size--;
	slug[size] = '\0';
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		memset(random, 0, sizeof random);
	str_hex(hex, random, sizeof random);
	return arena_printf(arena, "%s%s%s", slug, size ? "-" : "", hex);
}

static const struct fail *kind_of_path(const char *path, enum kind *kind)
{
	for (int i = KIND_EVENTS; i < KINDS; i++) {
		const char *root = kind_traits((enum kind)i)->root;

		if (str_starts(path, root) && path[strlen(root)] == '/') {
			*kind = (enum kind)i;
			return NULL;
		}
	}
	return fail_make(FAIL_REFUSED, FAIL_FOLDER, "%s: no such thing on a DAV server", path);
}

static const struct fail *path_free(const struct dav *dav, const char *path)
{
	for (size_t i = 0; i < dav->order.count; i++)
		if (strcmp(dav->order.items[i]->path, path) == 0)
			return fail_make(FAIL_EXISTS, FAIL_FOLDER, "there is such a collection already");
	return NULL;
}

/* Where new ones of the kind are made. */
static const struct fail *home_for(const struct dav *dav, enum flavour flavour, const struct home **home)
{
	for (size_t i = 0; i < dav->homes.count; i++) {
		*home = &dav->homes.items[i];
		if (!(*home)->collection && (flavour == BOOK ? (*home)->contacts : (*home)->calendars))
			return NULL;
	}
	return fail_make(FAIL_REFUSED, FAIL_FOLDER, "the server has no place for new ones");
}

/* ---- asking ------------------------------------------------------------------------------- */

static void property_add(struct buf *xml, const char *name, const char *text)
{
	buf_addf(xml, "<%s>", name);
	xml_escape(xml, text);
	buf_addf(xml, "</%s>", name);
}

/* The body of MKCALENDAR (RFC 4791 5.3.1) or extended MKCOL (RFC 5689). */
static const char *make_xml(struct arena *arena, enum kind kind, const char *title, bool mkcalendar)
{
	const char *component = flavour_component(kind), *text;
	struct buf xml;

	buf_init(&xml, 65536);
	buf_addf(&xml,
		 "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<%s xmlns:D=\"DAV:\" xmlns:C=\"" XML_CALDAV
		 "\" xmlns:A=\"" XML_CARDDAV "\"><D:set><D:prop>",
		 mkcalendar ? "C:mkcalendar" : "D:mkcol");
	if (!mkcalendar)
		buf_addf(&xml, "<D:resourcetype><D:collection/><%s/></D:resourcetype>",
			 kind == KIND_CONTACTS ? "A:addressbook" : "C:calendar");
	property_add(&xml, "D:displayname", title);
	if (component)
		buf_addf(&xml,
			 "<C:supported-calendar-component-set><C:comp name=\"%s\"/>"
			 "</C:supported-calendar-component-set>",
			 component);
	buf_addf(&xml, "</D:prop></D:set></%s>", mkcalendar ? "C:mkcalendar" : "D:mkcol");
	text = arena_str(arena, xml.data);
	buf_free(&xml);
	return text;
}

/* One request that changes something. */
static const struct fail *change(struct dav *dav, struct origin *origin, const char *method,
				 const char *target, const char *xml, int *status, struct arena *arena)
{
	const struct fail *f = step("collection");
	struct asks asks;
	struct ask *ask;

	if (f)
		return f;
	asks_begin(&asks, dav, arena);
	ask = asks_add(&asks, origin, method, target);
	if (xml)
		ask_xml(ask, xml);
	f = asks_run(&asks);
	*status = f ? 0 : ask->status;
	if (!f)
		f = fail_scoped(ask_fail(ask, FAIL_FOLDER), FAIL_FOLDER);
	asks_end(&asks);
	return f;
}

/* Nobody else has a part in what was made just now under a name of its own. */
static void remove_half(struct dav *dav, const struct home *home, const char *target, struct arena *arena)
{
	int status;
	const struct fail *f = change(dav, home->origin, "DELETE", target, NULL, &status, arena);

	(void)f; /* most likely there was nothing */
}

/* Makes one of this name; *target is what was made. */
static const struct fail *make_named(struct dav *dav, const struct home *home, enum kind kind,
				     const char *title, struct arena *arena, const char **target)
{
	const char *slash = str_ends(home->target, "/") ? "" : "/";
	bool mkcalendar = kind != KIND_CONTACTS;
	const struct fail *f;
	int status = 0;

	*target = arena_printf(arena, "%s%s%s/", home->target, slash, name_new(arena, title));
	f = change(dav, home->origin, mkcalendar ? "MKCALENDAR" : "MKCOL", *target,
		   make_xml(arena, kind, title, mkcalendar), &status, arena);
	if (f && mkcalendar && (status == 405 || status == 403 || status == 501 || status == 400))
		f = change(dav, home->origin, "MKCOL", *target, make_xml(arena, kind, title, false), &status,
			   arena);
	/* QUIRK(xandikos): a title with a "%" in it is a 500, and leaves a collection without one behind. */
	if (f && status >= 500)
		remove_half(dav, home, *target, arena);
	/* The name may be taken after all. */
	return f && (status == 405 || status == 409) ? fail_make(FAIL_EXISTS, FAIL_FOLDER, "%s", f->text) : f;
}

/* ---- what was made ------------------------------------------------------------------------ */

struct made {
	struct dav *dav;
	const struct home *home;
	const char *target;
	enum kind kind;
	const char *path;
	struct collection *collection;
};

static const struct fail *made_take(void *context, const struct xml_response *response)
{
	struct made *made = context;
	enum flavour flavour;

	if (made->collection || !collection_is(response, &flavour) || flavour != flavour_of(made->kind) ||
	    !href_same(response->href, made->target))
		return NULL;
	made->collection = collection_get(made->dav, made->home->origin, made->target, response->href);
	made->collection->flavour = flavour;
	made->collection->kind = made->kind;
	collection_take(made->collection, made->dav->arena, response, 0);
	return NULL;
}

/* How the server lists it.  QUIRK(several): it can take some seconds until it does. */
static const struct fail *made_look(struct made *made, struct arena *arena)
{
	struct dav *dav = made->dav;
	const struct fail *f;
	struct asks asks;
	struct ask *ask;
	struct buf xml;

	buf_init(&xml, 4096);
	collection_propfind(&xml, 0);
	asks_begin(&asks, dav, arena);
	ask = asks_add(&asks, made->home->origin, "PROPFIND", made->target);
	ask_multistatus(ask, "Depth: 0", made_take, made);
	ask_xml(ask, xml.data);
	f = asks_run(&asks);
	asks_end(&asks);
	buf_free(&xml);
	if (f)
		return f;
	if (!made->collection) {
		made->collection =
			collection_get(dav, made->home->origin, "/", arena_str(dav->arena, made->target));
		made->collection->flavour = flavour_of(made->kind);
		made->collection->kind = made->kind;
	}
	made->collection->path = arena_str(dav->arena, made->path);
	*vec_push(&dav->order) = made->collection;
	return NULL;
}

const struct fail *dav_make(struct store *store, const char *path, uint32_t roles, struct arena *arena,
			    struct store_folder *folder)
{
	struct made made = { .dav = dav_of(store), .path = path };
	const char *title = title_of_path(arena, path);
	const struct fail *f = kind_of_path(path, &made.kind);

	(void)roles;
	if (!f)
		f = path_free(made.dav, path);
	if (!f)
		f = home_for(made.dav, flavour_of(made.kind), &made.home);
	if (f)
		return f;
	for (int try = 0; try == 0 || (try < TRIES && fail_is(f, FAIL_EXISTS)); try++)
		f = make_named(made.dav, made.home, made.kind, title, arena, &made.target);
	/* Another one of that path is there only if it was listed. */
	if (fail_is(f, FAIL_EXISTS))
		f = fail_make(FAIL_REFUSED, FAIL_FOLDER, "%s", f->text);
	if (!f)
		f = made_look(&made, arena);
	if (!f)
		collection_tell(made.collection, arena, folder);
	return f;
}

/* ---- renaming and labels ------------------------------------------------------------------ */

static const struct fail *property_set(struct dav *dav, const struct collection *collection,
				       const char *title, const char *color)
{
	struct arena *arena = arena_new();
	const struct fail *f;
	struct buf xml;
	int status;

	buf_init(&xml, 65536);
	buf_adds(&xml, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propertyupdate xmlns:D=\"DAV:\""
		       " xmlns:I=\"" XML_APPLE "\"><D:set><D:prop>");
	if (title)
		property_add(&xml, "D:displayname", title);
	if (color)
		property_add(&xml, "I:calendar-color", color);
	buf_adds(&xml, "</D:prop></D:set></D:propertyupdate>");
	f = change(dav, collection->origin, "PROPPATCH", collection->target, xml.data, &status, arena);
	buf_free(&xml);
	arena_free(arena);
	return f;
}

const struct fail *dav_rename(struct store *store, const struct store_folder *folder, const char *path,
			      struct arena *arena, struct store_folder *renamed)
{
	struct dav *dav = dav_of(store);
	struct collection *collection = NULL;
	enum kind kind = KINDS;
	const char *title = title_of_path(arena, path);
	const struct fail *f = dav_collection(dav, folder, &collection);

	if (!f)
		f = kind_of_path(path, &kind);
	if (!f && kind != collection->kind)
		f = fail_make(FAIL_REFUSED, FAIL_FOLDER, "%s: is for other things", path);
	if (!f)
		f = path_free(dav, path);
	if (!f)
		f = property_set(dav, collection, title, NULL);
	if (f)
		return f;
	collection->path = arena_str(dav->arena, path);
	collection->title = arena_str(dav->arena, title);
	collection_tell(collection, arena, renamed);
	return NULL;
}

const struct fail *dav_label(struct store *store, const struct store_folder *folder, const char *title,
			     const char *color)
{
	struct dav *dav = dav_of(store);
	struct collection *collection = NULL;
	const struct fail *f = dav_collection(dav, folder, &collection);

	if (!f && (title || color))
		f = property_set(dav, collection, title, color);
	if (f)
		return f;
	if (title)
		collection->title = arena_str(dav->arena, title);
	if (color)
		collection->color = arena_str(dav->arena, color);
	return NULL;
}

/* ---- dropping ----------------------------------------------------------------------------- */

struct counting {
	const struct collection *collection;
	struct arena *arena;
	bool self, any;
};

static const struct fail *count_take(void *context, const struct xml_response *response)
{
	struct counting *counting = context;
	struct item_response item;

	item_take(counting->collection, counting->arena, response, &item);
	counting->self |= item.state == ITEM_SELF && item.status < 300;
	counting->any |= item.state != ITEM_SELF && item.state != ITEM_GONE;
	return NULL;
}

static const char count_xml[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\"><D:prop>"
	"<D:resourcetype/></D:prop></D:propfind>";

/* Nothing at all may lie in it, of whatever type. */
static const struct fail *check_empty(struct dav *dav, const struct collection *collection,
				      struct arena *arena)
{
	struct counting counting = { .collection = collection, .arena = arena };
	const struct fail *f;
	struct asks asks;
	struct ask *ask;

	asks_begin(&asks, dav, arena);
	ask = asks_add(&asks, collection->origin, "PROPFIND", collection->target);
	ask_multistatus(ask, "Depth: 1", count_take, &counting);
	ask_xml(ask, count_xml);
	f = asks_run(&asks);
	if (!f)
		f = ask_fail(ask, FAIL_FOLDER);
	if (!f && counting.any)
		f = fail_make(FAIL_REFUSED, FAIL_FOLDER, "the collection is not empty");
	if (!f && !counting.self)
		f = fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "the answer does not tell about what was asked");
	asks_end(&asks);
	return f;
}

const struct fail *dav_drop(struct store *store, const struct store_folder *folder)
{
	struct dav *dav = dav_of(store);
	struct arena *arena = arena_new();
	struct collection *collection = NULL;
	const struct fail *f = dav_collection(dav, folder, &collection);
	int status;

	if (!f)
		f = check_empty(dav, collection, arena);
	if (!f)
		f = change(dav, collection->origin, "DELETE", collection->target, NULL, &status, arena);
	for (size_t i = 0; i < dav->order.count && !f; i++)
		if (dav->order.items[i] == collection) {
			dav->order.items[i] = dav->order.items[--dav->order.count];
			collection->path = NULL;
		}
	arena_free(arena);
	return f;
}
