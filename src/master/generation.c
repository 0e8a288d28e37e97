#include "master/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

enum { CONF_TEXT_MAX = 64 * 1024 };

static void
log_lines(void (*log_line)(const char *fmt, ...), const struct buf *lines)
{
	struct str rest = buf_str(lines), line;

	while (str_cut(&rest, '\n', &line))
		if (line.len > 0)
			log_line(STR_FMT, STR_ARG(line));
}

/* The configuration as it stands in the files, and its memfd for the children. */
static enum rc
read_conf(const char *conf_path, struct conf **ret_conf, int *ret_fd)
{
	struct buf errors = BUF_INIT(CONF_TEXT_MAX), warnings = BUF_INIT(CONF_TEXT_MAX);
	struct conf_files *files = NULL;
	struct conf *conf = NULL;
	int fd = -1;
	enum rc rc;

	rc = conf_files_read(conf_path, &files, &errors);
	if (rc == RC_OK)
		rc = conf_parse(files, CONF_CHECK_START, &conf, &errors, &warnings);
	log_lines(log_warning, &warnings);
	log_lines(log_error, &errors);
	if (rc != RC_OK)
		goto out;
	if ((fd = memfd_create("affo-userd.conf", MFD_CLOEXEC)) < 0) {
		log_error("cannot make a file in memory: %s", strerror(errno));
		rc = RC_SYSTEM;
		goto out;
	}
	if ((rc = conf_files_save(files, fd)) != RC_OK)
		goto out;
	*ret_conf = conf;
	*ret_fd = fd;
	conf = NULL;
	fd = -1;
out:
	if (fd >= 0)
		(void)close(fd);
	conf_free(conf);
	conf_files_free(files);
	buf_release(&errors);
	buf_release(&warnings);
	return rc;
}

enum rc
generation_open(struct generation *generation, const char *conf_path)
{
	int ends[2];
	enum rc rc;

	*generation = (struct generation){ .conf_fd = -1,
		.listen_fd = { -1, -1 },
		.wake_read_fd = -1,
		.wake_write_fd = -1,
		.queue_fd = -1,
		.queue_child_fd = -1 };
	if ((rc = read_conf(conf_path, &generation->conf, &generation->conf_fd)) != RC_OK)
		return rc;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
		log_error("cannot make a pipe: %s", strerror(errno));
		return RC_SYSTEM;
	}
	generation->wake_read_fd = ends[0];
	generation->wake_write_fd = ends[1];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		log_error("cannot make a socket: %s", strerror(errno));
		return RC_SYSTEM;
	}
	generation->queue_fd = ends[0];
	generation->queue_child_fd = ends[1];
	return RC_OK;
}

static enum rc
listen_at(const struct conf *conf, const char *path, int backlog, unsigned owner, int *ret_fd)
{
	enum rc rc = proc_listen_unix(path, backlog, conf->group, ret_fd);

	if (rc == RC_OK && owner != (uid_t)-1 && lchown(path, owner, (gid_t)-1) != 0) {
		log_error(
		    "cannot give the socket %s to the service's user: %s", path, strerror(errno));
		rc = RC_SYSTEM;
	}
	return rc;
}

enum rc
generation_listen(struct generation *generation, unsigned owner)
{
	const struct conf *conf = generation->conf;
	enum rc rc;

	generation->listen_fd[CHILD_FAST] = proc_listen_fd("fcgi");
	generation->listen_fd[CHILD_HASH] = proc_listen_fd("hash");
	if (generation->listen_fd[CHILD_FAST] >= 0) {
		generation->is_activated = true;
		return RC_OK;
	}
	rc = listen_at(conf, conf->listen, BACKLOG_FAST, owner, &generation->listen_fd[CHILD_FAST]);
	if (rc == RC_OK && conf->listen_hash != NULL)
		rc = listen_at(conf, conf->listen_hash, BACKLOG_HASH, owner,
		    &generation->listen_fd[CHILD_HASH]);
	return rc;
}

enum rc
generation_reopen_log(struct generation *generation)
{
	const char *log = generation->conf->log;
	int fd;

	if (strcmp(log, "syslog") == 0) {
		log_use_syslog();
		return RC_OK;
	}
	log_use_fd(STDERR_FILENO);
	if (strcmp(log, "stderr") == 0)
		return RC_OK;
	fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) {
		log_error("cannot open the log %s: %s", log, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return RC_SYSTEM;
	}
	(void)close(fd);
	return RC_OK;
}

static bool
is_same(const char *a, const char *b)
{
	return str_equal(str_from(a), str_from(b));
}

