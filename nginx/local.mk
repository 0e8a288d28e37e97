# What an admin includes in nginx. `affo-userctl nginx-snippet [--dir DIR] NAME` prints NAME.in with
# @FCGI_SOCKET@ and @HASH_SOCKET@ (the one socket twice when there is only one), @BASE_PATH@,
# @BASE_PATH_RE@ (the same, escaped for a regular expression), @MAX_BODY@ (bytes) and @NGINX_DIR@
# (DIR with a slash, or nothing: then nginx looks in its own directory) filled in.
nginx_files = \
	nginx/affo-user-http.conf.in \
	nginx/affo-user.conf.in \
	nginx/affo-user-params.conf.in \
	nginx/affo-user-protect.conf.in \
	nginx/example-server.conf.in
nginxdir = $(pkgdatadir)/nginx
dist_nginx_DATA = $(nginx_files)

nodist_libctl_a_SOURCES = nginx/embedded.c
CLEANFILES += nginx/embedded.c
nginx/embedded.c: $(nginx_files) build-aux/embed.sh
	$(AM_V_GEN)$(MKDIR_P) nginx && \
	    $(SHELL) $(srcdir)/build-aux/embed.sh embedded_nginx \
	    $(nginx_files:%=$(srcdir)/%) >$@.tmp && mv $@.tmp $@

# Other web servers: a file for each, which says in its head what to do with it.
frontsdir = $(pkgdatadir)/fronts
dist_fronts_DATA = \
	nginx/fronts/apache-fcgid.htaccess \
	nginx/fronts/apache-proxy.conf \
	nginx/fronts/Caddyfile \
	nginx/fronts/lighttpd.conf
lighttpderrorsdir = $(frontsdir)/lighttpd-errors
dist_lighttpderrors_DATA = \
	nginx/fronts/lighttpd-errors/413.html \
	nginx/fronts/lighttpd-errors/500.html \
	nginx/fronts/lighttpd-errors/503.html \
	nginx/fronts/lighttpd-errors/504.html

# What systemd needs; an admin copies it, since where it goes is the system's matter.
systemddir = $(pkgdatadir)/systemd
dist_systemd_DATA =
dist_systemd_DATA += nginx/systemd/affo-userd-fcgi.socket
dist_systemd_DATA += nginx/systemd/affo-userd-hash.socket
dist_systemd_DATA += nginx/systemd/affo-user.sysusers
nodist_systemd_DATA = nginx/systemd/affo-userd.service
EXTRA_DIST += nginx/systemd/affo-userd.service.in
CLEANFILES += nginx/systemd/affo-userd.service
nginx/systemd/affo-userd.service: nginx/systemd/affo-userd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) nginx/systemd && sed -e 's|@sbindir[@]|$(sbindir)|g' \
	    $(srcdir)/nginx/systemd/affo-userd.service.in >$@.tmp && mv $@.tmp $@
