#!/bin/sh
# Installs what building and testing need on Debian 12, if something is missing.  This is the one place
# that lists it.  Does nothing, quickly, when all is there.

# To build; libetpan-dev wants the headers of libcurl's GnuTLS flavour, koc loads the OpenSSL one, libcurl4.
build='gcc make pkg-config libc6-dev libetpan-dev libsqlite3-dev libssl-dev libconfuse-dev zlib1g-dev
libcurl4-gnutls-dev libcurl4 libxml2-dev libical-dev'
# To test, to show and to check: servers, peers, readers.
tests='libcmocka-dev dovecot-imapd python3 openssl perl isync offlineimap3 neomutt notmuch maildir-utils sqlite3
mandoc binutils radicale xandikos nginx-light curl khal khard todoman vdirsyncer'

missing() {
	# shellcheck disable=SC2086 # a list of words
	LC_ALL=C dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' $build $tests 2>&1 |
	    sed -n -e '/^[a-z]i /d' -e 's/^.*no packages found matching //p' -e 's/^[a-z][a-zA-Z ] //p'
}

if ! command -v dpkg-query > /dev/null; then
	echo "setup: this is not Debian; what its packages are called there: $build $tests" >&2
	exit 0
fi
wanted=$(missing | sort -u | tr '\n' ' ')
[ -n "$wanted" ] || exit 0

install="apt-get install --no-install-recommends --no-remove $wanted"
# Root's PATH after a plain `su` has no sbin; dpkg wants it.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
if [ "$(id -u)" = 0 ]; then
	sudo=
elif sudo -n true 2> /dev/null; then
	sudo='sudo'
else
	echo "setup: packages are missing; as root, please:" >&2
	echo "    apt-get update && $install" >&2
	exit 1
fi

# The tests start servers of their own on loopback: the packages must not start theirs.
policy=/usr/sbin/policy-rc.d
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy > /dev/null && $sudo chmod 755 $policy
	trap 'rm -f "$log"; $sudo rm -f $policy' EXIT
fi
echo "setup: $install"
# shellcheck disable=SC2086
if ! { $sudo apt-get -q update &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends \
	--no-remove $wanted; } > "$log" 2>&1 < /dev/null; then
	tail -n 30 "$log" >&2
	echo "setup: that failed; please run it by hand and look at what it says:" >&2
	echo "    apt-get update && $install" >&2
	exit 1
fi
