# What the driver makes, uses and destroys on a card in a real reader, and what is
# left when the card is pulled in the middle.
. "$(dirname "$0")/lib.sh"

pcsc_start || exit 1
new_card p256-free card
card_insert card

proves "changes of the card through the real service"
expect_exit 0 "every case of card_changes" timeout 60 "$UKEY_BUILD/tests/card_changes" \
	"Virtual PCD 00 00" "$BIN/ukey-vcard" "$WORK/card.ctl"
