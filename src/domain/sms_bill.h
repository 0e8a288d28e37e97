/*
 * The bill: which SMS may be sent at all, and how many of them. Whoever makes the service send SMS
 * to numbers that earn with every one of them shall not get far.
 */
#ifndef AFFO_DOMAIN_SMS_BILL_H
#define AFFO_DOMAIN_SMS_BILL_H

#include "domain/service.h"

/* Whether phone ("+DIGITS") begins with one of sms.countries; all do when the list is empty. */
bool sms_bill_is_country_allowed(const struct conf *conf, struct str phone);

/* Which cap was reached. */
struct sms_cap {
	const char *name; /* the setting, "sms.per_day" */
	char scope[64];   /* what it is counted by */
};

/*
 * Inside the caller's write transaction: counts one SMS to phone by all caps of the day. account 0:
 * nobody's number. RC_LIMITED: *ret_cap was reached; the caller rolls back, so that nothing is
 * counted, and calls sms_bill_refused().
 */
MUST_USE enum rc sms_bill_take(struct service *service, const struct client *client,
    struct str phone, int64_t account, struct sms_cap *ret_cap);
/*
 * Outside of any transaction: notes the refusal, once a day for each cap and scope, in the audit
 * table and the log, and tells alert_to, once a day. A failure is logged and nothing else:
 * the answer is the same.
 */
void sms_bill_refused(struct service *service, const struct client *client, struct str phone,
    const struct sms_cap *cap, struct faults *reterr);

#endif
