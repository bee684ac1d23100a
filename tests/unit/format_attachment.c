/* attachment.h and entity.h: which parts a file tells of, how one is chosen, and what becomes of its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "format/attachment.h"
#include "format/entity.h"
#include "textform_make.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char message[] =
	"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	"--b\r\n\r\nHello, this is text.\r\n"
	"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nUERG\r\n"
	"--b\r\nContent-Type: image/png; name=\"=?utf-8?q?b=C3=A4r?=.png\"\r\n\r\nPNG\r\n"
	"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nPDF 2\r\n"
	"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n"
	"--b\r\nContent-Type: audio/x-odd\r\n\r\nodd\r\n--b--\r\n";

static void find(struct arena *arena, const char *data, size_t size, struct attachments *attachments)
{
	struct attachment_find *run = attachment_find_begin();

	for (size_t at = 0; at < size; at += 7)
		attachment_find_add(run, data + at, size - at < 7 ? size - at : 7);
	attachment_find_end(run, arena, attachments);
}

static void show(struct buf *out, const struct attachments *attachments)
{
	for (size_t i = 0; i < attachments->count; i++) {
		const struct attachment *a = &attachments->items[i];

		buf_addf(out, "%s %s %s %s %" PRIu64 "%s\n", a->here ? "here" : "stub",
			 a->section ? a->section : "-", a->type, a->name ? a->name : "-", a->size,
			 a->shown ? " shown" : "");
	}
}

/* The whole message tells the parts of its own bytes, a text form those that it lacks. */
static void lists(void **state)
{
	struct arena *arena = arena_new();
	struct attachments attachments;
	struct textform_plan plan;
	struct buf form, shown;

	(void)state;
	buf_init(&form, SIZE_MAX);
	buf_init(&shown, SIZE_MAX);
	find(arena, message, strlen(message), &attachments);
	show(&shown, &attachments);
	assert_string_equal(shown.data, "here 1 text/plain - 20\n"
					"here 2 application/pdf a.pdf 2\n"
					"here 3 image/png b\xc3\xa4r.png 3\n"
					"here 4 application/pdf a.pdf 5\n"
					"here 5 message/rfc822 - 28\n"
					"here 6 audio/x-odd - 3\n");
	assert_int_equal(attachments.found.stubs, 0);
	assert_memory_equal(message + attachments.items[3].at, "Content-Type: application/pdf\r\nContent-D", 40);
	assert_memory_equal(message + attachments.items[3].end - 7, "\r\nPDF 2\r\n--b", 12);

	textform_of(message, strlen(message), arena, &plan, &form);
	assert_null(plan.whole);
	find(arena, form.data, form.size, &attachments);
	buf_clear(&shown);
	show(&shown, &attachments);
	assert_string_equal(shown.data, "here - text/plain - 20\n"
					"stub 2 application/pdf a.pdf 2 shown\n"
					"stub 3 image/png b\xc3\xa4r.png 3 shown\n"
					"stub 4 application/pdf a.pdf 5 shown\n"
					"stub 5 message/rfc822 - 28 shown\n"
					"stub 6 audio/x-odd - 3 shown\n");
	assert_int_equal(attachments.found.stubs, 5);
	assert_int_equal(attachments.found.mark.uid, textform_source.uid);
	buf_free(&form);
	buf_free(&shown);
	arena_free(arena);
}

/* In somebody's mail with a text form attached nothing is a stub. */
static void enclosed(void **state)
{
	struct arena *arena = arena_new();
	struct attachments attachments;
	struct textform_plan plan;
	struct buf form, outer, shown;

	(void)state;
	buf_init(&form, SIZE_MAX);
	buf_init(&outer, SIZE_MAX);
	buf_init(&shown, SIZE_MAX);
	textform_of(message, strlen(message), arena, &plan, &form);
	buf_adds(&outer, "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nsee\r\n--c\r\n"
			 "Content-Type: message/rfc822\r\n\r\n");
	buf_add(&outer, form.data, form.size);
	buf_adds(&outer, "\r\n--c--\r\n");
	find(arena, outer.data, outer.size, &attachments);
	show(&shown, &attachments);
	assert_non_null(strstr(shown.data, "here 1 text/plain - 3\nhere 2 message/rfc822 - "));
	assert_int_equal(attachments.count, 2);
	assert_true(attachments.found.enclosed);
	buf_free(&form);
	buf_free(&outer);
	buf_free(&shown);
	arena_free(arena);
}

