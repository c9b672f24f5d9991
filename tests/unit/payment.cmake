# src/payment, one program per file.
uk_test(test_dukpt SOURCES test_dukpt.c USES crypto_fixture payment)
uk_test(test_pinblock SOURCES test_pinblock.c USES crypto_fixture payment)
