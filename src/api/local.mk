noinst_LIBRARIES += libapi.a
libapi_a_SOURCES =
libapi_a_SOURCES += src/api/api.c
libapi_a_SOURCES += src/api/api.h
libapi_a_SOURCES += src/api/authorization.c
libapi_a_SOURCES += src/api/authorization.h
libapi_a_SOURCES += src/api/call.h
libapi_a_SOURCES += src/api/credential.c
libapi_a_SOURCES += src/api/credential.h
libapi_a_SOURCES += src/api/handlers.h
libapi_a_SOURCES += src/api/handlers_auth.c
libapi_a_SOURCES += src/api/handlers_introspect.c
libapi_a_SOURCES += src/api/handlers_message.c
libapi_a_SOURCES += src/api/handlers_session.c
libapi_a_SOURCES += src/api/handlers_user.c
libapi_a_SOURCES += src/api/input.c
libapi_a_SOURCES += src/api/input.h
libapi_a_SOURCES += src/api/openapi.c
libapi_a_SOURCES += src/api/render.c
libapi_a_SOURCES += src/api/render.h
libapi_a_SOURCES += src/api/routes.c
libapi_a_SOURCES += src/api/routes.h

# The OpenAPI document, compiled in and installed.
nodist_libapi_a_SOURCES = src/api/embedded_openapi.c
CLEANFILES += src/api/embedded_openapi.c
dist_pkgdata_DATA = nginx/openapi.json
src/api/embedded_openapi.c: nginx/openapi.json build-aux/embed.sh
	$(AM_V_GEN)$(MKDIR_P) src/api && \
	    $(SHELL) $(srcdir)/build-aux/embed.sh embedded_openapi $(srcdir)/nginx/openapi.json >$@.tmp && \
	    mv $@.tmp $@
