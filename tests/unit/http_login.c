/* Login over HTTP: Basic, Digest, bearer tokens; challenges; what reaches whom, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"
#include "base/log.h"
#include "net/http_login.h"

#include <openssl/evp.h>

/* ---- Digest, as the server computes it (RFC 7616 3.4) --------------------------------------- */

static void hash_hex(const char *algorithm, char hex[65], const char *text)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned size;

	assert_true(EVP_Digest(text, strlen(text), bytes, &size,
			       strcmp(algorithm, "MD5") ? EVP_sha256() : EVP_md5(), NULL));
	str_hex(hex, bytes, size);
}

/* `qop` with nc and cnonce, or NULL for RFC 2069. */
static void digest_response(const char *algorithm, const char *who, const char *nonce, const char *nc,
			    const char *cnonce, bool session, const char *qop, const char *request,
			    char hex[65])
{
	char text[1024], a1[65], a2[65];

	hash_hex(algorithm, a1, who);
	if (session) {
		snprintf(text, sizeof text, "%s:%s:%s", a1, nonce, cnonce);
		hash_hex(algorithm, a1, text);
	}
	hash_hex(algorithm, a2, request);
	if (qop)
		snprintf(text, sizeof text, "%s:%s:%s:%s:%s:%s", a1, nonce, nc, cnonce, qop, a2);
	else
		snprintf(text, sizeof text, "%s:%s:%s", a1, nonce, a2);
	hash_hex(algorithm, hex, text);
}

