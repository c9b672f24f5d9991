foreach(name IN ITEMS frame arq)
	uk_fuzz(fuzz_${name} SOURCES fuzz_${name}.c USES base terminal_link)
endforeach()
