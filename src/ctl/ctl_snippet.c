#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/embed.h"
#include "base/log.h"
#include "ctl/ctl.h"

enum { SNIPPET_MAX = 256 * 1024, VALUE_MAX = 512 };

/* What stands for a @NAME@ of the files. */
struct mark {
	const char *name;
	struct buf value;
};
enum { FCGI_SOCKET, HASH_SOCKET, BASE_PATH, BASE_PATH_RE, MAX_BODY, NGINX_DIR, MARKS_N };

/* "affo-user.conf.in" is "affo-user.conf" to the admin. */
static struct str
public_name(const struct embedded *file)
{
	struct str name = str_from(file->name);

	return str_ends(name, STR(".in")) ? str_slice(name, 0, name.len - 3) : name;
}

static void
list_names(FILE *to)
{
	for (const struct embedded *file = embedded_nginx; file->name != NULL; file++)
		(void)fprintf(to, STR_FMT "\n", STR_ARG(public_name(file)));
}

/* A value stands without quotes: only what nginx takes as one plain word. */
static bool
is_plain(const char *what, const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9') && strchr("/._+@:,~-", *c) == NULL) {
			log_error("%s \"%s\" cannot stand in nginx's configuration: it has a "
			          "character that is none of a-z A-Z 0-9 /._+@:,~-",
			    what, value);
			return false;
		}
	return true;
}

/* For a regular expression: the dot is the only character of a path that means more there. */
static void
add_escaped(struct buf *to, const char *path)
{
	for (; *path != '\0'; path++)
		buf_printf(to, "%s%c", *path == '.' ? "\\" : "", *path);
}

static enum ctl_status
fill(const struct conf *conf, const char *dir, struct mark *marks)
{
	const char *hash = conf->listen_hash != NULL ? conf->listen_hash : conf->listen;

	if (conf->listen == NULL) {
		log_error("\"listen\" is empty: there is no socket for nginx");
		return CTL_FAILED;
	}
	if (!is_plain("listen", conf->listen) || !is_plain("listen_hash", hash) ||
	    !is_plain("base_path", conf->base_path) || !is_plain("--dir", dir))
		return CTL_FAILED;
	buf_add(&marks[FCGI_SOCKET].value, str_from(conf->listen));
	buf_add(&marks[HASH_SOCKET].value, str_from(hash));
	buf_add(&marks[BASE_PATH].value, str_from(conf->base_path));
	add_escaped(&marks[BASE_PATH_RE].value, conf->base_path);
	buf_printf(&marks[MAX_BODY].value, "%zu", conf->max_body);
	buf_printf(&marks[NGINX_DIR].value, "%s%s", dir,
	    *dir == '\0' || str_ends(str_from(dir), STR("/")) ? "" : "/");
	for (size_t i = 0; i < MARKS_N; i++)
		if (!buf_ok(&marks[i].value)) {
			log_error(
			    "the value for @%s@ is longer than %d bytes", marks[i].name, VALUE_MAX);
			return CTL_FAILED;
		}
	return CTL_OK;
}

/* An "@" that begins no known mark stays what it is. */
static void
replace(const char *text, const struct mark *marks, struct buf *ret)
{
	while (*text != '\0') {
		size_t i, len = 0;

		for (i = 0; *text == '@' && i < MARKS_N; i++) {
			len = strlen(marks[i].name);
			if (strncmp(text + 1, marks[i].name, len) == 0 && text[1 + len] == '@')
				break;
		}
		if (*text == '@' && i < MARKS_N) {
			buf_add(ret, buf_str(&marks[i].value));
			text += len + 2;
		} else {
			buf_add_char(ret, *text++);
		}
	}
}

static enum ctl_status
print_file(struct ctl *ctl, const struct embedded *file, const char *dir)
{
	struct mark marks[MARKS_N] = {
		[FCGI_SOCKET] = { "FCGI_SOCKET", BUF_INIT(VALUE_MAX) },
		[HASH_SOCKET] = { "HASH_SOCKET", BUF_INIT(VALUE_MAX) },
		[BASE_PATH] = { "BASE_PATH", BUF_INIT(VALUE_MAX) },
		[BASE_PATH_RE] = { "BASE_PATH_RE", BUF_INIT(VALUE_MAX) },
		[MAX_BODY] = { "MAX_BODY", BUF_INIT(VALUE_MAX) },
		[NGINX_DIR] = { "NGINX_DIR", BUF_INIT(VALUE_MAX) },
	};
	struct buf text = BUF_INIT(SNIPPET_MAX);
	enum ctl_status status = ctl_open_conf(ctl, CONF_CHECK_SYNTAX);

	if (status == CTL_OK && (status = fill(ctl->conf, dir, marks)) == CTL_OK) {
		replace(file->text, marks, &text);
		status = ctl_print(&text);
	}
	for (size_t i = 0; i < MARKS_N; i++)
		buf_release(&marks[i].value);
	buf_release(&text);
	return status;
}

enum ctl_status
ctl_snippet(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	const char *dir = "";
	int c;

	while ((c = ctl_option(ctl, argc, argv, options)) == 'd')
		dir = optarg;
	if (c != -1 || argc - optind > 1)
		return ctl_usage(ctl);
	if (optind == argc) {
		list_names(stdout);
		return CTL_OK;
	}
	for (const struct embedded *file = embedded_nginx; file->name != NULL; file++)
		if (str_equal(public_name(file), str_from(argv[optind])))
			return print_file(ctl, file, dir);
	log_error("there is no file \"%.60s\" for nginx; there are:", argv[optind]);
	list_names(stderr);
	return CTL_FAILED;
}
