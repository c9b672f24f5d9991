uk_fuzz(fuzz_bank_request SOURCES fuzz_bank_request.c USES bank_server)
uk_fuzz(fuzz_json SOURCES fuzz_json.c USES base codec uk_jansson)
uk_fuzz(fuzz_front SOURCES fuzz_front.c USES bank_server)
