/* Contract: folders. */
#include "contract/contract.h"

static void made_folders_are_listed(struct check *check)
{
	struct store_folder *made = folder_of(check, "Work");
	struct folder_list list = folders_now(check, NULL, 0);
	struct store_folder *listed = folder_in(&list, made->path);

	assert_non_null(listed);
	assert_string_equal(listed->name, made->name);
	assert_int_equal(listed->kind, check->bench->kind);
	assert_int_equal(listed->roles & ROLE_NOSELECT, 0);
	assert_false(listed->unsupported);
	assert_true(listed->count == 0 || listed->count == UINT64_MAX);
	assert_non_null(listed->next);
	assert_non_null(listed->identity);

	reopen(check);
	list = folders_now(check, NULL, 0);
	assert_non_null(folder_in(&list, made->path));
}

static void a_folder_is_not_made_twice(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work"), again;
	const char *ref = put_sample(check, folder);
	struct listing *listing;

	FAILS(FAIL_EXISTS, store_make(check->store, folder->path, 0, check->arena, &again));
	listing = look_full(check, folder);
	assert_non_null(entry_of(listing, ref));
	listing_free(listing);
}

static void the_count_is_true(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	struct folder_list list;
	uint64_t count;

	for (int i = 0; i < 3; i++)
		put_sample(check, folder);
	list = folders_now(check, NULL, 0);
	count = folder_in(&list, folder->path)->count;
	assert_true(count == 3 || count == UINT64_MAX);
}

static void names_of_all_sorts_work(struct check *check)
{
	static const char *const names[] = {
		"with space", "Projekt ÄÖÜ", "日本語",   "a&b",         "a&AOQ-b",   "100%",
		"star*",      "quo\"te",     "back\\slash", "dot.inside",  "~tilde",    "(paren)",
		"{5}",        "brace{",      "#hash",    "-dash",       "[bracket]", "comma,semi;colon",
		"plus+minus", "😀",          "^caret",
	};
	struct store_folder folder;
	size_t passed = 0;
	bool made[COUNT(names)];

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *key, *ref;
		struct body *body = body_sample(check, &key);
		const struct fail *f = store_make(check->store, path_of(check, names[i]), 0,
						  check->arena, &folder);

		made[i] = !fail_is(f, FAIL_REFUSED) || (check->bench->can & CAN_HOLD_ALL_NAMES);
		if (!made[i]) {
			print_message("# %s is refused: %s\n", names[i], f->text);
			continue;
		}
		OK(f);
		assert_string_equal(folder.path, path_of(check, names[i]));
		ref = put(check, &folder, body, key, (struct flags){ 0 });
		assert_body(check, &folder, ref, body);
	}
	reopen(check);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct folder_list list = folders_now(check, NULL, 0);
		const struct store_folder *listed = folder_in(&list, path_of(check, names[i]));
		struct listing *listing;

		if (!made[i])
			continue;
		assert_non_null(listed);
		listing = look_full(check, listed);
		assert_int_equal(listing->count, 1);
		listing_free(listing);
		passed++;
	}
	assert_true(passed >= 12);
}

static void folders_lie_in_folders(struct check *check)
{
	struct store_folder *deep, *top;
	const char *ref;
	struct listing *listing;

	deep = folder_of(check, "Archive/2026/May");
	ref = put_sample(check, deep);
	top = folder_of(check, "Archive");
	put_sample(check, top);
	listing = look_full(check, deep);
	assert_int_equal(listing->count, 1);
	assert_non_null(entry_of(listing, ref));
	listing_free(listing);
}

static void other_programs_folders_are_seen(struct check *check)
{
	struct bench *bench = check->bench;
	struct folder_list list;
	struct listing *listing;

	assert_true(bench->add_folder(bench, path_of(check, "Theirs")));
	list = folders_now(check, NULL, 0);
	assert_non_null(folder_in(&list, path_of(check, "Theirs")));
	listing = look_full(check, folder_in(&list, path_of(check, "Theirs")));
	assert_int_equal(listing->count, 0);
	listing_free(listing);
}

static void other_programs_removals_of_folders_are_seen(struct check *check)
{
	struct bench *bench = check->bench;
	struct store_folder *folder = folder_of(check, "Work"), *other = folder_of(check, "Other");
	struct folder_list list;

	put_sample(check, folder);
	put_sample(check, other);
	assert_true(bench->remove_folder(bench, folder->path));
	list = folders_now(check, NULL, 0);
	assert_null(folder_in(&list, folder->path));
	assert_non_null(folder_in(&list, other->path));
}

