# src/terminal
foreach(name IN ITEMS frame arq)
	uk_test(test_${name} SOURCES test_${name}.c USES base terminal_link)
endforeach()
