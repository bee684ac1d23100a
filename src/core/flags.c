/* Flags: sets of bits and keywords.  Keywords are kept as one sorted string, because most messages
 * have none and all that have some share few different sets. */
#include "core/flags.h"

#include "base/arena.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* One word of a keyword string; not terminated. */
struct word {
	const char *text;
	size_t size;
};

/* Takes the next word off *rest; false at the end. */
static bool word_next(const char **rest, struct word *word)
{
	const char *at = *rest;

	if (!at)
		return false;
	while (*at == ' ')
		at++;
	word->text = at;
	while (*at && *at != ' ')
		at++;
	word->size = (size_t)(at - word->text);
	*rest = at;
	return word->size > 0;
}

static int word_compare(const struct word *a, const struct word *b)
{
	size_t least = a->size < b->size ? a->size : b->size;
	int order = str_ncasecmp(a->text, b->text, least);

	if (order)
		return order;
	return (a->size > b->size) - (a->size < b->size);
}

/* Which words of two canonical strings go into a result. */
enum take { TAKE_LEFT = 1, TAKE_BOTH = 2, TAKE_RIGHT = 4 };

/* Merges two canonical strings; of a word in both, a's spelling stays. */
static const char *words_merge(struct arena *arena, const char *a, const char *b, unsigned take)
{
	size_t room = (a ? strlen(a) : 0) + (b ? strlen(b) : 0) + 2;
	struct word left = { 0 }, right = { 0 };
	bool has_left = word_next(&a, &left), has_right = word_next(&b, &right);
	char *out = NULL;
	size_t used = 0;

	while (has_left || has_right) {
		int order = !has_left ? 1 : !has_right ? -1 : word_compare(&left, &right);
		const struct word *word = order <= 0 ? &left : &right;
		unsigned from = order < 0 ? TAKE_LEFT : order > 0 ? TAKE_RIGHT : TAKE_BOTH;

		if (take & from) {
			if (!out)
				out = arena_alloc(arena, room);
			if (used)
				out[used++] = ' ';
			memcpy(out + used, word->text, word->size);
			used += word->size;
		}
		if (order <= 0)
			has_left = word_next(&a, &left);
		if (order >= 0)
			has_right = word_next(&b, &right);
	}
	return out;
}

static int word_compare_void(const void *a, const void *b)
{
	const struct word *left = a, *right = b;
	int order = word_compare(left, right);

	/* Of two spellings the one that stands first in the text stays. */
	return order ? order : (left->text > right->text) - (left->text < right->text);
}

const char *keywords_canonical(struct arena *arena, const char *words)
{
	const char *rest = words;
	struct word word = { 0 }, *list = NULL;
	size_t count = 0, used = 0;
	char *out = NULL;

	while (word_next(&rest, &word))
		count++;
	if (!count)
		return NULL;
	list = arena_alloc(arena, count * sizeof *list);
	rest = words;
	for (size_t i = 0; word_next(&rest, &word); i++)
		list[i] = word;
	qsort(list, count, sizeof *list, word_compare_void);
	out = arena_alloc(arena, strlen(words) + 1);
	for (size_t i = 0; i < count; i++) {
		if (i && word_compare(&list[i - 1], &list[i]) == 0)
			continue;
		if (used)
			out[used++] = ' ';
		memcpy(out + used, list[i].text, list[i].size);
		used += list[i].size;
	}
	return out;
}

bool keywords_has(const char *keywords, const char *name)
{
	struct word word = { 0 }, wanted = { name, strlen(name) };

	while (word_next(&keywords, &word))
		if (word_compare(&word, &wanted) == 0)
			return true;
	return false;
}

const char *keywords_union(struct arena *arena, const char *a, const char *b)
{
	if (!b || !*b)
		return a && *a ? a : NULL;
	if (!a || !*a)
		return b;
	return words_merge(arena, a, b, TAKE_LEFT | TAKE_BOTH | TAKE_RIGHT);
}

const char *keywords_minus(struct arena *arena, const char *a, const char *b)
{
	if (!a || !*a)
		return NULL;
	if (!b || !*b)
		return a;
	return words_merge(arena, a, b, TAKE_LEFT);
}

const char *keywords_both(struct arena *arena, const char *a, const char *b)
{
	if (!a || !*a || !b || !*b)
		return NULL;
	return words_merge(arena, a, b, TAKE_BOTH);
}

bool keywords_equal(const char *a, const char *b)
{
	return str_casecmp(a ? a : "", b ? b : "") == 0;
}

bool flags_equal(struct flags a, struct flags b)
{
	return a.bits == b.bits && keywords_equal(a.keywords, b.keywords);
}

bool flags_none(struct flags flags)
{
	return !flags.bits && (!flags.keywords || !*flags.keywords);
}

