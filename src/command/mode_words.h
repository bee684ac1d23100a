/* Mode words: a folder's mode and where it comes from, for people and for programs. */
#ifndef KOC_COMMAND_MODE_WORDS_H
#define KOC_COMMAND_MODE_WORDS_H

#include "config/config.h"

struct arena;
struct json;

/* "full", "text", "off"; static. */
const char *mode_word(enum mode mode);

/* The line or the default that the mode comes from: "config:12", "config.modes:3", "default: INBOX",
 * "config:12 (keep)" for removals = keep; in the arena. */
const char *mode_source(struct arena *arena, const struct config *config,
			const struct folder_settings *settings);

/* The members "mode", "from", "line", "source" of an object. */
void mode_members(struct json *json, struct arena *arena, const struct config *config,
		  const struct folder_settings *settings);

#endif
