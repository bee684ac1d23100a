/* HTML: libxml2's parser turns tag soup into events; here is what each element does to the page. */
#include "format/html.h"

#include "base/buf.h"
#include "base/library.h"
#include "base/memory.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/html_clean.h"
#include "format/html_link.h"
#include "format/html_page.h"

#include <libxml/HTMLparser.h>

#include <stdlib.h>
#include <string.h>

#define CHUNK      4096 /* bytes the parser is given before it is looked at whether it went too far */
#define DEPTH_MOST 1000
#define ALT_MOST   ((size_t)200)

static const char rest_left_out[] = "[The rest of the HTML is not shown here.]\n";

static struct {
	__typeof__(htmlCreatePushParserCtxt) *create;
	__typeof__(htmlCtxtUseOptions) *use_options;
	__typeof__(htmlParseChunk) *parse;
	__typeof__(htmlFreeParserCtxt) *release;
} libxml;

static const struct fail *load(void)
{
	static const char *const files[] = { "libxml2.so.2", NULL };
	static const struct library_symbol symbols[] = {
		{ "htmlCreatePushParserCtxt", &libxml.create },
		{ "htmlCtxtUseOptions", &libxml.use_options },
		{ "htmlParseChunk", &libxml.parse },
		{ "htmlFreeParserCtxt", &libxml.release },
	};

	return libxml.release ? NULL : library_load(files, symbols, sizeof symbols / sizeof *symbols);
}

/* ---- elements ----------------------------------------------------------------------------- */

enum act {
	INLINE,
	BLOCK,
	APART, /* a block with an empty line around it */
	HEADING,
	LIST,
	NUMBERED,
	ITEM,
	INDENTED,
	QUOTATION,
	KEPT,
	RULE,
	BREAK,
	TABLE,
	ROW,
	CELL,
	HEADING_CELL,
	LINK,
	IMAGE,
	QUOTED,
	DROPPED
};

static const struct element {
	const char *name;
	enum act act;
} elements[] = {
	{ "a", LINK },           { "address", BLOCK },    { "article", APART },
	{ "aside", APART },      { "audio", DROPPED },    { "blockquote", QUOTATION },
	{ "br", BREAK },         { "canvas", DROPPED },   { "caption", BLOCK },
	{ "center", BLOCK },     { "datalist", DROPPED }, { "dd", INDENTED },
	{ "details", BLOCK },    { "dir", LIST },         { "div", BLOCK },
	{ "dl", APART },         { "dt", BLOCK },         { "fieldset", BLOCK },
	{ "figcaption", BLOCK }, { "figure", APART },     { "footer", APART },
	{ "form", BLOCK },       { "h1", HEADING },       { "h2", HEADING },
	{ "h3", HEADING },       { "h4", HEADING },       { "h5", HEADING },
	{ "h6", HEADING },       { "header", APART },     { "hr", RULE },
	{ "img", IMAGE },        { "legend", BLOCK },     { "li", ITEM },
	{ "listing", KEPT },     { "main", BLOCK },       { "menu", LIST },
	{ "nav", APART },        { "object", DROPPED },   { "ol", NUMBERED },
	{ "p", APART },          { "pre", KEPT },         { "q", QUOTED },
	{ "section", APART },    { "select", DROPPED },   { "summary", BLOCK },
	{ "svg", DROPPED },      { "table", TABLE },      { "td", CELL },
	{ "template", DROPPED }, { "th", HEADING_CELL },  { "title", DROPPED },
	{ "tr", ROW },           { "ul", LIST },          { "video", DROPPED },
};

static enum act act_of(const char *name)
{
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
		if (strcmp(elements[i].name, name) == 0)
			return elements[i].act;
	return INLINE;
}

/* ---- the document ------------------------------------------------------------------------- */

/* An open element. */
struct open_element {
	const xmlChar *name; /* of the parser's dictionary */
	enum act act;
};

struct html {
	struct page page;
	struct links links;
	struct open_element open[DEPTH_MOST];
	size_t depth;
	size_t dropped; /* the depth of the element whose content is not shown; 0 none */
	struct {
		VEC(unsigned long) /* the next number; 0: not numbered */
	} lists;
	bool ended; /* too deep, or too much text */
};

static const char *attribute(const xmlChar **attributes, const char *name)
{
	for (; attributes && attributes[0]; attributes += 2)
		if (strcmp((const char *)attributes[0], name) == 0)
			return attributes[1] ? (const char *)attributes[1] : "";
	return NULL;
}

