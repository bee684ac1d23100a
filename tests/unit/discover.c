/* Discovery against scripted servers: what is asked, in how many requests, what is made of the answers, and who
 * never gets the credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "certificates.h"
#include "web.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "net/discover_ask.h"
#include "net/discover_dns.h"
#include "net/http_curl.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the servers ---------------------------------------------------------------------------- */

/* What is at a path.  In `says`: the location of a redirect; the body of a status that is no 207; else words:
 *     P=href    principal             is=C:calendar  it is one
 *     C=href    a calendar home       in=calendar   one is in it (with depth 1)
 *     A=href    an address book home  gone          404 within 207
 * $A and $B are the URLs of the two servers. */
struct route {
	const char *path, *depth; /* depth NULL: any */
	int status;
	const char *says;
};

struct site {
	const struct route *routes;
	const char *header; /* with every answer */
	const char *a, *b;  /* URLs; `a` is the server's own */
};

static void replace(struct buf *out, const char *text, const char *a, const char *b)
{
	for (; *text; text++)
		if (text[0] == '$' && (text[1] == 'A' || text[1] == 'B')) {
			buf_adds(out, *++text == 'A' ? a : b);
		} else {
			buf_addc(out, *text);
		}
}

static const struct {
	const char *word, *open, *end;
	bool href;
} words[] = {
	{ "P=", "<current-user-principal>", "</current-user-principal>", true },
	{ "C=", "<C:calendar-home-set>", "</C:calendar-home-set>", true },
	{ "A=", "<A:addressbook-home-set>", "</A:addressbook-home-set>", true },
	{ "is=", "<resourcetype><collection/>", "</resourcetype>", false },
	{ "unauthenticated", "<current-user-principal>", "</current-user-principal>", false },
};

/* One property: all words of its kind. */
static void property(struct buf *out, const char *says, size_t kind)
{
	size_t length = strlen(words[kind].word);
	bool open = false;

	for (const char *at = says; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		char value[256];

		if (strncmp(at, words[kind].word, length) != 0)
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)(strcspn(at, " ") - length), at + length);
		buf_adds(out, open ? "" : words[kind].open);
		open = true;
		if (words[kind].href)
			buf_addf(out, "<href>%s</href>", value);
		else
			buf_addf(out, "<%s/>", *value ? value : "unauthenticated");
	}
	buf_adds(out, open ? words[kind].end : "");
}

static void multistatus(struct buf *out, const char *path, const char *says)
{
	buf_addf(out, "<multistatus xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" "
		      "xmlns:A=\"urn:ietf:params:xml:ns:carddav\"><response><href>%s</href>", path);
	if (strcmp(says, "gone") == 0) {
		buf_adds(out, "<status>HTTP/1.1 404 Not Found</status></response></multistatus>");
		return;
	}
	buf_adds(out, "<propstat><prop>");
	for (size_t i = 0; i < COUNT(words); i++)
		property(out, says, i);
	buf_adds(out, "</prop><status>HTTP/1.1 200 OK</status></propstat></response>");
	if (strstr(says, "in=calendar"))
		buf_adds(out, "<response><href>x/</href><propstat><prop><resourcetype><collection/><C:calendar/>"
			      "</resourcetype></prop></propstat></response>");
	if (strstr(says, "in=addressbook"))
		buf_adds(out, "<response><href>y/</href><propstat><prop><resourcetype><collection/><A:addressbook/>"
			      "</resourcetype></prop></propstat></response>");
	buf_adds(out, "</multistatus>");
}

static void serve(struct web_request *r)
{
	const struct site *site = r->context;
	const struct route *route = site->routes;
	char depth[8], own[64], header[512];
	struct buf says, body;

	web_need(r, strcmp(r->method, "PROPFIND") == 0);
	web_need(r, web_field(r, "Depth", depth, sizeof(depth)));
	web_need(r, r->body_size > 0 && strstr(r->body, "<current-user-principal/>"));
	while (route->path && (strcmp(route->path, r->target) != 0 ||
			       (route->depth && strcmp(route->depth, depth) != 0)))
		route++;
	if (!route->path) {
		web_answer(r, 404, "", "Not Found");
		return;
	}
	snprintf(own, sizeof(own), "%s://%s:%u", r->ssl ? "https" : "http", r->ssl ? "localhost" : "127.0.0.1",
		 r->port);
	buf_init(&says, 4096);
	buf_init(&body, 65536);
	replace(&says, route->says, own, site->b);
	snprintf(header, sizeof(header), "%s%s%s%s", site->header ? site->header : "",
		 route->status / 100 == 3 ? "Location: " : "", route->status / 100 == 3 ? says.data : "",
		 route->status / 100 == 3 ? "\r\n" : "");
	if (route->status == 207 && says.data[0] != '<')
		multistatus(&body, route->path, says.data);
	web_answer(r, route->status, header, body.size ? body.data : route->status / 100 == 3 ? "" : says.data);
	buf_free(&says);
	buf_free(&body);
}

