/* Deflate: raw deflate both ways (zlib). */
#include "net/deflate.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* No zlib header, the largest window: what RFC 4978 asks for. */
#define RAW_WINDOW (-MAX_WBITS)
#define MEMORY_LEVEL 8 /* zlib's default */

struct deflate {
	z_stream packer, unpacker;
};

static void *zlib_alloc(void *context, unsigned count, unsigned size)
{
	(void)context;
	return memory_resize(NULL, count, size);
}

static void zlib_free(void *context, void *memory)
{
	(void)context;
	free(memory);
}

struct deflate *deflate_new(void)
{
	struct deflate *d = memory_alloc(sizeof(*d));

	d->packer.zalloc = d->unpacker.zalloc = zlib_alloc;
	d->packer.zfree = d->unpacker.zfree = zlib_free;
	/* Memory does not fail here and the parameters are right: what is left is another zlib than
	 * the one this was built with. */
	if (deflateInit2(&d->packer, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK ||
	    inflateInit2(&d->unpacker, RAW_WINDOW) != Z_OK)
		abort();
	return d;
}

void deflate_free(struct deflate *d)
{
	if (!d)
		return;
	deflateEnd(&d->packer);
	inflateEnd(&d->unpacker);
	free(d);
}

static unsigned cap(size_t size)
{
	return size > UINT_MAX ? UINT_MAX : (unsigned)size;
}

size_t deflate_pack(struct deflate *d, const void **data, size_t *size, bool flush,
		    void *out, size_t room)
{
	z_stream *packer = &d->packer;

	packer->next_in = (z_const Bytef *)*data;
	packer->avail_in = cap(*size);
	packer->next_out = out;
	packer->avail_out = cap(room);
	/* Flushing what is flushed adds nothing: zlib sees to that. */
	deflate(packer, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
	*size -= (size_t)(packer->next_in - (const Bytef *)*data);
	*data = packer->next_in;
	return (size_t)(packer->next_out - (Bytef *)out);
}

const struct fail *deflate_unpack(struct deflate *d, const void *data, size_t size,
				  size_t *used, void *out, size_t room, size_t *made)
{
	z_stream *unpacker = &d->unpacker;
	int result;

	unpacker->next_in = (z_const Bytef *)data;
	unpacker->avail_in = cap(size);
	unpacker->next_out = out;
	unpacker->avail_out = cap(room);
	result = inflate(unpacker, Z_SYNC_FLUSH);
	*used = (size_t)(unpacker->next_in - (const Bytef *)data);
	*made = (size_t)(unpacker->next_out - (Bytef *)out);
	if (*made)
		return NULL; /* an error behind it shows again at the next call */
	switch (result) {
	case Z_OK:
	case Z_BUF_ERROR: /* no more input */
		return NULL;
	case Z_STREAM_END:
		/* QUIRK(dovecot): it ends its stream before it closes; others just close. */
		return fail_make(FAIL_UNREACHABLE, FAIL_ACCOUNT, "connection closed by the server");
	default:
		return fail_make(FAIL_PROTOCOL, FAIL_ACCOUNT, "deflated data is broken: %s",
				 unpacker->msg ? unpacker->msg : "unknown reason");
	}
}
