#include "ctl/ctl_table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>

#include "base/log.h"

struct ctl_table {
	struct libscols_table *table;
	size_t columns;
};

static enum rc
no_memory(void)
{
	log_error("out of memory for a table");
	return RC_SYSTEM;
}

enum rc
ctl_table_new(const struct ctl_column *columns, size_t n, bool has_headings, struct ctl_table **ret)
{
	struct ctl_table *table = calloc(1, sizeof(*table));

	if (table == NULL || (table->table = scols_new_table()) == NULL)
		goto failed;
	table->columns = n;
	if (scols_table_enable_noheadings(table->table, !has_headings) != 0)
		goto failed;
	for (size_t i = 0; i < n; i++)
		if (scols_table_new_column(table->table, columns[i].name, 0,
		        columns[i].is_number ? SCOLS_FL_RIGHT : 0) == NULL)
			goto failed;
	*ret = table;
	return RC_OK;
failed:
	ctl_table_free(table);
	return no_memory();
}

enum rc
ctl_table_add(struct ctl_table *table, const char *const *cells)
{
	struct libscols_line *line = scols_table_new_line(table->table, NULL);

	if (line == NULL)
		return no_memory();
	for (size_t i = 0; i < table->columns; i++)
		if (scols_line_set_data(line, i, cells[i] == NULL ? "" : cells[i]) != 0)
			return no_memory();
	return RC_OK;
}

enum rc
ctl_table_print(struct ctl_table *table)
{
	if (scols_print_table(table->table) == 0)
		return RC_OK;
	log_error("the table cannot be written to standard output");
	return RC_SYSTEM;
}

void
ctl_table_free(struct ctl_table *table)
{
	if (table == NULL)
		return;
	scols_unref_table(table->table);
	free(table);
}
