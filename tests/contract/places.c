/* Contract: moving, copying, removing, finding. */
#include "contract/contract.h"

static bool transfers(struct check *check)
{
	if (check->store->traits & STORE_TRANSFERS)
		return true;
	print_message("# the store does not move or copy\n");
	return false;
}

/* How many items a folder has. */
static size_t count_of(struct check *check, const struct store_folder *folder)
{
	struct listing *listing = look_full(check, folder);
	size_t count = listing->count;

	listing_free(listing);
	return count;
}

/* Is there an item with this ref? */
static bool is_there(struct check *check, const struct store_folder *folder, const char *ref)
{
	struct listing *listing = look_full(check, folder);
	bool there = entry_of(listing, ref) != NULL;

	listing_free(listing);
	return there;
}

/* The only item of a folder. */
static const char *only_ref(struct check *check, const struct store_folder *folder)
{
	struct listing *listing = look_full(check, folder);
	const char *ref;

	assert_int_equal(listing->count, 1);
	ref = arena_str(check->arena, listing->entries[0].ref);
	listing_free(listing);
	return ref;
}

static void a_move_takes_all_along(struct check *check)
{
	struct store_folder *from = folder_of(check, "From"), *to = folder_of(check, "To");
	bool keywords = check->bench->can & CAN_ADD_KEYWORDS;
	struct flags flags = { FLAG_SEEN | FLAG_FLAGGED, keywords ? "$Label2 todo" : NULL };
	const char *key, *ref, *there;
	struct body *body = body_sample(check, &key);
	struct listing *listing;
	struct transfer transfer = { .folder = from, .to = to };

	if (!transfers(check))
		return;
	if (!kind_traits(check->bench->kind)->has_flags)
		flags = (struct flags){ 0 };
	/* Other keywords come first in the other folder. */
	if (keywords) {
		const char *other;
		struct body *filler = body_sample(check, &other);
		struct removal removal = { .folder = to, .into = keep_at(check) };

		removal.ref = put(check, to, filler, other, (struct flags){ .keywords = "zeta" });
		OK(store_remove(check->store, &removal, 1, check->arena));
		OK(store_sync(check->store));
	}
	transfer.ref = ref = put(check, from, body, key, flags);
	OK(store_transfer(check->store, &transfer, 1, check->arena));
	OK(store_sync(check->store));
	OK(transfer.fail);
	assert_false(is_there(check, from, ref));
	there = only_ref(check, to);
	if (transfer.now.ref)
		assert_string_equal(transfer.now.ref, there);
	assert_body(check, to, there, body);
	listing = look_full(check, to);
	assert_string_equal(flags_text(check->arena, listing->entries[0].flags),
			    flags_text(check->arena, flags));
	if (check->bench->kind == KIND_MAIL)
		assert_true(listing->entries[0].date == 1700000000);
	listing_free(listing);
}

static void a_copy_leaves_the_original(struct check *check)
{
	struct store_folder *from = folder_of(check, "From"), *to = folder_of(check, "To");
	const char *key, *ref;
	struct body *body = body_sample(check, &key);
	struct transfer transfer = { .folder = from, .to = to, .copy = true };

	if (!transfers(check))
		return;
	transfer.ref = ref = put(check, from, body, key, (struct flags){ 0 });
	OK(store_transfer(check->store, &transfer, 1, check->arena));
	OK(store_sync(check->store));
	assert_body(check, from, ref, body);
	/* Where a UID is in one place only. */
	if (transfer.fail && key) {
		FAILS(FAIL_REFUSED, transfer.fail);
		assert_int_equal(count_of(check, to), 0);
		return;
	}
	OK(transfer.fail);
	assert_body(check, to, only_ref(check, to), body);
}

static void many_items_are_moved_at_once(struct check *check)
{
	struct store_folder *folders[3] = { folder_of(check, "One"), folder_of(check, "Two"),
					    folder_of(check, "Three") };
	struct transfer moves[12] = { 0 };
	struct body *bodies[12];
	const char *key;
	size_t told = 0;

	if (!transfers(check))
		return;
	for (size_t i = 0; i < COUNT(moves); i++) {
		bodies[i] = body_sample(check, &key);
		moves[i].folder = folders[i % 3];
		moves[i].to = folders[(i + 1) % 3];
		moves[i].ref = put(check, folders[i % 3], bodies[i], key, (struct flags){ 0 });
	}
	OK(store_transfer(check->store, moves, COUNT(moves), check->arena));
	OK(store_sync(check->store));
	for (size_t i = 0; i < COUNT(moves); i++) {
		OK(moves[i].fail);
		if (!moves[i].now.ref)
			continue;
		assert_body(check, moves[i].to, moves[i].now.ref, bodies[i]);
		told++;
	}
	assert_true(told == 0 || told == COUNT(moves));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(count_of(check, folders[i]), 4);
}

