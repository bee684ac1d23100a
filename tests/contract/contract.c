/* Contract: runs the checks on a bench, and what they have in common (see contract.h). */
#include "contract/contract.h"

#include <stdio.h>

/* ---- running ------------------------------------------------------------------------------ */

static size_t checks_run;

static const struct contract_check *const tables[] = {
	contract_folders, contract_listings, contract_bodies,
	contract_writes,  contract_flags,    contract_places,
};

/* What runs now: cmocka hands one pointer to a test, so that it is these two. */
struct running {
	struct bench *bench;
	const struct contract_check *check;
};

/* The first of these things that the medium cannot do, in words. */
static const char *cannot(uint32_t missing)
{
	static const struct {
		uint32_t can;
		const char *words;
	} names[] = {
		{ CAN_EDIT, "replace a body under its ref" },
		{ CAN_KEEP, "keep what was removed" },
		{ CAN_TELL_NEWS, "tell that there is nothing new" },
		{ CAN_ADD_KEYWORDS, "store new keywords" },
		{ CAN_HOLD_ALL_KEYWORDS, "store any number of keywords" },
		{ CAN_HOLD_BARE, "hold bare CR and LF" },
		{ CAN_HOLD_NUL, "hold NUL" },
		{ CAN_HOLD_EMPTY, "hold empty messages" },
		{ CAN_FIND, "find messages" },
		{ CAN_REMOVE_ALONE, "remove one item for certain" },
		{ CAN_TELL_REVISIONS, "tell revisions of what it wrote" },
		{ CAN_KEEP_BYTES, "keep every byte" },
		{ CAN_RENAME, "rename folders" },
		{ CAN_HOLD_ALL_NAMES, "name a folder anything" },
		{ CAN_GUARD_MOVES, "refuse to move what was edited" },
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (missing & names[i].can)
			return names[i].words;
	return "do it";
}

/* Why a check is not run; NULL if it is. */
static const char *lacks(const struct running *running)
{
	static char why[80];
	const struct bench *bench = running->bench;
	const struct contract_check *check = running->check;
	const void *call = NULL;

	if ((check->mail_only && bench->kind != KIND_MAIL) ||
	    (check->mail_not && bench->kind == KIND_MAIL))
		return "not for this kind";
	if (check->needs_flags && !kind_traits(bench->kind)->has_flags)
		return "items of this kind have no flags";
	if (check->needs_call)
		memcpy(&call, (const char *)bench + check->needs_call, sizeof call);
	if (check->needs_call && !call) {
		snprintf(why, sizeof why, "no other program can %s here", check->call);
		return why;
	}
	if ((bench->can & check->needs) != check->needs) {
		snprintf(why, sizeof why, "the medium cannot %s",
			 cannot(check->needs & ~bench->can));
		return why;
	}
	return NULL;
}

static void run_check(void **state)
{
	struct running *running = *state;
	const char *why = lacks(running);
	struct check check = { .bench = running->bench };

	if (why) {
		print_message("# %s: %s\n", running->check->name, why);
		skip();
	}
	check.arena = arena_new();
	check.spool = (struct spool){ .directory = running->bench->spool, .prefix = "check-" };
	running->bench->fresh(running->bench);
	check.store = running->bench->open(running->bench);
	check.store->spool = &check.spool;
	/* Drivers may connect, and learn what they can, only now. */
	folders_now(&check, NULL, 0);
	running->check->run(&check);
	store_close(check.store);
	for (size_t i = 0; i < check.bodies.count; i++)
		body_free(check.bodies.items[i].body);
	vec_free(&check.bodies);
	arena_free(check.arena);
	checks_run++;
}

int contract_run(struct bench *bench)
{
	struct { VEC(struct CMUnitTest) } tests = { 0 };
	struct running *running;
	size_t count = 0, i = 0;
	char name[128];
	int failed;

	for (size_t t = 0; t < COUNT(tables); t++)
		for (const struct contract_check *check = tables[t]; check->name; check++)
			count++;
	running = calloc(count, sizeof *running);
	for (size_t t = 0; t < COUNT(tables); t++)
		for (const struct contract_check *check = tables[t]; check->name; check++, i++) {
			running[i] = (struct running){ bench, check };
			*vec_push(&tests) = (struct CMUnitTest){
				.name = check->name,
				.test_func = run_check,
				.initial_state = &running[i],
			};
		}
	checks_run = 0;
	print_message("# contract: %s\n", bench->name);
	snprintf(name, sizeof name, "contract: %s", bench->name);
	failed = _cmocka_run_group_tests(name, tests.items, tests.count, NULL, NULL);
	if (!failed && checks_run < bench->least) {
		print_error("%s: only %zu checks ran, at least %zu should\n", name, checks_run,
			    bench->least);
		failed = 1;
	}
	if (bench->finish)
		bench->finish(bench);
	vec_free(&tests);
	free(running);
	return failed;
}

void contract_ok(const struct fail *fail, const char *file, int line)
{
	if (fail) {
		print_error("%s: %s\n", fail_word(fail->code), fail->text);
		_fail(file, line);
	}
}

void contract_fails(enum fail_code code, const struct fail *fail, const char *file, int line)
{
	if (fail_is(fail, code))
		return;
	print_error("wanted a fail of the code %d, got %s\n", (int)code,
		    fail ? fail->text : "success");
	_fail(file, line);
}

/* ---- folders ------------------------------------------------------------------------------ */

const char *path_of(struct check *check, const char *name)
{
	return arena_printf(check->arena, "%s/%s", kind_traits(check->bench->kind)->root, name);
}

struct folder_list folders_now(struct check *check, const struct store_known *known, size_t count)
{
	struct folder_list list = { 0 };

	OK(store_folders(check->store, known, count, check->arena, &list));
	assert_true(list.complete);
	for (size_t i = 1; i < list.count; i++)
		assert_true(strcmp(list.items[i - 1].path, list.items[i].path) < 0);
	return list;
}

struct store_folder *folder_in(const struct folder_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].path, path) == 0)
			return &list->items[i];
	return NULL;
}

