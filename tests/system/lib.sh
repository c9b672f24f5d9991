# What every system test stands on. A test is a bash script test_*.sh that begins
#
#     . "$(dirname "$0")/lib.sh"
#
# and from then on runs in namespaces of its own (scripts/with-card): nothing it
# starts survives it, and no service runs until it starts one. It ends with the
# exit code 0 if every expectation was met.
#
#   UKEY_BUILD     the build under test          BIN       its programs
#   MODULE         its PKCS#11 module            WORK      a private folder in memory
#
set -uo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
export UKEY_BUILD=${UKEY_BUILD:-$TOP/build}

if [[ -z ${UKEY_INSIDE:-} ]]; then
	export UKEY_INSIDE=1
	exec "$TOP/scripts/with-card" --no-service --build "$UKEY_BUILD" -- \
		bash "$0" "$@"
fi

# Without namespaces (plan B of with-card) all share the machine's ports and
# processes, and so only one runs at a time.
if [[ $PCSC_PLAN != A && -z ${UKEY_ALONE:-} ]]; then
	export UKEY_ALONE=1
	exec flock --close "${TMPDIR:-/tmp}/ukey-test-$(id -u).lock" bash "$0" "$@"
fi

BIN=$UKEY_BUILD/bin
MODULE=$UKEY_BUILD/lib/libukey-pkcs11.so
WORK=$PCSC_DIR/work
mkdir -p "$WORK"
cd "$WORK" || exit 1
export XDG_CACHE_HOME=$WORK/cache XDG_RUNTIME_DIR=$WORK/runtime
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CACHE_HOME"
# shellcheck source=scripts/lib/pcsc.sh
. "$TOP/scripts/lib/pcsc.sh"
# Programs that are started before the service look for it there as well.
[[ $PCSC_PLAN == A ]] || export PCSCLITE_CSOCK_NAME=$PCSC_DIR/comm

children=() # processes to end at the end

# --- expectations ----------------------------------------------------------

expectations=0
unmet=0

# proves TEXT: what the following expectations are about.
proves() {
	echo "# $*"
}

met() {
	expectations=$((expectations + 1))
	echo "ok - $*"
}

not_met() {
	expectations=$((expectations + 1))
	unmet=$((unmet + 1))
	echo "NOT OK - $*"
}

# ok TEXT COMMAND...: the command must succeed.
ok() {
	local text=$1
	shift
	if "$@" >"$WORK/.ok" 2>&1; then
		met "$text"
	else
		not_met "$text (exit code $? of: $*)"
		sed 's/^/    /' "$WORK/.ok"
	fi
}

not() {
	! "$@"
}

# run COMMAND...: sets RC, OUT (standard output) and ERR (standard error).
run() {
	"$@" >"$WORK/.out" 2>"$WORK/.err"
	RC=$?
	OUT=$(tr -d '\0' <"$WORK/.out")
	ERR=$(tr -d '\0' <"$WORK/.err")
}

show_output() {
	sed 's/^/    out: /' <<<"$OUT"
	sed 's/^/    err: /' <<<"$ERR"
}

# expect_exit CODE TEXT COMMAND...
expect_exit() {
	local code=$1 text=$2
	shift 2
	run "$@"
	if [[ $RC == "$code" ]]; then
		met "$text"
	else
		not_met "$text: exit code $RC, not $code, of: $*"
		show_output
	fi
}

# Not through a pipe: grep ends with the first match, and what still writes into
# the pipe then fails.
says() {
	grep -qE -- "$1" <<<"$OUT"$'\n'"$ERR"
}

# expect_line REGEX [TEXT]: some line of the last output matches.
expect_line() {
	if says "$1"; then
		met "${2:-says '$1'}"
	else
		not_met "${2:-says '$1'}: no line matches '$1'"
		show_output
	fi
}

expect_no_line() {
	if says "$1"; then
		not_met "${2:-does not say '$1'}"
		show_output
	else
		met "${2:-does not say '$1'}"
	fi
}

# expect_equal TEXT WANTED GOT
expect_equal() {
	if [[ $2 == "$3" ]]; then
		met "$1"
	else
		not_met "$1: wanted '$2', got '$3'"
	fi
}