/* ---- the client ----------------------------------------------------------------------------- */

static struct certificate authority, good, strange;
static char ca_file[] = "/tmp/koc-discover-XXXXXX";

static SSL_CTX *tls_of(const struct certificate *certificate)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	assert_true(tls && SSL_CTX_use_certificate(tls, certificate->x509) &&
		    SSL_CTX_use_PrivateKey(tls, certificate->key));
	return tls;
}

struct sample {
	const char *what;
	struct route a[12], b[6];
	const char *header;      /* of A */
	const char *urls[3];     /* with $A, $B; none: by server */
	const char *caldav, *carddav; /* SRV records: "A", "B", "closed", ".", several; NULL none */
	const char *path;        /* of the TXT record; NULL none */
	bool tls;                /* else plain */
	bool strange;            /* B's certificate is not to be trusted */
	const char *out;         /* homes, or "!CODE WORDS" */
	int a_asked, b_asked, b_logins;
};

static const struct sample *current;
static unsigned port_a, port_b, port_closed;

/* Our own DNS: SRV records for example.com that point to localhost. */
static int answer_dns(const char *name, int type, unsigned char *data, int room)
{
	const char *hosts = strstr(name, "_caldavs") ? current->caldav : current->carddav;
	struct buf out;
	int size, count = 0;
	char list[64], *save = NULL;

	assert_non_null(strstr(name, "._tcp.example.com"));
	if (!hosts || (type == 16 && !current->path))
		return -1;
	buf_init(&out, 4096);
	snprintf(list, sizeof(list), "%s", type == 33 ? hosts : "x");
	for (char *host = strtok_r(list, " ", &save); host; host = strtok_r(NULL, " ", &save)) {
		unsigned port = *host == 'A' ? port_a : *host == 'B' ? port_b : port_closed;

		count++;
		buf_add(&out, "\1x\0\0", 3);
		buf_add(&out, (char[]){ 0, (char)type, 0, 1, 0, 0, 0, 9, 0 }, 9);
		if (type == 16) {
			buf_addc(&out, (char)(strlen(current->path) + 6));
			buf_addf(&out, "%cpath=%s", (char)(strlen(current->path) + 5), current->path);
		} else if (*host == '.') {
			buf_add(&out, "\7\0\0\0\0\0\0\0", 8);
		} else {
			buf_addc(&out, 6 + 11);
			buf_add(&out, (char[]){ 0, (char)count, 0, 0, (char)(port >> 8), (char)port }, 6);
			buf_add(&out, "\x09localhost\0", 11);
		}
	}
	size = 12 + (int)out.size;
	assert_true(size <= room);
	memcpy(data, "\0\1\x81\x80\0\0\0\1\0\0\0\0", 12);
	data[7] = (unsigned char)count;
	memcpy(data + 12, out.data, out.size);
	buf_free(&out);
	return size;
}

static void found_show(struct buf *out, const struct discover *discover, const struct fail *fail,
		       const char *a, const char *b)
{
	if (fail)
		buf_addf(out, "!%s %s", fail_word(fail->code), fail->text);
	for (size_t i = 0; i < discover->home_count; i++) {
		const struct discover_home *home = &discover->homes[i];
		bool at_a = str_starts(home->url, a);

		assert_true(at_a || str_starts(home->url, b));
		assert_true(str_ends(home->url, "/"));
		buf_addf(out, "%s%s%s%s%s ", at_a ? "A" : "B", home->url + strlen(at_a ? a : b),
			 home->calendars ? " cal" : "", home->contacts ? " card" : "",
			 home->collection ? " itself" : "");
	}
}

