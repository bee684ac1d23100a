/* Collection: properties of calendars and address books. */
#include "store/dav/collection.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "store/dav/href.h"
#include "store/path.h"

#include <string.h>

#define NAME_MOST  200 /* bytes of a name in a path */
#define TITLE_MOST ((size_t)1024)
#define LEAST_MOST ((uint64_t)1024) /* a limit on the size below this is none */

void collection_propfind(struct buf *out, unsigned marks)
{
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		      "<D:propfind xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\""
		      " xmlns:A=\"urn:ietf:params:xml:ns:carddav\" xmlns:S=\"http://calendarserver.org/ns/\""
		      " xmlns:I=\"http://apple.com/ns/ical/\"><D:prop><D:resourcetype/>");
	if (marks & MARK_TOKEN)
		buf_adds(out, "<D:sync-token/>");
	if (marks & MARK_CTAG)
		buf_adds(out, "<S:getctag/>");
	buf_adds(out, "<D:displayname/><I:calendar-color/><C:supported-calendar-component-set/>"
		      "<D:current-user-privilege-set/><C:max-resource-size/><A:max-resource-size/>"
		      "<A:supported-address-data/></D:prop></D:propfind>");
}

bool collection_is(const struct xml_response *response, enum flavour *flavour)
{
	const struct xml_property *type = xml_property(response, XML_DAV, "resourcetype");

	if (!type || response->status >= 300 || xml_has(type, XML_CS, "subscribed"))
		return false;
	for (int i = 0; i < FLAVOURS; i++) {
		const struct flavour_traits *traits = flavour_traits((enum flavour)i);

		if (xml_has(type, traits->space, traits->type)) {
			*flavour = (enum flavour)i;
			/* Nothing that koc knows can be in it (free-busy, polls alone). */
			return i == BOOK || collection_kind(response, (enum flavour)i) != KINDS;
		}
	}
	return false;
}

/* Its components (enum components); *told: the server said so. */
static unsigned components_of(const struct xml_response *response, bool *told)
{
	static const struct {
		const char *name;
		unsigned component;
	} names[] = {
		{ "VEVENT", TAKES_EVENTS },
		{ "VTODO", TAKES_TASKS },
		{ "VJOURNAL", TAKES_NOTES },
	};
	const struct xml_property *set =
		xml_property(response, XML_CALDAV, "supported-calendar-component-set");
	unsigned components = 0;

	*told = false;
	for (size_t i = 0; set && i < set->child_count; i++) {
		const struct xml_child *child = &set->children[i];

		if (strcmp(child->name, "comp") != 0 || !child->label)
			continue;
		*told = true;
		for (size_t n = 0; n < sizeof names / sizeof *names; n++)
			if (str_casecmp(child->label, names[n].name) == 0)
				components |= names[n].component;
	}
	return components;
}

enum kind collection_kind(const struct xml_response *response, enum flavour flavour)
{
	bool told;
	unsigned components = components_of(response, &told);

	if (flavour == CALENDAR && told && !components)
		return KINDS;
	return flavour_kind(flavour, components, told);
}

const char *collection_color(struct arena *arena, const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t size;

	if (!text)
		return NULL;
	text += strspn(text, " \t\r\n");
	if (*text != '#')
		return NULL;
	size = strspn(text + 1, digits);
	/* #RRGGBBAA: khal takes no alpha. */
	if ((size != 6 && size != 8) || text[1 + size + strspn(text + 1 + size, " \t\r\n")])
		return NULL;
	return arena_strn(arena, text, 7);
}

const char *collection_title(struct arena *arena, const char *text)
{
	size_t size = text ? strlen(text) : 0, from = 0;
	char *title, *to;

	if (!size || !str_utf8(text, size))
		return NULL;
	title = to = arena_str(arena, text);
	while (from < size && (size_t)(to - title) < TITLE_MOST) {
		uint32_t code;
		size_t length = str_utf8_next(text + from, size - from, &code);
		bool blank = code <= ' ' || (code >= 0x7f && code <= 0xa0);

		if (!length)
			break;
		if (!blank)
			to = (char *)memmove(to, text + from, length) + length;
		else if (to > title && to[-1] != ' ')
			*to++ = ' ';
		from += length;
	}
	while (to > title && to[-1] == ' ')
		to--;
	*to = '\0';
	return *title ? title : NULL;
}

