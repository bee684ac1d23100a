/* Normal forms by the thousand: what only writes an item in another way keeps its digest, the
 * smallest change of what it says does not; and what all that costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/vec.h"
#include "format/item.h"
#include "format/normal.h"
#include "unit/format_rewrites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char task[] =
	"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//a//b\nBEGIN:VTODO\nUID:t 1\\, ž\nDTSTAMP:20250101T000000Z\n"
	"CREATED:20250101T000000Z\nDUE;TZID=\"Custom: zone\":20250301T120000\nSUMMARY;LANGUAGE=en:Buy: "
	"bread\n"
	"PERCENT-COMPLETE:40\nPRIORITY:5\nSTATUS:IN-PROCESS\nRELATED-TO;RELTYPE=SIBLING:other\n"
	"DESCRIPTION:one\\ntwo \\\\ three\\; "
	"four\nDURATION:P1DT2H\nGEO:50.1;14.2\nURL:http://example.com/a?b=c;d,e\n"
	"ATTACH;ENCODING=BASE64;VALUE=BINARY;X-NAME=\"a.b\":aGVsbG8gd29ybGQ=\nX-APPLE-SORT-ORDER:5\nSEQUENCE:"
	"3\n"
	"END:VTODO\nEND:VCALENDAR\n";
static const char note[] =
	"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VJOURNAL\nUID:n1\nDTSTART;VALUE=DATE:20250301\nSUMMARY:Recipe\n"
	"DESCRIPTION:first\\nsecond\nDESCRIPTION:another "
	"one\nSTATUS:FINAL\nCLASS:PRIVATE\nCATEGORIES:food,home\n"
	"LAST-MODIFIED:20250101T000000Z\nEND:VJOURNAL\nEND:VCALENDAR\n";
static const char card_4[] =
	"BEGIN:VCARD\nVERSION:4.0\nUID:urn:uuid:4fbe8971\nFN;PREF=1:Jane Doe\nN:Doe;Jane;Ann,Bea;Dr.;\n"
	"TEL;VALUE=uri;TYPE=\"voice,home\";PREF=1:tel:+1-555-555-0100;ext=5\nTEL;TYPE=cell:123\n"
	"ADR;LABEL=\"Street 1^nTown\";TYPE=work:;;Street 1;Town;;123 45;Country\nORG:Firm\\; Inc.;Unit\n"
	"work.EMAIL;TYPE=work:jane@example.com\nwork.X-ABLABEL:Office\nEMAIL:j@example.org\nREV:"
	"20250101T000000Z\n"
	"PHOTO:data:image/png;base64,aGVsbG8=\nRELATED;TYPE=friend:urn:uuid:f81d4fae\nNOTE:a\\nb\\, "
	"c\nGENDER:F\n"
	"END:VCARD\n";

static const struct sample {
	const char *text;
	bool card;
} samples[] = {
	{ event_sent, false }, { task, false }, { note, false }, { card_sent, true }, { card_4, true },
};

static struct digest digest_text(const char *text, size_t size, bool card)
{
	struct item_facts facts;
	struct digest digest;

	item_read(text, size, card, &facts);
	digest = facts.normal;
	item_facts_free(&facts);
	return digest;
}

/* ---- the same, written in another way ---- */

static uint64_t seed;

static unsigned roll(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static void cased_add(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];

		if (c >= 'A' && c <= 'Z' && roll(3) == 0)
			c = (char)(c - 'A' + 'a');
		buf_addc(out, c);
	}
}

/* Values of a list, each in quotes or not. */
static void values_add(struct buf *out, struct slice values)
{
	bool first = true;
	struct slice value;

	while (param_value(&values, &value)) {
		bool quote = roll(2) || strcspn(value.at, ",;:") < value.size;

		buf_addf(out, "%s%s%.*s%s", first ? "" : ",", quote ? "\"" : "", (int)value.size, value.at,
			 quote ? "\"" : "");
		first = false;
	}
}

/* The parameters from a random one on, then those before it. */
static void params_add(struct buf *out, struct slice params)
{
	struct {
		struct slice name, values;
	} list[16];
	size_t count = 0, first;

	while (param_next(&params, &list[count].name, &list[count].values))
		assert_true(++count < COUNT(list));
	first = count ? roll((unsigned)count) : 0;
	for (size_t i = 0; i < count; i++) {
		struct slice name = list[(first + i) % count].name, values = list[(first + i) % count].values,
			     value;

		buf_addc(out, ';');
		if (slice_is(name, "TYPE") && roll(2)) {
			for (bool more = false; param_value(&values, &value); more = true) {
				buf_adds(out, more ? ";type=" : "TYPE=");
				cased_add(out, value);
			}
			continue;
		}
		cased_add(out, name);
		buf_addc(out, '=');
		values_add(out, values);
	}
}

