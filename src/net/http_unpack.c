/* Unpacking of compressed answers, with zlib. */
#include "net/http_unpack.h"

#include "base/memory.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ROOM (32 * 1024)

struct http_unpack {
	z_stream stream;
	bool guess; /* "deflate": whether there is a zlib header is seen at the first byte */
	bool open;  /* the stream is set up */
	bool begun, ended;
	unsigned char room[ROOM];
};

const struct fail *http_unpack_new(const char *encoding, struct http_unpack **unpack)
{
	bool gzip = !str_casecmp(encoding, "gzip") || !str_casecmp(encoding, "x-gzip");

	*unpack = NULL;
	if (!*encoding || !str_casecmp(encoding, "identity"))
		return NULL;
	if (!gzip && str_casecmp(encoding, "deflate"))
		return fail_make(FAIL_PROTOCOL, FAIL_ITEM,
				 "answer is encoded as %.40s, which was not asked for", encoding);
	*unpack = memory_alloc(sizeof **unpack);
	(*unpack)->guess = !gzip;
	return NULL;
}

void http_unpack_free(struct http_unpack *unpack)
{
	if (!unpack)
		return;
	if (unpack->open)
		inflateEnd(&unpack->stream);
	free(unpack);
}

/* "deflate" is the zlib format (RFC 1950), but servers were seen that send the raw one (RFC 1951). */
static bool has_zlib_header(unsigned char first)
{
	return (first & 0x0f) == Z_DEFLATED && first >> 4 <= 7;
}

static bool stream_open(struct http_unpack *unpack, unsigned char first)
{
	int window = MAX_WBITS + 16;

	if (unpack->guess)
		window = has_zlib_header(first) ? MAX_WBITS : -MAX_WBITS;
	unpack->open = inflateInit2(&unpack->stream, window) == Z_OK;
	return unpack->open;
}

const struct fail *http_unpack_add(struct http_unpack *unpack, const char *data, size_t size,
				   http_unpack_give *give, void *context)
{
	const struct fail *fail;
	z_stream *stream = &unpack->stream;
	int result = Z_OK;

	if (!size)
		return NULL;
	unpack->begun = true;
	if (!unpack->open && !stream_open(unpack, (unsigned char)data[0]))
		return fail_make(FAIL_SYSTEM, FAIL_ITEM, "cannot unpack the answer");
	if (unpack->ended)
		return fail_make(FAIL_PROTOCOL, FAIL_ITEM, "compressed answer goes on behind its end");
	stream->next_in = (unsigned char *)(void *)(size_t)data;
	stream->avail_in = (unsigned)size;
	do {
		stream->next_out = unpack->room;
		stream->avail_out = ROOM;
		result = inflate(stream, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return fail_make(FAIL_PROTOCOL, FAIL_ITEM, "compressed answer is broken: %s",
					 stream->msg ? stream->msg : "no reason known");
		if (stream->avail_out < ROOM) {
			fail = give(context, (const char *)unpack->room, ROOM - stream->avail_out);
			if (fail)
				return fail;
		}
	} while (result == Z_OK && (stream->avail_in || !stream->avail_out));
	unpack->ended = result == Z_STREAM_END;
	if (unpack->ended && stream->avail_in)
		return fail_make(FAIL_PROTOCOL, FAIL_ITEM, "compressed answer goes on behind its end");
	return NULL;
}

bool http_unpack_whole(const struct http_unpack *unpack)
{
	return unpack->ended || !unpack->begun;
}
