#include <stdio.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "domain/admin_outbox.h"

typedef enum rc change(struct service *service, struct str id, enum message_state *ret_was);

static enum ctl_status
refuse(enum rc rc, const char *id, enum message_state was)
{
	switch ((int)rc) {
	case RC_NONE:
		log_error("there is no message \"%.60s\"", id);
		return CTL_FAILED;
	case RC_BUSY:
		log_error("message %s is being sent just now; try again in a moment", id);
		return CTL_FAILED;
	case RC_TAKEN:
		log_error(was == MESSAGE_PENDING ? "message %s isn't held: it is %s"
		                                 : "message %s has ended: it is %s",
		    id, message_state_name(was));
		return CTL_FAILED;
	default:
		return ctl_refuse(rc, NULL);
	}
}

/* done: what the message is afterwards, for people. */
static enum ctl_status
run(struct ctl *ctl, int argc, char **argv, change *how, const char *done)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	enum message_state was = MESSAGE_PENDING;
	enum ctl_status status;
	const char *id;
	enum rc rc;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind != 1)
		return ctl_usage(ctl);
	id = argv[optind];
	if ((status = ctl_open_service(ctl)) != CTL_OK)
		return status;
	rc = how(ctl->service, str_from(id), &was);
	if ((status = refuse(rc, id, was)) == CTL_OK)
		(void)printf("message %s %s\n", id, done);
	return status;
}

enum ctl_status
ctl_outbox_hold(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, admin_outbox_hold, "is held");
}

enum ctl_status
ctl_outbox_release(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, admin_outbox_release, "is due now");
}

enum ctl_status
ctl_outbox_cancel(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, admin_outbox_cancel, "is cancelled");
}
