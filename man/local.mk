dist_man_MANS =
dist_man_MANS += man/affo-userd.conf.5
