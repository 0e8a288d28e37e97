#include "deliver/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "deliver/frame.h"
#include "deliver/render.h"
#include "deliver/ring.h"

enum job_state {
	JOB_FREE,
	JOB_WAITING,
	JOB_VOID, /* goes nowhere, and takes the time of one that does */
	JOB_FLYING,
	JOB_ENDED
};

struct job {
	enum job_state state;
	struct message message;
	int64_t since_ms;         /* waiting since; when ended: not to be written down before */
	size_t start;             /* of the round */
	bool *is_out;             /* gateways that had it in this round, or are out of service */
	int gateway;              /* that has it, or had it last; RING_END: none had */
	int former;               /* that had it before that one */
	int64_t given_at;         /* to that gateway, monotonic */
	int64_t took_ms;          /* until it gave its result */
	struct delivery delivery; /* the last result */
};

struct jobs {
	struct jobs_setup setup;
	const struct conf *conf; /* setup's, as db */
	struct db *db;
	bool is_stopping;
	int64_t usual_ms; /* what the last mail took: its sender, and the gateway */
	bool *flags;      /* is_out of each job, then one more row for looking around */
	struct job list[JOBS_MAX];
};

enum rc
jobs_new(const struct jobs_setup *setup, struct jobs **ret)
{
	size_t n = setup->conf->n_gateways;
	struct jobs *jobs = calloc(1, sizeof(*jobs));

	if (jobs == NULL || (jobs->flags = calloc(JOBS_MAX + 1, n + 1)) == NULL) {
		log_error("out of memory for the messages under way");
		free(jobs);
		return RC_SYSTEM;
	}
	jobs->setup = *setup;
	jobs->usual_ms = JOBS_VOID_MS;
	jobs->conf = setup->conf;
	jobs->db = setup->db;
	for (size_t i = 0; i < JOBS_MAX; i++)
		jobs->list[i].is_out = jobs->flags + i * n;
	*ret = jobs;
	return RC_OK;
}

static void
release(struct job *job)
{
	message_release(&job->message);
	job->state = JOB_FREE;
}

void
jobs_free(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (jobs->list[i].state != JOB_FREE)
			release(&jobs->list[i]);
	free(jobs->flags);
	free(jobs);
}

size_t
jobs_count(const struct jobs *jobs)
{
	size_t n = 0;

	for (size_t i = 0; i < JOBS_MAX; i++)
		n += jobs->list[i].state != JOB_FREE;
	return n;
}

/* Messages that have waited for long don't count: what is stuck behind a gateway that hangs must
 * not keep others from being claimed. */
static size_t
room(const struct jobs *jobs)
{
	int64_t now = clock_monotonic_ms();
	size_t free_n = 0, fresh = 0;

	for (size_t i = 0; i < JOBS_MAX; i++) {
		const struct job *job = &jobs->list[i];

		free_n += job->state == JOB_FREE;
		fresh += job->state == JOB_WAITING && now - job->since_ms < JOBS_PATIENCE_MS;
	}
	if (fresh >= JOBS_FRESH_MAX || jobs->is_stopping)
		return 0;
	return free_n < JOBS_FRESH_MAX - fresh ? free_n : JOBS_FRESH_MAX - fresh;
}

bool
jobs_has_room(const struct jobs *jobs)
{
	return room(jobs) > 0;
}

static struct job *
find(struct jobs *jobs, const char *id)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (jobs->list[i].state != JOB_FREE && strcmp(jobs->list[i].message.id, id) == 0)
			return &jobs->list[i];
	return NULL;
}

/* When it wasn't a gateway that said so. */
static void
set_later(struct job *job, const char *why)
{
	job->delivery.result = DELIVERY_LATER;
	(void)snprintf(job->delivery.detail, sizeof(job->delivery.detail), "%s", why);
}

/* It writes password resets itself, and has no text for anything else. */
static bool
is_affo_mail(const struct conf_gateway *gateway)
{
	return strcmp(gateway->type, "affo") == 0 && gateway->channel == CHANNEL_EMAIL;
}

