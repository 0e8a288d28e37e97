/* What systemd is told (sd_notify(3)); nothing when it didn't start us. */
#ifndef AFFO_MASTER_NOTIFY_H
#define AFFO_MASTER_NOTIFY_H

#include <stdint.h>

#include "base/rc.h"

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
/* One line for people; sent when it differs from the last. */
PRINTF(1, 2) void notify_status(const char *fmt, ...);
/* Milliseconds between two signs of life that systemd waits for, halved; 0: it waits for none. */
int64_t notify_watchdog_ms(void);
void notify_alive(void);

#endif
