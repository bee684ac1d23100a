/* Race: a TCP connection to the first address of a host that answers ("happy eyeballs", RFC
 * 8305). */
#ifndef KOC_NET_RACE_H
#define KOC_NET_RACE_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addrinfo;
struct sockaddr;

/* The pause before the next address is tried beside those that have not answered (RFC 8305 5). */
#define RACE_STAGGER_MS 250

/* Is it an address of this machine's loopback? */
bool race_is_loopback(const struct sockaddr *address);

/* Connects to `host` (a name or an address literal) within `timeout` seconds, looking the name up
 * included.  With `loopback_only` other addresses are never contacted, and FAIL_TLS if there is no
 * loopback address.  *fd is non-blocking and close-on-exec, the caller's to close.  `address` gets
 * the numeric form of the address that answered.
 * Fails: FAIL_UNREACHABLE with each address and what was wrong with it. */
const struct fail *race_connect(const char *host, const char *port, int timeout,
				bool loopback_only, int *fd, char *address, size_t room)
	MUST_CHECK;

/* The same with the addresses known; `deadline` in milliseconds (clock_monotonic). */
const struct fail *race_addresses(const struct addrinfo *list, const char *host, const char *port,
				  int64_t deadline, bool loopback_only, int *fd, char *address,
				  size_t room) MUST_CHECK;

#endif
