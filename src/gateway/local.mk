noinst_LIBRARIES += libgateway.a
libgateway_a_SOURCES =
libgateway_a_SOURCES += src/gateway/gateway.h
