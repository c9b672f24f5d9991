# uk_embed(HEADER FILE...)
#   A C header with the bytes of each file, made anew when one changes:
#     static const uint8_t page_NAME[];       the bytes
#     #define page_NAME_etag "\"hash\""       32 digits of their SHA-256
#   NAME is the file's name with '_' for '.'.
function(uk_embed header)
	add_custom_command(OUTPUT ${header}
		COMMAND ${CMAKE_COMMAND} -DHEADER=${header} "-DFILES=${ARGN}"
			-P ${CMAKE_SOURCE_DIR}/scripts/cmake/embed-files.cmake
		DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/scripts/cmake/embed-files.cmake
		WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} VERBATIM)
endfunction()