/* The line, folded anywhere. */
static void line_add(struct buf *out, const struct line *line)
{
	struct buf flat;

	buf_init(&flat, SIZE_MAX);
	if (line->group.size) {
		cased_add(&flat, line->group);
		buf_addc(&flat, '.');
	}
	cased_add(&flat, line->name);
	params_add(&flat, line->params);
	buf_addc(&flat, ':');
	buf_add(&flat, line->value.at, line->value.size);
	if (roll(4) == 0)
		buf_adds(&flat, " \t");
	for (size_t i = 0; i < flat.size; i++) {
		if (i && roll(20) == 0)
			buf_adds(out, roll(2) ? "\r\n " : "\n\t");
		buf_addc(out, flat.data[i]);
	}
	buf_adds(out, roll(2) ? "\r\n" : "\n");
	buf_free(&flat);
}

static void noise_add(struct buf *out, bool card)
{
	static const char *const noise[] = { "PRODID:noise %u", "X-RADICALE-NAME:%u.ics", "DTSTAMP:%u",
					     "LAST-MODIFIED:%u" };

	if (card)
		buf_adds(out, roll(2) ? "REV:" : "PRODID:");
	else
		buf_addf(out, noise[roll(COUNT(noise))], roll(100));
	buf_adds(out, "\n");
}

/* What comes next of the lines: a random one, but the first of its name. */
static const struct line *line_pick(const struct part *part, bool *done)
{
	const struct line *picked = part->lines, *line;
	size_t number = roll((unsigned)part->line_count), at = 0, first = 0;

	for (; number--; picked = picked->next)
		;
	for (line = part->lines; line; line = line->next, at++) {
		if (done[at] || !slice_like(line->name, picked->name))
			continue;
		first = at;
		break;
	}
	if (line)
		done[first] = true;
	return line;
}

static void part_add(struct buf *out, const struct part *part, bool card)
{
	bool lines_done[64] = { false }, parts_done[16] = { false };
	size_t lines = part->line_count, parts = part->part_count;

	assert_true(lines <= COUNT(lines_done) && parts <= COUNT(parts_done));
	buf_adds(out, "begin:");
	cased_add(out, part->name);
	buf_adds(out, "\n");
	while (lines || parts) {
		if (roll(10) == 0)
			noise_add(out, card);
		if (lines && (!parts || roll(3))) {
			const struct line *line = line_pick(part, lines_done);

			if (line) {
				line_add(out, line);
				lines--;
			}
		} else if (parts) {
			size_t number = roll((unsigned)part->part_count);
			const struct part *inner = part->parts;

			if (parts_done[number])
				continue;
			parts_done[number] = true;
			for (size_t i = 0; i < number; i++)
				inner = inner->next;
			part_add(out, inner, card);
			parts--;
		}
	}
	buf_adds(out, "END:");
	cased_add(out, part->name);
	buf_adds(out, roll(2) ? "\r\n" : "\n");
}

static void writing_does_not_matter(void **context)
{
	size_t rewritten = 0, texts = 0;

	(void)context;
	for (size_t s = 0; s < COUNT(samples); s++) {
		struct digest want = digest_text(samples[s].text, strlen(samples[s].text), samples[s].card);
		struct arena *arena = arena_new();
		struct lines lines;
		struct part *parts;

		assert_true(lines_read(samples[s].text, strlen(samples[s].text), &lines));
		assert_true(parts_make(&lines, arena, &parts));
		for (size_t i = 0; i < 1000; i++, rewritten++) {
			struct digest got;
			struct buf text;

			seed = s * 1000 + i;
			buf_init(&text, SIZE_MAX);
			part_add(&text, parts, samples[s].card);
			got = digest_text(text.data, text.size, samples[s].card);
			texts += strcmp(text.data, samples[s].text) != 0;
			if (!digest_equal(&got, &want))
				fail_msg("%s\nis not\n%s", text.data, samples[s].text);
			buf_free(&text);
		}
		lines_free(&lines);
		arena_free(arena);
	}
	assert_int_equal(rewritten, 5000);
	assert_int_equal(texts, 5000);
}

/* ---- the smallest changes ---- */

