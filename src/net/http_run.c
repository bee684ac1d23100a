/* Runs: which requests of a call are under way, and for how long. */
#include "net/http_room.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include <string.h>

#define UNPROVEN                                                                                             \
	2              /* in flight at a time before the login was accepted: a wrong password is not         \
			* tried eight times at once, which would lock the user out of some servers */
#define SLOWNESS  10   /* one request may last so many timeouts, … */
#define SLOW_RATE 1024 /* … and one second more for so many bytes that moved */

/* The target as it is sent, or why the request cannot be. */
static const struct fail *request_target(struct run *run, const struct http_request *request,
					 const char **target)
{
	struct http_url url = { .target = request->target, .origin = run->http->origin.origin };
	const char *wrong;

	if (request->target[0] != '/') {
		wrong = http_url_parse(request->target, NULL, &url, run->arena);
		if (wrong)
			return fail_make(FAIL_DATA, FAIL_ITEM, "URL %.200s: %s", request->target, wrong);
		if (strcmp(url.origin, run->http->origin.origin) != 0)
			return fail_make(FAIL_REFUSED, FAIL_ITEM, "URL is of another origin, %s", url.origin);
	}
	*target = http_url_target(url.target, run->arena);
	if (!*target)
		return fail_make(FAIL_DATA, FAIL_ITEM, "%.200s cannot be asked for over HTTP",
				 request->target);
	return NULL;
}

static void request_begin(struct run *run, struct slot *slot, struct http_request *request)
{
	const struct fail *fail;

	slot->request = request;
	slot->hops = slot->logins = 0;
	slot->again = false;
	slot->target = request->target;
	slot->answer.size = 0;
	run->active++;
	fail = request_target(run, request, &slot->target);
	if (fail)
		slot_fail(run, slot, fail);
	else
		slot_go(run, slot);
}

/* How many may be under way now. */
static size_t run_room(const struct run *run)
{
	const struct http_login *login = &run->http->login;
	bool proven = login->scheme == LOGIN_NONE || login->accepted;

	return proven || run->most < UNPROVEN ? run->most : UNPROVEN;
}

static bool run_waits(const struct run *run)
{
	return !run->fail && (run->back_count || run->next < run->count);
}

static void run_fill(struct run *run)
{
	struct slot *slot = run->http->slots;

	while (run_waits(run) && run->active < run_room(run)) {
		while (slot->request)
			slot++;
		request_begin(run, slot,
			      run->back_count ? run->back[--run->back_count] : &run->requests[run->next++]);
	}
}

static void run_finish(struct run *run)
{
	CURLMsg *message;
	int left;

	while (!run->stop && (message = http_curl.multi_info_read(run->http->multi, &left))) {
		char *slot = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		http_curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
		judge_end(run, (struct slot *)(void *)slot, message->data.result);
	}
}

/* Milliseconds until the request has lasted too long without progress, or all in all. */
static int64_t slot_left(const struct slot *slot, int64_t now)
{
	int64_t timeout = (int64_t)slot->http->options.timeout * 1000;
	int64_t bytes = slot->in + slot->out;
	int64_t quiet = slot->moved + timeout - now;
	int64_t all = slot->began + SLOWNESS * timeout + bytes / SLOW_RATE * 1000 - now;

	return quiet < all ? quiet : all;
}

/* Ends what has lasted too long; returns how long to wait for others, at most. */
static int run_deadlines(struct run *run)
{
	int64_t now = clock_monotonic(), left, least = 1000;

	for (size_t i = 0; i < HTTP_STREAMS; i++) {
		struct slot *slot = &run->http->slots[i];

		if (!slot->request || !slot->ready)
			continue; /* libcurl itself ends connecting */
		left = slot_left(slot, now);
		if (left <= 0) {
			judge_silence(run, slot);
		} else if (left < least) {
			least = left;
		}
	}
	return (int)least;
}

/* Drops what is under way, and says of what was not done why. */
static void run_close(struct run *run)
{
	for (size_t i = 0; i < HTTP_STREAMS; i++) {
		struct slot *slot = &run->http->slots[i];

		if (!slot->request)
			continue;
		slot_stop(slot);
		slot->request->fail = run->fail;
		slot->request = NULL;
	}
	while (run->back_count)
		run->back[--run->back_count]->fail = run->fail;
	while (run->next < run->count)
		run->requests[run->next++].fail = run->fail;
}

static void run_loop(struct run *run)
{
	CURLM *multi = run->http->multi;
	CURLMcode result = CURLM_OK;
	int running, wait;

	for (;;) {
		run_fill(run);
		if (run->stop || !run->active)
			return;
		result = http_curl.multi_perform(multi, &running);
		if (result)
			break;
		run_finish(run);
		wait = run_deadlines(run);
		if (run->stop || !running || !run->active || (run_waits(run) && run->active < run_room(run)))
			continue;
		result = http_curl.multi_poll(multi, NULL, 0, wait, NULL);
		if (result)
			break;
	}
	if (!run->fail)
		run->fail = fail_make(FAIL_SYSTEM, FAIL_ALL, "libcurl: %s", http_curl.multi_strerror(result));
}

const struct fail *http_run(struct http *http, struct http_request *requests, size_t count, http_done *done,
			    void *context, struct arena *arena)
{
	struct run run = {
		.http = http,
		.arena = arena,
		.requests = requests,
		.count = count,
		.most = http->streams ? HTTP_STREAMS : (size_t)http->options.connections,
		.done = done,
		.context = context,
	};

	for (size_t i = 0; i < count; i++)
		requests[i].fail = NULL;
	if (http->waiting && clock_now() < http->retry)
		run.fail = fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "the server asked to wait");
	run_loop(&run);
	run_close(&run);
	return run.fail;
}
