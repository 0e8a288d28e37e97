#include "domain/admin_gateway.h"

#include "base/clock.h"
#include "store/rows.h"

static void
sum_up(struct admin_gateway *gateway)
{
	int64_t total_ms = 0;

	for (int i = 0; i < DELIVERY__MAX; i++) {
		const struct gateway_count *count = &gateway->counts[i];

		gateway->n += count->n;
		total_ms += count->total_ms;
		if (count->max_ms > gateway->max_ms)
			gateway->max_ms = count->max_ms;
		if (count->n > 0 && count->last_at >= gateway->last_at) {
			gateway->last_at = count->last_at;
			gateway->last_ms = count->last_ms;
			gateway->last_result = (enum delivery_result)i;
		}
	}
	gateway->failed =
	    gateway->counts[DELIVERY_LATER].n + gateway->counts[DELIVERY_MISCONFIGURED].n;
	if (gateway->n > 0)
		gateway->average_ms = total_ms / gateway->n;
}

enum rc
admin_gateway_get(struct service *service, struct str name, struct admin_gateway *ret)
{
	enum rc rc;

	*ret = (struct admin_gateway){ 0 };
	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	if ((rc = gateway_row_get(service->db, name, &ret->state)) == RC_NONE)
		rc = RC_OK;
	if (rc == RC_OK)
		rc = gateway_row_counts(service->db, name, ret->counts);
	db_rollback(service->db);
	ret->service = gateway_service(&ret->state, clock_now_ms());
	sum_up(ret);
	return rc;
}

enum rc
admin_gateway_switch(struct service *service, struct str name, bool is_off)
{
	struct str event = is_off ? STR("gateway.disable") : STR("gateway.enable");
	enum rc rc;

	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	rc = gateway_row_switch(service->db, name, is_off);
	if (rc == RC_OK)
		rc = audit_row_insert(service->db, clock_now_ms(), event, 0, 0, STR(""), name);
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	return rc;
}
