# Functions that start and stop a private card reader service; used by
# scripts/with-card, scripts/demo and the system tests. Sourced by bash.
#
# Expects: UKEY_BUILD  the build folder
#          PCSC_DIR    a private folder; pcscd.log and the configuration go there
#          PCSC_PRELOAD a library for pcscd, or nothing: what a driver that was
#                       built with the sanitizers needs
# Sets:    PCSCD_PID, and in plan B PCSCLITE_CSOCK_NAME

PCSC_NAME="Virtual PCD"
PCSC_SOCKET=/run/pcscd/pcscd.comm
VPCD_PORT=${VPCD_PORT:-35963} # vpcd's default, 0x8C7B; slot k listens on port + k
VPCD_DRIVER=/usr/lib/pcsc/drivers/serial/libifdvpcd.so

# Runs a check again and again until it is true: until_true SECONDS COMMAND...
# For what offers no event to wait for.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[[ $SECONDS -lt $end ]] || return 1
		sleep 0.02
	done
}

# pcsc_configure [readers]: how many virtual readers there will be; each has two
# slots. They are called "Virtual PCD", "Virtual PCD 2" and so on.
pcsc_configure() {
	local i name=$PCSC_NAME
	rm -rf "$PCSC_DIR/conf"
	mkdir -p "$PCSC_DIR/conf"
	for ((i = 0; i < ${1:-1}; i++)); do
		[[ $i == 0 ]] || name="$PCSC_NAME $((i + 1))"
		printf '%s\n' "FRIENDLYNAME \"$name\"" \
			"DEVICENAME /dev/null:$((VPCD_PORT + 2 * i))" \
			"LIBPATH $VPCD_DRIVER" "CHANNELID $((VPCD_PORT + 2 * i))"
	done >"$PCSC_DIR/conf/vpcd"
}

pcsc_socket_is_there() {
	kill -0 "$PCSCD_PID" 2>/dev/null || return 0 # waiting longer is in vain
	[[ -S ${PCSCLITE_CSOCK_NAME:-$PCSC_SOCKET} ]]
}

# pcsc_start [readers]: returns when the socket exists and the reader is listed.
pcsc_start() {
	pcsc_configure "${1:-1}"
	if [[ ${PCSC_PLAN:-A} == B ]]; then
		export PCSCLITE_CSOCK_NAME=$PCSC_DIR/comm
		rm -f "$PCSCLITE_CSOCK_NAME" # of one that has ended
		LD_PRELOAD=${PCSC_PRELOAD:-} ASAN_OPTIONS=detect_leaks=0 \
			perl "${BASH_SOURCE%/*}/listen-fd.pl" "$PCSCLITE_CSOCK_NAME" \
			/usr/sbin/pcscd --foreground --info \
			--config "$PCSC_DIR/conf" >>"$PCSC_DIR/pcscd.log" 2>&1 &
	else
		rm -f "$PCSC_SOCKET" # our own /run; as above
		LD_PRELOAD=${PCSC_PRELOAD:-} ASAN_OPTIONS=detect_leaks=0 /usr/sbin/pcscd --foreground --info \
			--config "$PCSC_DIR/conf" >>"$PCSC_DIR/pcscd.log" 2>&1 &
	fi
	PCSCD_PID=$!
	until_true 10 pcsc_socket_is_there
	if ! kill -0 "$PCSCD_PID" 2>/dev/null; then
		echo "pcscd did not start:" >&2
		cat "$PCSC_DIR/pcscd.log" >&2
		return 1
	fi
	[[ ${1:-1} == 0 ]] || "$UKEY_BUILD/tests/scwait" reader "$PCSC_NAME"
}

pcsc_stop() {
	[[ -n ${PCSCD_PID:-} ]] || return 0
	kill "$PCSCD_PID" 2>/dev/null
	wait "$PCSCD_PID" 2>/dev/null
	PCSCD_PID=
}

# card_wait card|empty [slot]: until the service sees the card come or go.
card_wait() {
	"$UKEY_BUILD/tests/scwait" "$1" "$PCSC_NAME 00 0${2:-0}"
}
