# ukey-vcard, the program: personalisation judged by openssl, exit codes, and the
# card in and out of a real vpcd.
. "$(dirname "$0")/lib.sh"

V=$BIN/ukey-vcard
SELECT=00A4040008F0756B65792E303100
printf '123456\n' >pin
printf '12345678\n' >puk
printf '12\n' >short

init() {
	"$V" init "$@" --pin-fd 8 --puk-fd 9 8<pin 9<puk
}

proves "usage: wrong words end with 2 and say what is missing"
expect_exit 0 "--help" "$V" --help
expect_line '^Exit codes: '
expect_exit 2 "no verb" "$V"
expect_exit 2 "an unknown verb" "$V" fly
expect_exit 2 "no card" "$V" info
expect_line 'which card\? Give --card FILE'
expect_exit 2 "no key" "$V" request --card x --subject /CN=x
expect_exit 2 "no such key" "$V" request --card x --subject /CN=x --key 3
expect_exit 2 "no such key type" "$V" init --card x --key-type rsa512
expect_exit 2 "a PIN has no place on the command line" "$V" init --card x --pin 1234
expect_exit 2 "two cards for info" "$V" info a b
expect_exit 3 "a card that is not there" "$V" info nothing
expect_line 'make one with ukey-vcard init'
echo garbage >garbage
expect_exit 3 "a file that is no card" "$V" info garbage
expect_exit 9 "nobody to control" "$V" control --control nobody.ctl count

proves "personalisation: init, request, import, activate"
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -subj "/CN=Test CA" -days 3 -out ca.pem
for type in p256 p384 p521 rsa2048 sm2; do
	identity=()
	[[ $type != sm2 ]] || identity=(-vfyopt distid:1234567812345678)
	ok "init $type" init --card $type --label "Karte $type" --key-type $type
	for key in 1 2; do
		expect_exit 0 "request for key $key" "$V" request $type --key $key \
			--subject "/CN=Alice\\/Bob/O=Bank"
		cp .out $type.$key.csr
		expect_exit 0 "openssl accepts it" openssl req -in $type.$key.csr \
			-verify -noout -text -nameopt RFC2253 "${identity[@]}"
		expect_line 'CN=Alice/Bob' "with the subject"
		[[ $key == 2 ]] || expect_line 'TLS Web Client Authentication'
		[[ $key == 2 ]] || expect_line '^ +Digital Signature$'
		[[ $key == 1 ]] || expect_line '^ +Non Repudiation$'
		[[ $type != sm2 ]] || expect_line 'Signature Algorithm: SM2-with-SM3'
		openssl x509 -req -in $type.$key.csr -CA ca.pem -CAkey ca.key \
			"${identity[@]}" -days 2 -out $type.$key.pem 2>/dev/null
	done
	expect_exit 7 "the other key's certificate is refused" \
		"$V" import $type --key 1 --cert $type.2.pem
	expect_exit 7 "a file that is no certificate is refused" \
		"$V" import $type --key 1 --cert ca.key
	expect_exit 0 "import 1" "$V" import $type --key 1 --cert $type.1.pem
	expect_exit 0 "import 2" "$V" import $type --key 2 --cert $type.2.pem
	expect_exit 0 "import 2 again" "$V" import $type --key 2 --cert $type.2.pem
	expect_exit 0 "activate" "$V" activate $type
	expect_exit 8 "once" "$V" activate $type
	expect_exit 0 "info" "$V" info $type --json
	expect_line "\"label\":\"Karte $type\".*\"state\":\"operational\""
done
# Its exit code says so only from OpenSSL 3.2 on.
ERR=$(openssl req -in sm2.1.csr -verify -noout \
	-vfyopt distid:8765432187654321 2>&1) || true
expect_line 'verify fail' "SM2's identity counts: another one is refused"
expect_equal "the card's file is private" 600 "$(stat -c %a p256)"
expect_exit 5 "init does not overwrite a card" init --card p256
expect_exit 6 "a PIN that is too short" \
	"$V" init --card s --pin-fd 8 --puk-fd 9 8<short 9<puk
