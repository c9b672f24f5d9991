# src/terminal
foreach(name IN ITEMS arq cpace frame pairing secure)
	uk_test(test_${name} SOURCES test_${name}.c USES base terminal_link)
endforeach()
uk_test(test_padentry SOURCES test_padentry.c USES base terminal_device)
uk_test(test_gate SOURCES test_gate.c USES base crypto terminal_device)
foreach(name IN ITEMS line pairs)
	uk_test(test_${name} SOURCES test_${name}.c USES base terminal_wire)
endforeach()