struct store_folder *folder_of(struct check *check, const char *name)
{
	struct folder_list list = folders_now(check, NULL, 0);
	const char *path = path_of(check, name);
	struct store_folder *folder = folder_in(&list, path);

	/* What lies above a folder that was made may be no folder yet. */
	if (!folder || folder->roles & ROLE_NOSELECT) {
		folder = arena_alloc(check->arena, sizeof *folder);
		OK(store_make(check->store, path, 0, check->arena, folder));
		OK(store_sync(check->store));
	}
	assert_string_equal(folder->path, path);
	return folder;
}

void reopen(struct check *check)
{
	store_close(check->store);
	check->store = check->bench->open(check->bench);
	check->store->spool = &check->spool;
	folders_now(check, NULL, 0);
}

/* ---- bodies ------------------------------------------------------------------------------- */

static struct body *body_new(struct check *check)
{
	struct body *body = NULL;

	OK(body_begin(&check->spool, body_form_of(check->bench->kind), &body));
	return body;
}

/* The bytes of a body, read. */
static struct buf bytes_read(struct check *check, struct body *body)
{
	struct buf buf, kept;
	char chunk[4096];
	uint64_t offset = 0;
	size_t got;

	buf_init(&buf, (size_t)body->size + 1);
	do {
		OK(body_read(body, offset, chunk, sizeof chunk, &got));
		buf_add(&buf, chunk, got);
		offset += got;
	} while (got);
	assert_int_equal(buf.size, body->size);
	/* They live as long as the check. */
	kept = buf;
	kept.data = memcpy(arena_alloc(check->arena, buf.size + 1), buf.data, buf.size + 1);
	buf_free(&buf);
	return kept;
}

static struct body *body_made(struct check *check, struct body *body)
{
	OK(body_end(body));
	*vec_push(&check->bodies) = (struct check_body){ body, bytes_read(check, body) };
	return body;
}

struct body *body_text(struct check *check, const char *text)
{
	struct body *body = body_new(check);

	OK(body_add(body, text, strlen(text)));
	return body_made(check, body);
}

struct body *body_wire(struct check *check, const void *data, size_t size)
{
	struct body *body = body_new(check);

	if (check->bench->kind == KIND_MAIL)
		OK(body_add_wire(body, data, size));
	else
		OK(body_add(body, data, size));
	return body_made(check, body);
}