/* The examples of RFC 7616 3.9.1 and RFC 2617 3.5: the tests below trust this computation. */
static void test_examples(void **state)
{
	char hex[65];

	(void)state;
	digest_response("MD5", "Mufasa:http-auth@example.org:Circle of Life",
			"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001",
			"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", false, "auth", "GET:/dir/index.html",
			hex);
	assert_string_equal(hex, "8ca523f5e9506fed4657c9700eebdbec");
	digest_response("SHA-256", "Mufasa:http-auth@example.org:Circle of Life",
			"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001",
			"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", false, "auth", "GET:/dir/index.html",
			hex);
	assert_string_equal(hex, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
	digest_response("MD5", "Mufasa:testrealm@host.com:Circle Of Life",
			"dcd98b7102dd2f0e8b11d0f600bfb0c093", "00000001", "0a4f113b", false, "auth",
			"GET:/dir/index.html", hex);
	assert_string_equal(hex, "6629fae49393a05397450978507c4ef1");
}

/* The value of name=value or name="value" in an Authorization line; false if it is not there. */
static bool parameter(const char *line, const char *name, char *value, size_t room)
{
	size_t length = strlen(name), n = 0;
	const char *at = line;

	while ((at = strstr(at, name)) &&
	       (at == line || (at[-1] != ' ' && at[-1] != ',') || at[length] != '='))
		at += length;
	if (!at)
		return false;
	at += length + 1;
	if (*at == '"') {
		for (at++; *at && *at != '"' && n + 1 < room; at++) {
			at += *at == '\\';
			value[n++] = *at;
		}
	} else {
		for (; *at && *at != ',' && n + 1 < room; at++)
			value[n++] = *at;
	}
	value[n] = '\0';
	return true;
}

/* ---- the login alone ------------------------------------------------------------------------ */

static const char *line_of(struct http_login *login, struct buf *line)
{
	buf_clear(line);
	http_login_line(login, "GET", "/", line);
	return line->data;
}

static void test_lines(void **state)
{
	static const struct {
		const char *user, *secret;
		bool bearer;
		const char *line;
	} table[] = {
		{ "Aladdin", "open sesame", false, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" },
		{ "test", "123\xc2\xa3", false, "Authorization: Basic dGVzdDoxMjPCow==" },
		{ "a", "", false, "Authorization: Basic YTo=" },
		/* Longer than one piece of what is encoded at a time. */
		{ "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		  "0",
		  "x", false,
		  "Authorization: Basic MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"
		  "NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDp4" },
		{ "alice", "to.ke-n", true, "Authorization: Bearer to.ke-n" },
		{ NULL, "token", true, "Authorization: Bearer token" },
		{ NULL, NULL, false, "" },
	};
	struct arena *arena = arena_new();
	size_t checked = 0;
	struct buf line;

	(void)state;
	buf_init(&line, 10000);
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct http_login login;

		http_login_init(&login, table[i].user, table[i].secret, table[i].bearer, arena);
		assert_string_equal(line_of(&login, &line), table[i].line);
	}
	assert_true(checked >= 7);
	buf_free(&line);
	arena_free(arena);
}

/* Which challenges to a Basic that was refused lead to Digest, and to which. */
static void test_challenges(void **state)
{
	static const struct {
		const char *challenges;
		const char *algorithm; /* that is then used; NULL: the login is refused */
		const char *realm, *nonce, *opaque;
		bool qop;
	} table[] = {
		{ "Digest realm=\"a\", nonce=\"b\"\n", "MD5", "a", "b", NULL, false },
		{ "digest REALM=a,NONCE=b,QOP=auth\n", "MD5", "a", "b", NULL, true },
		{ "Digest realm=\"a\", nonce=\"b\", qop=\"auth,auth-int\", opaque=\"c\", algorithm=MD5\n",
		  "MD5", "a", "b", "c", true },
		{ "Digest realm=\"a\", nonce=\"b\", qop=\"auth-int, auth\"\n", "MD5", "a", "b", NULL, true },
		{ "Digest realm=\"a \\\"b\\\\\", nonce=\"b,c=d\"\n", "MD5", "a \"b\\", "b,c=d", NULL, false },
		{ "Digest realm=\"a\" , nonce = \"b\" ,algorithm=sha-256\n", "SHA-256", "a", "b", NULL,
		  false },
		{ "Digest realm=\"a\", nonce=\"b\", algorithm=MD5\n"
		  "Digest realm=\"a\", nonce=\"c\", algorithm=SHA-256\n",
		  "SHA-256", "a", "c", NULL, false },
		{ "Digest realm=\"a\", nonce=\"c\", algorithm=SHA-256, Digest realm=\"a\", nonce=\"b\"\n",
		  "SHA-256", "a", "c", NULL, false },
		{ "Digest realm=\"a\", nonce=\"x\", algorithm=SHA-512-256\n"
		  "Digest realm=\"a\", nonce=\"b\", algorithm=MD5-sess\n",
		  "MD5", "a", "b", NULL, false },
		{ "Negotiate, NTLM TlRMTVNTUAACAAAA==, Digest realm=a, nonce=b\n", "MD5", "a", "b", NULL,
		  false },
		{ "Newauth realm=\"x\", nonce=\"y\", Digest realm=a, nonce=b\n", "MD5", "a", "b", NULL,
		  false },
		{ "", NULL, NULL, NULL, NULL, false },
		{ "Basic realm=\"a\"\n", NULL, NULL, NULL, NULL, false },
		/* The password is wrong, and is not tried in another way. */
		{ "Basic realm=\"a\"\nDigest realm=\"a\", nonce=\"b\"\n", NULL, NULL, NULL, NULL, false },
		{ "Digest realm=\"a\"\n", NULL, NULL, NULL, NULL, false },
		{ "Digest nonce=\"b\"\n", NULL, NULL, NULL, NULL, false },
		{ "Digest realm=\"a\", nonce=\"b\n", NULL, NULL, NULL, NULL, false },
		{ "Digest realm=\"a\", nonce=\"b\", qop=auth-int\n", NULL, NULL, NULL, NULL, false },
		{ "Digest realm=\"a\", nonce=\"b\", algorithm=SHA-512-256\n", NULL, NULL, NULL, NULL, false },
		{ "Digest realm=\"a\", nonce=\"b\", algorithm=\"\"\n", NULL, NULL, NULL, NULL, false },
		{ "Bearer realm=\"a\"\n", NULL, NULL, NULL, NULL, false },
		{ "=,;\"\\ Digest\n", NULL, NULL, NULL, NULL, false },
	};
	struct arena *arena = arena_new();
	size_t good = 0, bad = 0;
	struct buf line;
	char value[256];

	(void)state;
	buf_init(&line, 10000);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct http_login login;
		bool again;

		print_message("%s", table[i].challenges);
		http_login_init(&login, "alice", "pw", false, arena);
		again = http_login_again(&login, 0, table[i].challenges);
		if (!table[i].algorithm) {
			assert_false(again);
			bad++;
			continue;
		}
		assert_true(again);
		line_of(&login, &line);
		assert_true(str_starts(line.data, "Authorization: Digest username=\"alice\", "));
		assert_true(parameter(line.data, "algorithm", value, sizeof value));
		assert_true(str_starts(value, table[i].algorithm));
		assert_int_equal(str_ends(value, "-sess"), strstr(table[i].challenges, "-sess") != NULL);
		assert_true(parameter(line.data, "realm", value, sizeof value));
		assert_string_equal(value, table[i].realm);
		assert_true(parameter(line.data, "nonce", value, sizeof value));
		assert_string_equal(value, table[i].nonce);
		assert_int_equal(parameter(line.data, "opaque", value, sizeof value),
				 table[i].opaque != NULL);
		if (table[i].opaque)
			assert_string_equal(value, table[i].opaque);
		assert_int_equal(parameter(line.data, "qop", value, sizeof value), table[i].qop);
		good++;
	}
	assert_true(good >= 11 && bad >= 11);
	buf_free(&line);
	arena_free(arena);
}