static void a_missing_item_is_not_moved(struct check *check)
{
	struct store_folder *from = folder_of(check, "From"), *to = folder_of(check, "To");
	const char *gone = put_sample(check, from), *ref = put_sample(check, from);
	struct removal removal = { .folder = from, .ref = gone, .into = keep_at(check) };
	struct transfer moves[] = {
		{ .folder = from, .to = to, .ref = gone },
		{ .folder = from, .to = to, .ref = ref },
	};

	if (!transfers(check))
		return;
	OK(store_remove(check->store, &removal, 1, check->arena));
	OK(store_sync(check->store));
	OK(removal.fail);
	OK(store_transfer(check->store, moves, COUNT(moves), check->arena));
	OK(store_sync(check->store));
	FAILS(FAIL_MISSING, moves[0].fail);
	OK(moves[1].fail);
	assert_int_equal(count_of(check, to), 1);
	assert_int_equal(count_of(check, from), 0);
}

static void a_move_to_nowhere_leaves_the_item(struct check *check)
{
	struct store_folder *from = folder_of(check, "From"), *to = folder_of(check, "To");
	const char *key;
	struct body *body = body_sample(check, &key);
	struct transfer move = { .folder = from, .to = to };

	if (!transfers(check))
		return;
	move.ref = put(check, from, body, key, (struct flags){ 0 });
	assert_true(check->bench->remove_folder(check->bench, to->path));
	OK(store_transfer(check->store, &move, 1, check->arena));
	OK(store_sync(check->store));
	assert_non_null(move.fail);
	assert_body(check, from, move.ref, body);
}

/* A wish for a name that is taken: the item gets another, or is refused; nothing is overwritten. */
static void a_move_overwrites_nothing(struct check *check)
{
	struct store_folder *from = folder_of(check, "From"), *to = folder_of(check, "To");
	const char *key;
	struct body *moved = body_sample(check, &key), *there = body_edited(check, key);
	struct transfer move = { .folder = from, .to = to };
	struct listing *listing;
	bool keyed = key != NULL;

	if (!transfers(check))
		return;
	move.ref = put(check, from, moved, key, (struct flags){ 0 });
	move.name = put(check, to, there, keyed ? key : NULL, (struct flags){ 0 });
	OK(store_transfer(check->store, &move, 1, check->arena));
	OK(store_sync(check->store));
	assert_body(check, to, move.name, there);
	if (move.fail) {
		FAILS(FAIL_EXISTS, move.fail);
		assert_body(check, from, move.ref, moved);
		assert_int_equal(count_of(check, to), 1);
		return;
	}
	assert_int_equal(count_of(check, from), 0);
	listing = look_full(check, to);
	assert_int_equal(listing->count, 2);
	for (size_t i = 0; i < 2; i++)
		if (strcmp(listing->entries[i].ref, move.name) != 0)
			assert_body(check, to, listing->entries[i].ref, moved);
	listing_free(listing);
}

/* ---- removals ----------------------------------------------------------------------------- */

static void a_removal_takes_one_item(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct removal removal = { .folder = folder };
	const char *key, *other = put_sample(check, folder);
	struct body *body = body_sample(check, &key);
	struct buf kept, before = body_bytes(check, body);

	removal.ref = put(check, folder, body, key, (struct flags){ 0 });
	removal.into = check->bench->can & CAN_KEEP ? ".koc/vault/removed" : NULL;
	OK(store_remove(check->store, &removal, 1, check->arena));
	OK(store_sync(check->store));
	OK(removal.fail);
	assert_false(is_there(check, folder, removal.ref));
	assert_string_equal(only_ref(check, folder), other);
	if (check->bench->can & CAN_KEEP) {
		buf_init(&kept, 1 << 20);
		assert_true(check->bench->kept(check->bench, removal.into, &kept));
		assert_int_equal(kept.size, before.size);
		assert_memory_equal(kept.data, before.data, kept.size);
		buf_free(&kept);
	}
}

static void others_marked_deleted_stay(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct removal removal = { .folder = folder };
	const char *key;
	struct body *body = body_sample(check, &key);
	const char *marked = put(check, folder, body, key, (struct flags){ .bits = FLAG_DELETED });

	removal.ref = put_sample(check, folder);
	removal.into = keep_at(check);
	OK(store_remove(check->store, &removal, 1, check->arena));
	OK(store_sync(check->store));
	if (check->bench->can & CAN_REMOVE_ALONE)
		OK(removal.fail);
	else if (removal.fail)
		FAILS(FAIL_REFUSED, removal.fail);
	assert_int_equal(is_there(check, folder, removal.ref), removal.fail != NULL);
	assert_body(check, folder, marked, body);
	assert_string_equal(flags_now(check, folder, marked), "\\Deleted");
}