/* Lines that may change without a meaning. */
static bool is_noise(const char *line)
{
	static const char *const noise[] = { "DTSTAMP", "LAST-MODIFIED", "PRODID", "REV:" };

	for (size_t i = 0; i < COUNT(noise); i++)
		if (str_starts(line, noise[i]))
			return true;
	return false;
}

/* May the character at `at` be left out of the line? */
static bool is_dispensable(const char *line, const char *at)
{
	const char *end = strchr(line, '\n');

	if (*at == '\\' && (at[1] == ',' || at[1] == ';')) /* of one text */
		return !str_starts(line, "ORG") && !str_starts(line, "CATEGORIES");
	if (strspn(at, " ") == (size_t)(end - at) || (at == line && *at == ' ')) /* of base64 */
		return true;
	return (str_starts(line, "N:") || str_starts(line, "ORG:")) && strspn(at, ";") == (size_t)(end - at);
}

struct changes {
	size_t changed, removed, lines;
};

static void line_changes(const struct sample *sample, const struct digest *base, const char *line,
			 struct changes *changes)
{
	size_t size = strlen(sample->text), length = strcspn(line, "\n") + 1;
	size_t start = (size_t)(line - sample->text);
	char *text = malloc(size + 1);
	struct digest digest;

	for (size_t i = 0; i + 1 < length; i++) {
		size_t at = start + i;

		memcpy(text, sample->text, size + 1);
		text[at] = text[at] == 'q' || text[at] == 'Q' ? 'z' : 'q';
		digest = digest_text(text, size, sample->card);
		if (digest_equal(&digest, base))
			fail_msg("byte %zu of %.*s is not seen", i, (int)length, line);
		changes->changed++;
		if (is_dispensable(line, line + i))
			continue;
		memcpy(text, sample->text, size + 1);
		memmove(text + at, text + at + 1, size - at);
		digest = digest_text(text, size - 1, sample->card);
		if (digest_equal(&digest, base))
			fail_msg("that byte %zu of %.*s lacks is not seen", i, (int)length, line);
		changes->removed++;
	}
	memcpy(text, sample->text, size + 1);
	memmove(text + start, text + start + length, size - start - length + 1);
	digest = digest_text(text, size - length, sample->card);
	/* These two say what would be without them. */
	if (digest_equal(&digest, base) != (str_starts(line, "VERSION:2.0") || str_starts(line, "CALSCALE")))
		fail_msg("that %.*s is not there is not seen", (int)length, line);
	changes->lines++;
	free(text);
}

static void smallest_changes_are_seen(void **context)
{
	struct changes changes = { 0 };

	(void)context;
	for (size_t s = 0; s < COUNT(samples); s++) {
		const struct sample *sample = &samples[s];
		struct digest base = digest_text(sample->text, strlen(sample->text), sample->card);
		bool zone = false;

		for (const char *line = sample->text; *line; line = strchr(line, '\n') + 1) {
			if (str_starts(line, "BEGIN:VTIMEZONE"))
				zone = true;
			if (!zone && !is_noise(line))
				line_changes(sample, &base, line, &changes);
			if (str_starts(line, "END:VTIMEZONE"))
				zone = false;
		}
	}
	assert_true(changes.changed > 2300);
	assert_true(changes.removed > 2300);
	assert_true(changes.lines > 90);
}

/* ---- cost ---- */

/* Hostile items of about `size` bytes. */
static void attendees(struct buf *out, size_t size)
{
	for (size_t i = 0; out->size < size; i++)
		buf_addf(out, "ATTENDEE;CN=a%zu:mailto:x%zu\n", i % 7, i);
}

