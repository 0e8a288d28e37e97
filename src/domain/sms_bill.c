#include "domain/sms_bill.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "domain/outbox.h"
#include "store/rows.h"

enum {
	DAY_MS = 86400000,
	PREFIX_DIGITS = 4,
};

bool
sms_bill_is_country_allowed(const struct conf *conf, struct str phone)
{
	const struct conf_list *countries = &conf->sms.countries;

	for (size_t i = 0; i < countries->n; i++)
		if (str_starts(phone, str_from(countries->item[i])))
			return true;
	return countries->n == 0;
}

static enum rc
take(struct db *db, int64_t day, const char *name, int64_t cap, const char *scope,
    struct sms_cap *ret_cap)
{
	int64_t n = 0;
	enum rc rc;

	if ((rc = day_count_row_add(db, day, str_from(scope), &n)) != RC_OK || n <= cap)
		return rc;
	ret_cap->name = name;
	(void)snprintf(ret_cap->scope, sizeof(ret_cap->scope), "%s", scope);
	return RC_LIMITED;
}

enum rc
sms_bill_take(struct service *service, const struct client *client, struct str phone,
    int64_t account, struct sms_cap *ret_cap)
{
	const struct conf *conf = service->conf;
	int64_t day = clock_now_ms() / DAY_MS;
	char address[ADDRESS_KEY_MAX + 1];
	char scope[64];
	enum rc rc;

	(void)snprintf(scope, sizeof(scope), "number " STR_FMT, STR_ARG(phone));
	rc = take(service->db, day, "sms.per_number", conf->sms.per_number, scope, ret_cap);
	if (rc == RC_OK && account != 0) {
		(void)snprintf(scope, sizeof(scope), "account %" PRId64, account);
		rc = take(
		    service->db, day, "sms.per_account", conf->sms.per_account, scope, ret_cap);
	}
	if (rc == RC_OK) {
		address_key(client->address, address);
		(void)snprintf(scope, sizeof(scope), "address %s", address);
		rc = take(
		    service->db, day, "sms.per_address", conf->sms.per_address, scope, ret_cap);
	}
	if (rc == RC_OK) {
		/* The plus and four digits. */
		(void)snprintf(scope, sizeof(scope), "prefix " STR_FMT,
		    STR_ARG(str_slice(phone, 0, PREFIX_DIGITS + 1)));
		rc = take(service->db, day, "sms.per_prefix", conf->sms.per_prefix, scope, ret_cap);
	}
	if (rc == RC_OK)
		rc = take(service->db, day, "sms.per_day", conf->sms.per_day, "all", ret_cap);
	return rc;
}

/* Whether this is the first of its kind today. */
static enum rc
is_first(struct db *db, int64_t day, const char *scope, bool *ret)
{
	int64_t n = 0;
	enum rc rc = day_count_row_add(db, day, str_from(scope), &n);

	if (rc == RC_OK)
		*ret = n == 1;
	return rc;
}

/* Inside the transaction. */
static enum rc
note(struct service *service, const struct client *client, const struct sms_cap *cap,
    const char *text, bool *ret_is_new)
{
	int64_t now = clock_now_ms();
	char scope[160];
	enum rc rc;

	(void)snprintf(scope, sizeof(scope), "refused %s %s", cap->name, cap->scope);
	if ((rc = is_first(service->db, now / DAY_MS, scope, ret_is_new)) != RC_OK || !*ret_is_new)
		return rc;
	rc = audit_row_insert(
	    service->db, now, STR("sms_refused"), 0, 0, client->address, str_from(text));
	if (rc == RC_OK)
		rc = outbox_put_alert(service->db, service->conf,
		    buf_str(&service->outbox_public_key), "sms", str_from(text));
	return rc;
}

void
sms_bill_refused(struct service *service, const struct client *client, struct str phone,
    const struct sms_cap *cap, struct faults *reterr)
{
	int64_t now = clock_now_ms();
	bool is_new = false;
	char text[200];
	enum rc rc;

	/* Of a number no more than its network goes into logs and mails. */
	(void)snprintf(text, sizeof(text), "no SMS to " STR_FMT "...: %s was reached",
	    STR_ARG(str_slice(phone, 0, PREFIX_DIGITS + 1)), cap->name);
	if ((rc = db_begin_write(service->db)) == RC_OK) {
		rc = note(service, client, cap, text, &is_new);
		if (rc == RC_OK)
			rc = db_commit(service->db);
		db_rollback(service->db);
	}
	if (rc == RC_OK && is_new) {
		log_warning("%s; it is refused until midnight UTC", text);
		outbox_wake(service);
	}
	reterr->retry_after_s = (DAY_MS - now % DAY_MS) / 1000 + 1;
}
