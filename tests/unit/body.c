/* body.h: the bytes of one item, from the wire and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "store/body.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char spool_path[] = "/tmp/koc-body-XXXXXX";
static struct spool spool = { .directory = -1, .prefix = "test-" };
static struct spool in_memory = { .directory = -1 };

static int set_up(void **state)
{
	(void)state;
	memcpy(spool_path + sizeof spool_path - 7, "XXXXXX", 6);
	if (!mkdtemp(spool_path))
		return -1;
	spool.directory = open(spool_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return spool.directory < 0;
}

/* Fails if a body left its spool file behind. */
static int tear_down(void **state)
{
	(void)state;
	close(spool.directory);
	return rmdir(spool_path);
}

static uint32_t seed = 20261122;

static uint32_t next_random(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* ---- what is expected, in the plainest way ------------------------------------------------ */

static bool needs_wire(const char *wire, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (wire[i] == '\n' && (i < 1 || wire[i - 1] != '\r' || (i > 1 && wire[i - 2] == '\r')))
			return true;
	return false;
}

static void expect_disk(const char *wire, size_t size, struct buf *disk)
{
	bool raw = needs_wire(wire, size);

	buf_clear(disk);
	for (size_t i = 0; i < size; i++)
		if (raw || wire[i] != '\r' || i + 1 == size || wire[i + 1] != '\n')
			buf_addc(disk, wire[i]);
}

static uint64_t count_crlf(const char *data, size_t size)
{
	uint64_t count = size;

	for (size_t i = 0; i < size; i++)
		count += data[i] == '\n' && (i == 0 || data[i - 1] != '\r');
	return count;
}

/* ---- helpers ------------------------------------------------------------------------------ */

static size_t some(size_t left, size_t most)
{
	size_t size = 1 + next_random((uint32_t)most);

	return size < left ? size : left;
}

static struct body *body_of_wire(struct spool *where, const char *wire, size_t size, size_t most)
{
	struct body *body;

	assert_null(body_begin(where, BODY_MAIL, &body));
	for (size_t done = 0, part; done < size; done += part) {
		part = some(size - done, most);
		assert_null(body_add_wire(body, wire + done, part));
	}
	assert_null(body_end(body));
	return body;
}

static void read_disk(struct body *body, struct buf *out, size_t most)
{
	char *chunk = malloc(most);
	size_t got;

	buf_clear(out);
	do {
		assert_null(body_read(body, out->size, chunk, some(SIZE_MAX, most), &got));
		buf_add(out, chunk, got);
	} while (got);
	free(chunk);
}

static void read_wire(struct body *body, struct buf *out, size_t most)
{
	char *chunk = malloc(most + 2);
	uint64_t offset = 0;
	size_t got;

	buf_clear(out);
	do {
		assert_null(body_read_wire(body, &offset, chunk, 1 + some(SIZE_MAX, most), &got));
		buf_add(out, chunk, got);
	} while (got);
	free(chunk);
}

static void assert_same(const struct buf *buf, const char *data, size_t size)
{
	assert_int_equal(buf->size, size);
	assert_memory_equal(buf->data, data, size);
}

static void assert_print_equal(const struct print *a, const struct print *b)
{
	assert_int_equal(a->size, b->size);
	assert_true(digest_equal(&a->head, &b->head));
}

/* What the digest of a mail is said to be: of the header's digest and that of what follows the header. */
static struct digest content_digest(const char *data, size_t size, const struct digest *head)
{
	struct digest both[2] = { *head, { { 0 } } };
	size_t at = 0;

	while (at < size) { /* line by line to the empty one */
		const char *lf = memchr(data + at, '\n', size - at);
		size_t end = lf ? (size_t)(lf - data) + 1 : size;
		bool empty = end - at == 1 || (end - at == 2 && data[at] == '\r');

		empty = empty && lf;
		at = end;
		if (empty)
			break;
	}
	if (at > MAIL_HEADER_MOST)
		at = MAIL_HEADER_MOST;
	both[1] = digest_of(data + at, size - at);
	return digest_of(both, sizeof both);
}

/* All that is promised of one message, in chunks of up to `most` bytes. */
static void check_message(struct spool *where, const char *wire, size_t size, size_t most,
			  struct buf *disk, struct buf *out)
{
	struct body *body = body_of_wire(where, wire, size, most);
	struct print print;
	struct mail_scan *scan = mail_scan_begin();
	struct digest digest;

	expect_disk(wire, size, disk);
	assert_true(body->wire == needs_wire(wire, size));
	assert_int_equal(body->size, disk->size);
	read_disk(body, out, most);
	assert_same(out, disk->data, disk->size);
	digest = content_digest(disk->data, disk->size, &body->print.head);
	assert_true(digest_equal(&body->digest, &digest));
	read_wire(body, out, most);
	assert_same(out, wire, size);
	assert_int_equal(body_wire_size(body), size);
	mail_scan_add(scan, disk->data, disk->size);
	mail_scan_end(scan, count_crlf(wire, size), &print, NULL);
	assert_print_equal(&body->print, &print);
	body_free(body);
}

/* ---- tests -------------------------------------------------------------------------------- */

static void test_every_short_string(void **state)
{
	static const char letters[] = "\r\na";
	struct buf disk, out;
	size_t checked = 0;
	size_t raw = 0;

	(void)state;
	buf_init(&disk, 100);
	buf_init(&out, 100);
	for (size_t size = 0; size <= 7; size++) {
		size_t all = 1;
		char wire[8];

		for (size_t i = 0; i < size; i++)
			all *= 3;
		for (size_t number = 0; number < all; number++) {
			size_t rest = number;

			for (size_t i = 0; i < size; i++, rest /= 3)
				wire[i] = letters[rest % 3];
			check_message(&in_memory, wire, size, 1, &disk, &out);
			check_message(&in_memory, wire, size, 8, &disk, &out);
			raw += needs_wire(wire, size);
			checked++;
		}
	}
	assert_int_equal(checked, 3280);
	assert_true(raw > 1000 && raw < 3200);
	buf_free(&disk);
	buf_free(&out);
}

/* Strings with mostly right line ends, so that both forms are common at any length. */
static size_t random_wire(char *wire, size_t room, uint32_t odd)
{
	size_t size = 0;
	size_t most = next_random((uint32_t)room - 1);

	while (size < most) {
		if (odd && next_random(odd) == 0)
			wire[size++] = "\r\n"[next_random(2)];
		else if (next_random(4) == 0)
			size += (memcpy(wire + size, "\r\n", 2), 2u);
		else
			wire[size++] = "ab"[next_random(2)];
	}
	return size;
}

static void test_random_strings(void **state)
{
	static const uint32_t odds[] = { 0, 2, 8, 40, 200 };
	struct buf disk, out;
	size_t checked = 0;
	size_t raw = 0;
	char wire[300];

	(void)state;
	buf_init(&disk, 1000);
	buf_init(&out, 1000);
	for (; checked < 25000; checked++) {
		size_t size = random_wire(wire, sizeof wire, odds[checked % COUNT(odds)]);

		check_message(checked % 10 ? &in_memory : &spool, wire, size, 1 + next_random(40), &disk,
			      &out);
		raw += needs_wire(wire, size);
	}
	assert_true(checked >= 20000);
	assert_true(raw > 5000 && raw < 20000);
	buf_free(&disk);
	buf_free(&out);
}

/* Longer than all buffers, with something odd at or around their ends. */
static void test_long(void **state)
{
	static const char *const odd[] = { "", "\n", "\r\r\n", "\r" };
	static const size_t places[] = { 0, 1, 65534, 65535, 65536, 65537, 131071, 200000, 299998 };
	const size_t size = 300000;
	char *wire = malloc(size);
	struct buf disk, out;
	size_t checked = 0;

	(void)state;
	buf_init(&disk, 2 * size);
	buf_init(&out, 2 * size);
	for (size_t i = 0; i < COUNT(odd); i++)
		for (size_t j = 0; j < COUNT(places); j++, checked++) {
			for (size_t k = 0; k < size; k++)
				wire[k] = k % 61 == 59 ? '\r' : k % 61 == 60 ? '\n' : 'x';
			for (size_t k = 0; odd[i][k] && places[j] + k < size; k++)
				wire[places[j] + k] = odd[i][k];
			check_message(&spool, wire, size, 70000, &disk, &out);
			check_message(&in_memory, wire, size, 200000, &disk, &out);
		}
	assert_true(checked >= 36);
	free(wire);
	buf_free(&disk);
	buf_free(&out);
}

/* 100 MB that are turned back at the very end: in bounded memory. */
static void test_big(void **state)
{
	const size_t pieces = 1600;
	struct rusage before, after;
	static char piece[65536];
	struct body *body;
	uint64_t offset = 0;
	uint64_t total = 0;
	size_t got;

	(void)state;
	for (size_t k = 0; k < sizeof piece; k++)
		piece[k] = k % 64 == 62 ? '\r' : k % 64 == 63 ? '\n' : 'x';
	getrusage(RUSAGE_SELF, &before);
	assert_null(body_begin(&spool, BODY_MAIL, &body));
	for (size_t i = 0; i < pieces; i++)
		assert_null(body_add_wire(body, piece, sizeof piece));
	assert_null(body_add_wire(body, "\n", 1));
	assert_null(body_end(body));
	assert_true(body->wire);
	assert_int_equal(body->size, pieces * sizeof piece + 1);
	do {
		static char chunk[sizeof piece];

		assert_null(body_read_wire(body, &offset, chunk, sizeof chunk, &got));
		if (got == sizeof chunk)
			assert_memory_equal(chunk, piece, sizeof chunk);
		total += got;
	} while (got);
	assert_int_equal(total, body->size);
	body_free(body);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 8 * 1024); /* KiB; the header is 1 MiB */
}

