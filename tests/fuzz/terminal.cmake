foreach(name IN ITEMS arq frame pairing terminal_link)
	uk_fuzz(fuzz_${name} SOURCES fuzz_${name}.c USES base terminal_link)
endforeach()
uk_fuzz(fuzz_controls SOURCES fuzz_controls.c USES base terminal_driver)
uk_fuzz(fuzz_padentry SOURCES fuzz_padentry.c USES base terminal_device)
uk_fuzz(fuzz_pairs SOURCES fuzz_pairs.c USES base terminal_wire)
uk_fuzz(fuzz_terminal_device SOURCES fuzz_terminal_device.c
	USES base codec terminal_device)
# These multiply points, every time.
if(NOT UKEY_FUZZ)
	set_tests_properties(fuzz_pairing fuzz_terminal_link PROPERTIES
		ENVIRONMENT UKEY_FUZZ_RUNS=1000)
endif()
uk_fuzz(fuzz_contact SOURCES fuzz_contact.c USES base codec terminal_line)
uk_fuzz(fuzz_prox SOURCES fuzz_prox.c USES base codec terminal_line)
uk_fuzz(fuzz_prox_answer SOURCES fuzz_prox_answer.c USES base codec terminal_line)
uk_fuzz(fuzz_vc_prox SOURCES fuzz_vc_prox.c USES base codec vc_line)
uk_fuzz(fuzz_vc_line SOURCES fuzz_vc_line.c USES base codec vc_line)
uk_fuzz(fuzz_twin SOURCES fuzz_twin.c USES base codec terminal_simulated terminal_twin)
