uk_test(test_terminal_link SOURCES test_terminal_link.c USES terminal_link base)
uk_test(test_terminal_device SOURCES test_terminal_device.c
	USES terminal_device crypto base)
