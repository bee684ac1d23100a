/* Rule words: one part of the rule after another, the frequency first. */
#include "format/rule_words.h"

#include "base/buf.h"
#include "base/clock.h"
#include "format/moment.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The value of a part of the rule. */
static bool part_find(struct slice rule, const char *name, struct slice *value)
{
	size_t size = strlen(name);
	struct slice part;

	while (slice_cut(&rule, ';', &part))
		if (slice_starts(part, name) && part.size > size && part.at[size] == '=') {
			*value = (struct slice){ part.at + size + 1, part.size - size - 1 };
			return true;
		}
	return false;
}

static void add_frequency(struct buf *out, struct slice rule)
{
	static const struct {
		const char *frequency, *one, *many;
	} frequencies[] = {
		{ "DAILY", "day", "days" },          { "WEEKLY", "week", "weeks" },
		{ "MONTHLY", "month", "months" },    { "YEARLY", "year", "years" },
		{ "HOURLY", "hour", "hours" },       { "MINUTELY", "minute", "minutes" },
		{ "SECONDLY", "second", "seconds" },
	};
	struct slice frequency = { 0 }, interval = { 0 };

	part_find(rule, "FREQ", &frequency);
	part_find(rule, "INTERVAL", &interval);
	for (size_t i = 0; i < COUNT(frequencies); i++) {
		if (!slice_is(frequency, frequencies[i].frequency))
			continue;
		if (interval.size && !slice_is(interval, "1"))
			buf_addf(out, "every %.*s %s", (int)interval.size, interval.at, frequencies[i].many);
		else
			buf_addf(out, "every %s", frequencies[i].one);
		return;
	}
	buf_add(out, frequency.at, frequency.size);
}

static void add_list(struct buf *out, struct slice list)
{
	struct slice value;
	bool any = false;

	while (slice_cut(&list, ',', &value)) {
		buf_adds(out, any ? ", " : "");
		buf_add(out, value.at, value.size);
		any = true;
	}
}

static void add_until(struct buf *out, struct slice value)
{
	struct moment moment;
	char text[MOMENT_TEXT];

	if (!moment_read(value, &moment)) {
		buf_add(out, value.at, value.size);
		return;
	}
	if (moment.kind == MOMENT_UTC && moment_usual(moment))
		clock_text(moment.seconds, text);
	else
		moment_text(moment, text);
	buf_adds(out, text);
}

void rule_words(struct buf *out, struct slice rule)
{
	struct slice rest = rule, part, value;

	add_frequency(out, rule);
	if (part_find(rule, "BYDAY", &value)) {
		buf_adds(out, " on ");
		add_list(out, value);
	}
	if (part_find(rule, "COUNT", &value))
		buf_addf(out, ", %.*s times", (int)value.size, value.at);
	if (part_find(rule, "UNTIL", &value)) {
		buf_adds(out, " until ");
		add_until(out, value);
	}
	while (slice_cut(&rest, ';', &part)) {
		static const char *const said[] = { "FREQ=", "INTERVAL=", "BYDAY=", "COUNT=", "UNTIL=" };
		bool is_said = !part.size;

		for (size_t i = 0; i < COUNT(said); i++)
			is_said |= slice_starts(part, said[i]);
		if (is_said)
			continue;
		buf_adds(out, ", ");
		buf_add(out, part.at, part.size);
	}
}
