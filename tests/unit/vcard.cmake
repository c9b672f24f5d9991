# cardapps/os, one program per file that can be judged by itself; the rest is
# judged through APDUs (tests/component/vcard.cmake).
uk_test(test_vc_store SOURCES test_vc_store.c USES base vc_os)
uk_test(test_vc_nv SOURCES test_vc_nv.c USES base vc_os)
uk_test(test_vc_prox SOURCES test_vc_prox.c USES base codec vc_line)
uk_test(test_vc_seal SOURCES test_vc_seal.c USES base codec vc_os uk_libcrypto)
uk_test(test_vc_sym SOURCES test_vc_sym.c USES base vc_os)
uk_test(test_vc_scp SOURCES test_vc_scp.c USES base codec vc_apps)
target_include_directories(test_vc_scp PRIVATE ${CMAKE_SOURCE_DIR}/cardapps/apps/isd)
