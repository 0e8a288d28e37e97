#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "ctl/ctl_check.h"

enum { URL_MAX = 1024, PATH_MAX_LEN = 1000 };

#define DEFAULT_BASE "/api/v1.0"

/* Whether it can stand in a request as it is. */
static bool
is_path(const char *path)
{
	if (*path != '/' || strlen(path) > PATH_MAX_LEN)
		return false;
	for (; *path != '\0'; path++)
		if (*path <= ' ' || *path > '~' || strchr("?#\"<>\\^`{|}", *path) != NULL)
			return false;
	return true;
}

/* Into *url: no slash at the end, and a path. */
static bool
read_url(struct ctl_check *check, const char *text, struct buf *url)
{
	struct str rest = str_from(text);
	size_t root;

	while (str_ends(rest, STR("/")))
		rest.len--;
	buf_add(url, rest);
	if (!buf_ok(url) || !http_client_is_url(buf_text(url)) || strchr(text, '?') != NULL) {
		log_error("\"%.200s\" is no URL of an API, such as https://example.com" DEFAULT_BASE
		          "/",
		    text);
		return false;
	}
	/* A URL with a host has "://". */
	root = (size_t)(strstr(buf_text(url), "://") - buf_text(url)) + 3;
	check->root_len = root + str_index(str_slice(buf_str(url), root, url->len), '/');
	if (check->root_len == url->len)
		buf_add(url, STR(DEFAULT_BASE));
	check->url = buf_text(url);
	return buf_ok(url);
}

static enum ctl_status
run(struct ctl_check *check, bool leaves_limits)
{
	size_t bad = 0;

	if (http_client_new(&check->client) != RC_OK ||
	    sandbox_enter(SANDBOX_SEND, check->probe.ca_file) != RC_OK)
		return CTL_FAILED;
	if (ctl_check_service(check)) {
		ctl_check_requests(check);
		ctl_check_refusals(check);
		ctl_check_headers(check);
		ctl_check_tls(check);
		if (check->protected != NULL)
			ctl_check_protected(check);
		if (!leaves_limits)
			ctl_check_limits(check);
	}
	for (size_t i = 0; i < check->n_lines; i++)
		bad += !check->lines[i].is_ok;
	if (check->has_failed) {
		log_error("out of memory");
		return CTL_FAILED;
	}
	if (check->is_json && ctl_check_print(check) != CTL_OK)
		return CTL_FAILED;
	return bad == 0 ? CTL_OK : CTL_FAILED;
}

enum ctl_status
ctl_check_nginx(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "ca", required_argument, NULL, 'c' },
		{ "insecure", no_argument, NULL, 'i' },
		{ "protected", required_argument, NULL, 'p' },
		{ "no-limits", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	struct ctl_check check = { 0 };
	struct buf url = BUF_INIT(URL_MAX);
	bool leaves_limits = false;
	enum ctl_status status = CTL_USAGE;
	int c;

	while ((c = ctl_option(ctl, argc, argv, options)) != -1) {
		if (c == 'c')
			check.probe.ca_file = optarg;
		else if (c == 'i')
			check.probe.is_insecure = true;
		else if (c == 'p')
			check.protected = optarg;
		else if (c == 'n')
			leaves_limits = true;
		else
			break;
	}
	if (c != -1 || argc - optind != 1) {
		status = ctl_usage(ctl);
	} else if (check.protected != NULL && !is_path(check.protected)) {
		log_error("--protected \"%.200s\" is no path: it begins with a slash, and has "
		          "neither blanks nor a query",
		    check.protected);
	} else if (read_url(&check, argv[optind], &url)) {
		check.is_json = ctl->is_json;
		status = run(&check, leaves_limits);
	}
	ctl_check_release(&check);
	buf_release(&url);
	return status;
}
