uk_room(bank_fixture
	SOURCES bank_fixture.c
	ON crypto bank_proto db_fixture uk_curl uk_jansson
	USES testlib uk_cmocka)
target_compile_definitions(bank_fixture PRIVATE
	UKEY_BANKD="$<TARGET_FILE:ukey-bankd>"
	MAKE_BANK="${CMAKE_CURRENT_SOURCE_DIR}/make-bank")
add_dependencies(bank_fixture ukey-bankd)

uk_test(test_bank_http SOURCES test_bank_http.c
	USES bank_fixture codec Threads::Threads)
uk_test(test_bank_crash SOURCES test_bank_crash.c
	USES bank_fixture Threads::Threads)
uk_test(test_bank_orders SOURCES test_bank_orders.c
	USES bank_fixture bank_server Threads::Threads)
uk_test(test_bank_tamper SOURCES test_bank_tamper.c
	USES bank_fixture)
uk_test(test_bank_binding SOURCES test_bank_binding.c
	USES bank_fixture uk_libssl)
uk_test_on_postgresql(test_bank_http test_bank_crash test_bank_orders)

uk_test(test_bank_cluster SOURCES test_bank_cluster.c
	USES bank_fixture Threads::Threads)
uk_test(test_newsroom SOURCES test_newsroom.c
	USES bank_server db_fixture uk_libevent)
uk_test(test_watch SOURCES test_watch.c
	USES bank_server db_fixture uk_libevent)
uk_test_on_postgresql(test_newsroom test_watch)
