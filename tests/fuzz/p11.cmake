uk_fuzz(fuzz_template SOURCES fuzz_template.c
	USES p11api p11_fake p11_run uk_cmocka testlib)
uk_fuzz(fuzz_mechanism SOURCES fuzz_mechanism.c
	USES p11api p11_fake uk_cmocka testlib)
uk_fuzz(fuzz_p11config SOURCES fuzz_p11config.c USES p11core)
