/* JSON, written piece by piece. */
#include "base/json.h"

#include "base/buf.h"
#include "base/str.h"
#include "base/terminal.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static void value_begins(struct json *json)
{
	if (json->comma)
		buf_addc(json->out, ',');
	json->comma = true;
}

void json_begin(struct json *json, char bracket)
{
	value_begins(json);
	buf_addc(json->out, bracket);
	json->comma = false;
}

void json_end(struct json *json, char bracket)
{
	buf_addc(json->out, bracket);
	json->comma = true;
}

static void add_code(struct buf *out, uint32_t code)
{
	if (code >= 0x10000) /* a surrogate pair */
		buf_addf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
			 0xdc00 + ((code - 0x10000) & 0x3ff));
	else
		buf_addf(out, "\\u%04x", code);
}

static void add_string(struct buf *out, const char *text)
{
	size_t size = strlen(text);

	buf_addc(out, '"');
	while (size > 0) {
		uint32_t code = 0;
		size_t length = str_utf8_next(text, size, &code);

		if (length == 0) {
			add_code(out, 0xfffd);
			length = 1;
		} else if (code == '"' || code == '\\') {
			buf_addc(out, '\\');
			buf_addc(out, *text);
		} else if (code == '\n') {
			buf_adds(out, "\\n");
		} else if (terminal_unsafe(code)) {
			add_code(out, code);
		} else {
			buf_add(out, text, length);
		}
		text += length;
		size -= length;
	}
	buf_addc(out, '"');
}

void json_key(struct json *json, const char *key)
{
	value_begins(json);
	add_string(json->out, key);
	buf_addc(json->out, ':');
	json->comma = false;
}

void json_text(struct json *json, const char *text)
{
	if (!text) {
		json_null(json);
		return;
	}
	value_begins(json);
	add_string(json->out, text);
}

void json_number(struct json *json, int64_t number)
{
	value_begins(json);
	buf_addf(json->out, "%" PRId64, number);
}

void json_count(struct json *json, uint64_t number)
{
	value_begins(json);
	buf_addf(json->out, "%" PRIu64, number);
}

void json_bool(struct json *json, bool value)
{
	value_begins(json);
	buf_adds(json->out, value ? "true" : "false");
}

void json_null(struct json *json)
{
	value_begins(json);
	buf_adds(json->out, "null");
}

void json_time(struct json *json, int64_t when)
{
	time_t time = (time_t)when;
	struct tm tm;
	char text[64];

	if (when == 0 || !gmtime_r(&time, &tm)) {
		json_null(json);
		return;
	}
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_text(json, text);
}
