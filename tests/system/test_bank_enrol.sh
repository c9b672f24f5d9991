# Somebody asks for a certificate over HTTP; somebody at the bank looks at it and
# decides. Requests and certificates are openssl's, then those of `ukey enrol` and
# cards.
. "$(dirname "$0")/lib.sh"

new_bank
bank_start

bankd() {
	local what=$1
	shift
	"$BIN/ukey-bankd" "$what" --dir bank "$@"
}

api() {
	curl -sS --cacert bank/ca.pem "$@" >answer.json
}

# member NAME: of the last answer.
member() {
	python3 -c 'import json,sys; print(json.load(open("answer.json")).get(sys.argv[1], ""))' "$1"
}

error() {
	python3 -c 'import json; print(json.load(open("answer.json"))["error"]["code"])'
}

# ask NAME PURPOSE FILE
ask() {
	python3 - "$@" >body.json <<'PY'
import json, sys
print(json.dumps({"name": sys.argv[1], "purpose": sys.argv[2],
                  "request": open(sys.argv[3]).read()}))
PY
	api -d @body.json "$ORIGIN/v1/enrol"
}

openssl ecparam -name prime256v1 -genkey -noout -out dora.key
openssl req -new -key dora.key -subj "/CN=Anybody" -out dora.csr

proves "asking"
ok "a request is taken" ask "Dora Weiß" login dora.csr
expect_equal "it waits" waiting "$(member state)"
receipt=$(member enrolment)
dora=$receipt
api "$ORIGIN/v1/enrol/$receipt"
expect_equal "and is found by its receipt" waiting "$(member state)"
api "$ORIGIN/v1/enrol/${receipt/[0-9]/x}"
expect_equal "by no other" not-found "$(error)"
expect_equal "the receipt itself is not in the database" "" \
	"$(grep -a "$receipt" bank/bank.db* bank.log)"

proves "what is no request"
sed 's/^MI/MA/' dora.csr >bad.csr
ask Dora login bad.csr
expect_equal "not a request" malformed "$(error)"
openssl req -in dora.csr -outform DER -out dora.der
python3 - <<'PY'
import base64
der = bytearray(open("dora.der", "rb").read())
der[-1] ^= 1
open("forged.csr", "w").write("-----BEGIN CERTIFICATE REQUEST-----\n" +
    base64.encodebytes(bytes(der)).decode() + "-----END CERTIFICATE REQUEST-----\n")
PY
ask Dora login forged.csr
expect_equal "not signed by its key" malformed "$(error)"
openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -subj /CN=x -out weak.csr 2>/dev/null
ask Dora login weak.csr
expect_equal "a key that is too short" malformed "$(error)"
ask Dora everything dora.csr
expect_equal "a purpose that is none" malformed "$(error)"
ask 'Dora<b>' login dora.csr
expect_equal "a name that cannot be shown" malformed "$(error)"

proves "deciding"
expect_exit 0 "the bank sees it" bankd requests
expect_line "^1 .*login  Dora Weiß"
fingerprint=$(openssl pkey -in dora.key -pubout -outform DER | sha256sum | cut -d' ' -f1)
expect_line "key $fingerprint" "and the key's fingerprint, as openssl has it"
expect_exit 0 "also as JSON" bankd requests --json
expect_exit 65 "no such request" bankd approve --number 7
expect_exit 0 "approval" bankd approve --number 1
bankd approve --number 1 >/dev/null 2>said
expect_equal "once" 1 "$(grep -c 'decided already' said)"
expect_exit 65 "and not the other way round" bankd reject --number 1 --reason "No"
api "$ORIGIN/v1/enrol/$receipt"
expect_equal "the customer gets it" approved "$(member state)"
member certificate | base64 -d >dora.crt
expect_exit 0 "a certificate of the bank's CA" \
	openssl verify -CAfile bank/ca.pem -purpose sslclient <(openssl x509 -inform DER -in dora.crt)
expect_equal "for his key" "$(openssl pkey -in dora.key -pubout)" \
	"$(openssl x509 -inform DER -in dora.crt -noout -pubkey)"
run openssl x509 -inform DER -in dora.crt -noout -subject -nameopt utf8,sep_multiline
expect_line "CN=Dora Weiß" "under the name that the bank agreed to"
expect_exit 0 "it is his" bankd certificates --customer "Dora Weiß"

proves "refusing"
ask "Mallory" transaction dora.csr
receipt=$(member enrolment)
expect_exit 0 "a refusal" bankd reject --number 2 --reason "We do not know you"
api "$ORIGIN/v1/enrol/$receipt"
expect_equal "is told" "rejected We do not know you" "$(member state) $(member reason)"
expect_equal "nothing was issued" "" "$(member certificate)"

# bare_card NAME TYPE [options]: keys, PIN and PUK, but no certificate.
bare_card() {
	local name=$1 type=$2
	shift 2
	vcard init --card "$name.card" --label "$name" --key-type "$type" \
		--pin-fd 8 --puk-fd 9 "$@" && vcard activate --card "$name.card"
}

# newest COLUMN: of the last request that the bank has.
newest() {
	sqlite3 -readonly bank/bank.db \
		"select $1 from enrolments order by id desc limit 1"
}

said() {
	python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' \
		"$1" <<<"$OUT"
}

