# Evidence: what the bank keeps of an order proves it to openssl, which knows
# nothing of us; and how the order was shown.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1

new_bank
cp "$FIXTURES"/ca.pem "$FIXTURES"/ext.cnf .
bankd() {
	local what=$1
	shift
	"$BIN/ukey-bankd" "$what" --dir bank "$@"
}

# A key of another kind for Alice: NAME and the options of openssl genpkey.
more_key() {
	local name=$1
	shift
	openssl genpkey -out "soft/$name.key" "$@" &&
		openssl req -new -key "soft/$name.key" -subj "/CN=$name" -out "$name.csr" &&
		bankd enroll --customer Alice --request "$name.csr" \
			--purpose transaction >"soft/$name.pem"
}
ok "a P-384 key" more_key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
ok "an RSA key" more_key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
bank_start

orders() {
	local IFS=,
	run python3 "$HERE/bank_evidence.py" "$BANK_PORT" "$ORIGIN" "$ALICE" "$BOB" "$*"
	[[ $RC == 0 ]] || { not_met "the orders are placed"; show_output; }
}

proves "orders signed with every kind of key"
orders "es256-100 alice-sign ES256 -" "es384-101 p384 ES384 -" \
	"rs256-102 rsa RS256 none" "ps256-103 rsa PS256 -" "host-104 alice-sign ES256 host" "salt20-105 rsa PS256/20 -"
for order in es256-100 es384-101 rs256-102 ps256-103 host-104; do
	expect_line "^$order 200 \$" "$order is posted, twice with the same receipt"
done
expect_line '^salt20-105 422 order-signature' "a salt of another length is refused"
expect_line '^es256-100 display none False$' "nothing was said of a display"
expect_line '^es256-100 receipt says False$' "nor by the receipt"
expect_line '^host-104 display host False$' "the level claimed is kept"
expect_line '^host-104 receipt says True$' "and in the receipt"

# -crl_check: the revocation list is in the evidence, not on the command line.
judge() {
	openssl cms -verify -binary -inform DER -in "$1" -CAfile "${2:-bank/ca.pem}" \
		-purpose any -crl_check -out judged
}

proves "openssl verifies the evidence, with the revocation list inside"
for order in es256-100 es384-101 rs256-102 ps256-103 host-104; do
	ok "$order" judge $order.p7m
	ok "and finds the text that was signed" cmp judged $order.text
	bankd evidence --customer Alice --order $order >operator.p7m
	ok "the operator gets the same" cmp operator.p7m $order.p7m
done
ok "not for another CA" not judge es256-100.p7m ca.pem
ok "one list for five orders is kept once" [ \
	"$(sqlite3 bank/bank.db 'select count(*) from evidence_parts')" == 2 ]
expect_exit 66 "of nobody else" bankd evidence --customer Bob --order es256-100
expect_exit 66 "nor of what there is not" bankd evidence --customer Alice --order nothing

proves "a certificate that is revoked later proved what it proved then"
ok "revoked" bankd revoke --cert soft/p384.pem
ok "the old evidence is as good as before" judge es384-101.p7m
orders "es384-110 p384 ES384 -"
expect_line '^es384-110 403 cert-revoked' "a new order is refused"
orders "es256-111 alice-sign ES256 -"
ok "other orders rest on the new list" judge es256-111.p7m
ok "which is kept beside the old one" [ \
	"$(sqlite3 bank/bank.db 'select count(*) from evidence_parts')" == 3 ]

proves "ukey verify-evidence, without the bank"
bank_stop
for order in es256-100 es384-101 rs256-102 ps256-103 host-104; do
	expect_exit 0 "$order" ukey verify-evidence $order.p7m
	expect_line "To: $BOB" "says to whom"
	expect_line 'Signed by: ' "and who"
done
openssl cms -cmsout -inform DER -in es256-100.p7m -outform PEM -out es256-100.pem
expect_exit 0 "in PEM, too" ukey verify-evidence es256-100.pem --json
expect_line '"valid": true' "as JSON"
expect_exit 97 "of another CA" ukey verify-evidence es256-100.p7m --ca ca.pem
expect_exit 97 "at a time when the list was not yet" ukey verify-evidence \
	es256-100.p7m --at 2020-01-01T00:00:00Z
python3 - <<'PY'
data = bytearray(open("es256-100.p7m", "rb").read())
data[data.index(b"Bob")] ^= 1
open("altered.p7m", "wb").write(data)
PY
expect_exit 97 "with the payee altered" ukey verify-evidence altered.p7m
ok "openssl says so, too" not judge altered.p7m
# Every part that the signature or the certificate covers, every 7th byte.
python3 - <<'PY' >offsets
data = open("es256-100.p7m", "rb").read()
text = open("es256-100.text", "rb").read()
at = data.index(text)
parts = [(at, len(text)), (len(data) - 64, 64)]
for start, n in parts:
    print(*range(start, start + n, 7), sep="\n")
PY
taken=0
while read -r offset; do
	cp es256-100.p7m altered.p7m
	spoil altered.p7m "$offset"
	ukey verify-evidence altered.p7m >/dev/null 2>&1
	[[ $? == 97 ]] || taken=$((taken + 1))
