/* Slots: one request set up for libcurl, and its callbacks. */
#include "net/http_room.h"

#include "base/clock.h"
#include "base/str.h"
#include "net/race.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MOST (64 * 1024)

/* ---- callbacks ------------------------------------------------------------------------------ */

static void slot_moved(struct slot *slot)
{
	slot->moved = clock_monotonic();
}

static size_t on_line(char *data, size_t one, size_t size, void *context)
{
	struct slot *slot = context;

	(void)one;
	slot_moved(slot);
	if (!answer_line(&slot->answer, data, size))
		return 0;
	if (slot->answer.open_ended && slot->http->origin.tls)
		trust_watch(slot);
	return size;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
	struct slot *slot = context;

	(void)one;
	slot_moved(slot);
	if (!size)
		return 0;
	return answer_body(&slot->answer, data, size) ? size : 0;
}

static size_t abort_with(struct slot *slot, const struct fail *fail)
{
	slot->answer.fail = fail;
	return CURL_READFUNC_ABORT;
}

static size_t on_source(char *data, size_t one, size_t room, void *context)
{
	struct slot *slot = context;
	struct http_request *request = slot->request;
	uint64_t left = request->body_size - slot->offset;
	const struct fail *fail;
	size_t got = 0;

	slot_moved(slot);
	room *= one;
	if (!left)
		return 0;
	if (room > left)
		room = (size_t)left;
	if (request->body) {
		memcpy(data, request->body + slot->offset, room);
		got = room;
	} else {
		fail = request->source(request->source_context, slot->offset, data, room, &got);
		if (fail)
			return abort_with(slot, fail);
	}
	if (!got)
		return abort_with(slot, fail_make(FAIL_DATA, FAIL_ITEM,
						  "body ended at %llu of %llu bytes: did it change?",
						  (unsigned long long)slot->offset,
						  (unsigned long long)request->body_size));
	slot->offset += got;
	return got;
}

/* libcurl sends a body again from its beginning when a kept connection turns out to be closed. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
	struct slot *slot = context;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	slot->offset = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static int on_progress(void *context, curl_off_t in_all, curl_off_t in, curl_off_t out_all, curl_off_t out)
{
	struct slot *slot = context;

	(void)in_all;
	(void)out_all;
	if (in != slot->in || out != slot->out)
		slot_moved(slot);
	slot->in = in;
	slot->out = out;
	return 0;
}

/* Connected; the request goes out next. */
static int on_ready(void *context, char *to, char *from, int to_port, int from_port)
{
	struct slot *slot = context;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	slot->ready = true;
	slot_moved(slot);
	return CURL_PREREQFUNC_OK;
}

/* Without TLS, what is not of this machine is not even connected to. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct slot *slot = context;

	(void)purpose;
	if (!slot->http->origin.tls && !race_is_loopback(&address->addr)) {
		slot->outside = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- setting up ----------------------------------------------------------------------------- */

#define SET(option, value) http_curl.easy_setopt(slot->easy, CURLOPT_##option, value)

static bool add_line(struct slot *slot, const char *line)
{
	struct curl_slist *longer;

	for (const char *at = line; *at; at++)
		if ((unsigned char)*at < ' ' && *at != '\t')
			return false;
	longer = http_curl.slist_append(slot->lines, line);
	if (longer)
		slot->lines = longer;
	return longer;
}

static const struct fail *set_lines(struct slot *slot)
{
	/* libcurl's own lines that are not wanted are named without a value. */
	static const char *const always[] = {
		"Expect:", /* QUIRK(radicale): never answers it, and libcurl would wait for a second */
		"Accept-Encoding: " UNPACK_ACCEPTED,
	};
	const struct http_request *request = slot->request;
	struct http_login *login = &slot->http->login;
	struct buf line;
	bool good = true, typed = false;

	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		good = good && add_line(slot, always[i]);
	for (size_t i = 0; i < HTTP_HEADERS && request->headers[i]; i++) {
		good = good && add_line(slot, request->headers[i]);
		typed |= !str_ncasecmp(request->headers[i], "Content-Type:", 13);
	}
	if (!typed)
		good = good && add_line(slot, "Content-Type:");
	slot->generation = login->generation;
	if (!request->anonymous && login->scheme != LOGIN_NONE) {
		buf_init(&line, LINE_MOST);
		http_login_line(login, request->method, slot->target, &line);
		good = good && !line.over && add_line(slot, line.data);
		OPENSSL_cleanse(line.data, line.size);
		buf_free(&line);
	}
	if (!good)
		return fail_make(FAIL_DATA, FAIL_ITEM,
				 "a header line holds control characters or is too long");
	SET(HTTPHEADER, slot->lines);
	return NULL;
}

/* Methods that say nothing by a body, not even that it is empty. */
static bool method_is_bare(const char *method)
{
	static const char *const bare[] = { "GET", "HEAD", "DELETE", "OPTIONS", "MOVE", "COPY" };

	for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
		if (!strcmp(method, bare[i]))
			return true;
	return false;
}