static void
begin(struct jobs *jobs, struct job *job, struct message *message)
{
	struct buf last = BUF_INIT(SENDERS_NAME_MAX);

	job->state = message->state == MESSAGE_VOID ? JOB_VOID : JOB_WAITING;
	job->message = *message;
	job->since_ms = clock_monotonic_ms();
	job->start = 0;
	job->gateway = RING_END;
	set_later(job, "no gateway is in service for it");
	for (size_t i = 0; i < jobs->conf->n_gateways; i++)
		job->is_out[i] = is_affo_mail(&jobs->conf->gateways[i]) &&
		                 message->kind != MESSAGE_PASSWORD_RESET;
	if (message->is_resend && outbox_last_gateway(jobs->db, message, &last) == RC_OK)
		job->start = ring_start(jobs->conf, buf_str(&last));
	buf_release(&last);
}

enum rc
jobs_claim(struct jobs *jobs, size_t *ret_n)
{
	struct message claimed[JOBS_FRESH_MAX] = { 0 };
	struct job *job, *end = jobs->list + JOBS_MAX;
	size_t n = 0;
	enum rc rc;

	*ret_n = 0;
	if (room(jobs) == 0)
		return RC_OK;
	if ((rc = outbox_claim(jobs->db, room(jobs), claimed, &n)) != RC_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		/* Our own, when its lease ran out while it was here: only the lease is new. */
		if ((job = find(jobs, claimed[i].id)) != NULL) {
			job->message.lease_until = claimed[i].lease_until;
			message_release(&claimed[i]);
			continue;
		}
		for (job = jobs->list; job < end && job->state != JOB_FREE;)
			job++;
		begin(jobs, job, &claimed[i]);
	}
	*ret_n = n;
	return RC_OK;
}

static const char *
name_of(const struct jobs *jobs, const struct job *job)
{
	return job->gateway == RING_END ? NULL : jobs->conf->gateways[job->gateway].name;
}

static void
end(struct job *job)
{
	job->state = JOB_ENDED;
	job->since_ms = 0;
}

static struct attempt
attempt_of(const struct jobs *jobs, const struct job *job)
{
	return (struct attempt){ str_from(name_of(jobs, job)), &job->delivery, job->took_ms };
}

/* Writes down what became of the message; while the database refuses it stays, so that a message
 * that was sent isn't sent again. */
static void
settle(struct jobs *jobs, struct job *job)
{
	struct attempt attempt = attempt_of(jobs, job);
	enum rc rc = RC_SYSTEM;

	if (job->message.state == MESSAGE_VOID) {
		rc = outbox_voided(jobs->db, &job->message);
		goto out;
	}
	switch (job->delivery.result) {
	case DELIVERY_OK:
		rc = outbox_sent(jobs->db, &job->message, &attempt);
		break;
	case DELIVERY_BAD_RECIPIENT:
	case DELIVERY_PERMANENT:
		rc = outbox_rejected(jobs->db, &job->message, &attempt,
		    clock_now_ms() + jobs->conf->verification.bad_recipient_ms);
		break;
	case DELIVERY_LATER:
	case DELIVERY_MISCONFIGURED:
	case DELIVERY__MAX:
		rc = outbox_later(jobs->db, &job->message, attempt.gateway, &job->delivery);
		break;
	}
out:
	if (rc == RC_NONE)
		log_notice("message %s: its lease was lost; another queue has it", job->message.id);
	if (rc == RC_OK || rc == RC_NONE)
		release(job);
	else
		job->since_ms = clock_monotonic_ms() + JOBS_RETRY_MS;
}

/* The gateway that takes the message next: RING_END when the round is over, or, with *ret_waits,
 * when it has to wait for a sender. */
static int
choose(struct jobs *jobs, const struct job *job, const struct senders *senders, bool *ret_waits)
{
	const struct message *message = &job->message;
	struct str recipient = str_from(message->recipient);
	size_t n = jobs->conf->n_gateways;
	bool *is_out = jobs->flags + JOBS_MAX * n;
	int first = ring_next(jobs->conf, message->channel, recipient, job->start, job->is_out);
	int64_t busy_since;

	*ret_waits = false;
	if (first == RING_END || (busy_since = senders_busy_since(senders, (size_t)first)) == 0)
		return first;
	*ret_waits = true;
	if (clock_monotonic_ms() - busy_since < JOBS_PATIENCE_MS)
		return RING_END;
	for (size_t i = 0; i < n; i++)
		is_out[i] = job->is_out[i] || senders_busy_since(senders, i) != 0;
	return ring_next(jobs->conf, message->channel, recipient, job->start, is_out);
}

