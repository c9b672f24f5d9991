# src/bank/proto, one program per file.
uk_test(test_proto SOURCES test_proto.c USES base codec bank_proto)
uk_test(test_texts SOURCES test_texts.c USES base codec bank_proto)
