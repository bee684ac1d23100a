/* Contract: writing new items and replacing old ones; sync. */
#include "contract/contract.h"

/* A fail that no driver makes: what an outcome holds before it is filled in. */
static const struct fail untouched = { FAIL_CONFIG, FAIL_ALL, "the outcome was not filled in" };

static void a_new_item_is_as_written(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key);
	struct write write = {
		.folder = folder,
		.body = body,
		.key = key,
		.flags = { .bits = FLAG_SEEN | FLAG_ANSWERED },
		.date = 1234567890,
		.fail = &untouched,
	};
	struct listing *listing;
	const struct entry *entry;

	OK(store_write(check->store, &write, 1, check->arena));
	OK(store_sync(check->store));
	OK(write.fail);
	assert_false(write.came_out);
	listing = look_full(check, folder);
	assert_int_equal(listing->count, 1);
	entry = &listing->entries[0];
	if (check->store->traits & STORE_REFS_KEPT)
		assert_non_null(write.now.ref);
	if (write.now.ref)
		assert_string_equal(write.now.ref, entry->ref);
	if (write.now.ref && (check->bench->can & CAN_TELL_REVISIONS))
		assert_string_equal(write.now.revision, entry->revision);
	if (kind_traits(check->bench->kind)->has_flags)
		assert_int_equal(entry->flags.bits, FLAG_SEEN | FLAG_ANSWERED);
	if (check->bench->kind == KIND_MAIL)
		assert_true(entry->date == 1234567890);
	assert_body(check, folder, entry->ref, body);
	if (digest_known(&write.now.digest)) {
		struct buf bytes = read_bytes(check, folder, entry->ref, body->wire);
		struct body *again = NULL;

		OK(body_of_memory(bytes.data, bytes.size, body->form, &again));
		assert_true(digest_equal(&write.now.digest, &again->digest));
		body_free(again);
	}
	listing_free(listing);
}

static void the_writer_keeps_the_body(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key);
	struct digest digest = body->digest;

	put(check, folder, body, key, (struct flags){ 0 });
	assert_true(digest_equal(&body->digest, &digest));
}

static void many_items_are_written_at_once(struct check *check)
{
	struct store_folder *folders[3] = { folder_of(check, "One"), folder_of(check, "Two"),
					    folder_of(check, "Three") };
	struct write writes[30] = { 0 };
	struct listing *listings[3];
	size_t told = 0;

	for (size_t i = 0; i < COUNT(writes); i++) {
		writes[i].folder = folders[i % 3];
		writes[i].body = body_sample(check, &writes[i].key);
		writes[i].date = 1700000000;
		writes[i].fail = &untouched;
	}
	OK(store_write(check->store, writes, 20, check->arena));
	OK(store_write(check->store, writes + 20, 10, check->arena));
	OK(store_sync(check->store));
	for (size_t i = 0; i < 3; i++) {
		listings[i] = look_full(check, folders[i]);
		assert_int_equal(listings[i]->count, 10);
	}
	for (size_t i = 0; i < COUNT(writes); i++) {
		OK(writes[i].fail);
		if (!writes[i].now.ref)
			continue;
		assert_non_null(entry_of(listings[i % 3], writes[i].now.ref));
		assert_body(check, folders[i % 3], writes[i].now.ref, writes[i].body);
		told++;
	}
	assert_true(told == COUNT(writes) || !(check->store->traits & STORE_REFS_KEPT));
	for (size_t i = 0; i < 3; i++)
		listing_free(listings[i]);
}

static void one_bad_write_fails_alone(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work"), *gone = folder_of(check, "Gone");
	struct write writes[3] = { 0 };
	struct listing *listing;

	for (size_t i = 0; i < COUNT(writes); i++) {
		writes[i].folder = i == 1 ? gone : folder;
		writes[i].body = body_sample(check, &writes[i].key);
		writes[i].fail = &untouched;
	}
	assert_true(check->bench->remove_folder(check->bench, gone->path));
	OK(store_write(check->store, writes, COUNT(writes), check->arena));
	OK(store_sync(check->store));
	OK(writes[0].fail);
	assert_non_null(writes[1].fail);
	assert_ptr_not_equal(writes[1].fail, &untouched);
	OK(writes[2].fail);
	listing = look_full(check, folder);
	assert_int_equal(listing->count, 2);
	listing_free(listing);
}

