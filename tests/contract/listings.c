/* Contract: listings. */
#include "contract/contract.h"

/* What a listener knows of a folder by the listings it got. */
struct known {
	struct { VEC(struct entry) } entries;
};

static void known_take(struct check *check, struct known *known, const struct listing *listing)
{
	size_t kept = 0;

	for (size_t i = 0; i < known->entries.count; i++) {
		const struct entry *entry = &known->entries.items[i];
		if (gone_in(listing, entry->ref) ||
		    (listing->complete && !entry_of(listing, entry->ref)))
			continue;
		known->entries.items[kept++] = *entry;
	}
	known->entries.count = kept;
	for (size_t i = 0; i < listing->count; i++) {
		struct entry entry = listing->entries[i], *old = NULL;

		for (size_t k = 0; k < known->entries.count && !old; k++)
			if (strcmp(known->entries.items[k].ref, entry.ref) == 0)
				old = &known->entries.items[k];
		entry.ref = arena_str(check->arena, entry.ref);
		entry.revision = arena_str(check->arena, entry.revision);
		entry.flags.keywords = arena_str(check->arena, entry.flags.keywords);
		if (old && !(entry.says & SAYS_BITS))
			entry.flags.bits = old->flags.bits;
		if (old && !(entry.says & SAYS_KEYWORDS))
			entry.flags.keywords = old->flags.keywords;
		*(old ? old : vec_push(&known->entries)) = entry;
	}
}

/* Lists from the cursor on and adds that up; it must be what a full listing tells. */
static const char *known_agrees(struct check *check, struct known *known,
				const struct store_folder *folder, const char *cursor)
{
	struct listing *listing = look_at(check, folder, cursor), *full = look_full(check, folder);
	const char *next = arena_str(check->arena, listing->cursor);

	assert_false(listing->unstable);
	known_take(check, known, listing);
	assert_int_equal(known->entries.count, full->count);
	for (size_t i = 0; i < known->entries.count; i++) {
		const struct entry *entry = &known->entries.items[i];
		const struct entry *true_one = entry_of(full, entry->ref);

		assert_non_null(true_one);
		assert_string_equal(entry->revision, true_one->revision);
		if (!flags_equal(entry->flags, true_one->flags))
			fail_msg("%s: %s, but %s", entry->ref,
				 flags_text(check->arena, entry->flags),
				 flags_text(check->arena, true_one->flags));
	}
	listing_free(listing);
	listing_free(full);
	return next;
}

static void an_empty_folder_is_complete(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct listing *listing = look_at(check, folder, "");

	assert_true(listing->complete);
	assert_false(listing->renumbered);
	assert_int_equal(listing->count, 0);
	listing_free(listing);
}

static void a_listing_tells_all(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct listing *listing;
	size_t size = 0, silent = 0;

	for (int i = 0; i < 20; i++)
		put_sample(check, folder);
	listing = look_full(check, folder);
	assert_int_equal(listing->count, 20);
	for (size_t i = 0; i < listing->count; i++) {
		const struct entry *entry = &listing->entries[i];
		if (kind_traits(check->bench->kind)->has_flags)
			assert_true(entry->says & SAYS_BITS);
		size += (entry->says & SAYS_SIZE) && entry->size > 40 && entry->size < 400;
		silent += !(entry->says & SAYS_SIZE);
		if (check->bench->kind == KIND_MAIL)
			assert_true(entry->date == 1700000000);
	}
	/* Sizes matter for mail; elsewhere a side may tell none. */
	assert_true(size == 20 || (silent == 20 && check->bench->kind != KIND_MAIL));
	listing_free(listing);
}

static void listings_add_up(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct flags seen = { .bits = FLAG_SEEN }, both = { .bits = FLAG_SEEN | FLAG_FLAGGED };
	struct flag_change changes[3] = { { .folder = folder, .add = seen },
					  { .folder = folder, .add = both },
					  { .folder = folder, .remove = seen } };
	struct removal removals[3] = { { .folder = folder }, { .folder = folder }, { .folder = folder } };
	struct known known = { 0 };
	const char *cursor, *refs[6], *key;
	bool flags = kind_traits(check->bench->kind)->has_flags;
	struct body *body;

	cursor = known_agrees(check, &known, folder, "");
	for (size_t i = 0; i < COUNT(refs); i++)
		refs[i] = put_sample(check, folder);
	cursor = known_agrees(check, &known, folder, cursor);
	changes[0].ref = refs[0];
	changes[1].ref = changes[2].ref = refs[2];
	for (size_t i = 0; i < COUNT(removals); i++) {
		removals[i].ref = refs[2 * i + 1];
		removals[i].into = keep_at(check);
	}
	if (flags) {
		OK(store_flag(check->store, changes, 2, check->arena));
		OK(store_sync(check->store));
		cursor = known_agrees(check, &known, folder, cursor);
		OK(store_flag(check->store, &changes[2], 1, check->arena));
	}
	OK(store_remove(check->store, removals, COUNT(removals), check->arena));
	OK(store_sync(check->store));
	for (size_t i = 0; i < COUNT(removals); i++)
		OK(removals[i].fail);
	cursor = known_agrees(check, &known, folder, cursor);
	reopen(check);
	body = body_sample(check, &key);
	put(check, folder, body, key, flags ? both : (struct flags){ 0 });
	cursor = known_agrees(check, &known, folder, cursor);
	cursor = known_agrees(check, &known, folder, cursor);
	assert_int_equal(known.entries.count, 4);
	vec_free(&known.entries);
}

