/*
 * Whether a gateway may be used. The circuit breaker: a gateway is out while faults ==
 * GATEWAY_FAULTS_MAX; what is still under way then and fails, too, changes nothing. A probe is
 * granted by pushing out_until forward and taking one fault away: so nobody else gets one
 * meanwhile, its failure puts the gateway out for twice as long, and one that never reports is
 * followed by another.
 */
#include "base/clock.h"
#include "domain/outbox.h"
#include "store/rows.h"

/* RC_OK also for a gateway never used. */
static enum rc
get_state(struct db *db, struct str name, struct gateway_state *ret)
{
	enum rc rc;

	*ret = (struct gateway_state){ 0 };
	rc = gateway_row_get(db, name, ret);
	return rc == RC_NONE ? RC_OK : rc;
}

/* A time further away than any that is ever set comes from a clock that was wrong. */
static bool
is_out(const struct gateway_state *state, int64_t now)
{
	return state->out_until > now && state->out_until <= now + GATEWAY_OUT_MAX_MS;
}

enum gateway_service
gateway_service(const struct gateway_state *state, int64_t now)
{
	if (state->is_off)
		return GATEWAY_DISABLED;
	if (state->out_until == 0)
		return GATEWAY_IN_SERVICE;
	return is_out(state, now) && state->faults >= GATEWAY_FAULTS_MAX ? GATEWAY_OUT
	                                                                 : GATEWAY_PROBE;
}

const char *
gateway_service_name(enum gateway_service service)
{
	static const char *const names[GATEWAY_SERVICE__MAX] = {
		[GATEWAY_IN_SERVICE] = "in service",
		[GATEWAY_OUT] = "out",
		[GATEWAY_PROBE] = "probe",
		[GATEWAY_DISABLED] = "disabled",
	};

	return names[service];
}

static enum rc
grant_probe(struct db *db, struct str name, bool *ret)
{
	struct gateway_state state;
	int64_t now = clock_now_ms();
	bool is_live;
	enum rc rc;

	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	if ((rc = get_state(db, name, &state)) != RC_OK)
		goto out;
	is_live = !state.is_off && !is_out(&state, now);
	if (is_live && state.out_until != 0) {
		state.out_until = now + GATEWAY_PROBE_MS;
		state.faults = GATEWAY_FAULTS_MAX - 1;
		rc = gateway_row_put(db, name, &state);
	}
	if (rc == RC_OK)
		rc = db_commit(db);
	if (rc == RC_OK)
		*ret = is_live;
out:
	db_rollback(db);
	return rc;
}

enum rc
gateway_is_live(struct db *db, struct str name, bool *ret)
{
	struct gateway_state state;
	enum rc rc;

	if ((rc = db_begin_read(db)) != RC_OK)
		return rc;
	rc = get_state(db, name, &state);
	db_rollback(db);
	if (rc != RC_OK)
		return rc;
	if (state.is_off || state.out_until == 0 || is_out(&state, clock_now_ms())) {
		*ret = !state.is_off && state.out_until == 0;
		return RC_OK;
	}
	return grant_probe(db, name, ret);
}

enum rc
gateway_is_off(struct db *db, struct str name, bool *ret)
{
	struct gateway_state state;
	enum rc rc;

	if ((rc = db_begin_read(db)) != RC_OK)
		return rc;
	rc = get_state(db, name, &state);
	db_rollback(db);
	if (rc == RC_OK)
		*ret = state.is_off;
	return rc;
}

static void
note_fault(struct gateway_state *state, int64_t now)
{
	if (state->faults >= GATEWAY_FAULTS_MAX)
		return;
	if (++state->faults < GATEWAY_FAULTS_MAX)
		return;
	state->out_ms = state->out_ms == 0 ? GATEWAY_OUT_MIN_MS : 2 * state->out_ms;
	if (state->out_ms > GATEWAY_OUT_MAX_MS)
		state->out_ms = GATEWAY_OUT_MAX_MS;
	state->out_until = now + state->out_ms;
}

enum rc
gateway_note(struct db *db, const struct attempt *attempt)
{
	enum delivery_result result = attempt->delivery->result;
	bool is_fault = result == DELIVERY_LATER || result == DELIVERY_MISCONFIGURED;
	int64_t now = clock_now_ms();
	struct gateway_state state, before;
	enum rc rc;

	if ((rc = get_state(db, attempt->gateway, &state)) != RC_OK)
		return rc;
	before = state;
	if (is_fault)
		note_fault(&state, now);
	else
		state.faults = state.out_until = state.out_ms = 0;
	if (state.faults != before.faults || state.out_until != before.out_until ||
	    state.out_ms != before.out_ms)
		rc = gateway_row_put(db, attempt->gateway, &state);
	/* Less than nothing: the clock was moved back. */
	if (rc == RC_OK)
		rc = gateway_row_count(
		    db, attempt->gateway, result, attempt->took_ms < 0 ? 0 : attempt->took_ms, now);
	return rc;
}
