/* Serves requests on the listening socket that it was started with; affo-userd-worker(8). */
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "config.h"
#include "http/server.h"

static const char usage[] = "usage: affo-userd-worker [-hv] [-c FILE] [-p fast|hash]\n";

static void
on_quit(int signo)
{
	(void)signo;
	server_stop(false);
}

static void
on_term(int signo)
{
	(void)signo;
	server_stop(true);
}

static int64_t
after_answer(void *arg)
{
	struct api *api = arg;

	service_after_answer(api->service);
	/* Files can't be opened any more: whoever started us starts one that can. At once, since
	 * until then there are only refusals. */
	if (db_needs_restart(api->service->db))
		server_stop(true);
	return service_watch_ms(api->service);
}

/* The socket that systemd passed under the pool's name, else standard input. */
static int
find_socket(const char *pool)
{
	int fd = proc_listen_fd(pool != NULL && strcmp(pool, "hash") == 0 ? "hash" : "fcgi");

	if (fd < 0 && proc_is_listening(STDIN_FILENO))
		fd = STDIN_FILENO;
	if (fd < 0)
		log_error("standard input is no listening socket; affo-userd or spawn-fcgi starts "
		          "this program with one");
	return fd;
}

static enum rc
enter_sandbox(const struct conf *conf)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s", conf->database);
	return sandbox_enter(SANDBOX_WORKER, dirname(path));
}

/* pool NULL: alone, one pool does everything. */
static enum rc
run(const char *conf_path, const char *pool)
{
	bool is_fast = pool != NULL && strcmp(pool, "fast") == 0;
	struct conf *conf = NULL;
	struct api api = { 0 };
	int listen_fd = find_socket(pool), wake_fd = proc_env_fd("AFFO_WAKE_FD"), spool_fd = -1;
	enum rc rc = RC_CONFIG;

	/* No deeper look: service_open() reads the keys that a worker needs, and neither the
	 * queue's key nor the gateways' secrets have any business in here. */
	if (listen_fd < 0 || (rc = conf_open(conf_path, CONF_CHECK_SYNTAX, &conf)) != RC_OK ||
	    /* The master has pointed standard error at its log. */
	    ((getenv("AFFO_CONF_FD") == NULL || strcmp(conf->log, "syslog") == 0) &&
	        (rc = log_use(conf->log)) != RC_OK))
		goto out;
	proc_harden();
	if ((rc = service_open(conf, wake_fd, &api.service)) != RC_OK)
		goto out;
	api.conf = conf;
	api.is_fast_only = is_fast && conf->listen_hash != NULL;
	proc_on_signal(SIGQUIT, on_quit);
	proc_on_signal(SIGTERM, on_term);
	proc_on_signal(SIGINT, on_term);
	proc_on_signal(SIGHUP, SIG_IGN);
	if ((rc = server_open_spool(&spool_fd)) != RC_OK || (rc = enter_sandbox(conf)) != RC_OK)
		goto out;
	rc = server_run(&(struct server_options){
	    .listen_fd = listen_fd,
	    .keep = pool == NULL || is_fast,
	    .spool_fd = spool_fd,
	    .max_body = conf->max_body,
	    /* Alone, nobody would start the next one. */
	    .max_requests = pool != NULL ? conf->workers.max_requests : 0,
	    .hash_deadline_ms = conf->hash_deadline_ms,
	    .handle = api_handle,
	    .after = after_answer,
	    .arg = &api,
	});
out:
	service_close(api.service);
	conf_free(conf);
	return rc;
}

int
main(int argc, char **argv)
{
	struct buf conf_path = BUF_INIT(PATH_MAX);
	const char *pool = NULL;
	int option, status = EX_USAGE;
	enum rc rc;

	clock_open();
	log_open("affo-userd-worker");
	conf_default_path(&conf_path);
	while ((option = getopt(argc, argv, "c:p:vh")) != -1) {
		if (option == 'c') {
			buf_reset(&conf_path);
			buf_add(&conf_path, str_from(optarg));
		} else if (option == 'p' &&
		           (strcmp(optarg, "fast") == 0 || strcmp(optarg, "hash") == 0)) {
			pool = optarg;
		} else if (option == 'v') {
			status = puts("affo-userd-worker " PACKAGE_VERSION) < 0;
			goto out;
		} else {
			status = option == 'h' ? EXIT_SUCCESS : EX_USAGE;
			(void)fputs(usage, option == 'h' ? stdout : stderr);
			goto out;
		}
	}
	rc = run(buf_text(&conf_path), pool);
	status = rc == RC_OK ? EXIT_SUCCESS : rc == RC_CONFIG ? EX_CONFIG : EXIT_FAILURE;
out:
	buf_release(&conf_path);
	return status;
}
