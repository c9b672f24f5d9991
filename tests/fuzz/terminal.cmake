foreach(name IN ITEMS arq frame pairing terminal_link)
	uk_fuzz(fuzz_${name} SOURCES fuzz_${name}.c USES base terminal_link)
endforeach()
# These multiply points, every time.
if(NOT UKEY_FUZZ)
	set_tests_properties(fuzz_pairing fuzz_terminal_link PROPERTIES
		ENVIRONMENT UKEY_FUZZ_RUNS=1000)
endif()
