/* Progress of workers, as one line on the terminal. */
#ifndef KOC_COMMAND_WORKER_PROGRESS_H
#define KOC_COMMAND_WORKER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct worker;

/* In a worker: is it time to tell how far it is?  Never where nobody looks. */
bool progress_due(void);

/* In the parent: shows the line when something new is known and the last one has stood for a while. */
void progress_show(const struct worker *workers, size_t count);

#endif
