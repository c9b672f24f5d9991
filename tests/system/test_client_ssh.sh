# OpenSSH: the login key of the card as an ssh key, directly and in the agent.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

# The server is dropbear: installing it starts no service. It lets in whoever is in
# the user's own ~/.ssh, so root's home becomes another one.
[[ $PCSC_PLAN == A ]] || skip "root's home cannot be replaced here"
[[ $(id -u) == 0 && $(cat /proc/self/setgroups) == allow ]] ||
	skip "dropbear cannot let anybody in here: only root may change groups"
mount -t tmpfs -o mode=0700 tmpfs "$(getent passwd root | cut -d: -f6)"
export HOME
HOME=$(getent passwd root | cut -d: -f6)
mkdir -m 700 "$HOME/.ssh"

# ssh asks this program for the PIN; it counts the questions.
cat >askpass <<-END
	#!/bin/sh
	printf '%s\n' "\$1" >>"$WORK/asked"
	cat "$WORK/pin"
END
chmod 700 askpass
export SSH_ASKPASS=$WORK/askpass SSH_ASKPASS_REQUIRE=force

sshd_start() {
	dropbearkey -t ecdsa -f host.key >dropbearkey.log 2>&1
	SSH_PORT=$((20000 + RANDOM % 10000))
	background dropbear -F -E -s -p "127.0.0.1:$SSH_PORT" -r host.key \
		-P sshd.pid >sshd.log 2>&1
	until_true 10 sshd_listens || not_met "the ssh server starts"
}
sshd_listens() {
	ss -Hltn "sport = $SSH_PORT" | grep -q .
}

visit() {
	foreign timeout 60 ssh -F none -p "$SSH_PORT" -o BatchMode=no \
		-o StrictHostKeyChecking=no -o PasswordAuthentication=no \
		-o LogLevel=ERROR "$@" root@127.0.0.1 'echo "$((6 * 7)) inside"'
}

# The agent is set-group-id, and so would not load the sanitizers' runtime.
cp "$(command -v ssh-agent)" agent
agent_start() {
	foreign_start ./agent -D -a "$WORK/agent.socket" -P "$MODULE" \
		>agent.log 2>&1
	agent_pid=$LAST_PID
	until_true 10 test -S agent.socket || not_met "the agent starts"
	export SSH_AUTH_SOCK=$WORK/agent.socket
}
agent_stop() {
	kill "$agent_pid"
	wait "$agent_pid" 2>/dev/null || :
	rm -f agent.socket
	unset SSH_AUTH_SOCK
}

sshd_start
pcsc_start
for type in $CLIENT_TYPES; do
	client_card "$type"
	: >asked
	proves "$type: ssh-keygen -D"
	expect_exit 0 "lists the keys" foreign timeout 60 ssh-keygen -D "$MODULE"
	grep Login <<<"$OUT" >login.pub
	ok "the login key is the card's" cmp \
		<(ssh-keygen -i -m PKCS8 -f mine.auth.pub) \
		<(cut -d' ' -f1,2 login.pub)
	ok "nobody was asked for a PIN" test ! -s asked

	proves "$type: ssh -I"
	rm -f "$HOME/.ssh/authorized_keys"
	run visit -I "$MODULE"
	ok "a stranger stays outside" test "$RC" = 255
	cp login.pub "$HOME/.ssh/authorized_keys"
	: >asked
	expect_exit 0 "the card's owner comes in" visit -I "$MODULE"
	expect_equal "and works there" "42 inside" "$OUT"
	expect_equal "the PIN was asked for once" 1 "$(grep -c PIN asked)"

	proves "$type: ssh-agent"
	agent_start
	expect_exit 0 "ssh-add -s" foreign timeout 60 ssh-add -s "$MODULE"
	expect_exit 0 "ssh-add -L" ssh-add -L
	ok "has the key" grep -qF "$(cut -d' ' -f2 login.pub)" .out
	expect_exit 0 "ssh-add -T: it signs" ssh-add -T login.pub
	expect_exit 0 "ssh through the agent" visit
	expect_equal "works there" "42 inside" "$OUT"
	card_remove
	expect_exit 1 "without the card it does not" ssh-add -T login.pub
	card_insert mine
	expect_exit 1 "nor when it is back" ssh-add -T login.pub
	expect_line "agent refused operation" "says so"
	ssh-add -e "$MODULE" >/dev/null 2>&1
	expect_exit 0 "ssh-add -e, ssh-add -s" foreign timeout 60 \
		ssh-add -s "$MODULE"
	expect_exit 0 "put that right" ssh-add -T login.pub
	expect_exit 0 "ssh-add -e" foreign timeout 60 ssh-add -e "$MODULE"
	run visit
	ok "and then the agent has nothing more" test "$RC" = 255
	agent_stop
done
