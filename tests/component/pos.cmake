uk_test(test_pos SOURCES test_pos.c USES bank_pos db_fixture)
uk_test(test_pos_pay SOURCES test_pos_pay.c USES bank_pos db_fixture)
uk_test_on_postgresql(test_pos test_pos_pay)