skip() {
	echo "skipped: $*"
	exit 77
}

# --- other people's programs ------------------------------------------------

# A program that was not built with the sanitizers can only load our module when
# their runtime is there first; its own leaks are not our business.
case ${UKEY_SANITIZE:-} in
*address*) sanitizer_runtime=$(gcc -print-file-name=libasan.so) ;;
*thread*)
	sanitizer_runtime=$(gcc -print-file-name=libtsan.so)
	# Programs with a watcher are many here: a second at the end of each
	# adds up. Some fork and then use threads.
	export TSAN_OPTIONS="suppressions=$TOP/tests/tsan.supp atexit_sleep_ms=20 die_after_fork=0"
	;;
*) sanitizer_runtime= ;;
esac
# wakeup.c says why.
[[ -z $sanitizer_runtime ]] || sanitizer_runtime+=" $UKEY_BUILD/tests/wakeup.so"

foreign() {
	if [[ -n $sanitizer_runtime ]]; then
		LD_PRELOAD=$sanitizer_runtime \
			ASAN_OPTIONS=detect_leaks=0${FOREIGN_ASAN:-} "$@"
	else
		"$@"
	fi
}

# foreign_start COMMAND...: the same in the background. LAST_PID is the program
# itself, not a shell that waits for it.
foreign_start() {
	if [[ -n $sanitizer_runtime ]]; then
		LD_PRELOAD=$sanitizer_runtime ASAN_OPTIONS=detect_leaks=0 "$@" &
	else
		"$@" &
	fi
	LAST_PID=$!
	children+=("$LAST_PID")
}

# --- cards ---------------------------------------------------------------------

CARD_PIN=482915
CARD_PUK=73519402
FIXTURES=$UKEY_BUILD/tests/fixtures
BANK_KEY=$FIXTURES/bank.key # for cards whose bank is openssl

# with_secrets COMMAND...: PIN on descriptor 8, PUK on descriptor 9, as files that
# end: no secret is ever an argument.
with_secrets() {
	"$@" 8< <(printf '%s\n' "$CARD_PIN") 9< <(printf '%s\n' "$CARD_PUK")
}

vcard() {
	with_secrets "$BIN/ukey-vcard" "$@"
}

# A CA and a bank key of openssl's making.
make_test_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout ca.key -out ca.pem -days 30 -subj "/CN=Test CA" \
		-addext basicConstraints=critical,CA:TRUE,pathlen:0 \
		-addext keyUsage=critical,keyCertSign,cRLSign
	openssl ecparam -name prime256v1 -genkey -noout -out bank.key
	openssl ec -in bank.key -pubout -out bank.pub
	printf '%s\n' '[auth]' 'keyUsage=critical,digitalSignature' \
		'extendedKeyUsage=clientAuth' \
		'[sign]' 'keyUsage=critical,nonRepudiation' \
		'[server]' 'keyUsage=critical,digitalSignature' \
		'extendedKeyUsage=serverAuth' >ext.cnf
}

# personalise NAME TYPE [--bank-key FILE]: from nothing to an active card, with
# openssl as the CA.
personalise() {
	local name=$1 type=$2 use key=1
	shift 2
	vcard init --card "$name.card" --label "Test card" --key-type "$type" \
		--pin-fd 8 --puk-fd 9 "$@" || return
	for use in auth sign; do
		vcard request --card "$name.card" --key $key --pin-fd 8 \
			--subject "/CN=Alice $use" >"$name.$use.csr" || return
		openssl x509 -req -in "$name.$use.csr" -CA ca.pem -CAkey ca.key \
			-days 20 -extfile ext.cnf -extensions $use \
			-out "$name.$use.pem" || return
		openssl x509 -in "$name.$use.pem" -noout -pubkey >"$name.$use.pub"
		vcard import --card "$name.card" --key $key --pin-fd 8 \
			--cert "$name.$use.pem" || return
		key=$((key + 1))
	done
	vcard activate --card "$name.card"
}

