/* affo-userctl(8): the admin's commands. */
#include "ctl/ctl.h"

int
main(int argc, char **argv)
{
	return (int)ctl_run(argc, argv);
}
