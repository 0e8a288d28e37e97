/* Text files that are compiled in (build-aux/embed.sh makes the sources). */
#ifndef AFFO_BASE_EMBED_H
#define AFFO_BASE_EMBED_H

struct embedded {
	const char *name; /* the file's name without its folder; NULL ends the list */
	const char *text;
};

extern const struct embedded embedded_migrations[]; /* db/NNNN_*.sql, in order */
extern const struct embedded embedded_nginx[];      /* nginx/ *.conf.in */
extern const struct embedded embedded_openapi[];    /* nginx/openapi.json */
extern const struct embedded embedded_templates[]; /* src/templates/ */

#endif
