# Tests. A unit test tests/LAYER/test_FILE.c needs one line here and no rule: it is linked with
# all archives. Every test speaks TAP, so each case is a line of its own.

unit_tests =
unit_tests += tests/api/test_api
unit_tests += tests/api/test_api_cookie
unit_tests += tests/api/test_api_introspect
unit_tests += tests/api/test_api_sessions
unit_tests += tests/api/test_input
unit_tests += tests/api/test_manual
unit_tests += tests/api/test_openapi
unit_tests += tests/api/test_render
unit_tests += tests/api/test_routes
unit_tests += tests/base/test_address
unit_tests += tests/base/test_base64
unit_tests += tests/base/test_buf
unit_tests += tests/base/test_conf_check
unit_tests += tests/base/test_conf_dump
unit_tests += tests/base/test_conf_files
unit_tests += tests/base/test_conf_gateway
unit_tests += tests/base/test_conf_manual
unit_tests += tests/base/test_conf_open
unit_tests += tests/base/test_conf_parse
unit_tests += tests/base/test_conf_rules
unit_tests += tests/base/test_conf_value
unit_tests += tests/base/test_email
unit_tests += tests/base/test_gsm
unit_tests += tests/base/test_hmac
unit_tests += tests/base/test_json
unit_tests += tests/base/test_key_index
unit_tests += tests/base/test_language
unit_tests += tests/base/test_phone
unit_tests += tests/base/test_proc
unit_tests += tests/base/test_sandbox
unit_tests += tests/base/test_sandbox_files
unit_tests += tests/base/test_shm
unit_tests += tests/base/test_shm_limit
unit_tests += tests/base/test_str
unit_tests += tests/base/test_template
unit_tests += tests/base/test_templates
unit_tests += tests/base/test_utf8
unit_tests += tests/cred/test_hash
unit_tests += tests/cred/test_keyring
unit_tests += tests/cred/test_secret
unit_tests += tests/cred/test_token
unit_tests += tests/cred/test_token_cache
unit_tests += tests/cred/test_token_key
unit_tests += tests/ctl/test_ctl_password
unit_tests += tests/deliver/test_queue
unit_tests += tests/deliver/test_render
unit_tests += tests/deliver/test_ring
unit_tests += tests/deliver/test_sender
unit_tests += tests/deliver/test_senders
unit_tests += tests/deliver/test_wire
unit_tests += tests/domain/test_admin
unit_tests += tests/domain/test_admin_gateway
unit_tests += tests/domain/test_admin_outbox
unit_tests += tests/domain/test_audit
unit_tests += tests/domain/test_gateway_state
unit_tests += tests/domain/test_last_seen
unit_tests += tests/domain/test_login_race
unit_tests += tests/domain/test_outbox
unit_tests += tests/domain/test_passwords
unit_tests += tests/domain/test_races
unit_tests += tests/domain/test_refresh
unit_tests += tests/domain/test_roles
unit_tests += tests/domain/test_service
unit_tests += tests/domain/test_sessions
unit_tests += tests/domain/test_sessions_manage
unit_tests += tests/domain/test_thief
unit_tests += tests/domain/test_users
unit_tests += tests/domain/test_users_change
unit_tests += tests/domain/test_verification
unit_tests += tests/gateway/test_affo
unit_tests += tests/gateway/test_clickatell
unit_tests += tests/gateway/test_file
unit_tests += tests/gateway/test_http
unit_tests += tests/gateway/test_http_client
unit_tests += tests/gateway/test_kannel
unit_tests += tests/gateway/test_mime
unit_tests += tests/gateway/test_sendmail
unit_tests += tests/gateway/test_smtp
unit_tests += tests/gateway/test_twilio
unit_tests += tests/gateway/test_vonage
unit_tests += tests/http/test_cookie
unit_tests += tests/http/test_form
unit_tests += tests/http/test_media
unit_tests += tests/http/test_params
unit_tests += tests/http/test_path
unit_tests += tests/http/test_percent
unit_tests += tests/http/test_problem
unit_tests += tests/http/test_scan
unit_tests += tests/master/test_children
unit_tests += tests/master/test_pid_file
unit_tests += tests/store/test_db
unit_tests += tests/store/test_db_check
unit_tests += tests/store/test_db_checkpoint
unit_tests += tests/store/test_db_lock
unit_tests += tests/store/test_db_moved
unit_tests += tests/store/test_faults
unit_tests += tests/store/test_migrate
unit_tests += tests/store/test_outbox_row
unit_tests += tests/store/test_power
unit_tests += tests/store/test_session_row
unit_tests += tests/store/test_small_rows
unit_tests += tests/store/test_statements
unit_tests += tests/store/test_user_row