static void check(const struct sample *sample)
{
	struct arena *arena = arena_new();
	SSL_CTX *tls = sample->tls ? tls_of(&good) : NULL;
	SSL_CTX *tls_b = sample->tls ? tls_of(sample->strange ? &strange : &good) : NULL;
	struct site site_b = { .routes = sample->b }, site_a = { .routes = sample->a, .header = sample->header };
	struct web b = web_start_tls(serve, &site_b, 0, tls_b), a;
	struct http_options http = { .user = "jane", .secret = "secret", .timeout = 20, .plain = !sample->tls,
				     .ca_file = sample->tls ? ca_file : NULL };
	struct discover discover = { .http = &http };
	const char *urls[3];
	const struct fail *fail;
	struct buf out;

	site_a.b = b.url;
	a = web_start_tls(serve, &site_a, 0, tls);
	current = sample;
	port_a = a.port;
	port_b = b.port;
	buf_init(&out, 65536);
	for (; sample->urls[discover.url_count]; discover.url_count++) {
		buf_clear(&out);
		replace(&out, sample->urls[discover.url_count], a.url, b.url);
		urls[discover.url_count] = arena_str(arena, out.data);
	}
	discover.urls = urls;
	discover.server = discover.url_count ? NULL : "example.com";
	fail = discover_run(&discover, arena);
	buf_clear(&out);
	found_show(&out, &discover, fail, a.url, b.url);
	if (sample->out[0] == '!' ? !strstr(out.data, strchr(sample->out, ' ') + 1) ||
				    strncmp(out.data, sample->out, strcspn(sample->out, " ")) != 0
				  : strcmp(out.data, sample->out) != 0 || a.seen->requests != sample->a_asked)
		print_message("%s: %s\n  wanted %s; A %d, B %d\n", sample->what, out.data, sample->out,
			      a.seen->requests, b.seen->requests);
	if (sample->out[0] == '!') {
		assert_memory_equal(out.data, sample->out, strcspn(sample->out, " "));
		assert_non_null(strstr(out.data, strchr(sample->out, ' ') + 1));
		assert_int_equal(fail->scope, FAIL_ACCOUNT);
	} else {
		assert_string_equal(out.data, sample->out);
	}
	assert_int_equal(a.seen->requests, sample->a_asked);
	assert_int_equal(b.seen->requests, sample->b_asked);
	assert_int_equal(b.seen->logins, sample->b_logins);
	assert_true(!sample->header || discover.retry > 1000000000);
	web_end(&a);
	web_end(&b);
	SSL_CTX_free(tls);
	SSL_CTX_free(tls_b);
	buf_free(&out);
	arena_free(arena);
}

static void check_all(const struct sample *samples, size_t count, size_t least)
{
	size_t checked = 0;

	for (size_t i = 0; i < count; i++, checked++)
		check(&samples[i]);
	assert_true(checked >= least);
}

/* ---- by URL --------------------------------------------------------------------------------- */

