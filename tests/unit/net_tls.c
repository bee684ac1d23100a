/* connect.h with TLS: which servers are trusted, in which words others are refused; injection; ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "certificates.h"
#include "net/connect.h"
#include "peer.h"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

enum who { GOOD, BOTH_NAMES, OTHER, MANY, EXPIRED, EARLY, SELF, BY_NAME, NAMELESS, WHO };

static struct certificate authority, stranger, certificates[WHO];
static char directory[] = "/tmp/koc-net-tls-XXXXXX";
static char authority_file[64], stranger_file[64], good_file[64];
static char pins[WHO][65];
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static int make_certificates(void **state)
{
	static const char here[] = "DNS:localhost,IP:127.0.0.1";
	int i;

	(void)state;
	assert_non_null(mkdtemp(directory));
	authority = certificate_make("authority", NULL, NULL, -DAY, DAY);
	stranger = certificate_make("stranger", NULL, NULL, -DAY, DAY);
	certificates[GOOD] = certificate_make("x", "DNS:localhost", &authority, -DAY, DAY);
	certificates[BOTH_NAMES] = certificate_make("x", here, &authority, -DAY, DAY);
	certificates[OTHER] = certificate_make("localhost", "DNS:other.example,IP:192.0.2.1",
					       &authority, -DAY, DAY);
	certificates[MANY] = certificate_make("x", "DNS:a.example,DNS:b.example,DNS:c.example,"
						   "DNS:d.example,DNS:e.example",
					      &authority, -DAY, DAY);
	certificates[EXPIRED] = certificate_make("x", here, &authority, -900 * DAY, -800 * DAY);
	certificates[EARLY] = certificate_make("x", here, &authority, DAY, 2 * DAY);
	certificates[SELF] = certificate_make("x", here, NULL, -DAY, DAY);
	certificates[BY_NAME] = certificate_make("localhost", NULL, &authority, -DAY, DAY);
	certificates[NAMELESS] = certificate_make("x", "email:a@b.example", &authority, -DAY, DAY);
	snprintf(authority_file, sizeof(authority_file), "%s/authority.pem", directory);
	snprintf(stranger_file, sizeof(stranger_file), "%s/stranger.pem", directory);
	snprintf(good_file, sizeof(good_file), "%s/good.pem", directory);
	certificate_write(&authority, authority_file);
	certificate_write(&stranger, stranger_file);
	certificate_write(&certificates[GOOD], good_file);
	for (i = 0; i < WHO; i++)
		certificate_pin(&certificates[i], pins[i]);
	return 0;
}

static int drop_certificates(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < WHO; i++)
		certificate_free(&certificates[i]);
	certificate_free(&authority);
	certificate_free(&stranger);
	unlink(authority_file);
	unlink(stranger_file);
	unlink(good_file);
	return rmdir(directory);
}

/* ---- the server --------------------------------------------------------------------------- */

struct server {
	enum who who;
	int version;      /* the only one it speaks; 0: any */
	const char *name; /* what SNI must say; NULL: there must be none */
	bool refused;     /* the handshake must fail */
};

static SSL *server_start(int fd, const struct server *server)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	const struct certificate *c = &certificates[server->who];
	SSL *ssl;
	const char *name;

	peer_need(context && SSL_CTX_use_certificate(context, c->x509) &&
		  SSL_CTX_use_PrivateKey(context, c->key));
	if (server->version) {
		SSL_CTX_set_security_level(context, 0);
		peer_need(SSL_CTX_set_min_proto_version(context, server->version));
		peer_need(SSL_CTX_set_max_proto_version(context, server->version));
	}
	ssl = SSL_new(context);
	peer_need(ssl && SSL_set_fd(ssl, fd));
	if (server->refused) {
		/* In TLS 1.3 the server learns of the refusal after its part of the handshake. */
		char byte;

		peer_need(SSL_accept(ssl) != 1 || SSL_read(ssl, &byte, 1) <= 0);
		_exit(0);
	}
	peer_need(SSL_accept(ssl) == 1);
	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	peer_need(server->name ? name && !strcmp(name, server->name) : !name);
	return ssl;
}

static void server_expect(SSL *ssl, const char *text)
{
	char data[256];
	size_t size = strlen(text), have = 0;
	int n;

	peer_need(size <= sizeof(data));
	for (; have < size; have += (size_t)n) {
		n = SSL_read(ssl, data + have, (int)(size - have));
		peer_need(n > 0);
	}
	peer_need(!memcmp(data, text, size));
}

