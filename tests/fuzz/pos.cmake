uk_fuzz(fuzz_payment_card SOURCES fuzz_payment_card.c fuzz_link.c USES pos_parts)
