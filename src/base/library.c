/* Library: dlopen, and a table of symbols. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

const struct fail *library_load(const char *const *files, const struct library_symbol *symbols, size_t count)
{
	void *handle = NULL;

	for (size_t i = 0; files[i] && !handle; i++)
		handle = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return fail_make(FAIL_SYSTEM, FAIL_ALL, "cannot load a library that is needed here: %s",
				 dlerror());
	for (size_t i = 0; i < count; i++) {
		void *address = dlsym(handle, symbols[i].name);

		if (!address)
			return fail_make(FAIL_SYSTEM, FAIL_ALL, "%s: lacks %s", files[0], symbols[i].name);
		memcpy(symbols[i].at, &address, sizeof address);
	}
	return NULL;
}
