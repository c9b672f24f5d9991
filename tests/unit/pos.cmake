# src/bank/pos, one program per file that can be judged by itself.
uk_test(test_issuer SOURCES test_issuer.c USES crypto_fixture bank_pos)
uk_test(test_password SOURCES test_password.c USES crypto_fixture bank_pos)
uk_test(test_strokes SOURCES test_strokes.c USES base codec)
