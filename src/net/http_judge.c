/* Verdicts: what the end of a request means, for it and for the rest of the call. */
#include "net/http_room.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

#define HOPS   5
#define LOGINS 4 /* times that one request is sent again with a new Authorization line */
#define CUTS   4 /* answers cut one after the other: the server is not well */

/* ---- ends of requests ----------------------------------------------------------------------- */

static void trace(const struct slot *slot)
{
	const struct http_request *request = slot->request;

	if (!slot->http->options.trace)
		return;
	if (request->fail)
		log_line(LOG_WIRE, "%s %s: %s", request->method, slot->target, request->fail->text);
	else
		log_line(LOG_WIRE, "%s %s: %d, %llu bytes", request->method, slot->target, request->status,
			 (unsigned long long)slot->answer.size);
}

static void run_fail(struct run *run, const struct fail *fail)
{
	if (!run->fail)
		run->fail = fail;
}

/* The request is over, whatever became of it. */
static void slot_end(struct run *run, struct slot *slot)
{
	struct http_request *request = slot->request;
	const struct fail *fail = NULL;

	if (!request->fail)
		request->url = arena_printf(run->arena, "%s%s", run->http->origin.origin, slot->target);
	trace(slot);
	slot->request = NULL;
	run->active--;
	if (run->done)
		fail = run->done(run->context, request);
	if (fail) {
		run_fail(run, fail);
		run->stop = true;
	}
}

void slot_fail(struct run *run, struct slot *slot, const struct fail *fail)
{
	slot->request->fail = fail;
	if (fail->scope > FAIL_FOLDER)
		run_fail(run, fail); /* of more than this request: it ends the call too */
	slot_end(run, slot);
}

void slot_go(struct run *run, struct slot *slot)
{
	const struct fail *fail = slot_start(slot, run->arena);

	if (fail)
		slot_fail(run, slot, fail);
}

/* ---- verdicts: no answer, or half a one ------------------------------------------------------ */

/* Methods that change nothing: they follow redirects, and are tried once more. */
static bool method_is_safe(const char *method)
{
	static const char *const safe[] = { "GET", "HEAD", "PROPFIND", "REPORT", "OPTIONS" };

	for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
		if (!strcmp(method, safe[i]))
			return true;
	return false;
}

static const struct fail *connect_fail(const struct slot *slot, CURLcode result)
{
	const struct http_url *origin = &slot->http->origin;
	long error = 0;

	if (slot->outside)
		return fail_make(FAIL_TLS, FAIL_ACCOUNT, "%s is no loopback address: refused without TLS",
				 origin->host);
	http_curl.easy_getinfo(slot->easy, CURLINFO_OS_ERRNO, &error);
	slot->request->closed = result == CURLE_COULDNT_CONNECT && error == ECONNREFUSED;
	if (result == CURLE_COULDNT_RESOLVE_HOST)
		return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "cannot find %s port %s: %s", origin->host,
				 origin->port, slot->error);
	return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "cannot connect to %s port %s: %s", origin->host,
			 origin->port, error ? strerror((int)error) : slot->error);
}

static const struct fail *timeout_fail(const struct slot *slot)
{
	const struct http *http = slot->http;

	if (!slot->ready)
		return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "cannot connect to %s port %s within %d s",
				 http->origin.host, http->origin.port, http->options.timeout);
	return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "no answer from the server for %d s",
			 http->options.timeout);
}

static const struct fail *transfer_fail(const struct slot *slot, CURLcode result)
{
	const char *why = slot->error[0] ? slot->error : http_curl.easy_strerror(result);

	switch ((int)result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return connect_fail(slot, result);
	case CURLE_OPERATION_TIMEDOUT:
		return timeout_fail(slot);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
		return trust_explain(slot);
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return fail_make(FAIL_UNREACHABLE, FAIL_ITEM, "%s: %s",
				 slot->answer.header_lines ? "answer is cut" : "closed without an answer",
				 why);
	default:
		return fail_make(FAIL_PROTOCOL, FAIL_ITEM, "%s", why);
	}
}

/* Was the connection lost before anything of an answer came? */
static bool transfer_lost(const struct slot *slot, CURLcode result)
{
	switch ((int)result) {
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return !slot->answer.header_lines;
	default:
		return false;
	}
}

/* Puts the request back, to be started when there is a connection for it. */
static void slot_back(struct run *run, struct slot *slot)
{
	run->back[run->back_count++] = slot->request;
	slot->request = NULL;
	run->active--;
	run->most = run->active ? run->active : 1;
	if (!run->active)
		run->answered = false; /* once more, not for ever */
}

/* What libcurl could not bring to an end. */
static void judge_transfer(struct run *run, struct slot *slot, CURLcode result)
{
	const struct fail *fail;

	if (transfer_lost(slot, result) && !slot->again && !run->fail &&
	    method_is_safe(slot->request->method)) {
		slot->again = true;
		slot_go(run, slot);
		return;
	}
	/* Others are served: this server lets us have no more connections than those. */
	if (result == CURLE_COULDNT_CONNECT && !slot->outside && !run->fail &&
	    (run->active > 1 || run->answered)) {
		slot_back(run, slot);
		return;
	}
	fail = transfer_fail(slot, result);
	if (fail->scope == FAIL_ITEM && fail->code == FAIL_UNREACHABLE && ++run->cuts >= CUTS)
		fail = fail_scoped(fail, FAIL_ACCOUNT);
	slot_fail(run, slot, fail);
}

/* ---- verdicts: answers ---------------------------------------------------------------------- */