static void the_same_name_makes_one_item(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key), *other = body_edited(check, key);
	struct write writes[2] = {
		{ .folder = folder, .body = body, .key = key, .name = "koc-1", .date = 1700000000 },
		{ .folder = folder, .body = other, .key = key, .name = "koc-1", .date = 1700000000 },
	};
	struct listing *listing;

	if (!(check->store->traits & STORE_IDEMPOTENT)) {
		print_message("# writes are not idempotent here\n");
		return;
	}
	for (int i = 0; i < 2; i++) {
		OK(store_write(check->store, &writes[i], 1, check->arena));
		OK(store_sync(check->store));
		if (i)
			FAILS(FAIL_EXISTS, writes[i].fail);
		else
			OK(writes[i].fail);
	}
	listing = look_full(check, folder);
	assert_int_equal(listing->count, 1);
	assert_body(check, folder, listing->entries[0].ref, body);
	listing_free(listing);
}

static void a_wish_overwrites_nothing(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key, *other_key;
	struct body *there = body_sample(check, &key), *body = body_sample(check, &other_key);
	struct write write = { .folder = folder, .body = body, .key = other_key };
	struct listing *listing;

	write.name = put(check, folder, there, key, (struct flags){ 0 });
	OK(store_write(check->store, &write, 1, check->arena));
	OK(store_sync(check->store));
	assert_body(check, folder, write.name, there);
	listing = look_full(check, folder);
	if (write.fail)
		FAILS(FAIL_EXISTS, write.fail);
	assert_int_equal(listing->count, write.fail ? 1 : 2);
	listing_free(listing);
}

static void written_items_are_durable(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct body *bodies[4];
	const char *refs[4], *key;

	for (size_t i = 0; i < COUNT(refs); i++) {
		bodies[i] = body_sample(check, &key);
		refs[i] = put(check, folder, bodies[i], key, (struct flags){ 0 });
		reopen(check);
	}
	for (size_t i = 0; i < COUNT(refs); i++)
		assert_body(check, folder, refs[i], bodies[i]);
}

static void what_is_not_synced_is_whole_or_not_there(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct write writes[5] = { 0 };
	struct listing *listing;
	size_t found = 0;

	for (size_t i = 0; i < COUNT(writes); i++) {
		writes[i].folder = folder;
		writes[i].body = body_sample(check, &writes[i].key);
	}
	OK(store_write(check->store, writes, COUNT(writes), check->arena));
	reopen(check);
	listing = look_full(check, folder);
	assert_true(listing->count <= COUNT(writes));
	for (size_t i = 0; i < listing->count; i++) {
		struct buf bytes = read_bytes(check, folder, listing->entries[i].ref, false);

		for (size_t k = 0; k < COUNT(writes); k++) {
			struct buf written = body_bytes(check, writes[k].body);
			found += bytes.size == written.size &&
				 memcmp(bytes.data, written.data, bytes.size) == 0;
		}
	}
	if (check->bench->can & CAN_KEEP_BYTES)
		assert_int_equal(found, listing->count);
	listing_free(listing);
}

static void sync_can_be_called_at_any_time(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");

	OK(store_sync(check->store));
	OK(store_sync(check->store));
	put_sample(check, folder);
	OK(store_sync(check->store));
	OK(store_write(check->store, NULL, 0, check->arena));
	OK(store_flag(check->store, NULL, 0, check->arena));
	OK(store_remove(check->store, NULL, 0, check->arena));
	OK(store_transfer(check->store, NULL, 0, check->arena));
	OK(store_list(check->store, NULL, 0));
	OK(store_sync(check->store));
}

