/* HTTP over TLS: which servers are trusted and in which words others are refused, as for mail; HTTP/2 with a
 * real nginx. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"
#include "certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum who { GOOD, BOTH_NAMES, OTHER, EXPIRED, EARLY, SELF, BY_NAME, WHO };

static struct certificate authority, stranger, certificates[WHO];
static char directory[] = "/tmp/koc-http-tls-XXXXXX";
static char authority_file[64], stranger_file[64], good_file[64];
static char pins[WHO][65];
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static const char *path(const char *name)
{
	static char text[4][128];
	static unsigned turn;

	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof text[turn], "%s/%s", directory, name);
	return text[turn];
}

static int make_certificates(void **state)
{
	static const char here[] = "DNS:localhost,IP:127.0.0.1";

	(void)state;
	assert_non_null(mkdtemp(directory));
	authority = certificate_make("authority", NULL, NULL, -DAY, DAY);
	stranger = certificate_make("stranger", NULL, NULL, -DAY, DAY);
	certificates[GOOD] = certificate_make("x", "DNS:localhost", &authority, -DAY, DAY);
	certificates[BOTH_NAMES] = certificate_make("x", here, &authority, -DAY, DAY);
	certificates[OTHER] = certificate_make("localhost", "DNS:other.example", &authority, -DAY, DAY);
	certificates[EXPIRED] = certificate_make("x", here, &authority, -900 * DAY, -800 * DAY);
	certificates[EARLY] = certificate_make("x", here, &authority, DAY, 2 * DAY);
	certificates[SELF] = certificate_make("x", here, NULL, -DAY, DAY);
	certificates[BY_NAME] = certificate_make("localhost", NULL, &authority, -DAY, DAY);
	str_copy(authority_file, sizeof authority_file, path("authority.pem"));
	str_copy(stranger_file, sizeof stranger_file, path("stranger.pem"));
	str_copy(good_file, sizeof good_file, path("good.pem"));
	certificate_write(&authority, authority_file);
	certificate_write(&stranger, stranger_file);
	certificate_write(&certificates[GOOD], good_file);
	for (int i = 0; i < WHO; i++)
		certificate_pin(&certificates[i], pins[i]);
	return 0;
}

static int drop_certificates(void **state)
{
	(void)state;
	for (int i = 0; i < WHO; i++)
		certificate_free(&certificates[i]);
	certificate_free(&authority);
	certificate_free(&stranger);
	unlink(authority_file);
	unlink(stranger_file);
	unlink(good_file);
	return rmdir(directory);
}

/* ---- whom to trust -------------------------------------------------------------------------- */

static void act_ok(struct web_request *r)
{
	web_answer(r, 200, "", "ok");
}

