/* Contract: bodies, byte for byte, and reading. */
#include "contract/contract.h"

#include <stdlib.h>

#define LONG_SIZE (1 << 20)

/* Messages as on the wire. */
static const struct message {
	const char *name;
	const char *data;
	size_t size;
	uint32_t needs;
} messages[] = {
#define MESSAGE(name, text, needs) { name, text, sizeof(text) - 1, needs }
	MESSAGE("usual", "Subject: a\r\n\r\nbody\r\n", 0),
	MESSAGE("no line end at the end", "Subject: b\r\n\r\nbody", 0),
	MESSAGE("header alone", "Subject: c\r\nX: y\r\n", 0),
	MESSAGE("header and empty line", "Subject: d\r\n\r\n", 0),
	MESSAGE("empty lines", "Subject: e\r\n\r\n\r\n\r\n\r\n", 0),
	MESSAGE("dots", "Subject: f\r\n\r\n.\r\n..\r\n.x\r\n", 0),
	MESSAGE("From lines", "From x\r\nSubject: g\r\n\r\nFrom y\r\n>From z\r\n", 0),
	MESSAGE("8 bit", "Subject: h\xff\r\n\r\n\x80\x81\xfe\xff\r\n", 0),
	MESSAGE("all but NUL, CR, LF", "Subject: i\r\n\r\n\x01\x02\x07\x08\x0b\x0c\x0e\x1b\x7f\r\n", 0),
	MESSAGE("literal look-alike", "Subject: j {10}\r\n\r\n{3}\r\n) \"\r\n* 1 FETCH\r\n", 0),
	MESSAGE("bare LF", "Subject: k\r\n\r\none\ntwo\r\n", CAN_HOLD_BARE),
	MESSAGE("LF alone", "Subject: l\n\nbody\n", CAN_HOLD_BARE),
	MESSAGE("CR CR LF", "Subject: m\r\n\r\none\r\r\ntwo\r\n", CAN_HOLD_BARE),
	MESSAGE("bare CR", "Subject: n\r\n\r\none\rtwo\r\n", CAN_HOLD_BARE),
	MESSAGE("CR at the end", "Subject: o\r\n\r\nbody\r", CAN_HOLD_BARE),
	MESSAGE("LF CR", "Subject: p\r\n\r\none\n\rtwo\r\n", CAN_HOLD_BARE),
	MESSAGE("late bare LF", "Subject: q\r\n\r\none\r\ntwo\r\nthree\r\nfour\nfive", CAN_HOLD_BARE),
	MESSAGE("one LF", "\n", CAN_HOLD_BARE),
	MESSAGE("one CRLF", "\r\n", CAN_HOLD_BARE),
	MESSAGE("NUL", "Subject: r\r\n\r\na\0b\0\r\n", CAN_HOLD_NUL),
	MESSAGE("empty", "", CAN_HOLD_EMPTY),
#undef MESSAGE
};

/* A body of such a message; its wire form must be what it was made of. */
static struct body *message_body(struct check *check, const struct message *message)
{
	struct body *body = body_wire(check, message->data, message->size);
	struct buf wire;
	char chunk[1000];
	uint64_t offset = 0;
	size_t got;

	buf_init(&wire, 2 * message->size + 1);
	do {
		OK(body_read_wire(body, &offset, chunk, sizeof chunk, &got));
		buf_add(&wire, chunk, got);
	} while (got);
	assert_int_equal(wire.size, message->size);
	assert_memory_equal(wire.data, message->data, message->size);
	buf_free(&wire);
	return body;
}

static void written_bodies_are_kept(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	size_t passed = 0;

	for (size_t i = 0; i < COUNT(messages); i++) {
		const struct message *message = &messages[i];
		struct body *body;
		const char *ref;

		if (message->needs & ~check->bench->can) {
			print_message("# %s: the medium cannot hold such bytes\n", message->name);
			continue;
		}
		body = message_body(check, message);
		ref = put(check, folder, body, NULL, (struct flags){ 0 });
		assert_body(check, folder, ref, body);
		passed++;
	}
	assert_true(passed >= 10);
}