/* A token or no login at all has no second way. */
static void test_no_other_way(void **state)
{
	struct arena *arena = arena_new();
	struct http_login login;

	(void)state;
	http_login_init(&login, "alice", "pw", true, arena);
	assert_false(http_login_again(&login, 0, "Digest realm=\"a\", nonce=\"b\"\n"));
	http_login_init(&login, NULL, NULL, false, arena);
	assert_false(http_login_again(&login, 0, "Digest realm=\"a\", nonce=\"b\"\n"));
	arena_free(arena);
}

/* ---- Basic and Bearer on the wire ----------------------------------------------------------- */

static void act_basic(struct web_request *r)
{
	char line[256];

	if (!web_field(r, "Authorization", line, sizeof line) || strcmp(line, r->context) != 0)
		web_answer(r, 401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "who are you?");
	else
		web_answer(r, 200, "", "ok");
}

static struct http_options with_login(const char *user, const char *secret, bool bearer)
{
	struct http_options options = usual();

	options.user = user;
	options.secret = secret;
	options.bearer = bearer;
	return options;
}

/* Accepted: sent with each request, no request is spent on asking. */
static void test_accepted(void **state)
{
	static const struct {
		const char *secret;
		bool bearer;
		const char *line;
	} table[] = {
		{ "pw", false, "Basic YWxpY2U6cHc=" },
		{ "token", true, "Bearer token" },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct http_options options = with_login("alice", table[i].secret, table[i].bearer);
		struct web web = web_start(act_basic, (void *)(size_t)table[i].line, 0);
		struct http *http = open_at(web.url, &options);

		must_get_many(http, "/", 40, 200);
		assert_int_equal(web.seen->requests, 40);
		assert_int_equal(web.seen->logins, 40);
		http_close(http);
		web_end(&web);
	}
	assert_true(checked >= 2);
}