static void set_body(struct slot *slot)
{
	struct http_request *request = slot->request;

	if (!request->body_size && method_is_bare(request->method)) {
		if (!strcmp(request->method, "HEAD"))
			SET(NOBODY, 1L);
		else
			SET(HTTPGET, 1L);
	} else if (request->source && request->body_size) {
		SET(UPLOAD, 1L);
		SET(INFILESIZE_LARGE, (curl_off_t)request->body_size);
		SET(READFUNCTION, on_source);
		SET(READDATA, slot);
		SET(SEEKFUNCTION, on_seek);
		SET(SEEKDATA, slot);
	} else {
		SET(POST, 1L); /* only the way it is sent: header and small body in one write */
		SET(POSTFIELDS, request->body_size ? request->body : "");
		SET(POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
	}
	SET(CUSTOMREQUEST, request->method);
}

static void set_connection(struct slot *slot)
{
	const struct http *http = slot->http;

	SET(URL, http->origin.origin);
	SET(REQUEST_TARGET, slot->target);
	SET(PROTOCOLS_STR, http->origin.tls ? "https" : "http");
	/* HTTP/2 by ALPN only.  QUIRK(cyrus): its h2c, offered in each answer, breaks at the second request.
	 */
	SET(HTTP_VERSION, (long)(http->origin.tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	SET(PIPEWAIT, http->streams ? 1L : 0L);
	SET(PROXY, ""); /* mail goes straight too, and who is connected to matters here */
	SET(CONNECTTIMEOUT_MS, (long)http->options.timeout * 1000);
	SET(NOSIGNAL, 1L);
	SET(QUICK_EXIT, 1L);
	SET(USERAGENT, "koc/" KOC_VERSION);
	SET(OPENSOCKETFUNCTION, on_socket);
	SET(OPENSOCKETDATA, slot);
	SET(PREREQFUNCTION, on_ready);
	SET(PREREQDATA, slot);
	if (!http->origin.tls)
		return;
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(SSL_VERIFYPEER, 1L);
	SET(SSL_VERIFYHOST, 2L);
	SET(CAINFO, (char *)NULL); /* with trust_set these would only cost time */
	SET(CAPATH, (char *)NULL);
	SET(SSL_CTX_DATA, slot);
}

static void set_callbacks(struct slot *slot)
{
	SET(PRIVATE, slot);
	SET(ERRORBUFFER, slot->error);
	SET(HEADERFUNCTION, on_line);
	SET(HEADERDATA, slot);
	SET(WRITEFUNCTION, on_body);
	SET(WRITEDATA, slot);
	SET(NOPROGRESS, 0L);
	SET(XFERINFOFUNCTION, on_progress);
	SET(XFERINFODATA, slot);
}

static void lines_free(struct slot *slot)
{
	for (struct curl_slist *line = slot->lines; line; line = line->next)
		if (str_starts(line->data, "Authorization:"))
			OPENSSL_cleanse(line->data, strlen(line->data));
	http_curl.slist_free_all(slot->lines);
	slot->lines = NULL;
}

/* Hands the slot over to libcurl. */
static const struct fail *slot_add(struct slot *slot)
{
	CURLMcode result;

	if (slot->http->origin.tls && SET(SSL_CTX_FUNCTION, trust_set))
		return fail_make(FAIL_SYSTEM, FAIL_ALL, "this libcurl lets nobody look at certificates");
	result = http_curl.multi_add_handle(slot->http->multi, slot->easy);
	if (result)
		return fail_make(FAIL_SYSTEM, FAIL_ALL, "libcurl: %s", http_curl.multi_strerror(result));
	return NULL;
}

const struct fail *slot_start(struct slot *slot, struct arena *arena)
{
	const struct fail *fail;

	if (!slot->easy) {
		slot->easy = http_curl.easy_init();
		if (!slot->easy)
			return fail_make(FAIL_SYSTEM, FAIL_ALL, "libcurl gives no handle");
		answer_init(&slot->answer);
	}
	http_curl.easy_reset(slot->easy);
	slot->verify.reason[0] = slot->error[0] = '\0';
	slot->outside = slot->ready = slot->goodbye = false;
	slot->ssl = NULL;
	slot->offset = 0;
	slot->in = slot->out = 0;
	slot->began = slot->moved = clock_monotonic();
	answer_begin(&slot->answer, slot->request, arena);
	set_connection(slot);
	set_callbacks(slot);
	set_body(slot);
	fail = set_lines(slot);
	if (!fail)
		fail = slot_add(slot);
	if (fail)
		lines_free(slot);
	return fail;
}

static uint64_t told(struct slot *slot, CURLINFO info)
{
	curl_off_t count = 0;

	http_curl.easy_getinfo(slot->easy, info, &count);
	return count > 0 ? (uint64_t)count : 0;
}

static uint64_t told_long(struct slot *slot, CURLINFO info)
{
	long count = 0;

	http_curl.easy_getinfo(slot->easy, info, &count);
	return count > 0 ? (uint64_t)count : 0;
}

void slot_stop(struct slot *slot)
{
	struct http_counts *counts = &slot->http->counts;
	uint64_t sent = told_long(slot, CURLINFO_REQUEST_SIZE);

	counts->requests += sent > 0;
	counts->connections += told_long(slot, CURLINFO_NUM_CONNECTS);
	counts->in += told(slot, CURLINFO_SIZE_DOWNLOAD_T) + told_long(slot, CURLINFO_HEADER_SIZE);
	counts->out += sent + told(slot, CURLINFO_SIZE_UPLOAD_T);
	http_curl.multi_remove_handle(slot->http->multi, slot->easy);
	lines_free(slot);
}

void slot_free(struct slot *slot)
{
	lines_free(slot);
	if (!slot->easy)
		return;
	http_curl.easy_cleanup(slot->easy);
	answer_free(&slot->answer);
}
