# src/terminal
foreach(name IN ITEMS arq cpace frame pairing secure)
	uk_test(test_${name} SOURCES test_${name}.c USES base terminal_link)
endforeach()
