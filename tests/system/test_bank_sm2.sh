# SM2 from the card to the books: the test bank's own SM2 CA, and another one by
# configuration; login, order, evidence, revocation lists, receipt. The judges are openssl
# and a program that knows SM2 from the standards alone.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
ID=distid:1234567812345678

bankd() {
	local what=$1
	shift
	"$BIN/ukey-bankd" "$what" --dir bank "$@"
}

gm() {
	python3 "$HERE/gm_cms.py" "$@"
}

# sm2_card NAME CUSTOMER ISSUE: a card with SM2 keys; ISSUE PURPOSE NAME makes the
# certificate NAME.PURPOSE.pem of the request NAME.csr.
sm2_card() {
	local key=1 purpose
	vcard init --card "$1.card" --label "$2's card" --key-type sm2 \
		--bank-key bank/sign.pem --pin-fd 8 --puk-fd 9 || return
	for purpose in login transaction; do
		vcard request --card "$1.card" --key $key --pin-fd 8 \
			--subject "/CN=$2" >"$1.csr" && $3 $purpose "$1" &&
			vcard import --card "$1.card" --key $key --pin-fd 8 \
				--cert "$1.$purpose.pem" || return
		key=$((key + 1))
	done
	vcard activate --card "$1.card"
}

by_the_bank() {
	bankd enroll --customer Alice --request "$2.csr" --purpose "$1" >"$2.$1.pem"
}

# An SM2 CA in openssl's hands, with lists (ca(1)).
outer() {
	openssl "$@" 2>>outer.log
}

make_outer_ca() {
	outer genpkey -algorithm SM2 -out outer.key
	outer req -x509 -key outer.key -sm3 -sigopt $ID -subj "/CN=Outer SM2 CA" -days 30 \
		-out outer.pem -addext keyUsage=critical,keyCertSign,cRLSign
	: >index.txt
	echo 01 >crlnumber
	printf '%s\n' '[ca]' 'default_ca=a' '[a]' 'database=index.txt' 'crlnumber=crlnumber' \
		'default_md=sm3' 'default_crl_days=20' 'certificate=outer.pem' \
		'private_key=outer.key' >outer.cnf
	printf '%s\n' '[login]' 'keyUsage=critical,digitalSignature' \
		'extendedKeyUsage=clientAuth' '[transaction]' \
		'keyUsage=critical,nonRepudiation' >ext.cnf
	outer_list
}

outer_list() {
	outer ca -config outer.cnf -gencrl -sigopt $ID -out outer.crl
}

by_outer() {
	outer x509 -req -in "$2.csr" -vfyopt $ID -CA outer.pem -CAkey outer.key -sm3 \
		-sigopt $ID -days 20 -extfile ext.cnf -extensions "$1" -out "$2.$1.pem" &&
		bankd register --customer Alice --purpose "$1" --cert "$2.$1.pem"
}

proves "a bank whose CA is SM2's"
expect_exit 65 "there are two kinds of CA" bankd init --algorithm sm4
expect_exit 0 "ukey-bankd init" bankd init --name "SM2 Bank" --algorithm sm2
expect_line 'customers trust two CAs' "says whom customers trust"
cat bank/ca.pem bank/tls-ca.pem >trusted.pem
ok "openssl verifies the bank's certificate" openssl verify -vfyopt $ID \
	-CAfile bank/ca.pem bank/sign.pem
expect_exit 0 "ukey-bankd check" bankd check
ok "a card with SM2 keys" sm2_card alice Alice by_the_bank
ok "openssl verifies its certificate" openssl verify -vfyopt $ID \
	-CAfile bank/ca.pem alice.login.pem
for account in "Alice $ALICE 1000.00" "Bob $BOB 5.00"; do
	# shellcheck disable=SC2086
	set -- $account
	bankd account --customer "$1" --account "$2" --currency CNY --deposit "$3"
done >/dev/null

export HOME=$WORK/home
mkdir -p "$HOME/.config/ukey"
printf '%s\n' "bank = $ORIGIN" "ca = $WORK/trusted.pem" "module = $MODULE" \
	>"$HOME/.config/ukey/config"
