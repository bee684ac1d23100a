/* Discover, DNS: SRV and TXT records of CalDAV and CardDAV (RFC 6764 3 and 4, RFC 2782). */
#ifndef KOC_NET_DISCOVER_DNS_H
#define KOC_NET_DISCOVER_DNS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

#define DNS_HOSTS 8 /* taken of an answer, the best */

struct dns_host {
	const char *name;
	unsigned port, priority, weight;
};

struct dns_service {
	struct dns_host hosts[DNS_HOSTS]; /* the first is to be asked first; strings in the arena */
	size_t host_count;
	bool none;        /* the domain says that it has no such service (a target of ".") */
	const char *path; /* absolute, of the TXT record; NULL none */
};

/* Looks up `service` ("_caldavs._tcp") of the domain.  Nothing is found where DNS does not answer. */
void dns_service_find(const char *service, const char *domain, struct arena *arena,
		      struct dns_service *found);

/* Take the records of an answer: of SRV, and of TXT.  Anything can stand in it. */
void dns_take_srv(const unsigned char *answer, size_t size, struct arena *arena, struct dns_service *found);
void dns_take_txt(const unsigned char *answer, size_t size, struct arena *arena, struct dns_service *found);

/* Who is asked: like res_nquery(3), type T_SRV or T_TXT; returns the answer's size, or -1.  For tests. */
typedef int dns_query(const char *name, int type, unsigned char *answer, int room);
extern dns_query *dns_ask;

#endif
