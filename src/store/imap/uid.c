/* UIDs: as refs, as sets on the wire, as ranges. */
#include "store/imap/uid.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *uid_ref(struct arena *arena, uint64_t uid)
{
	return arena_printf(arena, "%0*" PRIu64, UID_REF, uid);
}

uint32_t uid_of_ref(const char *ref)
{
	uint32_t uid;

	if (!ref || strlen(ref) != UID_REF || !str_u32(ref, &uid))
		return 0;
	return uid;
}

size_t uid_set_add(struct buf *set, const uint32_t *uids, size_t count, size_t most, size_t room)
{
	size_t taken = 0;

	if (count > most)
		count = most;
	while (taken < count) {
		char member[24];
		uint32_t first, last;
		size_t run = 1;
		int size;

		while (taken + run < count && uids[taken + run] == uids[taken] + run)
			run++;
		if (run == 1)
			while (taken + run < count && uids[taken + run] + run == uids[taken])
				run++;
		first = uids[taken];
		last = uids[taken + run - 1];
		if (run == 1)
			size = snprintf(member, sizeof member, "%" PRIu32, first);
		else
			size = snprintf(member, sizeof member, "%" PRIu32 ":%" PRIu32,
					first < last ? first : last, first < last ? last : first);
		if (taken && set->size + (size_t)size + 1 > room)
			break;
		if (taken)
			buf_addc(set, ',');
		buf_add(set, member, (size_t)size);
		taken += run;
	}
	return taken;
}

static bool number_next(const char **at, uint32_t *number)
{
	uint64_t value = 0;
	const char *p = *at;

	while (*p >= '0' && *p <= '9') {
		value = value * 10 + (uint64_t)(*p++ - '0');
		if (value > UINT32_MAX)
			return false;
	}
	if (p == *at || value == 0)
		return false;
	*at = p;
	*number = (uint32_t)value;
	return true;
}

bool uid_set_next(const char **at, struct uid_range *range)
{
	uint32_t first, last;

	if (!number_next(at, &first))
		return false;
	last = first;
	if (**at == ':') {
		++*at;
		if (!number_next(at, &last))
			return false;
	}
	if (**at == ',')
		++*at;
	range->first = first < last ? first : last;
	range->last = first < last ? last : first;
	return true;
}

int uid_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int range_compare(const void *a, const void *b)
{
	return uid_compare(&((const struct uid_range *)a)->first,
			   &((const struct uid_range *)b)->first);
}

size_t uid_ranges_merge(struct uid_range *ranges, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(ranges, count, sizeof *ranges, range_compare);
	for (size_t i = 1; i < count; i++) {
		struct uid_range *before = &ranges[kept];

		if (before->last == UINT32_MAX || ranges[i].first <= before->last + 1) {
			if (ranges[i].last > before->last)
				before->last = ranges[i].last;
		} else {
			ranges[++kept] = ranges[i];
		}
	}
	return kept + 1;
}

bool uid_ranges_have(const struct uid_range *ranges, size_t count, uint32_t uid)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (uid > ranges[middle].last)
			low = middle + 1;
		else if (uid < ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}
