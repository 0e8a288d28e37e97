noinst_LIBRARIES += libdomain.a
libdomain_a_SOURCES =
libdomain_a_SOURCES += src/domain/outbox.h
libdomain_a_SOURCES += src/domain/passwords.h
libdomain_a_SOURCES += src/domain/service.h
libdomain_a_SOURCES += src/domain/sessions.h
libdomain_a_SOURCES += src/domain/users.h
libdomain_a_SOURCES += src/domain/verification.h
