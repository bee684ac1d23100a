/* Changed: one pass over the lines. */
#include "format/changed.h"

#include "format/lines.h"
#include "format/moment.h"

/* vCard may write it with dashes and colons, and a fraction (RFC 2426 3.6.4): "2026-11-22T10:00:00Z". */
static bool time_read(struct slice value, struct moment *moment)
{
	char plain[17];
	size_t size = 0;

	for (size_t i = 0; i < value.size && size < sizeof plain; i++) {
		if (value.at[i] == '.') {
			while (i + 1 < value.size && value.at[i + 1] >= '0' && value.at[i + 1] <= '9')
				i++;
		} else if (value.at[i] != '-' && value.at[i] != ':') {
			plain[size++] = value.at[i];
		}
	}
	return size < sizeof plain && moment_read((struct slice){ plain, size }, moment) &&
	       moment->kind == MOMENT_UTC && moment_usual(*moment);
}

int64_t changed_when(const char *data, size_t size, bool card)
{
	struct lines lines;
	int64_t modified = 0, stamped = 0;
	bool readable = lines_read(data, size, &lines);

	for (size_t i = 0; readable && i < lines.count; i++) {
		const struct line *line = &lines.items[i];
		bool is_stamp = !card && slice_is(line->name, "DTSTAMP");
		int64_t *latest = is_stamp ? &stamped : &modified;
		struct moment moment;

		if (!is_stamp && !slice_is(line->name, card ? "REV" : "LAST-MODIFIED"))
			continue;
		if (time_read(line->value, &moment) && moment.seconds > *latest)
			*latest = moment.seconds;
	}
	lines_free(&lines);
	return modified ? modified : stamped;
}
