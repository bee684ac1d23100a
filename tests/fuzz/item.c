/* Fuzz target: items.  The first byte says whether it is a card, and how it is written in another
 * way that must not matter: with other line ends, folded in other places. */
#include "fuzz/expect.h"

#include "base/buf.h"
#include "base/str.h"
#include "format/item.h"

#include <string.h>

static void expect_text(const char *text)
{
	if (!text)
		return;
	EXPECT(*text && str_utf8(text, strlen(text)));
	for (; *text; text++)
		EXPECT((unsigned char)*text >= 0x20 && *text != 0x7f);
}

/* Is that all in lines that begin with a name, so that folding them means nothing? */
static bool is_plain(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((data[i] < 0x20 && data[i] != '\n') ||
		    (!i || data[i - 1] == '\n' ? data[i] <= ' ' : false))
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct item_facts facts, again;
	uint8_t how = size ? data[0] : 0;
	bool card = how & 1;
	struct buf text;

	if (size) {
		data++;
		size--;
	}
	item_read((const char *)data, size, card, &facts);
	expect_text(facts.uid);
	expect_text(facts.summary);
	EXPECT(digest_known(&facts.normal));
	EXPECT(facts.fields && facts.fields[0] == '{' && facts.fields[strlen(facts.fields) - 1] == '}');
	EXPECT(str_utf8(facts.fields, strlen(facts.fields)));
	EXPECT(facts.wrong || (facts.uid && facts.components));
	EXPECT(!(facts.components & ITEM_CARD) || card);
	if (facts.components && data[0] != 0xef && is_plain(data, size)) {
		size_t width = 1u + how / 2u;

		buf_init(&text, 8 * size + 16);
		for (size_t i = 0, column = 0; i < size; i++) {
			if (data[i] == '\n') {
				buf_adds(&text, "\r\n");
				column = 0;
				continue;
			}
			if (column++ == width) {
				buf_adds(&text, "\r\n\t");
				column = 1;
			}
			buf_addc(&text, (char)data[i]);
		}
		item_read(text.data, text.size, card, &again);
		EXPECT(digest_equal(&facts.normal, &again.normal));
		EXPECT(strcmp(facts.fields, again.fields) == 0);
		EXPECT(!facts.wrong == !again.wrong);
		item_facts_free(&again);
		buf_free(&text);
	}
	item_facts_free(&facts);
	return 0;
}
