# The card is pulled after the Nth command, for every N of login and of signing,
# as long as it takes until nothing is pulled any more. Every call answers, none
# with success it did not have; the card put back works at once, in the same
# process, and no PIN try is lost.
. "$(dirname "$0")/lib.sh"

gone='CKR_(DEVICE_REMOVED|TOKEN_NOT_PRESENT|SESSION_HANDLE_INVALID|SLOT_ID_INVALID)'
digest=$(printf 'pulled' | openssl dgst -sha256 -binary | to_hex)

# try_all KEY: one whole job, until a step fails; sets ANSWER to the last answer.
# A key of transactions (1) asks for the PIN once more.
try_all() {
	local step
	for step in "open 0" "login user $CARD_PIN" "key $1" "signinit 0x1041"; do
		p11 "$step"
		[[ $ANSWER == CKR_OK* ]] || return 1
	done
	if [[ $1 == "$signing" ]]; then
		p11 "login context $CARD_PIN"
		[[ $ANSWER == CKR_OK ]] || return 1
	fi
	p11 "sign $digest"
	[[ $ANSWER == "CKR_OK "* ]]
}

back_to_work() {
	p11 close
	card_wait empty
	card_control card insert >/dev/null
	card_wait card
	until_true 5 step_is 'CKR_OK.*' "tokeninfo 0"
}

new_card p256-free card
pcsc_start
card_insert card
p11_open
p11 init
p11 open 0
p11 "login user $CARD_PIN"
for signing in 0 1; do
	p11 "key $signing"
	p11 signinit 0x1041
	p11 "sign $digest"
	[[ $ANSWER == CKR_OK* ]] || break # the one that wants the PIN again
done
p11 close

for key in 0 1; do
	job="login and signature"
	[[ $key != "$signing" ]] || job="login, consent and signature"
	proves "$job, the card pulled after N commands"
	for ((n = 0; n < 30; n++)); do
		card_control card remove-after $n >/dev/null
		if try_all $key; then
			break
		fi
		if [[ $ANSWER =~ ^$gone ]]; then
			met "after $n commands: $ANSWER"
		else
			not_met "after $n commands: $ANSWER"
		fi
		back_to_work
		card_control card remove-after 1000000 >/dev/null
		if try_all $key; then
			met "put back: the whole job is done"
		else
			not_met "put back: $ANSWER"
		fi
		p11 close
	done
	ok "pulled at $n places, then it was done undisturbed" \
		test "$n" -ge 2 -a "$n" -lt 30
	card_control card remove-after 1000000 >/dev/null
	p11 close
done
expect_step 'CKR_OK flags=0x[0-9A-F]+ label.*' "no PIN try was lost" "tokeninfo 0"
p11_close
