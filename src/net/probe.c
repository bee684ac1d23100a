/* Probe: is it an old TLS that a server speaks? */
#include "net/probe.h"

#include "net/race.h"
#include "net/wire.h"

#include <poll.h>
#include <unistd.h>

/* A ClientHello of TLS 1.1 (RFC 4346 7.4.1.2) in its record.  No secret comes of it: the random bytes
 * need not be random. */
static const unsigned char hello[] = {
	22, 3, 1, 0, 83,                    /* record: handshake, its size */
	1, 0, 0, 79, 3, 2,                  /* ClientHello, its size, TLS 1.1 */
	'k', 'o', 'c', ' ', 'a', 's', 'k', 's', ' ', 'f', 'o', 'r', ' ', 'T', 'L', 'S',
	' ', '1', '.', '1', ' ', 't', 'o', ' ', 'n', 'a', 'm', 'e', ' ', 'i', 't', '.',
	0,                                  /* no session */
	0, 16,                              /* cipher suites: ECDHE, RSA; AES, 3DES; SHA-1 */
	0xc0, 0x09, 0xc0, 0x0a, 0xc0, 0x13, 0xc0, 0x14, 0, 0x2f, 0, 0x35, 0, 0x0a, 0, 0xff,
	1, 0,                               /* no compression */
	0, 22,                              /* extensions */
	0, 10, 0, 8, 0, 6, 0, 29, 0, 23, 0, 24, /* groups: X25519, P-256, P-384 (RFC 8422) */
	0, 11, 0, 2, 1, 0,                  /* points: uncompressed */
	0, 23, 0, 0,                        /* extended master secret, as all send it */
};

/* What the answer must begin with: a handshake record, and a ServerHello in it; then its version. */
struct answer {
	unsigned char type, record_version[2], record_size[2];
	unsigned char message, message_size[3], version[2];
};

static bool answer_is_old(const struct answer *answer)
{
	return answer->type == 22 && answer->message == 2 && answer->version[0] == 3 &&
	       answer->version[1] < 3;
}

bool probe_old_tls(const char *host, const char *port, int timeout)
{
	struct wire wire = { .fd = -1, .timeout = timeout };
	struct wire_wait wait = { .whole = true };
	struct answer answer;
	enum wire_result result = WIRE_ENDED;
	char address[64];
	size_t have = 0, size;

	if (race_connect(host, port, timeout, false, &wire.fd, address, sizeof(address)))
		return false;
	/* A new socket takes a hundred bytes at once. */
	if (wire_write(&wire, hello, sizeof(hello), &size) == WIRE_DONE && size == sizeof(hello))
		result = WIRE_WANT_READ;
	while (have < sizeof(answer) && result != WIRE_ENDED) {
		result = wire_read(&wire, (unsigned char *)&answer + have, sizeof(answer) - have,
				   &size);
		if (result == WIRE_DONE)
			have += size;
		else if (result != WIRE_ENDED && wire_wait(&wire, &wait, POLLIN, NULL))
			break;
	}
	close(wire.fd);
	return have == sizeof(answer) && answer_is_old(&answer);
}