static void other_programs_bodies_are_read(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	size_t passed = 0;

	for (size_t i = 0; i < COUNT(messages); i++) {
		const struct message *message = &messages[i];
		struct body *body;
		const char *ref;

		if (message->needs & ~check->bench->can)
			continue;
		body = message_body(check, message);
		ref = put_behind(check, folder, body, NULL, (struct flags){ 0 });
		assert_body(check, folder, ref, body);
		passed++;
	}
	assert_true(passed >= 10);
}

static void bodies_of_other_kinds_are_kept(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	static const char *const texts[] = {
		"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
		"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
		"BEGIN:VCALENDAR\r\nX:\xc3\xa4\xe2\x82\xac\r\nEND:VCALENDAR",
		"BEGIN:VCALENDAR\r\n\r\n\r\nEND:VCALENDAR\r\n\r\n",
	};
	size_t passed = 0;

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct body *body = body_text(check, texts[i]);
		const char *key = arena_printf(check->arena, "odd-%zu", i);

		assert_body(check, folder, put(check, folder, body, key, (struct flags){ 0 }), body);
		passed++;
	}
	assert_true(passed >= 4);
}

static void large_bodies_are_kept(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	char *large = malloc(LONG_SIZE);
	size_t size = 0;
	unsigned line = 0;
	struct body *body;

	memcpy(large, "Subject: large\r\n\r\n", 18);
	size = 18;
	while (size < LONG_SIZE - 200) {
		for (unsigned i = 0; i < 1 + line * 37 % 150; i++)
			large[size++] = (char)('!' + (line + i) % 90);
		large[size++] = '\r';
		large[size++] = '\n';
		line++;
	}
	body = body_wire(check, large, size);
	free(large);
	assert_body(check, folder, put(check, folder, body, "large", (struct flags){ 0 }), body);
	assert_true(line > 10000);
}

static void long_lines_are_kept(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	size_t size = 300000;
	char *large = malloc(size);
	struct body *body;

	memset(large, 'x', size);
	memcpy(large, "Subject: y\r\n\r\n", 14);
	memcpy(large + size - 2, "\r\n", 2);
	body = body_wire(check, large, size);
	free(large);
	assert_body(check, folder, put(check, folder, body, "long", (struct flags){ 0 }), body);
}

/* ---- reading ------------------------------------------------------------------------------ */

struct seen {
	size_t count, failed;
	struct read *last[32];
	size_t stop_at; /* fail after so many; 0 never */
};

static const struct fail *see(void *context, struct read *read)
{
	struct seen *seen = context;

	assert_true(seen->count < COUNT(seen->last));
	for (size_t i = 0; i < seen->count; i++)
		assert_ptr_not_equal(seen->last[i], read);
	seen->last[seen->count++] = read;
	seen->failed += read->fail != NULL;
	body_free(read->body);
	read->body = NULL;
	if (seen->count == seen->stop_at)
		return fail_make(FAIL_DISK, FAIL_ACCOUNT, "the other side is full");
	return NULL;
}

static void each_read_is_told_once(struct check *check)
{
	struct store_folder *one = folder_of(check, "One"), *two = folder_of(check, "Two");
	struct read reads[12] = { 0 };
	struct seen seen = { 0 };

	for (size_t i = 0; i < COUNT(reads); i++) {
		reads[i].folder = i % 3 ? one : two;
		reads[i].ref = put_sample(check, i % 3 ? one : two);
		reads[i].part = PART_WHOLE;
	}
	OK(store_read(check->store, reads, COUNT(reads), see, &seen, check->arena));
	assert_int_equal(seen.count, COUNT(reads));
	assert_int_equal(seen.failed, 0);
}

