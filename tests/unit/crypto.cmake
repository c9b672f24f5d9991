uk_test(test_crypto SOURCES test_crypto.c USES crypto uk_libcrypto)
uk_test(test_pubkey SOURCES test_pubkey.c USES crypto pki_fixture)
uk_test(test_cert SOURCES test_cert.c USES crypto pki_fixture)
uk_test(test_trust SOURCES test_trust.c USES crypto pki_fixture)
