/* What a fuzz target does when a property does not hold: it ends as a crash would. */
#ifndef KOC_TESTS_FUZZ_EXPECT_H
#define KOC_TESTS_FUZZ_EXPECT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                                       \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);         \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* Every target is one function of this name (libFuzzer's); tests/replay.c gives each its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