static void what_is_marked_deleted_can_be_removed(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct removal removals[4] = { 0 };
	const char *key;

	for (size_t i = 0; i < COUNT(removals); i++) {
		struct body *body = body_sample(check, &key);

		removals[i].folder = folder;
		removals[i].into = keep_at(check);
		removals[i].ref = put(check, folder, body, key,
				      (struct flags){ .bits = i % 2 ? FLAG_DELETED : 0 });
	}
	OK(store_remove(check->store, removals, COUNT(removals), check->arena));
	OK(store_sync(check->store));
	for (size_t i = 0; i < COUNT(removals); i++)
		OK(removals[i].fail);
	assert_int_equal(count_of(check, folder), 0);
}

static void what_is_gone_is_missing(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct removal removals[2] = { { .folder = folder }, { .folder = folder } };

	removals[0].ref = put_sample(check, folder);
	removals[1].ref = put_sample(check, folder);
	for (size_t i = 0; i < 2; i++)
		removals[i].into = check->bench->can & CAN_KEEP ?
					   arena_printf(check->arena, ".koc/vault/%zu", i) :
					   NULL;
	assert_true(check->bench->remove(check->bench, folder->path, removals[0].ref));
	OK(store_remove(check->store, removals, 2, check->arena));
	OK(store_sync(check->store));
	FAILS(FAIL_MISSING, removals[0].fail);
	OK(removals[1].fail);
	assert_int_equal(count_of(check, folder), 0);
}

static void an_edited_item_is_not_removed(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key), *edit = body_edited(check, key);
	const char *ref = put(check, folder, body, key, (struct flags){ 0 });
	struct listing *listing = look_full(check, folder);
	struct removal removal = {
		.folder = folder,
		.ref = ref,
		.if_revision = arena_str(check->arena, entry_of(listing, ref)->revision),
		.into = check->bench->can & CAN_KEEP ? ".koc/vault/stale" : NULL,
	};

	listing_free(listing);
	assert_true(check->bench->edit(check->bench, folder->path, ref, edit));
	OK(store_remove(check->store, &removal, 1, check->arena));
	OK(store_sync(check->store));
	FAILS(FAIL_STALE, removal.fail);
	assert_body(check, folder, ref, edit);
	listing = look_full(check, folder);
	removal.if_revision = arena_str(check->arena, entry_of(listing, ref)->revision);
	listing_free(listing);
	OK(store_remove(check->store, &removal, 1, check->arena));
	OK(store_sync(check->store));
	OK(removal.fail);
	assert_int_equal(count_of(check, folder), 0);
}

static void an_edited_item_is_not_moved(struct check *check)
{
	struct store_folder *from = folder_of(check, "From"), *to = folder_of(check, "To");
	const char *key;
	struct body *body = body_sample(check, &key), *edit = body_edited(check, key);
	struct transfer move = { .folder = from, .to = to };
	struct listing *listing;

	if (!transfers(check))
		return;
	move.ref = put(check, from, body, key, (struct flags){ 0 });
	for (int again = 0; again < 2; again++) {
		listing = look_full(check, from);
		move.if_revision = arena_str(check->arena, entry_of(listing, move.ref)->revision);
		listing_free(listing);
		if (!again)
			assert_true(check->bench->edit(check->bench, from->path, move.ref, edit));
		OK(store_transfer(check->store, &move, 1, check->arena));
		OK(store_sync(check->store));
		if (again)
			break;
		FAILS(FAIL_STALE, move.fail);
		assert_body(check, from, move.ref, edit);
		assert_int_equal(count_of(check, to), 0);
	}
	OK(move.fail);
	assert_int_equal(count_of(check, from), 0);
	assert_body(check, to, only_ref(check, to), edit);
}

/* ---- exists, find ------------------------------------------------------------------------- */

static bool exists(struct check *check, const struct store_folder *folder, const char *ref)
{
	bool there = false;

	OK(store_exists(check->store, folder, ref, &there));
	return there;
}

static void exists_looks_just_now(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work"), *other = folder_of(check, "Other");
	const char *ref = put_sample(check, folder), *kept = put_sample(check, folder);
	struct bench *bench = check->bench;

	assert_true(exists(check, folder, ref));
	assert_false(exists(check, other, ref) && check->bench->can & CAN_KEEP);
	if (bench->flag && kind_traits(bench->kind)->has_flags) {
		assert_true(bench->flag(bench, folder->path, ref, (struct flags){ .bits = FLAG_SEEN },
					(struct flags){ 0 }));
		assert_true(exists(check, folder, ref));
	}
	assert_true(bench->remove(bench, folder->path, ref));
	assert_false(exists(check, folder, ref));
	assert_true(exists(check, folder, kept));
}