/* The letter as its frame. RC_SYNTAX, RC_LIMIT: the message can't be read or written. */
static enum rc
write_letter(const struct jobs *jobs, const struct message *message, int gateway, struct buf *ret)
{
	bool has_own_texts = is_affo_mail(&jobs->conf->gateways[gateway]);
	struct buf variables = BUF_INIT(WIRE_FRAME_MAX);
	struct render render = { 0 };
	enum rc rc = outbox_open(jobs->setup.secret_key, message, &variables);

	if (rc == RC_OK)
		rc = render_letter(jobs->conf, jobs->setup.templates, message, buf_str(&variables),
		    has_own_texts, &render);
	if (rc == RC_OK) {
		frame_add_letter(ret, &render.letter);
		rc = buf_ok(ret) ? RC_OK : RC_LIMIT;
		render_release(&render);
	}
	buf_release(&variables);
	return rc;
}

static void
launch(struct jobs *jobs, struct job *job, struct senders *senders, int gateway)
{
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);
	enum rc rc = write_letter(jobs, &job->message, gateway, &frame);

	if (rc == RC_OK) {
		job->former = job->gateway;
		job->gateway = gateway;
		job->state = JOB_FLYING;
		job->given_at = clock_monotonic_ms();
		senders_start(senders, (size_t)gateway, str_from(job->message.id), buf_str(&frame));
	} else {
		/* Later: outbox.key_file may have been put in order by then. */
		log_error("message %s: its variables can't be read with outbox.key_file, or don't "
		          "make a message (%s)",
		    job->message.id, rc_name(rc));
		set_later(job, "unreadable");
		end(job);
	}
	buf_release(&frame);
}

/* Gives a waiting message to the next gateway, ends its round, or leaves it waiting. */
static void
dispatch(struct jobs *jobs, struct job *job, struct senders *senders)
{
	bool waits = false, is_live;
	int gateway;

	if (job->message.expires_at <= clock_now_ms()) {
		end(job);
		return;
	}
	while ((gateway = choose(jobs, job, senders, &waits)) != RING_END) {
		/* Asked last, since a yes may be the one probe that the gateway gets. Without the
		 * database nobody knows: then it is tried. */
		is_live = true;
		if (gateway_is_live(jobs->db, str_from(jobs->conf->gateways[gateway].name),
		        &is_live) != RC_OK ||
		    is_live) {
			launch(jobs, job, senders, gateway);
			return;
		}
		job->is_out[gateway] = true;
	}
	if (waits && clock_monotonic_ms() - job->since_ms < JOBS_WAIT_MAX_MS)
		return;
	if (waits)
		set_later(job, "every gateway for it is busy, or can't be started");
	log_warning("message %s: not sent now: %s", job->message.id, job->delivery.detail);
	end(job);
}

/* Writes down what ended, unless it is too early to try that again. */
static bool
settle_due(struct jobs *jobs, struct job *job, int64_t now)
{
	if (job->state != JOB_ENDED ||
	    (job->since_ms > now && job->since_ms <= now + JOBS_RETRY_MS))
		return false;
	settle(jobs, job);
	return true;
}

/* How long a void message still seems to be under way; 0: it has ended. */
static int64_t
void_left_ms(const struct jobs *jobs, const struct job *job, int64_t now)
{
	int64_t left_ms = job->since_ms + jobs->usual_ms - now;

	return left_ms < 0 || left_ms > JOBS_VOID_MAX_MS || jobs->is_stopping ? 0 : left_ms;
}