static void act_serve(int fd, void *context)
{
	SSL *ssl = server_start(fd, context);

	server_expect(ssl, "ping\r\n");
	peer_need(SSL_write(ssl, "pong\r\n", 6) == 6);
	peer_need(SSL_read(ssl, (char[1]){ 0 }, 1) == 0);
	peer_need(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN);
}

/* ---- whom to trust ------------------------------------------------------------------------ */

static void test_trust(void **state)
{
	static const struct {
		enum who who;
		const char *host;
		const char *ca_file; /* "" none */
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
		{ GOOD, "127.0.0.1", authority_file, NULL, 0,
		  "certificate is for localhost, not 127.0.0.1" },
		{ BOTH_NAMES, "127.0.0.1", authority_file, NULL, 0, NULL },
		{ BOTH_NAMES, "localhost", authority_file, NULL, 0, NULL },
		{ OTHER, "localhost", authority_file, NULL, 0,
		  "certificate is for other.example, 192.0.2.1, not localhost" },
		{ OTHER, "127.0.0.1", authority_file, NULL, 0, "not 127.0.0.1" },
		{ MANY, "localhost", authority_file, NULL, 0,
		  "certificate is for a.example, b.example, c.example, d.example, …, not" },
		{ BY_NAME, "localhost", authority_file, NULL, 0,
		  "certificate is for no host at all, not localhost" },
		{ NAMELESS, "localhost", authority_file, NULL, 0, "certificate is for no host" },
		{ EXPIRED, "localhost", authority_file, NULL, 0, "certificate expired on 20" },
		{ EARLY, "localhost", authority_file, NULL, 0, "certificate is not valid before 20" },
		{ SELF, "localhost", authority_file, NULL, 0,
		  "certificate chain not trusted: self-signed certificate" },
		{ GOOD, "localhost", stranger_file, NULL, 0,
		  "certificate chain not trusted: unable to get local issuer certificate" },
		{ GOOD, "localhost", "", NULL, 0,
		  "certificate chain not trusted: unable to get local issuer certificate" },
		{ SELF, "localhost", "", pins[SELF], 0, NULL },
		{ SELF, "127.0.0.1", "", pins[SELF], TLS1_2_VERSION, NULL },
		{ EXPIRED, "localhost", "", pins[EXPIRED], 0, NULL },
		{ BY_NAME, "localhost", "", pins[BY_NAME], 0, NULL },
		{ BY_NAME, "127.0.0.1", "", pins[BY_NAME], 0, "not 127.0.0.1" },
		{ OTHER, "localhost", "", pins[OTHER], 0, "not localhost" },
		{ NAMELESS, "localhost", "", pins[NAMELESS], 0, "not localhost" },
		{ GOOD, "localhost", authority_file, pins[SELF], 0, "key is not the pinned one" },
		{ GOOD, "localhost", authority_file, zeros, 0, "key is not the pinned one" },
		{ GOOD, "localhost", authority_file, pins[SELF], 0, pins[GOOD] },
	};
	size_t i, accepted = 0, refused = 0;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct server server = {
			.who = table[i].who,
			.version = table[i].version,
			.name = strcmp(table[i].host, "127.0.0.1") ? table[i].host : NULL,
			.refused = table[i].words,
		};
		struct peer peer = peer_start(act_serve, &server, 0);
		struct connection *c =
			peer_connect(&peer, table[i].host,
				     table[i].ca_file[0] ? table[i].ca_file : NULL, table[i].pin, 20);

		if (table[i].words) {
			must_fail(connect_tls(c), FAIL_TLS, table[i].words);
			assert_false(connect_is_tls(c));
			refused++;
		} else {
			must(connect_tls(c));
			assert_true(connect_is_tls(c));
			must_send(c, "ping\r\n");
			must_read(c, "pong\r\n");
			accepted++;
		}
		connect_close(c);
		peer_end(&peer);
	}
	assert_true(accepted >= 11 && refused >= 18);
}

static void test_no_ca_file(void **state)
{
	struct server server = { .who = GOOD, .refused = true };
	struct peer peer = peer_start(act_serve, &server, 0);
	struct connection *c = peer_connect(&peer, "localhost", "/nonexistent/ca.pem", NULL, 20);

	(void)state;
	must_fail(connect_tls(c), FAIL_CONFIG,
		  "tls-ca-file /nonexistent/ca.pem: No such file or directory");
	connect_close(c);
	peer_end(&peer);
}