ok "leaves no card behind" not test -e s
expect_exit 6 "no terminal, no PIN" setsid "$V" init --card s </dev/null
expect_exit 7 "a bank key that is none" init --card s --bank-key garbage
expect_exit 6 "in use, request wants the PIN" \
	"$V" request p256 --key 1 --subject /CN=x --pin-fd 8 8<short
expect_exit 0 "and gets it" \
	"$V" request p256 --key 1 --subject /CN=x --pin-fd 8 8<pin

proves "a card without the U-key application"
expect_exit 2 "no such application" "$V" init --app nothing other
expect_exit 0 "init --app piv asks nothing" "$V" init --app piv other </dev/null
expect_exit 5 "and does not overwrite" "$V" init --app piv-yubico other
expect_exit 8 "info has nothing to say" "$V" info other
expect_line 'this card has no U-key application'
expect_exit 8 "nor is there anything to activate" "$V" activate other

proves "run: says ready, is exclusive, goes quietly"
expect_exit 9 "no vpcd" "$V" run p256 --port "$VPCD_PORT" --wait 1
expect_line 'start pcscd with the vpcd reader'
pcsc_start
background "$V" run --card p256 --card rsa2048 --port "$VPCD_PORT" \
	--control two.ctl --transcript rsa.apdus >two.out 2>two.log
card_process=$LAST_PID
ok "says ready" until_true 10 grep -qx ready two.out
ok "both cards are in their slots" card_wait card 0
ok "the second, too" card_wait card 1
expect_exit 4 "a card in use" "$V" activate p256
expect_line 'another ukey-vcard has this card'
expect_exit 0 "info looks on" "$V" info p256
expect_exit 1 "its control socket is its own" "$V" run p384 --control two.ctl

proves "control: pull after an exact number of commands, and put back"
control() {
	"$V" control --control two.ctl "$@"
}
card_open
expect_sw 9000 "SELECT" $SELECT
before=$(control count)
expect_exit 0 "remove-after 1" control remove-after 1
expect_sw 9000 "one more is answered" $SELECT
apdu $SELECT
expect_equal "the next is not" "" "$DATA"
card_close
ok "the reader is empty" card_wait empty 0
expect_equal "two commands were counted" $((before + 2)) "$(control count)"
expect_exit 0 "insert" control insert
ok "the card is back" card_wait card 0
expect_exit 0 "remove" control remove 1
ok "the other slot is empty" card_wait empty 1
expect_exit 2 "no such slot" control remove 7
expect_exit 2 "no such word" control explode
expect_exit 0 "insert" control insert 1
ok "the other card is back" card_wait card 1

proves "vpcd may go and come back"
pcsc_stop
pcsc_start
ok "the first card finds it again" card_wait card 0
ok "the second, too" card_wait card 1
kill "$card_process"
wait "$card_process"
expect_equal "SIGTERM ends it with 0" 0 $?
ok "the control socket is gone" not test -e two.ctl
ok "the card can be used again" "$V" info p256

proves "a card's file may be sealed, and says so if it is not"
openssl rand 32 >state.key
printf 'a passphrase\n' >other.key
expect_exit 0 "in the clear" init open
expect_line 'for tests only: its keys are in the clear'
ok "the file says it as well" grep -q 'TEST ONLY: the keys in this file are in the clear' open
expect_exit 0 "sealed" init sealed --state-key-file state.key
expect_no_line 'for tests only' "nothing to warn of"
ok "nothing can be read in it" not grep -qE 'TEST ONLY|ukey|U-key' sealed
cp sealed before
expect_exit 3 "no key" "$V" info sealed
expect_line 'this card is sealed: give --state-key-file FILE'
expect_exit 3 "another key" "$V" activate sealed --state-key-file other.key
expect_line 'is not this card'
ok "the file is as it was" cmp sealed before
expect_exit 0 "its key, from a descriptor" "$V" activate sealed --state-key-file /dev/fd/7 7<state.key
expect_exit 0 "its key" "$V" info sealed --state-key-file state.key
expect_line '^state +operational'
expect_exit 7 "a key file that is not there" "$V" info sealed --state-key-file nothing
: >empty
expect_exit 7 "an empty one" "$V" info sealed --state-key-file empty
expect_exit 0 "in use" foreign "$V" exec --state-key-file state.key --card sealed -- \
	pkcs11-tool --module "$MODULE" -l --pin 123456 -O
