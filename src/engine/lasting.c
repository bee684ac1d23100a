/* Lasting: servers that name a message's content wherever it lies spare the reading of its header. */
#include "base/map.h"
#include "engine/content.h"
#include "format/mail.h"

/* The rows of messages that differ although the server calls them alike. */
static const struct row no_row;

static bool same_print(const struct print *a, const struct print *b)
{
	return a->size == b->size && digest_equal(&a->head, &b->head);
}

/* By what the server calls their messages: rows that something happened to. */
static struct map *rows_by_lasting(const struct run *run)
{
	struct map *rows = map_new();

	for (size_t i = 0; i < run->matches.count; i++) {
		const struct row *row = run->matches.items[i]->row, *other = NULL;

		if (!row || !row->lasting || !digest_known(&row->print.head))
			continue;
		other = map_get(rows, row->lasting);
		if (other && !same_print(&row->print, &other->print))
			row = &no_row;
		if (other != &no_row)
			map_set(rows, run->matches.items[i]->row->lasting, (void *)(uintptr_t)row);
	}
	for (size_t i = 0; i < run->matches.count; i++) {
		const struct match *match = run->matches.items[i];
		const struct row *row = match->lasting ? map_get(rows, match->lasting) : NULL;

		if (row && match->size && !mail_size_close(row->print.size, match->size))
			map_set(rows, match->lasting, (void *)(uintptr_t)&no_row);
	}
	return rows;
}

/* What a row knows of a message's content holds of every message that the server calls alike: its header need
 * not be read. */
void lasting_know(struct run *run)
{
	struct map *rows = rows_by_lasting(run);

	for (size_t i = 0; i < run->matches.count; i++) {
		struct match *match = run->matches.items[i];
		const struct row *row = match->lasting ? map_get(rows, match->lasting) : NULL;

		if (!row || row == &no_row || !is_new_there(match) || match->looked[SERVER])
			continue;
		match->print = row->print;
		match->looked[SERVER] = true;
	}
	map_free(rows);
}
