# Run by uk_embed (Embed.cmake): HEADER from FILES.
set(text "/* Made from ${FILES}; not to be changed here. */\n")
foreach(file IN LISTS FILES)
	string(REPLACE "." "_" name ${file})
	file(READ ${file} bytes HEX)
	file(SHA256 ${file} hash)
	string(SUBSTRING ${hash} 0 32 hash)
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
	string(APPEND text
		"static const uint8_t page_${name}[] = { ${bytes} };\n"
		"#define page_${name}_etag \"\\\"${hash}\\\"\"\n")
endforeach()
file(WRITE ${HEADER} "${text}")
