foreach(name IN ITEMS vcard vc_emv vc_iso vc_piv)
	uk_fuzz(fuzz_${name} SOURCES fuzz_${name}.c
		USES base vc_apps uk_libcrypto)
	if(NOT UKEY_FUZZ) # a new card for every input: fewer of them
		set_tests_properties(fuzz_${name} PROPERTIES
			ENVIRONMENT UKEY_FUZZ_RUNS=1000)
	endif()
endforeach()
uk_fuzz(fuzz_isd SOURCES fuzz_isd.c
	USES base codec vc_apps gp_host uk_libcrypto)
if(NOT UKEY_FUZZ)
	set_tests_properties(fuzz_isd PROPERTIES ENVIRONMENT UKEY_FUZZ_RUNS=1000)
endif()
uk_fuzz(fuzz_profile SOURCES fuzz_profile.c USES base vc_host)
if(NOT UKEY_FUZZ) # keys and certificates for most inputs
	set_tests_properties(fuzz_profile PROPERTIES
		ENVIRONMENT UKEY_FUZZ_RUNS=2000)
endif()
uk_fuzz(fuzz_reader SOURCES fuzz_reader.c USES base vc_host uk_libcrypto)
if(NOT UKEY_FUZZ) # sockets are made for every input
	set_tests_properties(fuzz_reader PROPERTIES ENVIRONMENT UKEY_FUZZ_RUNS=2000)
endif()
uk_fuzz(fuzz_vc_replay SOURCES fuzz_vc_replay.c USES base vc_host)
if(NOT UKEY_FUZZ) # a file is written for every input
	set_tests_properties(fuzz_vc_replay PROPERTIES
		ENVIRONMENT UKEY_FUZZ_RUNS=2000)
endif()
