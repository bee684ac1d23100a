/* Time. */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t clock_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

int64_t clock_monotonic(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Times whose year has not four digits, which only hostile data has, become the year 9999. */
static struct tm *broken_down(int64_t when, struct tm *tm,
			      struct tm *convert(const time_t *, struct tm *))
{
	time_t seconds = (time_t)when;

	if (!convert(&seconds, tm) || tm->tm_year < 1000 - 1900 ||
	    tm->tm_year > 9999 - 1900)
		*tm = (struct tm){ .tm_year = 9999 - 1900, .tm_mday = 1 };
	return tm;
}

void clock_text(int64_t when, char out[20])
{
	struct tm tm;

	broken_down(when, &tm, localtime_r);
	if (!strftime(out, 20, "%Y-%m-%d %H:%M", &tm))
		out[0] = '\0';
}

void clock_stamp(int64_t when, char out[17])
{
	struct tm tm;

	broken_down(when, &tm, gmtime_r);
	if (!strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm))
		out[0] = '\0';
}

/* The names of days and months are not those of a locale. */
void clock_mail(int64_t when, char out[CLOCK_MAIL])
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;
	long minutes;

	broken_down(when, &tm, localtime_r);
	minutes = tm.tm_gmtoff / 60;
	snprintf(out, CLOCK_MAIL, "%.3s, %02d %.3s %04d %02d:%02d:%02d %c%02ld%02ld", days + 3 * tm.tm_wday,
		 tm.tm_mday, months + 3 * tm.tm_mon, 1900 + tm.tm_year, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 minutes < 0 ? '-' : '+', labs(minutes) / 60 % 100, labs(minutes) % 60);
}
