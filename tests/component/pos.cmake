uk_test(test_pos SOURCES test_pos.c USES bank_pos db_fixture)
uk_test_on_postgresql(test_pos)
