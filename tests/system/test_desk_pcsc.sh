# What a desk does to a card behind the real service; tests/system/desk does it at
# every command, without one. The service is killed and comes back, another card is
# put in, and the program goes on without C_Finalize.
. "$(dirname "$0")/lib.sh"

digest=$(printf 'desk' | openssl dgst -sha256 -binary | to_hex)
gone='CKR_(DEVICE_REMOVED|SESSION_HANDLE_INVALID)'

# signs MECHANISM LENGTH: a session, a login and a signature.
signs() {
	expect_step CKR_OK "a new session" open 0
	expect_step CKR_OK "its login" "login user $CARD_PIN"
	expect_step 'CKR_OK of=[1-9]' "its key" key 0
	expect_step CKR_OK "begins to sign" signinit "$1"
	expect_step "CKR_OK [0-9a-f]{$2}" "signs" "sign $digest"
}

new_card p256-free one
new_card rsa2048-free two
pcsc_start
card_insert one
p11_open
p11 init
signs 0x1041 128

proves "the service is killed"
p11 signinit 0x1041
kill -KILL "$PCSCD_PID"
wait "$PCSCD_PID" 2>/dev/null
PCSCD_PID=
kill -KILL "${card_pids[0]}"
wait "${card_pids[0]}" 2>/dev/null
expect_step "$gone" "the signature that was begun" "sign $digest"
expect_step CKR_SESSION_HANDLE_INVALID "the session is gone" sessioninfo
expect_step CKR_TOKEN_NOT_PRESENT "and so is the token" tokeninfo 0

proves "it comes back"
pcsc_start
card_insert one
await_step 'CKR_OK.*' "the token is there, without C_Finalize" "tokeninfo 0"
expect_step CKR_SESSION_HANDLE_INVALID "the old session stays dead" sessioninfo
signs 0x1041 128

proves "another card is put in"
p11 signinit 0x1041
card_remove
card_insert two
expect_step "$gone" "no signature by its key" "sign $digest"
expect_step CKR_SESSION_HANDLE_INVALID "the session is gone" sessioninfo
expect_step CKR_SESSION_HANDLE_INVALID "no PIN for it" "login user $CARD_PIN"
expect_equal "it has seen none" 0 "$(grep -cE '^> 0020' two.apdus)"
await_step 'CKR_OK.*' "it is a token of its own" "tokeninfo 0"
signs 0x40 512
expect_step 'CKR_OK flags=0x[0-9A-F]+ label.*' "no PIN try was lost" "tokeninfo 0"

proves "C_Finalize logs it out, also for the next program"
expect_step CKR_OK "C_Finalize" fini
card_open
expect_sw 9000 "the next program selects the application" \
	00A4040008F0756B65792E303100
expect_sw 63C3 "nobody is logged in" 00200081
card_close
p11_close
