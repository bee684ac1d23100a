/* Moment: dates and times of iCalendar. */
#include "format/moment.h"

#include "format/date.h"

#include <inttypes.h>
#include <stdio.h>

/* `count` digits as a number; -1 if they are not. */
static int digits(const char *at, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		number = number * 10 + (at[i] - '0');
	}
	return number;
}

static bool date_read(const char *at, int64_t *seconds)
{
	int year = digits(at, 4), month = digits(at + 4, 2), day = digits(at + 6, 2);

	if (year < 1 || !date_exists(year, month, day))
		return false;
	*seconds = date_days(year, month, day) * 86400;
	return true;
}

bool moment_read(struct slice text, struct moment *moment)
{
	int hour, minute, second;

	*moment = (struct moment){ MOMENT_NONE, 0 };
	if (text.size < 8 || !date_read(text.at, &moment->seconds))
		return false;
	if (text.size == 8) {
		moment->kind = MOMENT_DATE;
		return true;
	}
	if (text.size < 15 || text.size > 16 || (text.at[8] != 'T' && text.at[8] != 't'))
		return false;
	hour = digits(text.at + 9, 2);
	minute = digits(text.at + 11, 2);
	second = digits(text.at + 13, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	if (text.size == 16 && text.at[15] != 'Z' && text.at[15] != 'z')
		return false;
	moment->seconds += (hour * 60 + minute) * 60 + second;
	moment->kind = text.size == 16 ? MOMENT_UTC : MOMENT_LOCAL;
	return true;
}

void moment_text(struct moment moment, char text[MOMENT_TEXT])
{
	int64_t of_day = moment.seconds % 86400;
	int year, month, day;

	if (of_day < 0)
		of_day += 86400;
	date_civil((moment.seconds - of_day) / 86400, &year, &month, &day);
	if (moment.kind == MOMENT_DATE)
		snprintf(text, MOMENT_TEXT, "%04d-%02d-%02d", year % 100000, month, day);
	else
		snprintf(text, MOMENT_TEXT, "%04d-%02d-%02d %02d:%02d:%02d", year % 100000, month, day,
			 (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60));
}

bool moment_usual(struct moment moment)
{
	return moment.kind != MOMENT_NONE && moment.seconds >= date_days(1600, 1, 1) * 86400 &&
	       moment.seconds < date_days(2400, 1, 1) * 86400;
}
