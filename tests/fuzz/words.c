/* Fuzz target: encoded words in all character sets, and dates. */
#include "fuzz/expect.h"

#include "base/str.h"
#include "format/date.h"
#include "format/words.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t most = size ? data[0] * 4u : 0;
	char *decoded, *cleaned;
	int64_t date;

	EXPECT(text);
	memcpy(text, data, size);
	text[size] = '\0';
	decoded = words_decode(text, most);
	cleaned = words_clean(decoded, most);
	EXPECT(strlen(decoded) <= most && str_utf8(decoded, strlen(decoded)));
	EXPECT(strcmp(decoded, cleaned) == 0); /* it is clean already */
	date = date_parse(text);
	EXPECT(date >= -2209075200 && date <= 253402387200); /* 1900 to 9999, a day of zone more */
	free(cleaned);
	free(decoded);
	free(text);
	return 0;
}
