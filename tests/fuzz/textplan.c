/* Fuzz target: a text form of what a server says: a BODYSTRUCTURE, a header and sections that need not fit
 * together.  The first line is the structure; then comes the header, behind an empty line what each section
 * brings: its MIME header, an empty line, its bytes up to a line "=". */
#include "fuzz/expect.h"

#include "base/str.h"
#include "store/imap/structure.h"
#include "textform_make.h"

#include <string.h>

/* The next piece, up to and with this end, or all there is. */
static const char *piece_take(const char **next, const char *end, const char *mark, size_t *size)
{
	const char *begin = *next;
	const char *found = memmem(begin, (size_t)(end - begin), mark, strlen(mark));

	*size = (size_t)((found ? found + strlen(mark) : end) - begin);
	*next = begin + *size;
	return begin;
}

static void expect_form(const struct buf *form, struct arena *arena)
{
	struct textform_find *find = textform_find_begin();
	struct textform_found found;

	(void)textform_find_add(find, form->data, form->size);
	textform_find_end(find, &found);
	EXPECT(found.stubs && !found.mixed && !found.enclosed);
	EXPECT(structure_is(structure_of(arena, form->data, form->size)->root, "multipart", NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *next = (const char *)data, *end = next + size, *value, *header;
	struct textform_text texts[TEXTFORM_SECTIONS] = { 0 };
	struct arena *arena = arena_new();
	size_t value_size, header_size;
	struct structure *structure;
	struct textform_plan plan;
	const struct fail *f;
	struct buf form;

	value = piece_take(&next, end, "\n", &value_size);
	while (value_size && strchr("\r\n", value[value_size - 1]))
		value_size--;
	value = arena_strn(arena, value, value_size);
	header = piece_take(&next, end, "\r\n\r\n", &header_size);
	structure = structure_read(arena, value, strlen(value));
	textform_plan(structure, header, header_size, 0, arena, &plan);
	EXPECT(plan.count <= TEXTFORM_SECTIONS);
	for (size_t i = 0; !plan.whole && i < plan.count; i++) {
		EXPECT(*plan.sections[i].part->section);
		if (!plan.sections[i].made)
			texts[i].mime = piece_take(&next, end, "\r\n\r\n", &texts[i].mime_size);
		texts[i].body = piece_take(&next, end, "\r\n=\r\n", &texts[i].body_size);
	}
	buf_init(&form, SIZE_MAX);
	if (!plan.whole) {
		f = textform_compose(structure, &plan, &textform_source, header, header_size, texts, textform_add,
				     &form, arena);
		EXPECT(!f || f->code == FAIL_DATA);
		if (!f)
			expect_form(&form, arena);
	}
	buf_free(&form);
	arena_free(arena);
	return 0;
}
