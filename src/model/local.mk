noinst_LIBRARIES += libmodel.a
libmodel_a_SOURCES =
libmodel_a_SOURCES += src/model/message.c
libmodel_a_SOURCES += src/model/message.h
libmodel_a_SOURCES += src/model/session.c
libmodel_a_SOURCES += src/model/session.h
libmodel_a_SOURCES += src/model/user.c
libmodel_a_SOURCES += src/model/user.h