int64_t
jobs_advance(struct jobs *jobs, struct senders *senders, int64_t max_ms)
{
	int64_t now = clock_monotonic_ms();
	bool has_ended = false;

	/* All that ended, before a sender gets anything new: so whoever kills us has one message a
	 * sender sent again, no more. */
	for (size_t i = 0; i < JOBS_MAX; i++)
		has_ended |= settle_due(jobs, &jobs->list[i], now);
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *job = &jobs->list[i];

		if (job->state == JOB_WAITING && jobs->is_stopping)
			end(job);
		else if (job->state == JOB_WAITING)
			dispatch(jobs, job, senders);
		else if (job->state == JOB_VOID && void_left_ms(jobs, job, now) == 0)
			end(job);
		has_ended |= settle_due(jobs, job, now);
		if ((job->state == JOB_WAITING || job->state == JOB_ENDED) &&
		    max_ms > JOBS_PATIENCE_MS / 4)
			max_ms = JOBS_PATIENCE_MS / 4;
		if (job->state == JOB_VOID && max_ms > void_left_ms(jobs, job, now))
			max_ms = void_left_ms(jobs, job, now);
	}
	if (has_ended)
		db_after_answer(jobs->db);
	return max_ms;
}

/* To the log, and once a day to the admin. A failure is in the log, too. */
static void
raise_alarm(const struct jobs *jobs, const struct job *job, const char *name)
{
	struct buf text = BUF_INIT(1024);
	char topic[SENDERS_NAME_MAX + 16];

	log_error("message %s: gateway %s is misconfigured: %s", job->message.id, name,
	    job->delivery.detail);
	if (jobs->conf->alert_to == NULL)
		return;
	(void)snprintf(topic, sizeof(topic), "gateway %s", name);
	buf_printf(&text, "Gateway %s is misconfigured: %s", name, job->delivery.detail);
	if (db_begin_write(jobs->db) == RC_OK &&
	    outbox_put_alert(jobs->db, jobs->conf, jobs->setup.public_key, topic, buf_str(&text)) ==
	        RC_OK)
		(void)!db_commit(jobs->db);
	db_rollback(jobs->db);
	buf_release(&text);
}

/* A database that refuses has said so; the gateway's record isn't worth waiting for. */
static void
note_failure(const struct jobs *jobs, const struct job *job)
{
	struct attempt attempt = attempt_of(jobs, job);
	const char *name = name_of(jobs, job);

	(void)!outbox_tried(jobs->db, &attempt);
	if (job->delivery.result == DELIVERY_LATER)
		log_warning("message %s: gateway %s failed: %s", job->message.id, name,
		    job->delivery.detail);
	else
		raise_alarm(jobs, job, name);
}

static void
note_end(const struct jobs *jobs, const struct job *job)
{
	const struct delivery *delivery = &job->delivery;
	const char *name = name_of(jobs, job);

	if (delivery->result == DELIVERY_OK)
		log_info("message %s: sent through gateway %s", job->message.id, name);
	else
		log_notice("message %s: gateway %s refuses it for good: %s: %s", job->message.id,
		    name, delivery_result_name(delivery->result), delivery->detail);
}

void
jobs_done(void *context, size_t i, const struct delivery *delivery)
{
	struct jobs *jobs = context;

	for (size_t k = 0; k < JOBS_MAX; k++) {
		struct job *job = &jobs->list[k];

		if (job->state != JOB_FLYING || (size_t)job->gateway != i)
			continue;
		if (delivery == NULL) {
			job->gateway = job->former;
			job->state = JOB_WAITING;
			return;
		}
		job->delivery = *delivery;
		job->took_ms = clock_monotonic_ms() - job->given_at;
		if (job->message.channel == CHANNEL_EMAIL)
			jobs->usual_ms =
			    job->took_ms < JOBS_VOID_MAX_MS ? job->took_ms : JOBS_VOID_MAX_MS;
		if (delivery->result == DELIVERY_LATER ||
		    delivery->result == DELIVERY_MISCONFIGURED) {
			note_failure(jobs, job);
			job->is_out[i] = true;
			job->state = JOB_WAITING;
			job->since_ms = clock_monotonic_ms();
		} else {
			note_end(jobs, job);
			end(job);
		}
		return;
	}
}

void
jobs_stop(struct jobs *jobs)
{
	jobs->is_stopping = true;
}
