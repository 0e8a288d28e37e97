# What an admin includes in nginx. `affo-userctl nginx-snippet [--dir DIR] NAME` prints NAME.in with
# @FCGI_SOCKET@ and @HASH_SOCKET@ (the one socket twice when there is only one), @BASE_PATH@,
# @BASE_PATH_RE@ (the same, escaped for a regular expression), @MAX_BODY@ (bytes) and @NGINX_DIR@
# (DIR with a slash, or nothing: then nginx looks in its own directory) filled in.
nginx_files = \
	nginx/affo-user-http.conf.in \
	nginx/affo-user.conf.in \
	nginx/affo-user-params.conf.in \
	nginx/example-server.conf.in
nginxdir = $(pkgdatadir)/nginx
dist_nginx_DATA = $(nginx_files)

nodist_libctl_a_SOURCES = nginx/embedded.c
CLEANFILES += nginx/embedded.c
nginx/embedded.c: $(nginx_files) build-aux/embed.sh
	$(AM_V_GEN)$(MKDIR_P) nginx && \
	    $(SHELL) $(srcdir)/build-aux/embed.sh embedded_nginx \
	    $(nginx_files:%=$(srcdir)/%) >$@.tmp && mv $@.tmp $@
