/* A private Dovecot for a unit test (tests/servers/dovecot), and a client that speaks to it as
 * another program would: plain lines on loopback, nothing of koc's driver in it. */
#ifndef KOC_TESTS_DOVECOT_H
#define KOC_TESTS_DOVECOT_H

#include "base/buf.h"
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

struct dovecot {
	char directory[64];
	char imap[8], imaps[8]; /* ports */
	char ca[96];            /* the file of its certificate authority */
};

/* Starts one with these further arguments, NULL-terminated; it ends with this process at the
 * latest. */
static inline bool dovecot_start(struct dovecot *dovecot, const char *const *more)
{
	if (!server_start("dovecot", dovecot->directory, more))
		return false;
	server_port(dovecot->directory, "imap", dovecot->imap);
	server_port(dovecot->directory, "imaps", dovecot->imaps);
	snprintf(dovecot->ca, sizeof dovecot->ca, "%s/tls/ca.pem", dovecot->directory);
	return true;
}

static inline void dovecot_stop(struct dovecot *dovecot)
{
	server_stop("dovecot", dovecot->directory);
}

/* ---- another program ----------------------------------------------------------------------- */

struct other {
	int fd;
	FILE *in;
	struct buf said; /* all lines of the last answer */
};

/* Sends a line and takes the answer; true if it is OK. */
static inline bool other_ask(struct other *other, const char *command, const void *literal, size_t size)
{
	char line[4096];

	buf_clear(&other->said);
	dprintf(other->fd, literal ? "x %s {%zu+}\r\n" : "x %s\r\n", command, size);
	for (size_t sent = 0; literal && sent < size;) {
		ssize_t n = write(other->fd, (const char *)literal + sent, size - sent);

		if (n <= 0)
			return false;
		sent += (size_t)n;
	}
	if (literal)
		dprintf(other->fd, "\r\n");
	while (fgets(line, sizeof line, other->in)) {
		buf_adds(&other->said, line);
		if (strncmp(line, "x ", 2) == 0)
			return strncmp(line, "x OK", 4) == 0;
	}
	return false;
}

static inline bool other_open(struct other *other, const char *port, const char *user)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	char line[4096];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	buf_init(&other->said, (size_t)16 << 20);
	other->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(other->fd, (const struct sockaddr *)(const void *)&address, sizeof address) != 0)
		return false;
	other->in = fdopen(dup(other->fd), "r");
	if (!fgets(line, sizeof line, other->in))
		return false;
	snprintf(line, sizeof line, "LOGIN %s secret", user);
	return other_ask(other, line, NULL, 0);
}

static inline void other_close(struct other *other)
{
	if (other->in)
		fclose(other->in);
	close(other->fd);
	buf_free(&other->said);
	*other = (struct other){ .fd = -1 };
}

#endif
