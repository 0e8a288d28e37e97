#include "support/suite.h"

#include <stdlib.h>

static Suite *suite;

TCase *
suite_case(const char *name)
{
	TCase *tests = tcase_create(name);

	if (suite == NULL)
		suite = suite_create(name);
	/* Machines are slow and sanitizers slower: only a hang is stopped. */
	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	return tests;
}

int
suite_run(void)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