static const struct sample by_url[] = {
	{ .what = "radicale: the root names the principal, that names one home",
	  .a = { { "/", "0", 207, "P=/jane/" }, { "/jane/", "0", 207, "P=/jane/ C=/jane/ A=/jane/" } },
	  .urls = { "$A" }, .out = "A/jane/ cal card ", .a_asked = 2 },
	{ .what = "its principal itself",
	  .a = { { "/jane/", "0", 207, "P=/jane/ C=/jane/ A=/jane/" } },
	  .urls = { "$A/jane/" }, .out = "A/jane/ cal card ", .a_asked = 1 },
	{ .what = "cyrus: a redirect, and different homes; the URL is above them",
	  .a = { { "/", "0", 301, "/dav/" }, { "/dav/", "0", 207, "P=/dav/principals/jane/" },
		 { "/dav/principals/jane/", "0", 207, "P=/dav/principals/jane/ C=/dav/calendars/jane/ A=/dav/addressbooks/jane/" } },
	  .urls = { "$A/" }, .out = "A/dav/calendars/jane/ cal A/dav/addressbooks/jane/ card ", .a_asked = 3 },
	{ .what = "nextcloud: the root is a web page, the well-known URL leads on",
	  .a = { { "/", "0", 405, "no" }, { "/.well-known/caldav", "0", 301, "$A/remote.php/dav/" },
		 { "/remote.php/dav/", "0", 207, "P=/remote.php/dav/principals/jane/" },
		 { "/remote.php/dav/principals/jane/", "0", 207, "C=/remote.php/dav/calendars/jane/ A=/remote.php/dav/addressbooks/jane/" } },
	  .urls = { "$A/" }, .out = "A/remote.php/dav/calendars/jane/ cal A/remote.php/dav/addressbooks/jane/ card ", .a_asked = 4 },
	{ .what = "google: no contacts there", .a = { { "/caldav/v2/", "0", 207, "P=/caldav/v2/jane/user" },
		 { "/caldav/v2/jane/user", "0", 207, "C=/caldav/v2/jane/" } },
	  .urls = { "$A/caldav/v2/" }, .out = "A/caldav/v2/jane/ cal ", .a_asked = 2 },
	{ .what = "several homes of one kind, without a slash, relative, twice",
	  .a = { { "/p", "0", 207, "P=/p C=/one C=two/ C=/on%65/ A=/three" } },
	  .urls = { "$A/p" }, .out = "A/one/ cal A/two/ cal A/three/ card ", .a_asked = 1 },
	{ .what = "a calendar", .a = { { "/c/", "0", 207, "P=/p/ is=C:calendar" } },
	  .urls = { "$A/c/" }, .out = "A/c/ cal itself ", .a_asked = 1 },
	{ .what = "an address book, redirected", .a = { { "/b", "0", 301, "/b/" }, { "/b/", "0", 207, "is=A:addressbook" } },
	  .urls = { "$A/b" }, .out = "A/b/ card itself ", .a_asked = 2 },
	{ .what = "synology: no principal, but calendars and address books in it",
	  .a = { { "/h/", "0", 207, "" }, { "/h/", "1", 207, "in=calendar in=addressbook" } },
	  .urls = { "$A/h/" }, .out = "A/h/ cal card ", .a_asked = 2 },
	{ .what = "a principal that is nobody's", .a = { { "/h/", "0", 207, "unauthenticated" }, { "/h/", "1", 207, "in=calendar" } },
	  .urls = { "$A/h/" }, .out = "A/h/ cal ", .a_asked = 2 },
	{ .what = "another's home, beside one's own",
	  .a = { { "/cal/bob/", "0", 207, "P=/p/" }, { "/p/", "0", 207, "C=/cal/jane/ A=/card/jane/" },
		 { "/cal/bob/", "1", 207, "in=calendar" } },
	  .urls = { "$A/cal/bob/" }, .out = "A/cal/jane/ cal A/card/jane/ card A/cal/bob/ cal ", .a_asked = 3 },
	{ .what = "two URLs of one server", .a = { { "/x/", "0", 207, "P=/p/" }, { "/p/", "0", 207, "C=/x/jane/ A=/x/jane/" },
		 { "/c/", "0", 207, "is=C:calendar" } },
	  .urls = { "$A/x/", "$A/c/" }, .out = "A/x/jane/ cal card A/c/ cal itself ", .a_asked = 3 },
	{ .what = "two servers", .a = { { "/", "0", 207, "P=/p/ C=/c/" }, { "/p/", "0", 207, "" } },
	  .b = { { "/", "0", 207, "A=/b/" } },
	  .urls = { "$A/", "$B/" }, .out = "A/c/ cal B/b/ card ", .a_asked = 2, .b_asked = 1, .b_logins = 1 },
	{ .what = "a home at another origin that is configured, too",
	  .a = { { "/", "0", 207, "C=/c/ A=$B/b/" } }, .b = { { "/", "0", 207, "A=/b/" } },
	  .urls = { "$A/", "$B/" }, .out = "A/c/ cal B/b/ card ", .a_asked = 1, .b_asked = 1, .b_logins = 1 },

	{ .what = "nothing there", .a = { { NULL } }, .urls = { "$A/x/" }, .out = "!refused 404", .a_asked = 1 },
	{ .what = "xandikos: nothing there, within 207", .a = { { "/x/", "0", 207, "gone" } },
	  .urls = { "$A/x/" }, .out = "!refused 404", .a_asked = 1 },
	{ .what = "no root, no well-known", .a = { { NULL } }, .urls = { "$A" }, .out = "!refused 404", .a_asked = 3 },
	{ .what = "WebDAV without calendars", .a = { { "/", NULL, 207, "P=/p/" }, { "/p/", NULL, 207, "" } },
	  .urls = { "$A" }, .out = "!refused neither", .a_asked = 5 },
	{ .what = "forbidden", .a = { { "/x/", "0", 403, "no" } }, .urls = { "$A/x/" }, .out = "!refused 403", .a_asked = 1 },
	{ .what = "a web page", .a = { { "/x/", "0", 200, "<!DOCTYPE html><html>" } }, .urls = { "$A/x/" },
	  .out = "!refused (200)", .a_asked = 1 },
	{ .what = "a web page in 207", .a = { { "/x/", "0", 207, "<!DOCTYPE html><html>" } }, .urls = { "$A/x/" },
	  .out = "!protocol a web page", .a_asked = 1 },
	{ .what = "junk", .a = { { "/x/", "0", 207, "<multistatus xmlns='DAV:'><response>" } }, .urls = { "$A/x/" },
	  .out = "!protocol XML", .a_asked = 1 },
	{ .what = "the server is ill", .a = { { "/x/", "0", 500, "no" } }, .urls = { "$A/x/" },
	  .out = "!unreachable 500", .a_asked = 1 },
	{ .what = "a wrong password", .a = { { "/x/", "0", 401, "no" } }, .urls = { "$A/x/" },
	  .out = "!login login refused", .a_asked = 1 },
	{ .what = "later", .a = { { "/x/", "0", 503, "no" } }, .header = "Retry-After: 60\r\n", .urls = { "$A/x/" },
	  .out = "!unreachable wait", .a_asked = 1 },
	{ .what = "no end of redirects", .a = { { "/x/", "0", 302, "/x/" } }, .urls = { "$A/x/" },
	  .out = "!refused redirected", .a_asked = 6 },
	{ .what = "no URL", .a = { { NULL } }, .urls = { "ftp://x/" }, .out = "!config neither https nor http" },
};

