# How many commands the card gets, counted by the card: docs/card-profile.md,
# section 8. And what is remembered from one program to the next.
. "$(dirname "$0")/lib.sh"

# Held for long, so that no count depends on how fast this machine is.
printf '%s\n' 'linger = 1000' >long.conf
export UKEY_PKCS11_CONF=$WORK/long.conf
CACHE=$XDG_CACHE_HOME/ukey

# counted COMMAND...: sets COUNT.
counted() {
	local before after
	before=$(card_control card count)
	"$@"
	after=$(card_control card count)
	COUNT=$((after - before))
}

tool() {
	foreign pkcs11-tool --module "$MODULE" "$@"
}
list_all() {
	run tool -O
}

HASH=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
# one_signature: a whole program, from C_Initialize to C_Finalize.
one_signature() {
	p11_open
	p11 init
	p11 open 0
	p11 "login user $CARD_PIN"
	p11 "keyid $ID"
	p11 signinit 0x1041
	expect_step 'CKR_OK [0-9a-f]{128}' "signs" sign $HASH
}
end_it() {
	p11 fini
	p11_close
}

new_card p256-free card
pcsc_start
card_insert card
list_all
ID=$(awk '/^Certificate/ { c = 1 } c && /label:.*Login/ { l = 1 }
	l && /ID:/ { print $2; exit }' <<<"$OUT")
ok "the login key has an id ($ID)" test -n "$ID"

proves "a card that was never seen"
rm -rf "$CACHE"
counted list_all
ok "list everything: $COUNT commands, 8 at most" test "$COUNT" -le 8
first=$OUT
rm -rf "$CACHE"
counted one_signature
ok "initialise, login, one signature by id: $COUNT, 8 at most" test "$COUNT" -le 8
counted p11 "signinit 0x1041"
counted expect_step 'CKR_OK [0-9a-f]{128}' "another one" sign $HASH
expect_equal "is one command" 1 "$COUNT"
end_it

proves "a card seen before"
list_all
counted list_all
expect_equal "list everything in a new program: one command" 1 "$COUNT"
expect_equal "and the same is listed" "$first" "$OUT"
counted one_signature
expect_equal "initialise, login, one signature by id: SELECT, VERIFY, signature" 3 "$COUNT"
counted p11 "signinit 0x1041"
counted expect_step 'CKR_OK [0-9a-f]{128}' "another one" sign $HASH
expect_equal "is one command" 1 "$COUNT"
counted end_it
expect_equal "logout" 1 "$COUNT"

proves "the folder and the file are the user's alone"
expect_equal "folder" 700 "$(stat -c %a "$CACHE")"
file=$(echo "$CACHE"/ukey-*.cache)
expect_equal "file" 600 "$(stat -c %a "$file")"

proves "nothing but speed changes: no file, damaged, stale, of another card, planted"
listed_as_before() {
	list_all
	expect_equal "$1: the same is listed" "$first" "$OUT"
	counted list_all
	expect_equal "and remembered again" 1 "$COUNT"
}
rm "$file"
listed_as_before "no file"
head -c 100 "$file" >cut && cat cut >"$file"
listed_as_before "cut short"
printf 'X' | dd of="$file" bs=1 seek=300 conv=notrunc status=none
listed_as_before "one byte"
head -c 200000 /dev/urandom >"$file"
listed_as_before "far too much"
: >"$file"
listed_as_before "empty"
cp "$file" kept
chmod 644 "$file"
list_all
expect_equal "readable for others: the same is listed" "$first" "$OUT"
rm "$file"
ln -s "$WORK/kept" "$file"
listed_as_before "a link"
ok "which was not written through" cmp kept <(cat kept)
expect_equal "a file again" "regular file" "$(stat -c %F "$file")"
rm "$file" && mkfifo "$file"
listed_as_before "a pipe"

proves "what another program changes on the card is seen"
cp "$file" stale
echo note >note
expect_exit 0 "data are written" tool --login --pin "$CARD_PIN" \
	--write-object note --type data --label note
list_all
expect_line "label: +'note'" "and listed"
cp "$file" newer
cat stale >"$file"
list_all
expect_line "label: +'note'" "also with the file of before"
expect_exit 0 "they are destroyed" tool --login --pin "$CARD_PIN" \
	--delete-object --type data --label note
cat newer >"$file"
list_all
expect_no_line "label: +'note'" "and no longer listed, whatever the file says"

proves "a copy of the card that went its own way: same serial number, same version"
card_remove
cp card.card copy.card
card_insert card
tool --login --pin "$CARD_PIN" --write-object note --type data --label mine >/dev/null 2>&1
list_all
expect_line "label: +'mine'" "the one"
card_remove
card_insert copy
tool --login --pin "$CARD_PIN" --write-object note --type data --label yours >/dev/null 2>&1
cp "$file" of-copy
card_remove
card_insert card
cat of-copy >"$file"
list_all
expect_line "label: +'mine'" "the one again, with the other one's file"
expect_no_line "yours" "and nothing of the other one's"

proves "nothing that needs a login is remembered"
echo "a secret of mine" >secret
expect_exit 0 "private data" tool --login --pin "$CARD_PIN" \
	--write-object secret --type data --label hidden --private
tool --login --pin "$CARD_PIN" --read-object --type data --label hidden \
	-o got >/dev/null 2>&1
ok "are read" cmp secret got
list_all
ok "and are in no file" not grep -rqa "secret of mine" "$CACHE"
ok "nor is the PIN" not grep -rqa "$CARD_PIN" "$CACHE"

proves "off by configuration, and in programs with another user's rights"
rm -rf "$CACHE"
printf '%s\n' 'cache = off' 'linger = 1000' >off.conf
UKEY_PKCS11_CONF=$WORK/off.conf list_all
ok "nothing is written" not test -e "$CACHE"
list_all
ok "switched on it is" test -e "$file"
if [[ $(id -u) == 0 && $(awk '{ print $3 }' /proc/self/uid_map) -gt 65534 ]]; then
	mkdir -p theirs/ukey
	chmod 777 theirs/ukey
	chown 65534 theirs/ukey
	XDG_CACHE_HOME=$WORK/theirs list_all
	ok "nothing is written into somebody else's folder" \
		not test -e theirs/ukey/*.cache
fi
