# The display of the terminal, from the order to the bank's books: what is read
# and approved there is what is signed, and the bank believes nothing else. OpenSSL
# verifies the statements.
. "$(dirname "$0")/lib.sh"
. "$HERE/terminal.sh"
export PYTHONDONTWRITEBYTECODE=1

# --- the person before the terminal ----------------------------------------------

# page: keeps what is on the screen, and waits for the next.
page() {
	cat screen >>screens
	screen_clear
}

# pin_typed [PIN]: when the terminal asks.
pin_typed() {
	screen_says 'PIN for card 1' || return
	page
	person "${1:-$CARD_PIN}"
}

# reads KEY: all pages, and then that.
reads() {
	while screen_says 'more: Enter|Approve\?'; do
		if screen_has 'Approve\?'; then
			page
			person "$1"
			return
		fi
		page
		person '<enter>'
	done
}

# does COMMAND [; COMMAND]...: in the background.
does() {
	(eval "$*") &
	children+=("$!")
}

phone_ukey() {
	"$BIN/ukey" "$@" </dev/null
}

# order NUMBER AMOUNT
order() {
	phone_ukey transfer --order "$1" --to "$BOB" --payee Bob --currency CNY \
		--amount "$2" --yes
}

kept() {
	echo "$HOME/.local/share/ukey/receipts/$1"
}

signatures() {
	grep -ciE '^> 0?0?.?.?2A9E9A' alice.apdus
}

tries() {
	phone_ukey cards --json | grep -o '"pinTriesLeft": *[0-9]*' | grep -o '[0-9]*$'
}

new_bank
sed -i -E 's/("displayTerminalAbove":) [0-9]+/\1 1000/' bank/bankd.json
terminal_card alice
terminal_start
pcsc_start 0
ok "the computer sees the card" computer_sees card
bank_start

proves "the computer is told of the screen and its key"
expect_exit 0 "ukey cards" phone_ukey cards
openssl pkey -in terminal/statement.key -pubout -out phone.pub
sum=$(openssl pkey -pubin -in phone.pub -outform DER | sha256sum | cut -d' ' -f1)
expect_line "own screen, key ${sum^^}|own screen, key $sum" "its fingerprint"
expect_exit 0 "ukey cards --terminal-key" phone_ukey cards --terminal-key
expect_equal "is what openssl reads" "$(cat phone.pub)" "$OUT"
phone_ukey cards --terminal-key >registered.pub

proves "the PIN is typed on the terminal: other people's program"
does pin_typed
expect_exit 0 "pkcs11-tool --login" foreign pkcs11-tool --module "$MODULE" \
	--login --list-objects --type privkey
expect_line 'Private Key Object' "sees private keys"

proves "login needs no approval"
does pin_typed
expect_exit 0 "ukey login" phone_ukey login

proves "a terminal that the bank does not know"
does 'reads yes; pin_typed; pin_typed'
expect_exit 78 "is not believed" order strange-1 20.00
expect_line 'registered' "says what to do"
expect_exit 0 "it is registered" "$BIN/ukey-bankd" terminal --dir bank \
	--customer Alice --name phone --key registered.pub

proves "read, approved, signed, stated, posted"
: >screens
does 'reads yes; pin_typed; pin_typed'
expect_exit 0 "ukey transfer" order good-1 30.00
expect_line '^Display: terminal' "says how far it was shown"
ok "the terminal showed the payee" grep -q Bob screens
ok "and the amount" grep -q '30.00 CNY' screens
expect_equal "it is posted" 97000 "$(balance)"
ok "the receipt says so" grep -q '"display": "terminal"' "$(kept good-1.json)"
expect_exit 0 "ukey verify-receipt" phone_ukey verify-receipt "$(kept good-1.json)"
expect_exit 0 "the evidence is kept, too" phone_ukey verify-evidence "$(kept good-1.p7m)"
python3 - "$(kept good-1.json)" <<'PY'
import base64, hashlib, json, subprocess, sys
from pathlib import Path

r = json.load(open(sys.argv[1]))
statement, text, signature = (
    base64.b64decode(r[name]) for name in ("statement", "text", "signature"))
assert len(statement) == 112
Path("statement").write_bytes(statement)
Path("stated").write_bytes(
    b"ukey display statement 1" + hashlib.sha256(text).digest()
    + hashlib.sha256(signature).digest() + statement[32:48])
print(statement[:32].hex(), file=open("stated.key", "w"))
to_int = lambda b: "INTEGER:0x" + b.hex()
Path("der.conf").write_text("asn1=SEQUENCE:s\n[s]\nr=%s\ns=%s\n" % (
    to_int(statement[48:80]), to_int(statement[80:])))
