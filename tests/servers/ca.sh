#!/bin/sh
# A throw-away certificate authority for tests: keys and certificates made anew for each test run.
#
#   sh tests/servers/ca.sh DIR          or:  . tests/servers/ca.sh; ca_make DIR
#
# makes in DIR (which must exist), all keys EC P-256, all certificates valid for some days:
#
#   ca.pem        the authority: what a client is told to trust (tls-ca-file)
#   good.pem      server certificate for localhost, 127.0.0.1 and ::1
#   wrong.pem     the same, but for other.example only
#   expired.pem   as good.pem, but no longer valid since 2020-02-01
#   self.pem      as good.pem, but signed by itself
#   X.key         the private key of X.pem, mode 0600
#   X.spki        SHA-256 of its public key (SPKI) as 64 hex digits: what a pin is compared with
#
# Needs only the openssl command, version 3.

# The SHA-256 of a certificate's public key, in lower-case hexadecimal.
ca_spki() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER |
	    openssl dgst -sha256 -r | cut -c1-64
}

# ca_leaf DIR NAME COMMON-NAME SUBJECT-ALT-NAMES: a server certificate signed by the authority.
ca_leaf() {
	openssl req -x509 -config "$1/ca.cnf" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -CA "$1/ca.pem" -CAkey "$1/ca.key" -days 30 -subj "/CN=$3" -extensions leaf \
	    -addext "subjectAltName = $4" -keyout "$1/$2.key" -out "$1/$2.pem"
}

# The same, expired: `openssl req` cannot date back, `openssl ca` can.
ca_leaf_expired() {
	: > "$1/ca.index"
	openssl req -config "$1/ca.cnf" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=$3" -addext "subjectAltName = $4" -keyout "$1/$2.key" -out "$1/$2.csr" &&
	openssl ca -batch -notext -config "$1/ca.cnf" -name ca \
	    -cert "$1/ca.pem" -keyfile "$1/ca.key" \
	    -startdate 20200101000000Z -enddate 20200201000000Z -extensions leaf \
	    -outdir "$1" -in "$1/$2.csr" -out "$1/$2.pem"
	ca_status=$?
	rm -f "$1"/ca.index* "$1/$2.csr" "$1"/[0-9A-F][0-9A-F][0-9A-F]*.pem
	return "$ca_status"
}

ca_configuration() {
	cat > "$1/ca.cnf" <<-END
	[req]
	distinguished_name = name
	prompt = no
	[name]
	[root]
	basicConstraints = critical, CA:TRUE
	keyUsage = critical, keyCertSign, cRLSign
	subjectKeyIdentifier = hash
	[leaf]
	basicConstraints = critical, CA:FALSE
	keyUsage = critical, digitalSignature
	extendedKeyUsage = serverAuth
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	[ca]
	database = $1/ca.index
	default_md = sha256
	policy = policy
	copy_extensions = copy
	rand_serial = yes
	unique_subject = no
	[policy]
	commonName = supplied
	END
}

ca_all() {
	ca_names='DNS:localhost, IP:127.0.0.1, IP:::1'
	ca_configuration "$1" &&
	openssl req -x509 -config "$1/ca.cnf" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj '/CN=koc test authority' -extensions root \
	    -keyout "$1/ca.key" -out "$1/ca.pem" &&
	ca_leaf "$1" good localhost "$ca_names" &&
	ca_leaf "$1" wrong other.example 'DNS:other.example' &&
	ca_leaf_expired "$1" expired localhost "$ca_names" &&
	openssl req -x509 -config "$1/ca.cnf" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj '/CN=localhost' -extensions leaf -addext "subjectAltName = $ca_names" \
	    -keyout "$1/self.key" -out "$1/self.pem" &&
	for ca_name in good wrong expired self; do
		ca_spki "$1/$ca_name.pem" > "$1/$ca_name.spki" || return 1
	done &&
	rm -f "$1/ca.cnf"
}

# Makes all of them; prints openssl's own words only when something went wrong.
ca_make() {
	if ( umask 022; ca_all "$1" ) > "$1/ca.log" 2>&1; then
		rm -f "$1/ca.log"
	else
		echo "ca.sh: cannot make certificates in $1:" >&2
		cat "$1/ca.log" >&2
		return 1
	fi
}

case ${0##*/} in
ca.sh)
	if [ $# -ne 1 ] || [ ! -d "$1" ]; then
		echo 'usage: ca.sh DIR (an existing directory)' >&2
		exit 64
	fi
	ca_make "$1"
	;;
esac
