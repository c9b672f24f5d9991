# The same over a tty on both sides, whose names go and come with the cable.
CABLE_TTY=1
CABLE_PULLS="2 17 31"
CABLE_SPOILS="3 200"
. "$(dirname "$0")/test_terminal_cable.sh"
