#!/bin/sh
# tarball.sh PROGRAM OUT: redraw with every library but the C library's own, to be unpacked and run anywhere. Two of one program have the same bytes.
. "$(dirname "$0")/begin.sh"
name=redraw-$version-linux-$(uname -m)
sh "$here/stage.sh" "$program" "$work" "/$name" all
install -m 644 "$here/../LICENSE" "$work/$name/share/doc/redraw/LICENSE"
find "$work" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" |
    xz -T1 "${XZ_LEVEL:--6}" >"$out/$name.tar.xz.part"
mv "$out/$name.tar.xz.part" "$out/$name.tar.xz"
echo "$out/$name.tar.xz"