/* Does a style hold this declaration?  Blanks and the case of letters do not count. */
static bool style_has(const char *style, const char *declaration)
{
	for (; *style; style++) {
		const char *s = style, *d = declaration;

		for (; *s && *d; s++) {
			if (*s == ' ' || *s == '\t' || *s == '\n')
				continue;
			if ((*s >= 'A' && *s <= 'Z' ? *s | 0x20 : *s) != *d)
				break;
			d++;
		}
		if (!*d)
			return true;
	}
	return false;
}

static bool is_hidden(const xmlChar **attributes)
{
	const char *style = attribute(attributes, "style");

	return attribute(attributes, "hidden") ||
	       (style && (style_has(style, "display:none") || style_has(style, "visibility:hidden")));
}

static unsigned long number_of(const char *text, unsigned long otherwise)
{
	uint32_t number;

	return text && str_u32(text, &number) && number < 1000000 ? number : otherwise;
}

static void item_begin(struct html *html, const xmlChar **attributes)
{
	unsigned long *number = html->lists.count ? &html->lists.items[html->lists.count - 1] : NULL;
	char first[16] = "* ", rest[16] = "  ";
	struct buf text;

	page_block(&html->page, false);
	if (number && *number) {
		*number = number_of(attribute(attributes, "value"), *number);
		buf_init(&text, sizeof first - 1);
		buf_addf(&text, "%lu. ", (*number)++);
		str_copy(first, sizeof first, text.data);
		memset(rest, ' ', text.size);
		rest[text.size] = '\0';
		buf_free(&text);
	}
	page_indent(&html->page, first, rest);
}

static void list_begin(struct html *html, unsigned long first)
{
	table_dissolve(&html->page);
	page_block(&html->page, html->lists.count == 0);
	*vec_push(&html->lists) = first;
}

/* An image by its text; without one it matters only where it is all there is of a link. */
static void image(struct html *html, const xmlChar **attributes)
{
	const char *alt = attribute(attributes, "alt");
	size_t size;

	if (number_of(attribute(attributes, "width"), 9) <= 1 ||
	    number_of(attribute(attributes, "height"), 9) <= 1)
		return; /* somebody wants to know whether this was read */
	alt = alt ? alt + strspn(alt, " \t\n") : "";
	if (!*alt && html->links.open)
		alt = "image";
	size = strlen(alt);
	while (size > ALT_MOST || (size && (alt[size] & 0xc0) == 0x80))
		size--;
	if (!size)
		return;
	page_text(&html->page, "[", 1);
	page_text(&html->page, alt, size);
	page_text(&html->page, "]", 1);
	link_text(&html->links, "[]", 2);
}

static void begin(struct html *html, enum act act, const xmlChar **attributes)
{
	struct page *page = &html->page;

	switch (act) {
	case BLOCK:
		page_block(page, false);
		break;
	case APART:
		page_block(page, true);
		break;
	case HEADING:
		table_dissolve(page);
		page_block(page, true);
		break;
	case LIST:
		list_begin(html, 0);
		break;
	case NUMBERED:
		list_begin(html, number_of(attribute(attributes, "start"), 1));
		break;
	case ITEM:
		item_begin(html, attributes);
		break;
	case INDENTED:
		page_block(page, false);
		page_indent(page, "    ", "    ");
		break;
	case QUOTATION:
		table_dissolve(page);
		page_block(page, true);
		page_indent(page, "> ", "> ");
		break;
	case KEPT:
		table_dissolve(page);
		page_keep(page, true);
		break;
	case RULE:
		page_block(page, true);
		page_rule(page, '-', HTML_WIDTH / 2);
		page_block(page, true);
		break;
	case BREAK:
		page_break(page);
		break;
	case TABLE:
		table_begin(page);
		break;
	case ROW:
		table_row(page);
		break;
	case CELL:
	case HEADING_CELL:
		table_cell(page, number_of(attribute(attributes, "colspan"), 1), act == HEADING_CELL);
		break;
	case LINK:
		link_begin(&html->links, attribute(attributes, "href"));
		break;
	case IMAGE:
		image(html, attributes);
		break;
	case QUOTED:
		page_text(page, "\"", 1);
		break;
	case INLINE:
	case DROPPED:
		break;
	}
}

/* The end of a heading: the first two levels are underlined. */
static void heading_end(struct page *page, const char *name)
{
	size_t width = page_block(page, false);

	if (width && name[1] <= '2')
		page_rule(page, name[1] == '1' ? '=' : '-', width);
	page_block(page, true);
}

