noinst_LIBRARIES += libhttp.a
libhttp_a_SOURCES =
libhttp_a_SOURCES += src/http/request.h
libhttp_a_SOURCES += src/http/server.h
