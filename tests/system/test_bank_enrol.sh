# Somebody asks for a certificate over HTTP; somebody at the bank looks at it and
# decides. Requests and certificates are openssl's.
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