# Everything that is slow to make is made once for a build and a day (certificates
# and revocation lists grow old), and copied.
make_all_fixtures() (
	rm -rf "$FIXTURES.new" "$FIXTURES"
	mkdir -p "$FIXTURES.new" && cd "$FIXTURES.new" || return
	make_test_ca &&
		personalise p256 p256 --bank-key bank.pub &&
		personalise p256-free p256 &&
		personalise rsa2048 rsa2048 --bank-key bank.pub &&
		personalise rsa2048-free rsa2048 &&
		make_bank || return
	mv "$FIXTURES.new" "$FIXTURES"
)

make_fixtures() {
	(
		flock 9
		if [[ ! $FIXTURES -nt $BIN/ukey-vcard || ! $FIXTURES -nt $BIN/ukey-bankd ||
			! $FIXTURES -nt $HERE/lib.sh ||
			-z $(find "$FIXTURES" -maxdepth 0 -mtime -1) ]]; then
			make_all_fixtures && touch "$FIXTURES"
		fi
	) 9>"$UKEY_BUILD/tests/.fixtures.lock" >"$WORK/fixtures.log" 2>&1 && return
	cat "$WORK/fixtures.log"
	echo "the cards and the bank for the tests cannot be made"
	exit 1
}

# new_card TYPE NAME: a personalised card of type p256 or rsa2048, whose
# transaction key wants a proof of the bank (BANK_KEY) first; p256-free and
# rsa2048-free do not. NAME.card, and NAME.auth.pub, NAME.sign.pub and the
# certificates beside it.
new_card() {
	local file
	make_fixtures
	for file in "$FIXTURES/$1".*; do
		cp "$file" "$2.${file#"$FIXTURES/$1".}"
	done
}

