/* A private Radicale or Xandikos for a unit test (tests/servers), and a client that speaks to it as another
 * program would: plain HTTP on loopback, nothing of koc's in it. */
#ifndef KOC_TESTS_DAVSERVER_H
#define KOC_TESTS_DAVSERVER_H

#include "base/buf.h"
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

struct davserver {
	const char *program;    /* "radicale" or "xandikos" */
	char directory[64];
	char http[8], https[8]; /* ports; "" none */
	char ca[96];            /* the file of its certificate authority */
	char url[64];           /* of its root: http where there is that, else https */
};

/* Starts one with these further arguments, NULL-terminated.  The users are alice, or those of --users, all
 * with the password "secret".  Radicale listens on http, with "--tls" on https, with "--front" on both;
 * Xandikos on both.  A user's collections are at /alice/ (Radicale), at /alice/calendars/ and
 * /alice/contacts/ (Xandikos); there are none. */
static inline bool davserver_start(struct davserver *server, const char *program, const char *const *more)
{
	server->program = program;
	if (!server_start(program, server->directory, more))
		return false;
	server_port(server->directory, "http", server->http);
	server_port(server->directory, "https", server->https);
	snprintf(server->ca, sizeof server->ca, "%s/tls/ca.pem", server->directory);
	snprintf(server->url, sizeof server->url, "%s://127.0.0.1:%s/", server->http[0] ? "http" : "https",
		 server->http[0] ? server->http : server->https);
	return true;
}

static inline void davserver_stop(struct davserver *server)
{
	server_stop(server->program, server->directory);
}

/* ---- another program ----------------------------------------------------------------------- */

struct davanswer {
	int status;      /* 0: no answer */
	char etag[160];  /* verbatim; "" none */
	struct buf body; /* may be chunked */
};

/* Basic, for alice and "secret". */
#define DAVSERVER_LOGIN "Authorization: Basic YWxpY2U6c2VjcmV0\r\n"

/* One request on a connection of its own.  `headers` are whole lines with CRLF, or "". */
static inline void davserver_ask(const struct davserver *server, const char *method, const char *path,
				 const char *headers, const char *body, size_t size,
				 struct davanswer *answer)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)strtoul(server->http, NULL, 10)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char block[16384], *end, *line;
	ssize_t got;

	answer->status = 0;
	answer->etag[0] = '\0';
	buf_init(&answer->body, (size_t)64 << 20);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0)
		goto out;
	dprintf(fd, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n" DAVSERVER_LOGIN
		"%sContent-Length: %zu\r\n\r\n", method, path, server->http, headers, size);
	for (size_t sent = 0; sent < size; sent += (size_t)got) {
		got = write(fd, body + sent, size - sent);
		if (got <= 0)
			goto out;
	}
	while ((got = read(fd, block, sizeof block)) > 0)
		buf_add(&answer->body, block, (size_t)got);
	end = memmem(answer->body.data, answer->body.size, "\r\n\r\n", 4);
	if (!end || sscanf(answer->body.data, "HTTP/%*s %d", &answer->status) != 1)
		goto out;
	*end = '\0';
	for (line = strchr(answer->body.data, '\n'); line; line = strchr(line + 1, '\n')) {
		if (strncasecmp(line + 1, "ETag: ", 6) == 0)
			snprintf(answer->etag, sizeof answer->etag, "%.*s",
				 (int)strcspn(line + 7, "\r\n"), line + 7);
	}
	buf_drop(&answer->body, (size_t)(end + 4 - answer->body.data));
out:
	close(fd);
}

/* The same with a text body, for its status alone; `etag` (160 bytes) may be NULL. */
static inline int davserver_do(const struct davserver *server, const char *method, const char *path,
			       const char *headers, const char *body, char *etag)
{
	struct davanswer answer;

	davserver_ask(server, method, path, headers, body, strlen(body), &answer);
	if (etag)
		memcpy(etag, answer.etag, sizeof answer.etag);
	buf_free(&answer.body);
	return answer.status;
}

/* Makes a collection at this path (with a slash at its end); `components` is a list such as
 * "VEVENT VTODO", or NULL for an address book.  Xandikos takes no components. */
static inline bool davserver_make(const struct davserver *server, const char *path, const char *title,
				  const char *components)
{
	char body[2048], each[512] = "", name[16];
	int used = 0, status;

	for (const char *at = components; at && sscanf(at, "%15s", name) == 1; at += strcspn(at, " ")) {
		used += snprintf(each + used, sizeof each - (size_t)used, "<C:comp name=\"%s\"/>", name);
		at += strspn(at, " ");
	}
	snprintf(body, sizeof body,
		 "<?xml version=\"1.0\"?><mkcol xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" "
		 "xmlns:A=\"urn:ietf:params:xml:ns:carddav\"><set><prop><resourcetype><collection/>%s"
		 "</resourcetype><displayname>%s</displayname>%s%s%s</prop></set></mkcol>",
		 components ? "<C:calendar/>" : "<A:addressbook/>", title,
		 components ? "<C:supported-calendar-component-set>" : "", each,
		 components ? "</C:supported-calendar-component-set>" : "");
	status = davserver_do(server, "MKCOL", path, "Content-Type: application/xml\r\n", body, NULL);
	return status == 201;
}

#endif
