/* Fuzz target: a WebDAV answer.  The first byte is the size of the pieces in which it arrives: what comes out
 * must not depend on it, and what was read of a part of it is the beginning of what is read of all. */
#include "fuzz/expect.h"

#include "xml_show.h"

#include "base/str.h"

static void expect_text(const char *text)
{
	if (!text)
		return;
	EXPECT(str_utf8(text, strlen(text)));
	for (; *text; text++)
		EXPECT((unsigned char)*text >= 0x20 || *text == '\n' || *text == '\t' || *text == '\r');
}

static const struct fail *expect_response(void *context, const struct xml_response *response)
{
	++*(size_t *)context;
	EXPECT(*response->href);
	expect_text(response->href);
	expect_text(response->error);
	expect_text(response->description);
	for (size_t i = 0; i < response->property_count; i++) {
		const struct xml_property *property = &response->properties[i];

		EXPECT(property->status >= 100 && property->status <= 999);
		EXPECT(strlen(property->text) == property->size);
		expect_text(property->text);
		for (size_t k = 0; k < property->child_count; k++) {
			expect_text(property->children[k].value);
			expect_text(property->children[k].label);
			EXPECT(property->children[k].depth >= 1 && property->children[k].depth <= XML_DEPTH);
		}
	}
	return NULL;
}

static size_t expect_read(const char *data, size_t size)
{
	size_t responses = 0;
	struct xml *xml = xml_begin(&(struct xml_limits){ 0 }, expect_response, &responses);

	if (!xml_add(xml, data, size) && !xml_end(xml))
		expect_text(xml_sync_token(xml));
	xml_free(xml);
	return responses;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size ? 1u + data[0] : 1;
	const char *text = (const char *)data + (size ? 1 : 0);
	struct buf whole, pieces;

	size -= size ? 1 : 0;
	buf_init(&whole, (size_t)16 << 20);
	buf_init(&pieces, (size_t)16 << 20);
	xml_show(&whole, text, size, size);
	xml_show(&pieces, text, size, piece);
	EXPECT(whole.size == pieces.size && memcmp(whole.data, pieces.data, whole.size) == 0);
	EXPECT(expect_read(text, size / 2) <= expect_read(text, size));
	xml_error(text, size, &whole, &pieces);
	EXPECT(str_utf8(whole.data, whole.size));
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
