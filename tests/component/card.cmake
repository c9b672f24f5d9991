uk_test(test_ukey_card SOURCES test_ukey_card.c ukey_script.c USES card)
uk_test(test_ukey_pinpad SOURCES test_ukey_pinpad.c ukey_script.c USES card)
uk_test(test_ukey_pin SOURCES test_ukey_pin.c ukey_script.c USES card)
uk_test(test_ukey_sign SOURCES test_ukey_sign.c ukey_script.c USES card)
uk_test(test_ukey_live SOURCES test_ukey_live.c ukey_live.c
	USES folder_fixture base codec card vc_apps vcard_fixture)
add_test(NAME test_ukey_live_cached COMMAND test_ukey_live cached)
uk_test(test_ukey_make SOURCES test_ukey_make.c ukey_script.c USES card)
uk_test(test_ukey_decipher SOURCES test_ukey_decipher.c ukey_live.c ukey_script.c
	USES base codec card vc_apps vcard_fixture uk_libcrypto)
uk_test(test_ukey_store SOURCES test_ukey_store.c ukey_script.c USES card)
foreach(topic IN ITEMS card import pinpad recall)
	uk_test(test_piv_${topic} SOURCES test_piv_${topic}.c piv_script.c ukey_script.c
		USES card folder_fixture)
	target_include_directories(test_piv_${topic} PRIVATE
		${CMAKE_SOURCE_DIR}/tests/unit)
endforeach()
uk_test(test_piv_use SOURCES test_piv_use.c ukey_script.c USES card)
uk_test(test_hint SOURCES test_hint.c ukey_script.c USES folder_fixture card)
uk_test(test_p15_card SOURCES test_p15_card.c ukey_script.c USES card)
target_include_directories(test_p15_card PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
uk_test(test_cache SOURCES test_cache.c USES folder_fixture card)
uk_test(test_p15_cache SOURCES test_p15_cache.c ukey_script.c USES folder_fixture card)
uk_test(test_p15_make SOURCES test_p15_make.c ukey_script.c USES card)
uk_test(test_hostile_bounds SOURCES test_hostile_bounds.c hostile_link.c
	ukey_script.c USES card)
target_link_options(test_hostile_bounds PRIVATE # see hostile_link.h
	-Wl,--wrap=calloc,--wrap=free)
uk_test(test_hostile_card SOURCES test_hostile_card.c ukey_script.c USES card)
uk_test(test_hostile_files SOURCES test_hostile_files.c ukey_script.c
	USES base codec card uk_zlib)
target_include_directories(test_hostile_files PRIVATE
	${CMAKE_SOURCE_DIR}/tests/unit)
