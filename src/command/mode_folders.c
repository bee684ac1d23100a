/* Mode: which folders there are, as far as is known here. */
#include "command/mode.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/nearest.h"
#include "command/service.h"
#include "store/path.h"

#include <string.h>
#include <unistd.h>

static const struct service_type *type_of(enum kind kind)
{
	for (size_t t = 0; t < SERVICE_TYPES; t++)
		if (service_types[t].kinds[kind])
			return &service_types[t];
	return NULL;
}

/* Is the directory of the target in the store, whether or not a run has seen it? */
static bool is_here(const struct service *service, const struct mode_target *target)
{
	const char *below_root = target->path + strlen(kind_traits(target->kind)->root) + 1;
	int fd = -1, inner = -1;

	if (service->root < 0 || target->root || path_check(below_root) != PATH_GOOD ||
	    file_open_directory(service->root, target->path, false, &fd))
		return false;
	/* A directory that holds only others is no mail folder. */
	if (target->kind == KIND_MAIL && file_open_directory(fd, "cur", false, &inner)) {
		close(fd);
		return false;
	}
	if (inner >= 0)
		close(inner);
	close(fd);
	return true;
}

static bool lies_below(const struct mode_target *target, const char *path)
{
	size_t size = strlen(target->path);

	return strncmp(path, target->path, size) == 0 && path[size] == '/';
}

static struct mode_folder *folder_add(struct mode_account *found, struct arena *arena, const char *path,
				      uint32_t roles)
{
	struct mode_folder *folder = vec_push(&found->folders);

	*folder = (struct mode_folder){ .path = arena_str(arena, path), .roles = roles };
	return folder;
}

/* Of the known folders those that the target is or has below it. */
static const struct fail *folders_take(struct mode_account *found, struct service *service,
				       const struct mode_target *target, struct arena *arena,
				       struct nearest *nearest)
{
	struct state_folder *folders = NULL;
	size_t count = 0;
	const struct fail *f = NULL;

	if (service->state)
		f = state_folders(service->state, service->arena, &folders, &count);
	for (size_t i = 0; !f && i < count; i++) {
		bool exact = strcmp(folders[i].path, target->path) == 0;

		if (folders[i].kind != target->kind)
			continue;
		nearest_offer(nearest, arena_str(arena, folders[i].path));
		found->known = true;
		if (exact || lies_below(target, folders[i].path))
			folder_add(found, arena, folders[i].path, folders[i].roles);
		found->there |= exact;
	}
	if (!f && !found->there && is_here(service, target)) {
		folder_add(found, arena, target->path, 0);
		found->there = true;
	}
	return f;
}

static const struct fail *account_look(struct mode_account *found, const struct mode_target *target,
				       struct arena *arena, struct nearest *nearest)
{
	struct service *service = NULL;
	const struct fail *f = service_look(type_of(target->kind), found->account, &service);

	if (!f)
		f = folders_take(found, service, target, arena, nearest);
	service_close(service);
	return fail_in(f, "%s", found->account->name);
}

void mode_account_free(struct mode_account *found)
{
	vec_free(&found->folders);
}

/* Does the account have what is asked for? */
static bool has_target(const struct mode_account *found, const struct mode_target *target)
{
	return found->there || (target->below && found->folders.count > 0) || (target->root && found->known);
}

/* Nobody has it: why that is wrong, or, if nothing is known of the only account yet, NULL. */
static const struct fail *nobody(const struct mode_account *all, size_t count,
				 const struct mode_target *target, const struct nearest *nearest)
{
	if (count == 0)
		return fail_make(FAIL_USAGE, FAIL_ALL, "no account has folders like %s", target->path);
	if (count == 1 && !all->known)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (all[i].folders.count)
			return fail_make(FAIL_USAGE, FAIL_ALL,
					 "%s holds no items itself; -r is for the folders below it",
					 target->path);
	if (nearest->best)
		return fail_make(FAIL_USAGE, FAIL_ALL, "there is no folder %s: did you mean %s?",
				 target->path, nearest->best);
	return fail_make(FAIL_USAGE, FAIL_ALL,
			 "there is no folder %s (koc folders lists them, koc sync finds new ones)",
			 target->path);
}

const struct fail *mode_account_find(const struct call *call, const struct mode_target *target,
				     struct arena *arena, struct mode_account *found)
{
	struct mode_account *all = arena_alloc(arena, (call->account_count + 1) * sizeof *all), *one = NULL;
	struct nearest nearest = nearest_to(target->path);
	const struct fail *f = NULL;
	size_t count = 0;

	memset(found, 0, sizeof *found);
	for (size_t i = 0; !f && i < call->account_count; i++) {
		struct mode_account *account = &all[count];

		if (!service_wanted(type_of(target->kind), call->accounts[i]))
			continue;
		*account = (struct mode_account){ .account = call->accounts[i] };
		count++;
		f = account_look(account, target, arena, &nearest);
		if (f || !has_target(account, target))
			continue;
		if (one)
			f = fail_make(FAIL_USAGE, FAIL_ALL,
				      "%s and %s both have a folder %s: say with -a which is meant",
				      one->account->name, account->account->name, target->path);
		one = account;
	}
	if (!f && !one) {
		f = nobody(all, count, target, &nearest);
		one = all;
	}
	if (!f) {
		*found = *one;
		memset(one, 0, sizeof *one);
	}
	for (size_t i = 0; i < count; i++)
		mode_account_free(&all[i]);
	return f;
}