/* HTTP/1.0 on TLS, as Radicale: each request has its own connection. */
static void act_ok_and_close(struct web_request *r)
{
	web_say(r, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
	r->close = true;
}

static SSL_CTX *tls_context(enum who who, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	assert_true(context && SSL_CTX_use_certificate(context, certificates[who].x509) &&
		    SSL_CTX_use_PrivateKey(context, certificates[who].key));
	if (version) {
		SSL_CTX_set_security_level(context, 0);
		assert_true(SSL_CTX_set_min_proto_version(context, version));
		assert_true(SSL_CTX_set_max_proto_version(context, version));
	}
	return context;
}

static void test_trust(void **state)
{
	static const struct {
		enum who who;
		const char *host;
		const char *ca_file; /* NULL: the system's */
		const char *pin;
		int version;
		const char *words; /* of the refusal; NULL: accepted */
	} table[] = {
		{ GOOD, "localhost", authority_file, NULL, 0, NULL },
		{ GOOD, "localhost", authority_file, NULL, TLS1_2_VERSION, NULL },
		{ GOOD, "localhost", authority_file, NULL, TLS1_3_VERSION, NULL },
		{ GOOD, "localhost", authority_file, NULL, TLS1_1_VERSION,
		  "server offers only TLS 1.1 or older" },
		{ GOOD, "localhost", authority_file, NULL, TLS1_VERSION,
		  "server offers only TLS 1.1 or older" },
		{ GOOD, "LocalHost", authority_file, NULL, 0, NULL },
		{ GOOD, "localhost", good_file, NULL, 0, NULL },
		{ GOOD, "127.0.0.1", authority_file, NULL, 0, "certificate is for localhost, not 127.0.0.1" },
		{ BOTH_NAMES, "127.0.0.1", authority_file, NULL, 0, NULL },
		{ OTHER, "localhost", authority_file, NULL, 0,
		  "certificate is for other.example, not localhost" },
		{ BY_NAME, "localhost", authority_file, NULL, 0, "certificate is for no host at all" },
		{ EXPIRED, "localhost", authority_file, NULL, 0, "certificate expired on 20" },
		{ EARLY, "localhost", authority_file, NULL, 0, "certificate is not valid before 20" },
		{ SELF, "localhost", authority_file, NULL, 0,
		  "certificate chain not trusted: self-signed certificate" },
		{ GOOD, "localhost", stranger_file, NULL, 0,
		  "certificate chain not trusted: unable to get local issuer certificate" },
		{ GOOD, "localhost", NULL, NULL, 0,
		  "certificate chain not trusted: unable to get local issuer certificate" },
		{ SELF, "localhost", NULL, pins[SELF], 0, NULL },
		{ SELF, "127.0.0.1", NULL, pins[SELF], TLS1_2_VERSION, NULL },
		{ EXPIRED, "localhost", NULL, pins[EXPIRED], 0, NULL },
		{ BY_NAME, "localhost", NULL, pins[BY_NAME], 0, NULL },
		{ BY_NAME, "127.0.0.1", NULL, pins[BY_NAME], 0, "not 127.0.0.1" },
		{ OTHER, "localhost", NULL, pins[OTHER], 0, "not localhost" },
		{ GOOD, "localhost", authority_file, pins[SELF], 0, "key is not the pinned one" },
		{ GOOD, "localhost", authority_file, zeros, 0, "key is not the pinned one" },
		{ GOOD, "localhost", authority_file, pins[SELF], 0, pins[GOOD] },
	};
	size_t accepted = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct http_options options = { .timeout = 20, .user = "alice", .secret = "pw" };
		SSL_CTX *context = tls_context(table[i].who, table[i].version);
		struct web web = web_start_tls(act_ok, NULL, 0, context);
		struct http *http;
		struct asked asked;
		char url[64];

		print_message("%zu %s\n", i, table[i].words ? table[i].words : "accepted");
		snprintf(url, sizeof url, "https://%s:%u/", table[i].host, web.port);
		options.ca_file = table[i].ca_file;
		options.fingerprint = table[i].pin;
		http = open_at(url, &options);
		asked = ask(http, "GET", "/");
		if (table[i].words) {
			must_fail(asked.fail, FAIL_TLS, FAIL_ACCOUNT, table[i].words);
			must_fail(asked.request.fail, FAIL_TLS, FAIL_ACCOUNT, table[i].words);
			assert_int_equal(web.seen->requests, 0);
			refused++;
		} else {
			must(asked.fail);
			must(asked.request.fail);
			assert_int_equal(asked.request.status, 200);
			assert_int_equal(web.seen->logins, 1);
			accepted++;
		}
		asked_free(&asked);
		http_close(http);
		web_end(&web);
		SSL_CTX_free(context);
	}
	assert_true(accepted >= 10 && refused >= 15);
}

/* Every new connection is judged, not only the first one. */
static void test_many_connections(void **state)
{
	struct http_options options = { .timeout = 20, .ca_file = authority_file };
	SSL_CTX *context = tls_context(GOOD, 0);
	struct web web = web_start_tls(act_ok_and_close, NULL, 0, context);
	struct http *http = open_at(web.url, &options);

	(void)state;
	must_get_many(http, "/", 30, 200);
	assert_int_equal(web.seen->connections, 30);
	http_close(http);
	web_end(&web);
	SSL_CTX_free(context);
}

