/* Ask: requests in flight together. */
#include "store/dav/ask.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define SAID_MOST      ((size_t)64 * 1024) /* of a multistatus to a method that needs none */
#define RESPONSES_MOST 200000
#define DETAIL_MOST    300

/* ---- filling ------------------------------------------------------------------------------ */

void asks_begin(struct asks *asks, struct dav *dav, struct arena *arena)
{
	*asks = (struct asks){ .dav = dav, .arena = arena };
}

struct ask *asks_add(struct asks *asks, struct origin *origin, const char *method, const char *target)
{
	struct ask *ask = memory_alloc(sizeof *ask);

	ask->asks = asks;
	ask->origin = origin;
	ask->http.method = method;
	ask->http.target = target;
	ask->condition = ask->detail = "";
	buf_init(&ask->said, SAID_MOST);
	*vec_push(&asks->list) = ask;
	return ask;
}

void ask_header(struct ask *ask, const char *line)
{
	if (ask->header_count < HTTP_HEADERS)
		ask->http.headers[ask->header_count++] = line;
}

void ask_xml(struct ask *ask, const char *xml)
{
	ask_header(ask, "Content-Type: application/xml; charset=utf-8");
	ask->http.body = xml;
	ask->http.body_size = strlen(xml);
}

void ask_multistatus(struct ask *ask, const char *depth, xml_response_done *each, void *context)
{
	if (depth)
		ask_header(ask, depth);
	ask->multistatus = true;
	ask->each = each;
	ask->context = context;
}

void asks_end(struct asks *asks)
{
	for (size_t i = 0; i < asks->list.count; i++) {
		struct ask *ask = asks->list.items[i];

		xml_free(ask->xml);
		buf_free(&ask->said);
		free(ask);
	}
	vec_free(&asks->list);
}

/* ---- answers ------------------------------------------------------------------------------ */

static const struct fail *each_response(void *context, const struct xml_response *response)
{
	struct ask *ask = context;
	const struct fail *f = ask->asks->stop;

	return f || !ask->each ? f : ask->each(ask->context, response);
}

static const struct fail *take(void *context, const char *data, size_t size)
{
	struct ask *ask = context;

	if (ask->asks->stop)
		return ask->asks->stop;
	if (!ask->multistatus) {
		buf_add(&ask->said, data, size);
		return NULL;
	}
	if (!ask->xml)
		ask->xml = xml_begin(&(struct xml_limits){ .responses = RESPONSES_MOST }, each_response, ask);
	return xml_add(ask->xml, data, size);
}

/* The worst that the responses of a multistatus say, which was no answer to PROPFIND or REPORT. */
static const struct fail *worst_response(void *context, const struct xml_response *response)
{
	struct ask *ask = context;
	int status = response->status;

	for (size_t i = 0; i < response->property_count; i++)
		if (response->properties[i].status > status)
			status = response->properties[i].status;
	if (status < 300 || status <= ask->status)
		return NULL;
	ask->status = status;
	ask->condition = arena_str(ask->asks->arena, response->error ? response->error : "");
	ask->detail = arena_str(ask->asks->arena, response->description ? response->description : "");
	return NULL;
}

static const struct fail *read_said(struct ask *ask)
{
	struct xml *xml = xml_begin(&(struct xml_limits){ 0 }, worst_response, ask);
	const struct fail *f = xml_add(xml, ask->said.data, ask->said.size);

	if (!f)
		f = xml_end(xml);
	xml_free(xml);
	return fail_scoped(f, FAIL_ITEM);
}

static void read_error(struct ask *ask)
{
	const struct http_request *http = &ask->http;
	struct buf condition, detail;

	buf_init(&condition, DETAIL_MOST);
	buf_init(&detail, 16 * DETAIL_MOST);
	if (http->text && http->type && str_starts(http->type, "text/plain"))
		buf_add(&detail, http->text, strnlen(http->text, DETAIL_MOST));
	else if (http->text)
		xml_error(http->text, http->text_size, &condition, &detail);
	ask->condition = arena_str(ask->asks->arena, condition.data);
	ask->detail = arena_str(ask->asks->arena, detail.data);
	buf_free(&condition);
	buf_free(&detail);
}

/* An answer is complete, or will not come. */
static void judge(struct ask *ask)
{
	bool ok = ask->http.status >= 200 && ask->http.status < 300;

	ask->judged = true;
	ask->fail = ask->http.fail;
	if (ask->fail)
		return;
	ask->status = ask->http.status;
	if (!ok) {
		read_error(ask);
	} else if (ask->multistatus && (ask->status != 207 || !ask->xml)) {
		ask->fail = fail_make(FAIL_PROTOCOL, FAIL_FOLDER, "%s: the answer is no multistatus",
				      ask->http.method);
	} else if (ask->multistatus) {
		ask->fail = xml_end(ask->xml);
		if (!ask->fail && xml_sync_token(ask->xml))
			ask->sync_token = arena_str(ask->asks->arena, xml_sync_token(ask->xml));
	} else if (ask->status == 207) {
		ask->fail = read_said(ask);
	}
	xml_free(ask->xml);
	ask->xml = NULL;
}

