uk_fuzz(fuzz_vcard SOURCES fuzz_vcard.c USES base vc_apps uk_libcrypto)
if(NOT UKEY_FUZZ) # a new card for every input: fewer of them
	set_tests_properties(fuzz_vcard PROPERTIES ENVIRONMENT UKEY_FUZZ_RUNS=1000)
endif()
