/* JSON (RFC 8259), written piece by piece; commas come by themselves.
 *
 *     struct json json = { .out = &buf };
 *     json_begin(&json, '{');
 *     json_key(&json, "name");
 *     json_text(&json, name);
 *     json_end(&json, '}');
 */
#ifndef KOC_BASE_JSON_H
#define KOC_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

struct json {
	struct buf *out;
	bool comma; /* one is due before the next value */
};

void json_begin(struct json *json, char bracket); /* '{' or '[' */
void json_end(struct json *json, char bracket);   /* '}' or ']' */

/* The name of the member that comes next. */
void json_key(struct json *json, const char *key);

/* A string; NULL is null.  What is not UTF-8 becomes U+FFFD; what a terminal could act on is escaped. */
void json_text(struct json *json, const char *text);
void json_number(struct json *json, int64_t number);
void json_count(struct json *json, uint64_t number);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* A time in seconds since the epoch as RFC 3339 text in UTC; 0 is null. */
void json_time(struct json *json, int64_t when);

#endif
