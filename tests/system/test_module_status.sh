# No status call of PKCS#11 sends a command to the card; the card itself counts.
. "$(dirname "$0")/lib.sh"

new_card p256 card
pcsc_start
card_insert card

proves "C_GetSlotList, C_GetSlotInfo, C_GetTokenInfo, C_GetMechanismList, C_GetSessionInfo"
p11_open
expect_step CKR_OK "initialised" init
expect_step 'CKR_OK .*' "first look" status
expect_step CKR_OK "a session" open 0
before=$(card_control card count)
ok "the card was asked something at all ($before commands)" test "$before" -gt 0
for i in 1 2 3 4 5; do
	expect_step 'CKR_OK CKR_OK CKR_OK CKR_OK CKR_TOKEN_NOT_PRESENT CKR_OK' \
		"status $i" status
done
expect_equal "no command was sent" "$before" "$(card_control card count)"

proves "the same while logged in, and after"
expect_step CKR_OK "login" login user "$CARD_PIN"
before=$(card_control card count)
for i in 1 2 3; do
	p11 status
	p11 tokeninfo 0
	p11 sessioninfo
done
expect_step 'CKR_OK state=3' "logged in, in a read-write session" sessioninfo
expect_equal "no command was sent" "$before" "$(card_control card count)"
expect_step CKR_OK "logout" logout
before=$(card_control card count)
p11 status
expect_equal "no command was sent" "$before" "$(card_control card count)"
p11_close
