/* Compress: measures how fast bodies come, and turns on COMPRESS=DEFLATE (RFC 4978) where that
 * pays.
 *
 * It pays where the link is slower than the server deflates, about 35 MB/s; not in a run that reads
 * little. Bodies that come slowly over a short way come from a busy machine, which deflating would
 * make slower. */
#include "store/imap/compress.h"

#include "base/arena.h"

#define MEASURE_BYTES ((uint64_t)4 << 20)
#define SLOW_PER_MS   ((uint64_t)30000)
#define MUCH_BYTES    ((uint64_t)8 << 20)
#define FAR_MS        10
#define FAR_TRIPS     4 /* more, to be sure */

bool compress_measuring(const struct imap *imap)
{
	return session_can(&imap->session, CAP_COMPRESS) && imap->speed.bytes < MEASURE_BYTES;
}

void compress_measured(struct imap *imap, uint64_t bytes, uint64_t messages, int64_t milliseconds)
{
	imap->speed.bytes += bytes;
	imap->speed.messages += messages;
	imap->speed.milliseconds += (uint64_t)milliseconds;
}

/* Is there much to come, and does it come slowly? */
static bool might_pay(const struct imap *imap, uint64_t left)
{
	uint64_t rest;

	if (!session_can(&imap->session, CAP_COMPRESS) || imap->session.compressed ||
	    imap->speed.bytes < MEASURE_BYTES ||
	    imap->speed.bytes > imap->speed.milliseconds * SLOW_PER_MS)
		return false;
	rest = left * (imap->speed.bytes / (imap->speed.messages + 1));
	if (imap->speed.expected > imap->speed.bytes + rest)
		rest = imap->speed.expected - imap->speed.bytes;
	return rest >= MUCH_BYTES;
}

/* Is it a long way to the server? */
static const struct fail *measure_way(struct session *session, struct flight *flight, bool *far)
{
	const struct fail *f = NULL;

	for (int i = 0; i < FAR_TRIPS && !f && session->trip >= FAR_MS; i++) {
		flight->commands.count = 0;
		flight_add(flight, NULL, NULL, "NOOP");
		f = flight_run(flight, session);
	}
	flight->commands.count = 0;
	*far = session->trip >= FAR_MS;
	return f;
}

const struct fail *compress_if_it_pays(struct imap *imap, uint64_t left)
{
	struct session *session = &imap->session;
	struct arena *arena;
	struct flight flight;
	struct command *command;
	const struct fail *f;
	bool far = false;

	if (!might_pay(imap, left))
		return NULL;
	session->capabilities &= ~(uint32_t)CAP_COMPRESS; /* one try */
	arena = arena_new();
	flight_begin(&flight, arena);
	f = measure_way(session, &flight, &far);
	if (f || !far)
		goto out;
	command = flight_add(&flight, NULL, NULL, "COMPRESS DEFLATE");
	f = flight_run(&flight, session);
	if (f || command->verdict != VERDICT_OK)
		goto out;
	if (!incoming_empty(&session->gate.incoming))
		f = fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT,
			      "the server sent something behind its answer to COMPRESS");
	else
		f = connect_compress(session->connection);
	session->compressed = true;
	if (f)
		session_drop(session);
out:
	flight_end(&flight);
	arena_free(arena);
	return f;
}
