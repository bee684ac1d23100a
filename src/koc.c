/* koc: the program.  Finds the command, reads the configuration, runs it, says how it ended. */
#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/step.h"
#include "base/str.h"
#include "command/command.h"
#include "command/line.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define OUTPUT_MOST (256u << 20)

static enum exit_code help_run(const struct call *call);

static const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.help = "tell what the commands do",
	.most = 1,
	.run = help_run,
};

static const struct command *const commands[] = {
	&command_sync,
	&command_fetch,
	&command_status,
	&command_folders,
	&command_mode,
	&command_conflicts,
	&command_help,
	NULL,
};

static enum exit_code help_run(const struct call *call)
{
	const struct command *command = NULL;
	const struct fail *f = NULL;

	if (call->argument_count > 0)
		f = line_command(call->arguments[0], commands, &command);
	if (f)
		log_line(LOG_QUIET, "help: %s", f->text);
	else if (command)
		line_help_command(call->out, command);
	else
		line_help(call->out, commands);
	return exit_code_of(f);
}

/* ---- the process ----------------------------------------------------------------------------- */

/* Tests: ends the process as a power cut would, before its N-th durable act. */
static const struct fail *kill_at(void *context, const char *what)
{
	uint64_t *left = context;

	(void)what;
	if (--*left == 0)
		raise(SIGKILL);
	return NULL;
}

static void process_prepare(void)
{
	static uint64_t left;
	const char *at = getenv("KOC_TEST_KILL_AT");
	struct rlimit none = { 0, 0 };

	/* No core, and no other process of the user looks into this one: there are secrets in it. */
	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* whose leak check looks in from outside */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	signal(SIGPIPE, SIG_IGN); /* a broken connection is a failure like others */
	if (at && str_u64(at, &left) && left > 0)
		step_set_hook(kill_at, &left);
}

/* Standard output, whole; what cannot be written is a failure too. */
static enum exit_code output_write(const struct buf *out)
{
	size_t done = 0;

	while (done < out->size) {
		ssize_t written = write(STDOUT_FILENO, out->data + done, out->size - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			if (errno != EPIPE) /* the reader had enough */
				log_line(LOG_QUIET, "standard output: %s", strerror(errno));
			return EXIT_SOME;
		}
		done += (size_t)written;
	}
	return EXIT_DONE;
}

/* ---- the configuration ----------------------------------------------------------------------- */

static void tell_mistake(void *context, const char *line)
{
	(void)context;
	log_line(LOG_QUIET, "%s", line);
}

/* The accounts chosen with -a, each once and in the order of the configuration; else all. */
static const struct fail *choose_accounts(const struct line *line, const struct config *config,
					  const struct account **chosen, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < line->accounts.count; i++) {
		struct nearest nearest = nearest_to(line->accounts.items[i]);
		bool there = false;

		for (size_t j = 0; j < config->account_count; j++) {
			there |= strcmp(config->accounts[j].name, nearest.name) == 0;
			nearest_offer(&nearest, config->accounts[j].name);
		}
		if (!there && nearest.best)
			return fail_make(FAIL_USAGE, FAIL_ALL,
					 "there is no account %s in %s: did you mean %s?",
					 nearest.name, config->path, nearest.best);
		if (!there)
			return fail_make(FAIL_USAGE, FAIL_ALL, "there is no account %s in %s",
					 nearest.name, config->path);
	}
	for (size_t j = 0; j < config->account_count; j++) {
		bool wanted = line->accounts.count == 0;

		for (size_t i = 0; i < line->accounts.count; i++)
			wanted |= strcmp(config->accounts[j].name, line->accounts.items[i]) == 0;
		if (wanted)
			chosen[(*count)++] = &config->accounts[j];
	}
	return NULL;
}

static enum exit_code run_configured(struct call *call, const struct line *line)
{
	const struct account **chosen = NULL;
	struct config *config = NULL;
	char *path = line->config ? memory_str(line->config) : config_default_path();
	const struct fail *f = config_read(path, tell_mistake, NULL, &config); /* tells them all */
	enum exit_code code = exit_code_of(f);

	free(path);
	if (f)
		return code;
	chosen = memory_alloc((config->account_count + 1) * sizeof *chosen);
	f = choose_accounts(line, config, chosen, &call->account_count);
	if (f) {
		log_line(LOG_QUIET, "%s", f->text);
		code = exit_code_of(f);
	} else {
		call->config = config;
		call->accounts = chosen;
		code = call->command->run(call);
	}
	free(chosen);
	config_free(config);
	return code;
}

int main(int argc, char **argv)
{
	struct line line;
	struct buf out;
	struct call call = { .out = &out };
	enum exit_code code = EXIT_DONE, written;
	const struct fail *f;

	process_prepare();
	buf_init(&out, OUTPUT_MOST);
	f = line_parse(argc, argv, commands, &line);
	log_set_level(line.level);
	call.command = line.command;
	call.json = line.json;
	call.values = line.values;
	call.arguments = line.arguments;
	call.argument_count = line.argument_count;
	if (f) {
		log_line(LOG_QUIET, "%s (koc help%s%s)", f->text, line.command ? " " : "",
			 line.command ? line.command->name : "");
		code = exit_code_of(f);
	} else if (line.version) {
		buf_adds(&out, "koc " KOC_VERSION "\n");
	} else if (line.help && line.command) {
		line_help_command(&out, line.command);
	} else if (line.help) {
		line_help(&out, commands);
	} else if (line.command->needs_config) {
		code = run_configured(&call, &line);
	} else {
		code = line.command->run(&call);
	}
	written = output_write(&out);
	code = exit_code_worse(code, written);
	line_free(&line);
	buf_free(&out);
	return (int)code;
}
