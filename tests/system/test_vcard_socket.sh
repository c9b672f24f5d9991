# Readers without the service: the module finds a card behind a Unix socket, as its
# configuration says. No pcscd runs in this test until its last part.
. "$(dirname "$0")/lib.sh"

V=$BIN/ukey-vcard
DIGEST=$(printf 'socket' | openssl dgst -sha256 -binary | to_hex)
new_card p256-free one
new_card rsa2048-free two
export UKEY_PKCS11_CONF=$WORK/pkcs11.conf
printf '%s\n' "reader = unix:$WORK/reader" 'pcsc = off' >pkcs11.conf

# reader_start OPTION...: returns when it listens.
reader_start() {
	rm -f ready
	mkfifo ready
	"$V" run --socket reader --control cards.ctl "$@" >ready 2>>reader.log &
	READER_PID=$!
	children+=("$READER_PID")
	read -r -t 20 said <ready
	expect_equal "ukey-vcard run --socket" ready "$said"
}

reader_stop() {
	kill -TERM "$READER_PID"
	wait "$READER_PID"
}

# signs KEY: one whole job in the open process.
signs() {
	expect_step "CKR_OK" "session" open 0
	expect_step "CKR_OK" "login" "login user $CARD_PIN"
	expect_step "CKR_OK.*" "key" "key $1"
	expect_step "CKR_OK" "begin" signinit 0x1041
	expect_step "CKR_OK [0-9a-fA-F]{128}" "a signature" "sign $DIGEST"
}

proves "a program that starts before the reader finds it when it comes"
p11_open
p11 init
expect_step "CKR_OK" "no slots" slots
expect_step "CKR_NO_EVENT" "no event" event
reader_start one.card two.card
expect_step "CKR_OK [01]" "an event, waited for" "event block"
await_step "CKR_OK 0 1" "two slots" slots
expect_step "CKR_OK.*Test card.*" "the first card" "tokeninfo 0"
expect_step "CKR_OK.*Test card.*" "the second card" "tokeninfo 1"
signs 0

proves "what happens to a card is seen as with PC/SC"
while [[ $ANSWER != CKR_NO_EVENT ]]; do p11 event; done
card_control cards remove >/dev/null
expect_step "CKR_OK 0" "an event, waited for" "event block"
await_step "CKR_OK 1" "slot 0 is empty" slots
expect_step "CKR_SESSION_HANDLE_INVALID" "the session is gone" "sign $DIGEST"
card_control cards insert >/dev/null
expect_step "CKR_OK 0" "an event, waited for" "event block"
await_step "CKR_OK 0 1" "it is back" slots
signs 0
card_control cards reset >/dev/null
p11 "key 0"
p11 "signinit 0x1041"
expect_step "CKR_USER_NOT_LOGGED_IN" "a reset ends the login" "sign $DIGEST"
p11 close
signs 0
p11 close
card_control cards remove-after 0 >/dev/null
p11 "open 0"
expect_step "CKR_DEVICE_REMOVED" "pulled in the middle" "login user $CARD_PIN"
card_control cards insert >/dev/null
await_step "CKR_OK 0 1" "back" slots

proves "many processes share the cards: no two commands of two jobs mix"
list() {
	foreign pkcs11-tool --module "$MODULE" --slot-index $((i % 2)) -O >"$1" 2>&1
}
for i in 0 1; do list "alone$i"; done
jobs=()
for i in 2 3 4 5 6 7 8 9; do
	list "job$i" &
	jobs+=($!)
done
for i in "${jobs[@]}"; do wait "$i"; done
for i in 2 3 4 5 6 7 8 9; do
	ok "program $i sees what one alone sees" cmp "job$i" alone$((i % 2))
done
ok "and that is something" grep -q "Certificate Object" alone0

proves "a program that is killed leaves a reset card behind"
signs 0
coproc KILLED { exec "$UKEY_BUILD/tests/p11do" "$MODULE"; }
exec {kin}>&"${KILLED[1]}"- {kout}<&"${KILLED[0]}"-
printf '%s\n' init "open 0" "login user $CARD_PIN" >&"$kin"
killed=$KILLED_PID
for i in 1 2 3; do read -r -t 10 said <&"$kout"; done
expect_equal "it is logged in" CKR_OK "$said"
kill -KILL "$killed"
exec {kin}>&- {kout}<&-
wait "$killed" 2>/dev/null
p11 "signinit 0x1041"
expect_step "CKR_USER_NOT_LOGGED_IN" "nobody is logged in any more" "sign $DIGEST"
p11 close

