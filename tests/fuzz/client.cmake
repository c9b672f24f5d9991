uk_fuzz(fuzz_bank_answer SOURCES fuzz_bank_answer.c USES bank_client)
