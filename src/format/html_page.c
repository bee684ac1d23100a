/* HTML page: paragraphs, wrapped. */
#include "format/html_page.h"

#include "base/buf.h"
#include "base/str.h"
#include "base/terminal.h"
#include "format/html.h"

#include <string.h>

#define PARAGRAPH_MOST ((size_t)256 * 1024)
#define PREFIX_MOST    40  /* columns: more indents are not shown */
#define TAB_LOOK       256 /* bytes of a line in which tabs are right */
#define UNBROKEN_MOST  900 /* bytes of a word on one line (RFC 5322 2.1.1: 998) */

/* ---- characters --------------------------------------------------------------------------- */

struct range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/* Roughly what wcwidth(3) knows, whatever the locale (Unicode TR 11). */
size_t character_width(uint32_t code)
{
	static const struct range none[] = {
		{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a },
		{ 0x064b, 0x065f }, { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e },
		{ 0x200b, 0x200f }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },
		{ 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
		{ 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	if (code < 0x300)
		return 1;
	if (in_ranges(code, none, sizeof none / sizeof *none))
		return 0;
	return in_ranges(code, wide, sizeof wide / sizeof *wide) ? 2 : 1;
}

/* Is it of no use in plain text, or there to mislead? */
static bool is_dropped(uint32_t code)
{
	return code == 0xad || code == 0x34f || code == 0x200b || terminal_unsafe(code);
}

static bool is_joiner(uint32_t code)
{
	return code == 0x200c || code == 0x200d;
}

/* A line must not begin with it (JIS X 4051, the most usual). */
static bool is_closing(uint32_t code)
{
	return code == 0x3001 || code == 0x3002 || code == 0xff0c || code == 0xff0e || code == 0x300d ||
	       code == 0x300f || code == 0xff09 || code == 0xff01 || code == 0xff1f || code == 0x30fc;
}

size_t text_width(const char *text, size_t size)
{
	size_t width = 0, widest = 0, length;

	for (; size; text += length, size -= length) {
		uint32_t code;

		length = str_utf8_next(text, size, &code);
		length = length ? length : 1;
		width = *text == '\n' ? 0 : width + character_width(code);
		widest = width > widest ? width : widest;
	}
	return widest;
}

/* ---- lines -------------------------------------------------------------------------------- */

static void put(struct page *page, const char *data, size_t size)
{
	if (page->out->size - page->begin + size > page->most)
		page->full = true;
	else
		buf_add(page->out, data, size);
}

/* What the next line begins with. */
static void put_prefix(struct page *page)
{
	size_t columns = 0;

	for (size_t i = 0; i < page->prefixes.count && columns < PREFIX_MOST; i++) {
		struct page_prefix *prefix = &page->prefixes.items[i];
		const char *text = prefix->used ? prefix->rest : prefix->first;

		prefix->used = true;
		put(page, text, strlen(text));
		columns += text_width(text, strlen(text));
	}
}

static size_t prefix_width(const struct page *page)
{
	size_t columns = 0;

	for (size_t i = 0; i < page->prefixes.count && columns < PREFIX_MOST; i++)
		columns += text_width(page->prefixes.items[i].rest, strlen(page->prefixes.items[i].rest));
	return columns;
}

/* Takes off what no line ends with. */
static void trim(struct page *page, size_t begin)
{
	struct buf *out = page->out;

	while (out->size > begin && out->data[out->size - 1] == ' ')
		out->data[--out->size] = '\0';
}

/* One line of text; no-break spaces in it become blanks. */
static void put_line(struct page *page, const char *text, size_t size)
{
	size_t begin;

	if (page->full)
		return;
	if (page->blank && page->out->size > page->begin) {
		begin = page->out->size;
		/* Quotations go on over it; what is marked once is not marked here. */
		for (size_t i = 0; i < page->prefixes.count && page->prefixes.items[i].used; i++)
			put(page, page->prefixes.items[i].rest, strlen(page->prefixes.items[i].rest));
		trim(page, begin);
		put(page, "\n", 1);
	}
	page->blank = false;
	begin = page->out->size;
	put_prefix(page);
	while (size) {
		const char *hard = memchr(text, '\xc2', size);
		size_t length = hard ? (size_t)(hard - text) : size;

		put(page, text, length);
		text += length;
		size -= length;
		if (size) {
			bool space = size > 1 && text[1] == '\xa0';

			put(page, space ? " " : text, 1);
			text += space ? 2 : 1;
			size -= space ? 2 : 1;
		}
	}
	trim(page, begin);
	put(page, "\n", 1);
}

/* Where the line that begins at `text` is to be broken: how many bytes of it stay, and how many are dropped
 * there. */
static size_t break_at(const char *text, size_t size, size_t room, size_t *dropped)
{
	size_t width = 0, last = 0, at = 0, length;
	bool after_wide = false;

	*dropped = 0;
	for (; at < size; at += length) {
		uint32_t code = 0;
		size_t columns;

		length = str_utf8_next(text + at, size - at, &code);
		length = length ? length : 1;
		columns = character_width(code);
		if (text[at] == ' ') {
			last = at;
			*dropped = 1;
		} else if (at && (columns == 2 || after_wide) && columns && !is_closing(code)) {
			last = at;
			*dropped = 0;
		}
		/* A blank may hang over the edge. */
		if (text[at] != ' ' && ((width + columns > room && last) || at + length > UNBROKEN_MOST))
			return last ? last : at;
		width += columns;
		after_wide = columns == 2;
	}
	*dropped = 0;
	return size;
}

size_t page_paragraph(struct page *page, const char *text, size_t size, bool wrap)
{
	size_t prefix = prefix_width(page), widest = 0;
	size_t room = prefix + 20 < HTML_WIDTH ? HTML_WIDTH - prefix : 20;
	const char *end = text + size;

	while (text < end && !page->full) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t left = lf ? (size_t)(lf - text) : (size_t)(end - text);

		do {
			size_t dropped = 0, width;
			size_t line = break_at(text, left, wrap ? room : SIZE_MAX, &dropped);

			put_line(page, text, line);
			width = text_width(text, line);
			widest = width > widest ? width : widest;
			text += line + dropped;
			left -= line + dropped;
			while (wrap && left && *text == ' ') {
				text++;
				left--;
			}
		} while (left && !page->full);
		text = lf ? lf + 1 : end;
	}
	return widest;
}

/* ---- text --------------------------------------------------------------------------------- */

void page_begin(struct page *page, struct buf *out, size_t most)
{
	*page = (struct page){ .out = out, .begin = out->size, .most = most };
	buf_init(&page->text, PARAGRAPH_MOST);
}

void page_end(struct page *page)
{
	while (page->tables)
		table_end(page);
	page_block(page, false);
	buf_free(&page->text);
	vec_free(&page->prefixes);
}

static struct buf *target(struct page *page)
{
	struct buf *cell = table_text(page);

	return cell ? cell : &page->text;
}

static bool begins_line(const struct buf *text)
{
	return text->size == 0 || text->data[text->size - 1] == '\n';
}

static bool ends_blank(const struct buf *text)
{
	return begins_line(text) || text->data[text->size - 1] == ' ' ||
	       (text->size > 1 && memcmp(text->data + text->size - 2, "\xc2\xa0", 2) == 0);
}

/* A blank or a line end as it is; a tab goes to the next of the usual stops. */
static void add_kept(struct page *page, struct buf *text, char c)
{
	size_t column = 0;

	page->space = false;
	if (c == '\t') {
		while (column < text->size && column < TAB_LOOK &&
		       text->data[text->size - 1 - column] != '\n')
			column++;
		buf_add(text, "        ", 8 - column % 8);
	} else if (c != '\r') {
		buf_addc(text, c);
	}
}

void page_text(struct page *page, const char *data, size_t size)
{
	size_t length;

	for (; size && !page->full; data += length, size -= length) {
		struct buf *text = target(page);
		uint32_t code = 0;

		length = str_utf8_next(data, size, &code);
		if (!length) {
			length = 1;
			continue; /* the parser gives none */
		}
		if (page->keeps && code && code <= ' ' && strchr(" \t\n\r", (int)code)) {
			add_kept(page, text, *data);
		} else if (code && code <= ' ' && strchr(" \t\n\r\f", (int)code)) {
			page->space = true;
		} else if (!is_dropped(code) && !(is_joiner(code) && (page->space || ends_blank(text)))) {
			if (page->space && !begins_line(text))
				buf_addc(text, ' ');
			page->space = false;
			buf_add(text, data, length);
		}
		if (text->size + 16 > text->limit) {
			/* Beyond all measure: several paragraphs, and no table. */
			if (text == &page->text)
				page_block(page, false);
			else
				table_dissolve(page);
		}
	}
}

void page_mark(struct page *page, const char *mark)
{
	buf_adds(target(page), mark);
}

void page_break(struct page *page)
{
	struct buf *text = target(page);

	/* One empty line is enough. */
	if (page->keeps || text->size < 2 || memcmp(text->data + text->size - 2, "\n\n", 2) != 0)
		buf_addc(text, '\n');
	page->space = false;
}

/* Is there nothing in it to be seen? */
static bool is_empty(const struct buf *text)
{
	for (size_t i = 0; i < text->size; i++) {
		if (text->size - i > 1 && memcmp(text->data + i, "\xc2\xa0", 2) == 0)
			i++;
		else if (text->data[i] != ' ' && text->data[i] != '\n')
			return false;
	}
	return true;
}

size_t page_block(struct page *page, bool apart)
{
	struct buf *text = target(page);
	size_t width = 0;

	page->space = false;
	if (text != &page->text) { /* in a cell: lines */
		if (!begins_line(text))
			buf_addc(text, '\n');
		return 0;
	}
	if (!is_empty(text)) {
		const char *begin = text->data;
		size_t size = text->size;

		/* Line ends at its end are the block's own. */
		while (begin[size - 1] == '\n')
			size--;
		for (; *begin == '\n'; begin++, size--)
			page->blank = true;
		width = page_paragraph(page, begin, size, !page->keeps);
	} else if (text->size) {
		apart = true; /* a line with nothing on it */
	}
	buf_clear(text);
	page->blank = page->blank || apart;
	return width;
}

void page_rule(struct page *page, char c, size_t width)
{
	char line[HTML_WIDTH];

	table_dissolve(page);
	page_block(page, false);
	width = width < sizeof line ? width : sizeof line;
	memset(line, c, width);
	put_line(page, line, width);
}

void page_indent(struct page *page, const char *first, const char *rest)
{
	struct page_prefix *prefix = vec_push(&page->prefixes);

	str_copy(prefix->first, sizeof prefix->first, first);
	str_copy(prefix->rest, sizeof prefix->rest, rest);
}

void page_outdent(struct page *page)
{
	if (page->prefixes.count)
		page->prefixes.count--;
}

void page_keep(struct page *page, bool keeps)
{
	page_block(page, true);
	page->keeps = keeps;
}
