#include "master/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "master/launch.h"
#include "master/notify.h"
#include "master/pools.h"

enum rc
reload_open_log(struct master *master, const struct conf *conf)
{
	bool is_file = strcmp(conf->log, "stderr") != 0 && strcmp(conf->log, "syslog") != 0;
	int fd = master->stderr_fd, error;

	if (is_file) {
		mode_t old_umask = umask(0);

		fd = open(conf->log,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
		error = errno;
		(void)umask(old_umask);
		if (fd < 0) {
			log_error("cannot open the log %s: %s; make its directory, owned by the "
			          "service's user, or set \"log\" to another",
			    conf->log, strerror(error));
			return RC_SYSTEM;
		}
	}
	if (dup2(fd, STDERR_FILENO) < 0) {
		log_error("cannot use the log %s: %s", conf->log, strerror(errno));
		if (is_file)
			(void)close(fd);
		return RC_SYSTEM;
	}
	if (is_file)
		(void)close(fd);
	if (strcmp(conf->log, "syslog") == 0)
		log_use_syslog();
	else
		log_use_fd(STDERR_FILENO);
	return RC_OK;
}

/* The children of before keep running; pools_tick() retires them. */
static void
begin_generation(struct master *master, struct pool pools[static POOLS_N], int64_t now)
{
	pools_release(master->pools);
	memcpy(master->pools, pools, sizeof(master->pools));
	master->generation++;
	master->has_former = true;
	for (size_t i = 0; i < master->children.n; i++) {
		struct child *child = &master->children.list[i];

		if (child->kind == CHILD_QUEUE)
			child_ask(child, SIGQUIT, now, MASTER_RETIRE_MS, MASTER_RETIRE_KILL_MS);
	}
}

/* What only a start can change, since the sockets, the pid file and the user are what they are. */
static bool
is_reloadable(const struct conf *old, const struct conf *new)
{
	const struct {
		const char *name, *old, *new;
	} rows[] = {
		{ "listen", old->listen, new->listen },
		{ "listen_hash", old->listen_hash, new->listen_hash },
		{ "run_dir", old->run_dir, new->run_dir },
		{ "user", old->user, new->user },
		{ "group", old->group, new->group },
	};
	bool is_same = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_equal(str_from(rows[i].old), str_from(rows[i].new)))
			continue;
		log_error("\"%s\" changed from \"%s\" to \"%s\": that takes a restart",
		    rows[i].name, rows[i].old == NULL ? "" : rows[i].old,
		    rows[i].new == NULL ? "" : rows[i].new);
		is_same = false;
	}
	return is_same;
}

/* All that can fail, before anything is changed. */
static enum rc
prepare(struct master *master, struct setup *setup, int *ret_fd, struct pool pools[static POOLS_N],
    size_t *ret_pauses_n, struct launch_pause **ret_pauses)
{
	struct buf errors = BUF_INIT(SETUP_MESSAGES_MAX), warnings = BUF_INIT(SETUP_MESSAGES_MAX);
	enum rc rc = setup_read(master->options, CONF_CHECK_START, setup, &errors, &warnings);

	setup_say(buf_str(&errors), log_error);
	setup_say(buf_str(&warnings), log_warning);
	if (rc == RC_OK && !is_reloadable(master->setup.conf, setup->conf))
		rc = RC_CONFIG;
	if (rc == RC_OK)
		rc = setup_share(setup->files, ret_fd);
	if (rc == RC_OK)
		rc = pools_make(setup->conf, &master->sockets, pools);
	if (rc == RC_OK)
		rc = launch_make(setup->conf, ret_pauses_n, ret_pauses);
	if (rc == RC_OK &&
	    (rc = children_reserve(&master->children, pools_size(pools))) == RC_LIMIT)
		log_error("%zu processes of former configurations have not ended yet; reload later",
		    master->children.n);
	if (rc == RC_OK)
		rc = reload_open_log(master, setup->conf);
	buf_release(&errors);
	buf_release(&warnings);
	return rc;
}

void
reload_all(struct master *master, int64_t now)
{
	struct launch_pause *pauses = NULL;
	struct pool pools[POOLS_N] = { { 0 } };
	struct setup setup = { NULL, NULL };
	size_t pauses_n = 0;
	int conf_fd = -1;

	log_notice("reloading %s", master->options->conf_path);
	notify_reloading();
	if (prepare(master, &setup, &conf_fd, pools, &pauses_n, &pauses) == RC_OK) {
		setup_release(&master->setup);
		(void)close(master->conf_fd);
		free(master->pauses);
		master->setup = setup;
		master->conf_fd = conf_fd;
		master->pauses = pauses;
		master->pauses_n = pauses_n;
		begin_generation(master, pools, now);
		log_notice("the new configuration is in use");
	} else {
		log_error("the new configuration is not used: going on with the old one");
		setup_release(&setup);
		pools_release(pools);
		free(pauses);
		if (conf_fd >= 0)
			(void)close(conf_fd);
	}
	notify_ready();
}

void
reload_log(struct master *master, int64_t now)
{
	struct pool pools[POOLS_N];
	enum rc rc;

	log_notice("opening the log anew");
	if (pools_make(master->setup.conf, &master->sockets, pools) != RC_OK)
		return;
	rc = children_reserve(&master->children, pools_size(pools));
	if (rc == RC_OK)
		rc = reload_open_log(master, master->setup.conf);
	if (rc != RC_OK) {
		pools_release(pools);
		log_error("the log stays where it was");
		return;
	}
	begin_generation(master, pools, now);
	log_notice("the log was opened anew");
}
