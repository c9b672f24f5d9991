uk_test(test_terminal_link SOURCES test_terminal_link.c USES terminal_link base)
uk_test(test_terminal_device SOURCES test_terminal_device.c
	USES terminal_device crypto base)
uk_test(test_card_line SOURCES test_card_line.c
	USES base codec terminal_simulated vc_apps vcard_fixture uk_libcrypto)
