/* Rule: which recurrence rules are quick. */
#include "format/rule.h"

#include "base/str.h"
#include "format/date.h"

#include <stdio.h>
#include <string.h>

enum frequency { DAILY, WEEKLY, MONTHLY, YEARLY };

static const char *const frequencies[] = { "DAILY", "WEEKLY", "MONTHLY", "YEARLY" };
static const int month_lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }; /* at most */
static const char *const days[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

/* What decides whether there is always a next instance. */
struct traits {
	enum frequency frequency;
	bool has_frequency, has_day, has_month_day, has_month, has_position;
	uint64_t interval;
	int day_most;                        /* the highest number before a day ("-5FR": 5) */
	bool day_plain;                      /* none has a number */
	int month_day_least, month_day_most; /* without signs */
	int month_days;                      /* how many days the longest of the months has */
	int position_most;
};

#define INTERVAL_MOST 1000
#define LIST_MOST     64

/* A number with an optional sign at the start of the text, which it is cut off from; false: none, 0 or
 * above `most`. */
static bool number_cut(struct slice *text, int most, int *number)
{
	size_t sign = text->size && (*text->at == '+' || *text->at == '-'), at = sign;

	*number = 0;
	for (; at < text->size && text->at[at] >= '0' && text->at[at] <= '9' && *number <= most; at++)
		*number = *number * 10 + (text->at[at] - '0');
	*text = (struct slice){ text->at + at, text->size - at };
	return at > sign && *number > 0 && *number <= most;
}

static bool day_take(struct traits *traits, struct slice value)
{
	bool number = value.size && strchr("+-0123456789", *value.at) && *value.at;
	int which = 0;

	if (number && !number_cut(&value, 52, &which))
		return false;
	traits->day_plain = traits->day_plain && !number;
	if (which > traits->day_most)
		traits->day_most = which;
	for (size_t i = 0; i < sizeof days / sizeof *days; i++)
		if (slice_is(value, days[i]))
			return true;
	return false;
}

static bool month_take(struct traits *traits, struct slice value)
{
	int number;

	if (!number_cut(&value, 12, &number) || value.size)
		return false;
	if (month_lengths[number - 1] > traits->month_days)
		traits->month_days = month_lengths[number - 1];
	return true;
}

static bool month_day_take(struct traits *traits, struct slice value)
{
	int number;

	if (!number_cut(&value, 31, &number) || value.size)
		return false;
	if (number > traits->month_day_most)
		traits->month_day_most = number;
	if (!traits->month_day_least || number < traits->month_day_least)
		traits->month_day_least = number;
	return true;
}

static bool position_take(struct traits *traits, struct slice value)
{
	int number;

	if (!number_cut(&value, 366, &number) || value.size)
		return false;
	if (number > traits->position_most)
		traits->position_most = number;
	return true;
}

static bool list_take(struct traits *traits, struct slice values, bool *has,
		      bool (*take)(struct traits *, struct slice))
{
	size_t count = 0;
	struct slice value;

	if (*has)
		return false;
	*has = true;
	while (slice_cut(&values, ',', &value))
		if (++count > LIST_MOST || !take(traits, value))
			return false;
	return true;
}

static bool whole_number(struct slice value, uint64_t *number)
{
	char text[16];

	if (value.size >= sizeof text)
		return false;
	memcpy(text, value.at, value.size);
	text[value.size] = '\0';
	return str_u64(text, number) && *number > 0;
}

static bool frequency_take(struct traits *traits, struct slice value)
{
	for (size_t i = 0; i < sizeof frequencies / sizeof *frequencies; i++)
		if (slice_is(value, frequencies[i])) {
			traits->frequency = (enum frequency)i;
			traits->has_frequency = true;
			return true;
		}
	return false;
}

/* "WKST=SU" must be what it is for libical, too. */
static bool is_day(struct slice value)
{
	struct traits none = { 0 };

	return value.size == 2 && day_take(&none, value);
}

static bool part_take(struct traits *traits, struct rule *rule, struct slice name, struct slice value)
{
	if (slice_is(name, "FREQ"))
		return !traits->has_frequency && frequency_take(traits, value);
	if (slice_is(name, "INTERVAL"))
		return whole_number(value, &traits->interval) && traits->interval <= INTERVAL_MOST;
	if (slice_is(name, "COUNT"))
		return whole_number(value, &rule->count);
	if (slice_is(name, "UNTIL"))
		return moment_read(value, &rule->until);
	if (slice_is(name, "WKST"))
		return is_day(value);
	if (slice_is(name, "BYDAY"))
		return list_take(traits, value, &traits->has_day, day_take);
	if (slice_is(name, "BYMONTH"))
		return list_take(traits, value, &traits->has_month, month_take);
	if (slice_is(name, "BYMONTHDAY"))
		return list_take(traits, value, &traits->has_month_day, month_day_take);
	if (slice_is(name, "BYSETPOS"))
		return list_take(traits, value, &traits->has_position, position_take);
	return false;
}

/* Days of a month or year: is there one in each of them, or (`often`) at least every few years? */
static bool days_quick(const struct traits *traits, bool in_month)
{
	bool often = traits->interval == 1;
	int month_days = traits->month_days ? traits->month_days : 31;

	if (traits->has_position)
		return traits->has_day && !traits->has_month_day && traits->day_plain && in_month &&
		       traits->position_most <= 4;
	if (traits->has_day && traits->has_month_day)
		return often && traits->day_plain && traits->month_day_least <= 28;
	if (traits->has_day && in_month)
		return traits->day_most <= 4 || (often && traits->day_most == 5);
	if (traits->has_month_day)
		return traits->month_day_least <= 28 || (often && traits->month_day_least <= month_days);
	return true;
}

static bool is_quick(const struct traits *traits)
{
	bool often = traits->interval == 1;

	switch (traits->frequency) {
	case DAILY:
		return !traits->has_month && !traits->has_month_day && !traits->has_position &&
		       (!traits->has_day || (often && traits->day_plain));
	case WEEKLY:
		return !traits->has_month && !traits->has_month_day && !traits->has_position &&
		       (!traits->has_day || traits->day_plain);
	case MONTHLY:
		return (!traits->has_month || often) && days_quick(traits, true);
	case YEARLY:
		return days_quick(traits, traits->has_month);
	}
	return false;
}

static void steps_set(const struct traits *traits, struct rule *rule)
{
	static const int days_in[] = { [DAILY] = 1, [WEEKLY] = 7, [MONTHLY] = 31, [YEARLY] = 366 };
	int64_t step = (int64_t)traits->interval * days_in[traits->frequency] * 86400;

	if (traits->frequency == MONTHLY || traits->frequency == YEARLY) {
		rule->window = 40 * step;
	} else {
		rule->step = traits->has_day ? 0 : step;
		rule->window = 28 * step;
	}
}

bool rule_read(struct slice text, struct moment start, struct rule *rule)
{
	struct traits traits = { .interval = 1, .day_plain = true };
	struct slice part;
	int year, month, day;
	size_t used = 0;

	*rule = (struct rule){ .text = "" };
	if (text.size >= RULE_TEXT)
		return false;
	while (slice_cut(&text, ';', &part)) {
		const char *equals = part.size ? memchr(part.at, '=', part.size) : NULL;
		struct slice name, value;

		if (!part.size)
			continue;
		if (!equals)
			return false;
		name = (struct slice){ part.at, (size_t)(equals - part.at) };
		value = (struct slice){ equals + 1, part.size - name.size - 1 };
		if (!part_take(&traits, rule, name, value))
			return false;
		if (slice_is(name, "COUNT") || slice_is(name, "UNTIL"))
			continue;
		used += (size_t)snprintf(rule->text + used, sizeof rule->text - used, "%s%.*s",
					 used ? ";" : "", (int)part.size, part.at);
	}
	rule->yearly = traits.frequency == YEARLY;
	steps_set(&traits, rule);
	if (!traits.has_frequency)
		return false;
	date_civil(start.seconds / 86400, &year, &month, &day);
	if (!traits.has_day && !traits.has_month_day) { /* then it is the day that it starts on */
		traits.month_day_least = day;
		traits.has_month_day = traits.frequency == MONTHLY || traits.has_month;
	}
	if (!traits.has_month && traits.frequency == YEARLY) /* to libical it is the month, too */
		traits.month_days = month_lengths[month - 1];
	return is_quick(&traits);
}
