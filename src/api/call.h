/* One request on its way through checks and handler. */
#ifndef AFFO_API_CALL_H
#define AFFO_API_CALL_H

#include "api/api.h"
#include "base/json.h"

struct call {
	struct api *api;
	const struct request *request;
	struct response *response;
	struct client client;
	struct str token;           /* as it was sent; routes with one */
	bool is_by_cookie;          /* that is how it was sent */
	struct principal principal; /* routes marked BEARER */
	const struct json *body;    /* routes marked BODY; those marked MAY_BODY: NULL for none */
	int64_t user_id;            /* {user_id}; 0: an id that nobody has */
	struct str session_id;      /* {session_id} */
	struct faults faults;
};

/* Begins a JSON answer; the caller writes one value. */
struct json_out call_answer(struct call *call, int status);
/* An answer without body and Content-Type. */
void call_answer_empty(struct call *call, int status);

#endif
