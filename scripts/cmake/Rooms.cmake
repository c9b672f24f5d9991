# uk_room(name SOURCES a.c b.c ON x y USES z)
#   One room of the house: a static library with its own include directory.
#   ON    rooms whose types appear in this room's headers
#   USES  rooms and libraries needed only inside its .c files
# There is no global include path: a room sees what it names here, nothing else.
function(uk_room name)
	cmake_parse_arguments(R "" "" "SOURCES;ON;USES" ${ARGN})
	add_library(${name} STATIC ${R_SOURCES})
	target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
	target_link_libraries(${name} PUBLIC ${R_ON} PRIVATE ${R_USES})
endfunction()

# uk_program(name SOURCES ... USES ...): an installed program, in build/bin.
function(uk_program name)
	cmake_parse_arguments(P "" "" "SOURCES;USES" ${ARGN})
	add_executable(${name} ${P_SOURCES})
	target_link_libraries(${name} PRIVATE ${P_USES})
	install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# uk_test(name SOURCES ... USES ...): a cmocka program, one ctest entry.
function(uk_test name)
	cmake_parse_arguments(T "" "" "SOURCES;USES" ${ARGN})
	add_executable(${name} ${T_SOURCES})
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
	target_link_libraries(${name} PRIVATE ${T_USES} testlib uk_cmocka)
	add_test(NAME ${name} COMMAND ${name})
	set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# uk_test_on_postgresql(name...): the same programs once more (db_fixture.h).
function(uk_test_on_postgresql)
	foreach(name IN LISTS ARGN)
		add_test(NAME ${name}_postgresql COMMAND ${name} postgresql)
		set_tests_properties(${name}_postgresql PROPERTIES TIMEOUT 120)
	endforeach()
endfunction()

# uk_fuzz(name SOURCES ... USES ...)
#   A function LLVMFuzzerTestOneInput. With UKEY_FUZZ it becomes a libFuzzer
#   program; otherwise a plain driver runs its corpus (tests/fuzz/corpus/NAME) and
#   a bounded, seeded number of mutations of it, as an ordinary test.
function(uk_fuzz name)
	cmake_parse_arguments(F "" "" "SOURCES;USES" ${ARGN})
	if(UKEY_FUZZ)
		add_executable(${name} ${F_SOURCES})
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
	else()
		add_executable(${name} ${F_SOURCES}
			${CMAKE_SOURCE_DIR}/tests/fuzz/standalone.c)
		add_test(NAME ${name}
			COMMAND ${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
		set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS fuzz)
	endif()
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
	target_link_libraries(${name} PRIVATE ${F_USES})
endfunction()
