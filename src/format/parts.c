/* Parts: read in one pass over the lines with a stack; written from the tree. */
#include "format/parts.h"

#include "base/arena.h"
#include "base/buf.h"

/* A part that has begun and not ended, and where its lists go on. */
struct open_part {
	struct part *part;
	struct line **line;
	struct part **inner;
};

static struct open_part part_open(struct part *part)
{
	return (struct open_part){ part, &part->lines, &part->parts };
}

static bool bounds(const struct line *line)
{
	return slice_is(line->name, "BEGIN") || slice_is(line->name, "END");
}

bool parts_make(struct lines *lines, struct arena *arena, struct part **first)
{
	struct part top = { 0 };
	struct open_part stack[PARTS_DEPTH + 1] = { part_open(&top) };
	struct open_part *inner = stack; /* the innermost one */

	*first = NULL;
	for (size_t i = 0; i < lines->count; i++) {
		struct line *line = &lines->items[i];

		if (bounds(line) && (line->group.size || line->params.size))
			return false;
		if (slice_is(line->name, "BEGIN")) {
			struct part *part = arena_alloc(arena, sizeof *part);

			if (inner == stack + PARTS_DEPTH)
				return false;
			part->name = line->value;
			*inner->inner = part;
			inner->inner = &part->next;
			inner->part->part_count++;
			*++inner = part_open(part);
		} else if (inner == stack) {
			return false;
		} else if (slice_is(line->name, "END")) {
			if (!slice_like(line->value, inner->part->name))
				return false;
			inner--;
		} else {
			*inner->line = line;
			inner->line = &line->next;
			inner->part->line_count++;
		}
	}
	*first = top.parts;
	return inner == stack;
}

const struct line *part_line(const struct part *part, const char *name)
{
	const struct line *line = part->lines;

	while (line && !slice_is(line->name, name))
		line = line->next;
	return line;
}

#define LINE_BYTES 75 /* without the line end */

struct writer {
	struct buf *out;
	size_t column;
};

/* A line is not broken within a character. */
static void text_write(struct writer *writer, struct slice text)
{
	while (text.size) {
		size_t room = LINE_BYTES - writer->column, size = text.size < room ? text.size : room;

		for (size_t back = 0;
		     size < text.size && back < 3 && size > 0 && (text.at[size] & 0xc0) == 0x80; back++)
			size--;
		buf_add(writer->out, text.at, size);
		writer->column += size;
		text.at += size;
		text.size -= size;
		if (text.size) {
			buf_adds(writer->out, "\r\n ");
			writer->column = 1;
		}
	}
}

static void line_write(struct buf *out, const struct line *line)
{
	struct writer writer = { .out = out };

	if (line->group.size) {
		text_write(&writer, line->group);
		text_write(&writer, (struct slice){ ".", 1 });
	}
	text_write(&writer, line->name);
	text_write(&writer, line->params);
	text_write(&writer, (struct slice){ ":", 1 });
	text_write(&writer, line->value);
	buf_adds(out, "\r\n");
}

void parts_write(const struct part *parts, struct buf *out)
{
	struct line begin = { .name = { "BEGIN", 5 } }, end = { .name = { "END", 3 } };

	for (; parts; parts = parts->next) {
		begin.value = end.value = parts->name;
		line_write(out, &begin);
		for (const struct line *line = parts->lines; line; line = line->next)
			line_write(out, line);
		parts_write(parts->parts, out);
		line_write(out, &end);
	}
}
