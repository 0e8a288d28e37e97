/* The rules that single settings have beside type and range; for the table. */
#ifndef AFFO_BASE_CONF_RULES_H
#define AFFO_BASE_CONF_RULES_H

#include "base/buf.h"

/* Each: false, and what is wrong added to *why, beginning with "must". */
bool conf_rule_base_path(struct str value, struct buf *why);
bool conf_rule_log(struct str value, struct buf *why);
bool conf_rule_account(struct str value, struct buf *why);
/* A prefix that ends within the authority would match other hosts. */
bool conf_rule_url_prefix(struct str value, struct buf *why);
/* RFC 6454, section 6.2, as browsers write it: it is compared byte by byte. */
bool conf_rule_origin(struct str value, struct buf *why);
bool conf_rule_url(struct str value, struct buf *why);
bool conf_rule_phone(struct str value, struct buf *why);
bool conf_rule_phone_prefix(struct str value, struct buf *why);
bool conf_rule_digits(struct str value, struct buf *why);
bool conf_rule_code_text(struct str value, struct buf *why);
bool conf_rule_mail_sender(struct str value, struct buf *why);
bool conf_rule_email(struct str value, struct buf *why);
bool conf_rule_language(struct str value, struct buf *why);
bool conf_rule_gateway_name(struct str value, struct buf *why);
bool conf_rule_absolute(struct str value, struct buf *why);
/* For every text: valid UTF-8 without control characters. */
bool conf_rule_plain(struct str value, struct buf *why);

#endif
