/* Fuzz target: the text form of a message, recognising it, and the parts that a file tells of. */
#include "fuzz/expect.h"

#include "base/str.h"
#include "format/attachment.h"
#include "format/entity.h"
#include "format/mail.h"
#include "textform_make.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct textform_found found_in(const char *data, size_t size, size_t piece)
{
	struct textform_find *find = textform_find_begin();
	struct textform_found found;

	for (size_t at = 0; at < size; at += piece)
		if (!textform_find_add(find, data + at, size - at < piece ? size - at : piece))
			break;
	textform_find_end(find, &found);
	return found;
}

static size_t leaves(const struct structure *structure, const char *type, const char *subtype)
{
	size_t count = 0;

	for (const struct structure_part *part = structure->root; part;
	     part = structure_next(structure->root, part))
		count += structure_is(part, type, subtype);
	return count;
}

static void expect_form(const struct buf *form, const struct textform_plan *plan, const char *message,
			size_t size, struct arena *arena)
{
	struct structure *read = structure_of(arena, form->data, form->size);
	struct structure *original = structure_of(arena, message, size);
	struct textform_found found = found_in(form->data, form->size, 7);
	struct mail_scan *scan = mail_scan_begin();
	struct print print;

	mail_scan_add(scan, message, size);
	mail_scan_end(scan, size, &print, NULL);
	EXPECT(found.stubs && !found.mixed && !found.enclosed);
	EXPECT(digest_equal(&found.mark.head, &print.head) && found.mark.uid == textform_source.uid &&
	       found.mark.validity == textform_source.validity &&
	       strcmp(found.mark.account, textform_source.account) == 0);
	EXPECT(structure_is(read->root, "multipart", NULL) && !read->cut);
	EXPECT(leaves(read, "message", "external-body") == found.stubs);
	EXPECT(leaves(read, "text", "plain") <= plan->count);
	for (size_t i = 0; i < plan->count; i++)
		EXPECT(plan->sections[i].made || leaves(read, "text", "plain"));
	/* The header is the same, byte for byte. */
	if (structure_is(original->root, "multipart", NULL)) {
		size_t header = (size_t)original->root->body_at;

		while (header && strchr("\r\n", message[header - 1]))
			header--;
		EXPECT(form->size > header && memcmp(form->data, message, header) == 0);
	}
}

static void decode(const char *data, size_t size, size_t piece)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct entity *entity = entity_begin(fd);
	const struct fail *f = NULL;
	bool decoded;

	for (size_t at = 0; at < size && !f; at += piece)
		f = entity_add(entity, data + at, size - at < piece ? size - at : piece);
	EXPECT(!f || f->code == FAIL_DATA);
	EXPECT(!entity_end(entity, &decoded));
	close(fd);
}

static void expect_parts(const char *data, size_t size, struct arena *arena)
{
	struct attachment_find *find = attachment_find_begin();
	const struct attachment *chosen;
	struct attachments all;
	uint64_t last = 0;

	attachment_find_add(find, data, size);
	attachment_find_end(find, arena, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct attachment *part = &all.items[i];

		EXPECT(part->type && (part->here || part->section));
		EXPECT(!part->section || attachment_choose(&all, part->section, &chosen) || chosen);
		if (!part->here)
			continue;
		EXPECT(last <= part->at && part->at <= part->end && part->end <= size);
		last = part->end;
		decode(data + part->at, (size_t)(part->end - part->at), 1000);
	}
	EXPECT(attachment_choose(&all, "no such part", &chosen));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct textform_plan plan;
	struct textform_found a, b;
	struct buf form;

	buf_init(&form, SIZE_MAX);
	a = found_in((const char *)data, size, size + 1);
	b = found_in((const char *)data, size, 3);
	EXPECT(a.stubs == b.stubs && a.mixed == b.mixed && a.enclosed == b.enclosed);
	EXPECT(strlen(a.mark.account) <= TEXTFORM_ACCOUNT);
	expect_parts((const char *)data, size, arena);
	decode((const char *)data, size, 7);
	textform_of((const char *)data, size, arena, &plan, &form);
	if (!plan.whole)
		expect_form(&form, &plan, (const char *)data, size, arena);
	buf_free(&form);
	arena_free(arena);
	return 0;
}
