noinst_LIBRARIES += libbase.a
libbase_a_SOURCES =
libbase_a_SOURCES += src/base/address.c
libbase_a_SOURCES += src/base/address.h
libbase_a_SOURCES += src/base/base64.c
libbase_a_SOURCES += src/base/base64.h
libbase_a_SOURCES += src/base/buf.c
libbase_a_SOURCES += src/base/buf.h
libbase_a_SOURCES += src/base/channel.c
libbase_a_SOURCES += src/base/clock.c
libbase_a_SOURCES += src/base/clock.h
libbase_a_SOURCES += src/base/conf.c
libbase_a_SOURCES += src/base/conf.h
libbase_a_SOURCES += src/base/conf_assign.c
libbase_a_SOURCES += src/base/conf_assign.h
libbase_a_SOURCES += src/base/conf_check.c
libbase_a_SOURCES += src/base/conf_dump.c
libbase_a_SOURCES += src/base/conf_files.c
libbase_a_SOURCES += src/base/conf_files.h
libbase_a_SOURCES += src/base/conf_gateway.c
libbase_a_SOURCES += src/base/conf_gateway.h
libbase_a_SOURCES += src/base/conf_open.c
libbase_a_SOURCES += src/base/conf_parse.c
libbase_a_SOURCES += src/base/conf_parse.h
libbase_a_SOURCES += src/base/conf_ring.c
libbase_a_SOURCES += src/base/conf_rules.c
libbase_a_SOURCES += src/base/conf_rules.h
libbase_a_SOURCES += src/base/conf_scan.c
libbase_a_SOURCES += src/base/conf_scan.h
libbase_a_SOURCES += src/base/conf_table.c
libbase_a_SOURCES += src/base/conf_table.h
libbase_a_SOURCES += src/base/conf_value.c
libbase_a_SOURCES += src/base/conf_value.h
libbase_a_SOURCES += src/base/email.c
libbase_a_SOURCES += src/base/email.h
libbase_a_SOURCES += src/base/embed.h
libbase_a_SOURCES += src/base/fault.c
libbase_a_SOURCES += src/base/fault.h
libbase_a_SOURCES += src/base/gsm.c
libbase_a_SOURCES += src/base/gsm.h
libbase_a_SOURCES += src/base/json.c
libbase_a_SOURCES += src/base/json.h
libbase_a_SOURCES += src/base/json_out.c
libbase_a_SOURCES += src/base/json_scan.c
libbase_a_SOURCES += src/base/json_scan.h
libbase_a_SOURCES += src/base/language.c
libbase_a_SOURCES += src/base/language.h
libbase_a_SOURCES += src/base/log.c
libbase_a_SOURCES += src/base/log.h
libbase_a_SOURCES += src/base/phone.c
libbase_a_SOURCES += src/base/phone.h
libbase_a_SOURCES += src/base/proc.c
libbase_a_SOURCES += src/base/proc_listen.c
libbase_a_SOURCES += src/base/sandbox.c
libbase_a_SOURCES += src/base/proc.h
libbase_a_SOURCES += src/base/random.c
libbase_a_SOURCES += src/base/random.h
libbase_a_SOURCES += src/base/rc.c
libbase_a_SOURCES += src/base/rc.h
libbase_a_SOURCES += src/base/sandbox.h
libbase_a_SOURCES += src/base/secret_file.c
libbase_a_SOURCES += src/base/secret_file.h
libbase_a_SOURCES += src/base/shm.c
libbase_a_SOURCES += src/base/shm.h
libbase_a_SOURCES += src/base/shm_limit.c
libbase_a_SOURCES += src/base/shm_map.h
libbase_a_SOURCES += src/base/str.c
libbase_a_SOURCES += src/base/str.h
libbase_a_SOURCES += src/base/template.c
libbase_a_SOURCES += src/base/template.h
libbase_a_SOURCES += src/base/templates.c
libbase_a_SOURCES += src/base/templates.h
libbase_a_SOURCES += src/base/utf8.c
libbase_a_SOURCES += src/base/utf8.h

# Texts of messages, compiled in; an admin's directory goes over them file by file.
template_files =
template_files += src/templates/alert.es.txt
template_files += src/templates/alert.es.subject
template_files += src/templates/alert.fr.txt
template_files += src/templates/alert.fr.subject
template_files += src/templates/alert.de.txt
template_files += src/templates/alert.de.subject
template_files += src/templates/alert.en.txt
template_files += src/templates/alert.en.subject
template_files += src/templates/password_reset.de.html
template_files += src/templates/password_reset.de.subject
template_files += src/templates/password_reset.de.txt
template_files += src/templates/password_reset.en.html
template_files += src/templates/password_reset.en.subject
template_files += src/templates/password_reset.en.txt
template_files += src/templates/password_reset.es.html
template_files += src/templates/password_reset.es.subject
template_files += src/templates/password_reset.es.txt
template_files += src/templates/password_reset.fr.html
template_files += src/templates/password_reset.fr.subject
template_files += src/templates/password_reset.fr.txt
template_files += src/templates/phone_code.de.txt
template_files += src/templates/phone_code.en.txt
template_files += src/templates/phone_code.es.txt
template_files += src/templates/phone_code.fr.txt
EXTRA_DIST += $(template_files)
nodist_libbase_a_SOURCES = src/templates/embedded.c
CLEANFILES += src/templates/embedded.c
src/templates/embedded.c: $(template_files) build-aux/embed.sh
	$(AM_V_GEN)$(MKDIR_P) src/templates && \
	    $(SHELL) $(srcdir)/build-aux/embed.sh embedded_templates \
	    $(template_files:%=$(srcdir)/%) >$@.tmp && mv $@.tmp $@

# The commented sample. A test holds it equal to what the table of settings says.
sampledir = $(sysconfdir)/affo-user
nodist_sample_DATA = affo-userd.conf.sample
EXTRA_DIST += src/affo-userd.conf
CLEANFILES += affo-userd.conf.sample
affo-userd.conf.sample: src/affo-userd.conf
	$(AM_V_GEN)sed -e 's|/etc/affo-user/|$(sysconfdir)/affo-user/|' \
	    -e 's|/var/lib/affo-user/|$(localstatedir)/lib/affo-user/|' \
	    $(srcdir)/src/affo-userd.conf >$@