/* Refused: told at once, and never tried more than twice, whatever is to be done. */
static void test_refused(void **state)
{
	static const struct {
		const char *user;
		bool bearer;
		const char *words;
		int logins;
	} table[] = {
		{ "alice", false, "login refused", 2 },
		{ "alice", true, "login refused", 2 },
		{ NULL, false, "server wants a login", 0 },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct http_options options = with_login(table[i].user, "wrong", table[i].bearer);
		struct web web = web_start(act_basic, (void *)(size_t) "Basic YWxpY2U6cHc=", 0);
		struct http *http = open_at(web.url, &options);
		struct http_request requests[30] = { 0 };
		struct arena *arena = arena_new();

		for (size_t n = 0; n < COUNT(requests); n++) {
			requests[n].method = "PROPFIND";
			requests[n].target = "/";
		}
		must_fail(http_run(http, requests, COUNT(requests), NULL, NULL, arena), FAIL_LOGIN,
			  FAIL_ACCOUNT, table[i].words);
		for (size_t n = 0; n < COUNT(requests); n++)
			assert_true(fail_is(requests[n].fail, FAIL_LOGIN));
		assert_true(web.seen->logins <= table[i].logins);
		assert_in_range(web.seen->requests, 1, 8);
		arena_free(arena);
		http_close(http);
		web_end(&web);
	}
	assert_true(checked >= 3);
}

/* Without credentials, though there are some: a 401 is an answer like others. */
static void test_anonymous(void **state)
{
	struct http_options options = with_login("alice", "pw", false);
	struct web web = web_start(act_basic, (void *)(size_t) "Basic YWxpY2U6cHc=", 0);
	struct http *http = open_at(web.url, &options);
	struct asked asked = asked_new("OPTIONS", "/");

	(void)state;
	asked.request.anonymous = true;
	asked_run(&asked, http);
	must(asked.fail);
	must(asked.request.fail);
	assert_int_equal(asked.request.status, 401);
	assert_string_equal(asked.request.text, "who are you?");
	assert_int_equal(web.seen->logins, 0);
	asked_free(&asked);
	must_get(http, "/", 200);
	http_close(http);
	web_end(&web);
}

/* ---- Digest on the wire --------------------------------------------------------------------- */

struct digest_server {
	const char *algorithm, *extra; /* of the challenge */
	const char *qop;
	int uses;  /* of a nonce, then it is stale; 0: for ever */
	bool told; /* says stale=true */
	const char *password;
	size_t body; /* of each request */
};

static void challenge(struct web_request *r, bool stale)
{
	const struct digest_server *server = r->context;
	char line[512];

	snprintf(line, sizeof line,
		 "WWW-Authenticate: Digest realm=\"r s\", nonce=\"n%d\", algorithm=%s%s%s\r\n",
		 r->seen->number[0], server->algorithm, server->extra,
		 stale && server->told ? ", stale=true" : "");
	web_answer(r, 401, line, "no");
}

static void act_digest(struct web_request *r)
{
	const struct digest_server *server = r->context;
	char line[2048], nonce[64], text[256] = "", uri[256] = "", nc[16] = "", cnonce[64] = "", who[128];
	char request[512], right[65], now[64];

	web_need(r, r->body_size == server->body);
	if (!web_field(r, "Authorization", line, sizeof line) || !str_starts(line, "Digest ")) {
		challenge(r, false);
		return;
	}
	web_need(r, parameter(line, "nonce", nonce, sizeof nonce));
	web_need(r, parameter(line, "uri", uri, sizeof uri) && !strcmp(uri, r->target));
	web_need(r, parameter(line, "response", text, sizeof text));
	if (server->qop) {
		web_need(r, parameter(line, "nc", nc, sizeof nc) && strlen(nc) == 8);
		web_need(r, parameter(line, "cnonce", cnonce, sizeof cnonce) && strlen(cnonce) >= 16);
	}
	snprintf(who, sizeof who, "alice:r s:%s", server->password);
	snprintf(request, sizeof request, "%s:%s", r->method, uri);
	digest_response(str_starts(server->algorithm, "MD5") ? "MD5" : "SHA-256", who, nonce, nc, cnonce,
			str_ends(server->algorithm, "-sess"), server->qop, request, right);
	snprintf(now, sizeof now, "n%d", r->seen->number[0]);
	if (strcmp(right, text) != 0) {
		r->seen->number[2]++; /* wrong passwords */
		challenge(r, false);
	} else if (strcmp(nonce, now) != 0 || (server->uses && ++r->seen->number[1] > server->uses)) {
		if (!strcmp(nonce, now)) {
			r->seen->number[0]++;
			r->seen->number[1] = 0;
		}
		challenge(r, true);
	} else {
		r->seen->number[3]++; /* served */
		web_answer(r, 207, "", "ok");
	}
}

