#include "config.h"

#include "base/sandbox_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#ifdef HAVE_LINUX_LANDLOCK_H

#include <linux/landlock.h>

/* The rights of the first version of Landlock: what later ones add isn't taken away. */
enum {
	WRITES = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	         LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
	         LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
	         LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
	         LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM
};
enum { READS = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR };

/*
 * What resolving names and checking certificates reads. A sender runs as the user whom the database
 * and the keys belong to, so everything else stays shut, and of /etc, where keys may be, only what
 * is named is open. A file that is replaced while a sender runs is shut to it, too; a sender lives
 * until it was idle for a minute, and the next one sees the new file.
 */
static const char *const network_reads[] = {
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/hostname",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/etc/localtime",
	"/etc/ld.so.cache",
	"/etc/passwd",
	"/etc/ssl",
	"/etc/pki",
	"/etc/ca-certificates",
	"/etc/crypto-policies",
	"/etc/gnutls",
	"/usr",
	"/lib",
	"/lib32",
	"/lib64",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/NetworkManager",
	"/run/nscd",
	"/dev/null",
	"/dev/random",
	"/dev/urandom",
	"/sys/devices/system/cpu",
};

/* True as well where there is nothing of that name: then nothing is granted. */
static bool
grant(int rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	bool is_granted;
	struct stat st;

	if ((rule.parent_fd = open(path, O_PATH | O_CLOEXEC)) < 0)
		return true;
	/* The kernel refuses rights that a file can't have. */
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
	is_granted =
	    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	(void)close(rule.parent_fd);
	return is_granted;
}

static bool
grant_network(int rules)
{
	for (size_t i = 0; i < sizeof(network_reads) / sizeof(network_reads[0]); i++)
		if (!grant(rules, network_reads[i], READS))
			return false;
	return true;
}

void
sandbox_files_enter(enum sandbox_role role, const char *path)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs =
		                                  WRITES | READS | LANDLOCK_ACCESS_FS_EXECUTE };
	uint64_t rights = role == SANDBOX_SEND ? READS : WRITES | READS;
	int rules;

	/* The mailer's own rights are its own affair. */
	if (role == SANDBOX_SEND_EXEC)
		return;
	if (role == SANDBOX_SEND_FILE) {
		/* Moving a file from one directory to another, which the first version of Landlock
		 * refuses altogether. */
#ifdef LANDLOCK_ACCESS_FS_REFER
		if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) <
		    2)
			return;
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
		rights |= LANDLOCK_ACCESS_FS_REFER;
#else
		return;
#endif
	}
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return;
	if ((role != SANDBOX_SEND || grant_network(rules)) &&
	    (path == NULL || grant(rules, path, rights)) &&
	    syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		log_debug("no Landlock: %s", strerror(errno));
	(void)close(rules);
}

#else

void
sandbox_files_enter(enum sandbox_role role, const char *path)
{
	(void)role;
	(void)path;
}

#endif
