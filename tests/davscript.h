/* A DAV server that says what a test wants, and the driver connected to it: one connection, so that requests
 * come one after the other.  The server is a forked process with a script; both sides must be content. */
#ifndef KOC_TESTS_DAVSCRIPT_H
#define KOC_TESTS_DAVSCRIPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "peer.h"
#include "store/dav/dav.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One request and its answer.  The request must be `request` ("PUT /cal/a.ics"), contain each of `has`
 * anywhere in its header or body, and not `lacks`.  `status` "CUT" closes without an answer, "HALF" in the
 * middle of a body of 207; a header "Connection: close" is obeyed. */
struct exchange {
	const char *request;
	const char *has[5];
	const char *lacks;
	const char *status;
	const char *headers; /* whole lines, "ETag: \"1\"\r\n" */
	const char *body;
};

/* ---- answers -------------------------------------------------------------------------------- */

#define MULTISTATUS(responses)                                                                            \
	"<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\"" \
	" xmlns:A=\"urn:ietf:params:xml:ns:carddav\" xmlns:S=\"http://calendarserver.org/ns/\">" responses \
	"</D:multistatus>"
#define RESPONSE(href, rest) "<D:response><D:href>" href "</D:href>" rest "</D:response>"
#define PROPS(props)                                                                                      \
	"<D:propstat><D:prop>" props "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
#define STATUS(status) "<D:status>HTTP/1.1 " status " X</D:status>"
#define ITEM(href, etag) RESPONSE(href, PROPS("<D:resourcetype/><D:getetag>" etag "</D:getetag>"))
#define DATA(href, etag, data)                                                                            \
	RESPONSE(href, PROPS("<D:resourcetype/><D:getetag>" etag "</D:getetag><C:calendar-data>" data      \
			     "</C:calendar-data>"))
#define GONE(href) RESPONSE(href, STATUS("404"))
#define SELF(href) RESPONSE(href, PROPS("<D:resourcetype><D:collection/></D:resourcetype>"))
#define TOKEN(token) "<D:sync-token>" token "</D:sync-token>"
#define ERROR(condition) "<?xml version=\"1.0\"?><D:error xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\">" condition "</D:error>"
#define CALENDAR_PROPS(title, more)                                                                       \
	PROPS("<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>" title         \
	      "</D:displayname>" more)

#define EVENT(uid, summary)                                                                               \
	"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\nBEGIN:VEVENT\nUID:" uid                           \
	"\nDTSTAMP:20260101T000000Z\nDTSTART:20260102T100000Z\nSUMMARY:" summary                          \
	"\nEND:VEVENT\nEND:VCALENDAR\n"

/* The URL that is given is the home of calendars. */
#define DISCOVER                                                                                          \
	{ .request = "PROPFIND /home/",                                                                   \
	  .has = { "Depth: 0", "calendar-home-set" },                                                     \
	  .status = "207",                                                                                \
	  .body = MULTISTATUS(RESPONSE(                                                                   \
		  "/home/", PROPS("<D:resourcetype><D:collection/></D:resourcetype>"                      \
				  "<D:current-user-principal><D:href>/p/</D:href></D:current-user-principal>"))) }, \
	{ .request = "PROPFIND /p/",                                                                      \
	  .has = { "Depth: 0" },                                                                          \
	  .status = "207",                                                                                \
	  .body = MULTISTATUS(RESPONSE(                                                                   \
		  "/p/", PROPS("<C:calendar-home-set><D:href>/home/</D:href></C:calendar-home-set>"))) }

/* A look at the home; `mark` is what it asks for, or not, to know whether there is news. */
#define HOME_ASKED(collections, mark, no_mark)                                                            \
	{ .request = "PROPFIND /home/",                                                                   \
	  .has = { "Depth: 1", "supported-calendar-component-set", mark },                                \
	  .lacks = no_mark,                                                                               \
	  .status = "207",                                                                                \
	  .body = MULTISTATUS(SELF("/home/") collections) }
#define HOME(collections) HOME_ASKED(collections, NULL, NULL)

