/* Vault: what a run replaced or removed here is kept for a while under .koc/vault, so that nothing that
 * koc does destroys the only copy of anything. */
#include "base/clock.h"
#include "engine/run.h"

#include <string.h>

#define DAY 86400
#define NAME_MOST 200 /* bytes of the old file name kept in the new one; the record has all of it */

const struct fail *vault_take(struct run *run, const struct folder *folder, const char *name, const char *why,
			      const char **path)
{
	const struct fail *f = NULL;
	char stamp[17] = "";

	if (!run->vault) {
		clock_stamp(run->engine->now, stamp);
		run->vault = arena_printf(run->arena, ".koc/vault/%s-%s-%lld", stamp, run->engine->service,
					  (long long)run->id);
		f = run->engine->places->prepare(run->engine->places, run->vault);
		if (f)
			return fail_in(f, "the vault");
	}
	*path = arena_printf(run->round, "%s/%u.%.*s", run->vault, ++run->vault_next, NAME_MOST, name);
	return state_vault_put(run->engine->state, &(struct vaulted){ .run = run->id,
								      .folder = folder->path,
								      .name = name,
								      .path = *path,
								      .when = run->engine->now,
								      .why = why });
}

const struct fail *vault_prune(struct run *run)
{
	const struct engine *engine = run->engine;
	struct vaulted *old = NULL;
	size_t count = 0;
	const struct fail *f = NULL;

	if (!engine->vault_days || !run->id)
		return NULL; /* a run that had nothing to do leaves the vault alone */
	f = state_vault(engine->state, engine->now - (int64_t)engine->vault_days * DAY, run->round, &old,
			&count);
	for (size_t i = 0; !f && i < count; i++) {
		char *slash = NULL;

		f = engine->places->remove(engine->places, old[i].path);
		if (!f)
			f = state_vault_remove(engine->state, old[i].id);
		slash = strrchr(old[i].path, '/');
		if (!f && slash) { /* the run's directory goes with its last file */
			const char *directory =
				arena_printf(run->round, "%.*s", (int)(slash - old[i].path), old[i].path);
			const struct fail *kept = engine->places->remove(engine->places, directory);

			(void)kept; /* not empty yet */
		}
	}
	return f;
}