/* 401. */
static void judge_login(struct run *run, struct slot *slot)
{
	struct http_request *request = slot->request;
	struct http_login *login = &run->http->login;

	if (!request->anonymous && login->scheme != LOGIN_NONE && slot->logins < LOGINS &&
	    http_login_again(login, slot->generation, slot->answer.challenges.data)) {
		slot->logins++;
		slot_go(run, slot);
		return;
	}
	if (request->anonymous)
		slot_end(run, slot);
	else
		slot_fail(run, slot,
			  fail_make(FAIL_LOGIN, FAIL_ACCOUNT, "%s",
				    login->scheme == LOGIN_NONE ? "server wants a login" : "login refused"));
}

/* Takes the answer's Location apart, and makes it absolute; NULL if it cannot be. */
static const char *location_read(struct run *run, const struct slot *slot, struct http_url *url)
{
	struct http_request *request = slot->request;
	const char *here = arena_printf(run->arena, "%s%s", run->http->origin.origin, slot->target);
	const char *location = request->location, *target = NULL;

	request->location = NULL;
	if (!http_url_parse(location, here, url, run->arena))
		target = http_url_target(url->target, run->arena);
	if (target)
		request->location = arena_printf(run->arena, "%s%s", url->origin, target);
	return target;
}

/* Where the answer redirects to; a fail says why nobody goes there. */
static const struct fail *redirect_target(struct run *run, struct slot *slot, const char **target)
{
	struct http_request *request = slot->request;
	const char *location = request->location;
	struct http_url url;

	*target = location_read(run, slot, &url);
	if (!*target)
		return fail_make(FAIL_PROTOCOL, FAIL_ITEM, "redirected to a URL that is none: %.200s",
				 location);
	if (strcmp(url.origin, run->http->origin.origin) != 0)
		return fail_make(FAIL_REFUSED, FAIL_ITEM, "redirected to another origin, %s", url.origin);
	/* 303 asks for a GET, which is not what any other method wants to know. */
	if (!method_is_safe(request->method) ||
	    (request->status == 303 && strcmp(request->method, "GET") != 0))
		return fail_make(FAIL_REFUSED, FAIL_ITEM, "%s was redirected to %s: not followed",
				 request->method, *target);
	if (slot->hops == HOPS)
		return fail_make(FAIL_REFUSED, FAIL_ITEM, "redirected more than %d times", HOPS);
	return NULL;
}

static void judge_redirect(struct run *run, struct slot *slot)
{
	const struct fail *fail;
	const char *target = NULL;

	fail = redirect_target(run, slot, &target);
	if (fail) {
		slot_fail(run, slot, fail);
		return;
	}
	slot->hops++;
	slot->again = false;
	slot->target = target;
	slot_go(run, slot);
}

/* "Come back later." */
static void judge_wait(struct run *run, struct slot *slot, int64_t when)
{
	struct http *http = run->http;
	const struct fail *fail;
	char text[20];

	if (when) {
		clock_text(when, text);
		fail = fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "the server asks to wait until %s", text);
	} else {
		fail = fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "the server asks to wait, and not how long");
	}
	http->waiting = true;
	if (when > http->retry)
		http->retry = when;
	slot_fail(run, slot, fail);
}

static bool status_redirects(int status)
{
	return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

/* Any other answer is the caller's to judge. */
static void judge_status(struct run *run, struct slot *slot)
{
	struct http_url url;

	if (slot->request->location)
		location_read(run, slot, &url);
	slot_end(run, slot);
}

static void judge_answer(struct run *run, struct slot *slot)
{
	struct http_request *request = slot->request;
	const struct fail *fail;
	int64_t when;

	fail = answer_end(&slot->answer);
	if (!fail && slot->ssl && !slot->goodbye)
		fail = fail_make(FAIL_UNREACHABLE, FAIL_ITEM, "answer is cut: TLS did not tell its end");
	if (fail) {
		slot_fail(run, slot, fail);
		return;
	}
	run->cuts = 0;
	run->answered = true;
	if (request->status != 401 && !request->anonymous)
		run->http->login.accepted = true;
	if (answer_waits(&slot->answer, &when))
		judge_wait(run, slot, when);
	else if (request->status == 401)
		judge_login(run, slot);
	else if (status_redirects(request->status) && request->location)
		judge_redirect(run, slot);
	else
		judge_status(run, slot);
}

void judge_end(struct run *run, struct slot *slot, CURLcode result)
{
	struct http *http = run->http;
	const struct fail *fail = slot->answer.fail;
	long version = 0;

	http_curl.easy_getinfo(slot->easy, CURLINFO_HTTP_VERSION, &version);
	if (version == CURL_HTTP_VERSION_2_0 && !http->streams) {
		http->streams = true;
		run->most = HTTP_STREAMS;
	}
	slot_stop(slot);
	if (fail) {
		/* Of whatever scope a sink says it is: what else is asked for is the caller's business. */
		slot->request->fail = fail;
		slot_end(run, slot);
	} else if (result != CURLE_OK) {
		judge_transfer(run, slot, result);
	} else {
		judge_answer(run, slot);
	}
}

void judge_silence(struct run *run, struct slot *slot)
{
	int64_t now = clock_monotonic();
	const struct fail *fail;

	slot_stop(slot);
	if (now - slot->moved >= (int64_t)run->http->options.timeout * 1000)
		fail = timeout_fail(slot);
	else
		fail = fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT,
				 "answer comes too slowly: %lld bytes in %lld s",
				 (long long)(slot->in + slot->out), (long long)(now - slot->began) / 1000);
	slot_fail(run, slot, fail);
}
