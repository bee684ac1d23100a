/* URLs and host names of a configuration (RFC 3986, as far as servers need it). */
#include "config/url.h"

#include "base/memory.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MOST 253 /* RFC 1035 3.1, as text */
#define URL_MOST 2048

/* The authority of a URL: pointers into it. */
struct authority {
	const char *host;
	size_t host_size;
	const char *port; /* NULL: none */
	size_t port_size;
	const char *rest; /* what follows: "" or "/…" */
};

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool url_is_address(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	return inet_pton(AF_INET, host, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1;
}

bool url_is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return str_casecmp(host, "localhost") == 0;
}

const char *url_host(const char *host)
{
	size_t size = strlen(host), label = 0;
	bool digits = true;

	if (size == 0)
		return "the host is missing";
	if (strchr(host, '/'))
		return "a host name alone is wanted, without \"scheme://\" and \"/\"";
	if (url_is_address(host))
		return NULL;
	if (size > HOST_MOST)
		return "the host name is too long";
	for (size_t i = 0; i <= size; i++) {
		char c = host[i];

		if (c == '.' || c == '\0') {
			if (label == 0 && !(c == '\0' && i > 1))
				return "the host name has an empty part";
			if (label > 0 && host[i - 1] == '-')
				return "no part of a host name ends with \"-\"";
			label = 0;
			continue;
		}
		if (c & 0x80)
			return "the host name must be in ASCII (the form that begins with \"xn--\")";
		if (!is_letter_or_digit(c) && c != '-' && c != '_')
			return "this is not a host name";
		if (++label > 63)
			return "a part of the host name is too long";
		if (c == '-' && label == 1)
			return "no part of a host name begins with \"-\"";
		digits = digits && c >= '0' && c <= '9';
	}
	return digits ? "this is not a host name and not an address" : NULL;
}

/* Splits what follows "://".  Returns NULL or what is wrong. */
static const char *authority_split(const char *at, struct authority *authority)
{
	size_t size = strcspn(at, "/?#");
	const char *end = at + size, *colon;

	*authority = (struct authority){ .rest = end };
	if (memchr(at, '@', size))
		return "no user name or password in a URL: they have keys of their own";
	if (*at == '[') {
		const char *bracket = memchr(at, ']', size);

		if (!bracket)
			return "the \"]\" of the address is missing";
		authority->host = at + 1;
		authority->host_size = (size_t)(bracket - at - 1);
		at = bracket + 1;
		if (at < end && *at != ':')
			return "only \":PORT\" can follow \"]\"";
		colon = at < end ? at : NULL;
	} else {
		colon = memchr(at, ':', size);
		authority->host = at;
		authority->host_size = (size_t)((colon ? colon : end) - at);
		if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
			return "an IPv6 address stands in brackets: [::1]";
	}
	if (colon) {
		authority->port = colon + 1;
		authority->port_size = (size_t)(end - colon - 1);
	}
	return NULL;
}

static char *copy(const char *text, size_t size)
{
	char *copy = memory_alloc(size + 1);

	memcpy(copy, text, size);
	return copy;
}

/* Checks host and port; *host and *port are malloc'ed (port NULL where the URL has none). */
static const char *authority_parts(const struct authority *authority, bool brackets, char **host,
				   char **port)
{
	const char *wrong;
	uint32_t number;

	*port = authority->port ? copy(authority->port, authority->port_size) : NULL;
	*host = copy(authority->host, authority->host_size);
	wrong = url_host(*host);
	if (!wrong && brackets && !strchr(*host, ':'))
		wrong = "only an IPv6 address stands in brackets";
	if (!wrong && *port && (!str_u32(*port, &number) || number < 1 || number > 65535))
		wrong = "the port is a number from 1 to 65535";
	if (wrong) {
		free(*host);
		free(*port);
		*host = *port = NULL;
	}
	return wrong;
}

/* Printable ASCII without space: what a URL is made of. */
static const char *url_characters(const char *url)
{
	if (strlen(url) > URL_MOST)
		return "the URL is too long";
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || strchr("\"<>\\^`{|}", *c))
			return "a URL has no spaces, quotes or letters beyond ASCII "
			       "(write them as %XX)";
	return NULL;
}

const char *url_endpoint(const char *url, const char *scheme, struct endpoint *endpoint)
{
	bool imap = strcmp(scheme, "imap") == 0;
	const char *at = strstr(url, "://"), *wrong = url_characters(url);
	size_t scheme_size = strlen(scheme);
	struct authority authority;
	bool tls;

	if (wrong)
		return wrong;
	if (!at)
		return imap ? "write imaps://HOST, or imap://HOST for STARTTLS"
			    : "write smtps://HOST, or smtp://HOST for STARTTLS";
	tls = (size_t)(at - url) == scheme_size + 1 && str_ncasecmp(at - 1, "s", 1) == 0;
	if (str_ncasecmp(url, scheme, scheme_size) != 0 ||
	    (!tls && (size_t)(at - url) != scheme_size))
		return imap ? "the URL begins with imaps:// or imap://"
			    : "the URL begins with smtps:// or smtp://";
	wrong = authority_split(at + 3, &authority);
	if (wrong)
		return wrong;
	if (authority.rest[0] != '\0' && strcmp(authority.rest, "/") != 0)
		return "nothing can follow host and port";
	wrong = authority_parts(&authority, at[3] == '[', &endpoint->host, &endpoint->port);
	if (wrong)
		return wrong;
	endpoint->implicit_tls = tls;
	if (!endpoint->port) /* RFC 8314 3, RFC 6409 3.1 */
		endpoint->port = memory_str(imap ? (tls ? "993" : "143") : (tls ? "465" : "587"));
	return NULL;
}

const char *url_dav(const char *url)
{
	bool secure = str_ncasecmp(url, "https://", 8) == 0;
	const char *wrong = url_characters(url);
	struct authority authority;
	char *host = NULL, *port = NULL;

	if (wrong)
		return wrong;
	if (!secure && str_ncasecmp(url, "http://", 7) != 0)
		return "the URL begins with https://";
	wrong = authority_split(url + (secure ? 8 : 7), &authority);
	if (!wrong && strpbrk(authority.rest, "?#"))
		wrong = "no \"?\" and \"#\" in this URL";
	if (!wrong)
		wrong = authority_parts(&authority, url[secure ? 8 : 7] == '[', &host, &port);
	if (!wrong && !secure && !url_is_loopback(host))
		wrong = "http:// would send the password in clear: write https:// "
			"(http:// is for localhost, 127.0.0.1 and [::1] only)";
	free(host);
	free(port);
	return wrong;
}
