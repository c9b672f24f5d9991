uk_test(test_terminal_link SOURCES test_terminal_link.c USES terminal_link base)