/* Files that users and other programs made: any mixture of line ends. */
static void test_of_file(void **state)
{
	static const struct {
		const char *disk, *wire;
	} table[] = {
		{ "", "" },
		{ "a: b\n\nc\n", "a: b\r\n\r\nc\r\n" },
		{ "a: b\r\n\r\nc\r\n", "a: b\r\n\r\nc\r\n" },
		{ "a: b\n\r\nc", "a: b\r\n\r\nc" },
		{ "\n\n\n", "\r\n\r\n\r\n" },
		{ "\r", "\r" },
		{ "\r\r\n\n", "\r\r\n\r\n" },
		{ "x\ry\n", "x\ry\r\n" },
	};
	struct buf out;
	size_t checked = 0;

	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < COUNT(table); i++)
		for (int form = 0; form < 3; form++, checked++) {
			bool wire = form == 1;
			const char *expected = wire ? table[i].disk : table[i].wire;
			size_t size = strlen(table[i].disk);
			struct body *body;
			int fd = -1;

			if (form == 2) {
				assert_null(body_of_memory(table[i].disk, size, BODY_MAIL, &body));
			} else {
				assert_null(file_create(spool.directory, "user", &fd));
				assert_null(file_write(fd, table[i].disk, size));
				assert_null(body_of_file(fd, size, BODY_MAIL, wire, &body));
				unlinkat(spool.directory, "user", 0);
			}
			assert_int_equal(body->size, size);
			assert_int_equal(body_wire_size(body), strlen(expected));
			assert_int_equal(body->print.size, strlen(table[i].wire));
			read_wire(body, &out, 3);
			assert_string_equal(out.data, expected);
			read_disk(body, &out, 3);
			assert_string_equal(out.data, table[i].disk);
			assert_null(body_spool_name(body));
			body_free(body);
		}
	assert_true(checked >= 24);
	buf_free(&out);
}

