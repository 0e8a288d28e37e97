noinst_LIBRARIES += libcred.a
libcred_a_SOURCES =
libcred_a_SOURCES += src/cred/hash.c
libcred_a_SOURCES += src/cred/hash.h
libcred_a_SOURCES += src/cred/secret.c
libcred_a_SOURCES += src/cred/secret.h
libcred_a_SOURCES += src/cred/token.h