static struct find find_one(struct check *check, const struct store_folder *folder, const char *next,
			    struct print print, const char *message_id)
{
	struct find find = {
		.folder = folder, .next = next, .print = print, .message_id = message_id };

	OK(store_find(check->store, &find, 1, check->arena));
	OK(find.fail);
	return find;
}

static void own_uploads_are_found(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct folder_list list;
	const char *key, *ref, *first, *next;
	struct body *body = body_sample(check, &key);
	struct find find;

	put_sample(check, folder);
	first = put(check, folder, body, key, (struct flags){ 0 });
	list = folders_now(check, NULL, 0);
	next = arena_str(check->arena, folder_in(&list, folder->path)->next);
	find = find_one(check, folder, "", body->print, body->fields.message_id);
	assert_int_equal(find.count, 1);
	assert_string_equal(find.refs[0], first);
	find = find_one(check, folder, first, body->print, body->fields.message_id);
	assert_int_equal(find.count, 1);
	if (*next) {
		find = find_one(check, folder, next, body->print, body->fields.message_id);
		assert_int_equal(find.count, 0);
	}
	put_sample(check, folder);
	ref = put(check, folder, body_again(check, body), key, (struct flags){ .bits = FLAG_SEEN });
	put_sample(check, folder);
	find = find_one(check, folder, next, body->print, body->fields.message_id);
	if (*next) {
		assert_int_equal(find.count, 1);
		assert_string_equal(find.refs[0], ref);
	} else {
		assert_int_equal(find.count, 2);
		assert_true(strcmp(find.refs[0], find.refs[1]) < 0);
	}
}

static void messages_without_an_id_are_found(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct body *body = body_text(check, "Subject: no id\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n"
					     "\nfind me\n");
	struct body *other = body_text(check, "Subject: no id\nDate: Thu, 1 Jan 2026 00:00:01 +0000\n"
					      "\nfind me\n");
	const char *ref = put(check, folder, body, NULL, (struct flags){ 0 });
	struct find find;

	put(check, folder, other, NULL, (struct flags){ 0 });
	find = find_one(check, folder, "", body->print, NULL);
	assert_int_equal(find.count, 1);
	assert_string_equal(find.refs[0], ref);
}

/* The same Message-ID does not make two messages of very different sizes one. */
static void an_id_alone_is_not_enough(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct body *body = body_text(check, "Subject: one\nMessage-ID: <same@example.com>\n\nshort\n");
	struct buf text;
	struct find find;

	buf_init(&text, 10000);
	buf_adds(&text, "Subject: two\nMessage-ID: <same@example.com>\n\n");
	for (int i = 0; i < 50; i++)
		buf_adds(&text, "This message is much longer than the other one.\n");
	put(check, folder, body_text(check, text.data), NULL, (struct flags){ 0 });
	buf_free(&text);
	find = find_one(check, folder, "", body->print, body->fields.message_id);
	assert_int_equal(find.count, 0);
}

static void what_is_not_there_is_not_found(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work"), *empty = folder_of(check, "Empty");
	const char *key;
	struct body *body = body_sample(check, &key);
	struct find find;

	put_sample(check, folder);
	find = find_one(check, folder, "", body->print, body->fields.message_id);
	assert_int_equal(find.count, 0);
	find = find_one(check, empty, "", body->print, body->fields.message_id);
	assert_int_equal(find.count, 0);
}

const struct contract_check contract_places[] = {
	CHECK(a_move_takes_all_along),
	CHECK(a_copy_leaves_the_original),
	CHECK(many_items_are_moved_at_once),
	CHECK(a_missing_item_is_not_moved),
	CHECK(a_move_to_nowhere_leaves_the_item, NEEDS_CALL(remove_folder)),
	CHECK(a_move_overwrites_nothing),
	CHECK(an_edited_item_is_not_moved, .needs = CAN_GUARD_MOVES, NEEDS_CALL(edit)),
	CHECK(a_removal_takes_one_item),
	CHECK(others_marked_deleted_stay, .needs_flags = true),
	CHECK(what_is_marked_deleted_can_be_removed, .needs_flags = true),
	CHECK(what_is_gone_is_missing, NEEDS_CALL(remove)),
	CHECK(an_edited_item_is_not_removed, NEEDS_CALL(edit)),
	CHECK(exists_looks_just_now, NEEDS_CALL(remove)),
	CHECK(own_uploads_are_found, .needs = CAN_FIND),
	CHECK(messages_without_an_id_are_found, .needs = CAN_FIND),
	CHECK(an_id_alone_is_not_enough, .needs = CAN_FIND),
	CHECK(what_is_not_there_is_not_found, .needs = CAN_FIND),
	CHECKS_END
};
