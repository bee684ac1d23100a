/* Mode words: see mode_words.h. */
#include "command/mode_words.h"

#include "base/arena.h"
#include "base/json.h"

#include <string.h>

const char *mode_word(enum mode mode)
{
	switch (mode) {
	case MODE_FULL:
		return "full";
	case MODE_TEXT:
		return "text";
	case MODE_OFF:
		return "off";
	}
	return "";
}

const char *mode_source(struct arena *arena, const struct config *config,
			const struct folder_settings *settings)
{
	const char *slash = strrchr(config->path, '/'), *name = slash ? slash + 1 : config->path;

	if (settings->mode_default)
		return arena_printf(arena, "default: %s", settings->mode_default);
	return arena_printf(arena, "%s%s:%d%s", name, settings->mode_from_modes ? ".modes" : "",
			    settings->mode_line, settings->mode_kept ? " (keep)" : "");
}

void mode_members(struct json *json, struct arena *arena, const struct config *config,
		  const struct folder_settings *settings)
{
	json_key(json, "mode");
	json_text(json, mode_word(settings->mode));
	json_key(json, "from");
	json_text(json, settings->mode_default	    ? "default"
			: settings->mode_from_modes ? "modes"
						    : "config");
	json_key(json, "line");
	if (settings->mode_default)
		json_null(json);
	else
		json_number(json, settings->mode_line);
	json_key(json, "source");
	json_text(json, mode_source(arena, config, settings));
}