/* The dot at the end of a full name is for the resolver only. */
static void test_dot(void **state)
{
	struct server server = { .who = GOOD, .name = "localhost" };
	struct addrinfo *list;
	struct connection *c;
	struct peer peer;

	(void)state;
	if (getaddrinfo("localhost.", NULL, NULL, &list))
		skip(); /* not in every hosts file */
	freeaddrinfo(list);
	peer = peer_start(act_serve, &server, 0);
	c = peer_connect(&peer, "localhost.", authority_file, NULL, 20);
	must(connect_tls(c));
	must_send(c, "ping\r\n");
	must_read(c, "pong\r\n");
	connect_close(c);
	peer_end(&peer);
}

/* ---- servers that do not speak TLS --------------------------------------------------------- */

static void act_greet(int fd, void *context)
{
	char data[4096];

	(void)context;
	peer_say(fd, "* OK ready\r\n");
	/* No ClientHello ever comes. */
	peer_need(read(fd, data, sizeof(data)) <= 0);
}

static void act_answer_plainly(int fd, void *context)
{
	char data[4096];

	(void)context;
	peer_need(read(fd, data, sizeof(data)) > 0);
	peer_say(fd, "* BAD what?\r\n");
	while (read(fd, data, sizeof(data)) > 0)
		;
}

/* Hangs up at the ClientHello, then serves or hangs up at the next connection. */
static void act_hang_up(int fd, void *context)
{
	const struct server *server = context;
	char data[4096];

	peer_need(read(fd, data, sizeof(data)) > 0);
	close(fd);
	fd = peer_accept();
	if (server->version)
		server_start(fd, server);
	peer_need(read(fd, data, sizeof(data)) > 0);
}

static void act_hang_up_after_start(int fd, void *context)
{
	char data[4096];

	(void)context;
	peer_expect(fd, "a STARTTLS\r\n");
	peer_say(fd, "a OK\r\n");
	peer_need(read(fd, data, sizeof(data)) > 0);
}

static void test_plain_servers(void **state)
{
	struct peer peer;
	struct connection *c;

	(void)state;
	peer = peer_start(act_greet, NULL, 0);
	c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
	await_readable(c);
	must_fail(connect_tls(c), FAIL_TLS, "server speaks before TLS");
	connect_close(c);
	peer_end(&peer);

	peer = peer_start(act_answer_plainly, NULL, 0);
	c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
	must_fail(connect_tls(c), FAIL_TLS, "server answered without TLS");
	connect_close(c);
	peer_end(&peer);

}

/* Servers that hang up at the ClientHello, without an alert: which of them only know an old TLS? */
static void test_hang_up(void **state)
{
	static const struct {
		int version; /* that the server then accepts; 0: it always hangs up */
		enum fail_code code;
		const char *words;
	} table[] = {
		{ TLS1_VERSION, FAIL_TLS, "server offers only TLS 1.1 or older" },
		{ TLS1_1_VERSION, FAIL_TLS, "server offers only TLS 1.1 or older" },
		{ TLS1_2_VERSION, FAIL_UNREACHABLE, "TLS handshake: connection" },
		{ TLS1_3_VERSION, FAIL_UNREACHABLE, "TLS handshake: connection" },
		{ 0, FAIL_UNREACHABLE, "TLS handshake: connection" },
	};
	struct connection *c;
	struct peer peer;
	size_t i, checked = 0;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++, checked++) {
		struct server server = { .who = GOOD, .version = table[i].version, .refused = true };

		peer = peer_start(act_hang_up, &server, 0);
		c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
		must_fail(connect_tls(c), table[i].code, table[i].words);
		assert_false(connect_is_tls(c));
		connect_close(c);
		peer_end(&peer);
	}
	assert_true(checked >= 5);

	peer = peer_start(act_hang_up_after_start, NULL, 0);
	c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
	must_send(c, "a STARTTLS\r\n");
	must_read(c, "a OK\r\n");
	must_fail(connect_tls(c), FAIL_TLS, "server hung up when TLS was to begin");
	connect_close(c);
	peer_end(&peer);
}

/* ---- STARTTLS ----------------------------------------------------------------------------- */

static void act_start_tls(int fd, void *context)
{
	peer_say(fd, "* OK ready\r\n");
	peer_expect(fd, "a STARTTLS\r\n");
	peer_say(fd, "a OK\r\n");
	act_serve(fd, context);
}

