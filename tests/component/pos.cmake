uk_test(test_pos SOURCES test_pos.c USES bank_pos)