struct flags flags_union(struct arena *arena, struct flags a, struct flags b)
{
	return (struct flags){ a.bits | b.bits, keywords_union(arena, a.keywords, b.keywords) };
}

struct flags flags_minus(struct arena *arena, struct flags a, struct flags b)
{
	return (struct flags){ a.bits & ~b.bits, keywords_minus(arena, a.keywords, b.keywords) };
}

struct flags flags_both(struct arena *arena, struct flags a, struct flags b)
{
	return (struct flags){ a.bits & b.bits, keywords_both(arena, a.keywords, b.keywords) };
}

bool flag_delta_none(const struct flag_delta *delta)
{
	return flags_none(delta->add) && flags_none(delta->remove);
}

struct flags flag_delta_apply(struct arena *arena, struct flags flags, const struct flag_delta *delta)
{
	return flags_union(arena, flags_minus(arena, flags, delta->remove), delta->add);
}

void flags_merge(struct arena *arena, const struct flags base[SIDES], const struct flags now[SIDES],
		 struct flag_delta delta[SIDES])
{
	struct flags added[SIDES], removed[SIDES];

	for (int s = 0; s < SIDES; s++) {
		added[s] = flags_minus(arena, now[s], base[s]);
		removed[s] = flags_minus(arena, base[s], now[s]);
	}
	/* What was added on one side and is not there yet on the other; what was removed on one side and is
	 * still there on the other.  Where the two sides moved a bit apart, the server's change stands. */
	delta[LOCAL].add = flags_minus(arena, added[SERVER], now[LOCAL]);
	delta[LOCAL].remove = flags_both(arena, removed[SERVER], now[LOCAL]);
	delta[SERVER].add =
		flags_minus(arena, flags_minus(arena, added[LOCAL], now[SERVER]), removed[SERVER]);
	delta[SERVER].remove =
		flags_minus(arena, flags_both(arena, removed[LOCAL], now[SERVER]), added[SERVER]);
}

void flags_join(struct arena *arena, const struct flags now[SIDES], struct flag_delta delta[SIDES])
{
	const struct flags deleted = { FLAG_DELETED, NULL };

	delta[LOCAL].add = flags_minus(arena, now[SERVER], now[LOCAL]);
	delta[LOCAL].remove = flags_minus(arena, flags_both(arena, now[LOCAL], deleted), now[SERVER]);
	delta[SERVER].add = flags_minus(arena, flags_minus(arena, now[LOCAL], now[SERVER]), deleted);
	delta[SERVER].remove = (struct flags){ 0 };
}

static const struct {
	enum flag_bit bit;
	const char *name;
} names[] = {
	{ FLAG_SEEN, "\\Seen" },       { FLAG_ANSWERED, "\\Answered" }, { FLAG_FLAGGED, "\\Flagged" },
	{ FLAG_DELETED, "\\Deleted" }, { FLAG_DRAFT, "\\Draft" },       { FLAG_FORWARDED, "$Forwarded" },
};
#define NAMES (sizeof names / sizeof *names)

/* Appends every flag as SIGN NAME to text. */
static const char *text_add(struct arena *arena, const char *text, const char *sign, struct flags flags)
{
	struct word word = { 0 };

	for (size_t i = 0; i < NAMES; i++)
		if (flags.bits & names[i].bit)
			text = arena_printf(arena, "%s%s%s%s", text, *text ? " " : "", sign, names[i].name);
	while (word_next(&flags.keywords, &word))
		text = arena_printf(arena, "%s%s%s%.*s", text, *text ? " " : "", sign, (int)word.size,
				    word.text);
	return text;
}

const char *flag_delta_text(struct arena *arena, const struct flag_delta *delta)
{
	return text_add(arena, text_add(arena, "", "+", delta->add), "-", delta->remove);
}

const char *flags_text(struct arena *arena, struct flags flags)
{
	return text_add(arena, "", "", flags);
}

struct flags flags_parse(struct arena *arena, const char *text)
{
	struct flags flags = { 0 };
	struct word word = { 0 };
	char *words = NULL;
	size_t used = 0;

	if (!text)
		return flags;
	while (word_next(&text, &word)) {
		size_t i = 0;

		while (i < NAMES && (strlen(names[i].name) != word.size ||
				     str_ncasecmp(names[i].name, word.text, word.size) != 0))
			i++;
		if (i < NAMES) {
			flags.bits |= names[i].bit;
		} else if (word.text[0] != '\\') {
			if (!words)
				words = arena_alloc(arena, strlen(word.text) + 2);
			if (used)
				words[used++] = ' ';
			memcpy(words + used, word.text, word.size);
			used += word.size;
		}
	}
	flags.keywords = keywords_canonical(arena, words);
	return flags;
}