static void urls(void **state)
{
	(void)state;
	check_all(by_url, COUNT(by_url), 25);
}

/* ---- other origins -------------------------------------------------------------------------- */

#define B_HAS_ALL { { "/", NULL, 207, "P=/p/ C=/c/ A=/b/" }, { "/dav/", NULL, 207, "P=/p/ C=/c/ A=/b/" }, \
		    { "/p/", NULL, 207, "C=/c/ A=/b/" } }

static const struct sample origins[] = {
	{ .what = "a redirect", .tls = true, .a = { { "/x/", NULL, 301, "$B/dav/" } }, .b = B_HAS_ALL,
	  .urls = { "$A/x/" }, .out = "!refused another origin", .a_asked = 1 },
	{ .what = "a redirect of the root", .tls = true, .a = { { "/", NULL, 301, "$B/dav/" } }, .b = B_HAS_ALL,
	  .urls = { "$A/" }, .out = "!refused another origin", .a_asked = 3 },
	{ .what = "the principal", .tls = true, .a = { { "/x/", "0", 207, "P=$B/p/" } }, .b = B_HAS_ALL,
	  .urls = { "$A/x/" }, .out = "!refused another origin", .a_asked = 2 },
	{ .what = "the home", .tls = true, .a = { { "/x/", "0", 207, "C=$B/c/" } }, .b = B_HAS_ALL,
	  .urls = { "$A/x/" }, .out = "!refused another origin", .a_asked = 2 },
	{ .what = "one of two homes", .tls = true, .a = { { "/x/", "0", 207, "C=$B/c/ A=/x/b/" } }, .b = B_HAS_ALL,
	  .urls = { "$A/x/" }, .out = "A/x/b/ card ", .a_asked = 1 },
	{ .what = "a name that only looks like it", .tls = true,
	  .a = { { "/x/", "0", 207, "C=$A@evil.test/c/ A=$A.evil.test/c/" } }, .urls = { "$A/x/" },
	  .out = "!refused another origin", .a_asked = 2 },
	{ .what = "well-known, https", .tls = true,
	  .a = { { "/.well-known/caldav", NULL, 301, "$B/dav/" } }, .b = B_HAS_ALL,
	  .urls = { "$A/" }, .out = "B/c/ cal B/b/ card ", .a_asked = 2, .b_asked = 1, .b_logins = 1 },
	{ .what = "well-known, http", .a = { { "/.well-known/caldav", NULL, 301, "$B/dav/" } }, .b = B_HAS_ALL,
	  .urls = { "$A/" }, .out = "!refused another origin", .a_asked = 3 },
	{ .what = "well-known, to one whose certificate is not to be trusted", .tls = true, .strange = true,
	  .a = { { "/.well-known/caldav", NULL, 301, "$B/dav/" } }, .b = B_HAS_ALL,
	  .urls = { "$A/" }, .out = "!tls certificate", .a_asked = 2 },
	{ .what = "well-known, and on to a third", .tls = true,
	  .a = { { "/.well-known/caldav", NULL, 301, "$B/dav/" } }, .b = { { "/dav/", NULL, 301, "https://evil.test/" } },
	  .urls = { "$A/" }, .out = "!refused another origin", .a_asked = 3, .b_asked = 1, .b_logins = 1 },
};