static void a_read_only_folder_takes_nothing(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work"), *other = folder_of(check, "Other");
	const char *key, *ref = put_sample(check, folder), *elsewhere = put_sample(check, other);
	struct body *body = body_sample(check, &key);
	struct write write = { .folder = folder, .body = body, .key = key, .fail = NULL };
	struct removal removal = { .folder = folder, .ref = ref, .into = keep_at(check) };
	struct flag_change change = { .folder = folder, .ref = ref, .add = { .bits = FLAG_FLAGGED } };
	struct transfer moves[] = {
		{ .folder = folder, .to = other, .ref = ref },
		{ .folder = other, .to = folder, .ref = elsewhere },
	};
	struct listing *listing;

	assert_true(check->bench->make_read_only(check->bench, folder->path));
	reopen(check);
	listing = look_full(check, folder);
	assert_true(listing->read_only);
	assert_int_equal(listing->count, 1);
	listing_free(listing);
	OK(store_write(check->store, &write, 1, check->arena));
	OK(store_sync(check->store));
	FAILS(FAIL_DENIED, write.fail);
	OK(store_remove(check->store, &removal, 1, check->arena));
	OK(store_sync(check->store));
	assert_non_null(removal.fail);
	OK(store_transfer(check->store, moves, COUNT(moves), check->arena));
	OK(store_sync(check->store));
	assert_non_null(moves[0].fail);
	assert_non_null(moves[1].fail);
	OK(store_flag(check->store, &change, 1, check->arena));
	OK(store_sync(check->store));
	assert_true(change.fail || change.now.bits == 0);
	listing = look_full(check, folder);
	assert_int_equal(listing->count, 1);
	assert_string_equal(listing->entries[0].ref, ref);
	assert_int_equal(listing->entries[0].flags.bits, 0);
	listing_free(listing);
	listing = look_full(check, other);
	assert_non_null(entry_of(listing, elsewhere));
	listing_free(listing);
}

/* ---- replacing ---------------------------------------------------------------------------- */

/* The revision that a listing tells now. */
static const char *revision_of(struct check *check, const struct store_folder *folder,
			       const char *ref)
{
	struct listing *listing = look_full(check, folder);
	const struct entry *entry = entry_of(listing, ref);
	const char *revision;

	assert_non_null(entry);
	revision = arena_str(check->arena, entry->revision);
	listing_free(listing);
	return revision;
}

static void a_replaced_item_is_as_written(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *old = body_sample(check, &key), *new = body_edited(check, key);
	const char *ref = put(check, folder, old, key, (struct flags){ .bits = FLAG_FLAGGED });
	const char *other = put_sample(check, folder);
	struct write write = {
		.folder = folder,
		.body = new,
		.key = key,
		.flags = { .bits = FLAG_FLAGGED },
		.date = 1700000000,
		.replaces = ref,
		.if_revision = revision_of(check, folder, ref),
		.into = check->bench->can & CAN_KEEP ? ".koc/vault/old" : NULL,
	};
	struct listing *listing;
	struct buf kept, before = body_bytes(check, old);

	OK(store_write(check->store, &write, 1, check->arena));
	OK(store_sync(check->store));
	OK(write.fail);
	assert_false(write.came_out);
	listing = look_full(check, folder);
	assert_int_equal(listing->count, 2);
	assert_non_null(entry_of(listing, other));
	assert_non_null(write.now.ref);
	assert_non_null(entry_of(listing, write.now.ref));
	if (kind_traits(check->bench->kind)->has_flags)
		assert_int_equal(entry_of(listing, write.now.ref)->flags.bits, FLAG_FLAGGED);
	if (check->bench->can & CAN_TELL_REVISIONS)
		assert_string_equal(write.now.revision,
				    entry_of(listing, write.now.ref)->revision);
	assert_string_not_equal(write.if_revision, entry_of(listing, write.now.ref)->revision);
	listing_free(listing);
	assert_body(check, folder, write.now.ref, new);
	if (check->bench->can & CAN_KEEP) {
		buf_init(&kept, 1 << 20);
		assert_true(check->bench->kept(check->bench, write.into, &kept));
		assert_int_equal(kept.size, before.size);
		assert_memory_equal(kept.data, before.data, kept.size);
		buf_free(&kept);
	}
}

static void an_item_can_be_replaced_again(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key);
	const char *ref = put(check, folder, body, key, (struct flags){ 0 });
	const char *revision = revision_of(check, folder, ref);
	size_t rounds = 0;

	for (int i = 0; i < 5; i++) {
		struct write write = {
			.folder = folder,
			.body = body_edited(check, key),
			.key = key,
			.replaces = ref,
			.if_revision = revision,
			.into = check->bench->can & CAN_KEEP ?
					arena_printf(check->arena, ".koc/vault/old-%d", i) :
					NULL,
		};
		OK(store_write(check->store, &write, 1, check->arena));
		OK(store_sync(check->store));
		OK(write.fail);
		assert_body(check, folder, write.now.ref, write.body);
		ref = write.now.ref;
		revision = check->bench->can & CAN_TELL_REVISIONS ? write.now.revision :
								    revision_of(check, folder, ref);
		rounds++;
	}
	assert_int_equal(rounds, 5);
}

