# C_InitToken, C_InitPIN and what they leave; and C_WaitForSlotEvent with cards that
# really come and go.
. "$(dirname "$0")/lib.sh"

user() {
	foreign pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" "$@"
}
tool() {
	foreign pkcs11-tool --module "$MODULE" "$@"
}

new_card p256-free card
pcsc_start
card_insert card
echo "something" >data

proves "objects of the owner's own"
expect_exit 0 "a key" user --keypairgen --key-type EC:prime256v1 --id 51 --label mine
expect_exit 0 "data" user --write-object data --type data --label note
expect_exit 0 "private data" user --write-object data --type data --label secret --private

proves "not while there are sessions, and not with a wrong PUK"
p11_open
p11 init
expect_step CKR_OK "a session" open 0
expect_step CKR_SESSION_EXISTS "C_InitToken" inittoken 0 "$CARD_PUK" Mine
expect_step CKR_OK "login" login user "$CARD_PIN"
expect_step CKR_SESSION_EXISTS "C_InitToken, logged in" inittoken 0 "$CARD_PUK" Mine
expect_step CKR_OK "the session is closed" close
expect_step CKR_PIN_INCORRECT "a wrong PUK" inittoken 0 00000000 Mine
expect_step 'CKR_OK flags=0x1[0-9A-F]{5} .*label=Test card.*' "a try of the officer's is gone" \
	tokeninfo 0
expect_step CKR_PIN_LEN_RANGE "an empty one" inittoken 0 "" Mine
expect_step CKR_PIN_LEN_RANGE "one that is too short" inittoken 0 1234 Mine
expect_step CKR_OK "still there: a session" open 0
expect_step CKR_OK "login" login user "$CARD_PIN"
expect_step 'CKR_OK of=3' "the keys" key 0
expect_step CKR_OK "the session is closed" close

proves "C_InitToken with the right one"
expect_step CKR_OK "C_InitToken" inittoken 0 "$CARD_PUK" "Ünsere Karte"
expect_step 'CKR_OK flags=0x[0-9A-F]+ label=Ünsere Karte {19}' \
	"its name is padded with blanks, and all tries are back" tokeninfo 0
card_open
expect_sw 63C5 "the officer is not logged in on the card" 00200083
expect_sw 63C3 "nor the user" 00200081
card_close
expect_step CKR_OK "a session" open 0
expect_step 'CKR_OK of=0' "no private data" data
expect_step CKR_OK "the user's PIN is what it was" login user "$CARD_PIN"
expect_step 'CKR_OK of=2' "the bank's keys alone are left" key 0
expect_step 'CKR_OK of=0' "no private data" data
expect_step CKR_OK "the login key" signinit 0x1041
expect_step 'CKR_OK [0-9a-f]{128}' "signs" sign \
	000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
expect_step CKR_OK "logout" logout
run tool -O
expect_no_line 'mine|note|secret' "nothing of the owner's is left"
p11 close
expect_step CKR_OK "32 letters of name" inittoken 0 "$CARD_PUK" \
	"abcdefghijklmnopqrstuvwxyz012345"
expect_step 'CKR_OK .*label=abcdefghijklmnopqrstuvwxyz012345' "are all there" tokeninfo 0

proves "C_InitPIN is the officer's"
expect_step CKR_OK "a session" open 0
expect_step CKR_USER_NOT_LOGGED_IN "nobody's" initpin 135790
expect_step CKR_OK "the user" login user "$CARD_PIN"
expect_step CKR_USER_NOT_LOGGED_IN "not the user's" initpin 135790
expect_step CKR_OK "logout" logout
expect_step CKR_OK "the officer" login so "$CARD_PUK"
expect_step CKR_PIN_LEN_RANGE "three digits" initpin 123
expect_step CKR_PIN_LEN_RANGE "seventeen" initpin 12345678901234567
expect_step CKR_OK "six" initpin 135790
expect_step CKR_OK "logout" logout
expect_step CKR_PIN_INCORRECT "the old PIN" login user "$CARD_PIN"
expect_step CKR_OK "the new one" login user 135790
expect_step CKR_OK "C_SetPIN" setpin 135790 "$CARD_PIN"
expect_step CKR_OK "close" close

proves "C_WaitForSlotEvent: cards come and go"
until_true 5 step_is CKR_NO_EVENT event
expect_step CKR_NO_EVENT "nothing has happened" event
card_control card remove >/dev/null
expect_step 'CKR_OK 0' "waits until the card is out" "event block"
expect_step CKR_TOKEN_NOT_PRESENT "it is" tokeninfo 0
expect_step CKR_NO_EVENT "told once" event
card_control card insert >/dev/null
expect_step 'CKR_OK 0' "waits until it is in again" "event block"
await_step 'CKR_OK .*label=abc.*' "it is" "tokeninfo 0"
until_true 5 step_is CKR_NO_EVENT event
card_control card remove >/dev/null
card_wait empty
ok "asked without waiting, after the fact" until_true 5 step_is "CKR_OK 0" event
card_control card insert >/dev/null
card_wait card
ok "and again" until_true 5 step_is "CKR_OK 0" event
new_card rsa2048-free other
card_insert other 1
ok "the other reader's slot is named" until_true 5 step_is "CKR_OK 1" event
p11_close