static void a_rename_keeps_the_items(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Old"), renamed;
	struct folder_list list = folders_now(check, NULL, 0);
	const char *identity = folder_in(&list, folder->path)->identity, *key, *ref;
	struct body *body = body_sample(check, &key);
	struct listing *listing;

	ref = put(check, folder, body, key, (struct flags){ .bits = FLAG_SEEN });
	OK(store_rename(check->store, folder, path_of(check, "Newer"), check->arena, &renamed));
	OK(store_sync(check->store));
	assert_string_equal(renamed.path, path_of(check, "Newer"));
	list = folders_now(check, NULL, 0);
	assert_null(folder_in(&list, folder->path));
	assert_non_null(folder_in(&list, renamed.path));
	assert_string_equal(folder_in(&list, renamed.path)->identity, identity);
	listing = look_full(check, &renamed);
	assert_int_equal(listing->count, 1);
	assert_string_equal(listing->entries[0].ref, ref);
	listing_free(listing);
	assert_body(check, &renamed, ref, body);
}

static void a_rename_takes_what_lies_below(struct check *check)
{
	struct store_folder *top, *below, *beside, renamed;
	struct folder_list list;
	struct listing *listing;

	top = folder_of(check, "Top");
	below = folder_of(check, "Top/Below");
	beside = folder_of(check, "Topmost");
	put_sample(check, below);
	put_sample(check, beside);
	OK(store_rename(check->store, top, path_of(check, "Moved"), check->arena, &renamed));
	OK(store_sync(check->store));
	list = folders_now(check, NULL, 0);
	assert_null(folder_in(&list, top->path));
	assert_null(folder_in(&list, below->path));
	assert_non_null(folder_in(&list, beside->path));
	assert_non_null(folder_in(&list, path_of(check, "Moved")));
	below = folder_in(&list, path_of(check, "Moved/Below"));
	assert_non_null(below);
	listing = look_full(check, below);
	assert_int_equal(listing->count, 1);
	listing_free(listing);
}

static void a_rename_overwrites_nothing(struct check *check)
{
	struct store_folder *one = folder_of(check, "One"), *two = folder_of(check, "Two"), renamed;
	const char *first = put_sample(check, one), *second = put_sample(check, two);
	struct listing *listing;

	FAILS(FAIL_EXISTS,
	      store_rename(check->store, one, two->path, check->arena, &renamed));
	listing = look_full(check, one);
	assert_non_null(entry_of(listing, first));
	listing_free(listing);
	listing = look_full(check, two);
	assert_int_equal(listing->count, 1);
	assert_non_null(entry_of(listing, second));
	listing_free(listing);
}

static void an_empty_folder_can_be_dropped(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work"), *other = folder_of(check, "Other");
	struct folder_list list;

	OK(store_drop(check->store, folder));
	OK(store_sync(check->store));
	list = folders_now(check, NULL, 0);
	assert_null(folder_in(&list, folder->path));
	assert_non_null(folder_in(&list, other->path));
	/* … and made again, empty. */
	folder = folder_of(check, "Work");
	put_sample(check, folder);
}

static void a_full_folder_is_not_dropped(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *ref = put_sample(check, folder);
	struct listing *listing;

	FAILS(FAIL_REFUSED, store_drop(check->store, folder));
	listing = look_full(check, folder);
	assert_non_null(entry_of(listing, ref));
	listing_free(listing);
}

/* The news of a folder against this cursor. */
static enum news news_of(struct check *check, const struct store_folder *folder, const char *cursor)
{
	struct store_known known = { folder->path, folder->name, cursor };
	struct folder_list list = folders_now(check, &known, 1);

	return folder_in(&list, folder->path)->news;
}

/* Looks until the folder has no more news: a driver may look once more at what it wrote, or until the
 * file system's clock has ticked. */
static const char *settled_cursor(struct check *check, const struct store_folder *folder)
{
	const char *cursor = "";

	for (int i = 0; i < 500; i++) {
		struct listing *listing = look_at(check, folder, cursor);

		cursor = arena_str(check->arena, listing->cursor);
		listing_free(listing);
		reopen(check);
		if (news_of(check, folder, cursor) == NEWS_NONE)
			return cursor;
	}
	fail_msg("%s has news although nothing happens", folder->path);
	return cursor;
}

