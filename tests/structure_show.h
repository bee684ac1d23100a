/* A structure as text: one line a part. */
#ifndef KOC_TESTS_STRUCTURE_SHOW_H
#define KOC_TESTS_STRUCTURE_SHOW_H

#include "base/buf.h"
#include "base/str.h"
#include "format/attribute.h"
#include "format/structure.h"

#include <inttypes.h>

static void structure_show_text(struct buf *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	buf_addf(out, " %s=\"", label);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

static void structure_show(struct buf *out, const struct structure *structure)
{
	static const char *const dispositions[] = { "", " inline", " attachment" };
	const struct structure_part *part = structure->root;

	for (; part; part = structure_next(structure->root, part)) {
		for (size_t i = 0; i < part->depth; i++)
			buf_adds(out, "  ");
		buf_addf(out, "[%s] %s/%s", part->section, part->type, part->subtype);
		buf_adds(out, dispositions[part->disposition]);
		structure_show_text(out, "boundary", attribute_value(part->attributes, "boundary"));
		structure_show_text(out, "charset", part->charset);
		structure_show_text(out, "format", part->format);
		structure_show_text(out, "name", part->name);
		structure_show_text(out, "encoding", part->encoding);
		structure_show_text(out, "id", part->id);
		structure_show_text(out, "description", part->description);
		structure_show_text(out, "subject", part->subject);
		structure_show_text(out, "mark", part->mark);
		if (part->phantom && *part->phantom->type) {
			buf_addf(out, " for %s/%s", part->phantom->type, part->phantom->subtype);
			structure_show_text(out, "name", part->phantom->name);
		}
		if (part->octets)
			buf_addf(out, " octets %" PRIu64, part->octets);
		if (part->has_lines)
			buf_addf(out, " lines %" PRIu64, part->lines);
		buf_addc(out, '\n');
	}
	if (structure->cut)
		buf_adds(out, "cut\n");
	if (structure->broken)
		buf_adds(out, "broken\n");
}

#endif