static const struct {
	bool form;
	const char *name;
	const char *section; /* NULL: a fail */
	enum fail_code code;
	const char *text;
} choices[] = {
	{ true, "2", "2", 0, NULL },
	{ true, "b\xc3\xa4r.png", "3", 0, NULL },
	{ true, "a.pdf (2 bytes, application/pdf)", "2", 0, NULL },
	{ true, "part 6 (3 bytes, audio-x-odd)", "6", 0, NULL },
	{ true, "a.pdf", NULL, FAIL_USAGE, "called a.pdf, name one by its number: 2 a.pdf, 4 a.pdf" },
	{ true, "1", NULL, FAIL_MISSING, "it has no part 1, it has 2 a.pdf, 3 b\xc3\xa4r.png, 4 a.pdf, "
					 "5 message/rfc822, 6 audio/x-odd" },
	{ true, "A.pdf", NULL, FAIL_MISSING, "no part A.pdf" },
	{ true, "", NULL, FAIL_MISSING, "no part" },
	{ false, "1", "1", 0, NULL },
	{ false, "6", "6", 0, NULL },
	{ false, "7", NULL, FAIL_MISSING, "it has 1 text/plain, 2 a.pdf" },
	{ false, "a.pdf", NULL, FAIL_USAGE, "2 a.pdf, 4 a.pdf" },
};

static void chooses(void **state)
{
	struct arena *arena = arena_new();
	struct attachments here, stubs;
	struct textform_plan plan;
	struct buf form;
	size_t checked = 0;

	(void)state;
	buf_init(&form, SIZE_MAX);
	textform_of(message, strlen(message), arena, &plan, &form);
	find(arena, message, strlen(message), &here);
	find(arena, form.data, form.size, &stubs);
	for (; checked < COUNT(choices); checked++) {
		const struct attachment *chosen = NULL;
		const struct fail *f = attachment_choose(choices[checked].form ? &stubs : &here,
							 choices[checked].name, &chosen);

		if (choices[checked].section) {
			if (f)
				fail_msg("%s: %s", choices[checked].name, f->text);
			assert_string_equal(chosen->section, choices[checked].section);
		} else if (!f || f->code != choices[checked].code || !strstr(f->text, choices[checked].text)) {
			fail_msg("%s: %s", choices[checked].name, f ? f->text : "chosen");
		}
	}
	assert_int_equal(checked, 12);
	buf_free(&form);
	arena_free(arena);
}

/* ---- entities ----------------------------------------------------------------------------- */

static const struct {
	const char *entity, *content;
	bool decoded;
} entities[] = {
	{ "Content-Type: text/plain\n\none\ntwo\n", "one\ntwo\n", true },
	{ "\none\r\ntwo", "one\r\ntwo", true },
	{ "\r\none", "one", true },
	{ "", "", true },
	{ "Content-Type: image/gif\r\nContent-Transfer-Encoding: BASE64\r\n\r\nR0lG\r\nODlh\r\n", "GIF89a", true },
	{ "content-transfer-encoding:\n quoted-printable\n\na=C3=A4 =\nb  \nc", "a\xc3\xa4 b\nc", true },
	{ "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n", "begin 644 a\n", false },
	{ "Content-Transfer-Encoding: binary\n\n\r\n\r\n", "\r\n\r\n", true },
	{ "Content-Type: a/b\n without end", "", true },
};

static void decode(const char *data, size_t size, size_t piece, char *content, size_t room, bool *decoded)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct entity *entity = entity_begin(fd);
	ssize_t got;

	assert_true(fd >= 0);
	for (size_t at = 0; at < size; at += piece)
		assert_null(entity_add(entity, data + at, size - at < piece ? size - at : piece));
	assert_null(entity_end(entity, decoded));
	got = pread(fd, content, room - 1, 0);
	assert_true(got >= 0);
	content[got] = '\0';
	close(fd);
}

static void decodes(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(entities); i++) {
		for (size_t piece = 1; piece < 9; piece += 3, checked++) {
			char content[100];
			bool decoded;

			decode(entities[i].entity, strlen(entities[i].entity), piece, content, sizeof content,
			       &decoded);
			assert_string_equal(content, entities[i].content);
			assert_int_equal(decoded, entities[i].decoded);
		}
	}
	assert_int_equal(checked, 27);
}

/* A header without end, a file that cannot be written. */
static void refuses(void **state)
{
	static char line[1000];
	struct entity *entity = entity_begin(-1);
	const struct fail *f = NULL;
	size_t added = 0;
	bool decoded;

	(void)state;
	memset(line, 'a', sizeof line);
	line[sizeof line - 1] = '\n';
	for (; added < 100 && !f; added++)
		f = entity_add(entity, line, sizeof line);
	assert_non_null(f);
	assert_int_equal(f->code, FAIL_DATA);
	assert_in_range(added, 60, 70);
	assert_null(entity_end(entity, &decoded));

	entity = entity_begin(-1);
	assert_non_null(entity_add(entity, "\nx", 2));
	assert_null(entity_end(entity, &decoded));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),    cmocka_unit_test(enclosed), cmocka_unit_test(chooses),
		cmocka_unit_test(decodes), cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("format_attachment", tests, NULL, NULL);
}
