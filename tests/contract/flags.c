/* Contract: flags and keywords. */
#include "contract/contract.h"

#include <stdio.h>

/* Changes the flags of one item; what the store says they are now. */
static struct flags change_flags(struct check *check, const struct store_folder *folder,
				 const char *ref, struct flags add, struct flags remove)
{
	struct flag_change change = { .folder = folder, .ref = ref, .add = add, .remove = remove };

	OK(store_flag(check->store, &change, 1, check->arena));
	OK(store_sync(check->store));
	OK(change.fail);
	return change.now;
}

static void every_bit_can_be_set_and_cleared(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder);
	struct flags none = { 0 }, now;
	size_t passed = 0;

	for (uint32_t bit = 1; bit <= FLAG_ALL; bit <<= 1) {
		now = change_flags(check, folder, ref, (struct flags){ .bits = bit }, none);
		assert_int_equal(now.bits, bit);
		assert_string_equal(flags_now(check, folder, ref),
				    flags_text(check->arena, (struct flags){ .bits = bit }));
		now = change_flags(check, folder, ref, none, (struct flags){ .bits = bit });
		assert_int_equal(now.bits, 0);
		assert_string_equal(flags_now(check, folder, ref), "");
		passed++;
	}
	assert_int_equal(passed, 6);
}

static void items_are_written_with_their_flags(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	static const uint32_t sets[] = { 0, FLAG_SEEN, FLAG_ALL, FLAG_DRAFT | FLAG_DELETED,
					 FLAG_FORWARDED, FLAG_FLAGGED | FLAG_ANSWERED };
	size_t passed = 0;

	for (size_t i = 0; i < COUNT(sets); i++) {
		const char *key;
		struct body *body = body_sample(check, &key);
		struct flags flags = { .bits = sets[i] };
		const char *ref = put(check, folder, body, key, flags);

		assert_string_equal(flags_now(check, folder, ref), flags_text(check->arena, flags));
		passed++;
	}
	assert_int_equal(passed, COUNT(sets));
}

static void a_change_leaves_all_else(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key);
	const char *ref = put(check, folder, body, key, (struct flags){ .bits = FLAG_SEEN | FLAG_DRAFT });
	const char *other = put_sample(check, folder);
	struct flags now = change_flags(check, folder, ref,
					(struct flags){ .bits = FLAG_FLAGGED | FLAG_SEEN },
					(struct flags){ .bits = FLAG_DRAFT | FLAG_ANSWERED });

	assert_int_equal(now.bits, FLAG_SEEN | FLAG_FLAGGED);
	assert_string_equal(flags_now(check, folder, other), "");
	assert_body(check, folder, ref, body);
	/* Once more: nothing changes. */
	now = change_flags(check, folder, ref, (struct flags){ .bits = FLAG_FLAGGED },
			   (struct flags){ .bits = FLAG_DRAFT });
	assert_int_equal(now.bits, FLAG_SEEN | FLAG_FLAGGED);
}

static void a_hint_may_be_wrong(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder);
	struct flag_change change = {
		.folder = folder,
		.ref = ref,
		.hint = { .bits = FLAG_DRAFT | FLAG_DELETED },
		.add = { .bits = FLAG_SEEN },
	};

	OK(store_flag(check->store, &change, 1, check->arena));
	OK(store_sync(check->store));
	OK(change.fail);
	assert_string_equal(flags_now(check, folder, ref), "\\Seen");
}

static void many_changes_are_made_at_once(struct check *check)
{
	struct store_folder *folders[2] = { folder_of(check, "One"), folder_of(check, "Two") };
	struct flag_change changes[40] = { 0 };
	const char *refs[20];
	size_t passed = 0;

	for (size_t i = 0; i < COUNT(refs); i++)
		refs[i] = put_sample(check, folders[i % 2]);
	for (size_t i = 0; i < COUNT(changes); i++) {
		changes[i].folder = folders[i % 2];
		changes[i].ref = refs[i % COUNT(refs)];
		/* Two changes an item, in order. */
		if (i < COUNT(refs))
			changes[i].add.bits = FLAG_SEEN | FLAG_ANSWERED;
		else
			changes[i].remove.bits = FLAG_ANSWERED;
	}
	OK(store_flag(check->store, changes, COUNT(changes), check->arena));
	OK(store_sync(check->store));
	for (size_t i = 0; i < COUNT(changes); i++)
		OK(changes[i].fail);
	for (size_t i = 0; i < COUNT(refs); i++) {
		assert_string_equal(flags_now(check, folders[i % 2], refs[i]), "\\Seen");
		passed++;
	}
	assert_int_equal(passed, 20);
}

