# ukey-vcard exec: a command with a card of its own; what is left of it afterwards is
# nothing. Other people's programs are the commands.
. "$(dirname "$0")/lib.sh"

V=$BIN/ukey-vcard
export TMPDIR=$WORK/tmp
mkdir -m 1777 tmp
left_over() { ls -A tmp | wc -l; }
card() { foreign "$V" exec "$@"; }

proves "the token is there, and quickly"
begin=${EPOCHREALTIME/./}
expect_exit 0 "pkcs11-tool -L" card -- pkcs11-tool --module "$MODULE" -L
took=$((${EPOCHREALTIME/./} - begin))
expect_line 'token label +: Test card'
limit=2000000
[[ -z ${UKEY_SANITIZE:-} ]] || limit=20000000
ok "in $((took / 1000)) ms" test "$took" -lt "$limit"
expect_equal "nothing is left" 0 "$(left_over)"

proves "every profile signs, and its certificates are good"
cat >job <<'END'
set -e
module=$1 mechanism=$2 digest=$3
cd "$UKEY_VCARD_DIR"
printf hello >data
pkcs11-tool --module "$module" -l --pin 123456 -s -m "$mechanism" \
	--label Login --input-file data --output-file sig \
	${4:+--signature-format openssl} >log 2>&1 || { cat log; exit 1; }
pkcs11-tool --module "$module" -r -y cert --label Login -o cert.der >>log 2>&1
openssl x509 -inform DER -in cert.der -out cert.pem
openssl x509 -in cert.pem -noout -pubkey >pub
openssl verify -CAfile ca.pem -purpose sslclient cert.pem
openssl dgst "-$digest" -verify pub -signature sig data
END
for row in "p256 ECDSA-SHA256 sha256 der" "p384 ECDSA-SHA384 sha384 der" \
	"p521 ECDSA-SHA512 sha512 der" "rsa2048 SHA256-RSA-PKCS sha256"; do
	# shellcheck disable=SC2086
	set -- $row
	expect_exit 0 "$1" card --profile "$1" -- bash job "$MODULE" "${@:2}"
	expect_line 'Verified OK'
	expect_line 'cert.pem: OK'
done
expect_equal "nothing is left, not even what the command wrote" 0 "$(left_over)"

proves "a card of one's own, which keeps what becomes of it"
new_card p256-free mine
wrong() {
	card --card mine.card -- pkcs11-tool --module "$MODULE" -l --pin 9999 -O
}
expect_exit 1 "a wrong PIN" wrong
ok "the card remembers" grep -q '"pin_tries":2' <("$V" info --json mine.card)
expect_exit 125 "a card that is not there" card --card nothing -- true
expect_line 'make one with ukey-vcard init'
"$V" run --socket held mine.card >held.ready &
children+=($!)
until_true 10 test -s held.ready
expect_exit 125 "a card that is in use" card --card mine.card -- true
expect_line 'another ukey-vcard has this card'
kill "${children[-1]}"
wait "${children[-1]}"
new_card rsa2048-free other
expect_exit 0 "two cards" card --card mine.card --card other.card -- \
	pkcs11-tool --module "$MODULE" -L
expect_line 'Virtual Card Reader 00 01'

proves "exit codes are the command's, or say why there was none"
expect_exit 42 "its own" card -- sh -c 'exit 42'
expect_exit 143 "ended by a signal" card -- sh -c 'kill -TERM $$'
expect_exit 127 "no such command" card -- ./no-such-command
expect_line 'no such command'
expect_exit 126 "not a program" card -- ./mine.card
expect_exit 2 "no command" card
expect_exit 2 "an unknown option" card --fly -- true
expect_exit 125 "an unknown profile" card --profile rsa512 -- true
expect_line "there is no profile of this name"
expect_exit 125 "no place for its folder" env TMPDIR=/nonexistent/ "$V" exec -- true
expect_exit 0 "options of the command are the command's" card -- sh -c 'test "$1" = --card' sh --card
expect_equal "nothing is left" 0 "$(left_over)"

proves "the command may do things to its card"
cat >doing <<'END'
set -e
$1 control count >/dev/null
$1 control remove
pkcs11-tool --module "$2" -L 2>&1
$1 control insert
pkcs11-tool --module "$2" -L 2>&1
END
expect_exit 0 "remove, insert" card -- bash doing "$V" "$MODULE"
expect_line '\(empty\)'
expect_line 'token label +: Test card'

proves "signals reach the command, and it is given time"
rm -f got started
mkfifo started
"$V" exec -- bash -c 'trap "echo got >got; exit 7" USR1; echo >started
	while :; do sleep 0.05; done' &
