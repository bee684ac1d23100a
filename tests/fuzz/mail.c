/* Fuzz target: the scan of a message, its print and fields.  The first byte is the size of the pieces
 * it is fed in. */
#include "fuzz/expect.h"

#include "base/str.h"
#include "format/mail.h"

#include <string.h>

static void expect_text(const char *text)
{
	if (!text)
		return;
	EXPECT(*text && strlen(text) <= MAIL_FIELD_MOST && str_utf8(text, strlen(text)));
	for (; *text; text++)
		EXPECT((unsigned char)*text >= 0x20 && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mail_scan *whole = mail_scan_begin();
	struct mail_scan *pieces = mail_scan_begin();
	struct print print, again;
	struct mail_fields fields;
	size_t piece = size ? 1u + data[0] : 1;

	if (size) {
		data++;
		size--;
	}
	mail_scan_add(whole, data, size);
	for (size_t done = 0; done < size; done += piece)
		if (!mail_scan_add(pieces, data + done, piece < size - done ? piece : size - done))
			break; /* it needs no more */
	mail_scan_end(whole, size, &print, &fields);
	mail_scan_end(pieces, size, &again, NULL);
	EXPECT(print.size == again.size && digest_equal(&print.head, &again.head));
	EXPECT(print.size <= size);
	expect_text(fields.message_id);
	expect_text(fields.subject);
	expect_text(fields.from);
	mail_fields_free(&fields);
	return 0;
}
