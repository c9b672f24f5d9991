uk_fuzz(fuzz_channel SOURCES fuzz_channel.c fuzz_link.c USES channel)
uk_fuzz(fuzz_ukey_card SOURCES fuzz_ukey_card.c fuzz_link.c USES card)
uk_fuzz(fuzz_local SOURCES fuzz_local.c USES transport Threads::Threads)
if(NOT UKEY_FUZZ) # a thread and sockets are made for every input
	set_tests_properties(fuzz_local PROPERTIES ENVIRONMENT UKEY_FUZZ_RUNS=2000)
endif()
uk_fuzz(fuzz_piv_card SOURCES fuzz_piv_card.c fuzz_card.c fuzz_link.c USES card)
uk_fuzz(fuzz_p15_card SOURCES fuzz_p15_card.c fuzz_card.c fuzz_link.c USES card)
uk_fuzz(fuzz_cache SOURCES fuzz_cache.c USES card crypto)
