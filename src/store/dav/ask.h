/* Ask: requests in flight together, and what their answers mean.
 *
 * A flight is filled with asks_add and run once.  An answer to PROPFIND or REPORT must be a multistatus,
 * whose responses are handed on as they arrive.  To any other method it may be one: then it is what its worst
 * response says (QUIRK(xandikos): a refused PUT is a 207 with the refusal inside). */
#ifndef KOC_STORE_DAV_ASK_H
#define KOC_STORE_DAV_ASK_H

#include "base/buf.h"
#include "net/xml.h"
#include "store/dav/room.h"

struct ask;
typedef const struct fail *ask_done(void *context, struct ask *ask);

struct ask {
	struct origin *origin;
	struct http_request http; /* method, target, headers, body: set before the flight */
	unsigned header_count;

	/* A multistatus: each of its responses.  A fail ends this request; one put into asks->stop, all. */
	bool multistatus;
	xml_response_done *each;
	void *context;
	/* Any answer: called when it is complete and judged; NULL: nothing is.  A fail ends the flight. */
	ask_done *done;

	/* The body of another answer of 2xx goes here if it has a limit (buf_init). */
	struct buf said;

	/* Outcome: */
	const struct fail *fail; /* no answer, a cut one, or one that makes no sense */
	int status;              /* else: what it comes to */
	const char *condition;   /* the precondition that an error names; "" none */
	const char *detail;      /* what the server says about it, or the href that it names; "" */
	const char *sync_token;  /* of a multistatus; NULL none */

	/* Private: */
	struct asks *asks;
	struct xml *xml;
	bool judged;
};

struct asks {
	struct dav *dav;
	struct arena *arena; /* the caller's: for all strings */
	struct {
		VEC(struct ask *)
	} list;
	const struct fail *stop; /* what ends it all */
};

void asks_begin(struct asks *asks, struct dav *dav, struct arena *arena);

/* A request more; valid until asks_end. */
struct ask *asks_add(struct asks *asks, struct origin *origin, const char *method, const char *target);
void ask_header(struct ask *ask, const char *line);
/* A body of XML with Content-Type; `xml` lives as long as the flight. */
void ask_xml(struct ask *ask, const char *xml);
/* "Depth: 1" and such, and that the answer is a multistatus. */
void ask_multistatus(struct ask *ask, const char *depth, xml_response_done *each, void *context);

/* Runs them.  A fail is the whole call's (http_run), or what a callback said; then `fail` of what was not
 * answered is set, too.  `done` is not called for what was not answered. */
const struct fail *asks_run(struct asks *asks) MUST_CHECK;
void asks_end(struct asks *asks);

/* Is the answer a success? */
bool ask_ok(const struct ask *ask);

/* What it comes to: NULL for a success; else ask->fail, or one by its status, in this scope: "PUT: 403
 * valid-calendar-data: the server's words".  404 and 410 FAIL_MISSING, 507 and quota FAIL_QUOTA, privileges
 * FAIL_DENIED, 502 to 504 FAIL_UNREACHABLE, all others FAIL_REFUSED. */
const struct fail *ask_fail(const struct ask *ask, enum fail_scope scope);

/* Does the server say that another item has this UID (RFC 4791 5.3.2.1, RFC 6638 3.2.4.1)? */
bool ask_uid_conflict(const struct ask *ask);

#endif
