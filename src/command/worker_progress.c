/* Progress of workers: folders at work, items, bytes, rate, time left; of all of them in one line. */
#include "command/worker_progress.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/terminal.h"
#include "command/table.h"
#include "command/worker.h"

#include <inttypes.h>

#define PROGRESS_GAP 100  /* milliseconds between two lines */
#define SURE_AFTER   2000 /* milliseconds until a rate says something about the time left */

/* Have PROGRESS_GAP passed since it was true last? */
static bool gap_passed(void)
{
	static int64_t last;
	int64_t now;

	if (log_level() < LOG_NORMAL || !terminal_is())
		return false;
	now = clock_monotonic();
	if (now - last < PROGRESS_GAP)
		return false;
	last = now;
	return true;
}

bool progress_due(void)
{
	return gap_passed();
}

void progress_show(const struct worker *workers, size_t count)
{
	static int64_t began;
	uint64_t items = 0, items_all = 0, bytes = 0;
	struct arena *arena;
	struct buf who;
	const char *left = "";
	int64_t spent;

	if (began == 0)
		began = clock_monotonic();
	for (size_t i = 0; i < count; i++) {
		items += workers[i].progress.items;
		items_all += workers[i].progress.items_all;
		bytes += workers[i].progress.bytes;
	}
	if (items_all == 0 || !gap_passed())
		return;
	arena = arena_new();
	buf_init(&who, 1024);
	for (size_t i = 0; i < count; i++)
		if (workers[i].pid > 0 && workers[i].progress.items_all > 0)
			buf_addf(&who, "%s%s: %s", who.size ? ", " : "", workers[i].name,
				 workers[i].progress.folder);
	spent = clock_monotonic() - began;
	if (items > 0 && items < items_all && spent > SURE_AFTER) {
		int64_t seconds = spent / 1000 * (int64_t)(items_all - items) / (int64_t)items;

		left = arena_printf(arena, ", %" PRId64 ":%02" PRId64 " left", seconds / 60,
				    seconds % 60);
	}
	terminal_progress("%s: %" PRIu64 " of %" PRIu64 " items, %s, %s/s%s", who.data, items, items_all,
			  table_size(arena, bytes),
			  table_size(arena, spent > 0 ? bytes * 1000 / (uint64_t)spent : 0), left);
	buf_free(&who);
	arena_free(arena);
}
