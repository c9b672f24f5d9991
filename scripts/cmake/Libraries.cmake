# Other people's libraries, each under one name of ours. docs/dependencies.md
# says why each was chosen. scripts/deps installs them on Debian.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(uk_library name)
	pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
	add_library(uk_${name} INTERFACE)
	target_link_libraries(uk_${name} INTERFACE PkgConfig::${name})
	# Foreign headers are not ours to warn about.
	get_target_property(dirs PkgConfig::${name} INTERFACE_INCLUDE_DIRECTORIES)
	if(dirs)
		target_include_directories(uk_${name} SYSTEM INTERFACE ${dirs})
	endif()
endfunction()

uk_library(libcrypto libcrypto>=3.0)
uk_library(libssl libssl>=3.0 libcrypto>=3.0)
uk_library(pcsc libpcsclite)
uk_library(p11kit p11-kit-1)
uk_library(jansson jansson>=2.13)
uk_library(sqlite sqlite3>=3.40)
uk_library(curl libcurl>=7.80)
uk_library(zlib zlib>=1.2.11)
uk_library(libsodium libsodium>=1.0.18)
uk_library(libevent libevent_core libevent_extra libevent_openssl)
if(BUILD_TESTING)
	uk_library(cmocka cmocka)
endif()
