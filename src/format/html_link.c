/* HTML links. */
#include "format/html_link.h"

#include "base/map.h"
#include "base/memory.h"
#include "base/str.h"
#include "format/html_page.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define URL_MOST  ((size_t)900) /* bytes; a line may have 998 (RFC 5322 2.1.1) */
#define LIST_MOST ((size_t)128 * 1024)

void links_begin(struct links *links)
{
	*links = (struct links){ .numbers = map_new() };
	buf_init(&links->list, LIST_MOST);
	buf_init(&links->text, URL_MOST);
}

void links_end(struct links *links)
{
	map_free(links->numbers);
	buf_free(&links->list);
	buf_free(&links->text);
	free(links->url);
}

/* The URL if it is of a kind that is of use outside of a browser, safe to be shown: else NULL. */
static char *url_make(const char *href)
{
	static const char *const schemes[] = { "http://", "https://", "ftp://", "mailto:", "tel:" };
	struct buf url;
	char *made = NULL;

	if (!href)
		return NULL;
	href += strspn(href, " \t\n\r\f");
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes && !made; i++)
		if (str_ncasecmp(href, schemes[i], strlen(schemes[i])) == 0)
			made = memory_str("");
	if (!made)
		return NULL;
	free(made);
	buf_init(&url, URL_MOST);
	for (; *href; href++) {
		unsigned char c = (unsigned char)*href;

		if (strchr("\t\n\r\f", c))
			continue; /* browsers drop them */
		if (c <= ' ' || c >= 0x7f || strchr("<>\"", c))
			buf_addf(&url, "%%%02X", c);
		else
			buf_addc(&url, (char)c);
	}
	made = url.over ? NULL : memory_str(url.data);
	buf_free(&url);
	return made;
}

void link_begin(struct links *links, const char *href)
{
	free(links->url);
	links->url = url_make(href);
	links->open = true;
	buf_clear(&links->text);
}

void link_text(struct links *links, const char *text, size_t size)
{
	if (links->open)
		buf_add(&links->text, text, size);
}

/* What of a URL people write: without scheme and "www.", without a slash at its end. */
static const char *core(const char *url, size_t *size)
{
	static const char *const heads[] = { "http://", "https://", "ftp://", "mailto:", "tel:", "www." };

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (str_ncasecmp(url, heads[i], strlen(heads[i])) == 0)
			url += strlen(heads[i]);
	*size = strlen(url);
	while (*size && strchr("/ \t\n\r", url[*size - 1]))
		--*size;
	return url;
}

/* Does the text say all that the URL says? */
static bool says(const char *text, const char *url)
{
	size_t text_size, url_size;

	text += strspn(text, " \t\n\r");
	text = core(text, &text_size);
	url = core(url, &url_size);
	return text_size == url_size && str_ncasecmp(text, url, url_size) == 0;
}

static size_t number_of(struct links *links, const char *url)
{
	size_t number = (size_t)(uintptr_t)map_get(links->numbers, url);

	if (!number) {
		number = links->count + 1;
		buf_addf(&links->list, "[%zu] %s\n", number, url);
		if (links->list.over)
			return 0;
		links->count = number;
		map_set(links->numbers, url, (void *)(uintptr_t)number);
	}
	return number;
}

void link_end(struct links *links, struct page *page)
{
	const char *text = links->text.data + strspn(links->text.data, " \t\n\r");

	if (links->open && links->url && *text && (links->text.over || !says(text, links->url))) {
		size_t number = number_of(links, links->url);
		struct buf mark;

		buf_init(&mark, 32);
		if (number)
			buf_addf(&mark, "[%zu]", number);
		page_mark(page, mark.data);
		buf_free(&mark);
	}
	links->open = false;
}

void links_list(const struct links *links, struct buf *out)
{
	if (links->count) {
		buf_addc(out, '\n');
		buf_add(out, links->list.data, links->list.size);
	}
}
