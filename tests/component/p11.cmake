foreach(name IN ITEMS general slot session login object make store sign message verify cipher life
		threads linger pinpad wait log transaction)
	uk_test(test_p11_${name} SOURCES test_p11_${name}.c
		USES p11api p11_fake p11_run)
	set_property(TEST test_p11_${name} APPEND PROPERTY LABELS threads)
	uk_threads(test_p11_${name})
endforeach()
foreach(conf IN ITEMS LONG=p11_long SHORT=p11_short OFF=p11_run)
	string(REPLACE "=" ";" pair ${conf})
	list(GET pair 0 name)
	list(GET pair 1 file)
	target_compile_definitions(test_p11_linger PRIVATE
		CONF_${name}="${CMAKE_SOURCE_DIR}/tests/testlib/${file}.conf")
endforeach()
target_include_directories(test_p11_verify PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)

# The module itself, loaded. Sanitizers do not go with RTLD_DEEPBIND.
set(sanitized OFF)
if(UKEY_SANITIZE)
	set(sanitized ON)
endif()
uk_test(test_p11_load SOURCES test_p11_load.c USES uk_p11kit p11core
	${CMAKE_DL_LIBS})
target_compile_definitions(test_p11_load PRIVATE
	MODULE="$<TARGET_FILE:ukey-pkcs11>"
	SANITIZED=$<BOOL:${sanitized}>)
add_dependencies(test_p11_load ukey-pkcs11)
# No service, and so the same everywhere.
set_tests_properties(test_p11_load PROPERTIES
	ENVIRONMENT "PCSCLITE_CSOCK_NAME=/nonexistent/pcscd.comm")

# docs/mechanisms.md is what the table says.
add_executable(print_mechanisms print_mechanisms.c)
set_target_properties(print_mechanisms PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_link_libraries(print_mechanisms PRIVATE p11core)
add_test(NAME mechanisms_page
	COMMAND print_mechanisms ${CMAKE_SOURCE_DIR}/docs/mechanisms.md)
uk_test(test_p11_others SOURCES test_p11_others.c USES folder_fixture p11core)
