#!/bin/sh
# tarball.sh PROGRAM OUT: redraw with every library but the C library's own, to be unpacked and run anywhere. Two of one program have the same bytes.
set -eu
program=$(realpath "$1")
install -d "$2"
out=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
: "${SOURCE_DATE_EPOCH:=$(git -C "$here" log -1 --format=%ct 2>/dev/null || stat -c %Y "$here/../LICENSE")}"
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022
name=redraw-$("$program" --version | cut -d' ' -f2)-linux-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$here/stage.sh" "$program" "$work" "/$name" all
install -m 644 "$here/../LICENSE" "$work/$name/share/doc/redraw/LICENSE"
find "$work" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" |
    xz -T1 "${XZ_LEVEL:--6}" >"$out/$name.tar.xz.part"
mv "$out/$name.tar.xz.part" "$out/$name.tar.xz"
echo "$out/$name.tar.xz"
