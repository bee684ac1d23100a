/* merge.h: what must hold whatever two sides do to an item: nothing that one of them wrote is lost, nothing
 * that one of them removed comes back, it does not matter which side is which, and to merge twice is to merge
 * once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "format/item.h"
#include "format/merge.h"
#include "format/normal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define ROUNDS    4000 /* KOC_MERGE_ROUNDS: another number */
#define LINES_MAX 24
#define PARTS_MAX 6

static uint64_t seed;

static unsigned pick(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

/* A property that is made at random.  `format` takes a value and a parameter. */
struct recipe {
	const char *name;
	const char *format;
	bool many; /* there may be several */
};

static const struct recipe event_recipes[] = {
	{ "SUMMARY", "SUMMARY:%1$u", false },
	{ "LOCATION", "LOCATION:%1$u", false },
	{ "DESCRIPTION", "DESCRIPTION:%1$u", false },
	{ "URL", "URL:http://%1$u", false },
	{ "PRIORITY", "PRIORITY:%1$u", false },
	{ "TRANSP", "TRANSP:T%1$u", false },
	{ "X-KOC-A", "X-KOC-A;P=%2$u:%1$u", false },
	{ "SEQUENCE", "SEQUENCE:%1$u", false },
	{ "DTSTART", "DTSTART:2025%1$04uT100000Z", false },
	{ "DTEND", "DTEND:2026%1$04uT100000Z", false },
	{ "DTSTAMP", "DTSTAMP:2025%1$04uT000000Z", false },
	{ "ATTENDEE", "ATTENDEE;CN=c%2$u:mailto:%1$u@x", true },
	{ "ATTENDEE", "ATTENDEE;CN=c%2$u;PARTSTAT=ACCEPTED:mailto:%1$u@x", true },
	{ "CATEGORIES", "CATEGORIES:%1$u", true },
	{ "CATEGORIES", "CATEGORIES:%1$u,b%2$u", true },
	{ "COMMENT", "COMMENT;LANGUAGE=l%2$u:%1$u", true },
	{ "ATTACH", "ATTACH:http://%1$u", true },
};

static const struct recipe card_recipes[] = {
	{ "FN", "FN:%1$u", false },
	{ "NOTE", "NOTE:%1$u", false },
	{ "ORG", "ORG:%1$u;d", false },
	{ "BDAY", "BDAY:%1$u", false },
	{ "PHOTO", "PHOTO;ENCODING=b:aGVs%1$04u", false },
	{ "REV", "REV:2025%1$04uT000000Z", false },
	{ "TEL", "TEL:%1$u", true },
	{ "TEL", "TEL;TYPE=t%2$u:%1$u", true },
	{ "EMAIL", "EMAIL;TYPE=t%2$u:%1$u@x", true },
	{ "ADR", "ADR:;;%1$u;;;;", true },
	{ "URL", "URL:http://%1$u", true },
	{ "CATEGORIES", "CATEGORIES:%1$u,b%2$u", true },
	{ "IMPP", "item%2$u.IMPP:x:%1$u\nitem%2$u.X-ABLabel:l%1$u", true },
	{ "X-ABDATE", "item%2$u.X-ABDATE:%1$u\nitem%2$u.X-ABLabel:l%1$u", true },
};

/* An item: lines; and parts in it: alarms, and for events single dates, each with its name and one value. */
struct line_made {
	size_t recipe;
	unsigned value, param;
};

struct part_made {
	bool alarm;
	unsigned name, value;
};

struct item {
	bool card;
	struct line_made lines[LINES_MAX];
	size_t line_count;
	struct part_made parts[PARTS_MAX];
	size_t part_count;
};

static const struct recipe *recipe_of(const struct item *item, size_t recipe)
{
	return item->card ? &card_recipes[recipe] : &event_recipes[recipe];
}

/* Few different values, so that both sides often write the same; or nearly unique ones. */
static unsigned value_make(void)
{
	return pick(3) ? 1 + pick(6) : 100 + pick(900);
}

/* One value of a name that is there twice is nobody's wish, and which of the two is which nobody knows. */
static bool is_there(const struct item *item, size_t recipe, unsigned value)
{
	for (size_t i = 0; i < item->line_count; i++)
		if (item->lines[i].value == value &&
		    strcmp(recipe_of(item, item->lines[i].recipe)->name, recipe_of(item, recipe)->name) == 0)
			return true;
	return false;
}

static bool may_add(const struct item *item, size_t recipe, unsigned param)
{
	const struct recipe *made = recipe_of(item, recipe);

	for (size_t i = 0; i < item->line_count; i++) {
		const struct recipe *there = recipe_of(item, item->lines[i].recipe);

		if (!made->many && strcmp(there->name, made->name) == 0)
			return false;
		if (strncmp(made->format, "item", 4) == 0 && strncmp(there->format, "item", 4) == 0 &&
		    item->lines[i].param == param)
			return false; /* one group is one thing */
	}
	return item->line_count < LINES_MAX;
}

static void line_insert(struct item *item)
{
	size_t recipe = pick(item->card ? COUNT(card_recipes) : COUNT(event_recipes));
	unsigned param = 1 + pick(4), value = value_make();
	size_t at = pick((unsigned)item->line_count + 1);

	if (!may_add(item, recipe, param) || is_there(item, recipe, value))
		return;
	memmove(&item->lines[at + 1], &item->lines[at], (item->line_count - at) * sizeof *item->lines);
	item->lines[at] = (struct line_made){ recipe, value, param };
	item->line_count++;
}

static void line_drop(struct item *item)
{
	size_t at = pick((unsigned)item->line_count);

	item->line_count--;
	memmove(&item->lines[at], &item->lines[at + 1], (item->line_count - at) * sizeof *item->lines);
}

static void part_insert(struct item *item)
{
	struct part_made part = { pick(2) == 0, 1 + pick(28), value_make() };

	if (item->card || item->part_count == PARTS_MAX)
		return;
	for (size_t i = 0; i < item->part_count; i++)
		if (item->parts[i].alarm == part.alarm && item->parts[i].name == part.name)
			return;
	item->parts[item->part_count++] = part;
}

static void edit(struct item *item)
{
	unsigned value;
	size_t at;

	switch (pick(10)) {
	case 0:
	case 1:
		line_insert(item);
		return;
	case 2:
		if (item->line_count > 1)
			line_drop(item);
		return;
	case 3:
		part_insert(item);
		return;
	case 4:
		if (item->part_count) {
			at = pick((unsigned)item->part_count);
			item->parts[at] = item->parts[item->part_count - 1];
			item->part_count--;
		}
		return;
	case 5:
		if (item->part_count)
			item->parts[pick((unsigned)item->part_count)].value = value_make();
		return;
	case 6: /* another order */
		if (item->line_count > 1) {
			struct line_made line = item->lines[0];

			at = pick((unsigned)item->line_count);
			item->lines[0] = item->lines[at];
			item->lines[at] = line;
		}
		return;
	case 7:
		at = pick((unsigned)item->line_count);
		if (strncmp(recipe_of(item, item->lines[at].recipe)->format, "item", 4) != 0)
			item->lines[at].param = 1 + pick(4);
		return;
	default:
		at = pick((unsigned)item->line_count);
		value = value_make();
		if (!is_there(item, item->lines[at].recipe, value))
			item->lines[at].value = value;
		return;
	}
}

static void line_write(struct buf *out, const struct item *item, const struct line_made *line)
{
	char text[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof text, recipe_of(item, line->recipe)->format, line->value, line->param);
#pragma GCC diagnostic pop
	buf_addf(out, "%s\r\n", text);
}

static void item_write(struct buf *out, const struct item *item)
{
	buf_clear(out);
	buf_adds(out, item->card ? "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\n"
				 : "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\n");
	for (size_t i = 0; i < item->line_count; i++)
		line_write(out, item, &item->lines[i]);
	for (size_t i = 0; i < item->part_count; i++)
		if (item->parts[i].alarm)
			buf_addf(out,
				 "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT%uM\r\nDESCRIPTION:%u\r\nEND:"
				 "VALARM\r\n",
				 item->parts[i].name, item->parts[i].value);
	if (!item->card)
		buf_adds(out, "END:VEVENT\r\n");
	for (size_t i = 0; i < item->part_count; i++)
		if (!item->parts[i].alarm)
			buf_addf(out,
				 "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:202501%02uT100000Z\r\nSUMMARY:%"
				 "u\r\nEND:"
				 "VEVENT\r\n",
				 item->parts[i].name, item->parts[i].value);
	buf_adds(out, item->card ? "END:VCARD\r\n" : "END:VCALENDAR\r\n");
}

/* ---- what must hold --------------------------------------------------------------------------- */

/* What an item says: component, name and value, each on its own. */
struct says {
	struct arena *arena;
	struct lines lines;
	struct normal normal;
};

static void says_read(struct says *says, const struct buf *text, bool card)
{
	struct part *parts;

	says->arena = arena_new();
	assert_true(lines_read(text->data, text->size, &says->lines));
	assert_true(parts_make(&says->lines, says->arena, &parts));
	assert_true(normal_make(parts, card, says->arena, &says->normal));
}

static void says_end(struct says *says)
{
	lines_free(&says->lines);
	arena_free(says->arena);
}

/* Alarms have no name: all are taken together. */
static size_t kind_of(const struct normal_entry *entry)
{
	const char *number = strstr(entry->path, " #");

	return number ? (size_t)(number - entry->path) : strlen(entry->path);
}

static size_t times_said(const struct says *says, const struct normal_entry *entry)
{
	size_t times = 0;

	for (size_t i = 0; i < says->normal.count; i++) {
		const struct normal_entry *other = &says->normal.entries[i];

		times += strcmp(other->label, entry->label) == 0 && slice_equal(other->value, entry->value) &&
			 kind_of(other) == kind_of(entry) &&
			 strncmp(other->path, entry->path, kind_of(entry)) == 0;
	}
	return times;
}

struct versions {
	struct buf text[DIFF_VERSIONS], merged;
	struct says says[DIFF_VERSIONS], result;
	bool card;
	size_t round;
};

static void versions_fail(const struct versions *versions, const char *what, const struct normal_entry *entry)
{
	fprintf(stderr, "round %zu: %s: %s %s %.*s\n--- base\n%s--- server\n%s--- local\n%s--- merged\n%s",
		versions->round, what, entry ? entry->path : "", entry ? entry->label : "",
		entry ? (int)entry->value.size : 0, entry ? entry->value.at : "",
		versions->text[DIFF_BASE].data, versions->text[DIFF_SERVER].data,
		versions->text[DIFF_LOCAL].data, versions->merged.data);
	fail();
}

/* Is it in every alarm, or of its own rule? */
static bool is_common(const struct normal_entry *entry)
{
	return strcmp(entry->label, "SEQUENCE") == 0 || strcmp(entry->label, "ACTION") == 0;
}

/* What this side wrote is there; what it removed is not. */
static size_t side_check(const struct versions *versions, int side)
{
	const struct says *base = &versions->says[DIFF_BASE], *mine = &versions->says[side];
	const struct says *other = &versions->says[side == DIFF_SERVER ? DIFF_LOCAL : DIFF_SERVER];
	size_t checked = 0;

	for (size_t i = 0; i < mine->normal.count; i++) {
		const struct normal_entry *entry = &mine->normal.entries[i];

		if (times_said(base, entry) || is_common(entry))
			continue;
		checked++;
		if (!times_said(&versions->result, entry))
			versions_fail(versions, "lost", entry);
	}
	for (size_t i = 0; i < base->normal.count; i++) {
		const struct normal_entry *entry = &base->normal.entries[i];

		/* Unless the other side has more of it than there was. */
		if (times_said(mine, entry) || times_said(other, entry) > times_said(base, entry) ||
		    is_common(entry) ||
		    (strstr(entry->path, "VALARM") && strcmp(entry->label, "TRIGGER") != 0))
			continue;
		checked++;
		if (times_said(&versions->result, entry))
			versions_fail(versions, "came back", entry);
	}
	return checked;
}

static enum merged merge(const struct versions *versions, const struct buf *base, const struct buf *server,
			 const struct buf *local, struct buf *out)
{
	struct diff_input inputs[DIFF_VERSIONS] = {
		[DIFF_BASE] = { base->data, base->size },
		[DIFF_SERVER] = { server->data, server->size },
		[DIFF_LOCAL] = { local->data, local->size },
	};
	struct arena *arena = arena_new();
	struct merge_words words = { 0 };
	enum merged merged;

	buf_clear(out);
	merged = merge_items(inputs, versions->card, arena, out, &words);
	assert_non_null(words.said);
	arena_free(arena);
	return merged;
}

static bool same(const struct buf *a, const struct buf *b, bool card)
{
	struct item_facts first, second;
	bool equal;

	item_read(a->data, a->size, card, &first);
	item_read(b->data, b->size, card, &second);
	equal = digest_equal(&first.normal, &second.normal) && !first.wrong && !second.wrong;
	item_facts_free(&first);
	item_facts_free(&second);
	return equal;
}

/* The version that `merged` stands for. */
static const struct buf *outcome(const struct versions *versions, enum merged merged,
				 const struct buf *server, const struct buf *local)
{
	return merged == MERGED_SERVER ? server : merged == MERGED_LOCAL ? local : &versions->merged;
}

static void laws_check(struct versions *versions, size_t counts[4], size_t *checked)
{
	const struct buf *base = &versions->text[DIFF_BASE], *server = &versions->text[DIFF_SERVER];
	const struct buf *local = &versions->text[DIFF_LOCAL], *result, *again;
	struct buf other;
	enum merged merged, turned;

	buf_init(&other, SIZE_MAX);
	merged = merge(versions, base, server, local, &versions->merged);
	counts[merged]++;
	turned = merge(versions, base, local, server, &other);
	if ((merged == MERGED_NOT) != (turned == MERGED_NOT))
		versions_fail(versions, "merged one way round only", NULL);
	if (merged == MERGED_NOT)
		goto out;
	result = outcome(versions, merged, server, local);
	again = turned == MERGED_SERVER ? local : turned == MERGED_LOCAL ? server : &other;
	if (!same(result, again, versions->card))
		versions_fail(versions, "not the same the other way round", NULL);
	says_read(&versions->result, result, versions->card);
	*checked += side_check(versions, DIFF_SERVER) + side_check(versions, DIFF_LOCAL);
	says_end(&versions->result);
	if (merge(versions, base, result, local, &other) != MERGED_SERVER)
		versions_fail(versions, "not the same once more", NULL);
	if (merge(versions, base, server, result, &other) == MERGED_NOT)
		versions_fail(versions, "clashes once more", NULL);
	/* What was merged is an edit of either side, and of nothing else. */
	if (merge(versions, server, result, server, &other) != MERGED_SERVER ||
	    merge(versions, local, local, result, &other) == MERGED_NOT)
		versions_fail(versions, "no edit of a side", NULL);
out:
	buf_free(&other);
}

static void identities_check(struct versions *versions)
{
	const struct buf *base = &versions->text[DIFF_BASE], *server = &versions->text[DIFF_SERVER];
	const struct buf *local = &versions->text[DIFF_LOCAL];
	bool equal = same(base, server, versions->card);
	struct buf out;

	buf_init(&out, SIZE_MAX);
	assert_int_equal(merge(versions, base, server, base, &out), MERGED_SERVER);
	assert_int_equal(merge(versions, base, base, server, &out), equal ? MERGED_SERVER : MERGED_LOCAL);
	assert_int_equal(merge(versions, base, local, local, &out), MERGED_SERVER);
	buf_free(&out);
}

static void random_edits(bool card)
{
	size_t counts[4] = { 0 }, checked = 0;
	struct versions versions = { .card = card };
	const char *wish = getenv("KOC_MERGE_ROUNDS");
	size_t rounds = wish ? strtoul(wish, NULL, 10) : ROUNDS;

	for (int v = 0; v < DIFF_VERSIONS; v++)
		buf_init(&versions.text[v], SIZE_MAX);
	buf_init(&versions.merged, SIZE_MAX);
	for (size_t round = 0; round < rounds; round++) {
		struct item items[DIFF_VERSIONS] = { { .card = card } };

		seed = (round + 1) * 0x9e3779b97f4a7c15u;
		for (unsigned i = 4 + pick(10); i; i--)
			line_insert(&items[DIFF_BASE]);
		if (!items[DIFF_BASE].line_count)
			continue;
		for (unsigned i = pick(4); i; i--)
			part_insert(&items[DIFF_BASE]);
		for (int v = DIFF_SERVER; v < DIFF_VERSIONS; v++) {
			items[v] = items[DIFF_BASE];
			for (unsigned i = 1 + pick(3); i; i--)
				edit(&items[v]);
		}
		for (int v = 0; v < DIFF_VERSIONS; v++) {
			item_write(&versions.text[v], &items[v]);
			says_read(&versions.says[v], &versions.text[v], card);
		}
		versions.round = round;
		laws_check(&versions, counts, &checked);
		identities_check(&versions);
		for (int v = 0; v < DIFF_VERSIONS; v++)
			says_end(&versions.says[v]);
	}
	for (int v = 0; v < DIFF_VERSIONS; v++)
		buf_free(&versions.text[v]);
	buf_free(&versions.merged);
	print_message("%zu clash, %zu as the server, %zu as here, %zu of both; %zu values followed\n",
		      counts[MERGED_NOT], counts[MERGED_SERVER], counts[MERGED_LOCAL], counts[MERGED_BOTH],
		      checked);
	assert_true(counts[MERGED_BOTH] > rounds / 4);
	assert_true(counts[MERGED_NOT] > rounds / 50);
	assert_true(checked > rounds);
}

static void events(void **context)
{
	(void)context;
	random_edits(false);
}

static void cards(void **context)
{
	(void)context;
	random_edits(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
