# A reader with a PIN pad: a GemPC PinPad behind other people's driver (libccid's),
# so that the PIN never passes through the computer's programs.
. "$(dirname "$0")/lib.sh"

DRIVER=/usr/lib/pcsc/drivers/serial/libccidtwin.so
[[ -e $DRIVER ]] || skip "no $DRIVER (package libccid)"

# What the person does at the pad; see gempinpad.py.
person() {
	printf '%s\n' "$@" >>keys
}

PAD_PORT=35970
UKEY_PKCS11_DEBUG_=
pad_start() {
	: >keys
	background python3 "$HERE/gempinpad.py" "$WORK/tty" $PAD_PORT "$WORK/keys" \
		2>>"$WORK/pad.log"
	until_true 5 test -L "$WORK/tty" || not_met "the reader starts"
	pcsc_start 0
}

pcsc_configure() {
	mkdir -p "$PCSC_DIR/conf"
	printf '%s\n' 'FRIENDLYNAME "Pad"' "DEVICENAME $WORK/tty:GemPCPinPad" \
		"LIBPATH $DRIVER" 'CHANNELID 1' >"$PCSC_DIR/conf/pad"
}

# How many commands with a PIN in them the card has seen.
verifies() {
	grep -ciE '^> 00(20|24|2C)0[0-9]8[123] \(' alice.apdus
}

tool() {
	foreign pkcs11-tool --module "$MODULE" "$@"
}

new_bank
printf '%s\n' "debug = $WORK/module.log" 'debug_level = debug' >log.conf
export UKEY_PKCS11_CONF=$WORK/log.conf
bank_start
pad_start
"$BIN/ukey-vcard" run --port $PAD_PORT --control "$WORK/alice.ctl" \
	--card alice.card --slot 0 --transcript "$WORK/alice.apdus" --redact \
	>>alice.log 2>&1 &
children+=("$!")
ok "the reader with its card is there" "$UKEY_BUILD/tests/scwait" card Pad

proves "the token says that the reader takes PINs"
p11_open
p11 init
p11 open 0
expect_step 'CKR_OK .* protected label.*' "protected authentication path" tokeninfo 0

proves "login on the pad: no PIN goes through the program"
person 482915
expect_step CKR_OK "the right PIN" login user pad
expect_step CKR_OK "logout" logout
before=$(verifies)
person cancel
expect_step CKR_FUNCTION_CANCELED "the cancel key" login user pad
person timeout
expect_step CKR_FUNCTION_CANCELED "nobody there" login user pad
expect_equal "the card saw neither" "$before" "$(verifies)"
expect_step 'CKR_OK flags=0x[0-9A-F]+ protected label.*' "no try was spent" tokeninfo 0
person 000000
expect_step CKR_PIN_INCORRECT "a wrong PIN" login user pad
expect_step 'CKR_OK .* count-low .*' "count is low" tokeninfo 0
expect_equal "sent once" $((before + 1)) "$(verifies)"
person 482915
expect_step CKR_OK "the right PIN after it" login user pad
expect_step CKR_OK "logout" logout
expect_step CKR_OK "a PIN that the program gives" login user 482915
expect_step CKR_OK "logout" logout
person 73519402
expect_step CKR_OK "the security officer, on the pad" login so pad
expect_equal "nothing but 24, 2C or 20 was sent for a PIN" "" \
	"$(grep -iE '^> 00(20|24|2C)' alice.apdus |
		grep -viE '^> 00(20(00|FF)|2400|2C02)8[123]')"

proves "the officer sets a new PIN on the pad, and nothing is typed twice in vain"
person "135790 135790"
expect_step CKR_OK "C_InitPIN" initpin pad
person "246810 246811"
expect_step CKR_PIN_INVALID "entered differently the second time" initpin pad
person cancel
expect_step CKR_FUNCTION_CANCELED "the cancel key" initpin pad
expect_step CKR_OK "logout" logout
person 482915
expect_step CKR_PIN_INCORRECT "the old PIN is no longer good" login user pad
person 135790
expect_step CKR_OK "the new one is" login user pad

