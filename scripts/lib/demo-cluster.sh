# scripts/demo --cluster: PostgreSQL, three servers of one bank, haproxy before
# them, and a kill -9. For scripts/demo alone, whose functions and variables it uses.
# shellcheck shell=bash disable=SC2154

PAYMENTS=8 # and at the third of them a server is killed

cluster_stop() {
	[[ -z ${pg_folder:-} ]] || {
		"$here/lib/pg-server" stop "$pg_folder"
		rm -rf "$pg_folder"
	}
	pg_folder=
}

# Readable for the user whom PostgreSQL runs as, which $D is not.
cluster_bank() {
	local where
	if [[ $PCSC_PLAN == A ]]; then
		pg_folder=$(mktemp -d -p /run)
	else
		pg_folder=$(mktemp -d)
	fi
	quietly "$here/lib/pg-server" init "$pg_folder"
	quietly "$here/lib/pg-server" start "$pg_folder"
	where=$("$here/lib/pg-server" fresh "$pg_folder" bank) ||
		fail "PostgreSQL has no room for the bank"
	quietly bankd init --name "Demo Bank" --port "$PORT" --database "$where"
	# What customers sign names the balancer, not the server they reached.
	sed -i "s#^{#{ \"origin\": \"https://localhost:$PORT\",#" bank/bankd.json
	echo "   its books are in PostgreSQL"
}

cluster_serve() {
	local i
	servers=() ports=()
	for i in 1 2 3; do
		serve --port 0
		servers+=("${started[-1]}")
		ports+=("$OPENED")
	done
	cat >haproxy.cfg <<-END
		defaults
		    mode tcp
		    timeout connect 2s
		    timeout client 30s
		    timeout server 30s
		    option redispatch
		frontend bank
		    bind 127.0.0.1:$PORT
		    default_backend servers
		backend servers
		    balance roundrobin
		    default-server check inter 200ms fall 1 rise 1
		    server one 127.0.0.1:${ports[0]}
		    server two 127.0.0.1:${ports[1]}
		    server three 127.0.0.1:${ports[2]}
	END
	haproxy -f haproxy.cfg -db >haproxy.log 2>&1 &
	started+=($!)
	for ((i = 0; i < 100; i++)); do
		! (: <"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null || break
		sleep 0.05
	done
	echo "   three servers on the ports ${ports[*]}, haproxy on $PORT: TLS passes through"
}

# An order keeps its number however often it is sent: what was not answered is
# simply sent again.
cluster_pay() {
	local i tries again=0
	disown "${servers[1]}" # its end is no news
	step "Alice pays $PAYMENTS times; at the third payment one of the servers is killed."
	for ((i = 1; i <= PAYMENTS; i++)); do
		if [[ $i == 3 ]]; then
			(
				sleep 0.02
				kill -9 "${servers[1]}"
			) &
		fi
		for ((tries = 0; tries < 20; tries++)); do
			"$BIN/ukey" transfer --to DE-2002 --payee "Bob Meier" \
				--amount 1.00 --currency CNY --memo "Coffee $i" \
				--order "coffee-$i" >said 2>&1 </dev/null && break
			again=$((again + 1))
		done
		grep -q 'Result: posted' said || {
			sed 's/^/   /' said >&2
			fail "payment $i has no receipt"
		}
		echo "   payment $i: posted"
	done
	! kill -0 "${servers[1]}" 2>/dev/null || fail "the server is still there"
	echo "   one server of three is gone; sent again: $again"
}