static void a_missing_item_fails_alone(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct read reads[5] = { 0 };
	struct seen seen = { 0 };
	struct removal removal = { .folder = folder };

	for (size_t i = 0; i < COUNT(reads); i++) {
		reads[i].folder = folder;
		reads[i].ref = put_sample(check, folder);
		reads[i].part = i % 2 ? PART_PRINT : PART_WHOLE;
	}
	for (size_t i = 1; i < 3; i++) {
		removal.ref = reads[i].ref;
		removal.into = keep_at(check);
		OK(store_remove(check->store, &removal, 1, check->arena));
		OK(store_sync(check->store));
		OK(removal.fail);
	}
	OK(store_read(check->store, reads, COUNT(reads), see, &seen, check->arena));
	assert_int_equal(seen.count, COUNT(reads));
	for (size_t i = 0; i < COUNT(reads); i++)
		if (i == 1 || i == 2)
			FAILS(FAIL_MISSING, reads[i].fail);
		else
			OK(reads[i].fail);
}

static void the_reader_can_stop_it(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct read reads[6] = { 0 };
	struct seen seen = { .stop_at = 2 };
	size_t tried = 0;

	for (size_t i = 0; i < COUNT(reads); i++) {
		reads[i].folder = folder;
		reads[i].ref = put_sample(check, folder);
		reads[i].part = PART_WHOLE;
	}
	FAILS(FAIL_DISK,
	      store_read(check->store, reads, COUNT(reads), see, &seen, check->arena));
	assert_int_equal(seen.count, 2);
	for (size_t i = 0; i < COUNT(reads); i++) {
		assert_null(reads[i].body);
		tried += reads[i].fail == NULL;
	}
	assert_int_equal(tried, 2);
	/* The store goes on working. */
	reopen(check);
	seen = (struct seen){ 0 };
	OK(store_read(check->store, reads, COUNT(reads), see, &seen, check->arena));
	assert_int_equal(seen.count, COUNT(reads));
	assert_int_equal(seen.failed, 0);
}

static void a_read_tells_what_a_listing_tells(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct flags flags = { .bits = FLAG_SEEN | FLAG_FLAGGED };
	const char *key;
	struct body *body = body_sample(check, &key);
	const char *ref = put(check, folder, body, key, flags);
	struct listing *listing = look_full(check, folder);
	const struct entry *entry = entry_of(listing, ref);
	struct read read = { .folder = folder, .ref = ref, .part = PART_WHOLE };
	struct seen seen = { 0 };

	OK(store_read(check->store, &read, 1, see, &seen, check->arena));
	OK(read.fail);
	assert_string_equal(read.now.ref, ref);
	assert_string_equal(read.now.revision, entry->revision);
	if (read.has_flags)
		assert_true(flags_equal(read.now.flags, entry->flags));
	if (check->bench->kind == KIND_MAIL)
		assert_true(read.date == 0 || read.date == entry->date);
	if (kind_traits(check->bench->kind)->keyed)
		assert_string_equal(read.key, key);
	listing_free(listing);
}

static void prints_agree(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key);
	struct read reads[2] = { { .folder = folder, .part = PART_PRINT },
				 { .folder = folder, .part = PART_WHOLE } };
	struct seen seen = { 0 };

	reads[0].ref = reads[1].ref = put(check, folder, body, key, (struct flags){ 0 });
	OK(store_read(check->store, reads, 2, see, &seen, check->arena));
	for (size_t i = 0; i < 2; i++) {
		OK(reads[i].fail);
		assert_true(digest_equal(&reads[i].print.head, &body->print.head));
		assert_true(reads[i].print.size == body->print.size);
	}
}

const struct contract_check contract_bodies[] = {
	CHECK(written_bodies_are_kept, .mail_only = true),
	CHECK(other_programs_bodies_are_read, .mail_only = true, NEEDS_CALL(add)),
	/* Servers that look into items take none of these. */
	CHECK(bodies_of_other_kinds_are_kept, .mail_not = true, .needs = CAN_KEEP_BYTES),
	CHECK(large_bodies_are_kept, .mail_only = true),
	CHECK(long_lines_are_kept, .mail_only = true),
	CHECK(each_read_is_told_once),
	CHECK(a_missing_item_fails_alone),
	CHECK(the_reader_can_stop_it),
	CHECK(a_read_tells_what_a_listing_tells),
	CHECK(prints_agree, .mail_only = true),
	CHECKS_END
};