proves "a reader that ends is a reader that was unplugged"
reader_stop
await_step "CKR_OK" "no slots" slots
expect_step "CKR_DEVICE_REMOVED|CKR_TOKEN_NOT_PRESENT" "no token" "open 0"
reader_start one.card
await_step "CKR_OK 0" "another one in its place" slots
signs 0
p11 fini
p11_close
reader_stop
ok "its socket is gone" test ! -e reader

proves "an inherited descriptor"
cat >pair.pl <<'END'
# A pair of sockets, one end for each program: pair.pl READER... -- PROGRAM...
use strict; use warnings; use Socket; use POSIX ();
socketpair(my $a, my $b, AF_UNIX, SOCK_SEQPACKET, 0) or die $!;
my ($i) = grep { $ARGV[$_] eq '--' } 0 .. $#ARGV;
my @reader = @ARGV[0 .. $i - 1];
my @program = @ARGV[$i + 1 .. $#ARGV];
my $pid = fork;
if ($pid == 0) { close $b; POSIX::dup2(fileno $a, 9); exec @reader; }
close $a; POSIX::dup2(fileno $b, 9);
my $rc = system(@program);
kill 'TERM', $pid; waitpid $pid, 0;
exit $rc >> 8;
END
printf '%s\n' "reader = fd:9" 'pcsc = off' >pkcs11.conf
expect_exit 0 "pkcs11-tool" foreign perl -MSocket pair.pl \
	"$V" run --socket-fd 9 one.card -- pkcs11-tool --module "$MODULE" -L
expect_line 'token label +: Test card'
expect_exit 2 "a descriptor that is not open" "$V" run --socket-fd 99 one.card

proves "configuration: what is no reader is none, and nothing is trusted blindly"
reader_start one.card
for line in "reader = unix:relative" "reader = tcp:1" "reader =" "reader = fd:-1" \
	"reader = unix:$WORK/nothing" "reader = fd:0"; do
	printf '%s\n' "$line" 'pcsc = off' >pkcs11.conf
	expect_equal "$line" "CKR_OK" "$(printf 'init\nslots\n' |
		"$UKEY_BUILD/tests/p11do" "$MODULE" 2>/dev/null | tail -1)"
done
printf '%s\n' "reader = unix:$WORK/reader" 'pcsc = off' >pkcs11.conf
echo noise >garbage
mkfifo -m 600 never
printf '%s\n' "reader = unix:$WORK/garbage" "reader = unix:$WORK/never" \
	"reader = unix:$WORK/reader" 'pcsc = off' >pkcs11.conf
expect_equal "the good one is found behind bad ones" "CKR_OK 0" \
	"$(printf 'init\nslots\n' | "$UKEY_BUILD/tests/p11do" "$MODULE" | tail -1)"

proves "a set-user-ID program does not let its caller choose the card"
prefix=/usr/local/etc
mount -t tmpfs tmpfs $prefix && mkdir -p $prefix/ukey && chmod 755 $prefix &&
	printf '%s\n' "reader = unix:$WORK/reader" 'pcsc = off' \
		>$prefix/ukey/pkcs11.conf
chmod 711 . .. && chmod 777 reader
cp "$UKEY_BUILD/tests/p11do" plain
cp "$UKEY_BUILD/tests/p11do" setuid
slots_of() {
	printf 'init\nslots\n' | env -u UKEY_PKCS11_CONF HOME=/nonexistent \
		"$@" "$MODULE" 2>/dev/null | tail -1
}
if chown 65534 setuid && chmod 4755 setuid &&
	[[ $(stat -c %u setuid) == 65534 ]] && grep -q "$prefix" "$MODULE"; then
	expect_equal "the system's configuration counts" "CKR_OK 0" "$(slots_of ./plain)"
	expect_equal "not in such a program" "CKR_OK" "$(slots_of ./setuid)"
	export UKEY_PKCS11_CONF=$WORK/pkcs11.conf
	expect_equal "nor does the environment" "CKR_OK" \
		"$(printf 'init\nslots\n' | ./setuid "$MODULE" 2>/dev/null | tail -1)"
fi
umount $prefix

proves "readers of both kinds, side by side"
printf '%s\n' "reader = unix:$WORK/reader" >pkcs11.conf
p11_open
p11 init
expect_step "CKR_OK 0" "the service does not run: the local one" slots
pcsc_start
card_insert two 0
await_step "CKR_OK 0 1" "and that of the service, when it has come" slots
expect_step "CKR_OK.*" "local" "tokeninfo 0"
expect_step "CKR_OK.*" "PC/SC" "tokeninfo 1"
while [[ $ANSWER != CKR_NO_EVENT ]]; do p11 event; done
card_remove 0
expect_step "CKR_OK 1" "an event of the service's" "event block"
reader_stop
expect_step "CKR_OK 0" "an event of the local one" "event block"
await_step "CKR_OK" "nothing is left" slots
p11 fini
p11_close
