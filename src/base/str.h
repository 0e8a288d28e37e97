/* A borrowed piece of text: pointer and length, not NUL-ended, may hold any byte. */
#ifndef AFFO_BASE_STR_H
#define AFFO_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

struct str {
	const char *ptr; /* NULL means: absent */
	size_t len;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NULL ((struct str){ NULL, 0 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).ptr == NULL ? "" : (s).ptr

/* The view of a NUL-ended text; NULL gives STR_NULL. */
struct str str_from(const char *text);
/* Same length and bytes. Absent equals only absent. Not for secrets. */
bool str_equal(struct str a, struct str b);
/* The same, with A-Z as a-z; other bytes as they are. */
bool str_equal_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* The offset of the first occurrence of c in s, or s.len. */
size_t str_index(struct str s, char c);
/* Whether needle occurs in s; the empty needle does. */
bool str_contains(struct str s, struct str needle);
/* No byte above 0x7f; the empty and the absent have none. */
bool str_is_ascii(struct str s);
/* Cuts s at the first sep: *ret_head is what stands before it, the rest (after sep) is left in
 * *s. Without a sep the head is all and *s becomes STR_NULL. False when *s was absent. */
bool str_cut(struct str *s, char sep, struct str *ret_head);
/* s without blanks and tabs at both ends. */
struct str str_trim(struct str s);
/* The bytes [from, to) of s, clamped to s. */
struct str str_slice(struct str s, size_t from, size_t to);
/* A NUL-ended copy, to be freed by the caller; NULL when memory is out or s is absent. */
char *str_dup(struct str s);
/* Decimal digits only, no sign, no leading zero but "0" itself. RC_SYNTAX, RC_LIMIT over max. */
MUST_USE enum rc str_to_u64(struct str s, uint64_t max, uint64_t *ret);

#endif
