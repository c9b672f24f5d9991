uk_fuzz(fuzz_bank_request SOURCES fuzz_bank_request.c USES bank_server)
