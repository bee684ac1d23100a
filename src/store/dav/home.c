/* Home: the collections that hold the user's calendars and address books: as remembered, or discovered. */
#include "base/arena.h"
#include "base/digest.h"
#include "base/str.h"
#include "net/discover.h"
#include "store/dav/href.h"
#include "store/dav/room.h"

#include <string.h>

#define ASKED_SIZE 16 /* hexadecimal digits */
#define DAY        ((int64_t)86400)
#define AGE_MOST   (30 * DAY) /* of what was found */

/* A hash of what was configured: the homes of another configuration are not these. */
static const char *asked_of(struct dav *dav)
{
	const struct dav_options *options = &dav->options;
	struct digest_run *run = digest_begin();
	struct digest digest;
	char text[2 * DIGEST_SIZE + 1];

	digest_add(run, options->server ? options->server : "",
		   strlen(options->server ? options->server : "") + 1);
	digest_add(run, options->user ? options->user : "", strlen(options->user ? options->user : "") + 1);
	for (size_t i = 0; i < options->url_count; i++)
		digest_add(run, options->urls[i], strlen(options->urls[i]) + 1);
	digest = digest_end(run);
	str_hex(text, digest.bytes, DIGEST_SIZE);
	text[ASKED_SIZE] = '\0';
	return arena_str(dav->arena, text);
}

/* The homes that were learnt, ready to be asked. */
static const struct fail *take_learnt(struct dav *dav)
{
	const struct fail *f = NULL;

	dav->homes.count = 0;
	for (size_t i = 0; !f && i < dav->learnt.home_count; i++) {
		const struct learnt_home *learnt = &dav->learnt.homes[i];
		struct home home = {
			.target = href_target(dav->arena, "/", learnt->url),
			.calendars = learnt->calendars,
			.contacts = learnt->contacts,
			.collection = learnt->collection,
		};

		f = dav_origin(dav, learnt->url, &home.origin);
		if (!f)
			*vec_push(&dav->homes) = home;
	}
	return f;
}

/* What was found takes the place of what was known, also of what a server could not do. */
static void take_found(struct learnt *learnt, const struct discover *discover)
{
	learnt->home_count = 0;
	for (size_t i = 0; i < discover->home_count && learnt->home_count < LEARNT_HOMES; i++) {
		const struct discover_home *home = &discover->homes[i];

		learnt->homes[learnt->home_count++] = (struct learnt_home){
			.url = home->url,
			.calendars = home->calendars,
			.contacts = home->contacts,
			.collection = home->collection,
		};
	}
	for (size_t i = 0; i < learnt->origin_count; i++)
		memset(learnt->origins[i].lacks, 0, sizeof learnt->origins[i].lacks);
}

static const struct fail *discover(struct dav *dav, const char *asked, bool known)
{
	struct discover discover = {
		.server = dav->options.server,
		.urls = dav->options.urls,
		.url_count = dav->options.url_count,
		.http = &dav->http,
	};
	struct learnt *learnt = &dav->learnt;
	const struct fail *f = discover_run(&discover, dav->arena);

	dav_wait(dav, discover.retry);
	/* What is known still serves; tomorrow it is tried again. */
	if (known && (f || !discover.home_count)) {
		learnt->found = dav->options.now - AGE_MOST + DAY;
		dav_learnt(dav);
		return dav_may_ask(dav);
	}
	if (f)
		return f;
	learnt->asked = asked;
	learnt->found = dav->options.now;
	take_found(learnt, &discover);
	dav_learnt(dav);
	return NULL;
}

const struct fail *home_find(struct dav *dav, bool again, bool *found)
{
	const char *asked = asked_of(dav);
	bool known = !again && dav->learnt.home_count && strcmp(dav->learnt.asked, asked) == 0;
	bool old = dav->learnt.found + AGE_MOST <= dav->options.now || dav->learnt.found > dav->options.now;
	const struct fail *f = NULL;

	*found = !known;
	if (known && dav->homes.count)
		return NULL;
	/* A server can learn: to serve contacts, too, or what it could not do before. */
	if (!known || old)
		f = discover(dav, asked, known);
	return f ? f : take_learnt(dav);
}
