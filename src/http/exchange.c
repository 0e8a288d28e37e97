#include "http/exchange.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "http/params.h"
#include "http/response.h"

enum { COMPLAIN_EVERY_MS = 60000 };

enum rc
exchange_init(void)
{
	if (FCGX_Init() != 0) {
		log_error("libfcgi cannot be started");
		return RC_SYSTEM;
	}
	proc_on_signal(SIGPIPE, SIG_IGN);
	return RC_OK;
}

enum rc
exchange_room_open(const struct server_options *options, struct exchange_room *ret)
{
	*ret = (struct exchange_room){
		.options = options,
		.body = malloc(options->max_body + 1),
		.path = BUF_INIT(REQUEST_URI_MAX),
		.head = BUF_INIT(RESPONSE_HEAD_MAX),
		.response.body = BUF_INIT(RESPONSE_BODY_MAX),
		.response.headers = BUF_INIT(RESPONSE_HEADERS_MAX),
	};
	if (ret->body == NULL) {
		log_error("no memory for a request's body");
		return RC_SYSTEM;
	}
	return RC_OK;
}

void
exchange_room_release(struct exchange_room *room)
{
	free(room->body);
	room->body = NULL;
	buf_release(&room->path);
	buf_release(&room->head);
	buf_release(&room->response.body);
	buf_release(&room->response.headers);
}

/* Here, in read_request() and in exchange_serve() are the only uses of the library's private
 * fields. */
void
exchange_open(struct exchange *exchange, int fd)
{
	(void)FCGX_InitRequest(&exchange->fcgi, -1, 0);
	exchange->fcgi.ipcFd = fd;
}

/* Reads the body to the empty record that ends it: what were left of it would be taken for the next
 * request. False: the stream is broken. */
static bool
read_body(struct exchange_room *room, FCGX_Stream *in, struct request *request)
{
	int len = FCGX_GetStr(room->body, (int)room->options->max_body, in);

	if (len < 0 || FCGX_GetChar(in) != EOF || FCGX_GetError(in) != 0)
		return false;
	room->body[len] = '\0';
	request->body = (struct str){ room->body, (size_t)len };
	return true;
}

/* What the web server announced against what came. A front that passes an outer request's length
 * on without its body (auth_request) is bearable: without a body. */
static enum rc
check_length(const struct exchange_room *room, const struct params *params, struct request *request)
{
	if (params->content_length < 0 || request->is_body_too_large)
		return RC_OK;
	if ((uint64_t)params->content_length > room->options->max_body)
		request->is_body_too_large = true;
	else if (request->body.len > 0 && (size_t)params->content_length != request->body.len)
		return RC_BAD_REQUEST;
	return RC_OK;
}

static void
complain(struct exchange_room *room, const struct params *params)
{
	int64_t now = clock_monotonic_ms();

	if (params->wrong == NULL ||
	    (room->complained_at != 0 && now - room->complained_at < COMPLAIN_EVERY_MS))
		return;
	room->complained_at = now;
	log_warning("a request was refused: the web server's variable %s %s; see the list of "
	            "parameters in affo-user-params.conf",
	    params->wrong, params->reason);
}

static void
answer(struct exchange_room *room, const struct request *request, FCGX_Stream *out)
{
	struct str text;

	buf_reset(&room->head);
	if (!response_head(request, &room->response, &room->head)) {
		/* No memory, or an answer beyond its limit: say the least that can be said. */
		log_error("an answer could not be rendered");
		problem_fill(&room->response, RC_SYSTEM, NULL, request, false, NULL);
		buf_reset(&room->head);
		if (!response_head(request, &room->response, &room->head)) {
			(void)FCGX_PutS("Status: 500 Internal Server Error\r\n\r\n", out);
			return;
		}
	}
	text = buf_str(&room->head);
	(void)FCGX_PutStr(text.ptr, (int)text.len, out);
	text = response_body(request, &room->response);
	(void)FCGX_PutStr(text.ptr, (int)text.len, out);
}

static void
serve(struct exchange_room *room, FCGX_Request *fcgi, struct request *request)
{
	const struct server_options *options = room->options;
	struct params params;
	enum rc rc;

	rc = params_read(
	    (const char *const *)fcgi->envp, options->hash_deadline_ms, request, &params);
	request_split_path(request, request->uri, &room->path);
	if (rc == RC_OK)
		rc = check_length(room, &params, request);
	room->response.status = 0;
	room->response.content_type = NULL;
	room->response.cache_control = NULL;
	buf_reset(&room->response.body);
	buf_reset(&room->response.headers);
	if (rc == RC_OK) {
		options->handle(options->arg, request, &room->response);
	} else {
		complain(room, &params);
		problem_fill(&room->response, rc, NULL, request, false, NULL);
	}
	answer(room, request, fcgi->out);
}

/* Puts a held request where the library can read it. */
static bool
spool(int fd, struct str held)
{
	return ftruncate(fd, 0) == 0 && pwrite(fd, held.ptr, held.len, 0) == (ssize_t)held.len &&
	       lseek(fd, 0, SEEK_SET) == 0;
}

/* Lets the library read the parameters, and the body if it is wanted. EXCHANGE_DONE: it has. */
static enum exchange_end
read_request(
    FCGX_Request *fcgi, struct exchange_room *room, struct str held, struct request *request)
{
	int fd = fcgi->ipcFd;
	bool is_broken;

	if (held.ptr != NULL) {
		if (!spool(room->options->spool_fd, held))
			return EXCHANGE_FAILED;
		fcgi->ipcFd = room->options->spool_fd;
	}
	/* Else the library would close the descriptor before it reads the first request. */
	fcgi->keepConnection = 1;
	if (FCGX_Accept_r(fcgi) != 0)
		return held.ptr != NULL ? EXCHANGE_FAILED : EXCHANGE_GONE;
	/* From here on keepConnection is what the web server asked for. */
	is_broken = FCGX_GetError(fcgi->in) != 0 ||
	            (!request->is_body_too_large && !read_body(room, fcgi->in, request));
	fcgi->ipcFd = fd;
	if (held.ptr != NULL)
		is_broken = ftruncate(room->options->spool_fd, 0) != 0 || is_broken;
	return is_broken ? EXCHANGE_FAILED : EXCHANGE_DONE;
}

enum exchange_end
exchange_serve(
    struct exchange *exchange, struct exchange_room *room, struct str held, bool is_too_large)
{
	FCGX_Request *fcgi = &exchange->fcgi;
	struct request request = { .is_body_too_large = is_too_large };
	enum exchange_end end = read_request(fcgi, room, held, &request);
	bool is_broken;

	if (end == EXCHANGE_GONE)
		return end;
	if (end == EXCHANGE_DONE) {
		serve(room, fcgi, &request);
		is_broken = FCGX_FClose(fcgi->err) != 0;
		is_broken = FCGX_FClose(fcgi->out) != 0 || is_broken;
		if (is_broken)
			end = EXCHANGE_FAILED;
		else if (is_too_large)
			end = EXCHANGE_UNREAD;
		else if (fcgi->keepConnection && room->options->keep)
			end = EXCHANGE_KEPT;
	}
	/* Not by FCGX_Finish_r: its way of closing waits up to 2 s for the peer. */
	FCGX_Free(fcgi, 0);
	sodium_memzero(room->body, request.body.len);
	buf_reset(&room->response.body);
	buf_reset(&room->response.headers);
	return end;
}