struct body *body_again(struct check *check, struct body *body)
{
	struct buf bytes = body_bytes(check, body);
	struct body *again = body_new(check);

	assert_false(body->wire);
	OK(body_add(again, bytes.data, bytes.size));
	return body_made(check, again);
}

/* A mail, a card or an event, with this UID where it has one. */
static struct body *sample(struct check *check, unsigned n, const char *key)
{
	struct arena *arena = check->arena;

	if (check->bench->kind == KIND_MAIL)
		return body_text(check, arena_printf(arena,
						     "From: jane@example.com\n"
						     "Subject: sample %u\n"
						     "Message-ID: <%u.sample@example.com>\n"
						     "\n"
						     "This is sample %u.\n",
						     n, n, n));
	if (check->bench->kind == KIND_CONTACTS)
		return body_text(check, arena_printf(arena,
						     "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\n"
						     "FN:Sample %u\r\nN:Sample;%u;;;\r\n"
						     "END:VCARD\r\n",
						     key, n, n));
	return body_text(check, arena_printf(arena,
					     "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//koc//EN\r\n"
					     "BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"
					     "DTSTART:20260102T100000Z\r\nSUMMARY:Sample %u\r\n"
					     "END:VEVENT\r\nEND:VCALENDAR\r\n",
					     key, n));
}

struct body *body_sample(struct check *check, const char **key)
{
	unsigned n = ++check->samples;

	*key = kind_traits(check->bench->kind)->keyed ?
		       arena_printf(check->arena, "sample-%u", n) :
		       NULL;
	return sample(check, n, *key);
}

struct body *body_edited(struct check *check, const char *key)
{
	return sample(check, ++check->samples, key);
}

struct buf body_bytes(struct check *check, struct body *body)
{
	for (size_t i = 0; i < check->bodies.count; i++)
		if (check->bodies.items[i].body == body)
			return check->bodies.items[i].bytes;
	return bytes_read(check, body);
}

/* ---- listings ----------------------------------------------------------------------------- */

static struct listing *look(struct check *check, const struct store_folder *folder,
			    const char *cursor, bool full)
{
	struct look look = { .folder = folder, .cursor = cursor, .full = full };
	struct listing *listing;
	const struct entry *entry;

	OK(store_list(check->store, &look, 1));
	OK(look.fail);
	listing = look.listing;
	assert_non_null(listing);
	assert_non_null(listing->cursor);
	for (size_t i = 0; i < listing->count; i++) {
		entry = &listing->entries[i];
		assert_non_null(entry->ref);
		assert_non_null(entry->revision);
		assert_true(*entry->ref != '\0');
		assert_true(i == 0 || strcmp(entry[-1].ref, entry->ref) < 0);
		assert_false(gone_in(listing, entry->ref));
		assert_true((entry->says & SAYS_BITS) || entry->flags.bits == 0);
		assert_int_equal(entry->flags.bits & ~(uint32_t)FLAG_ALL, 0);
	}
	for (size_t i = 0; i < listing->gone_count; i++) {
		assert_true(strcmp(listing->gone[i].first, listing->gone[i].last) <= 0);
		assert_true(i == 0 || strcmp(listing->gone[i - 1].last, listing->gone[i].first) < 0);
	}
	assert_true(!listing->complete || listing->gone_count == 0);
	return listing;
}

struct listing *look_at(struct check *check, const struct store_folder *folder, const char *cursor)
{
	return look(check, folder, cursor, false);
}

struct listing *look_full(struct check *check, const struct store_folder *folder)
{
	struct listing *listing = look(check, folder, "", true);

	assert_true(listing->complete);
	return listing;
}

const struct entry *entry_of(const struct listing *listing, const char *ref)
{
	for (size_t i = 0; i < listing->count; i++)
		if (strcmp(listing->entries[i].ref, ref) == 0)
			return &listing->entries[i];
	return NULL;
}

bool gone_in(const struct listing *listing, const char *ref)
{
	for (size_t i = 0; i < listing->gone_count; i++)
		if (strcmp(listing->gone[i].first, ref) <= 0 &&
		    strcmp(ref, listing->gone[i].last) <= 0)
			return true;
	return false;
}

