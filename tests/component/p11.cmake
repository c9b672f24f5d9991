foreach(name IN ITEMS general slot session login object sign life)
	uk_test(test_p11_${name} SOURCES test_p11_${name}.c
		USES p11api p11_fake p11_run)
endforeach()