static void a_missing_item_is_not_flagged(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder), *gone = put_sample(check, folder);
	struct flag_change changes[] = {
		{ .folder = folder, .ref = gone, .add.bits = FLAG_SEEN },
		{ .folder = folder, .ref = ref, .add.bits = FLAG_SEEN },
	};
	struct removal removal = { .folder = folder, .ref = gone, .into = keep_at(check) };

	OK(store_remove(check->store, &removal, 1, check->arena));
	OK(store_sync(check->store));
	OK(removal.fail);
	OK(store_flag(check->store, changes, COUNT(changes), check->arena));
	OK(store_sync(check->store));
	FAILS(FAIL_MISSING, changes[0].fail);
	OK(changes[1].fail);
	assert_string_equal(flags_now(check, folder, ref), "\\Seen");
}

static void other_programs_flags_are_seen(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder);
	struct flags add = { .bits = FLAG_SEEN | FLAG_FORWARDED }, none = { 0 };

	assert_true(check->bench->flag(check->bench, folder->path, ref, add, none));
	assert_string_equal(flags_now(check, folder, ref), flags_text(check->arena, add));
	/* A change of ours must not undo theirs, whatever we thought. */
	change_flags(check, folder, ref, (struct flags){ .bits = FLAG_FLAGGED }, none);
	add.bits |= FLAG_FLAGGED;
	assert_string_equal(flags_now(check, folder, ref), flags_text(check->arena, add));
}

/* ---- keywords ----------------------------------------------------------------------------- */

static void keywords_can_be_set_and_cleared(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *key;
	struct body *body = body_sample(check, &key);
	struct flags two = { .keywords = "$Label1 todo" }, none = { 0 }, now;
	const char *ref = put(check, folder, body, key, two);

	assert_string_equal(flags_now(check, folder, ref), "$Label1 todo");
	now = change_flags(check, folder, ref, (struct flags){ FLAG_SEEN, "work" },
			   (struct flags){ .keywords = "$Label1" });
	assert_true(keywords_equal(now.keywords, "todo work"));
	assert_string_equal(flags_now(check, folder, ref), "\\Seen todo work");
	reopen(check);
	assert_string_equal(flags_now(check, folder, ref), "\\Seen todo work");
	change_flags(check, folder, ref, none, (struct flags){ .keywords = "todo work" });
	assert_string_equal(flags_now(check, folder, ref), "\\Seen");
}

static void keywords_are_case_blind(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder), *text;
	struct flags none = { 0 };

	change_flags(check, folder, ref, (struct flags){ .keywords = "Todo" }, none);
	change_flags(check, folder, ref, (struct flags){ .keywords = "TODO" }, none);
	text = flags_now(check, folder, ref);
	assert_true(keywords_equal(text, "todo"));
	assert_int_equal(strlen(text), 4);
	change_flags(check, folder, ref, none, (struct flags){ .keywords = "tOdO" });
	assert_string_equal(flags_now(check, folder, ref), "");
}

static void keywords_keep_apart(struct check *check)
{
	struct store_folder *one = folder_of(check, "One"), *two = folder_of(check, "Two");
	const char *a = put_sample(check, one), *b = put_sample(check, one), *c = put_sample(check, two);
	struct flags none = { 0 };

	change_flags(check, one, a, (struct flags){ .keywords = "alpha" }, none);
	change_flags(check, two, c, (struct flags){ .keywords = "gamma" }, none);
	change_flags(check, one, b, (struct flags){ .keywords = "beta" }, none);
	change_flags(check, two, c, (struct flags){ .keywords = "beta" }, none);
	assert_string_equal(flags_now(check, one, a), "alpha");
	assert_string_equal(flags_now(check, one, b), "beta");
	assert_string_equal(flags_now(check, two, c), "beta gamma");
}

