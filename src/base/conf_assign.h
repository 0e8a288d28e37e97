/* Puts values into struct conf, each by the rule of its row. */
#ifndef AFFO_BASE_CONF_ASSIGN_H
#define AFFO_BASE_CONF_ASSIGN_H

#include "base/conf_table.h"

/*
 * Each replaces what was there. RC_CONFIG: refused, and what is wrong is added to *why ("must be
 * from 1k to 128k"); RC_SYSTEM: out of memory.
 */
MUST_USE enum rc conf_assign_text(
    struct conf *conf, const struct conf_row *row, struct str text, struct buf *why);
MUST_USE enum rc conf_assign_integer(
    struct conf *conf, const struct conf_row *row, int64_t number, struct buf *why);
/* One item of a list. */
MUST_USE enum rc conf_assign_check_item(
    const struct conf_row *row, struct str item, struct buf *why);
/* Items that were checked. */
MUST_USE enum rc conf_assign_list(
    struct conf *conf, const struct conf_row *row, const struct str *items, size_t n);
/* All defaults but those in run_dir. */
MUST_USE enum rc conf_assign_standards(struct conf *conf);
/* "from 1k to 128k", as the file would say it. */
void conf_assign_add_range(const struct conf_row *row, struct buf *to);
/* "a", "b" or "c" */
void conf_assign_add_words(const char *const *words, struct buf *to);
/* Takes the n items over; frees them when that fails. */
MUST_USE enum rc conf_list_copy(const struct str *items, size_t n, struct conf_list *ret);
void conf_list_release(struct conf_list *list);

#endif