# One program per layer, linked with that layer's whole archive and what it may use: a call
# upwards doesn't link.
layer_tests =
layer_tests += tests/layers/test_base
layer_tests += tests/layers/test_model
layer_tests += tests/layers/test_cred
layer_tests += tests/layers/test_store
layer_tests += tests/layers/test_http
layer_tests += tests/layers/test_gateway
layer_tests += tests/layers/test_domain
layer_tests += tests/layers/test_api
layer_tests += tests/layers/test_deliver
layer_tests += tests/layers/test_master
layer_tests += tests/layers/test_ctl

python_tests =
python_tests += tests/ctl/test_keys.py
python_tests += tests/ctl/test_outbox.py
python_tests += tests/ctl/test_userctl.py
python_tests += tests/e2e/test_auth.py
python_tests += tests/e2e/test_check_nginx.py
python_tests += tests/e2e/test_crash.py
python_tests += tests/e2e/test_fastcgi.py
python_tests += tests/e2e/test_delivery.py
python_tests += tests/e2e/test_fronts.py
python_tests += tests/e2e/test_delivery_kills.py
python_tests += tests/e2e/test_delivery_ring.py
python_tests += tests/e2e/test_http.py
python_tests += tests/e2e/test_kannel.py
python_tests += tests/e2e/test_kill.py
python_tests += tests/e2e/test_limits.py
python_tests += tests/e2e/test_mail_gateways.py
python_tests += tests/e2e/test_master.py
python_tests += tests/e2e/test_messages.py
python_tests += tests/e2e/test_nginx.py
python_tests += tests/e2e/test_protect.py
python_tests += tests/e2e/test_real_peers.py
python_tests += tests/e2e/test_reload.py
python_tests += tests/e2e/test_run.py
python_tests += tests/e2e/test_sessions.py
python_tests += tests/e2e/test_storage.py
python_tests += tests/e2e/test_tokens.py
python_tests += tests/e2e/test_users.py
python_tests += tests/gateway/test_mime_parser.py
python_tests += tests/lint/test_docs.py
python_tests += tests/lint/test_install.py
python_tests += tests/lint/test_layers.py
python_tests += tests/lint/test_shipped.py

test_support =
test_support += tests/support/asking.c
test_support += tests/support/asking.h
test_support += tests/support/conf_text.c
test_support += tests/support/conf_text.h
test_support += tests/support/database.c
test_support += tests/support/database.h
test_support += tests/support/delivery.c
test_support += tests/support/delivery.h
test_support += tests/support/http_peer.c
test_support += tests/support/http_peer.h
test_support += tests/support/login.c
test_support += tests/support/login.h
test_support += tests/support/people.c
test_support += tests/support/people.h
test_support += tests/support/scratch.c
test_support += tests/support/scratch.h
test_support += tests/support/service.c
test_support += tests/support/service.h
test_support += tests/support/shim_vfs.c
test_support += tests/support/shim_vfs.h
test_support += tests/support/suite.c
test_support += tests/support/suite.h
test_support += tests/support/text_file.c
test_support += tests/support/text_file.h
test_support += tests/support/sending.c
test_support += tests/support/sending.h

check_LIBRARIES = libtestsupport.a
libtestsupport_a_SOURCES = $(test_support)
libtestsupport_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests

# What tests run besides the service's own programs.
test_helpers = tests/gateway/compose tests/gateway/send_one

check_PROGRAMS = $(unit_tests) $(layer_tests) $(test_helpers)
ALL_LIBS = libctl.a libmaster.a libapi.a libdeliver.a libhttp.a libgateway.a libdomain.a \
	libcred.a libstore.a libmodel.a libbase.a
SYSTEM_LIBS = $(FCGI_LIBS) $(CURL_LIBS) $(SMARTCOLS_LIBS) $(CRED_LIBS) $(SQLITE_LIBS) $(BASE_LIBS)
LDADD = libtestsupport.a $(ALL_LIBS) $(CHECK_LIBS) $(SYSTEM_LIBS)
AM_CPPFLAGS += -I$(srcdir)/tests