static void test_start_tls(void **state)
{
	struct server server = { .who = GOOD, .name = "localhost" };
	struct peer peer = peer_start(act_start_tls, &server, 0);
	struct connection *c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
	struct connect_counts before, after;

	(void)state;
	must_read(c, "* OK ready\r\n");
	must_send(c, "a STARTTLS\r\n");
	must_read(c, "a OK\r\n");
	assert_int_equal(connect_counts(c).turns, 1);
	must(connect_tls(c));
	before = connect_counts(c);
	/* ClientHello, then Finished: each answers what the server said. */
	assert_int_equal(before.turns, 3);
	must_send(c, "ping\r\n");
	must_read(c, "pong\r\n");
	after = connect_counts(c);
	/* On the wire a record costs more than what it holds. */
	assert_true(after.out > before.out + 6 && after.in > before.in + 6);
	connect_close(c);
	peer_end(&peer);
}

/* Ends the STARTTLS exchange with words of its own in the same segment. */
static void act_inject(int fd, void *context)
{
	char data[4096];

	(void)context;
	peer_expect(fd, "a STARTTLS\r\n");
	peer_say(fd, "a OK\r\nb OK injected\r\n");
	/* No ClientHello comes. */
	peer_need(read(fd, data, sizeof(data)) <= 0);
}

static void test_injection(void **state)
{
	struct peer peer;
	struct connection *c;
	int looks_ahead;

	(void)state;
	for (looks_ahead = 0; looks_ahead < 2; looks_ahead++) {
		peer = peer_start(act_inject, NULL, 0);
		c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
		must_send(c, "a STARTTLS\r\n");
		/* With and without the injected bytes in a buffer of our own. */
		if (looks_ahead)
			await_readable(c);
		must_read(c, "a OK\r\n");
		must_fail(connect_tls(c), FAIL_TLS, "server sent data ahead of the TLS handshake");
		assert_false(connect_is_tls(c));
		connect_close(c);
		peer_end(&peer);
	}
}

/* ---- records, ends ------------------------------------------------------------------------ */

#define MUCH (1024 * 1024 + 5)

static void act_much(int fd, void *context)
{
	static unsigned char data[MUCH];
	SSL *ssl = server_start(fd, context);
	size_t i, n;

	for (i = 0; i < MUCH; i += n) {
		peer_need(SSL_read_ex(ssl, data + i, MUCH - i, &n) == 1);
	}
	for (i = 0; i < MUCH; i++)
		peer_need(data[i] == (unsigned char)(i % 251));
	peer_need(SSL_write_ex(ssl, data, MUCH, &n) == 1 && n == MUCH);
	peer_need(SSL_shutdown(ssl) >= 0);
	peer_need(SSL_read(ssl, data, 1) <= 0);
}

static void test_much(void **state)
{
	static unsigned char data[MUCH];
	struct server server = { .who = GOOD, .name = "localhost" };
	struct peer peer = peer_start(act_much, &server, 0);
	struct connection *c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
	size_t i, got, waits = 0;

	(void)state;
	must(connect_tls(c));
	for (i = 0; i < MUCH; i++)
		data[i] = (unsigned char)(i % 251);
	must(connect_write(c, data, 10));
	must(connect_write(c, data + 10, MUCH - 10));
	must(connect_flush(c));
	memset(data, 0, sizeof(data));
	for (i = 0; i < MUCH; i += got) {
		/* Whenever there is something to read, reading it does not wait; also when it is
		 * in a record that OpenSSL has taken from the wire already. */
		waits += !connect_readable(c);
		must(connect_read(c, data + i, MUCH - i < 7000 ? MUCH - i : 7000, &got));
	}
	assert_true(waits < MUCH / 7000);
	for (i = 0; i < MUCH; i++)
		assert_int_equal(data[i], i % 251);
	must_fail(connect_read(c, data, 1, &got), FAIL_UNREACHABLE,
		  "connection closed by the server");
	connect_close(c);
	peer_end(&peer);
}

/* Writes FLOOD bytes before it reads any. */
#define FLOOD (300 * 1024)

