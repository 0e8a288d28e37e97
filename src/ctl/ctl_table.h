/* Tables for people. The only home of libsmartcols. */
#ifndef AFFO_CTL_CTL_TABLE_H
#define AFFO_CTL_CTL_TABLE_H

#include "base/str.h"

struct ctl_column {
	const char *name;
	bool is_number; /* to the right */
};

struct ctl_table;

/* RC_SYSTEM (logged) here and below: out of memory. */
MUST_USE enum rc ctl_table_new(
    const struct ctl_column *columns, size_t n, bool has_headings, struct ctl_table **ret);
/* One line of as many cells as there are columns; NULL is an empty one. Copied. */
MUST_USE enum rc ctl_table_add(struct ctl_table *table, const char *const *cells);
/* To standard output; what would harm a terminal is escaped. */
MUST_USE enum rc ctl_table_print(struct ctl_table *table);
void ctl_table_free(struct ctl_table *table);

#endif
