uk_fuzz(fuzz_bank_answer SOURCES fuzz_bank_answer.c USES bank_client)
uk_fuzz(fuzz_uri SOURCES fuzz_uri.c USES cli_parts)