/* The system's authorities are looked up in their directory, here one of the test's own. */
static void test_system_directory(void **state)
{
	struct http_options options = { .timeout = 20 };
	SSL_CTX *context = tls_context(GOOD, 0);
	struct web web = web_start_tls(act_ok, NULL, 0, context);
	unsigned long hash = X509_NAME_hash_ex(X509_get_subject_name(authority.x509), NULL, NULL, NULL);
	char name[32];
	struct http *http;

	(void)state;
	snprintf(name, sizeof name, "%08lx.0", hash);
	assert_int_equal(symlink("authority.pem", path(name)), 0);
	assert_int_equal(setenv("SSL_CERT_DIR", directory, 1), 0);
	http = open_at(web.url, &options);
	must_get(http, "/", 200);
	assert_int_equal(unsetenv("SSL_CERT_DIR"), 0);
	http_close(http);
	unlink(path(name));
	web_end(&web);
	SSL_CTX_free(context);
}

static void test_no_ca_file(void **state)
{
	struct http_options options = { .timeout = 20, .ca_file = "/nonexistent/ca.pem" };
	struct http *http = NULL;

	(void)state;
	must_fail(http_open("https://localhost:1/", &options, &http), FAIL_CONFIG, FAIL_ACCOUNT,
		  "tls-ca-file /nonexistent/ca.pem: No such file or directory");
	assert_null(http);
}

/* A port where nobody says anything.  (For one where no TLS is spoken, see test_http2.) */
static void test_no_tls(void **state)
{
	struct http_options options = { .timeout = 20, .ca_file = authority_file };
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct http *http;
	struct asked asked;
	char url[64];

	(void)state;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (const struct sockaddr *)(const void *)&address, size), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)(void *)&address, &size), 0);
	snprintf(url, sizeof url, "https://localhost:%u/", ntohs(address.sin_port));
	options.timeout = 1;
	http = open_at(url, &options);
	asked = ask(http, "GET", "/");
	must_fail(asked.fail, FAIL_UNREACHABLE, FAIL_ACCOUNT, "cannot connect to localhost port");
	assert_non_null(strstr(asked.fail->text, "within 1 s"));
	asked_free(&asked);
	http_close(http);
	close(listener);
}

/* The end of a body that is told by closing alone must be told by TLS itself, or anybody on the way can cut
 * it. */
static void act_to_the_end(struct web_request *r)
{
	web_say(r, "HTTP/1.0 200 OK\r\n\r\nto the end");
	r->close = true;
	if (!strcmp(r->target, "/cut"))
		_exit(0);
}

static void test_tls_end(void **state)
{
	struct http_options options = { .timeout = 20, .ca_file = authority_file };
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++, checked++) {
		SSL_CTX *context = tls_context(GOOD, versions[i]);
		struct web web = web_start_tls(act_to_the_end, NULL, 0, context);
		struct http *http = open_at(web.url, &options);
		struct asked asked = ask(http, "GET", "/cut");

		must(asked.fail);
		must_fail(asked.request.fail, FAIL_UNREACHABLE, FAIL_ITEM, "answer is cut");
		asked_free(&asked);
		must_get(http, "/", 200);
		http_close(http);
		web_end(&web);
		SSL_CTX_free(context);
	}
	assert_true(checked >= 2);
}

/* ---- HTTP/2, by nginx ----------------------------------------------------------------------- */

struct nginx {
	pid_t pid;
	unsigned tls, plain; /* ports */
};

