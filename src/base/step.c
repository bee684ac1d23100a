/* The gate that every durable act passes. */
#include "base/step.h"

#include <stddef.h>

static step_hook *hook;
static void *hook_context;

void step_set_hook(step_hook *new_hook, void *context)
{
	hook = new_hook;
	hook_context = context;
}

const struct fail *step(const char *what)
{
	return hook ? hook(hook_context, what) : NULL;
}