static const struct fail *letters(void *context, uint64_t offset, char *data, size_t room, size_t *got)
{
	(void)context;
	(void)offset;
	memset(data, 'x', room);
	*got = room;
	return NULL;
}

/* A request with a body is refused and sent again, with its body. */
static void test_digest(void **state)
{
	static const struct {
		struct digest_server server;
		int connections, most; /* requests in all */
	} table[] = {
		{ { "MD5", "", NULL, 0, false, "pw", 0 }, 1, 31 },
		{ { "MD5", ", qop=\"auth\"", "auth", 0, false, "pw", 100 }, 1, 31 },
		{ { "MD5", ", qop=\"auth,auth-int\", opaque=\"o\"", "auth", 0, false, "pw", 300000 }, 1, 31 },
		{ { "SHA-256", ", qop=auth", "auth", 0, false, "pw", 100 }, 1, 31 },
		{ { "MD5-sess", ", qop=auth", "auth", 0, false, "pw", 100 }, 1, 31 },
		{ { "SHA-256-sess", ", qop=auth", "auth", 0, false, "pw", 100 }, 1, 31 },
		{ { "MD5", ", qop=auth", "auth", 0, false, "pw", 100 }, 8, 32 },
		{ { "MD5", ", qop=auth", "auth", 7, true, "pw", 100 }, 1, 36 },
		{ { "MD5", ", qop=auth", "auth", 1, true, "pw", 100 }, 1, 62 },
		{ { "MD5", ", qop=auth", "auth", 7, false, "pw", 100 }, 1, 36 },
		{ { "MD5", ", qop=auth", "auth", 10, true, "pw", 100 }, 4, 60 },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++, checked++) {
		struct http_options options = with_login("alice", "pw", false);
		struct web web = web_start(act_digest, (void *)(size_t)&table[i].server, 0);
		struct http_request requests[30] = { 0 };
		struct arena *arena = arena_new();
		struct http *http;

		options.connections = table[i].connections;
		http = open_at(web.url, &options);
		for (size_t n = 0; n < COUNT(requests); n++) {
			requests[n].method = table[i].server.body ? "REPORT" : "GET";
			requests[n].target = "/cal/a%20b/?q=\"1\"";
			requests[n].body_size = table[i].server.body;
			requests[n].source = letters;
		}
		must(http_run(http, requests, COUNT(requests), NULL, NULL, arena));
		for (size_t n = 0; n < COUNT(requests); n++) {
			must(requests[n].fail);
			assert_int_equal(requests[n].status, 207);
		}
		print_message("digest %zu: %d requests\n", i, web.seen->requests);
		assert_int_equal(web.seen->number[3], COUNT(requests));
		assert_int_equal(web.seen->number[2], 0);
		assert_in_range(web.seen->requests, COUNT(requests) + 1, table[i].most);
		arena_free(arena);
		http_close(http);
		web_end(&web);
	}
	assert_true(checked >= 11);
}

static void test_digest_refused(void **state)
{
	static const struct digest_server servers[] = {
		{ "MD5", ", qop=auth", "auth", 0, false, "other", 0 },
		{ "SHA-256", "", NULL, 0, false, "other", 0 },
	};
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(servers); i++, checked++) {
		struct http_options options = with_login("alice", "pw", false);
		struct web web = web_start(act_digest, (void *)(size_t)&servers[i], 0);
		struct http *http = open_at(web.url, &options);
		struct http_request requests[20] = { 0 };
		struct arena *arena = arena_new();

		for (size_t n = 0; n < COUNT(requests); n++) {
			requests[n].method = "GET";
			requests[n].target = "/";
		}
		must_fail(http_run(http, requests, COUNT(requests), NULL, NULL, arena), FAIL_LOGIN,
			  FAIL_ACCOUNT, "login refused");
		assert_in_range(web.seen->number[2], 1, 2);
		assert_true(web.seen->requests <= 4);
		arena_free(arena);
		http_close(http);
		web_end(&web);
	}
	assert_true(checked >= 2);
}

