#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/sending.h"
#include "support/suite.h"

/* A server of one connection, in a thread. What it says to each command; NULL: it hangs up. */
struct script {
	const char *banner, *ehlo, *auth, *mail, *rcpt, *data, *end;
	bool is_silent; /* says nothing, not even the banner */
};

static const struct script good = {
	.banner = "220 peer ESMTP\r\n",
	.ehlo = "250-peer\r\n250-SIZE 1000000\r\n250 AUTH PLAIN\r\n",
	.auth = "235 2.7.0 ok\r\n",
	.mail = "250 ok\r\n",
	.rcpt = "250 ok\r\n",
	.data = "354 go on\r\n",
	.end = "250 2.0.0 queued\r\n",
};

struct smtp_peer {
	pthread_t thread;
	int listener, stop[2];
	char port[8];
	const struct script *script;
	struct buf heard; /* all commands and the mail, as they came */
};

/* The next bytes into heard; false: the client left, or we are to stop. */
static bool
hear(struct smtp_peer *peer, int fd)
{
	struct pollfd fds[2] = { { fd, POLLIN, 0 }, { peer->stop[0], POLLIN, 0 } };
	char bytes[4096];
	ssize_t n;

	if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
		return false;
	if ((n = recv(fd, bytes, sizeof(bytes), 0)) <= 0)
		return false;
	buf_add_bytes(&peer->heard, bytes, (size_t)n);
	return buf_ok(&peer->heard);
}

/* Waits for the text from *from on and moves *from behind it. */
static bool
hear_to(struct smtp_peer *peer, int fd, size_t *from, const char *end)
{
	const char *at;

	while (peer->heard.ptr == NULL || (at = strstr(peer->heard.ptr + *from, end)) == NULL)
		if (!hear(peer, fd))
			return false;
	*from = (size_t)(at - peer->heard.ptr) + strlen(end);
	return true;
}

