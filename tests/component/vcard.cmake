# The virtual card through its only door: APDUs in, APDUs out. Expected bytes are
# worked out from docs/card-profile.md and ISO/IEC 7816-4.
uk_test(test_vc_card SOURCES test_vc_card.c USES base codec vc_apps vcard_fixture)
uk_test(test_vc_apps SOURCES test_vc_apps.c USES base codec vc_apps vcard_fixture)
foreach(topic IN ITEMS isd isd_content isd_faults isd_keys isd_load)
	uk_test(test_vc_${topic} SOURCES test_vc_${topic}.c
		USES base codec vc_apps isd_fixture uk_libcrypto)
endforeach()
uk_test(test_vc_files SOURCES test_vc_files.c USES base codec vc_apps vcard_fixture)
uk_test(test_vc_pins SOURCES test_vc_pins.c USES base codec vc_apps vcard_fixture)
foreach(topic IN ITEMS decipher envelope import keys proof rsa sign sm2 usage)
	uk_test(test_vc_${topic} SOURCES test_vc_${topic}.c
		USES base codec vc_apps vcard_fixture uk_libcrypto)
endforeach()
uk_test(test_vc_faults SOURCES test_vc_faults.c
	USES base codec vc_apps vcard_fixture uk_libcrypto)
uk_test(test_vc_vpcd SOURCES test_vc_vpcd.c
	USES base codec vc_host vcard_fixture uk_libcrypto)
uk_test(test_vc_reader SOURCES test_vc_reader.c
	USES base codec vc_host vcard_fixture uk_libcrypto)
foreach(topic IN ITEMS piv piv_admin piv_keys piv_yubico)
	uk_test(test_vc_${topic} SOURCES test_vc_${topic}.c
		USES base codec vc_apps vcard_fixture piv_fixture uk_libcrypto)
endforeach()
foreach(topic IN ITEMS pin files keys faults)
	uk_test(test_vc_iso_${topic} SOURCES test_vc_iso_${topic}.c iso_card.c
		USES base codec vc_apps vcard_fixture uk_libcrypto)
endforeach()
uk_test(test_vc_profile SOURCES test_vc_profile.c
	USES base codec vc_host vcard_fixture uk_libcrypto)
uk_test(test_vc_emv SOURCES test_vc_emv.c emv_card.c
	USES base codec vc_apps vcard_fixture uk_libcrypto)
uk_test(test_vc_emv_scheme SOURCES test_vc_emv_scheme.c
	USES base codec vc_apps uk_libcrypto)
target_include_directories(test_vc_emv_scheme PRIVATE
	${CMAKE_SOURCE_DIR}/cardapps/apps/emv)
uk_test(test_vc_plug SOURCES test_vc_plug.c
	USES base codec vc_host vcard_fixture uk_libcrypto)
