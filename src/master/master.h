/* affo-userd(8): what the program does, but for its command line. */
#ifndef AFFO_MASTER_MASTER_H
#define AFFO_MASTER_MASTER_H

struct master_options {
	const char *conf_path; /* of the main file */
	const char *run_dir;   /* goes over the setting; NULL: none */
};

/* Runs the service until it is told to end; gives the exit status: EX_CONFIG (78) for a
 * configuration that can't be used, 1 when something else kept it from starting. */
int master_run(const struct master_options *options);

#endif