/* ---- running ------------------------------------------------------------------------------ */

/* The requests of a flight to one origin, in one array as http_run wants them. */
struct batch {
	struct asks *asks;
	struct http_request *requests;
	struct ask **of;
	size_t count;
};

static const struct fail *answered(void *context, struct http_request *request)
{
	struct batch *batch = context;
	struct ask *ask = batch->of[request - batch->requests];
	const struct fail *f = batch->asks->stop;

	ask->http = *request;
	judge(ask);
	if (!f && ask->done)
		f = ask->done(ask->context, ask);
	if (f)
		batch->asks->stop = f;
	return f;
}

static const struct fail *batch_run(struct batch *batch, struct origin *origin)
{
	struct asks *asks = batch->asks;
	const struct fail *f;

	batch->count = 0;
	for (size_t i = 0; i < asks->list.count; i++) {
		struct ask *ask = asks->list.items[i];

		if (ask->origin != origin)
			continue;
		ask->http.sink = take;
		ask->http.sink_context = ask;
		batch->requests[batch->count] = ask->http;
		batch->of[batch->count++] = ask;
	}
	if (!batch->count)
		return NULL;
	f = http_run(origin->http, batch->requests, batch->count, answered, batch, asks->arena);
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->of[i]->judged)
			continue;
		batch->of[i]->http = batch->requests[i];
		judge(batch->of[i]);
	}
	dav_wait(asks->dav, http_retry(origin->http));
	return asks->stop ? asks->stop : f;
}

const struct fail *asks_run(struct asks *asks)
{
	struct dav *dav = asks->dav;
	struct batch batch = { .asks = asks };
	const struct fail *f = NULL;

	if (!asks->list.count)
		return NULL;
	batch.requests = memory_alloc(asks->list.count * sizeof *batch.requests);
	batch.of = memory_alloc(asks->list.count * sizeof(struct ask *));
	for (size_t i = 0; !f && i < dav->origins.count; i++)
		f = batch_run(&batch, dav->origins.items[i]);
	free(batch.requests);
	free(batch.of);
	/* Those not even tried. */
	for (size_t i = 0; i < asks->list.count; i++)
		if (!asks->list.items[i]->judged)
			asks->list.items[i]->fail =
				f ? f : fail_make(FAIL_CONFIG, FAIL_ACCOUNT, "a server that is not known");
	return f;
}

/* ---- what answers mean -------------------------------------------------------------------- */

bool ask_ok(const struct ask *ask)
{
	return !ask->fail && ask->status >= 200 && ask->status < 300;
}

static enum fail_code code_of(const struct ask *ask)
{
	static const struct {
		const char *condition;
		enum fail_code code;
	} conditions[] = {
		{ "quota-not-exceeded", FAIL_QUOTA },
		{ "sufficient-disk-space", FAIL_QUOTA },
		{ "need-privileges", FAIL_DENIED },
	};

	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		if (strcmp(ask->condition, conditions[i].condition) == 0)
			return conditions[i].code;
	switch (ask->status) {
	case 404:
	case 410:
		return FAIL_MISSING;
	case 507:
		return FAIL_QUOTA;
	case 502:
	case 503:
	case 504:
		return FAIL_UNREACHABLE;
	default:
		return FAIL_REFUSED;
	}
}

/* The server's words on one line, not too many. */
static const char *words(struct arena *arena, const char *text)
{
	char *line = arena_strn(arena, text, strnlen(text, DETAIL_MOST));

	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return line;
}

const struct fail *ask_fail(const struct ask *ask, enum fail_scope scope)
{
	struct arena *arena = ask->asks->arena;

	if (ask->fail || ask_ok(ask))
		return ask->fail;
	if (ask->status >= 300 && ask->status < 400)
		return fail_make(FAIL_REFUSED, scope, "%s: redirected to %s", ask->http.method,
				 ask->http.location ? words(arena, ask->http.location) : "nowhere");
	return fail_make(code_of(ask), scope, "%s: %d%s%s%s%s", ask->http.method, ask->status,
			 *ask->condition ? " " : "", words(arena, ask->condition), *ask->detail ? ": " : "",
			 words(arena, ask->detail));
}

bool ask_uid_conflict(const struct ask *ask)
{
	return strcmp(ask->condition, "no-uid-conflict") == 0 ||
	       strcmp(ask->condition, "unique-scheduling-object-resource") == 0;
}
