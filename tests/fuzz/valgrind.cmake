# The drivers and the module against a hostile card, the channel, and every
# parser of card data once more under valgrind: reads of what nobody has
# written. The ordinary build zeroes what is on the stack, and sanitizers and
# valgrind do not go together: so a plain build of these programs is made first.
if(NOT UKEY_FUZZ AND NOT UKEY_SANITIZE AND NOT UKEY_COVERAGE)
	set(cards ukey_card piv_card p15_card p11_card channel)
	set(parsers apdu atr certpeek der p15 pinpad tlv utf8 wire x509)
	list(TRANSFORM cards PREPEND fuzz_)
	list(TRANSFORM parsers PREPEND fuzz_)
	set(plain ${CMAKE_BINARY_DIR}/valgrind)
	add_test(NAME valgrind_build
		COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/valgrind.sh build
			${CMAKE_SOURCE_DIR} ${plain} ${CMAKE_C_COMPILER}
			${cards} ${parsers})
	set_tests_properties(valgrind_build PROPERTIES TIMEOUT 900
		LABELS valgrind SKIP_RETURN_CODE 77 FIXTURES_SETUP valgrind)
	foreach(group IN ITEMS cards parsers)
		add_test(NAME valgrind_${group}
			COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/valgrind.sh run
				${CMAKE_SOURCE_DIR} ${plain} 200 ${${group}})
		set_tests_properties(valgrind_${group} PROPERTIES TIMEOUT 300
			LABELS valgrind SKIP_RETURN_CODE 77
			FIXTURES_REQUIRED valgrind)
	endforeach()
endif()