/* The socket at that path: the former one when it is the same path. */
static enum rc
renew_socket(const struct conf *conf, const char *path, const char *old_path, int old_fd,
    int backlog, int *ret_fd)
{
	if (path == NULL) {
		*ret_fd = -1;
		return RC_OK;
	}
	if (is_same(path, old_path) && old_fd >= 0) {
		*ret_fd = old_fd;
		return RC_OK;
	}
	return listen_at(conf, path, backlog, (uid_t)-1, ret_fd);
}

/* The sockets of the new configuration; closes those that it doesn't have any more. */
static enum rc
renew_sockets(struct generation *generation, const struct conf *conf)
{
	const struct conf *old = generation->conf;
	int *old_fd = generation->listen_fd;
	int fd[2] = { -1, -1 };
	enum rc rc;

	rc = renew_socket(
	    conf, conf->listen, old->listen, old_fd[CHILD_FAST], BACKLOG_FAST, &fd[CHILD_FAST]);
	if (rc == RC_OK)
		rc = renew_socket(conf, conf->listen_hash, old->listen_hash, old_fd[CHILD_HASH],
		    BACKLOG_HASH, &fd[CHILD_HASH]);
	for (int i = 0; i < 2; i++) {
		if (fd[i] == old_fd[i])
			continue;
		if (rc != RC_OK && fd[i] >= 0)
			(void)close(fd[i]);
		if (rc == RC_OK && old_fd[i] >= 0)
			(void)close(old_fd[i]);
	}
	if (rc == RC_OK)
		memcpy(generation->listen_fd, fd, sizeof(fd));
	return rc;
}

enum rc
generation_renew(struct generation *generation, const char *conf_path)
{
	struct conf *conf = NULL, *old = generation->conf;
	int conf_fd = -1;
	enum rc rc;

	if ((rc = read_conf(conf_path, &conf, &conf_fd)) != RC_OK)
		return rc;
	if (!is_same(conf->run_dir, old->run_dir) || !is_same(conf->user, old->user)) {
		log_error("\"run_dir\" and \"user\" are changed by a restart, not by a reload");
		rc = RC_CONFIG;
	}
	if (rc == RC_OK && !generation->is_activated)
		rc = renew_sockets(generation, conf);
	if (rc != RC_OK) {
		conf_free(conf);
		(void)close(conf_fd);
		return rc;
	}
	generation->conf = conf;
	(void)close(generation->conf_fd);
	generation->conf_fd = conf_fd;
	/* A log that can't be opened is said in the former one, which stays in use. */
	if (generation_reopen_log(generation) != RC_OK)
		log_warning("the log stays where it was");
	conf_free(old);
	return RC_OK;
}

void
generation_close(struct generation *generation)
{
	const int fds[] = { generation->conf_fd, generation->listen_fd[0], generation->listen_fd[1],
		generation->wake_read_fd, generation->wake_write_fd, generation->queue_fd,
		generation->queue_child_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	conf_free(generation->conf);
	generation->conf = NULL;
}

void
generation_counts(const struct generation *generation, size_t ret[static CHILD_SEND])
{
	const struct conf *conf = generation->conf;
	size_t cores = proc_cores();

	ret[CHILD_FAST] = conf->workers.fast > 0 ? (size_t)conf->workers.fast : cores;
	ret[CHILD_HASH] = generation->listen_fd[CHILD_HASH] < 0 ? 0
	                  : conf->workers.hash > 0              ? (size_t)conf->workers.hash
	                                                        : cores;
	ret[CHILD_QUEUE] = 0;
	for (size_t i = 0; i < conf->n_gateways; i++)
		if (conf->gateways[i].enabled)
			ret[CHILD_QUEUE] = 1;
}

void
generation_fds(const struct generation *generation, struct child_fds ret[static CHILD_SEND])
{
	const struct child_fds worker = { .stdin_fd = -1,
		.conf_fd = generation->conf_fd,
		.wake_fd = generation->wake_write_fd,
		.master_fd = -1 };

	ret[CHILD_FAST] = worker;
	ret[CHILD_FAST].stdin_fd = generation->listen_fd[CHILD_FAST];
	ret[CHILD_HASH] = worker;
	ret[CHILD_HASH].stdin_fd = generation->listen_fd[CHILD_HASH];
	ret[CHILD_QUEUE] = (struct child_fds){ .stdin_fd = -1,
		.conf_fd = generation->conf_fd,
		.wake_fd = generation->wake_read_fd,
		.master_fd = generation->queue_child_fd };
}