PY
openssl asn1parse -genconf der.conf -noout -out stated.der
expect_equal "the statement names the key" "$sum" "$(cat stated.key)"
ok "openssl verifies it" openssl dgst -sha256 -verify phone.pub -signature \
	stated.der stated

proves "the person says no"
before=$(signatures)
does "reads '<esc>'"
expect_exit 4 "it ends there" order no-1 40.00
expect_equal "nothing is signed" "$before" "$(signatures)"
expect_equal "nothing is posted" 97000 "$(balance)"
expect_equal "no PIN try is spent" 3 "$(tries)"
does "reads no"
expect_exit 4 "also with any other word than yes" order no-2 40.00

proves "a statement counts for its order, and once"
cat >replay.py <<'PY'
import json, sys
sys.path.insert(0, sys.argv[1])
from bank_client import Bank, Key, b64, openssl, unb64
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

port, origin, alice, bob, old = sys.argv[2:]
bank = Bank(int(port), "soft/ca.pem", origin)
assert bank.login(Key("soft/alice-auth.key", "soft/alice-auth.pem")).code == "200"
text = unb64(bank.order("replay-1", alice, bob, 5000).body["text"])
r = decode_dss_signature(
    openssl("dgst", "-sha256", "-sign", "soft/alice-sign.key", data=text))
for level, statement in ("host", None), ("terminal", json.load(open(old))["statement"]):
    display = {"level": level}
    if statement:
        display["statement"] = statement
    answer = bank.ask("POST", "/v1/orders/replay-1/confirm", {
        "text": b64(text), "algorithm": "ES256",
        "signature": b64(b"".join(x.to_bytes(32, "big") for x in r)),
        "certificate": b64(openssl(
            "x509", "-in", "soft/alice-sign.pem", "-outform", "DER")),
        "display": display})
    print(level, answer.code)
PY
run python3 replay.py "$HERE" "$BANK_PORT" "$ORIGIN" "$ALICE" "$BOB" \
	"$(kept good-1.json)"
expect_line '^host 422 display-level' "the computer's own word is not enough"
expect_line '^terminal 422 display-statement' "an old statement is none"
expect_equal "nothing is posted" 97000 "$(balance)"

# --- a computer with malware -----------------------------------------------------

A='<T><D><M><k>To</k><v>Bob</v></M></D></T>'
B='<T><D><M><k>To</k><v>Eve</v></M></D></T>'
hex_of() {
	printf '%s' "$1" | to_hex
}
pso() {
	echo "002A9E9A20$(printf '%s' "$1" | sha256sum | cut -d' ' -f1)00"
}
APPLICATION=$(grep -iE '^> 00A40400' alice.apdus | head -n 1 | sed 's/^> //')
# hostile LINE...: as the card would be told by somebody who knows the PIN.
hostile() {
	printf '%s\n' "$APPLICATION" \
		"00200081$(printf '%02X' ${#CARD_PIN})$(hex_of "$CARD_PIN")" \
		"$@" | foreign "$UKEY_BUILD/tests/scapdu" "$TERM_READER"
}
MSE=002241B606800130840102

proves "shows one order and asks for another"
before=$(signatures)
does 'reads yes'
run hostile "control 3841 $(hex_of "$A")" $MSE "$(pso "$B")" "$(pso "$A")" "control 3842"
expect_line '^9000$' "A is approved"
expect_equal "neither B is signed, nor A after it" 2 "$(grep -c '^6985$' <<<"$OUT")"
expect_line '^error' "and nothing is stated"
expect_equal "the card has not been asked" "$before" "$(signatures)"

proves "without an approval"
run hostile $MSE "$(pso "$A")"
expect_equal "refused" 6985 "$(tail -n 1 <<<"$OUT")"
does "reads '<esc>'"
run hostile "control 3841 $(hex_of "$A")" $MSE "$(pso "$A")"
expect_line '^6401$' "rejected"
expect_equal "refused" 6985 "$(tail -n 1 <<<"$OUT")"
run hostile "control 3841 $(hex_of "$A and more")" $MSE "$(pso "$A")"
expect_line '^6A80$' "not a text"
expect_equal "the card has not been asked" "$before" "$(signatures)"

proves "the open policy lets it through, and states nothing"
terminal_stop
ok "gone" computer_sees empty
terminal_start --open-policy
ok "back" computer_sees card
run hostile $MSE "$(pso "$A")" "control 3842"
expect_equal "the card is asked" $((before + 1)) "$(signatures)"
expect_line '^error' "nothing is stated"
expect_exit 0 "the books balance" audit
