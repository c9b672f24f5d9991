# PINs: tries left are shown, the last try is never spent without a person, an
# empty PIN never reaches the card, and the transcript proves it.
. "$(dirname "$0")/lib.sh"

# Number of VERIFY commands that carried anything, by the card's own transcript.
verifies() {
	grep -cE '^> 00 ?20 ?00 ?8[12]( ?[0-9A-Fa-f*]+)' card.apdus
}

new_card p256 card
pcsc_start
card_insert card
p11_open
p11 init
p11 open 0

proves "an empty PIN never reaches the card"
before=$(card_control card count)
sent=$(verifies)
expect_step CKR_PIN_INCORRECT "C_Login with an empty PIN" login user
expect_step CKR_PIN_INCORRECT "three bytes" login user 123
expect_step CKR_PIN_INCORRECT "seventeen bytes" \
	login user 12345678901234567
expect_equal "the card saw no VERIFY with data" "$sent" "$(verifies)"
expect_step 'CKR_OK [^ ]* label=Test card.*' "no try was spent" tokeninfo 0

proves "wrong PINs: the flags tell how many tries are left"
expect_step CKR_PIN_INCORRECT "first wrong PIN" login user 000000
expect_step 'CKR_OK .* count-low label.*' "count is low" tokeninfo 0
expect_step CKR_PIN_INCORRECT "second wrong PIN" login user 000000
expect_step 'CKR_OK .* final-try label.*' "final try" tokeninfo 0
expect_step CKR_OK "the right PIN" login user "$CARD_PIN"
expect_step 'CKR_OK flags=0x[0-9A-F]+ label.*' "all flags are gone" tokeninfo 0
expect_step CKR_OK "logout" logout

proves "C_Finalize logs out: nobody finds the card open"
expect_step CKR_OK "login" login user "$CARD_PIN"
card_open
expect_sw 9000 "the card is open" 00200081
expect_step CKR_OK "C_Finalize" fini
expect_sw 63C3 "the card is closed" 00200081
card_close
p11_close

proves "ukey shows the tries left"
cards() {
	"$BIN/ukey" --module "$MODULE" cards
}
expect_exit 0 "ukey cards" cards
expect_line 'PIN tries left: 3' "three tries"

proves "blocked"
p11_open
p11 init
p11 open 0
for i in 1 2 3; do
	p11 login user 000000
done
expect_step CKR_PIN_LOCKED "C_Login, with the right PIN even" login user "$CARD_PIN"
expect_step 'CKR_OK .* locked label.*' "the flags say so" tokeninfo 0
p11_close
expect_exit 0 "ukey cards" cards
expect_line 'blocked' "says blocked"

proves "the transcript holds no PIN"
ok "neither as text" not grep -q "$CARD_PIN" card.apdus
ok "nor as bytes" not grep -qi "$(printf '%s' "$CARD_PIN" | to_hex)" \
	<(tr -d ' ' <card.apdus)
