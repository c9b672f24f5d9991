# One fuzzer per parser of src/codec and src/bank/proto.
foreach(name IN ITEMS apdu atr ccid certpeek cms crl der httpsig p15 pinpad tlv txtext utf8 wire x509)
	uk_fuzz(fuzz_${name} SOURCES fuzz_${name}.c USES base codec)
endforeach()
uk_fuzz(fuzz_proto SOURCES fuzz_proto.c USES base codec bank_proto)
uk_fuzz(fuzz_emv SOURCES fuzz_emv.c USES base codec)
uk_fuzz(fuzz_strokes SOURCES fuzz_strokes.c USES base codec)