# asks PURPOSE [options of openssl req]: and the request that waits then is good.
asks() {
	local purpose=$1 key
	shift
	expect_exit 0 "ukey enrol asks for a $purpose certificate" \
		ukey enrol --purpose "$purpose" --name "Erika Ö" --json
	expect_equal "it waits" waiting "$(said state)"
	key=$(said key)
	newest request >asked.csr
	expect_exit 0 "openssl finds the request good" \
		openssl req -in asked.csr -noout -verify -subject -nameopt utf8 "$@"
	expect_line "verify OK" "and signed by its key"
	expect_line "Erika Ö" "with the name in it"
	expect_equal "the clerk sees the key that the customer was shown" "$key" \
		"$(openssl req -in asked.csr -noout -pubkey |
			openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)"
	bankd requests | grep -q "key $key" || not_met "in the list"
	kept=("$HOME"/.local/share/ukey/enrolments/*.json)
}

approve() {
	bankd approve --number "$(newest id)"
}

proves "a card without certificates"
pcsc_start
for type in p256 rsa2048 sm2; do
	bare_card "bare-$type" $type >"$WORK/$type.log" 2>&1 ||
		not_met "a card with $type keys"
done
card_insert bare-p256
expect_exit 82 "cannot log in" ukey login
expect_exit 2 "nothing was asked for" ukey enrol --fetch
expect_exit 2 "a name is needed" ukey enrol --purpose login
expect_exit 2 "and a purpose that is one" ukey enrol --purpose all --name E
expect_exit 87 "and a key" ukey enrol --purpose login --name E --key 77

proves "login with a certificate that the card asked for"
asks login
expect_equal "the note of it is nobody else's to read" 600 "$(stat -c %a "${kept[0]}")"
expect_exit 0 "not yet" ukey enrol
expect_line "waits there"
CARD_PIN=000000 expect_exit 0 "which takes no PIN" ukey enrol --fetch
expect_equal "nor was it asked for twice" 1 "$(bankd requests | grep -c Erika)"
ok "the bank agrees" approve
CARD_PIN=000000 expect_exit 32 "a wrong PIN writes nothing" ukey enrol
expect_exit 0 "then it is on the card" ukey enrol --json
expect_equal "it says so" installed "$(said state)"
expect_exit 0 "and the key logs in" ukey login
expect_line "as Erika Ö"
not_there=("${kept[0]}")
expect_equal "nothing is kept any more" no "$([[ -e ${not_there[0]} ]] && echo yes || echo no)"
expect_exit 87 "the key has its certificate" \
	ukey enrol --purpose login --name "Erika Ö"

proves "what is not the certificate that was asked for"
asks transaction
sqlite3 bank/bank.db "update enrolments set purpose = 0 where id = $(newest id)"
ok "the bank agrees to something else" approve
expect_exit 93 "one for another use is refused" ukey enrol
expect_line "not for transaction"
python3 - "${kept[0]}" "$dora" <<'PY'
import json, sys
note = json.load(open(sys.argv[1]))
note["enrolment"] = sys.argv[2]
json.dump(note, open(sys.argv[1], "w"))
PY
expect_exit 93 "and so is one for another key" ukey enrol
expect_line "not for this card's key"
expect_exit 0 "nothing was written" ukey cards
expect_equal "beside the one for login" 1 "$(grep -c 'good until' <<<"$OUT")"
card_remove

proves "a refusal"
card_insert bare-rsa2048
asks transaction
bankd reject --number "$(newest id)" --reason "Come to the branch" >/dev/null
expect_exit 99 "is told" ukey enrol
expect_line "Come to the branch"

proves "asking again, with RSA"
asks login
asks transaction
expect_exit 2 "two that wait: which one?" ukey enrol
for id in $(sqlite3 bank/bank.db "select id from enrolments where state = 0"); do
	ok "the bank agrees" bankd approve --number "$id"
done
for purpose in login transaction; do
	expect_exit 0 "the $purpose certificate" ukey enrol --purpose $purpose
done
expect_exit 0 "the key logs in" ukey login
expect_exit 0 "both are there" ukey cards
expect_line "transactions +RSA 2048"
card_remove

proves "SM2"
card_insert bare-sm2
asks login -vfyopt distid:1234567812345678
card_remove

proves "a card that signs only what the bank has proved"
bare_card proved p256 --bank-key bank/sign.pem >"$WORK/proved.log" 2>&1
card_insert proved
expect_exit 16 "signs no request with the key for orders" \
	ukey enrol --purpose transaction --name "Erika Ö"
expect_line "from the bank"
expect_exit 0 "but one with the key for login" \
	ukey enrol --purpose login --name "Erika Ö"

card_remove

proves "a card whose certificates are not its owner's to write: PIV"
admin=010203040506070801020304050607080102030405060708 # as they come
"$BIN/ukey-vcard" init --app piv-yubico --card piv.card
card_insert piv
ok "a key" foreign pkcs11-tool --module "$MODULE" --login --login-type so \
	--so-pin $admin --keypairgen --key-type EC:prime256v1 --id 01
CARD_PIN=123456
asks login
ok "the bank agrees" approve
expect_exit 16 "the certificate is not written" ukey enrol
expect_line "only its administrator"
expect_exit 16 "and the request is not forgotten" ukey enrol --fetch

proves "asking too often"
kill "$BANK_PID"
wait "$BANK_PID" 2>/dev/null
python3 - <<'PY'
import json
settings = json.load(open("bank/bankd.json"))
settings["loginFailuresPerMinute"] = 4
json.dump(settings, open("bank/bankd.json", "w"))
PY
bank_start
for _ in {1..20}; do
	ask Dora login dora.csr
	grep -q busy answer.json && break
done
expect_equal "ends in busy" busy "$(error)"
