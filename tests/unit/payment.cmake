# src/payment, one program per file.
uk_test(test_dukpt SOURCES test_dukpt.c USES payment)
uk_test(test_pinblock SOURCES test_pinblock.c USES payment)
