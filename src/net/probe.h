/* Probe: is it an old TLS that a server speaks?  Some servers hang up without a word when a client
 * insists on TLS 1.2; the user should be told that this is not the line's fault. */
#ifndef KOC_NET_PROBE_H
#define KOC_NET_PROBE_H

#include <stdbool.h>

/* Connects once more, offers TLS 1.1 at most, and hangs up at the answer: nothing is ever sent over such
 * a connection.  True if the server would have accepted. */
bool probe_old_tls(const char *host, const char *port, int timeout);

#endif
