# Read by deb.sh and tarball.sh at their beginning, which are called with PROGRAM and OUT. Sets program, out, here, version and work, a folder that goes
# at the end, and whatever would make two packages of one program differ: the time, the language, the rights of new files.
set -eu
program=$(realpath "$1")
install -d "$2"
out=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
: "${SOURCE_DATE_EPOCH:=$(git -C "$here" log -1 --format=%ct 2>/dev/null || stat -c %Y "$here/../LICENSE")}"
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022
version=$("$program" --version | cut -d' ' -f2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