static void equal_lines(struct buf *out, size_t size)
{
	while (out->size < size)
		buf_adds(out, "ATTENDEE;CN="
			      "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":a\n");
}

static void one_list(struct buf *out, size_t size)
{
	buf_adds(out, "EXDATE;TZID=Europe/Prague:");
	while (out->size < size)
		buf_adds(out, "20250101T000000Z,");
	buf_adds(out, "\n");
}

static void lists(struct buf *out, size_t size)
{
	while (out->size < size) {
		buf_adds(out, "EXDATE;X-A=");
		for (size_t i = 0; i < 250; i++)
			buf_adds(out, "x");
		buf_adds(out, ":");
		for (size_t i = 0; i < 40; i++)
			buf_adds(out, "1,");
		buf_adds(out, "\n");
	}
}

static void many_params(struct buf *out, size_t size)
{
	while (out->size < size) {
		buf_adds(out, "X-A");
		for (size_t i = 0; i < 3000; i++)
			buf_adds(out, ";A=b");
		buf_adds(out, ":x\n");
	}
}

static void long_params(struct buf *out, size_t size)
{
	buf_adds(out, "X-A");
	while (out->size < size)
		buf_adds(out, ";A=b");
	buf_adds(out, ":x\n");
}

static void components(struct buf *out, size_t size)
{
	for (size_t i = 0; out->size < size; i++)
		buf_addf(out, "BEGIN:VALARM\nTRIGGER:-PT%zuM\nEND:VALARM\n", i);
}

static void equal_components(struct buf *out, size_t size)
{
	while (out->size < size)
		buf_adds(
			out,
			"BEGIN:VALARM\nDESCRIPTION:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nEND:VALARM\n");
}

static void rules(struct buf *out, size_t size)
{
	while (out->size < size) {
		buf_adds(out, "RRULE:FREQ=YEARLY;BYYEARDAY=");
		for (size_t i = 0; i < 1000; i++)
			buf_addf(out, "%zu,", 366 - i % 366);
		buf_adds(out, "\n");
	}
}

static void long_text(struct buf *out, size_t size)
{
	buf_adds(out, "DESCRIPTION:");
	while (out->size < size)
		buf_adds(out, "\\n\\,\\;");
	buf_adds(out, "\n");
}

static void photo(struct buf *out, size_t size)
{
	buf_adds(out, "ATTACH;ENCODING=BASE64;VALUE=BINARY:");
	while (out->size < size)
		buf_adds(out, "aGVs bG8g");
	buf_adds(out, "\n");
}

static void junk(struct buf *out, size_t size)
{
	buf_adds(out, "X:");
	while (out->size < size)
		buf_adds(out, "a\n");
}

static uint64_t work_of(void (*make)(struct buf *, size_t), size_t size, size_t *real)
{
	struct arena *arena = arena_new();
	struct normal normal;
	struct lines lines;
	struct part *parts;
	struct buf text;

	buf_init(&text, SIZE_MAX);
	buf_adds(&text, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n");
	make(&text, size);
	buf_adds(&text, "END:VEVENT\nEND:VCALENDAR\n");
	*real = text.size;
	assert_true(lines_read(text.data, text.size, &lines));
	assert_true(parts_make(&lines, arena, &parts));
	normal_make(parts, false, arena, &normal);
	assert_true(arena_size(arena) < 60 * text.size + 65536);
	lines_free(&lines);
	buf_free(&text);
	arena_free(arena);
	return normal.work;
}

/* Four times as much is at most five times as much work (sorting), and no byte of an item costs
 * more than some hundred. */
static void cost_is_bounded(void **context)
{
	static void (*const makers[])(struct buf *, size_t) = {
		attendees,  equal_lines,      one_list, lists,     many_params, long_params,
		components, equal_components, rules,    long_text, photo,       junk,
	};
	size_t tried = 0;

	(void)context;
	for (size_t i = 0; i < COUNT(makers); i++, tried++) {
		size_t small, large;
		uint64_t before = work_of(makers[i], (size_t)400 << 10, &small);
		uint64_t after = work_of(makers[i], (size_t)1600 << 10, &large);

		if (after > 5 * before + 1000000 || after > 120 * (uint64_t)large)
			fail_msg("maker %zu: %zu bytes cost %llu, %zu cost %llu", i, small,
				 (unsigned long long)before, large, (unsigned long long)after);
		assert_true(before > small / 3);
	}
	assert_int_equal(tried, 12);
}

/* The largest there can be, through the front door. */
static void largest_item(void **context)
{
	struct item_facts facts;
	struct buf text;

	(void)context;
	buf_init(&text, SIZE_MAX);
	buf_adds(&text, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:");
	while (text.size < ITEM_MOST - 100)
		buf_adds(&text, "\\n\\,\\;");
	buf_adds(&text, "\nEND:VEVENT\nEND:VCALENDAR\n");
	item_read(text.data, text.size, false, &facts);
	assert_null(facts.wrong);
	assert_true(strlen(facts.summary) <= 1000);
	item_facts_free(&facts);
	while (text.size <= ITEM_MOST)
		buf_adds(&text, " ");
	item_read(text.data, text.size, false, &facts);
	assert_string_equal(facts.wrong, "it is too large");
	assert_string_equal(facts.fields, "{}");
	item_facts_free(&facts);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing_does_not_matter),
		cmocka_unit_test(smallest_changes_are_seen),
		cmocka_unit_test(cost_is_bounded),
		cmocka_unit_test(largest_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
