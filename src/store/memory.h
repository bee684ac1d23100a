/* The memory store: the reference implementation of store.h and the test double of the engine.  It
 * can be a server or a local side; tests change it behind the engine's back and read it. */
#ifndef KOC_STORE_MEMORY_H
#define KOC_STORE_MEMORY_H

#include "store/store.h"

#endif
