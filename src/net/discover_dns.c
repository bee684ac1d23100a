/* Discover, DNS: asked with the C library's resolver. */
#include "net/discover_dns.h"

#include "base/arena.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#define ANSWER_MOST 16384
#define WAIT        2 /* seconds for an answer, at first; most that ask have no such records at all */
#define TRIES       2

static int resolver_ask(const char *name, int type, unsigned char *answer, int room)
{
	struct __res_state state;
	int size;

	memset(&state, 0, sizeof(state));
	if (res_ninit(&state) != 0)
		return -1;
	state.retrans = WAIT;
	state.retry = TRIES;
	size = res_nquery(&state, name, ns_c_in, type, answer, room);
	res_nclose(&state);
	return size > room ? -1 : size;
}

dns_query *dns_ask = resolver_ask;

/* ---- records ------------------------------------------------------------------------------ */

/* Is it a host name that can stand in a URL? */
static bool host_is_good(const char *host)
{
	size_t size = strlen(host);

	for (size_t i = 0; i < size; i++) {
		char c = host[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!letter && (i == 0 || (c != '-' && c != '.' && c != '_')))
			return false;
	}
	return size > 0 && size <= NS_MAXDNAME;
}

/* Puts it where it belongs: by priority, the heavier first.  (RFC 2782 wants lots drawn by weight, to spread
 * many clients; one that remembers what it found had better find the same again.) */
static void host_insert(struct dns_service *found, struct dns_host host)
{
	size_t at = found->host_count;

	while (at > 0 && (found->hosts[at - 1].priority > host.priority ||
			  (found->hosts[at - 1].priority == host.priority &&
			   found->hosts[at - 1].weight < host.weight)))
		at--;
	if (at == DNS_HOSTS)
		return;
	if (found->host_count == DNS_HOSTS)
		found->host_count--;
	memmove(found->hosts + at + 1, found->hosts + at, (found->host_count - at) * sizeof(host));
	found->hosts[at] = host;
	found->host_count++;
}

/* An answer as it is walked through (RFC 1035 4.1). */
struct answer {
	const unsigned char *begin, *at, *end;
};

struct record {
	unsigned type, class;
	const unsigned char *data;
	size_t size;
};

static bool take_number(struct answer *answer, unsigned *number)
{
	if (answer->end - answer->at < 2)
		return false;
	*number = (unsigned)answer->at[0] << 8 | answer->at[1];
	answer->at += 2;
	return true;
}

static bool take_bytes(struct answer *answer, size_t size)
{
	if ((size_t)(answer->end - answer->at) < size)
		return false;
	answer->at += size;
	return true;
}

static bool skip_name(struct answer *answer)
{
	int size = dn_skipname(answer->at, answer->end);

	return size > 0 && take_bytes(answer, (size_t)size);
}

/* The header and the questions.  *count: records of the answer section. */
static bool answer_begin(struct answer *answer, const unsigned char *data, size_t size, unsigned *count)
{
	unsigned questions, none;

	*answer = (struct answer){ data, data, data + size };
	if (!take_bytes(answer, 4) || !take_number(answer, &questions) || !take_number(answer, count) ||
	    !take_number(answer, &none) || !take_number(answer, &none))
		return false;
	while (questions-- > 0)
		if (!skip_name(answer) || !take_bytes(answer, 4))
			return false;
	return true;
}

static bool take_record(struct answer *answer, struct record *record)
{
	unsigned size;

	if (!skip_name(answer) || !take_number(answer, &record->type) ||
	    !take_number(answer, &record->class) || !take_bytes(answer, 4) || !take_number(answer, &size))
		return false;
	record->data = answer->at;
	record->size = size;
	return take_bytes(answer, size);
}

static void srv_take(const struct answer *answer, const struct record *record, struct arena *arena,
		     struct dns_service *found)
{
	struct answer rest = { answer->begin, record->data, record->data + record->size };
	struct dns_host host = { 0 };
	char name[NS_MAXDNAME];

	if (!take_number(&rest, &host.priority) || !take_number(&rest, &host.weight) ||
	    !take_number(&rest, &host.port) || rest.at == rest.end ||
	    dn_expand(answer->begin, answer->end, rest.at, name, sizeof(name)) < 0)
		return;
	if (!*name || strcmp(name, ".") == 0) {
		found->none = true;
	} else if (host_is_good(name) && host.port) {
		host.name = arena_str(arena, name);
		host_insert(found, host);
	}
}

static bool path_is_good(const char *path)
{
	if (*path != '/')
		return false;
	for (; *path; path++)
		if ((unsigned char)*path <= ' ' || (unsigned char)*path >= 0x7f)
			return false;
	return true;
}

/* "path=/dav" (RFC 6764 4) among the strings of the record. */
static void txt_take(const struct record *record, struct arena *arena, struct dns_service *found)
{
	const unsigned char *data = record->data;
	const unsigned char *end = data + record->size;

	while (data < end && !found->path) {
		size_t size = *data++;
		char *text;

		if (size > (size_t)(end - data))
			return;
		text = arena_strn(arena, (const char *)data, size);
		if (str_ncasecmp(text, "path=", 5) == 0 && path_is_good(text + 5))
			found->path = text + 5;
		data += size;
	}
}

/* Takes each record of this type in the answer section. */
static void records_take(const unsigned char *data, size_t size, unsigned type, struct arena *arena,
			 struct dns_service *found)
{
	struct answer answer;
	struct record record;
	unsigned count;

	if (!answer_begin(&answer, data, size, &count))
		return;
	for (; count > 0 && take_record(&answer, &record); count--) {
		if (record.type != type || record.class != ns_c_in)
			continue;
		if (type == ns_t_srv)
			srv_take(&answer, &record, arena, found);
		else
			txt_take(&record, arena, found);
	}
}

void dns_take_srv(const unsigned char *answer, size_t size, struct arena *arena, struct dns_service *found)
{
	records_take(answer, size, ns_t_srv, arena, found);
	if (found->host_count)
		found->none = false;
}

void dns_take_txt(const unsigned char *answer, size_t size, struct arena *arena, struct dns_service *found)
{
	records_take(answer, size, ns_t_txt, arena, found);
}

void dns_service_find(const char *service, const char *domain, struct arena *arena,
		      struct dns_service *found)
{
	unsigned char answer[ANSWER_MOST];
	const char *name = arena_printf(arena, "%s.%s", service, domain);
	int size = dns_ask(name, ns_t_srv, answer, sizeof(answer));

	*found = (struct dns_service){ 0 };
	if (size > 0)
		dns_take_srv(answer, (size_t)size, arena, found);
	if (!found->host_count)
		return;
	size = dns_ask(name, ns_t_txt, answer, sizeof(answer));
	if (size > 0)
		dns_take_txt(answer, (size_t)size, arena, found);
}
