/* Learnt: as the text of the memo.
 *
 *     dav 1
 *     asked HASH
 *     found 1795300000
 *     wait 1795341505
 *     home both https://dav.example.org/alice/
 *     lacks book move,sync-data https://dav.example.org
 */
#include "store/dav/learnt.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <inttypes.h>
#include <string.h>

#define LEARNT_MOST ((size_t)256 * 1024)
#define LEARNT_HEAD "dav 1\n"

static const struct {
	const char *word;
	bool calendars, contacts, collection;
} home_words[] = {
	{ "calendars", true, false, false }, { "contacts", false, true, false },
	{ "both", true, true, false },       { "calendar", true, false, true },
	{ "book", false, true, true },       { "either", true, true, true },
};

static const struct {
	const char *word;
	uint32_t bit;
} lack_words[] = {
	{ "sync", LACKS_SYNC },
	{ "sync-data", LACKS_SYNC_DATA },
	{ "move", LACKS_MOVE },
	{ "multiget", LACKS_MULTIGET },
	{ "ctag", LACKS_CTAG },
	{ "names", LACKS_NAMES },
	{ "renames", LACKS_RENAMES },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_line(const char *text)
{
	return *text && !strpbrk(text, "\r\n");
}

static void home_text(struct buf *out, const struct learnt_home *home)
{
	for (size_t i = 0; i < COUNT(home_words); i++)
		if (home_words[i].calendars == home->calendars && home_words[i].contacts == home->contacts &&
		    home_words[i].collection == home->collection && is_line(home->url))
			buf_addf(out, "home %s %s\n", home_words[i].word, home->url);
}

static void lacks_text(struct buf *out, const struct learnt_origin *origin, enum flavour flavour)
{
	char comma = ' ';

	if (!origin->lacks[flavour] || !is_line(origin->url))
		return;
	buf_addf(out, "lacks %s", flavour_traits(flavour)->word);
	for (size_t i = 0; i < COUNT(lack_words); i++) {
		if (!(origin->lacks[flavour] & lack_words[i].bit))
			continue;
		buf_addf(out, "%c%s", comma, lack_words[i].word);
		comma = ',';
	}
	buf_addf(out, " %s\n", origin->url);
}

const char *learnt_text(struct arena *arena, const struct learnt *learnt)
{
	const char *text;
	struct buf out;

	if (!learnt->home_count && learnt->wait <= 0)
		return NULL;
	buf_init(&out, LEARNT_MOST);
	buf_adds(&out, LEARNT_HEAD);
	if (learnt->asked && is_line(learnt->asked))
		buf_addf(&out, "asked %s\n", learnt->asked);
	if (learnt->found > 0)
		buf_addf(&out, "found %" PRId64 "\n", learnt->found);
	if (learnt->wait > 0)
		buf_addf(&out, "wait %" PRId64 "\n", learnt->wait);
	for (size_t i = 0; i < learnt->home_count; i++)
		home_text(&out, &learnt->homes[i]);
	for (size_t i = 0; i < learnt->origin_count; i++)
		for (int flavour = 0; flavour < FLAVOURS; flavour++)
			lacks_text(&out, &learnt->origins[i], (enum flavour)flavour);
	text = out.over ? NULL : arena_str(arena, out.data);
	buf_free(&out);
	return text;
}

/* "both https://…" */
static void home_parse(const char *line, struct learnt *learnt)
{
	const char *space = strchr(line, ' ');

	if (!space || !space[1] || learnt->home_count == LEARNT_HOMES)
		return;
	for (size_t i = 0; i < COUNT(home_words); i++) {
		const char *word = home_words[i].word;

		if (strlen(word) == (size_t)(space - line) && str_starts(line, word))
			learnt->homes[learnt->home_count++] = (struct learnt_home){
				.url = space + 1,
				.calendars = home_words[i].calendars,
				.contacts = home_words[i].contacts,
				.collection = home_words[i].collection,
			};
	}
}

static struct learnt_origin *origin_of(struct learnt *learnt, const char *url)
{
	for (size_t i = 0; i < learnt->origin_count; i++)
		if (strcmp(learnt->origins[i].url, url) == 0)
			return &learnt->origins[i];
	if (learnt->origin_count == LEARNT_ORIGINS)
		return NULL;
	learnt->origins[learnt->origin_count].url = url;
	return &learnt->origins[learnt->origin_count++];
}

static uint32_t lacks_of(const char *words, size_t size)
{
	uint32_t lacks = 0;

	for (const char *p = words, *end = words + size; p < end;) {
		size_t length = strcspn(p, ", ");

		for (size_t i = 0; i < COUNT(lack_words); i++)
			if (strlen(lack_words[i].word) == length &&
			    memcmp(p, lack_words[i].word, length) == 0)
				lacks |= lack_words[i].bit;
		p += length + 1;
	}
	return lacks;
}

/* "book move,sync-data https://…" */
static void lacks_parse(const char *line, struct learnt *learnt)
{
	const char *first = strchr(line, ' '), *second = first ? strchr(first + 1, ' ') : NULL;
	struct learnt_origin *origin;

	if (!second || !second[1])
		return;
	for (int i = 0; i < FLAVOURS; i++) {
		const char *word = flavour_traits((enum flavour)i)->word;

		if (strlen(word) != (size_t)(first - line) || !str_starts(line, word))
			continue;
		origin = origin_of(learnt, second + 1);
		if (origin)
			origin->lacks[i] = lacks_of(first + 1, (size_t)(second - first - 1));
	}
}

static void time_parse(const char *text, int64_t *when)
{
	uint64_t number;

	if (str_u64(text, &number) && number < INT64_MAX)
		*when = (int64_t)number;
}

void learnt_parse(struct arena *arena, const char *text, struct learnt *learnt)
{
	memset(learnt, 0, sizeof *learnt);
	learnt->asked = "";
	if (!text || !str_starts(text, LEARNT_HEAD) || strlen(text) > LEARNT_MOST)
		return;
	for (const char *p = text + strlen(LEARNT_HEAD); *p;) {
		size_t size = strcspn(p, "\n");
		const char *line = arena_strn(arena, p, size);

		p += size + (p[size] == '\n');
		if (str_starts(line, "asked "))
			learnt->asked = line + 6;
		else if (str_starts(line, "found "))
			time_parse(line + 6, &learnt->found);
		else if (str_starts(line, "wait "))
			time_parse(line + 5, &learnt->wait);
		else if (str_starts(line, "home "))
			home_parse(line + 5, learnt);
		else if (str_starts(line, "lacks "))
			lacks_parse(line + 6, learnt);
	}
}
