noinst_LIBRARIES += libstore.a
libstore_a_SOURCES =
libstore_a_SOURCES += src/store/db.h
libstore_a_SOURCES += src/store/rows.h