static void end(struct html *html, const struct open_element *element)
{
	struct page *page = &html->page;

	switch (element->act) {
	case BLOCK:
		page_block(page, false);
		break;
	case APART:
		page_block(page, true);
		break;
	case HEADING:
		heading_end(page, (const char *)element->name);
		break;
	case LIST:
	case NUMBERED:
		if (html->lists.count)
			html->lists.count--;
		page_block(page, html->lists.count == 0);
		break;
	case ITEM:
	case INDENTED:
		page_block(page, false);
		page_outdent(page);
		break;
	case QUOTATION:
		page_block(page, true);
		page_outdent(page);
		break;
	case KEPT:
		page_keep(page, false);
		page_block(page, true);
		break;
	case TABLE:
		table_end(page);
		break;
	case LINK:
		link_end(&html->links, page);
		break;
	case QUOTED:
		page_mark(page, "\"");
		break;
	case INLINE:
	case RULE:
	case BREAK:
	case ROW:
	case CELL:
	case HEADING_CELL:
	case IMAGE:
	case DROPPED:
		break;
	}
}

/* ---- what the parser calls ---------------------------------------------------------------- */

static void on_start(void *context, const xmlChar *name, const xmlChar **attributes)
{
	struct html *html = context;
	enum act act = act_of((const char *)name);

	if (html->ended || html->depth == DEPTH_MOST) {
		html->ended = true;
		return;
	}
	html->open[html->depth++] = (struct open_element){ name, act };
	if (html->dropped)
		return;
	if (act == DROPPED || is_hidden(attributes))
		html->dropped = html->depth;
	else
		begin(html, act, attributes);
}

static void pop(struct html *html)
{
	const struct open_element *element = &html->open[html->depth - 1];

	if (!html->dropped)
		end(html, element);
	else if (html->dropped == html->depth)
		html->dropped = 0;
	html->depth--;
}

static void on_end(void *context, const xmlChar *name)
{
	struct html *html = context;
	size_t depth = html->depth;

	while (depth && strcmp((const char *)html->open[depth - 1].name, (const char *)name) != 0)
		depth--;
	while (!html->ended && depth && html->depth >= depth)
		pop(html);
}

static void on_text(void *context, const xmlChar *text, int size)
{
	struct html *html = context;

	if (html->ended || html->dropped || size <= 0)
		return;
	page_text(&html->page, (const char *)text, (size_t)size);
	link_text(&html->links, (const char *)text, (size_t)size);
	html->ended = html->page.full;
}

static void parse(struct html *html, const struct buf *cleaned)
{
	htmlSAXHandler handler = {
		.startElement = on_start,
		.endElement = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
	};
	htmlParserCtxtPtr parser = libxml.create(&handler, html, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);

	if (!parser)
		return;
	libxml.use_options(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
					   HTML_PARSE_NONET | HTML_PARSE_NOIMPLIED | HTML_PARSE_IGNORE_ENC);
	for (size_t at = 0; at < cleaned->size && !html->ended; at += CHUNK) {
		size_t left = cleaned->size - at;

		libxml.parse(parser, cleaned->data + at, (int)(left < CHUNK ? left : CHUNK), 0);
	}
	if (!html->ended)
		libxml.parse(parser, "", 0, 1);
	while (html->depth)
		pop(html);
	libxml.release(parser);
}

/* ---- the whole ---------------------------------------------------------------------------- */

const struct fail *html_text(const char *source, size_t size, const char *charset, struct buf *out)
{
	const struct fail *f = load();
	struct html *html = NULL;
	struct buf decoded, cleaned;
	bool cut = size > HTML_READ;

	if (f)
		return f;
	html = memory_alloc(sizeof *html);
	buf_init(&decoded, 4 * HTML_READ);
	buf_init(&cleaned, 8 * HTML_READ);
	html_decode(source, cut ? HTML_READ : size, charset, &decoded);
	html_clean(decoded.data, decoded.size, &cleaned);
	buf_free(&decoded);
	page_begin(&html->page, out, HTML_TEXT);
	links_begin(&html->links);
	parse(html, &cleaned);
	page_end(&html->page);
	if (out->size > html->page.begin || html->links.count) {
		if (cut || html->ended || cleaned.over)
			buf_addf(out, "\n%s", rest_left_out);
		links_list(&html->links, out);
	}
	links_end(&html->links);
	vec_free(&html->lists);
	buf_free(&cleaned);
	free(html);
	return NULL;
}
