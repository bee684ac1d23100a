/* Path: the names of mailboxes as directories. */
#include "store/path.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>
#include <string.h>

/* A cut name's directories end in this. */
#define CUT      "%+"
#define CUT_SIZE 2
#define EMPTY    "%-"

/* The longest thing a unit (one character, or one byte that is none) can become: %XX four times. */
#define UNIT_MOST 12

/* Names that mean something in a folder's own directory. */
static const char *const reserved[] = { "cur", "new", "tmp", "dovecot-keywords" };

static bool is_reserved(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strlen(reserved[i]) == size && str_ncasecmp(reserved[i], name, size) == 0)
			return true;
	return false;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Do these bytes begin with what unescaping would take for an escaped byte? */
static bool is_escape(const char *s, size_t size)
{
	return size >= 3 && s[0] == '%' && hex_value(s[1]) >= 0 && hex_value(s[2]) >= 0;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* Must the unit of `length` bytes at s be escaped, wherever in a name it stands? */
static bool always_escaped(const char *s, size_t size, size_t length, uint32_t code)
{
	return !length || is_control(code) || *s == '/' || is_escape(s, size);
}

/* Must it because of its place: first in the directory's name, or last of the whole? */
static bool escaped_here(const char *s, size_t size, bool first)
{
	if (first && (*s == '.' || is_reserved(s, size)))
		return true;
	if (size == 1)
		return *s == '.' || *s == ' ';
	if (size != 2 || *s != '%')
		return false;
	return s[1] == '+' || (first && s[1] == '-');
}

/* Escapes the unit at s, of which `size` bytes are left, into `unit`; returns the number of bytes
 * that were used up. */
static size_t unit_escape(const char *s, size_t size, bool first, char unit[UNIT_MOST],
			  size_t *unit_size)
{
	static const char digits[] = "0123456789ABCDEF";
	uint32_t code = 0;
	size_t length = str_utf8_next(s, size, &code);
	size_t used = length ? length : 1;

	if (!always_escaped(s, size, length, code) && !escaped_here(s, size, first)) {
		memcpy(unit, s, used);
		*unit_size = used;
		return used;
	}
	for (size_t i = 0; i < used; i++) {
		unit[3 * i] = '%';
		unit[3 * i + 1] = digits[(uint8_t)s[i] >> 4];
		unit[3 * i + 2] = digits[(uint8_t)s[i] & 15];
	}
	*unit_size = 3 * used;
	return used;
}

/* One directory's name: as many units as fit into `most` bytes.  Returns the number of bytes used.
 */
static size_t piece_escape(const char *s, size_t size, size_t most, char piece[PATH_COMPONENT],
			   size_t *piece_size)
{
	size_t used = 0;

	*piece_size = 0;
	while (used < size) {
		char unit[UNIT_MOST];
		size_t unit_size;
		size_t more = unit_escape(s + used, size - used, used == 0, unit, &unit_size);

		if (*piece_size + unit_size > most)
			break;
		memcpy(piece + *piece_size, unit, unit_size);
		*piece_size += unit_size;
		used += more;
	}
	return used;
}

void path_component_escape(struct buf *out, const char *name, size_t size)
{
	char piece[PATH_COMPONENT];
	size_t piece_size;

	if (!size) {
		buf_adds(out, EMPTY);
		return;
	}
	while (piece_escape(name, size, PATH_COMPONENT, piece, &piece_size) < size) {
		size_t used = piece_escape(name, size, PATH_COMPONENT - CUT_SIZE, piece,
					   &piece_size);

		buf_add(out, piece, piece_size);
		buf_adds(out, CUT "/");
		name += used;
		size -= used;
	}
	buf_add(out, piece, piece_size);
}

static bool ends_cut(const char *piece, size_t size)
{
	return size >= CUT_SIZE && memcmp(piece + size - CUT_SIZE, CUT, CUT_SIZE) == 0;
}

static void piece_unescape(struct buf *out, const char *piece, size_t size)
{
	if (size == sizeof EMPTY - 1 && memcmp(piece, EMPTY, size) == 0)
		return;
	if (ends_cut(piece, size))
		size -= CUT_SIZE;
	for (size_t i = 0; i < size; i++) {
		if (!is_escape(piece + i, size - i)) {
			buf_addc(out, piece[i]);
			continue;
		}
		buf_addc(out, (char)(hex_value(piece[i + 1]) << 4 | hex_value(piece[i + 2])));
		i += 2;
	}
}

/* The size of the directory name at the start of these bytes. */
static size_t piece_span(const char *path, size_t size)
{
	const char *slash = memchr(path, '/', size);

	return slash ? (size_t)(slash - path) : size;
}

bool path_component_unescape(struct buf *out, const char *path, size_t size)
{
	size_t start = out->size;
	struct buf again;
	bool same;

	for (size_t at = 0; at <= size;) {
		size_t span = piece_span(path + at, size - at);

		piece_unescape(out, path + at, span);
		at += span + 1;
	}
	buf_init(&again, size + 3 * PATH_COMPONENT);
	path_component_escape(&again, out->data + start, out->size - start);
	same = !out->over && !again.over && again.size == size &&
	       memcmp(again.data, path, size) == 0;
	buf_free(&again);
	return same;
}

/* The size of the component at the start of `path`: one directory name, or several where it was
 * cut. False if the path ends before the component does. */
static bool component_span(const char *path, size_t *size, size_t *depth)
{
	*size = 0;
	for (;;) {
		size_t span = strcspn(path + *size, "/");
		bool cut = ends_cut(path + *size, span);

		(*depth)++;
		*size += span;
		if (!cut)
			return true;
		if (!path[*size])
			return false;
		(*size)++;
	}
}

/* Unescapes a path; components end with `delimiter`.  Tells the path's state. */
static enum path_state path_unescape(struct buf *name, const char *path, char delimiter,
				     bool *ambiguous)
{
	size_t depth = 0;

	*ambiguous = false;
	if (strlen(path) > PATH_MOST)
		return PATH_ODD;
	for (;;) {
		size_t start = name->size;
		size_t size;

		if (!component_span(path, &size, &depth))
			return PATH_OPEN;
		if (!path_component_unescape(name, path, size) || depth > PATH_DEPTH)
			return PATH_ODD;
		if (delimiter && memchr(name->data + start, delimiter, name->size - start))
			*ambiguous = true;
		path += size;
		if (!*path)
			return PATH_GOOD;
		path++;
		if (!delimiter)
			*ambiguous = true;
		buf_addc(name, delimiter);
	}
}

enum path_state path_check(const char *path)
{
	enum path_state state;
	struct buf name;
	bool ambiguous;

	buf_init(&name, 2 * PATH_MOST);
	state = path_unescape(&name, path, '/', &ambiguous);
	buf_free(&name);
	return state;
}

static bool is_inbox(const char *name, size_t size)
{
	return size == 5 && str_ncasecmp(name, "INBOX", 5) == 0;
}

const char *path_of_name(struct arena *arena, const char *root, const char *name, size_t size,
			 char delimiter)
{
	size_t depth = 0;
	const char *path = NULL;
	struct buf out;

	buf_init(&out, 4 * PATH_MOST);
	if (is_inbox(name, size))
		name = "INBOX";
	buf_adds(&out, root);
	for (;;) {
		const char *end = delimiter ? memchr(name, delimiter, size) : NULL;
		size_t span = end ? (size_t)(end - name) : size;

		buf_addc(&out, '/');
		path_component_escape(&out, name, span);
		if (!end || out.over)
			break;
		name += span + 1;
		size -= span + 1;
	}
	for (size_t i = 0; i < out.size; i++)
		depth += out.data[i] == '/';
	if (!out.over && out.size - strlen(root) - 1 <= PATH_MOST && depth <= PATH_DEPTH)
		path = arena_strn(arena, out.data, out.size);
	buf_free(&out);
	return path;
}

const char *path_name(struct arena *arena, const char *path, char delimiter, size_t *size)
{
	const char *below = strchr(path, '/');
	const char *name = NULL;
	struct buf out;
	bool ambiguous;

	if (!below)
		return NULL;
	buf_init(&out, 2 * PATH_MOST);
	if (path_unescape(&out, below + 1, delimiter, &ambiguous) == PATH_GOOD && !ambiguous &&
	    (!is_inbox(out.data, out.size) || memcmp(out.data, "INBOX", 5) == 0)) {
		name = arena_strn(arena, out.data, out.size);
		*size = out.size;
	}
	buf_free(&out);
	return name;
}