/* Is it said that nothing can be written? */
static bool is_read_only(const struct xml_response *response)
{
	static const char *const writing[] = { "write", "write-content", "bind", "all" };
	const struct xml_property *set = xml_property(response, XML_DAV, "current-user-privilege-set");

	if (!set || !set->child_count)
		return false;
	for (size_t i = 0; i < sizeof writing / sizeof *writing; i++)
		if (xml_has(set, XML_DAV, writing[i]))
			return false;
	return true;
}

static bool gives_version4(const struct xml_response *response)
{
	const struct xml_property *types = xml_property(response, XML_CARDDAV, "supported-address-data");

	for (size_t i = 0; types && i < types->child_count; i++)
		if (types->children[i].version && strcmp(types->children[i].version, "4.0") == 0)
			return true;
	return false;
}

/* A property's text in the arena; `old` where it is the same. */
static const char *text_of(struct arena *arena, const struct xml_response *response, const char *space,
			   const char *name, const char *old)
{
	const struct xml_property *property = xml_property(response, space, name);
	const char *text = property ? property->text : "";
	size_t size;

	text += strspn(text, " \t\r\n");
	size = strlen(text);
	while (size && strchr(" \t\r\n", text[size - 1]))
		size--;
	if (old && strlen(old) == size && memcmp(old, text, size) == 0)
		return old;
	return arena_strn(arena, text, size);
}

void collection_take(struct collection *collection, struct arena *arena, const struct xml_response *response,
		     unsigned marks)
{
	const struct flavour_traits *traits = flavour_traits(collection->flavour);
	const struct xml_property *most = xml_property(response, traits->space, traits->size_most);
	const struct xml_property *name = xml_property(response, XML_DAV, "displayname");
	const struct xml_property *color = xml_property(response, XML_APPLE, "calendar-color");
	uint64_t size = 0;

	collection->token = text_of(arena, response, XML_DAV, "sync-token", collection->token);
	collection->ctag = text_of(arena, response, XML_CS, "getctag", collection->ctag);
	collection->title = collection_title(arena, name ? name->text : NULL);
	collection->color = collection_color(arena, color ? color->text : NULL);
	collection->read_only = is_read_only(response);
	collection->version4 = gives_version4(response);
	collection->broken = false;
	collection->ctag_old = !(marks & MARK_CTAG);
	collection->size_most = 0;
	if (most && str_u64(text_of(arena, response, traits->space, traits->size_most, NULL), &size) &&
	    size >= LEAST_MOST)
		collection->size_most = size;
}

void collection_tell(const struct collection *collection, struct arena *arena, struct store_folder *folder)
{
	memset(folder, 0, sizeof *folder);
	folder->path = arena_str(arena, collection->path);
	folder->name = arena_str(arena, collection->name);
	folder->kind = collection->kind;
	folder->news = NEWS_SOME;
	folder->next = folder->identity = "";
	folder->count = UINT64_MAX;
	folder->title = arena_str(arena, collection->title);
	folder->color = arena_str(arena, collection->color);
	folder->read_only = collection->read_only;
}

/* ---- paths -------------------------------------------------------------------------------- */

/* How many bytes of the name can stand in a path: those whose escaped form has NAME_MOST bytes at most, whole
 * characters. */
static size_t name_cut(const char *name)
{
	size_t size = strnlen(name, NAME_MOST + 1) + 1;
	struct buf out;

	buf_init(&out, PATH_MOST);
	do {
		do
			size--;
		while (size && ((unsigned char)name[size] & 0xc0) == 0x80);
		buf_clear(&out);
		path_component_escape(&out, name, size);
	} while (size && out.size > NAME_MOST);
	buf_free(&out);
	return size;
}

const char *collection_path(struct arena *arena, enum kind kind, const char *title, const char *href,
			    unsigned n)
{
	const char *name = title ? title : href_last(arena, href), *path;
	struct buf out;

	name = arena_strn(arena, name, name_cut(name));
	if (n > 1)
		name = arena_printf(arena, "%s-%u", name, n);
	buf_init(&out, PATH_MOST);
	path_component_escape(&out, name, strlen(name));
	path = arena_printf(arena, "%s/%s", kind_traits(kind)->root, out.data);
	buf_free(&out);
	return path;
}