static void listings_add_up_with_other_programs(struct check *check)
{
	struct bench *bench = check->bench;
	struct store_folder *folder = folder_of(check, "Work");
	struct known known = { 0 };
	const char *cursor = "", *key, *ref;
	struct listing *listing;
	size_t rounds = 0;

	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < 3; i++) {
			struct body *body = body_sample(check, &key);
			assert_true(bench->add(bench, folder->path, key, body, (struct flags){ 0 }));
		}
		cursor = known_agrees(check, &known, folder, cursor);
		listing = look_full(check, folder);
		ref = arena_str(check->arena, listing->entries[listing->count / 2].ref);
		if (bench->flag && kind_traits(bench->kind)->has_flags)
			assert_true(bench->flag(bench, folder->path, listing->entries[0].ref,
						(struct flags){ .bits = FLAG_FLAGGED },
						(struct flags){ .bits = FLAG_SEEN }));
		listing_free(listing);
		assert_true(bench->remove(bench, folder->path, ref));
		if (round % 2)
			reopen(check);
		cursor = known_agrees(check, &known, folder, cursor);
		rounds++;
	}
	assert_int_equal(rounds, 8);
	assert_int_equal(known.entries.count, 16);
	vec_free(&known.entries);
}

static void edits_change_the_revision_alone(struct check *check)
{
	struct bench *bench = check->bench;
	struct store_folder *folder = folder_of(check, "Work");
	const char *key, *one, *two = put_sample(check, folder);
	struct body *body = body_sample(check, &key);
	struct listing *before, *after;

	one = put(check, folder, body, key, (struct flags){ 0 });
	before = look_full(check, folder);
	assert_true(bench->edit(bench, folder->path, one, body_edited(check, key)));
	after = look_full(check, folder);
	assert_int_equal(after->count, 2);
	assert_non_null(entry_of(after, one));
	assert_string_not_equal(entry_of(before, one)->revision, entry_of(after, one)->revision);
	assert_string_equal(entry_of(before, two)->revision, entry_of(after, two)->revision);
	listing_free(before);
	listing_free(after);
}

static void flags_leave_the_revision(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder);
	struct listing *before = look_full(check, folder), *after;
	struct flag_change change = {
		.folder = folder, .ref = ref, .add.bits = FLAG_SEEN | FLAG_ANSWERED };

	OK(store_flag(check->store, &change, 1, check->arena));
	OK(store_sync(check->store));
	OK(change.fail);
	after = look_full(check, folder);
	assert_non_null(entry_of(after, ref));
	assert_string_equal(entry_of(before, ref)->revision, entry_of(after, ref)->revision);
	listing_free(before);
	listing_free(after);
}

static void a_foreign_cursor_lists_all(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	static const char *const cursors[] = { "no such cursor", "0", "1:", ":::", "-1:-1",
					       "99999999999999999999:99999999999999999999", "\x01" };
	size_t passed = 0;

	put_sample(check, folder);
	put_sample(check, folder);
	for (size_t i = 0; i < COUNT(cursors); i++) {
		struct listing *listing = look_at(check, folder, cursors[i]);
		assert_true(listing->complete);
		assert_int_equal(listing->count, 2);
		listing_free(listing);
		passed++;
	}
	assert_true(passed >= 7);
}

static void full_is_complete(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct listing *listing;
	struct look look = { .folder = folder, .full = true };

	put_sample(check, folder);
	listing = look_full(check, folder);
	look.cursor = arena_str(check->arena, listing->cursor);
	listing_free(listing);
	OK(store_list(check->store, &look, 1));
	OK(look.fail);
	assert_true(look.listing->complete);
	assert_false(look.listing->renumbered);
	assert_int_equal(look.listing->count, 1);
	listing_free(look.listing);
}

