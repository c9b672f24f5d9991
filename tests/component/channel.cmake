uk_test(test_channel SOURCES test_channel.c USES channel)
uk_test(test_trace SOURCES test_trace.c USES transport)
uk_test(test_pcsc SOURCES test_pcsc.c USES transport)
uk_test(test_local SOURCES test_local.c USES transport codec Threads::Threads)
