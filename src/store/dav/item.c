/* Item: single responses of listings and multigets. */
#include "store/dav/item.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/str.h"
#include "store/dav/href.h"

#include <string.h>

/* ---- refs --------------------------------------------------------------------------------- */

const char *item_ref(const struct collection *collection, const char *href)
{
	const char *tail = href + strlen(collection->prefix);

	if (str_starts(href, collection->prefix) && *tail && *tail != '/' && !strstr(tail, "://"))
		return tail;
	return href;
}

const char *item_href(struct arena *arena, const struct collection *collection, const char *ref)
{
	if (*ref == '/' || href_origin(ref))
		return ref;
	return arena_printf(arena, "%s%s", collection->prefix, ref);
}

const char *item_target(struct arena *arena, const struct collection *collection, const char *ref)
{
	return href_target(
		arena, collection->target,
		*ref == '/' || href_origin(ref) ? ref : arena_printf(arena, "%s%s", collection->target, ref));
}

/* ---- responses ---------------------------------------------------------------------------- */

/* Is the content type, where it is told, that of an item?  Never the name's suffix: QUIRK(kerio): events are
 * called .eml. */
static bool has_type(const struct collection *collection, const struct xml_response *response)
{
	const struct xml_property *type = xml_property(response, XML_DAV, "getcontenttype");
	const char *const *known = flavour_traits(collection->flavour)->types;
	const char *text = type ? type->text : "";

	text += strspn(text, " \t\r\n");
	if (!*text)
		return true;
	for (; *known; known++)
		if (str_ncasecmp(text, *known, strlen(*known)) == 0)
			return true;
	return false;
}

/* The status that a response comes to where it lists no properties that are there. */
static int status_of(const struct xml_response *response)
{
	int status = response->status;

	if (status >= 300 || !response->property_count)
		return status ? status : 200;
	for (size_t i = 0; i < response->property_count; i++) {
		if (response->properties[i].status < 300)
			return 200;
		/* QUIRK(several): an item that is gone has its 404 in the propstat, of every property. */
		status = response->properties[i].status;
	}
	return status;
}

static const char *etag_of(struct arena *scratch, const struct xml_response *response)
{
	const struct xml_property *etag = xml_property(response, XML_DAV, "getetag");
	const char *text = etag ? etag->text : "";
	size_t size;

	text += strspn(text, " \t\r\n");
	size = strlen(text);
	while (size && strchr(" \t\r\n", text[size - 1]))
		size--;
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return NULL;
	return size ? arena_strn(scratch, text, size) : NULL;
}

void item_take(const struct collection *collection, struct arena *scratch,
	       const struct xml_response *response, struct item_response *item)
{
	const struct flavour_traits *traits = flavour_traits(collection->flavour);
	const struct xml_property *data = xml_property(response, traits->space, traits->data);
	const struct xml_property *type = xml_property(response, XML_DAV, "resourcetype");
	const char *norm = href_norm(scratch, collection->target, response->href ? response->href : "");
	int status = status_of(response);

	*item = (struct item_response){ .state = ITEM_OTHER, .status = status };
	if (status == 507) {
		item->state = ITEM_CUT;
		return;
	}
	if (!norm)
		return;
	if (strcmp(norm, collection->norm) == 0) {
		item->state = ITEM_SELF;
		return;
	}
	item->ref = item_ref(collection, response->href);
	if (status >= 300) {
		item->state = status == 404 || status == 410 ? ITEM_GONE : ITEM_BROKEN;
		return;
	}
	if (data && data->size) {
		item->data = data->text;
		item->size = data->size;
	}
	if (type && xml_has(type, XML_DAV, "collection"))
		return;
	if (!item->data && !has_type(collection, response))
		return;
	item->state = ITEM_THERE;
	item->etag = etag_of(scratch, response);
}

/* ---- bytes and revisions ------------------------------------------------------------------ */

bool item_is_one(const char *data, size_t size)
{
	static const char begin[] = "BEGIN:";
	static const char mark[] = "\xef\xbb\xbf";

	if (size >= sizeof mark - 1 && memcmp(data, mark, sizeof mark - 1) == 0)
		data += sizeof mark - 1;
	data += strspn(data, " \t\r\n");
	return str_ncasecmp(data, begin, sizeof begin - 1) == 0;
}

void item_crlf(struct buf *out, const char *data, size_t size)
{
	const char *end = data + size;
	bool cr = false;

	while (data < end) {
		const char *lf = memchr(data, '\n', (size_t)(end - data));
		const char *to = lf ? lf : end;

		buf_add(out, data, (size_t)(to - data));
		if (to > data)
			cr = to[-1] == '\r';
		if (lf)
			buf_add(out, cr ? "\n" : "\r\n", cr ? 1 : 2);
		cr = false;
		data = lf ? lf + 1 : end;
	}
}

/* Of the bytes without the CR of CRLF: by GET and inside XML the same item can come with and without. */
static struct digest content_digest(const char *data, size_t size)
{
	struct digest_run *run = digest_begin();
	const char *end = data + size;

	while (data < end) {
		const char *cr = memchr(data, '\r', (size_t)(end - data));

		while (cr && (cr + 1 == end || cr[1] != '\n'))
			cr = cr + 1 == end ? NULL : memchr(cr + 1, '\r', (size_t)(end - cr - 1));
		digest_add(run, data, (size_t)((cr ? cr : end) - data));
		data = cr ? cr + 1 : end;
	}
	return digest_end(run);
}

const char *item_revision(struct arena *arena, const char *etag, const char *data, size_t size)
{
	struct digest digest;
	char text[2 * DIGEST_SIZE + 1];

	if (etag && *etag)
		return arena_str(arena, etag);
	digest = content_digest(data, size);
	str_hex(text, digest.bytes, DIGEST_SIZE);
	return arena_printf(arena, REVISION_CONTENT "%s", text);
}

bool item_is_strong(const char *revision)
{
	if (!*revision || str_starts(revision, "W/") || str_starts(revision, REVISION_CONTENT) ||
	    strcmp(revision, REVISION_UNKNOWN) == 0)
		return false;
	for (const char *p = revision; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}
