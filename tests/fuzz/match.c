/* Fuzz target: patterns of folder names.  Pattern and name are parted by the first newline. */
#include "fuzz/expect.h"

#include "base/str.h"

#include <string.h>

/* The definition, in exponential time. */
static bool match_slow(const char *pattern, const char *name)
{
	if (!*pattern)
		return !*name;
	if (*pattern == '*' || *pattern == '%')
		return match_slow(pattern + 1, name) ||
		       (*name && (*pattern == '*' || *name != '/') && match_slow(pattern, name + 1));
	return *pattern == *name && match_slow(pattern + 1, name + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pattern = malloc(size + 1);
	char *name;
	bool result;

	EXPECT(pattern);
	memcpy(pattern, data, size);
	pattern[size] = '\0';
	name = strchr(pattern, '\n');
	if (name)
		*name++ = '\0';
	else
		name = pattern + strlen(pattern);
	result = str_match(pattern, name);
	if (strlen(pattern) <= 12 && strlen(name) <= 16)
		EXPECT(result == match_slow(pattern, name));
	EXPECT(str_match("*", name) && str_match("*%*", name));
	if (!strpbrk(pattern, "*%"))
		EXPECT(result == (strcmp(pattern, name) == 0));
	free(pattern);
	return 0;
}
