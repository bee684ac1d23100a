/* Every durable act of koc, on disk, in the state or at a server, passes step() just before it is
 * done: the one place where tests stop the program (SPEC 7.1).
 *
 * In production no hook is set and step() costs one comparison.  koc.c sets a hook that kills the
 * process when KOC_TEST_KILL_AT=N is in the environment; the model test sets one that fails.  Once a
 * hook has failed it must go on failing, so that nothing durable happens after the "crash". */
#ifndef KOC_BASE_STEP_H
#define KOC_BASE_STEP_H

#include "fail.h"

typedef const struct fail *step_hook(void *context, const char *what);

/* Sets the hook (NULL: none). */
void step_set_hook(step_hook *hook, void *context);

/* `what` is a short constant: "rename", "append", "commit". */
const struct fail *step(const char *what) MUST_CHECK;

#endif
