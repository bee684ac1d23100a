/* Mistakes in a configuration: collecting and telling them. */
#include "config/mistakes.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MOST 1024 /* bytes of one */
#define KEPT_MOST 1000

void mistakes_init(struct mistakes *mistakes)
{
	*mistakes = (struct mistakes){ .arena = arena_new(), .file = -1 };
}

void mistakes_free(struct mistakes *mistakes)
{
	vec_free(mistakes);
	arena_free(mistakes->arena);
	mistakes->arena = NULL;
}

void mistakes_file(struct mistakes *mistakes, const char *path)
{
	mistakes->path = path;
	mistakes->file++;
}

void mistake_add(struct mistakes *mistakes, int line, const char *format, ...)
{
	char text[TEXT_MOST];
	struct mistake *mistake;
	struct buf buf;
	va_list list;

	if (mistakes->count == KEPT_MOST) {
		mistakes->untold++;
		return;
	}
	mistake = vec_push(mistakes);
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);

	buf_init(&buf, 8 * TEXT_MOST);
	terminal_safe(&buf, text, strlen(text));
	mistake->file = mistakes->file;
	mistake->line = line;
	if (line > 0)
		mistake->text = arena_printf(mistakes->arena, "%s:%d: %s", mistakes->path, line,
					     buf.data);
	else
		mistake->text = arena_printf(mistakes->arena, "%s: %s", mistakes->path, buf.data);
	buf_free(&buf);
}

static int by_place(const void *left, const void *right)
{
	const struct mistake *a = left, *b = right;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->text, b->text);
}

const char *mistakes_tell(struct mistakes *mistakes, void (*report)(void *context, const char *line),
			  void *context)
{
	if (mistakes->count == 0)
		return NULL;
	qsort(mistakes->items, mistakes->count, sizeof *mistakes->items, by_place);
	for (size_t i = 0; report && i < mistakes->count; i++) {
		if (i == MISTAKES_TOLD) {
			report(context, arena_printf(mistakes->arena, "and %zu more mistakes",
						     mistakes->count - i + mistakes->untold));
			break;
		}
		report(context, mistakes->items[i].text);
	}
	return mistakes->items[0].text;
}
