# Is a certificate revoked? The bank asks OCSP responders: openssl's, and one that lies.
. "$(dirname "$0")/lib.sh"

RESPONDER=8560
new_bank
mkdir ca
cp soft/*.pem bank/ca.key ca/ # soft/ca.pem is the bank's
mkfifo ca/go
echo good >ca/MODE

settings() { # NAME VALUE...: JSON values
	python3 - "$@" <<'PY'
import json, sys
c = json.load(open("bank/bankd.json"))
for name, value in zip(sys.argv[1::2], sys.argv[2::2]):
    c[name] = json.loads(value)
json.dump(c, open("bank/bankd.json", "w"))
PY
}

restart() {
	[[ -z ${BANK_PID:-} ]] || bank_stop
	settings "$@"
	bank_start
}

client() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bank_ocsp.py" "$BANK_PORT" "$ORIGIN" "$@"
}

asked() {
	wc -l <ca/asked
}

# --- openssl's -----------------------------------------------------------------

serial() {
	openssl x509 -in "soft/$1.pem" -noout -serial | cut -d= -f2
}

# openssl's list of what a CA has issued (ca(1)).
{
	printf 'V\t350101000000Z\t\t%s\tunknown\t/CN=a\n' "$(serial alice-auth)"
	printf 'V\t350101000000Z\t\t%s\tunknown\t/CN=b\n' "$(serial alice-sign)"
	printf 'R\t350101000000Z\t250101000000Z\t%s\tunknown\t/CN=c\n' "$(serial bob-auth)"
} >index.txt
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout responder.key \
	-subj "/CN=Responder" -out responder.csr 2>/dev/null
printf 'extendedKeyUsage=OCSPSigning\nnoCheck=ignored\n' >responder.cnf
openssl x509 -req -in responder.csr -CA bank/ca.pem -CAkey bank/ca.key -days 2 \
	-extfile responder.cnf -out responder.pem 2>/dev/null

openssl_responder() { # CERTIFICATE KEY
	background openssl ocsp -port $RESPONDER -index index.txt -CA bank/ca.pem \
		-rsigner "$1" -rkey "$2" -nmin 5 -ignore_err >responder.log 2>&1
	until_true 10 grep -q 'waiting for' responder.log
}

proves "openssl's responder is believed"
settings ocsp '"hard"' ocspNonce 1 \
	ocspResponders "[\"ca.pem http://127.0.0.1:$RESPONDER/\"]" requestSeconds 20
for signer in responder bank/ca; do
	openssl_responder $signer.pem $signer.key
	restart
	expect_equal "good ($signer)" 200 "$(client login alice-auth)"
	expect_equal "revoked there, in no list" "403 cert-revoked" "$(client login bob-auth)"
	kill "$LAST_PID"
	wait "$LAST_PID" 2>/dev/null
done
openssl_responder responder.pem responder.key
restart
expect_equal "login and order" "200 200" "$(client pay alice-auth alice-sign OCSP-1)"
kill "$LAST_PID"
wait "$LAST_PID" 2>/dev/null

proves "the answer is part of the evidence, and openssl believes it years later"
python3 - <<'PY'
der = open("OCSP-1.p7m", "rb").read()
# id-ri-ocsp-response (RFC 5940, 2.1) and what follows it: a SEQUENCE of less than 64 KB.
at = der.index(bytes.fromhex("06082b06010505071002")) + 10
assert der[at : at + 2] == b"\x30\x82"
open("answer.der", "wb").write(der[at : at + 4 + int.from_bytes(der[at + 2 : at + 4], "big")])
PY
openssl ocsp -no_nonce -respin answer.der -CAfile bank/ca.pem -issuer bank/ca.pem \
	-cert soft/alice-sign.pem >verified 2>&1
ok "it verifies" grep -q 'Response verify OK' verified
ok "and says good" grep -q 'alice-sign.pem: good' verified
ok "openssl reads the whole" openssl cms -verify -binary -inform DER -in OCSP-1.p7m \
	-CAfile bank/ca.pem -purpose any -out signed.text

proves "ukey verify-evidence believes it for the same reasons"
expect_exit 0 "as it is" ukey verify-evidence OCSP-1.p7m
expect_line 'not revoked' "says so"
expect_exit 97 "not months later" ukey verify-evidence OCSP-1.p7m --at \
	"$(date -u -d '+60 days' +%Y-%m-%dT%H:%M:%SZ)"
# The answer's signature is a BIT STRING behind ecdsa-with-SHA256.
python3 - <<'PY'
data = bytearray(open("OCSP-1.p7m", "rb").read())
at = data.index(bytes.fromhex("06082b06010505071002"))
data[data.index(bytes.fromhex("300a06082a8648ce3d040302"), at) + 30] ^= 1
open("altered.p7m", "wb").write(data)
PY
expect_exit 97 "not with another signature" ukey verify-evidence altered.p7m
expect_line 'what the responder said' "and says what is wrong"

proves "a CA that publishes no lists: ocspOnly"
mkdir only
(
	cd only || exit
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key \
		-out ca.pem -days 30 -subj "/CN=Listless CA" \
		-addext keyUsage=critical,keyCertSign,cRLSign
	printf '%s\n' '[auth]' 'keyUsage=critical,digitalSignature' \
		'extendedKeyUsage=clientAuth' '[sign]' 'keyUsage=critical,nonRepudiation' >ext.cnf
	for use in auth sign; do
		openssl ecparam -name prime256v1 -genkey -noout -out ../soft/only-$use.key
		openssl req -new -key ../soft/only-$use.key -subj /CN=Alice -out req.csr
		openssl x509 -req -in req.csr -CA ca.pem -CAkey ca.key -days 20 -extfile ext.cnf \
			-extensions $use -out ../soft/only-$use.pem
		cp ../soft/only-$use.pem .
	done
	echo good >MODE
) >only.log 2>&1
for use in login:auth transaction:sign; do
	"$BIN/ukey-bankd" register --dir bank --customer Alice --purpose ${use%:*} \
		--cert soft/only-${use#*:}.pem >>only.log
done
CAS="[\"$WORK/only/ca.pem\"]"
background env PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/ocsp_responder.py" 8561 only 2>liar2.log
until_true 10 test -f only/ready
restart ocsp '"off"' ocspNonce 0 loginCAs "$CAS" transactionCAs "$CAS" \
	ocspResponders "[\"$WORK/only/ca.pem http://127.0.0.1:8561/\"]"
expect_equal "without the setting a list is wanted" "403 crl-missing" "$(client login only-auth)"
restart ocspOnly "$CAS"
expect_equal "with it none, and the policy off is for others" 200 "$(client login only-auth)"
expect_equal "the responder was asked" 1 "$(wc -l <only/asked)"
expect_equal "others log in as ever" 200 "$(client login alice-auth)"
expect_equal "and an order" "200 200" "$(client pay only-auth only-sign ONLY-1)"
expect_exit 0 "its evidence rests on the answer" ukey verify-evidence ONLY-1.p7m --ca only/ca.pem
expect_line 'not revoked' "and says so"
for mode in garbage foreign unknown; do
	echo $mode >only/MODE
	restart ocsp '"soft"'
	expect_equal "soft is no help: $mode" "403 crl-missing" "$(client login only-auth)"
done
echo revoked >only/MODE
restart
expect_equal "revoked" "403 cert-revoked" "$(client login only-auth)"
restart ocspResponders '[]'
expect_equal "nobody to ask" "403 crl-missing" "$(client login only-auth)"
expect_equal "which is no matter for others" 200 "$(client login alice-auth)"
settings loginCAs '[]' transactionCAs '[]' ocspOnly '[]' ocspNonce 1 \
	ocspResponders "[\"ca.pem http://127.0.0.1:$RESPONDER/\"]"

# --- one that lies --------------------------------------------------------------

background env PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/ocsp_responder.py" $RESPONDER ca 2>liar.log
until_true 10 test -f ca/ready

reloads() {
	grep -c event=crl-reload bank.log
}

more_reloads() {
	[[ $(reloads) -gt $1 ]]
}

# Settings are read again, and what was known of certificates is forgotten.
reload() { # NAME VALUE...
	local before
	before=$(reloads)
	[[ $# == 0 ]] || settings "$@"
	kill -HUP "$BANK_PID"
	until_true 10 more_reloads "$before"
}

policy=
# says_then MODE POLICY WANTED [NAME]: to a login.
says_then() {
	echo "$1" >ca/MODE
	if [[ $2 == "$policy" ]]; then reload; else reload ocsp "\"$2\""; fi
	policy=$2
	expect_equal "$1, $2" "$3" "$(client login "${4:-alice-auth}")"
}

proves "what counts and what does not"
for mode in good delegate listed-delegate; do
	says_then $mode hard 200
done
for mode in foreign no-usage other-usage late-delegate bad-signature garbage huge \
	try-later http-500 other-cert stale old future wrong-nonce no-nonce longer unknown; do
	says_then $mode hard "403 crl-missing"
done
says_then revoked hard "403 cert-revoked"

proves "soft: without an answer the lists decide"
for mode in garbage foreign stale; do
	says_then $mode soft 200
done
says_then revoked soft "403 cert-revoked"
says_then unknown soft "403 crl-missing"
settings ocspNonce 0 # read with the next one
says_then no-nonce hard 200
says_then wrong-nonce hard "403 crl-missing"

proves "it is asked once: what is known is remembered, who waits waits together"
: >ca/asked
says_then good hard 200
expect_equal "again" 200 "$(client login alice-auth)"
expect_equal "so many questions" 1 "$(asked)"
: >ca/asked
echo slow >ca/MODE
reload
client together 5 alice-auth >together &
waiting=$!
until_true 10 grep -q slow ca/asked
expect_equal "the others go on" "403 cert-revoked" "$(client login revoked)"
echo now >ca/go
wait "$waiting"
expect_equal "all of them" "200 200 200 200 200" "$(cat together)"
expect_equal "by one question" 1 "$(asked)"

proves "a responder that says nothing is not waited for"
restart ocspSeconds 1
expect_equal "hard" "403 crl-missing" "$(client login alice-auth)"
echo now >ca/go
reload ocsp '"soft"'
expect_equal "soft" 200 "$(client login alice-auth)"
echo now >ca/go
reload ocsp '"off"'
: >ca/asked
expect_equal "off" 200 "$(client login alice-auth)"
expect_equal "nobody is asked" 0 "$(asked)"

proves "with the connection's certificate as well"
echo revoked >ca/MODE
restart ocsp '"hard"' cardPort 9444 ocspSeconds 5
expect_equal "refused" cert-revoked "$(curl -sS --cacert bank/ca.pem -d '' \
	--cert soft/alice-auth.pem --key soft/alice-auth.key \
	https://localhost:9444/v1/login/tls |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["error"]["code"])')"
