/* From a request to its answer: affo-user-api(7), "Conventions". */
#ifndef AFFO_API_API_H
#define AFFO_API_API_H

#include "domain/service.h"
#include "http/server.h"

struct api {
	struct service *service;
	const struct conf *conf;
	bool is_fast_only;     /* routes that hash belong to another pool */
	int64_t complained_at; /* monotonic; of a location missing in the web server */
};

/* arg is a struct api *: the server_handler. */
void api_handle(void *arg, struct request *request, struct response *response);

#endif