tests_layers_test_base_LDADD = $(WHOLE) libbase.a $(END_WHOLE) $(BASE_LIBS)
tests_layers_test_model_LDADD = $(WHOLE) libmodel.a $(END_WHOLE) libbase.a $(BASE_LIBS)
tests_layers_test_cred_LDADD = $(WHOLE) libcred.a $(END_WHOLE) libmodel.a libbase.a \
	$(CRED_LIBS) $(BASE_LIBS)
tests_layers_test_store_LDADD = $(WHOLE) libstore.a $(END_WHOLE) libmodel.a libbase.a \
	$(SQLITE_LIBS) $(BASE_LIBS)
tests_layers_test_http_LDADD = $(WHOLE) libhttp.a $(END_WHOLE) libbase.a $(FCGI_LIBS) $(BASE_LIBS)
tests_layers_test_gateway_LDADD = $(WHOLE) libgateway.a $(END_WHOLE) libmodel.a libbase.a \
	$(CURL_LIBS) $(BASE_LIBS)
tests_layers_test_domain_LDADD = $(WHOLE) libdomain.a $(END_WHOLE) libcred.a libstore.a \
	libmodel.a libbase.a $(CRED_LIBS) $(SQLITE_LIBS) $(BASE_LIBS)
tests_layers_test_api_LDADD = $(WHOLE) libapi.a $(END_WHOLE) libhttp.a libdomain.a libcred.a \
	libstore.a libmodel.a libbase.a $(FCGI_LIBS) $(CRED_LIBS) $(SQLITE_LIBS) $(BASE_LIBS)
tests_layers_test_deliver_LDADD = $(WHOLE) libdeliver.a $(END_WHOLE) libgateway.a libdomain.a \
	libcred.a libstore.a libmodel.a libbase.a $(CURL_LIBS) $(CRED_LIBS) $(SQLITE_LIBS) $(BASE_LIBS)
tests_layers_test_master_LDADD = $(WHOLE) libmaster.a $(END_WHOLE) libbase.a $(BASE_LIBS)
tests_layers_test_ctl_LDADD = $(WHOLE) libctl.a $(END_WHOLE) libgateway.a libdomain.a libcred.a \
	libstore.a libmodel.a libbase.a $(CURL_LIBS) $(SMARTCOLS_LIBS) $(CRED_LIBS) $(SQLITE_LIBS) \
	$(BASE_LIBS)

TESTS = $(unit_tests) $(layer_tests) $(python_tests)
TEST_EXTENSIONS = .py
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
PY_LOG_DRIVER = $(LOG_DRIVER)
PY_LOG_COMPILER = /usr/bin/python3
AM_TESTS_ENVIRONMENT = srcdir='$(abs_srcdir)'; builddir='$(abs_builddir)'; \
	PYTHONDONTWRITEBYTECODE=1; export srcdir builddir PYTHONDONTWRITEBYTECODE;

EXTRA_DIST += $(python_tests)
EXTRA_DIST += tests/e2e/echo.py
EXTRA_DIST += tests/e2e/fake_child.py
EXTRA_DIST += tests/e2e/fastcgi.py
EXTRA_DIST += tests/e2e/fronts.py
EXTRA_DIST += tests/e2e/gateways.py
EXTRA_DIST += tests/e2e/harness.py
EXTRA_DIST += tests/e2e/jose.py
EXTRA_DIST += tests/e2e/kannel.py
EXTRA_DIST += tests/e2e/smtp_server.py
EXTRA_DIST += tests/e2e/sending.py
EXTRA_DIST += tests/e2e/lone_master.py
EXTRA_DIST += tests/summary.sh

# What a person reads at the end: one line of sums, and the names of what failed.
check-local: check-TESTS
	@$(MAKE) summary
summary:
	@$(SHELL) $(srcdir)/tests/summary.sh $(TESTS)
.PHONY: summary

EXTRA_DIST += tests/bench/bench.py
EXTRA_DIST += tests/bench/delivery.py
bench: all
	srcdir='$(abs_srcdir)' builddir='$(abs_builddir)' /usr/bin/python3 $(srcdir)/tests/bench/bench.py
.PHONY: bench

# What the tests do for a moment, for as long as they promise.
kills: all
	AFFO_KILLS_MESSAGES=2000 srcdir='$(abs_srcdir)' builddir='$(abs_builddir)' \
	    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $(srcdir)/tests/e2e/test_delivery_kills.py
.PHONY: kills
