/* Fuzz target: an answer of DNS, read as SRV and as TXT records. */
#include "fuzz/expect.h"

#include "base/arena.h"
#include "net/discover_dns.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct dns_service found = { 0 };

	dns_take_srv(data, size, arena, &found);
	dns_take_txt(data, size, arena, &found);
	EXPECT(found.host_count <= DNS_HOSTS && !(found.none && found.host_count));
	for (size_t i = 0; i < found.host_count; i++) {
		EXPECT(found.hosts[i].port >= 1 && found.hosts[i].port <= 65535);
		EXPECT(*found.hosts[i].name && !strpbrk(found.hosts[i].name, "/@:?#[]% \\"));
		EXPECT(!i || found.hosts[i - 1].priority <= found.hosts[i].priority);
	}
	EXPECT(!found.path || (found.path[0] == '/' && !strpbrk(found.path, " \r\n\t")));
	arena_free(arena);
	return 0;
}
