dist_man_MANS =
dist_man_MANS += man/affo-user-api.7
dist_man_MANS += man/affo-userctl.8
dist_man_MANS += man/affo-userd.8
dist_man_MANS += man/affo-userd.conf.5
dist_man_MANS += man/affo-userd-queue.8
dist_man_MANS += man/affo-userd-worker.8