static void other_origins(void **state)
{
	(void)state;
	check_all(origins, COUNT(origins), 10);
}

static void below_the_name(void **state)
{
	static const struct {
		const char *url;
		bool allowed;
	} samples[] = {
		{ "https://p34-caldav.example.com:443/", true },
		{ "https://a.b.EXAMPLE.com/", true },
		{ "https://caldav.example.com:8443/", true },
		{ "http://caldav.example.com/", false },
		{ "https://evilexample.com/", false },
		{ "https://example.com.evil.test/", false },
		{ "https://com/", false },
		{ "https://.example.com/", false },
	};
	struct discover discover = { .server = "example.com" };
	struct search search = { .discover = &discover, .arena = arena_new() };
	size_t checked = 0;

	(void)state;
	assert_null(http_curl_load());
	for (size_t i = 0; i < COUNT(samples); i++, checked++) {
		struct http_url url;

		if (http_url_parse(samples[i].url, NULL, &url, search.arena))
			assert_false(samples[i].allowed);
		else
			assert_int_equal(search_allowed(&search, &url), samples[i].allowed);
	}
	assert_true(checked >= 8);
	arena_free(search.arena);
}

/* ---- by name -------------------------------------------------------------------------------- */

#define HAS_ALL { { "/.well-known/caldav", NULL, 301, "/dav/" }, { "/.well-known/carddav", NULL, 301, "/dav/" }, \
		  { "/dav/", NULL, 207, "P=/p/" }, { "/p/", NULL, 207, "C=/c/ A=/b/" } }