static void act_flood(int fd, void *context)
{
	static unsigned char data[FLOOD];
	const int small = 32 * 1024;
	SSL *ssl = server_start(fd, context);
	size_t i, n;

	peer_need(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	memset(data, 'x', sizeof(data));
	peer_need(SSL_write_ex(ssl, data, FLOOD, &n) == 1);
	for (i = 0; i < FLOOD; i += n)
		peer_need(SSL_read_ex(ssl, data + i, FLOOD - i, &n) == 1);
	for (i = 0; i < FLOOD; i++)
		peer_need(data[i] == 'y');
	/* Ends without the closing alert. */
}

/* Two full pipes under TLS; then an end that anybody on the way could have made. */
static void test_full_pipes(void **state)
{
	static unsigned char data[FLOOD];
	const int small = 32 * 1024;
	struct server server = { .who = GOOD, .name = "localhost" };
	struct peer peer = peer_start(act_flood, &server, small);
	struct connection *c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
	size_t i, got;

	(void)state;
	assert_int_equal(
		setsockopt(connect_fd(c), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	assert_int_equal(
		setsockopt(connect_fd(c), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	must(connect_tls(c));
	memset(data, 'y', sizeof(data));
	must(connect_write(c, data, sizeof(data)));
	must(connect_flush(c));
	assert_true(connect_counts(c).in >= FLOOD / 2);
	for (i = 0; i < FLOOD; i += got)
		must(connect_read(c, data + i, FLOOD - i, &got));
	for (i = 0; i < FLOOD; i++)
		assert_int_equal(data[i], 'x');
	must_fail(connect_read(c, data, 1, &got), FAIL_UNREACHABLE,
		  "closed by the server without TLS good-bye");
	connect_close(c);
	peer_end(&peer);
}

static void gone(int number)
{
	(void)number;
	_exit(0);
}

/* A server that sends new session tickets and nothing else, until the client hangs up. */
static void act_tickets(int fd, void *context)
{
	SSL *ssl = server_start(fd, context);

	signal(SIGPIPE, gone);
	server_expect(ssl, "ping\r\n");
	while (SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1)
		;
}

static void test_tickets(void **state)
{
	struct server server = { .who = GOOD, .name = "localhost", .version = TLS1_3_VERSION };
	struct peer peer = peer_start(act_tickets, &server, 0);
	struct connection *c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
	size_t got;
	char byte;

	(void)state;
	must(connect_tls(c));
	must_send(c, "ping\r\n");
	must_fail(connect_read(c, &byte, 1, &got), FAIL_PROTOCOL, "2 MB without content");
	connect_close(c);
	peer_end(&peer);
}

/* A server that asks for a renegotiation, or sends a record that is none. */
static void act_renegotiate(int fd, void *context)
{
	SSL *ssl = server_start(fd, context);
	char byte;

	server_expect(ssl, "ping\r\n");
	peer_need(SSL_renegotiate(ssl) == 1);
	peer_need(SSL_do_handshake(ssl) == 1); /* sends HelloRequest */
	peer_need(SSL_read(ssl, &byte, 1) <= 0);
	peer_need(SSL_in_init(ssl));
}

static void act_garbage(int fd, void *context)
{
	SSL *ssl = server_start(fd, context);
	char data[4096];

	server_expect(ssl, "ping\r\n");
	peer_say(fd, "HTTP/1.1 400 what?\r\n\r\n");
	while (read(fd, data, sizeof(data)) > 0)
		;
}

static void test_garbage(void **state)
{
	struct server server = { .who = GOOD, .name = "localhost" };
	struct peer peer = peer_start(act_garbage, &server, 0);
	struct connection *c = peer_connect(&peer, "localhost", authority_file, NULL, 20);
	size_t got;
	char byte;

	(void)state;
	must(connect_tls(c));
	must_send(c, "ping\r\n");
	must_fail(connect_read(c, &byte, 1, &got), FAIL_TLS, "TLS broken: wrong version number");
	must_fail(connect_read(c, &byte, 1, &got), FAIL_TLS, "TLS broken: wrong version number");
	must(connect_write(c, "x", 1));
	must_fail(connect_flush(c), FAIL_TLS, "TLS broken: wrong version number");
	connect_close(c);
	peer_end(&peer);
}

static void test_renegotiation(void **state)
{
	struct server server = { .who = GOOD, .name = "localhost", .version = TLS1_2_VERSION };
	struct peer peer = peer_start(act_renegotiate, &server, 0);
	struct connection *c = peer_connect(&peer, "localhost", authority_file, NULL, 1);
	size_t got;
	char byte;

	(void)state;
	must(connect_tls(c));
	must_send(c, "ping\r\n");
	assert_non_null(connect_read(c, &byte, 1, &got));
	connect_close(c);
	peer_end(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),         cmocka_unit_test(test_no_ca_file),
		cmocka_unit_test(test_dot),           cmocka_unit_test(test_plain_servers),
		cmocka_unit_test(test_start_tls),     cmocka_unit_test(test_injection),
		cmocka_unit_test(test_much),          cmocka_unit_test(test_full_pipes),
		cmocka_unit_test(test_garbage),       cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_tickets),       cmocka_unit_test(test_hang_up),
	};

	return cmocka_run_group_tests_name("net/tls", tests, make_certificates, drop_certificates);
}