static void many_folders_are_listed_at_once(struct check *check)
{
	struct look looks[9];
	size_t passed = 0;

	for (size_t i = 0; i < COUNT(looks); i++) {
		struct store_folder *folder =
			folder_of(check, arena_printf(check->arena, "Folder %zu", i));
		for (size_t k = 0; k < i; k++)
			put_sample(check, folder);
		looks[i] = (struct look){ .folder = folder, .cursor = "" };
	}
	OK(store_list(check->store, looks, COUNT(looks)));
	for (size_t i = 0; i < COUNT(looks); i++) {
		OK(looks[i].fail);
		assert_int_equal(looks[i].listing->count, i);
		listing_free(looks[i].listing);
		passed++;
	}
	assert_true(passed >= 9);
}

static void a_missing_folder_fails_alone(struct check *check)
{
	struct store_folder *one = folder_of(check, "One"), *gone = folder_of(check, "Gone"),
			    *two = folder_of(check, "Two");
	struct look looks[] = {
		{ .folder = one, .cursor = "" },
		{ .folder = gone, .cursor = "" },
		{ .folder = two, .cursor = "" },
	};

	put_sample(check, one);
	put_sample(check, two);
	assert_true(check->bench->remove_folder(check->bench, gone->path));
	OK(store_list(check->store, looks, COUNT(looks)));
	assert_non_null(looks[1].fail);
	assert_int_equal(looks[1].fail->scope, FAIL_FOLDER);
	assert_null(looks[1].listing);
	for (size_t i = 0; i < COUNT(looks); i += 2) {
		OK(looks[i].fail);
		assert_int_equal(looks[i].listing->count, 1);
		listing_free(looks[i].listing);
	}
}

static void next_is_before_what_comes(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct folder_list list;
	const char *ref, *next;
	struct listing *listing;
	size_t told = 0;

	for (int i = 0; i < 4; i++) {
		list = folders_now(check, NULL, 0);
		next = folder_in(&list, folder->path)->next;
		listing = look_full(check, folder);
		assert_string_equal(listing->next, next);
		for (size_t k = 0; k < listing->count; k++)
			assert_true(!*next || strcmp(listing->entries[k].ref, next) < 0);
		listing_free(listing);
		ref = put_sample(check, folder);
		assert_true(!*next || strcmp(ref, next) >= 0);
		told++;
	}
	assert_int_equal(told, 4);
}

static void renumbering_is_told(struct check *check)
{
	struct bench *bench = check->bench;
	struct store_folder *folder = folder_of(check, "Work");
	const char *cursor;
	struct folder_list list;
	struct listing *listing;

	put_sample(check, folder);
	put_sample(check, folder);
	listing = look_full(check, folder);
	cursor = arena_str(check->arena, listing->cursor);
	listing_free(listing);
	assert_true(bench->renumber(bench, folder->path));
	reopen(check);
	list = folders_now(check, &(struct store_known){ folder->path, folder->name, cursor }, 1);
	folder = folder_in(&list, folder->path);
	assert_int_equal(folder->news, NEWS_SOME);
	listing = look_at(check, folder, cursor);
	assert_true(listing->renumbered);
	assert_true(listing->complete);
	assert_int_equal(listing->count, 2);
	cursor = arena_str(check->arena, listing->cursor);
	listing_free(listing);
	listing = look_at(check, folder, cursor);
	assert_false(listing->renumbered);
	listing_free(listing);
}

static void refs_live_through_a_reopening(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *refs[5], *key;
	struct body *bodies[5];
	struct listing *before, *after;

	for (size_t i = 0; i < COUNT(refs); i++) {
		bodies[i] = body_sample(check, &key);
		refs[i] = put(check, folder, bodies[i], key, (struct flags){ .bits = FLAG_FLAGGED });
	}
	before = look_full(check, folder);
	reopen(check);
	after = look_full(check, folder);
	assert_int_equal(after->count, 5);
	for (size_t i = 0; i < COUNT(refs); i++) {
		const struct entry *entry = entry_of(after, refs[i]);
		assert_non_null(entry);
		assert_string_equal(entry->revision, entry_of(before, refs[i])->revision);
		assert_true(flags_equal(entry->flags, entry_of(before, refs[i])->flags));
		assert_body(check, folder, refs[i], bodies[i]);
	}
	listing_free(before);
	listing_free(after);
}

const struct contract_check contract_listings[] = {
	CHECK(an_empty_folder_is_complete),
	CHECK(a_listing_tells_all),
	CHECK(listings_add_up),
	CHECK(listings_add_up_with_other_programs, NEEDS_CALL(add)),
	CHECK(edits_change_the_revision_alone, NEEDS_CALL(edit)),
	CHECK(flags_leave_the_revision, .needs_flags = true),
	CHECK(a_foreign_cursor_lists_all),
	CHECK(full_is_complete),
	CHECK(many_folders_are_listed_at_once),
	CHECK(a_missing_folder_fails_alone, NEEDS_CALL(remove_folder)),
	CHECK(next_is_before_what_comes),
	CHECK(renumbering_is_told, NEEDS_CALL(renumber)),
	CHECK(refs_live_through_a_reopening),
	CHECKS_END
};
