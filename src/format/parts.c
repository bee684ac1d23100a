/* Parts: one pass over the lines with a stack. */
#include "format/parts.h"

#include "base/arena.h"

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