# card_insert NAME [slot] [options of ukey-vcard run]: the card NAME.card goes into
# a slot; its log, transcript and control socket are NAME.log, NAME.apdus, NAME.ctl.
declare -A card_pids
card_insert() {
	local name=$1 slot=${2:-0}
	shift $(($# > 1 ? 2 : 1))
	"$BIN/ukey-vcard" run --port "$VPCD_PORT" --control "$WORK/$name.ctl" \
		--card "$name.card" --slot "$slot" \
		--transcript "$WORK/$name.apdus" --redact "$@" >>"$WORK/$name.log" 2>&1 &
	card_pids[$slot]=$!
	children+=("$!")
	card_wait card "$slot" || {
		cat "$WORK/$name.log"
		not_met "card $name comes up in slot $slot"
	}
}

card_stop() {
	local signal=$1 slot=${2:-0}
	kill "-$signal" "${card_pids[$slot]}"
	wait "${card_pids[$slot]}" 2>/dev/null
	unset "card_pids[$slot]"
	card_wait empty "$slot"
}

card_remove() { card_stop TERM "${1:-0}"; }
card_kill() { card_stop KILL "${1:-0}"; }

# card_control NAME WORD...: remove, insert, count, remove-after N.
card_control() {
	local name=$1
	shift
	"$BIN/ukey-vcard" control --control "$WORK/$name.ctl" "$@"
}

# --- banks ---------------------------------------------------------------------

# Customers: Alice with a P-256 card, Carol with an RSA card, Bob with an account.
ALICE=DE-1001
BOB=DE-2002
CAROL=DE-3003
ORIGIN=https://localhost:8443

# Alice's keys in files, and certificates that the bank must refuse.
soft_key() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" &&
		openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
}

enrolled_key() {
	local name=$1 customer=$2 purpose=$3
	shift 3
	soft_key "$name" || return
	"$BIN/ukey-bankd" enroll --dir ../bank --customer "$customer" \
		--request "$name.csr" --purpose "$purpose" "$@" >"$name.pem"
}

# NAME CA EXTENSIONS: signed by a CA in openssl's hands.
signed_key() {
	soft_key "$1" || return
	openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -days 20 \
		-extfile ../ext.cnf -extensions "$3" -out "$1.pem"
}

make_soft_keys() {
	enrolled_key alice-auth Alice login &&
		enrolled_key alice-sign Alice transaction &&
		enrolled_key bob-sign Bob transaction &&
		enrolled_key bob-auth Bob login &&
		enrolled_key expired Alice login \
			--not-before 2020-01-01T00:00:00Z \
			--not-after 2021-01-01T00:00:00Z &&
		enrolled_key early Alice login \
			--not-before 2090-01-01T00:00:00Z \
			--not-after 2091-01-01T00:00:00Z &&
		enrolled_key revoked Alice login &&
		"$BIN/ukey-bankd" revoke --dir ../bank --cert revoked.pem &&
		signed_key stranger ../bank/ca auth &&
		signed_key purpose ../bank/ca server &&
		signed_key foreign ../ca auth &&
		cp ../bank/ca.pem .
}

# A card of the bank's: NAME CUSTOMER TYPE.
bank_card() {
	local key=1 purpose
	vcard init --card "$1.card" --label "$2's card" --key-type "$3" \
		--bank-key bank/sign.pem --pin-fd 8 --puk-fd 9 || return
	for purpose in login transaction; do
		vcard request --card "$1.card" --key $key --pin-fd 8 \
			--subject "/CN=$2" >"$1.csr" &&
			"$BIN/ukey-bankd" enroll --dir bank --customer "$2" \
				--request "$1.csr" --purpose $purpose \
				>"$1.$purpose.pem" &&
			vcard import --card "$1.card" --key $key --pin-fd 8 \
				--cert "$1.$purpose.pem" || return
		key=$((key + 1))
	done
	vcard activate --card "$1.card"
}

make_bank() {
	local line
	"$BIN/ukey-bankd" init --dir bank --name "Test Bank" || return
	bank_card alice Alice p256 && bank_card carol Carol rsa2048 || return
	for line in "Alice $ALICE 1000.00" "Bob $BOB 5.00" "Carol $CAROL 77.00"; do
		# shellcheck disable=SC2086
		set -- $line
		"$BIN/ukey-bankd" account --dir bank --customer "$1" \
			--account "$2" --currency CNY --deposit "$3" || return
	done
	mkdir soft && (cd soft && make_soft_keys)
}

# new_bank: bank/ (a folder of ukey-bankd), alice.card, carol.card, soft/ (keys in
# files), and a home with ukey's configuration.
new_bank() {
	make_fixtures
	cp -r "$FIXTURES/bank" "$FIXTURES/soft" "$FIXTURES"/alice.* \
		"$FIXTURES"/carol.* .
	export HOME=$WORK/home
	mkdir -p "$HOME/.config/ukey"
	printf '%s\n' "bank = $ORIGIN" "ca = $WORK/bank/ca.pem" \
		"module = $MODULE" >"$HOME/.config/ukey/config"
}

# new_shop: a merchant of the bank (shop.key, called back on 127.0.0.1:SHOP_PORT),
# phone numbers for Alice and Bob, a second account for Alice with 10.00 in it.
SHOP=DE-7007
export SHOP_PORT=8555
new_shop() {
	openssl ecparam -name prime256v1 -genkey -noout -out shop.key
	openssl ec -in shop.key -pubout -out shop.pub 2>/dev/null
	sed -i 's/"plainCallbacks": 0/"plainCallbacks": 1/' bank/bankd.json
	{
		"$BIN/ukey-bankd" account --dir bank --customer "Shop Ltd" \
			--account "$SHOP" --currency CNY &&
			"$BIN/ukey-bankd" account --dir bank --customer Alice \
				--account DE-1002 --currency CNY --deposit 10.00 &&
			"$BIN/ukey-bankd" merchant --dir bank --name Shop \
				--account "$SHOP" --key shop.pub \
				--callback "http://127.0.0.1:$SHOP_PORT/told?from=bank" &&
			echo +8613800001234 | "$BIN/ukey-bankd" customer --dir bank \
				--customer Alice --phone - &&
			echo +8613900005678 | "$BIN/ukey-bankd" customer --dir bank \
				--customer Bob --phone -
	} >"$WORK/shop.log" 2>&1 || {
		cat "$WORK/shop.log"
		not_met "a merchant is registered"
	}
}

# The merchant at work (shop.py): `shop` tells him, `shop_says` hears him.
shop_open() {
	coproc STALL { PYTHONDONTWRITEBYTECODE=1 exec python3 "$HERE/shop.py" \
		shop.key "$BANK_PORT" bank/ca.pem "$SHOP_PORT" 2>>"$WORK/shop.log"; }
	exec {shop_in}>&"${STALL[1]}"- {shop_out}<&"${STALL[0]}"-
	children+=("$STALL_PID")
	shop_says open
}

shop() {
	echo "$*" >&"$shop_in"
}

# The next line of the shop, which must match; what was placed is in BILL.
shop_says() {
	local line
	IFS= read -r -t 20 line <&"$shop_out" || line=nothing
	[[ $line == placed* ]] && BILL=${line##* }
	if [[ $line =~ ^($1)$ ]]; then
		met "the shop: $line"
	else
		not_met "the shop says '$line', not '$1'"
	fi
}

# bank_start [options of ukey-bankd serve]: returns when it listens.
bank_start() {
	rm -f bank.ready
	mkfifo bank.ready
	LD_PRELOAD=${BANK_PRELOAD:-} ASAN_OPTIONS=verify_asan_link_order=0 \
		"$BIN/ukey-bankd" serve --dir bank --ready-fd 7 "$@" 7>bank.ready \
		>>"$WORK/bank.log" 2>&1 &
	BANK_PID=$!
	children+=("$BANK_PID")
	BANK_PORT=
	read -r -t 20 BANK_PORT <bank.ready || not_met "the bank's server starts"
}

# bank_clock SECONDS: the server's clock is so much ahead, from the next
# bank_start on and while it runs.
bank_clock() {
	echo "$1" >"$WORK/clock.new"
	mv "$WORK/clock.new" "$WORK/clock"
	export TEST_CLOCK=$WORK/clock BANK_PRELOAD=$UKEY_BUILD/tests/testclock.so
}

bank_stop() {
	kill "-${1:-TERM}" "$BANK_PID"
	wait "$BANK_PID" 2>/dev/null
}

# ukey COMMAND...: the customer's program; PIN on a descriptor, from CARD_PIN.
ukey() {
	"$BIN/ukey" --pin-fd 8 "$@" 8< <(printf '%s\n' "$CARD_PIN" "$CARD_PIN") \
		</dev/null
}

pay() {
	ukey transfer --to "$BOB" --payee Bob --currency CNY --amount "$@" --yes
}

audit() {
	"$BIN/ukey-bankd" audit --dir bank "$@"
}

# Alice's balance in minor units, read from the books by somebody else.
balance() {
	sqlite3 -readonly bank/bank.db \
		"select balance from accounts where number = '${1:-$ALICE}'"
}

# --- plain APDUs --------------------------------------------------------------

# card_open [slot]: a conversation with the card in plain APDUs.
card_open() {
	coproc CARD { exec "$UKEY_BUILD/tests/scapdu" "$PCSC_NAME 00 0${1:-0}"; }
	# Moved, because bash hides a coprocess's own descriptors from subshells.
	exec {card_in}>&"${CARD[1]}"- {card_out}<&"${CARD[0]}"-
	card_pid=$CARD_PID
}

card_close() {
	exec {card_in}>&- {card_out}<&-
	wait "$card_pid" 2>/dev/null
}

# apdu HEX...: sends one command; sets SW and DATA, in hexadecimal.
apdu() {
	local answer
	printf '%s' "$@" $'\n' >&"$card_in"
	IFS= read -r answer <&"$card_out" || answer="no answer"
	SW=${answer##* }
	DATA=
	[[ $answer != *" "* ]] || DATA=${answer%% *}
}

# expect_sw REGEX TEXT HEX...
expect_sw() {
	local sw=$1 text=$2
	shift 2
	apdu "$@"
	if [[ $SW =~ ^($sw)$ ]]; then
		met "$text ($SW)"
	else
		not_met "$text: the card says $SW, not $sw, to $*"
	fi
}

# spoil FILE OFFSET: another byte there, whatever it was.
spoil() {
	local old
	old=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\x$(printf %02x $((old ^ 1)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# hex of standard input, upper case; bytes of hex.
to_hex() {
	od -An -v -tx1 | tr -d ' \n' | tr a-f A-F
}

from_hex() {
	printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"
}

# A one-byte length.
len_of() {
	printf '%02X' $((${#1} / 2))
}

# r||s of 32 bytes each from the DER form that openssl writes, and back.
ecdsa_raw() {
	local part parts
	parts=$(openssl asn1parse -inform DER -in "$1" |
		sed -n 's/.*INTEGER *://p')
	for part in $parts; do
		printf '%064s' "$part" | tr ' ' 0
	done
}

ecdsa_der() {
	local n=$((${#1} / 2)) conf
	conf="asn1=SEQUENCE:s
[s]
r=INTEGER:0x${1:0:n}
s=INTEGER:0x${1:n}"
	openssl asn1parse -genconf <(printf '%s\n' "$conf") -noout -out "$2"
}

# --- PKCS#11 step by step ------------------------------------------------------

# p11_open: a process that has loaded the module; steps are those of p11do.c.
p11_open() {
	coproc P11 { foreign "$UKEY_BUILD/tests/p11do" "$MODULE" 2>>"$WORK/p11do.log"; }
	exec {p11_in}>&"${P11[1]}"- {p11_out}<&"${P11[0]}"-
	p11_pid=$P11_PID
}

p11_close() {
	exec {p11_in}>&- {p11_out}<&-
	wait "$p11_pid"
}

# p11 STEP: sets ANSWER to its line.
p11() {
	printf '%s\n' "$*" >&"$p11_in"
	IFS= read -r ANSWER <&"$p11_out" || ANSWER="no answer"
}

step_is() {
	p11 "$2"
	[[ $ANSWER =~ ^($1)$ ]]
}

# await_step REGEX TEXT STEP: asks again until the answer is the wanted one; the
# module hears of cards and readers when the service tells, a moment later.
await_step() {
	until_true 5 step_is "$1" "$3"
	expect_step "$@"
}

# expect_step REGEX TEXT STEP: the whole line must match.
expect_step() {
	local wanted=$1 text=$2
	shift 2
	p11 "$@"
	if [[ $ANSWER =~ ^($wanted)$ ]]; then
		met "$text ($ANSWER)"
	else
		not_met "$text: $1 said '$ANSWER', not '$wanted'"
	fi
}

# --- the end ------------------------------------------------------------------

# background COMMAND...: starts it, remembers it for the end, sets LAST_PID.
background() {
	"$@" &
	LAST_PID=$!
	children+=("$LAST_PID")
}

finish() {
	local rc=$? pid log
	trap - EXIT
	for pid in "${children[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	pcsc_stop
	# Also what the server's leak check says at its end.
	if grep -qE '(Address|Leak|Thread)Sanitizer|runtime error:' "$WORK"/bank*.log 2>/dev/null; then
		not_met "the server's log has no sanitizer report"
	fi
	# Sessions, phone and card numbers, accounts: of no test's customers.
	if grep -nE '[0-9a-f]{64}|[Bb]earer|(^|[^0-9])[0-9]{13,19}([^0-9]|$)|DE-[0-9]{4}|861[0-9]{10}' \
		"$WORK"/bank*.log 2>/dev/null; then
		not_met "the server's log names nobody and keeps secrets"
	fi
	if [[ $rc == 0 && $expectations == 0 ]]; then
		echo "NOT OK - the test expects nothing"
		rc=1
	fi
	[[ $unmet == 0 ]] || rc=1
	if [[ $rc != 0 && $rc != 77 ]]; then
		for log in "$WORK"/*.log "$PCSC_DIR"/*.log; do
			[[ -s $log ]] || continue
			echo "-- the end of ${log##*/}:"
			tail -n 40 "$log"
		done
	fi
	[[ $rc == 77 ]] || echo "$expectations expectations, $unmet unmet"
	exit "$rc"
}
trap finish EXIT
trap : PIPE # a conversation that broke is an unmet expectation, not the end
