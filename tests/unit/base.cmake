# src/base, one program per file.
uk_test(test_bytes SOURCES test_bytes.c USES base)
uk_test(test_err SOURCES test_err.c USES base)
uk_test(test_log SOURCES test_log.c USES base)
uk_test(test_mem SOURCES test_mem.c USES base)
uk_test(test_secret SOURCES test_secret.c USES base)
uk_test(test_fdpass SOURCES test_fdpass.c USES base)
uk_test(test_index SOURCES test_index.c USES base)