done <offsets
expect_equal "none of $(wc -l <offsets) altered bytes is taken" 0 $taken
expect_exit 14 "no file" ukey verify-evidence nothing.p7m
expect_exit 97 "not such a file" ukey verify-evidence bank/ca.pem

proves "SM2: GM/T 0010 by another program"
ok "that program knows its standards" python3 "$HERE/gm_cms.py" selftest
ID=distid:1234567812345678
{
	openssl genpkey -algorithm SM2 -out sm2ca.key
	openssl req -x509 -key sm2ca.key -sm3 -sigopt $ID -subj "/CN=SM2 CA" -days 30 \
		-out sm2ca.pem -addext keyUsage=critical,keyCertSign,cRLSign
	openssl genpkey -algorithm SM2 -out sm2.key
	openssl req -new -key sm2.key -sm3 -sigopt $ID -subj "/CN=SM2 Alice" -out sm2.csr
	openssl x509 -req -in sm2.csr -vfyopt $ID -CA sm2ca.pem -CAkey sm2ca.key -sm3 \
		-sigopt $ID -days 20 -extfile ext.cnf -extensions sign -out sm2.pem
} >sm2.log 2>&1
openssl pkey -in sm2.key -noout -text |
	awk '/priv:/ { on = 1; next } /pub:/ { on = 0 } on' |
	tr -d ' :\n' | sed 's/^00//' >sm2.hex
ok "it signs an order" python3 "$HERE/gm_cms.py" sign sm2.hex es256-100.text sm2.p7m \
	sm2.pem sm2ca.pem
ok "and verifies it" python3 "$HERE/gm_cms.py" verify sm2.p7m sm2ca.pem
# the signature alone, by openssl
python3 - "$HERE" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
from gm_cms import *
_, _, _, _, r, s = read(open("sm2.p7m", "rb").read())
open("sm2.sig", "wb").write(tlv(0x30, integer(r), integer(s)))
PY
openssl x509 -in sm2.pem -noout -pubkey >sm2.pub
ok "openssl agrees" openssl pkeyutl -verify -pubin -inkey sm2.pub -rawin -digest sm3 \
	-in es256-100.text -sigfile sm2.sig -pkeyopt $ID
soon=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)
expect_exit 0 "and so do we" ukey verify-evidence sm2.p7m --ca sm2ca.pem --at "$soon"
expect_line 'Signed by: SM2 Alice' "who signed it"
expect_exit 97 "not for another CA" ukey verify-evidence sm2.p7m --at "$soon"

proves "the level that the amount asks for"
sed -i -E 's/("displayHostAbove":) [0-9]+/\1 1000/
	s/("displayTerminalAbove":) [0-9]+/\1 2000/' bank/bankd.json
bank_start
openssl ecparam -name prime256v1 -genkey -noout -out phone.key
openssl pkey -in phone.key -pubout -out phone.pub
openssl ecparam -name prime256v1 -genkey -noout -out stolen.key
expect_exit 0 "Alice's phone is registered" bankd terminal --customer Alice \
	--name phone --key phone.pub
expect_exit 73 "once" bankd terminal --customer Alice --name again --key phone.pub
expect_exit 66 "of a customer" bankd terminal --customer Nobody --name x --key phone.pub
expect_exit 65 "a P-384 key is none" bankd terminal --customer Alice --name x \
	--key soft/p384.key
orders "level-1000 alice-sign ES256 -" "level-1001 alice-sign ES256 none" \
	"level-1002 alice-sign ES256 host" "level-2001 alice-sign ES256 host" \
	"level-2002 alice-sign ES256 terminal" \
	"level-2003 alice-sign ES256 terminal stolen.key 1" \
	"level-2004 alice-sign ES256 terminal phone.key 1 late" \
	"level-2005 alice-sign ES256 terminal phone.key 1 other" \
	"level-2012 alice-sign ES256 terminal phone.key 5" \
	"level-2013 alice-sign ES256 terminal phone.key 5" \
	"level-2014 alice-sign ES256 terminal phone.key 6" \
	"level-500 alice-sign ES256 screen"
expect_line '^level-1000 200 $' "up to the limit nothing is asked"
expect_line '^level-1001 422 display-level' "above it the host must show it"
expect_line '^level-1002 200 $' "it says so"
expect_line '^level-2001 422 display-level' "above the next a terminal must"
expect_line '^level-2002 422 display-statement' "and state it"
expect_line '^level-2003 422 display-statement' "not just any terminal"
expect_line '^level-2004 422 display-statement' "nor an hour ago"
expect_line '^level-2005 422 display-statement' "nor another text"
expect_line '^level-2012 200 $' "Alice's phone can"
expect_line '^level-2012 display terminal True$' "and its statement is kept"
expect_line '^level-2013 422 display-statement' "a counter counts once"
expect_line '^level-2014 200 $' "the next one"
expect_line '^level-500 400 malformed' "there are three levels"
expect_exit 0 "the phone is lost" bankd terminal --customer Alice --name phone --revoke
expect_exit 66 "once" bankd terminal --customer Alice --name phone --revoke
orders "level-2015 alice-sign ES256 terminal phone.key 7"
expect_line '^level-2015 422 display-statement' "it is believed no more"
expect_exit 0 "the books balance" audit