pcsc_start
card_insert alice
bank_start

proves "login, order, receipt"
expect_exit 0 "ukey doctor" ukey doctor
expect_exit 0 "ukey login" ukey login
expect_line "$ALICE +1000.00 CNY" "shows the account"
expect_exit 0 "ukey transfer" pay 12.34 --memo "六月房租"
expect_line 'Result: posted' "it is posted"
expect_equal "the books say so" 98766 "$(balance)"
expect_equal "signed with SM2" SM2 \
	"$(sqlite3 -readonly bank/bank.db 'select algorithm from orders')"
expect_exit 0 "the books balance" audit
receipt=$(echo "$HOME"/.local/share/ukey/receipts/*.json)
expect_exit 0 "ukey verify-receipt" ukey verify-receipt "$receipt"

proves "numbers bound to a card whose own keys are SM2"
expect_exit 0 "bound" ukey bind DE-1001
expect_exit 0 "and read back" ukey bound
expect_line 'DE\*\*\*\*01' "masked"
expect_exit 0 "taken off" ukey unbind DE-1001

proves "evidence: GM/T 0010, read by another program"
evidence=$(echo "$HOME"/.local/share/ukey/receipts/*.p7m)
ok "that program knows its standards" gm selftest
ok "it verifies signature, certificate and the list inside" gm verify "$evidence" bank/ca.pem
OUT=$(gm verify "$evidence" bank/ca.pem) ERR=
expect_line '六月房租' "it is the order"
expect_exit 0 "ukey verify-evidence" ukey verify-evidence "$evidence"
expect_line 'not revoked' "with the list"
expect_exit 0 "the operator's" bankd evidence --customer Alice \
	--order "$(basename "$evidence" .p7m)"
python3 - "$evidence" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[data.index(b"12.34")] ^= 1
open("altered.p7m", "wb").write(data)
PY
expect_exit 97 "altered, it is none" ukey verify-evidence altered.p7m
ok "to neither" not gm verify altered.p7m bank/ca.pem

proves "revoked, on a list that SM2 signs with its ID"
expect_exit 0 "ukey-bankd revoke" bankd revoke --cert alice.transaction.pem
expect_exit 64 "an order is refused" pay 1.00
expect_equal "nothing moved" 98766 "$(balance)"
expect_exit 0 "revoke" bankd revoke --cert alice.login.pem
expect_exit 64 "so is a login" ukey login
ok "the evidence from before is as good as it was" gm verify "$evidence" bank/ca.pem
bank_stop
card_remove

proves "another SM2 CA, by configuration"
make_outer_ca
ok "a card with certificates of that CA" sm2_card second Alice by_outer
card_insert second
bank_start
expect_exit 61 "that nobody trusts yet" ukey login
bank_stop
python3 - "$WORK" <<'PY'
import json, sys
c = json.load(open("bank/bankd.json"))
c["loginCAs"] = c["transactionCAs"] = [sys.argv[1] + "/outer.pem"]
json.dump(c, open("bank/bankd.json", "w"))
PY
bank_start
expect_exit 66 "nor without its list" ukey login
bank_stop
python3 - "$WORK" <<'PY'
import json, sys
c = json.load(open("bank/bankd.json"))
c["crls"] = [sys.argv[1] + "/outer.crl"]
json.dump(c, open("bank/bankd.json", "w"))
PY
bank_start
rm -r "$HOME/.local/share"
expect_exit 0 "ukey login" ukey login
expect_exit 0 "ukey transfer" pay 2.00
evidence=$(echo "$HOME"/.local/share/ukey/receipts/*.p7m)
ok "the other program verifies it" gm verify "$evidence" outer.pem
expect_exit 0 "and so do we" ukey verify-evidence "$evidence" --ca outer.pem
printf 'R\t350101000000Z\t250101000000Z\t%s\tunknown\t/CN=Alice\n' \
	"$(openssl x509 -in second.login.pem -noout -serial | cut -d= -f2)" >index.txt
outer_list
expect_exit 64 "revoked by its CA" ukey login