proves "C_SetPIN on the pad"
person "135790 482915 482915"
expect_step CKR_OK "C_SetPIN" setpin pad
person "135790 246810 246810"
expect_step CKR_PIN_INCORRECT "with a wrong old PIN" setpin pad
person timeout
expect_step CKR_FUNCTION_CANCELED "nobody there" setpin pad
expect_step CKR_OK "logout" logout
person 482915
expect_step CKR_OK "the PIN is the old one again" login user pad
expect_step CKR_OK "logout" logout

proves "C_InitToken on the pad"
expect_step CKR_OK "the session is closed" close
person 00000000
expect_step CKR_PIN_INCORRECT "a wrong PUK" inittoken 0 pad New card
person cancel
expect_step CKR_FUNCTION_CANCELED "the cancel key" inittoken 0 pad New card
person 73519402
expect_step CKR_OK "the right PUK" inittoken 0 pad New card
expect_step 'CKR_OK .* protected label=New card  .*' "the card has its new name" tokeninfo 0
person 73519402
expect_step CKR_OK "and back" inittoken 0 pad "Alice's card"
p11_close

proves "ukey cards tells of the pad"
expect_exit 0 "ukey cards" "$BIN/ukey" cards
expect_line "PIN is entered on the reader's own pad" "says where the PIN goes"
expect_exit 0 "ukey --json cards" "$BIN/ukey" --json cards
expect_line '"pinPad": ?true' "also to programs"

proves "other people's programs"
person 482915
expect_exit 0 "pkcs11-tool --login without a PIN" tool --login --list-objects \
	--type privkey
expect_line 'Private Key Object' "shows private keys"
person 000000
expect_exit 1 "pkcs11-tool with a wrong PIN" tool --login --list-objects
expect_line CKR_PIN_INCORRECT "says so"
person 482915 "482915 135790 135790"
expect_exit 0 "pkcs11-tool changes the PIN on the pad" tool --login --change-pin
person 135790 "135790 246810 246811"
expect_exit 1 "entered differently the second time" tool --login --change-pin
expect_line CKR_PIN_INVALID "says so"
person 135790 "135790 482915 482915"
expect_exit 0 "and back" tool --login --change-pin

proves "ukey: nothing is asked, the person is told where to type"
pad_ukey() {
	"$BIN/ukey" "$@" </dev/null
}
person 482915
expect_exit 0 "ukey login" pad_ukey login
expect_line 'Enter the PIN on the reader' "says where"
person 482915 482915
expect_exit 0 "ukey transfer, with consent" pad_ukey transfer --to "$BOB" \
	--payee Bob --currency CNY --amount 1.00 --yes
before=$(verifies)
person 000000
expect_exit 32 "a wrong PIN" pad_ukey login
expect_line '2 tries left' "shows the tries"
expect_equal "is not asked for again" $((before + 1)) "$(verifies)"
person cancel
expect_exit 19 "the cancel key" pad_ukey login
expect_equal "and nothing was sent" $((before + 1)) "$(verifies)"
person 482915
expect_exit 0 "and again" pad_ukey login

proves "switched off, the reader is one without a pad"
echo 'pinpad = off' >off.conf
UKEY_PKCS11_CONF=$WORK/off.conf p11_open
p11 init
p11 open 0
expect_step 'CKR_OK flags=0x[0-9A-F]+ label.*' "no protected path" tokeninfo 0
expect_step CKR_ARGUMENTS_BAD "C_Login without a PIN" login user pad
expect_step CKR_OK "C_Login with one" login user 482915
p11_close

proves "the card is pulled out while the reader waits"
p11_open
p11 init
p11 open 0
person pull
expect_step CKR_DEVICE_REMOVED "the entry ends" login user pad
p11_close

proves "the PIN is nowhere but in the card"
ok "not in the module's log" not grep -qE '482915|343832393135' module.log
ok "not in pcscd's" not grep -qiE '482915|34 38 32 39 31 35' "$PCSC_DIR/pcscd.log"
