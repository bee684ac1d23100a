/* Date: a reader of RFC 5322 date-times, for text from anybody. */
#include "format/date.h"

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Names of zones that mean something (RFC 5322 4.3): hours from UTC.  All others mean that nothing
 * is known, which is UTC. */
static const struct {
	const char *name;
	int hours;
} zones[] = {
	{ "EDT", -4 }, { "EST", -5 }, { "CDT", -5 }, { "CST", -6 },
	{ "MDT", -6 }, { "MST", -7 }, { "PDT", -7 }, { "PST", -8 },
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Behind white space and comments, which nest (RFC 5322 3.2.2). */
static const char *skip_blank(const char *at)
{
	unsigned depth = 0;

	for (; *at; at++) {
		if (*at == '(')
			depth++;
		else if (*at == ')' && depth)
			depth--;
		else if (*at == '\\' && depth && at[1])
			at++;
		else if (!depth && *at != ' ' && *at != '\t')
			break;
	}
	return at;
}

/* A number of at least one and at most `most` digits; -1 if there is none. */
static int number(const char **at, int most, int *digits)
{
	int value = 0;

	for (*digits = 0; **at >= '0' && **at <= '9'; (*at)++) {
		if (++*digits > most)
			return -1;
		value = value * 10 + (**at - '0');
	}
	*at = skip_blank(*at);
	return *digits ? value : -1;
}

static int month(const char **at)
{
	for (size_t i = 0; i < sizeof months / sizeof *months; i++)
		if (str_ncasecmp(*at, months[i], 3) == 0) {
			*at += 3;
			while (is_letter(**at)) /* "Sept", "June" */
				(*at)++;
			return (int)i + 1;
		}
	return -1;
}

/* RFC 5322 4.3: two digits are of 1950 to 2049, three count from 1900. */
static int year(const char **at)
{
	int digits;
	int value = number(at, 4, &digits);

	if (digits == 2)
		return value + (value < 50 ? 2000 : 1900);
	return digits == 3 ? value + 1900 : value;
}

static bool skip_char(const char **at, char c)
{
	if (**at != c)
		return false;
	*at = skip_blank(*at + 1);
	return true;
}

/* Seconds since midnight; -1 if it is no time. */
static int time_of_day(const char **at)
{
	int digits;
	int hour = number(at, 2, &digits);
	int minute, second = 0;

	if (hour < 0 || hour > 23 || !skip_char(at, ':'))
		return -1;
	minute = number(at, 2, &digits);
	if (minute < 0 || minute > 59)
		return -1;
	if (skip_char(at, ':'))
		second = number(at, 2, &digits);
	if (second < 0 || second > 60)
		return -1;
	return (hour * 60 + minute) * 60 + second;
}

/* Seconds east of UTC. */
static int zone(const char *at)
{
	bool west = *at == '-';
	int digits, value;

	if (*at == '+' || west) {
		at++;
		value = number(&at, 4, &digits);
		if (value < 0 || digits != 4 || value % 100 > 59)
			return 0;
		value = (value / 100 * 60 + value % 100) * 60;
		return west ? -value : value;
	}
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		if (str_ncasecmp(at, zones[i].name, 3) == 0 && !is_letter(at[3]))
			return zones[i].hours * 3600;
	return 0;
}

/* Days since 1970-01-01 in the Gregorian calendar.  Years begin in March here, so that the leap day
 * is their last, and the months' lengths repeat every five (153 days). */
int64_t date_days(int y, int m, int d)
{
	int64_t from_march = m > 2 ? m - 3 : m + 9;
	int64_t of_year = m > 2 ? y : y - 1;

	return of_year * 365 + of_year / 4 - of_year / 100 + of_year / 400 +
	       (153 * from_march + 2) / 5 + d - 1 - 719468;
}

void date_civil(int64_t days, int *y, int *m, int *d)
{
	int64_t from_0 = days + 719468; /* since 0000-03-01 */
	int64_t era = (from_0 >= 0 ? from_0 : from_0 - 146096) / 146097;
	int64_t of_era = from_0 - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t from_march = (5 * of_year + 2) / 153;

	*d = (int)(of_year - (153 * from_march + 2) / 5) + 1;
	*m = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
	*y = (int)(year + era * 400) + (*m <= 2);
}

bool date_exists(int y, int m, int d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

int64_t date_parse(const char *text)
{
	const char *at = skip_blank(text);
	int digits, d, m, y, seconds;

	if (is_letter(*at)) {
		while (is_letter(*at))
			at++;
		at = skip_blank(at);
		skip_char(&at, ',');
	}
	d = number(&at, 2, &digits);
	skip_char(&at, '-');
	m = month(&at);
	at = skip_blank(at);
	skip_char(&at, '-');
	y = year(&at);
	if (d < 0 || m < 0 || y < 1900 || !date_exists(y, m, d))
		return 0;
	seconds = time_of_day(&at);
	if (seconds < 0)
		return 0;
	return date_days(y, m, d) * 86400 + seconds - zone(at);
}