pid=$!
children+=($pid)
read -r -t 10 <started
kill -USR1 $pid
wait $pid
expect_equal "its exit code" 7 $?
ok "its handler ran" test -s got
"$V" exec -- bash -c 'echo >started; exec sleep 1000' &
pid=$!
read -r -t 10 <started
kill -TERM $pid
wait $pid
expect_equal "SIGTERM ends both" 143 $?
expect_equal "nothing is left" 0 "$(left_over)"
"$V" exec -- bash -c 'echo $$ >started; exec sleep 1000' &
pid=$!
read -r -t 10 command <started
kill -KILL $pid
wait $pid 2>/dev/null
ok "nobody outlives ukey-vcard" until_true 5 not kill -0 "$command" 2>/dev/null
rm -rf tmp/*

proves "--pcsc: the same for programs that use PC/SC, in a service of their own"
begin=${EPOCHREALTIME/./}
expect_exit 0 "opensc-tool" "$V" exec --pcsc -- opensc-tool --atr
took=$((${EPOCHREALTIME/./} - begin))
expect_line '^3b:8a:01:80:73:d4:01:c0:54:75:6b:65:79:3b'
ok "in $((took / 1000)) ms" test "$took" -lt "$limit"
new_card p256-free third
expect_exit 0 "two cards in two slots" "$V" exec --pcsc --card mine.card \
	--card other.card -- opensc-tool -l
expect_line 'Yes +Virtual PCD 00 01'
expect_exit 125 "there is no third" "$V" exec --pcsc --card mine.card \
	--card other.card --card third.card -- opensc-tool -l
expect_line 'vpcd has two slots'
expect_exit 0 "the module finds it there" card --pcsc -- pkcs11-tool --module "$MODULE" -L
expect_line 'Slot 0 .*: Virtual PCD 00 00'
expect_exit 42 "exit code" "$V" exec --pcsc -- sh -c 'exit 42'
expect_exit 127 "no such command" "$V" exec --pcsc -- ./no-such-command
cat >doing <<'END'
set -e
$1 control remove
for i in $(seq 100); do opensc-tool -l | grep -q 'No  *Virtual PCD 00 00' && break; sleep 0.05; done
opensc-tool -l
$1 control insert
for i in $(seq 100); do opensc-tool -l | grep -q 'Yes  *Virtual PCD 00 00' && break; sleep 0.05; done
opensc-tool --atr
END
expect_exit 0 "remove, insert" "$V" exec --pcsc -- bash doing "$V"
expect_line 'No +Virtual PCD 00 00'
expect_line '^3b:8a'
expect_exit 0 "with the network of the one who asked" "$V" exec --pcsc -- \
	bash -c 'test "$(readlink /proc/self/ns/net)" = "$1"' sh "$(readlink /proc/self/ns/net)"
if [[ $(id -u) == 0 ]]; then
	expect_exit 0 "where namespaces are forbidden" setpriv \
		--bounding-set=-sys_admin --inh-caps=-sys_admin -- \
		"$V" exec --pcsc -- opensc-tool --atr
	expect_line '^3b:8a'
fi
"$V" exec --pcsc -- bash -c 'echo $$ >started; exec sleep 1000' &
pid=$!
read -r -t 20 command <started
kill -KILL $pid
wait $pid 2>/dev/null
ok "killed: the command ends" until_true 5 not kill -0 "$command" 2>/dev/null
ok "killed: the service ends" until_true 10 not pgrep -x pcscd
rm -rf tmp/*
mount -t tmpfs tmpfs /usr/lib/pcsc/drivers/serial
expect_exit 125 "without vpcd" "$V" exec --pcsc -- true
expect_line 'install pcscd and vsmartcard-vpcd'
umount /usr/lib/pcsc/drivers/serial
expect_equal "nothing is left" 0 "$(left_over)"

proves "no root, no service, nothing but what is installed"
cmake --install "$UKEY_BUILD" --prefix "$WORK/tree" >install.log 2>&1
ok "installed" test -x tree/bin/ukey-vcard
chmod -R a+rX tree && chmod 711 . ..
installed=$(find tree -name libukey-pkcs11.so)
as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups
	--bounding-set=-all --inh-caps=-all)
[[ $(id -u) == 0 ]] || as_nobody=()
expect_exit 0 "as nobody" foreign "${as_nobody[@]}" env -i TMPDIR="$TMPDIR" \
	PATH=/usr/bin:/bin \
	${sanitizer_runtime:+LD_PRELOAD="$sanitizer_runtime" ASAN_OPTIONS=detect_leaks=0} \
	"$WORK/tree/bin/ukey-vcard" exec -- \
	pkcs11-tool --module "$WORK/$installed" --login --pin 123456 -O
expect_line 'Private Key Object'
expect_line 'Certificate Object'
expect_equal "nothing is left" 0 "$(left_over)"
