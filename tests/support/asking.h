/* Requests through api_handle(), over the people of support/people.h. */
#ifndef AFFO_TESTS_SUPPORT_ASKING_H
#define AFFO_TESTS_SUPPORT_ASKING_H

#include "api/api.h"
#include "support/people.h"

/* One request. The default is one that passes all checks. */
struct ask {
	enum method method;
	const char *uri;
	const char *token;  /* in the header; NULL: none */
	const char *cookie; /* the token in the cookie; NULL: none */
	const char *origin;
	enum method outer_method; /* AFFO_METHOD */
	const char *outer_url;
	const char *body;
	const char *type; /* NULL: application/json */
	const char *encoding;
	bool is_too_large;
};

extern struct api asking_api;
extern struct response answer; /* to what was asked last */
/* Ann has no role. */
extern char ann_token[TOKEN_MAX], admin_token[TOKEN_MAX];
extern int64_t ann;

/* For tcase_add_checked_fixture(). */
void asking_setup(void);
void asking_teardown(void);

/* Gives the status; the answer stays in `answer`. */
int asking_ask(struct ask ask);
/* Whether the text is somewhere in the answer's body. */
bool answer_says(const char *text);
/* One login more of a user with the password PEOPLE_PASSWORD. */
void asking_log_in(const char *email, char ret_token[static TOKEN_MAX]);

/* The status is right and the code is this one. */
#define ck_assert_answer(status_wanted, code, by, at, ...)                                         \
	do {                                                                                       \
		int status_ =                                                                      \
		    asking_ask((struct ask){ .method = (by), .uri = (at), ##__VA_ARGS__ });        \
		ck_assert_msg(status_ == (status_wanted) && answer_says("\"code\":\"" code "\""),  \
		    "%d %s", status_, buf_text(&answer.body));                                     \
	} while (0)
#define ck_assert_status(status_wanted, by, at, ...)                                               \
	do {                                                                                       \
		int status_ =                                                                      \
		    asking_ask((struct ask){ .method = (by), .uri = (at), ##__VA_ARGS__ });        \
		ck_assert_msg(                                                                     \
		    status_ == (status_wanted), "%d %s", status_, buf_text(&answer.body));         \
	} while (0)

#endif