static void test_file_changes(void **state)
{
	struct body *body;
	int fd = -1;

	(void)state;
	for (uint64_t size = 0; size < 6; size++) {
		assert_null(file_create(spool.directory, "user", &fd));
		assert_null(file_write(fd, "abc", 3));
		unlinkat(spool.directory, "user", 0);
		if (size == 3) {
			assert_null(body_of_file(fd, size, BODY_MAIL, false, &body));
			body_free(body);
		} else {
			assert_true(fail_is(body_of_file(fd, size, BODY_MAIL, false, &body), FAIL_STALE));
			assert_null(body);
		}
		assert_int_equal(fcntl(fd, F_GETFD), -1); /* taken, also by a failure */
	}
}

static int files_in_spool(void)
{
	DIR *directory = opendir(spool_path);
	int count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static void test_spool_file(void **state)
{
	struct body *body, *other;
	struct stat status;
	struct buf out;

	(void)state;
	assert_null(body_begin(&spool, BODY_BYTES, &body));
	assert_null(body_begin(&spool, BODY_MAIL, &other));
	assert_null(body_add(body, "BEGIN:VCARD\r\n", 13));
	assert_null(body_end(body));
	assert_null(body_end(other)); /* empty, but a file */
	assert_int_equal(files_in_spool(), 2);
	assert_non_null(body_spool_name(body));
	assert_string_not_equal(body_spool_name(body), body_spool_name(other));
	assert_int_equal(fstatat(spool.directory, body_spool_name(body), &status, 0), 0);
	assert_int_equal(status.st_size, 13);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_null(body->fields.subject);
	assert_int_equal(body->print.size, 0);
	buf_init(&out, 100);
	read_disk(body, &out, 4);
	assert_string_equal(out.data, "BEGIN:VCARD\r\n");
	buf_free(&out);
	body_free(other);
	assert_int_equal(files_in_spool(), 1);
	assert_int_equal(renameat(spool.directory, body_spool_name(body), spool.directory, "taken"), 0);
	body_taken(body);
	assert_null(body_spool_name(body));
	body_free(body);
	assert_int_equal(files_in_spool(), 1);
	assert_int_equal(unlinkat(spool.directory, "taken", 0), 0);

	/* Dropped half way, in either form. */
	assert_null(body_begin(&spool, BODY_MAIL, &body));
	for (int i = 0; i < 20000; i++)
		assert_null(body_add_wire(body, "line\r\n", 6));
	assert_int_equal(files_in_spool(), 1);
	assert_null(body_add_wire(body, "\n", 1));
	assert_int_equal(files_in_spool(), 1);
	body_free(body);
	assert_int_equal(files_in_spool(), 0);
	body_free(NULL);
}

/* A full disk, by the limit of a file's size. */
static void test_no_space(void **state)
{
	struct rlimit before, small;
	const struct fail *fail = NULL;
	struct body *body;
	static char piece[65536];

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 100000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_null(body_begin(&spool, BODY_MAIL, &body));
	for (int i = 0; i < 4 && !fail; i++)
		fail = body_add_wire(body, piece, sizeof piece);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_non_null(fail);
	body_free(body);
	assert_int_equal(files_in_spool(), 0);
}

static void test_fields(void **state)
{
	static const char wire[] = "From: =?iso-8859-1?Q?J=F6rg?= <j@example.org>\r\n"
				   "Subject: a\r\n b\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n";
	struct body *body = body_of_wire(&spool, wire, sizeof wire - 1, 5);

	(void)state;
	assert_string_equal(body->fields.from, "J\xc3\xb6rg <j@example.org>");
	assert_string_equal(body->fields.subject, "a b");
	assert_string_equal(body->fields.message_id, "<1@example.org>");
	assert_int_equal(body->print.size, sizeof wire - 1);
	body_free(body);
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A text form is known by its bytes, however they come, on disk and in memory. */
static void test_text_form(void **state)
{
#define STUB "--b\r\nContent-Type: message/external-body\r\nX-KOC-part: a 5 7 2 " HEX "\r\n\r\n\r\n"
	static const char header[] = "Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
	static const char stub[] = STUB "--b--\r\n";
	static const char other[] = "--b\r\nContent-Type: message/rfc822\r\n\r\n"
				    "Content-Type: multipart/mixed; boundary=c\r\n\r\n";
	static const char said[] = "--b\r\n\r\nX-Koc-Part: " HEX "\r\n--b--\r\n";
	struct arena *arena = arena_new();
	struct digest says = { { 0 } };
	char wire[1000];
	size_t checked = 0;

	for (size_t piece = 1; piece < 60; piece++, checked++) {
		struct spool *to = piece % 2 ? &spool : &in_memory;
		struct body *body = NULL;
		const struct stub *told = NULL;

		snprintf(wire, sizeof wire, "%s%s", header, stub);
		body = body_of_wire(to, wire, strlen(wire), piece);
		told = body_stub(body, arena);
		assert_non_null(told);
		assert_string_equal(told->epoch, "5");
		assert_string_equal(told->ref, "0000000007");
		assert_true(digest_known(&told->head));
		assert_true(piece == 1 || digest_equal(&says, &body->says));
		says = body->says;
		body_free(body);
		snprintf(wire, sizeof wire, "%s%s", header, said); /* only talks of one */
		body = body_of_wire(to, wire, strlen(wire), piece);
		assert_null(body_stub(body, arena));
		body_free(body);
		snprintf(wire, sizeof wire, "%s%s--c%s--c--\r\n--b--\r\n", header, other, strchr(stub, '\r'));
		body = body_of_wire(to, wire, strlen(wire), piece);
		assert_null(body_stub(body, arena)); /* somebody forwarded one */
		body_free(body);
	}
	/* What other programs put into the header changes nothing of the content. */
	snprintf(wire, sizeof wire, "X-New: 1\r\n%s%s", header, stub);
	{
		struct body *body = body_of_wire(&spool, wire, strlen(wire), 9);

		assert_true(digest_equal(&says, &body->says));
		body_free(body);
	}
	arena_free(arena);
	assert_true(checked >= 59);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_short_string),
		cmocka_unit_test_setup_teardown(test_random_strings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_big, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_of_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_spool_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_space, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text_form, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
