/* Put: sending an item. */
#include "store/dav/put.h"

#include "base/arena.h"
#include "base/step.h"
#include "store/dav/href.h"
#include "store/dav/item.h"

#include <string.h>

/* One body on its way. */
struct sending {
	struct asks *asks;
	struct body *body;
};

const char *put_condition(struct arena *arena, const char *revision)
{
	if (!revision)
		return "If-None-Match: *";
	return arena_printf(arena, "If-Match: %s", item_is_strong(revision) ? revision : "*");
}

static const struct fail *send(void *context, uint64_t offset, char *data, size_t room, size_t *got)
{
	struct sending *sending = context;
	const struct fail *f = offset ? NULL : step("put");

	if (f) {
		sending->asks->stop = f;
		return f;
	}
	return body_read(sending->body, offset, data, room, got);
}

struct ask *put_add(struct asks *asks, struct collection *collection, const char *ref, struct body *body,
		    const char *condition)
{
	const struct flavour_traits *traits = flavour_traits(collection->flavour);
	struct ask *ask =
		asks_add(asks, collection->origin, "PUT", item_target(asks->arena, collection, ref));
	struct sending *sending = arena_alloc(asks->arena, sizeof *sending);

	*sending = (struct sending){ asks, body };
	ask_header(ask, arena_printf(asks->arena, "Content-Type: %s", traits->mime));
	if (condition)
		ask_header(ask, condition);
	ask->http.source = send;
	ask->http.source_context = sending;
	ask->http.body_size = body->size;
	collection->wrote = true;
	collection->ctag_old = true;
	return ask;
}

const char *put_ref(const struct ask *ask, const struct collection *collection, const char *ref)
{
	struct arena *arena = ask->asks->arena;
	const char *location = ask->http.location, *there, *sent;

	/* QUIRK(google): a new card is stored under another name. */
	if (!location || ask->status != 201)
		return ref;
	there = href_norm(arena, collection->target, location);
	sent = href_norm(arena, collection->target, ref);
	if (!there || !sent || strcmp(there, sent) == 0 || !href_below(there, collection->norm))
		return ref;
	return item_ref(collection, location + href_origin(location));
}

bool put_is_open(const struct ask *ask)
{
	return ask->fail && (ask->fail->code == FAIL_UNREACHABLE || ask->fail->code == FAIL_PROTOCOL);
}