const char *flags_now(struct check *check, const struct store_folder *folder, const char *ref)
{
	struct listing *listing = look_full(check, folder);
	const struct entry *entry = entry_of(listing, ref);
	const char *text = NULL;

	if (entry)
		text = arena_str(check->arena, flags_text(check->arena, entry->flags));
	listing_free(listing);
	assert_non_null(text);
	return text;
}

/* ---- items -------------------------------------------------------------------------------- */

/* The one ref in `now` that is not in `before`. */
static const char *new_ref(struct check *check, const struct listing *before,
			   const struct listing *now)
{
	const char *ref = NULL;

	for (size_t i = 0; i < now->count; i++)
		if (!entry_of(before, now->entries[i].ref)) {
			assert_null(ref);
			ref = arena_str(check->arena, now->entries[i].ref);
		}
	assert_non_null(ref);
	return ref;
}

const char *put(struct check *check, const struct store_folder *folder, struct body *body,
		const char *key, struct flags flags)
{
	struct listing *before = look_full(check, folder), *now;
	struct write write = {
		.folder = folder, .body = body, .key = key, .flags = flags, .date = 1700000000 };
	const char *ref;

	OK(store_write(check->store, &write, 1, check->arena));
	OK(store_sync(check->store));
	OK(write.fail);
	now = look_full(check, folder);
	ref = new_ref(check, before, now);
	if (check->store->traits & STORE_REFS_KEPT)
		assert_non_null(write.now.ref);
	if (write.now.ref)
		assert_string_equal(write.now.ref, ref);
	listing_free(before);
	listing_free(now);
	return ref;
}

const char *put_sample(struct check *check, const struct store_folder *folder)
{
	const char *key;
	struct body *body = body_sample(check, &key);

	return put(check, folder, body, key, (struct flags){ 0 });
}

const char *put_behind(struct check *check, const struct store_folder *folder, struct body *body,
		       const char *key, struct flags flags)
{
	struct listing *before = look_full(check, folder), *now;
	const char *ref;

	assert_true(check->bench->add(check->bench, folder->path, key, body, flags));
	now = look_full(check, folder);
	ref = new_ref(check, before, now);
	listing_free(before);
	listing_free(now);
	return ref;
}

static const struct fail *read_keep(void *context, struct read *read)
{
	(void)context;
	(void)read;
	return NULL;
}

/* Reads an item whole; the caller frees the body. */
static struct body *read_whole(struct check *check, const struct store_folder *folder, const char *ref,
			       bool wire)
{
	struct read read = { .folder = folder, .ref = ref, .part = PART_WHOLE, .wire = wire };

	OK(store_read(check->store, &read, 1, read_keep, NULL, check->arena));
	OK(read.fail);
	assert_non_null(read.body);
	assert_string_equal(read.now.ref, ref);
	assert_true(digest_equal(&read.now.digest, &read.body->digest));
	return read.body;
}

struct buf read_bytes(struct check *check, const struct store_folder *folder, const char *ref,
		      bool wire)
{
	struct body *body = read_whole(check, folder, ref, wire), *again = NULL;
	struct buf bytes = bytes_read(check, body);

	OK(body_of_memory(bytes.data, bytes.size, body->form, &again));
	assert_true(digest_equal(&body->digest, &again->digest));
	body_free(again);
	body_free(body);
	return bytes;
}

void assert_body(struct check *check, const struct store_folder *folder, const char *ref,
		 struct body *body)
{
	struct buf stored = read_bytes(check, folder, ref, body->wire);
	struct buf written = body_bytes(check, body);
	struct body *read;

	if (!(check->bench->can & CAN_KEEP_BYTES))
		return;
	assert_int_equal(stored.size, written.size);
	assert_memory_equal(stored.data, written.data, written.size);
	read = read_whole(check, folder, ref, body->wire);
	assert_int_equal(read->wire, body->wire);
	body_free(read);
}

const char *keep_at(struct check *check)
{
	if (!(check->bench->can & CAN_KEEP))
		return NULL;
	return arena_printf(check->arena, ".koc/vault/kept-%u", ++check->kept);
}
