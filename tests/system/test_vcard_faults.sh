# Cards that are slow, at fault on command, and played from a transcript, as other
# people's programs meet them.
. "$(dirname "$0")/lib.sh"

V=$BIN/ukey-vcard
card() { foreign "$V" exec "$@"; }
p11tool=(pkcs11-tool --module "$MODULE")
echo "to be signed" >data
sign=(pkcs11-tool --module "$MODULE" -l --pin 123456 -s -m ECDSA-SHA256
	--label Login --input-file data --output-file sig)

proves "faults reach the program, and are its errors"
expect_exit 0 "none" card -- "${sign[@]}"
expect_exit 1 "a wrong PIN that was right" card --fault 'ins 20 status 63C2' -- "${sign[@]}"
expect_line 'CKR_PIN_INCORRECT'
expect_exit 1 "a blocked one" card --fault 'ins 20 status 6983' -- "${sign[@]}"
expect_line 'CKR_PIN_LOCKED'
expect_exit 1 "pulled before it signs" card --fault 'ins 88 remove' -- "${sign[@]}"
expect_line 'CKR_(DEVICE_REMOVED|SESSION_HANDLE_INVALID)'
expect_exit 1 "mute" card --fault 'ins 88 mute' -- "${sign[@]}"
expect_exit 1 "half an answer" card --fault 'ins 88 truncate 30' -- "${sign[@]}"
printf '%s\n' '# the first command is SELECT' 'at 1 status 6A82' >rules
expect_exit 0 "rules in a file: another card" card --faults rules -- "${p11tool[@]}" -L
expect_line 'token not recognized'
expect_exit 2 "a rule that is none" card --fault 'at 5 explode' -- true
expect_line "'at 5 explode' is no fault"
printf '%s\n' 'at 1 mute' '' 'nonsense' >rules
expect_exit 2 "a file with one" card --faults rules -- true
expect_line 'rules:3: no fault'
cat >doing <<'END'
set -e
$1 control fault ins 20 status 6983
$1 control @0 look delay 1ms
! $1 control look delay never
! $1 control fault at
! $1 control @1 count
pkcs11-tool --module "$2" -l --pin 123456 -O 2>&1 | grep -q CKR_PIN_LOCKED
$1 control no-faults
pkcs11-tool --module "$2" -l --pin 123456 -O >/dev/null 2>&1
END
expect_exit 0 "while it runs" card -- bash doing "$V" "$MODULE"

proves "two runs with the same seed are the same"
for i in 1 2 3; do
	seed=$((i < 3 ? 1 : 2))
	card --seed $seed --fault 'chance 50 status 6F00' \
		--transcript "seed$i" -- "${p11tool[@]}" -O >"out$i" 2>&1
	grep '^< ' "seed$i" | grep -n '^< 6f00$' >"hits$i"
done
ok "the same seed" cmp hits1 hits2
ok "it did happen" test -s hits1

proves "a slow card is slow, by so much"
elapsed() {
	local begin=${EPOCHREALTIME/./}
	"$@" >/dev/null 2>&1
	echo $(((${EPOCHREALTIME/./} - begin) / 1000))
}
expect_slow() { # MILLISECONDS TEXT OPTION...
	local ms
	ms=$(elapsed card "${@:3}" -- "${sign[@]}")
	ok "$2: $ms ms" test "$ms" -ge "$1"
}
expect_slow 400 "private keys" --key-time 400ms
expect_slow 300 "every command" --delay 100ms
expect_slow 300 "9600 baud" --speed 9600

proves "cards with less, as OpenSC meets them"
echo '{ "applications": { "application": "piv" } }' >piv.json
for lengths in t0 chaining short; do
	expect_exit 0 "$lengths" "$V" exec --pcsc --profile piv.json \
		--lengths $lengths --transcript $lengths -- pkcs15-tool --dump
	expect_line '^PIN \['
done
ok "t0 hands out answers by 61xx" grep -qE '^< 61..$' t0
ok "short ones are told in the ATR" grep -q '^@ 3b8a018073d40100' short

proves "a transcript plays as a card"
export UKEY_PKCS11_CONF=$WORK/played.conf
# nothing is remembered: the card is told the same each time
printf '%s\n' "reader = unix:$WORK/played" 'pcsc = off' 'cache = off' >played.conf
replay_start() {
	rm -f ready
	mkfifo ready
	"$V" replay --socket played "$1" >ready 2>replay.err &
	REPLAY_PID=$!
	children+=("$REPLAY_PID")
	read -r -t 10 <ready
}
replay_end() {
	kill -TERM "$REPLAY_PID" 2>/dev/null
	wait "$REPLAY_PID"
}
expect_exit 0 "recorded" card --transcript full --profile rsa2048 -- pkcs11-tool --module "$MODULE" -l --pin 123456 -O
recorded=$OUT
replay_start full
run foreign pkcs11-tool --module "$MODULE" -l --pin 123456 -O
expect_equal "the same is seen" "$recorded" "$OUT"
replay_end
expect_equal "all matched" 0 $?
replay_start full
run foreign pkcs11-tool --module "$MODULE" -l --pin 654321 -O
replay_end
expect_equal "another PIN does not match" 10 $?
ok "its line is named" grep -qE '^ukey-vcard: full:[0-9]+: the card was told 00200081' replay.err
expect_exit 0 "without secrets" card --redact --transcript safe -- pkcs11-tool --module "$MODULE" -l --pin 123456 -O
recorded=$OUT
ok "the PIN is in the first" grep -q 313233343536 full
ok "and not in the second" not grep -q 313233343536 safe
replay_start safe
run foreign pkcs11-tool --module "$MODULE" -l --pin 123456 -O
expect_equal "which plays as well" "$recorded" "$OUT"
replay_end
expect_equal "all matched" 0 $?
expect_exit 3 "no transcript" "$V" replay --socket played rules
