# The way to the card below the module: readers, waiting, transactions, resets and
# pulled cards, with the real service.
. "$(dirname "$0")/lib.sh"

pcsc_start || exit 1
new_card p256-free card
card_insert card

proves "links survive what people and other programs do to cards"
expect_exit 0 "every case of pcsc_live" "$UKEY_BUILD/tests/pcsc_live" \
	"Virtual PCD 00 00" "$BIN/ukey-vcard" "$WORK/card.ctl"

