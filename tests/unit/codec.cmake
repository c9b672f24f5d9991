# src/codec, one program per file.
uk_test(test_p15 SOURCES test_p15.c USES base codec)
