uk_fuzz(fuzz_template SOURCES fuzz_template.c
	USES p11api p11_fake p11_run uk_cmocka testlib)
uk_fuzz(fuzz_mechanism SOURCES fuzz_mechanism.c
	USES p11api p11_fake uk_cmocka testlib)
uk_fuzz(fuzz_p11config SOURCES fuzz_p11config.c USES p11core)
uk_fuzz(fuzz_p11_card SOURCES fuzz_p11_card.c fuzz_link.c
	USES p11api p11core)
if(NOT UKEY_FUZZ) # the module starts and ends with every input
	set_tests_properties(fuzz_p11_card PROPERTIES
		ENVIRONMENT UKEY_FUZZ_RUNS=5000)
	# private keys of templates are worked out
	set_tests_properties(fuzz_template PROPERTIES
		ENVIRONMENT UKEY_FUZZ_RUNS=4000)
endif()