static void nothing_new_is_told(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work"), *empty = folder_of(check, "Empty");

	for (int i = 0; i < 3; i++)
		put_sample(check, folder);
	settled_cursor(check, folder);
	settled_cursor(check, empty);
}

static void own_writes_are_news(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *cursor, *ref;
	struct listing *listing;

	put_sample(check, folder);
	cursor = settled_cursor(check, folder);
	ref = put_sample(check, folder);
	assert_int_equal(news_of(check, folder, cursor), NEWS_SOME);
	listing = look_at(check, folder, cursor);
	assert_non_null(entry_of(listing, ref));
	listing_free(listing);
}

static void new_items_are_news(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *cursor, *key;
	struct body *body = body_sample(check, &key);

	put_sample(check, folder);
	cursor = settled_cursor(check, folder);
	assert_true(check->bench->add(check->bench, folder->path, key, body, (struct flags){ 0 }));
	assert_int_equal(news_of(check, folder, cursor), NEWS_SOME);
	reopen(check);
	assert_int_equal(news_of(check, folder, cursor), NEWS_SOME);
}

static void removed_items_are_news(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *cursor, *ref = put_sample(check, folder);

	put_sample(check, folder);
	cursor = settled_cursor(check, folder);
	assert_true(check->bench->remove(check->bench, folder->path, ref));
	assert_int_equal(news_of(check, folder, cursor), NEWS_SOME);
}

static void changed_flags_are_news(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *cursor, *ref = put_sample(check, folder);

	cursor = settled_cursor(check, folder);
	assert_true(check->bench->flag(check->bench, folder->path, ref,
				       (struct flags){ .bits = FLAG_SEEN }, (struct flags){ 0 }));
	assert_int_equal(news_of(check, folder, cursor), NEWS_SOME);
}

static void edited_items_are_news(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");
	const char *cursor, *key, *ref;
	struct body *body = body_sample(check, &key);

	ref = put(check, folder, body, key, (struct flags){ 0 });
	cursor = settled_cursor(check, folder);
	assert_true(check->bench->edit(check->bench, folder->path, ref, body_edited(check, key)));
	assert_int_equal(news_of(check, folder, cursor), NEWS_SOME);
}

static void a_foreign_cursor_means_news(struct check *check)
{
	struct store_folder *folder = folder_of(check, "Work");

	put_sample(check, folder);
	assert_int_equal(news_of(check, folder, "no such cursor"), NEWS_SOME);
	assert_int_equal(news_of(check, folder, ""), NEWS_SOME);
	assert_int_equal(news_of(check, folder, "99:99:99:99999999999999999999"), NEWS_SOME);
}

const struct contract_check contract_folders[] = {
	CHECK(made_folders_are_listed),
	CHECK(a_folder_is_not_made_twice),
	CHECK(the_count_is_true),
	CHECK(names_of_all_sorts_work),
	CHECK(folders_lie_in_folders, .mail_only = true),
	CHECK(other_programs_folders_are_seen, NEEDS_CALL(add_folder)),
	CHECK(other_programs_removals_of_folders_are_seen, NEEDS_CALL(remove_folder)),
	CHECK(a_rename_keeps_the_items, .needs = CAN_RENAME),
	CHECK(a_rename_takes_what_lies_below, .mail_only = true, .needs = CAN_RENAME),
	CHECK(a_rename_overwrites_nothing, .needs = CAN_RENAME),
	CHECK(an_empty_folder_can_be_dropped),
	CHECK(a_full_folder_is_not_dropped),
	CHECK(nothing_new_is_told, .needs = CAN_TELL_NEWS),
	CHECK(own_writes_are_news, .needs = CAN_TELL_NEWS),
	CHECK(new_items_are_news, .needs = CAN_TELL_NEWS, NEEDS_CALL(add)),
	CHECK(removed_items_are_news, .needs = CAN_TELL_NEWS, NEEDS_CALL(remove)),
	CHECK(changed_flags_are_news, .needs = CAN_TELL_NEWS, .needs_flags = true, NEEDS_CALL(flag)),
	CHECK(edited_items_are_news, .needs = CAN_TELL_NEWS, NEEDS_CALL(edit)),
	CHECK(a_foreign_cursor_means_news),
	CHECKS_END
};
