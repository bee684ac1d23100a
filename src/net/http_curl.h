/* The functions of libcurl that net/http uses, found at run time: a run that speaks no HTTP does not pay
 * for loading it and what it pulls in. */
#ifndef KOC_NET_HTTP_CURL_H
#define KOC_NET_HTTP_CURL_H

#include "base/fail.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* One X(name) each: CURL.name is curl_name. */
#define CURL_FUNCTIONS(X)                                                                                    \
	X(global_init)                                                                                       \
	X(version_info)                                                                                      \
	X(easy_init)                                                                                         \
	X(easy_cleanup)                                                                                      \
	X(easy_reset)                                                                                        \
	X(easy_setopt)                                                                                       \
	X(easy_getinfo)                                                                                      \
	X(easy_strerror)                                                                                     \
	X(multi_init)                                                                                        \
	X(multi_cleanup)                                                                                     \
	X(multi_setopt)                                                                                      \
	X(multi_add_handle)                                                                                  \
	X(multi_remove_handle)                                                                               \
	X(multi_perform)                                                                                     \
	X(multi_poll)                                                                                        \
	X(multi_info_read)                                                                                   \
	X(multi_strerror)                                                                                    \
	X(slist_append)                                                                                      \
	X(slist_free_all)                                                                                    \
	X(url)                                                                                               \
	X(url_cleanup)                                                                                       \
	X(url_set)                                                                                           \
	X(url_get)                                                                                           \
	X(free)                                                                                              \
	X(getdate)

struct http_curl {
#define X(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(X)
#undef X
};

extern struct http_curl http_curl;

/* Loads libcurl unless it is loaded.  FAIL_SYSTEM (ALL): it is not there, or is not the one made with
 * this program's OpenSSL. */
const struct fail *http_curl_load(void) MUST_CHECK;

#endif
