/* Linked with the whole of src/domain/ and what it may use; that it links is the test. */
#include <stdio.h>

int
main(void)
{
	return puts("1..1\nok 1 - domain_calls_nothing_above_it") < 0;
}