static bool
say(int fd, const char *text)
{
	return text != NULL && send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static const char *
answer_to(const struct script *script, struct str command)
{
	const struct {
		struct str verb;
		const char *answer;
	} rows[] = {
		{ STR("EHLO"), script->ehlo },
		{ STR("HELO"), "250 peer\r\n" },
		{ STR("AUTH"), "334 \r\n" },
		{ STR("AGFmZm8AczNjcmV0\r\n"), script->auth }, /* \0affo\0s3cret */
		{ STR("MAIL"), script->mail },
		{ STR("RCPT"), script->rcpt },
		{ STR("DATA"), script->data },
		{ STR("QUIT"), "221 bye\r\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_starts(command, rows[i].verb))
			return rows[i].answer;
	return "500 what?\r\n";
}

static void
serve(struct smtp_peer *peer, int fd)
{
	const struct script *script = peer->script;
	size_t from = 0, start = 0;

	while (script->is_silent)
		if (!hear(peer, fd))
			return;
	if (!say(fd, script->banner))
		return;
	while (hear_to(peer, fd, &from, "\r\n")) {
		struct str command = str_slice(buf_str(&peer->heard), start, from);
		const char *answer = answer_to(script, command);

		if (!say(fd, answer))
			return;
		if (str_starts(command, STR("DATA")) && answer[0] == '3' &&
		    (!hear_to(peer, fd, &from, "\r\n.\r\n") || !say(fd, script->end)))
			return;
		start = from;
	}
}

static void *
run(void *context)
{
	struct smtp_peer *peer = context;
	struct pollfd fds[2] = { { peer->listener, POLLIN, 0 }, { peer->stop[0], POLLIN, 0 } };
	int fd;

	if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
		return NULL;
	if ((fd = accept(peer->listener, NULL, NULL)) >= 0) {
		serve(peer, fd);
		(void)close(fd);
	}
	return NULL;
}

static struct smtp_peer *
start_peer(const struct script *script)
{
	struct smtp_peer *peer = calloc(1, sizeof(*peer));
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);

	ck_assert_ptr_nonnull(peer);
	peer->script = script;
	peer->heard = BUF_INIT(1 << 20);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(peer->listener = socket(AF_INET, SOCK_STREAM, 0), 0);
	ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(peer->listener, 1), 0);
	ck_assert_int_eq(getsockname(peer->listener, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(peer->port, sizeof(peer->port), "%u", (unsigned)ntohs(address.sin_port));
	ck_assert_int_eq(pipe(peer->stop), 0);
	ck_assert_int_eq(pthread_create(&peer->thread, NULL, run, peer), 0);
	return peer;
}

/* Ends the thread; what was heard stays. */
static void
stop_peer(struct smtp_peer *peer)
{
	ck_assert_int_eq(write(peer->stop[1], "x", 1), 1);
	ck_assert_int_eq(pthread_join(peer->thread, NULL), 0);
	(void)close(peer->stop[0]);
	(void)close(peer->stop[1]);
	(void)close(peer->listener);
}

static void
free_peer(struct smtp_peer *peer)
{
	buf_release(&peer->heard);
	free(peer);
}

static struct delivery
send_to(struct smtp_peer *peer, const char *user, const struct letter *letter, int64_t timeout_ms)
{
	const struct sending_setting settings[] = { { "host", "127.0.0.1" }, { "port", peer->port },
		{ "tls", "none" }, { "user", user }, { "password", user == NULL ? NULL : "s3cret" },
		{ NULL, NULL } };

	return sending_try("smtp", settings, letter, timeout_ms);
}

static void
assert_script(const struct script *script, const char *user, int64_t timeout_ms,
    enum delivery_result expected)
{
	struct smtp_peer *peer = start_peer(script);
	struct delivery delivery = send_to(peer, user, &sending_mail, timeout_ms);

	ck_assert_msg(delivery.result == expected, "%s: %s instead of %s", delivery.detail,
	    delivery_result_name(delivery.result), delivery_result_name(expected));
	ck_assert_msg(delivery.detail[0] != '\0' && strpbrk(delivery.detail, "\r\n") == NULL,
	    "no line for the log: \"%s\"", delivery.detail);
	ck_assert_ptr_null(strstr(delivery.detail, "s3cret"));
	stop_peer(peer);
	free_peer(peer);
}

START_TEST(smtp_gives_the_mail_once_to_one_recipient)
{
	struct smtp_peer *peer = start_peer(&good);
	struct letter letter = sending_mail;
	struct delivery delivery;
	const char *heard;

	letter.recipient = STR("u@b\xc3\xbc"
	                       "cher.example");
	delivery = send_to(peer, "affo", &letter, SENDING_PATIENCE_MS);
	ck_assert_msg(delivery.result == DELIVERY_OK, "%s", delivery.detail);
	stop_peer(peer);
	heard = buf_text(&peer->heard);
	ck_assert_ptr_nonnull(strstr(heard, "\nAUTH PLAIN\r\nAGFmZm8AczNjcmV0\r\n"));
	ck_assert_ptr_nonnull(strstr(heard, "\nMAIL FROM:<no-reply@example.com> SIZE="));
	ck_assert_ptr_nonnull(strstr(heard, "\nRCPT TO:<u@xn--bcher-kva.example>\r\n"));
	ck_assert_ptr_nonnull(strstr(heard, "\nTo: u@xn--bcher-kva.example\r\n"));
	ck_assert_ptr_nonnull(strstr(heard, "\nSubject: Password reset required\r\n"));
	ck_assert_ptr_nonnull(strstr(heard, "\r\n.\r\n"));
	ck_assert_ptr_null(strstr(strstr(heard, "RCPT TO") + 1, "RCPT TO"));
	free_peer(peer);
}
END_TEST

START_TEST(smtp_takes_each_answer_for_what_it_is_about)
{
	static const struct {
		const char *banner, *mail, *rcpt, *data, *end;
		enum delivery_result result;
	} rows[] = {
		/* This machine, or the sender: another gateway may do. */
		{ .banner = "554 5.7.1 no\r\n", .result = DELIVERY_MISCONFIGURED },
		{ .mail = "550 5.7.1 sender refused\r\n", .result = DELIVERY_MISCONFIGURED },
		{ .mail = "530 5.7.0 authentication required\r\n",
		    .result = DELIVERY_MISCONFIGURED },
		{ .rcpt = "530 5.7.0 STARTTLS first\r\n", .result = DELIVERY_MISCONFIGURED },
		{ .banner = "421 4.3.2 too busy\r\n", .result = DELIVERY_LATER },
		{ .mail = "451 4.3.0 later\r\n", .result = DELIVERY_LATER },
		{ .mail = "452 4.3.1 disk full\r\n", .result = DELIVERY_LATER },
		/* The mail. */
		{ .rcpt = "550 5.1.1 no such mailbox\r\n", .result = DELIVERY_PERMANENT },
		{ .rcpt = "553 5.1.3 no\r\n", .result = DELIVERY_PERMANENT },
		{ .rcpt = "450 4.2.0 greylisted\r\n", .result = DELIVERY_LATER },
		{ .rcpt = "451 4.7.1 later\r\n", .result = DELIVERY_LATER },
		{ .data = "554 5.5.1 no\r\n", .result = DELIVERY_PERMANENT },
		{ .data = "451 4.3.0 later\r\n", .result = DELIVERY_LATER },
		{ .end = "554 5.6.0 spam\r\n", .result = DELIVERY_PERMANENT },
		{ .end = "552 5.3.4 too big\r\n", .result = DELIVERY_PERMANENT },
		{ .end = "451 4.3.0 later\r\n", .result = DELIVERY_LATER },
		{ .end = "250 ok\r\n", .result = DELIVERY_OK },
		/* No SMTP. */
		{ .banner = "SSH-2.0-OpenSSH_9.2\r\n", .result = DELIVERY_LATER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script script = good;

		if (rows[i].banner != NULL)
			script.banner = rows[i].banner;
		if (rows[i].mail != NULL)
			script.mail = rows[i].mail;
		if (rows[i].rcpt != NULL)
			script.rcpt = rows[i].rcpt;
		if (rows[i].data != NULL)
			script.data = rows[i].data;
		if (rows[i].end != NULL)
			script.end = rows[i].end;
		assert_script(&script, NULL, SENDING_PATIENCE_MS, rows[i].result);
	}
}
END_TEST

START_TEST(smtp_takes_a_refused_login_for_a_bad_configuration)
{
	struct script wrong = good, busy = good, none = good;

	wrong.auth = "535 5.7.8 wrong password\r\n";
	assert_script(&wrong, "affo", SENDING_PATIENCE_MS, DELIVERY_MISCONFIGURED);
	busy.auth = "454 4.7.0 temporary failure\r\n";
	assert_script(&busy, "affo", SENDING_PATIENCE_MS, DELIVERY_LATER);
	/* Offers no login, and wants one then. */
	none.ehlo = "250 peer\r\n";
	none.mail = "530 5.7.0 authentication required\r\n";
	assert_script(&none, "affo", SENDING_PATIENCE_MS, DELIVERY_MISCONFIGURED);
}
END_TEST

START_TEST(smtp_never_sends_in_the_clear_what_was_to_be_encrypted)
{
	struct smtp_peer *peer = start_peer(&good);
	const struct sending_setting settings[] = { { "host", "127.0.0.1" }, { "port", peer->port },
		{ "tls", "starttls" }, { "user", "affo" }, { "password", "s3cret" },
		{ NULL, NULL } };
	struct delivery delivery =
	    sending_try("smtp", settings, &sending_mail, SENDING_PATIENCE_MS);

	ck_assert_msg(delivery.result == DELIVERY_MISCONFIGURED, "%s", delivery.detail);
	stop_peer(peer);
	ck_assert_ptr_null(strstr(buf_text(&peer->heard), "AUTH"));
	ck_assert_ptr_null(strstr(buf_text(&peer->heard), "MAIL"));
	free_peer(peer);
}
END_TEST

START_TEST(smtp_goes_on_from_a_server_that_fails)
{
	struct script silent = good, gone = good, mute = good;
	struct smtp_peer *peer = start_peer(&good);
	struct delivery delivery;

	silent.is_silent = true;
	assert_script(&silent, NULL, 300, DELIVERY_LATER);
	gone.banner = NULL;
	assert_script(&gone, NULL, SENDING_PATIENCE_MS, DELIVERY_LATER);
	/* Takes the mail and is gone: nobody knows, so it is sent again. */
	mute.end = NULL;
	assert_script(&mute, NULL, SENDING_PATIENCE_MS, DELIVERY_LATER);
	gone = good;
	gone.rcpt = NULL;
	assert_script(&gone, NULL, SENDING_PATIENCE_MS, DELIVERY_LATER);
	/* Nobody listens any more at this port. */
	stop_peer(peer);
	delivery = send_to(peer, NULL, &sending_mail, SENDING_PATIENCE_MS);
	ck_assert_msg(delivery.result == DELIVERY_LATER, "%s", delivery.detail);
	free_peer(peer);
}
END_TEST

START_TEST(smtp_refuses_what_cannot_be_sent)
{
	struct smtp_peer *peer = start_peer(&good);
	struct letter letter = sending_mail;

	letter.recipient = STR("u@example.com>\r\nRCPT TO:<x@example.com");
	ck_assert_int_eq(
	    send_to(peer, NULL, &letter, SENDING_PATIENCE_MS).result, DELIVERY_BAD_RECIPIENT);
	letter = sending_mail;
	letter.subject = STR("a\r\nBcc: x@example.com");
	ck_assert_int_eq(
	    send_to(peer, NULL, &letter, SENDING_PATIENCE_MS).result, DELIVERY_PERMANENT);
	letter = sending_mail;
	letter.sender = STR("AFFO");
	ck_assert_int_eq(
	    send_to(peer, NULL, &letter, SENDING_PATIENCE_MS).result, DELIVERY_MISCONFIGURED);
	stop_peer(peer);
	ck_assert_uint_eq(peer->heard.len, 0);
	free_peer(peer);
}
END_TEST

START_TEST(smtp_refuses_settings_that_cannot_work)
{
	const struct sending_setting none[] = { { NULL, NULL } };
	const struct sending_setting host[] = { { "host", "a/b" }, { NULL, NULL } };
	const struct sending_setting user[] = { { "host", "user@a" }, { NULL, NULL } };
	const struct sending_setting port[] = { { "host", "::1" }, { "port", "65536" },
		{ NULL, NULL } };
	const struct sending_setting from[] = { { "host", "a" }, { "from", "nobody" },
		{ NULL, NULL } };

	sending_assert_refused("smtp", CHANNEL_EMAIL, none, "host \"\"");
	sending_assert_refused("smtp", CHANNEL_EMAIL, host, "host \"a/b\"");
	sending_assert_refused("smtp", CHANNEL_EMAIL, user, "host \"user@a\"");
	sending_assert_refused("smtp", CHANNEL_EMAIL, port, "port \"65536\"");
	sending_assert_refused("smtp", CHANNEL_EMAIL, from, "from \"nobody\" is no address");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("smtp");

	tcase_add_test(tests, smtp_gives_the_mail_once_to_one_recipient);
	tcase_add_test(tests, smtp_takes_each_answer_for_what_it_is_about);
	tcase_add_test(tests, smtp_takes_a_refused_login_for_a_bad_configuration);
	tcase_add_test(tests, smtp_never_sends_in_the_clear_what_was_to_be_encrypted);
	tcase_add_test(tests, smtp_goes_on_from_a_server_that_fails);
	tcase_add_test(tests, smtp_refuses_what_cannot_be_sent);
	tcase_add_test(tests, smtp_refuses_settings_that_cannot_work);
	return suite_run();
}
