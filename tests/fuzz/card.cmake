uk_fuzz(fuzz_channel SOURCES fuzz_channel.c fuzz_link.c USES channel)
uk_fuzz(fuzz_ukey_card SOURCES fuzz_ukey_card.c fuzz_link.c USES card)
