# The migrations, compiled into libstore.a. They are append-only; schema.sql is what they give.
migrations = $(srcdir)/db/0001_init.sql $(srcdir)/db/0002_day_count.sql \
	$(srcdir)/db/0003_gateways.sql $(srcdir)/db/0004_void.sql

EXTRA_DIST += db/0001_init.sql
EXTRA_DIST += db/0002_day_count.sql
EXTRA_DIST += db/0003_gateways.sql
EXTRA_DIST += db/0004_void.sql
EXTRA_DIST += db/schema.sql

nodist_libstore_a_SOURCES = db/migrations.c
BUILT_SOURCES = db/migrations.c
CLEANFILES += db/migrations.c

db/migrations.c: $(migrations) $(srcdir)/build-aux/embed.sh
	$(AM_V_GEN)$(MKDIR_P) db && \
	$(SHELL) $(srcdir)/build-aux/embed.sh embedded_migrations $(migrations) >$@-t && mv $@-t $@
