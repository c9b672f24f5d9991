# src/codec, one program per file.
foreach(name IN ITEMS apdu atr ccid certpeek cms crc16 crl csr der hex keyalg p15 pinpad sw tlv txtext utf8 wire x509)
	uk_test(test_${name} SOURCES test_${name}.c USES base codec)
endforeach()
target_compile_definitions(test_cms PRIVATE CORPUS="${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/fuzz_cms")
uk_test(test_emv SOURCES test_emv.c USES base codec)
