/* compose SENDER RECIPIENT SUBJECT TEXT [HTML]: writes the mail to standard output; exits 1 when it
 * is refused. For test_mime_parser.py, which reads it with another parser than ours. */
#include <stdio.h>

#include "gateway/mime.h"

int
main(int argc, char **argv)
{
	struct letter letter = { .id = STR("MDEyMzQ1Njc4OWFiY2Rl-_"),
		.channel = CHANNEL_EMAIL,
		.created_at = 1795350672345 };
	struct buf mail = BUF_INIT(MIME_MAX);
	int status = 1;

	if (argc < 5)
		return 2;
	letter.sender = str_from(argv[1]);
	letter.recipient = str_from(argv[2]);
	letter.subject = str_from(argv[3]);
	letter.text = str_from(argv[4]);
	letter.html = str_from(argv[5]); /* argv ends in NULL: absent */
	if (mime_compose(&letter, &mail) == RC_OK &&
	    fwrite(mail.ptr, 1, mail.len, stdout) == mail.len && fflush(stdout) == 0)
		status = 0;
	buf_release(&mail);
	return status;
}