static unsigned listen_at(int *fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;

	*fd = socket(AF_INET, SOCK_STREAM, 0); /* nginx inherits it */
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(*fd >= 0);
	assert_int_equal(bind(*fd, (const struct sockaddr *)(const void *)&address, size), 0);
	assert_int_equal(listen(*fd, 64), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)(void *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static void write_key(const char *name, EVP_PKEY *key)
{
	FILE *file = fopen(path(name), "w");

	assert_non_null(file);
	assert_true(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
	assert_int_equal(fclose(file), 0);
}

static void nginx_configure(const struct nginx *nginx)
{
	FILE *file = fopen(path("nginx.conf"), "w");

	assert_non_null(file);
	fprintf(file,
		"%4$sdaemon off; worker_processes 1; pid %1$s/pid; error_log %1$s/errors;\n"
		"events { }\n"
		"http {\n"
		" log_format seen '$server_protocol $request_method $uri $status $connection $http_upgrade "
		"$request_length';\n"
		" access_log %1$s/seen seen;\n"
		" client_body_temp_path %1$s/t1; proxy_temp_path %1$s/t2; fastcgi_temp_path %1$s/t3;\n"
		" uwsgi_temp_path %1$s/t4; scgi_temp_path %1$s/t5;\n"
		" ssl_certificate %1$s/good.pem; ssl_certificate_key %1$s/key.pem;\n"
		" gzip on; gzip_min_length 1; gzip_types *;\n"
		" keepalive_requests 40;\n"
		" server { listen 127.0.0.1:%2$u ssl http2; listen 127.0.0.1:%3$u;\n"
		"  root %1$s/www; dav_methods PUT DELETE; client_max_body_size 10m;\n"
		" }\n"
		"}\n",
		directory, nginx->tls, nginx->plain, geteuid() ? "" : "user root;\n");
	assert_int_equal(fclose(file), 0);
}

static struct nginx nginx_start(void)
{
	struct nginx nginx = { 0 };
	int tls, plain;
	char sockets[32];

	nginx.tls = listen_at(&tls);
	nginx.plain = listen_at(&plain);
	snprintf(sockets, sizeof sockets, "%d;%d;", tls, plain);
	write_key("key.pem", certificates[GOOD].key);
	assert_int_equal(mkdir(path("www"), 0777), 0);
	nginx_configure(&nginx);
	fflush(NULL);
	nginx.pid = fork();
	assert_true(nginx.pid >= 0);
	if (!nginx.pid) {
		int log = open(path("output"), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		setenv("NGINX", sockets, 1); /* where it looks for the sockets of one that it replaces */
		setenv("PATH", "/usr/sbin:/usr/local/sbin:/usr/bin:/bin", 1);
		execlp("nginx", "nginx", "-p", directory, "-c", path("nginx.conf"), (char *)NULL);
		_exit(1);
	}
	close(tls);
	close(plain);
	return nginx;
}

/* All that it did is in its log then. */
static void nginx_end(struct nginx *nginx)
{
	int status;

	assert_int_equal(kill(nginx->pid, SIGTERM), 0);
	assert_int_equal(waitpid(nginx->pid, &status, 0), nginx->pid);
	assert_int_equal(status, 0);
}

static void nginx_clean(void)
{
	static const char *const files[] = { "nginx.conf", "key.pem", "output",    "errors",
					     "seen",       "pid",     "www/small", "www/large" };
	static const char *const directories[] = { "www", "t1", "t2", "t3", "t4", "t5" };

	for (size_t i = 0; i < COUNT(files); i++)
		unlink(path(files[i]));
	for (size_t i = 0; i < COUNT(directories); i++)
		rmdir(path(directories[i]));
}

/* Lines of nginx's log that begin with `prefix`; *connections of them differ. */
static size_t seen(const char *prefix, size_t *connections)
{
	static unsigned char known[4096];
	FILE *file = fopen(path("seen"), "r");
	char line[512];
	unsigned connection;
	size_t count = 0;

	memset(known, 0, sizeof known);
	*connections = 0;
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		if (!str_starts(line, prefix))
			continue;
		assert_int_equal(sscanf(line, "%*s %*s %*s %*d %u", &connection), 1);
		assert_true(connection < sizeof known);
		*connections += !known[connection];
		known[connection] = 1;
		count++;
	}
	fclose(file);
	return count;
}

static const struct fail *letters(void *context, uint64_t offset, char *data, size_t room, size_t *got)
{
	(void)context;
	for (*got = 0; *got < room; ++*got)
		data[*got] = (char)('a' + (offset + *got) % 26);
	return NULL;
}

static void put(struct http *http, const char *target, uint64_t size, int status)
{
	struct asked asked = asked_new("PUT", target);

	asked.request.source = letters;
	asked.request.body_size = size;
	asked_run(&asked, http);
	must(asked.fail);
	must(asked.request.fail);
	assert_int_equal(asked.request.status, status);
	asked_free(&asked);
}

static const struct fail *sink_full(void *context, const char *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return fail_make(FAIL_DISK, FAIL_ACCOUNT, "disk full");
}

/* Of many streams one is given up; the others go on. */
static void give_one_up(struct http *http)
{
	struct http_request requests[20] = { 0 };
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(requests); i++) {
		requests[i].method = "GET";
		requests[i].target = i == 7 ? "/large" : "/small";
		requests[i].sink = i == 7 ? sink_full : NULL;
	}
	must(http_run(http, requests, COUNT(requests), NULL, NULL, arena));
	for (size_t i = 0; i < COUNT(requests); i++) {
		if (i == 7)
			must_fail(requests[i].fail, FAIL_DISK, FAIL_ACCOUNT, "disk full");
		else
			must(requests[i].fail);
	}
	arena_free(arena);
}

static void check_get(struct http *http, const char *target, size_t size)
{
	struct asked asked = ask(http, "GET", target);

	must(asked.request.fail);
	assert_int_equal(asked.request.status, 200);
	assert_int_equal(asked.body.size, size);
	assert_non_null(asked.request.etag);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(asked.body.data[i], (char)('a' + i % 26));
	asked_free(&asked);
}

/* Over TLS all requests share a connection or two, which nginx ends after 40 requests each; without TLS
 * HTTP/2 is not even asked for. */
static void test_http2(void **state)
{
	struct http_options options = { .timeout = 20, .plain = true, .ca_file = authority_file };
	struct nginx nginx = nginx_start();
	size_t connections, made;
	struct asked asked;
	struct http *http;
	char url[64];

	(void)state;
	snprintf(url, sizeof url, "https://localhost:%u", nginx.tls);
	http = open_at(url, &options);
	put(http, "/small", 1000, 201);
	put(http, "/large", 3 << 20, 201);
	check_get(http, "/small", 1000);
	check_get(http, "/large", 3 << 20);
	must_get(http, "/missing", 404);
	must_get_many(http, "/small", 300, 200);
	give_one_up(http);
	put(http, "/small", 500, 204);
	check_get(http, "/small", 500);
	made = http_counts(http).connections;
	assert_int_equal(http_counts(http).requests, 307 + 20);
	http_close(http);

	snprintf(url, sizeof url, "http://127.0.0.1:%u", nginx.plain);
	http = open_at(url, &options);
	put(http, "/large", 1 << 20, 204);
	check_get(http, "/large", 1 << 20);
	must_get_many(http, "/small", 100, 200);
	http_close(http);

	snprintf(url, sizeof url, "https://localhost:%u", nginx.plain);
	http = open_at(url, &options);
	asked = ask(http, "GET", "/small");
	must_fail(asked.fail, FAIL_TLS, FAIL_ACCOUNT, "server answered without TLS");
	asked_free(&asked);
	http_close(http);

	nginx_end(&nginx);
	assert_int_equal(seen("HTTP/2.0 GET /small 200", &connections), 302 + 19);
	assert_int_equal(seen("HTTP/2.0 PUT", &connections), 3);
	assert_int_equal(seen("HTTP/2.0 ", &connections), 307 + 20);
	assert_in_range(connections, 8, 20);
	assert_int_equal(connections, made);
	assert_int_equal(seen("HTTP/1.1 ", &connections), 102);
	nginx_clean();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_many_connections),
		cmocka_unit_test(test_system_directory),
		cmocka_unit_test(test_no_ca_file),
		cmocka_unit_test(test_no_tls),
		cmocka_unit_test(test_tls_end),
		cmocka_unit_test(test_http2),
	};

	return cmocka_run_group_tests(tests, make_certificates, drop_certificates);
}