/* What is stored of many keywords is told truly; what is not is not claimed. */
static void many_keywords_are_told_truly(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder), *other = put_sample(check, folder);
	struct buf words;
	struct flags none = { 0 }, now;
	struct listing *listing;
	const struct entry *entry;
	size_t stored = 0;

	buf_init(&words, 4096);
	for (int i = 0; i < 40; i++)
		buf_addf(&words, "%skey%02d", i ? " " : "", i);
	now = change_flags(check, folder, ref, (struct flags){ .keywords = words.data }, none);
	listing = look_full(check, folder);
	entry = entry_of(listing, ref);
	assert_true(keywords_equal(entry->flags.keywords, now.keywords));
	assert_null(entry_of(listing, other)->flags.keywords);
	for (int i = 0; i < 40; i++) {
		char word[16];
		snprintf(word, sizeof word, "key%02d", i);
		if (!keywords_has(now.keywords, word))
			continue;
		stored++;
		assert_true(!listing->speaks || keywords_has(listing->speaks, word));
	}
	if (check->bench->can & CAN_HOLD_ALL_KEYWORDS)
		assert_int_equal(stored, 40);
	else
		assert_true(stored >= 4 && stored < 40);
	listing_free(listing);
	/* What it could not store it must not speak about. */
	listing = look_full(check, folder);
	for (int i = 0; i < 40; i++) {
		char word[16];
		snprintf(word, sizeof word, "key%02d", i);
		if (listing->speaks && keywords_has(listing->speaks, word))
			assert_true(keywords_has(now.keywords, word));
	}
	listing_free(listing);
	/* Clearing one leaves the others. */
	change_flags(check, folder, ref, none, (struct flags){ .keywords = "key00" });
	listing = look_full(check, folder);
	entry = entry_of(listing, ref);
	assert_false(keywords_has(entry->flags.keywords, "key00"));
	assert_true(keywords_has(entry->flags.keywords, "key01"));
	listing_free(listing);
	buf_free(&words);
}

static void other_programs_keywords_are_seen(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder);
	struct flags none = { 0 };

	assert_true(check->bench->flag(check->bench, folder->path, ref,
				       (struct flags){ .keywords = "theirs" }, none));
	assert_string_equal(flags_now(check, folder, ref), "theirs");
	change_flags(check, folder, ref, (struct flags){ .keywords = "ours" }, none);
	assert_string_equal(flags_now(check, folder, ref), "ours theirs");
	assert_true(check->bench->flag(check->bench, folder->path, ref, none,
				       (struct flags){ .keywords = "theirs" }));
	assert_string_equal(flags_now(check, folder, ref), "ours");
}

static void what_is_not_admitted_is_not_claimed(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder);
	struct listing *listing = look_full(check, folder);
	struct flags now, all = { FLAG_ALL, "new-keyword" };

	now = change_flags(check, folder, ref, all, (struct flags){ 0 });
	assert_int_equal(now.bits & ~listing->admits.bits, 0);
	if (!listing->admits_keywords)
		assert_true(!now.keywords || keywords_has(listing->admits.keywords, "new-keyword"));
	assert_string_equal(flags_now(check, folder, ref), flags_text(check->arena, now));
	listing_free(listing);
}

const struct contract_check contract_flags[] = {
	CHECK(every_bit_can_be_set_and_cleared, .needs_flags = true),
	CHECK(items_are_written_with_their_flags, .needs_flags = true),
	CHECK(a_change_leaves_all_else, .needs_flags = true),
	CHECK(a_hint_may_be_wrong, .needs_flags = true),
	CHECK(many_changes_are_made_at_once, .needs_flags = true),
	CHECK(a_missing_item_is_not_flagged, .needs_flags = true),
	CHECK(other_programs_flags_are_seen, .needs_flags = true, NEEDS_CALL(flag)),
	CHECK(keywords_can_be_set_and_cleared, .needs = CAN_ADD_KEYWORDS, .needs_flags = true),
	CHECK(keywords_are_case_blind, .needs = CAN_ADD_KEYWORDS, .needs_flags = true),
	CHECK(keywords_keep_apart, .needs = CAN_ADD_KEYWORDS, .needs_flags = true),
	CHECK(many_keywords_are_told_truly, .needs = CAN_ADD_KEYWORDS, .needs_flags = true),
	CHECK(other_programs_keywords_are_seen, .needs = CAN_ADD_KEYWORDS, .needs_flags = true, NEEDS_CALL(flag)),
	CHECK(what_is_not_admitted_is_not_claimed, .needs_flags = true),
	CHECKS_END
};
