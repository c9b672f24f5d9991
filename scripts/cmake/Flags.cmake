# Compiler and linker flags. Every hardening flag is probed by itself, so that a
# compiler that lacks one still gets all the others.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

option(UKEY_WERROR "Treat warnings as errors (for those who work on ukey)" OFF)
set(UKEY_SANITIZE "" CACHE STRING "Sanitizers for all code, e.g. address,undefined")
option(UKEY_FUZZ "Build fuzzers with libFuzzer (needs clang)" OFF)
option(UKEY_COVERAGE "Count which lines the tests run" OFF)
option(UKEY_BARE_STACK "Leave variables as they are, for valgrind to see" OFF)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Assertions guard our own contracts; they stay on in every build.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO
	"${CMAKE_C_FLAGS_RELWITHDEBINFO}")

add_compile_definitions(_GNU_SOURCE)

function(uk_probe_compile flag)
	string(MAKE_C_IDENTIFIER "UKEY_HAVE${flag}" var)
	check_c_compiler_flag(${flag} ${var})
	if(${var})
		add_compile_options(${flag})
	endif()
endfunction()

function(uk_probe_link flag)
	string(MAKE_C_IDENTIFIER "UKEY_HAVE_LINK${flag}" var)
	check_linker_flag(C ${flag} ${var})
	if(${var})
		add_link_options(${flag})
	endif()
endfunction()

foreach(flag IN ITEMS
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings
	-Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough
	-Wnull-dereference -Wconversion -Wno-sign-conversion
	-Wduplicated-cond -Wlogical-op -Wjump-misses-init)
	uk_probe_compile(${flag})
endforeach()
if(UKEY_WERROR)
	add_compile_options(-Werror)
endif()

foreach(flag IN ITEMS
	-fstack-protector-strong -fstack-clash-protection -fcf-protection=full
	-fno-strict-aliasing -fno-delete-null-pointer-checks
	-fno-common)
	uk_probe_compile(${flag})
endforeach()
if(NOT UKEY_BARE_STACK)
	uk_probe_compile(-ftrivial-auto-var-init=zero)
endif()
foreach(flag IN ITEMS -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
	uk_probe_link(${flag})
endforeach()
# Fortify needs the optimizer and disturbs the sanitizers' own checks.
if(NOT UKEY_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
	add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

if(UKEY_SANITIZE)
	add_compile_options(-fsanitize=${UKEY_SANITIZE} -fno-omit-frame-pointer)
	add_link_options(-fsanitize=${UKEY_SANITIZE})
	# The sanitizers' checks hide from gcc what it knows about values, and
	# warnings that need this knowledge then speak without it. The dev build
	# has them all.
	foreach(flag IN ITEMS -Wno-format-truncation -Wno-maybe-uninitialized
		-Wno-null-dereference -Wno-stringop-overflow -Wno-restrict)
		uk_probe_compile(${flag})
	endforeach()
	if(UKEY_SANITIZE MATCHES "undefined")
		add_compile_options(-fno-sanitize-recover=undefined)
	endif()
endif()
if(UKEY_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(UKEY_COVERAGE)
	add_compile_options(--coverage)
	add_link_options(--coverage)
endif()