#define WORK RESPONSE("/home/work/", CALENDAR_PROPS("Work", "<D:sync-token>t1</D:sync-token>"))

/* ---- the server ------------------------------------------------------------------------------ */

static inline void script_wrong(const struct exchange *exchange, const char *what, const struct buf *got)
{
	fprintf(stderr, "peer: wanted: %s: %s\npeer: got: %s\n", exchange->request, what, got->data);
	_exit(1);
}

/* Reads a request, header and body; false: the client closed. */
static inline bool script_read(int fd, struct buf *request)
{
	const char *end = NULL, *length;
	size_t wanted = 0;
	char block[65536];

	buf_clear(request);
	while (!end || request->size < wanted) {
		ssize_t got = read(fd, block, sizeof block);

		if (got <= 0) {
			peer_need(request->size == 0);
			return false;
		}
		buf_add(request, block, (size_t)got);
		end = strstr(request->data, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(request->data, "\r\nContent-Length: ");
		wanted = (size_t)(end + 4 - request->data) +
			 (length && length < end ? strtoul(length + 18, NULL, 10) : 0);
	}
	return true;
}

static inline void script_check(const struct exchange *exchange, const struct buf *request)
{
	size_t size = strlen(exchange->request);

	if (strncmp(request->data, exchange->request, size) != 0 || request->data[size] != ' ')
		script_wrong(exchange, "as request line", request);
	for (size_t i = 0; i < COUNT(exchange->has) && exchange->has[i]; i++)
		if (!strstr(request->data, exchange->has[i]))
			script_wrong(exchange, exchange->has[i], request);
	if (exchange->lacks && strstr(request->data, exchange->lacks))
		script_wrong(exchange, "too much", request);
}

static inline void script_answer(int fd, const struct exchange *exchange)
{
	const char *body = exchange->body ? exchange->body : "";
	bool half = strcmp(exchange->status, "HALF") == 0;
	size_t size = strlen(body);
	struct buf out;

	buf_init(&out, (size_t)16 << 20);
	buf_addf(&out, "HTTP/1.1 %s X\r\n%s%sContent-Length: %zu\r\n\r\n", half ? "207" : exchange->status,
		 body[0] == '<' ? "Content-Type: application/xml\r\n" : "",
		 exchange->headers ? exchange->headers : "", size);
	buf_add(&out, body, half ? size / 2 : size);
	peer_write(fd, out.data, out.size);
	buf_free(&out);
}

static inline void script_play(int fd, void *context)
{
	struct buf request;

	buf_init(&request, (size_t)16 << 20);
	for (const struct exchange *exchange = context; exchange->request; exchange++) {
		while (!script_read(fd, &request)) {
			close(fd);
			fd = peer_accept();
		}
		script_check(exchange, &request);
		if (strcmp(exchange->status, "CUT") != 0)
			script_answer(fd, exchange);
		if (strcmp(exchange->status, "CUT") == 0 || strcmp(exchange->status, "HALF") == 0 ||
		    (exchange->headers && strstr(exchange->headers, "Connection: close"))) {
			close(fd);
			if (!exchange[1].request)
				_exit(0);
			fd = peer_accept();
		}
	}
	close(peer_listener);
	if (script_read(fd, &request)) {
		fprintf(stderr, "peer: wanted nothing more, got: %s\n", request.data);
		_exit(1);
	}
	buf_free(&request);
}

/* ---- the client ------------------------------------------------------------------------------ */

struct script_test {
	struct peer peer;
	struct store *store;
	struct spool spool;
	struct arena *arena;
	struct folder_list list;
	char url[64];
	const char *urls[1];
	struct dav_options options;
};

#define SCRIPT_NOW 1700000000

static inline void script_open(struct script_test *test, const char *memo)
{
	test->options.memo = memo;
	test->store = dav_open(&test->options);
	test->store->spool = &test->spool;
}

/* Starts the server with this script, which ends with a NULL request, and opens a store on it. */
static inline void script_begin(struct script_test *test, const struct exchange *script)
{
	*test = (struct script_test){ .spool.directory = -1 };
	test->peer = peer_start(script_play, (void *)(uintptr_t)script, 0);
	test->arena = arena_new();
	snprintf(test->url, sizeof test->url, "http://127.0.0.1:%s/home/", test->peer.port);
	test->urls[0] = test->url;
	test->options = (struct dav_options){ .urls = test->urls,
					      .url_count = 1,
					      .user = "jane",
					      .secret = "secret",
					      .timeout = 10,
					      .connections = 1,
					      .plain = true,
					      .now = SCRIPT_NOW };
	script_open(test, NULL);
}

/* Closes the store and opens another one as the next run does. */
static inline void script_reopen(struct script_test *test)
{
	const char *memo = arena_str(test->arena, test->store->memo);

	store_close(test->store);
	script_open(test, memo);
}

static inline void script_end(struct script_test *test)
{
	store_close(test->store);
	peer_end(&test->peer);
	arena_free(test->arena);
}

static inline void script_ok(const struct fail *f, const char *file, int line)
{
	if (f) {
		print_error("%s: %s\n", fail_word(f->code), f->text);
		_fail(file, line);
	}
}
#define OK(call) script_ok((call), __FILE__, __LINE__)

static inline void script_fails(const struct fail *f, enum fail_code code, const char *text, const char *file,
				int line)
{
	if (f && f->code == code && strstr(f->text, text))
		return;
	print_error("wanted %s \"%s\", got %s \"%s\"\n", fail_word(code), text,
		    f ? fail_word(f->code) : "success", f ? f->text : "");
	_fail(file, line);
}
#define FAILS(code, text, call) script_fails((call), (code), (text), __FILE__, __LINE__)

static inline const struct fail *script_folders(struct script_test *test)
{
	return store_folders(test->store, NULL, 0, test->arena, &test->list);
}

/* The folder of this path; all are listed first. */
static inline struct store_folder *script_folder(struct script_test *test, const char *path)
{
	if (!test->list.count)
		OK(script_folders(test));
	for (size_t i = 0; i < test->list.count; i++)
		if (strcmp(test->list.items[i].path, path) == 0)
			return &test->list.items[i];
	fail_msg("no %s", path);
	return NULL;
}

/* A body of this text, with CRLF. */
static inline struct body *script_body(const char *text)
{
	struct body *body = NULL;
	struct buf bytes;

	buf_init(&bytes, 2 * strlen(text) + 1);
	for (const char *p = text; *p; p++) {
		if (*p == '\n')
			buf_addc(&bytes, '\r');
		buf_addc(&bytes, *p);
	}
	OK(body_of_memory(bytes.data, bytes.size, BODY_CALENDAR, &body));
	buf_free(&bytes);
	return body;
}

/* A listing as text: "complete a.ics=1 b.ics=2 -c.ics read-only unstable". */
static inline const char *script_listing(struct script_test *test, const struct listing *listing)
{
	const char *text = listing->complete ? "complete" : "delta";

	for (size_t i = 0; i < listing->count; i++)
		text = arena_printf(test->arena, "%s %s=%s%s%s", text, listing->entries[i].ref,
				    listing->entries[i].revision, listing->entries[i].key ? "/" : "",
				    listing->entries[i].key ? listing->entries[i].key : "");
	for (size_t i = 0; i < listing->gone_count; i++)
		text = arena_printf(test->arena, "%s -%s", text, listing->gone[i].first);
	return arena_printf(test->arena, "%s%s%s", text, listing->read_only ? " read-only" : "",
			    listing->unstable ? " unstable" : "");
}

/* Lists one folder: its text, or why it failed.  *cursor (NULL allowed) is moved on. */
static inline const char *script_list(struct script_test *test, const char *path, const char **cursor)
{
	struct look look = { .folder = script_folder(test, path), .cursor = cursor ? *cursor : "" };
	const char *text;

	OK(store_list(test->store, &look, 1));
	if (look.fail)
		return arena_printf(test->arena, "%s: %s", fail_word(look.fail->code), look.fail->text);
	text = script_listing(test, look.listing);
	if (cursor)
		*cursor = arena_str(test->arena, look.listing->cursor);
	listing_free(look.listing);
	return text;
}

#endif
