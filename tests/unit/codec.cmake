# src/codec, one program per file.
uk_test(test_p15 SOURCES test_p15.c USES base codec)
uk_test(test_txtext SOURCES test_txtext.c USES base codec)
uk_test(test_utf8 SOURCES test_utf8.c USES base codec)
uk_test(test_x509 SOURCES test_x509.c USES base codec)
uk_test(test_atr SOURCES test_atr.c USES base codec)