/* ---- who gets to see it --------------------------------------------------------------------- */

static void act_send_away(struct web_request *r)
{
	web_answer(r, 307, r->context, "");
}

static void act_ok(struct web_request *r)
{
	web_answer(r, 200, "", "ok");
}

/* Not another origin, be it on the same host. */
static void test_other_origin(void **state)
{
	struct http_options options = with_login("alice", "pw", false);
	struct web other = web_start(act_ok, NULL, 0), web;
	struct http *http;
	char line[128];
	struct asked asked;

	(void)state;
	snprintf(line, sizeof line, "Location: %s/x\r\n", other.url);
	web = web_start(act_send_away, line, 0);
	http = open_at(web.url, &options);
	asked = ask(http, "PROPFIND", "/");
	must(asked.fail);
	must_fail(asked.request.fail, FAIL_REFUSED, FAIL_ITEM, other.url);
	assert_int_equal(other.seen->connections, 0);
	asked_free(&asked);
	http_close(http);
	web_end(&web);
	web_end(&other);
}

/* Nor ~/.netrc. */
static void test_no_netrc(void **state)
{
	static const char netrc[] =
		"machine 127.0.0.1 login eve password secret\ndefault login eve password x\n";
	char directory[] = "/tmp/koc-http-login-XXXXXX", file[64];
	struct http_options options = usual();
	struct web web = web_start(act_ok, NULL, 0);
	struct http *http;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(file, sizeof file, "%s/.netrc", directory);
	out = fopen(file, "w");
	assert_non_null(out);
	assert_true(fputs(netrc, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(setenv("HOME", directory, 1), 0);
	http = open_at(web.url, &options);
	must_get(http, "/", 200);
	assert_int_equal(web.seen->logins, 0);
	http_close(http);
	web_end(&web);
	unlink(file);
	rmdir(directory);
}

static struct buf traced;

static void keep_line(void *context, const char *text)
{
	(void)context;
	buf_addf(&traced, "%s\n", text);
}

/* The trace tells what was asked, and no secret. */
static void test_trace(void **state)
{
	static const struct digest_server server = { "MD5", ", qop=auth", "auth", 0, false, "pw-secret", 0 };
	struct http_options options = with_login("alice", "pw-secret", false);
	struct web web = web_start(act_digest, (void *)(size_t)&server, 0);
	struct http *http;

	(void)state;
	buf_init(&traced, 100000);
	options.trace = true;
	http = open_at(web.url, &options);
	log_set_level(LOG_WIRE);
	log_set_sink(keep_line, NULL);
	must_get(http, "/traced?x", 207);
	log_set_sink(NULL, NULL);
	log_set_level(LOG_NORMAL);
	assert_non_null(strstr(traced.data, "GET /traced?x: 207, 2 bytes\n"));
	assert_null(strstr(traced.data, "secret"));
	assert_null(strstr(traced.data, "Authorization"));
	assert_null(strstr(traced.data, "Basic"));
	buf_free(&traced);
	http_close(http);
	web_end(&web);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),       cmocka_unit_test(test_lines),
		cmocka_unit_test(test_challenges),     cmocka_unit_test(test_no_other_way),
		cmocka_unit_test(test_accepted),       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_anonymous),      cmocka_unit_test(test_digest),
		cmocka_unit_test(test_digest_refused), cmocka_unit_test(test_other_origin),
		cmocka_unit_test(test_no_netrc),       cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