static void a_stale_revision_overwrites_nothing(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *old = body_sample(check, &key), *edit = body_edited(check, key);
	const char *ref = put(check, folder, old, key, (struct flags){ 0 });
	struct write write = {
		.folder = folder,
		.body = body_edited(check, key),
		.key = key,
		.replaces = ref,
		.if_revision = revision_of(check, folder, ref),
		.into = check->bench->can & CAN_KEEP ? ".koc/vault/stale" : NULL,
	};
	struct buf kept, edited = body_bytes(check, edit);

	assert_true(check->bench->edit(check->bench, folder->path, ref, edit));
	OK(store_write(check->store, &write, 1, check->arena));
	OK(store_sync(check->store));
	FAILS(FAIL_STALE, write.fail);
	if (!write.came_out) {
		assert_body(check, folder, ref, edit);
		return;
	}
	/* Done after all; then the edit must have come out. */
	assert_body(check, folder, write.now.ref, write.body);
	buf_init(&kept, 1 << 20);
	assert_true(check->bench->kept(check->bench, write.into, &kept));
	assert_int_equal(kept.size, edited.size);
	assert_memory_equal(kept.data, edited.data, kept.size);
	buf_free(&kept);
}

static void what_is_gone_is_not_replaced(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key);
	const char *ref = put(check, folder, body, key, (struct flags){ 0 });
	struct write write = {
		.folder = folder,
		.body = body_edited(check, key),
		.key = key,
		.replaces = ref,
		.if_revision = revision_of(check, folder, ref),
		.into = check->bench->can & CAN_KEEP ? ".koc/vault/gone" : NULL,
	};
	struct listing *listing;

	assert_true(check->bench->remove(check->bench, folder->path, ref));
	OK(store_write(check->store, &write, 1, check->arena));
	OK(store_sync(check->store));
	assert_true(fail_is(write.fail, FAIL_STALE) || fail_is(write.fail, FAIL_MISSING));
	assert_false(write.came_out);
	listing = look_full(check, folder);
	assert_int_equal(listing->count, 0);
	listing_free(listing);
}

static void a_replaced_item_keeps_new_flags(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key);
	const char *ref = put(check, folder, body, key, (struct flags){ 0 });
	struct write write = {
		.folder = folder,
		.body = body_edited(check, key),
		.key = key,
		.replaces = ref,
		.if_revision = revision_of(check, folder, ref),
		.into = check->bench->can & CAN_KEEP ? ".koc/vault/flags" : NULL,
	};

	/* Flags are no part of the revision, so a change of them must not be lost. */
	assert_true(check->bench->flag(check->bench, folder->path, ref,
				       (struct flags){ .bits = FLAG_ANSWERED }, (struct flags){ 0 }));
	OK(store_write(check->store, &write, 1, check->arena));
	OK(store_sync(check->store));
	OK(write.fail);
	assert_string_equal(flags_now(check, folder, write.now.ref), "\\Answered");
}

const struct contract_check contract_writes[] = {
	CHECK(a_new_item_is_as_written),
	CHECK(the_writer_keeps_the_body),
	CHECK(many_items_are_written_at_once),
	CHECK(one_bad_write_fails_alone, NEEDS_CALL(remove_folder)),
	CHECK(the_same_name_makes_one_item),
	CHECK(a_wish_overwrites_nothing),
	CHECK(written_items_are_durable),
	CHECK(what_is_not_synced_is_whole_or_not_there),
	CHECK(sync_can_be_called_at_any_time),
	CHECK(a_read_only_folder_takes_nothing, NEEDS_CALL(make_read_only)),
	CHECK(a_replaced_item_is_as_written, .needs = CAN_EDIT),
	CHECK(an_item_can_be_replaced_again, .needs = CAN_EDIT),
	CHECK(a_stale_revision_overwrites_nothing, .needs = CAN_EDIT, NEEDS_CALL(edit)),
	CHECK(what_is_gone_is_not_replaced, .needs = CAN_EDIT, NEEDS_CALL(remove)),
	CHECK(a_replaced_item_keeps_new_flags, .needs = CAN_EDIT, .needs_flags = true, NEEDS_CALL(flag)),
	CHECKS_END
};