static const struct sample by_name[] = {
	{ .what = "one host for both", .tls = true, .a = HAS_ALL, .caldav = "A", .carddav = "A",
	  .out = "A/c/ cal A/b/ card ", .a_asked = 3 },
	{ .what = "a path", .tls = true, .a = HAS_ALL, .caldav = "A", .carddav = "A", .path = "/dav/",
	  .out = "A/c/ cal A/b/ card ", .a_asked = 2 },
	{ .what = "a path where there is nothing", .tls = true, .a = HAS_ALL, .caldav = "A", .carddav = "A", .path = "/x/",
	  .out = "A/c/ cal A/b/ card ", .a_asked = 4 },
	{ .what = "two hosts", .tls = true, .a = { { "/.well-known/caldav", NULL, 207, "C=/c/" } },
	  .b = { { "/.well-known/carddav", NULL, 207, "A=/b/" } }, .caldav = "A", .carddav = "B",
	  .out = "A/c/ cal B/b/ card ", .a_asked = 1, .b_asked = 1, .b_logins = 1 },
	{ .what = "a host for calendars, none for contacts", .tls = true, .a = { { "/.well-known/caldav", NULL, 207, "C=/c/" } },
	  .caldav = "A", .carddav = ".", .out = "A/c/ cal ", .a_asked = 1 },
	{ .what = "neither", .caldav = ".", .carddav = ".", .out = "" },
	{ .what = "the root", .tls = true, .a = { { "/", NULL, 207, "P=/p/" }, { "/p/", NULL, 207, "C=/c/ A=/b/" } },
	  .caldav = "A", .carddav = "A", .out = "A/c/ cal A/b/ card ", .a_asked = 3 },
	{ .what = "the second host", .tls = true, .b = HAS_ALL, .caldav = "closed B", .carddav = "closed B",
	  .out = "B/c/ cal B/b/ card ", .b_asked = 3, .b_logins = 3 },
	{ .what = "no host that answers", .tls = true, .caldav = "closed", .carddav = "closed",
	  .out = "!unreachable refused" },
	{ .what = "a host that knows of nothing", .tls = true, .caldav = "A", .carddav = "A", .out = "", .a_asked = 3 },
	{ .what = "a host that sends everybody elsewhere", .tls = true, .a = { { "/", NULL, 302, "$B/" } }, .b = HAS_ALL,
	  .caldav = "A", .carddav = "A", .out = "", .a_asked = 3 },
	{ .what = "a host that goes round in circles", .tls = true, .a = { { "/", NULL, 302, "/" } },
	  .caldav = "A", .carddav = ".", .out = "", .a_asked = 7 },
	{ .what = "a host that names homes elsewhere", .tls = true, .a = { { "/", NULL, 207, "C=$B/c/" } }, .b = HAS_ALL,
	  .caldav = "A", .carddav = ".", .out = "!refused another origin", .a_asked = 2 },
	{ .what = "a host that is ill", .tls = true, .a = { { "/.well-known/caldav", NULL, 500, "no" } },
	  .caldav = "A", .carddav = ".", .out = "!unreachable 500", .a_asked = 2 },
	{ .what = "a host that refuses the password", .tls = true, .a = { { "/.well-known/caldav", NULL, 401, "no" } },
	  .caldav = "A", .carddav = ".", .out = "!login login refused", .a_asked = 1 },
	{ .what = "a host whose certificate is another's", .tls = true, .strange = true, .b = HAS_ALL, .caldav = "B",
	  .carddav = ".", .out = "!tls certificate" },
	{ .what = "a host whose well-known URL leads to another one", .tls = true,
	  .a = { { "/.well-known/caldav", NULL, 301, "$B/dav/" } }, .b = HAS_ALL, .caldav = "A", .carddav = ".",
	  .out = "B/c/ cal B/b/ card ", .a_asked = 1, .b_asked = 2, .b_logins = 2 },
};

static void names(void **state)
{
	dns_query *real = dns_ask;

	(void)state;
	dns_ask = answer_dns;
	check_all(by_name, COUNT(by_name), 12);
	dns_ask = real;
}

/* A mail server without a web server is no error. */
static void nobody_listens(void **state)
{
	struct sockaddr_in https = { .sin_family = AF_INET, .sin_port = htons(443) };
	struct http_options http = { .user = "jane", .secret = "secret", .timeout = 20 };
	struct discover discover = { .server = "127.0.0.1", .http = &http };
	struct arena *arena = arena_new();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char url[64];

	(void)state;
	assert_true(fd >= 0);
	https.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (const struct sockaddr *)(const void *)&https, sizeof(https)) != 0) {
		assert_null(discover_run(&discover, arena));
		assert_int_equal(discover.home_count, 0);
	}
	close(fd);
	/* Where a URL says that there is one it is. */
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port_closed);
	discover.urls = (const char *const[]){ url };
	discover.url_count = 1;
	assert_true(fail_is(discover_run(&discover, arena), FAIL_UNREACHABLE));
	arena_free(arena);
}

/* ---- all ------------------------------------------------------------------------------------ */

static int closed_fd;

static int begin(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = mkstemp(ca_file);

	(void)state;
	authority = certificate_make("authority", NULL, NULL, -DAY, DAY);
	good = certificate_make("server", "DNS:localhost, IP:127.0.0.1", &authority, -DAY, DAY);
	strange = certificate_make("server", "DNS:localhost, IP:127.0.0.1", NULL, -DAY, DAY);
	certificate_write(&authority, ca_file);
	close(fd);
	/* A port that nobody gets and that refuses. */
	closed_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(closed_fd, (const struct sockaddr *)(const void *)&address, size) != 0 ||
	    getsockname(closed_fd, (struct sockaddr *)(void *)&address, &size) != 0)
		return -1;
	port_closed = ntohs(address.sin_port);
	return 0;
}

static int end(void **state)
{
	(void)state;
	certificate_free(&authority);
	certificate_free(&good);
	certificate_free(&strange);
	close(closed_fd);
	return unlink(ca_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(other_origins),
		cmocka_unit_test(below_the_name),
		cmocka_unit_test(names),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
