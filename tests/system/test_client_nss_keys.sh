# Keys that NSS makes on the card, and the certificates it puts beside them; openssl
# judges what was signed.
. "$(dirname "$0")/lib.sh"
. "$HERE/clients.sh"

DB=sql:$WORK/nssdb
on_card=(-d "$DB" -h "Test card" -f pin -z noise)
nss() {
	foreign timeout 60 "$@" </dev/null
}
request() { # request NAME OPTIONS...
	nss certutil -R "${on_card[@]}" -s "CN=$1" -a -o "$1.csr" "${@:2}" &&
		openssl req -verify -noout -in "$1.csr"
}

pcsc_start
client_card p256
mkdir nssdb
head -c 4096 /dev/urandom >noise
certutil -N -d "$DB" --empty-password
nss modutil -dbdir "$DB" -add ukey -libfile "$MODULE" -force >/dev/null 2>&1

proves "certutil makes keys on the card"
ok "the bank's two were made here" made_here 2
ok "-R, RSA" request nss-rsa -k rsa -g 2048
ok "-R, P-256" request nss-ec -k ec -q nistp256
ok "-G, RSA" nss certutil -G "${on_card[@]}" -k rsa -g 3072
ok "-G, P-384" nss certutil -G "${on_card[@]}" -k ec -q nistp384
ok "they are on the card" made_here 6
ok "-S: a key and its certificate" nss certutil -S "${on_card[@]}" \
	-k ec -q nistp256 -s "CN=nss self" -n nss-self -x -t ",,"
expect_exit 0 "certutil -L" nss certutil -L -d "$DB" -h "Test card"
expect_line "Test card:nss-self +u,u,u" "finds the key of the certificate"
ok "-F: both are gone again" nss certutil -F "${on_card[@]:0:6}" \
	-n "Test card:nss-self"
ok "and nothing else" made_here 6
