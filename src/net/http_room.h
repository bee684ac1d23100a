/* What the files of net/http share: the object, its slots, and the answer that a slot receives. */
#ifndef KOC_NET_HTTP_ROOM_H
#define KOC_NET_HTTP_ROOM_H

#include "base/buf.h"
#include "net/http.h"
#include "net/http_curl.h"
#include "net/http_login.h"
#include "net/http_unpack.h"
#include "net/http_url.h"
#include "net/verify.h"

#include <openssl/ssl.h>

#define HTTP_CONNECTIONS 8
#define HTTP_STREAMS     32 /* at a time, over HTTP/2 */

/* ---- answers: http_answer.c ----------------------------------------------------------------- */

/* What one try at a request has brought so far. */
struct answer {
	struct http_request *request;
	struct arena *arena;
	const struct fail *fail; /* why the rest is not wanted */
	uint64_t header_bytes;
	unsigned header_lines;
	int status;              /* of the latest status line; 0: none yet */
	bool modern;             /* in HTTP/2, where every body has an end */
	bool head;               /* all its header lines are here */
	const char *encoding;    /* NULL none */
	const char *retry_after; /* NULL none */
	const char *length;      /* Content-Length, all such lines joined; NULL none */
	const char *transfer;    /* Transfer-Encoding, the same */
	bool open_ended;         /* only the connection's end tells that of the body */
	struct buf challenges;   /* WWW-Authenticate, one a line */
	struct http_unpack *unpack;
	uint64_t size; /* bytes of the body, unpacked */
	struct buf text;
	struct buf line; /* scratch */
};

void answer_init(struct answer *answer); /* once */
void answer_begin(struct answer *answer, struct http_request *request, struct arena *arena);
void answer_free(struct answer *answer);

/* Takes a header line, or bytes of the body.  False: answer->fail is set. */
bool answer_line(struct answer *answer, const char *line, size_t size);
bool answer_body(struct answer *answer, const char *data, size_t size);

/* The server has said all: fills in the request's outcome.  FAIL_UNREACHABLE (ITEM) if it is not whole. */
const struct fail *answer_end(struct answer *answer) MUST_CHECK;

/* Does the server want to be left alone for a while?  Then *when is till when, 0: it did not say. */
bool answer_waits(const struct answer *answer, int64_t *when);

/* ---- slots: http_slot.c --------------------------------------------------------------------- */

/* What one request at a time runs in. */
struct slot {
	struct http *http;
	CURL *easy;
	struct curl_slist *lines;
	char error[CURL_ERROR_SIZE];
	struct verify verify; /* what was found out about the certificate of a connection made here */

	struct http_request *request; /* NULL: idle */
	const char *target;           /* as sent */
	unsigned hops;                /* redirects followed */
	unsigned logins;              /* times sent again with another Authorization line */
	bool again;                   /* sent again after its connection broke */

	/* This try: */
	unsigned generation;  /* of the Authorization line */
	bool outside;         /* it would have had to leave the loopback */
	bool ready;           /* connected */
	const SSL *ssl;       /* of an open-ended answer … */
	bool goodbye;         /* … whose end was told by TLS */
	uint64_t offset;      /* of the body: what comes next */
	int64_t began, moved; /* milliseconds (clock_monotonic) */
	curl_off_t in, out;   /* bytes of bodies by the last look */
	struct answer answer;
};

struct http {
	struct http_url origin;
	struct http_options options; /* strings in the arena, but for the secret */
	struct arena *arena;
	struct http_login login;
	struct digest pin;
	X509_STORE *authorities; /* NULL: no TLS, or a pinned key */
	CURLM *multi;
	struct slot slots[HTTP_STREAMS];
	bool streams;  /* the server speaks HTTP/2 */
	bool waiting;  /* the server asked to be left alone … */
	int64_t retry; /* … till then; 0: it did not say */
	struct http_counts counts;
};

/* Sets the slot up for its request and target, and starts it.  A fail is the request's. */
const struct fail *slot_start(struct slot *slot, struct arena *arena) MUST_CHECK;

/* Ends what runs in the slot, counts, and makes it idle for curl; the request stays. */
void slot_stop(struct slot *slot);

void slot_free(struct slot *slot);

/* ---- trust: http_trust.c -------------------------------------------------------------------- */

/* Reads the authorities.  FAIL_CONFIG (ACCOUNT) for a ca_file that cannot be read. */
const struct fail *trust_open(struct http *http) MUST_CHECK;

/* CURLOPT_SSL_CTX_FUNCTION; `context` is the slot. */
CURLcode trust_set(CURL *easy, void *ssl_context, void *context);

/* The answer that comes here is open-ended: sets slot->goodbye when TLS tells its end.  libcurl 7.88 takes a
 * connection that was just cut for one that was ended. */
void trust_watch(struct slot *slot);

/* Why TLS failed in this slot, in the words of net/tls.h. */
const struct fail *trust_explain(const struct slot *slot);

/* ---- runs: http_run.c, http_judge.c ----------------------------------------------------------- */

/* One call of http_run. */
struct run {
	struct http *http;
	struct arena *arena;
	struct http_request *requests;
	size_t count, next;
	struct http_request *back[HTTP_STREAMS]; /* to be started again: no connection for them yet */
	size_t back_count;
	size_t active, most;
	unsigned cuts; /* answers cut since the last whole one */
	bool answered; /* something was answered since a connection was refused while nothing ran */
	http_done *done;
	void *context;
	const struct fail *fail; /* why nothing more is started */
	bool stop;               /* what is under way is not waited for either */
};

/* Judges what libcurl is done with; `result` is its word for the end.  The slot is free then, or runs again.
 */
void judge_end(struct run *run, struct slot *slot, CURLcode result);

/* The slot's request lasted too long. */
void judge_silence(struct run *run, struct slot *slot);

/* Starts the slot's request, for the first time or again. */
void slot_go(struct run *run, struct slot *slot);

/* The slot's request cannot be made, or not be ended. */
void slot_fail(struct run *run, struct slot *slot, const struct fail *fail);

#endif
