uk_test(test_terminal_link SOURCES test_terminal_link.c USES terminal_link base)
uk_test(test_terminal_device SOURCES test_terminal_device.c
	USES terminal_device crypto base)
uk_test(test_card_line SOURCES test_card_line.c
	USES base codec terminal_simulated vc_apps line_fixture vcard_fixture uk_libcrypto)
uk_test(test_card_field SOURCES test_card_field.c
	USES base codec terminal_simulated vc_apps line_fixture vcard_fixture uk_libcrypto)
uk_test(test_simlink SOURCES test_simlink.c
	USES base codec transport terminal_simulated)
uk_test(test_terminal_reader SOURCES test_terminal_reader.c
	USES base terminal_driver terminal_device terminal_link terminal_wire
	Threads::Threads)
set_property(TEST test_terminal_reader APPEND PROPERTY LABELS threads)
uk_threads(test_terminal_reader)
