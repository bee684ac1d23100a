/* Labels: the title and color of a folder, as people see them.  What was changed on one side since both
 * agreed is carried to the other; changed on both, the server's stands.  A server that refuses has the
 * last word, too. */
#include "engine/run.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* What is to be set on each side so that both have the same; *agreed is what both have then. */
static void settle(const char *server, const char *local, const char **agreed, const char *set[SIDES])
{
	set[SERVER] = set[LOCAL] = NULL;
	if (server && (!local || (!same(server, local) && !same(server, *agreed))))
		set[LOCAL] = server;
	else if (local && !same(server, local) && !same(local, *agreed))
		set[SERVER] = local;
	else if (server && local && !same(server, local)) /* the server refused it before */
		set[LOCAL] = server;
	if (set[SERVER] || set[LOCAL])
		*agreed = set[LOCAL] ? set[LOCAL] : set[SERVER];
	else if (server)
		*agreed = server;
}

static bool allowed(const struct folder *folder, enum side side)
{
	const struct policy *policy = &folder->policy;

	if (side == SERVER)
		return !policy->pull_only && policy->direction != DIRECTION_PULL;
	return !policy->push_only && policy->direction != DIRECTION_PUSH;
}

static const struct fail *label_one(struct run *run, struct folder *folder)
{
	const struct store_folder *server = folder->seen[SERVER], *local = folder->seen[LOCAL];
	const char *title[SIDES], *color[SIDES];
	const char *agreed_title = folder->saved.title, *agreed_color = folder->saved.color;
	const char *slash = strrchr(folder->path, '/');

	/* The title that the server was given when the folder was made, from its name, is nobody's wish. */
	if (!agreed_title && slash && same(server->title, slash + 1))
		agreed_title = server->title;
	settle(server->title, local->title, &agreed_title, title);
	settle(server->color, local->color, &agreed_color, color);
	for (int s = 0; s < SIDES; s++) {
		const struct fail *f = NULL;

		if (!title[s] && !color[s])
			continue;
		if (!allowed(folder, (enum side)s))
			return NULL; /* asked again by the next run */
		f = store_label(run->engine->side[s], folder->seen[s], title[s], color[s]);
		if (f && f->scope > FAIL_FOLDER)
			return f;
		if (f)
			run_tell(run, "%s: title and color stay as they are %s: %s", folder->path,
				 s == SERVER ? "on the server" : "here", f->text);
		else
			run->outcome->folders_changed++;
	}
	folder->new_label = (agreed_title && !same(agreed_title, folder->saved.title)) ||
			    (agreed_color && !same(agreed_color, folder->saved.color));
	folder->saved.title = agreed_title;
	folder->saved.color = agreed_color;
	return NULL;
}

const struct fail *labels_agree(struct run *run)
{
	const struct fail *f = NULL;

	for (int s = 0; s < SIDES; s++)
		if (!(run->engine->side[s]->traits & STORE_LABELS))
			return NULL;
	for (size_t i = 0; !f && i < run->folder_count; i++) {
		struct folder *folder = &run->folders[i];

		if (folder->policy.in_scope && folder->policy.mode != MODE_OFF && !folder->fail &&
		    folder->seen[SERVER] && folder->seen[LOCAL])
			f = label_one(run, folder);
	}
	return f;
}
