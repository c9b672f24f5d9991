# ukey and PINs: wrong, last, blocked, empty, none; where it may come from and where
# it must never be seen.
. "$(dirname "$0")/lib.sh"

new_bank
cp alice.card fresh.card
pcsc_start
card_insert alice
bank_start

login_with() {
	local CARD_PIN=$1 # not exported, as it would be in front of the command
	ukey login "${@:2}"
}

verifies() {
	grep -cE '^> 0020008[12] \(' alice.apdus
}

proves "an empty PIN never reaches the card"
before=$(verifies)
expect_exit 34 "an empty line" login_with ""
expect_exit 34 "three characters" login_with 123
expect_equal "the card saw no VERIFY" "$before" "$(verifies)"

proves "nobody to ask"
expect_exit 5 "no terminal, no pinentry, no descriptor" \
	setsid "$BIN/ukey" login </dev/null
expect_equal "the card saw no VERIFY" "$before" "$(verifies)"

proves "wrong PIN: tries left are shown, and the last is not spent automatically"
expect_exit 32 "wrong" login_with 999999
expect_line '2 tries left' "says how many are left"
expect_exit 32 "wrong again" login_with 999999
expect_line '1 try left' "says how many are left"
before=$(verifies)
expect_exit 6 "the last try is not used without a person" login_with "$CARD_PIN"
expect_equal "the card saw no VERIFY" "$before" "$(verifies)"
expect_exit 0 "unless one says so" login_with "$CARD_PIN" --use-last-try
expect_exit 0 "and the counter is full again" ukey cards
expect_line 'PIN tries left: 3' "three"

proves "blocked"
login_with 999999 2>/dev/null
login_with 999999 2>/dev/null
expect_exit 33 "the last wrong try" login_with 999999 --use-last-try
expect_line 'blocked.*PUK' "says what to do"
expect_exit 33 "from then on" login_with "$CARD_PIN"
expect_exit 33 "ukey doctor names it" ukey doctor
expect_exit 0 "ukey cards" ukey cards
expect_line 'blocked' "says so"

proves "a PIN is never an argument"
card_remove
cp fresh.card alice.card
card_insert alice
expect_exit 2 "there is no option for it" "$BIN/ukey" login --pin "$CARD_PIN"

proves "from a pinentry"
mkdir customer
printf '%s\n' "$CARD_PIN" >customer/pin
expect_exit 0 "login" env DEMO_CUSTOMER="$WORK/customer" "$BIN/ukey" \
	--pinentry "$TOP/scripts/lib/demo-pinentry" login </dev/null
expect_exit 0 "transfer, confirmed there" env DEMO_CUSTOMER="$WORK/customer" \
	"$BIN/ukey" --pinentry "$TOP/scripts/lib/demo-pinentry" transfer \
	--to "$BOB" --payee Bob --amount 1.00 --currency CNY </dev/null
expect_line '^Display: host' "the report says who has shown it"
cat >no-pinentry <<'SH'
#!/bin/sh
echo OK
while read -r line; do
	case $line in
	CONFIRM*|GETPIN*) echo "ERR 83886179 Operation cancelled" ;;
	*) echo OK ;;
	esac
done
SH
chmod +x no-pinentry
before=$(balance)
expect_exit 4 "not confirmed: nothing is signed" "$BIN/ukey" \
	--pinentry "$WORK/no-pinentry" transfer \
	--to "$BOB" --payee Bob --amount 1.00 --currency CNY </dev/null
expect_equal "and nothing is paid" "$before" "$(balance)"

proves "PIN and session are in no process list, no log, no transcript, no file"
secrets=$WORK/seen
while :; do
	cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ
done >"$secrets" 2>/dev/null &
sampler=$!
for i in 1 2 3; do
	login_with "$CARD_PIN" >/dev/null
	pay 1.00 >/dev/null 2>&1
done
kill $sampler
wait $sampler 2>/dev/null
ok "the sampler saw ukey at work" grep -qaF 'transfer' "$secrets"
ok "no PIN there" not grep -qaF "$CARD_PIN" "$secrets"
ok "none in logs and transcripts" not grep -qaF "$CARD_PIN" \
	bank.log alice.log alice.apdus "$PCSC_DIR/pcscd.log"
ok "none in hexadecimal" not grep -qaiF "$(printf '%s' "$CARD_PIN" | to_hex)" \
	bank.log alice.log alice.apdus
ok "none in what ukey keeps" not grep -rqaF "$CARD_PIN" "$HOME"
session=$(sed -n 's/.*"session": *"\([^"]*\)".*/\1/p' \
	"$XDG_RUNTIME_DIR/ukey/session.json")
ok "the session's secret is known to this test" test -n "$session"
ok "it is in no process list" not grep -qaF "$session" "$secrets"
ok "and in no log" not grep -qaF "$session" bank.log
expect_equal "what ukey keeps is private" "" \
	"$(find "$HOME/.local" -type f -perm /077)"
