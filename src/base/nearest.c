/* Nearest: the known name that a mistyped one was probably meant to be. */
#include "base/nearest.h"

#include "base/str.h"

#include <string.h>

#define DISTANCE_MOST 3 /* typing errors */

struct nearest nearest_to(const char *name)
{
	size_t length = strlen(name);
	size_t most = length <= 2 ? 1 : length <= 6 ? 2 : DISTANCE_MOST;

	return (struct nearest){ .name = name, .distance = most + 1 };
}

void nearest_offer(struct nearest *nearest, const char *known)
{
	size_t distance = str_distance(nearest->name, known, DISTANCE_MOST);

	/* A name that was cut short or ran on ("password-comm") is near too. */
	if (distance > DISTANCE_MOST && strlen(nearest->name) >= 4 &&
	    (str_starts(known, nearest->name) || str_starts(nearest->name, known)))
		distance = DISTANCE_MOST;
	if (distance < nearest->distance) {
		nearest->best = known;
		nearest->distance = distance;
	}
}
