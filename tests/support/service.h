/*
 * A service over a real database in a scratch directory, with fixed keys, the cheapest hashes and
 * the clock at SERVICE_NOW.
 */
#ifndef AFFO_TESTS_SUPPORT_SERVICE_H
#define AFFO_TESTS_SUPPORT_SERVICE_H

#include "domain/service.h"
#include "support/suite.h"

#define SERVICE_NOW INT64_C(1764547200000) /* 2025-12-01T00:00:00Z */
#define SERVICE_CODE_KEY "code key 0123456789abcdef0123456789"

extern struct service *service;
extern struct conf service_conf;   /* tests may change limits and the like */
extern const struct client client; /* 192.0.2.1, no deadline */

/* For tcase_add_checked_fixture(). */
void service_set_up(void);
void service_tear_down(void);
/* The same files and configuration without a service: for tests of service_open itself. */
void service_set_up_files(void);
void service_tear_down_files(void);
/* Another one over the same files, as of another worker; service_close() it. */
struct service *service_another(void);

/* An active user with no phone; password NULL: none, else any hash, see service_hash(). */
int64_t service_add_user(const char *email, const char *password_hash, const char *roles);
/* A hash of the configured cost; static, the next call replaces it. */
const char *service_hash(const char *password);
/* The number that a query of one column and row gives. */
int64_t service_query(const char *sql);
/* Runs a statement on a connection of its own, as an admin's shell would. */
void service_execute(const char *sql);

#endif
