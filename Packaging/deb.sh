#!/bin/sh
# deb.sh PROGRAM OUT: a Debian package of a built redraw, in the folder OUT. Two packages of one program have the same bytes.
# DEB_COMPRESSION="-Zgzip -z1" is quicker to build; MAINTAINER="Name <address>" is who answers for it.
. "$(dirname "$0")/begin.sh"
architecture=$(dpkg --print-architecture)
# The same where there is no repository, as in a container.
maintainer=${MAINTAINER:-The Redraw authors <redraw@localhost.localdomain>}
root=$work/root
sh "$here/stage.sh" "$program" "$root" /usr swift

documents=$root/usr/share/doc/redraw
{
    echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
    echo 'Upstream-Name: redraw'
    echo
    echo 'Files: *'
    echo 'Copyright: 2026 the authors of Redraw'
    echo 'License: Apache-2.0'
    echo ' On Debian systems the full text of the Apache License 2.0 is in'
    echo ' /usr/share/common-licenses/Apache-2.0. What else is inside, and under which'
    echo ' terms, is told in NOTICE (models, pictures) and third-party.txt (code) in'
    echo ' /usr/share/doc/redraw.'
} >"$documents/copyright"
printf 'redraw (%s) unstable; urgency=medium\n\n  * Version %s.\n\n -- %s  %s\n' "$version" "$version" "$maintainer" \
    "$(date -u -d "@$SOURCE_DATE_EPOCH" -R)" | gzip -9n >"$documents/changelog.gz"

install -d "$root/usr/share/lintian/overrides"
cat >"$root/usr/share/lintian/overrides/redraw" <<'END'
# swift-nio-extras brings a copy of zlib of its own, under names of its own;
# pictures are read with the system's.
redraw: embedded-library zlib *
# Words of linked libraries, and bytes between two texts that look like words.
redraw: spelling-error-in-binary *
# Nearly all of the program is Swift, which looks after its own bounds.
redraw: hardening-no-fortify-functions *
# The program reads these files, or serves them.
redraw: package-contains-documentation-outside-usr-share-doc *
# Vocab/redraw is the vocabulary of that name, beside others.
redraw: repeated-path-segment *
# The models come along, as the program is of little use without them.
redraw: arch-dep-package-has-big-usr-share *
# Whoever hands the package on answers for it, and says so with MAINTAINER=.
redraw: bogus-mail-host *
redraw: bogus-mail-host-in-debian-changelog *
END

# What the program is linked against tells the dependencies.
mkdir -p "$work/debian"
printf 'Source: redraw\n\nPackage: redraw\nArchitecture: any\n' >"$work/debian/control"
set -- -O "-e$root/usr/bin/redraw"
if [ -d "$root/usr/lib/redraw" ]; then
    set -- "$@" "-l$root/usr/lib/redraw"
    for library in "$root"/usr/lib/redraw/*; do set -- "$@" "-e$library"; done
    # Those that come along belong to no package.
    ls "$root/usr/lib/redraw" | sed -nE 's/^(.*)\.so(\..*)?$/\1 0 redraw/p' >"$work/debian/shlibs.local"
fi
depends=$(cd "$work" && dpkg-shlibdeps --ignore-missing-info --warnings=0 "$@" 2>/dev/null | sed -n 's/^shlibs:Depends=//p' | tr ',' '\n' |
    sed 's/^ *//' | grep -v '^redraw' | paste -sd, | sed 's/,/, /g')

# In Debian's way: files in whole kilobytes, one for everything else, whatever the file system takes for a folder.
size=$(find "$root" -type f -printf '%s\n' -o -printf '1\n' | awk '{ size += int(($1 + 1023) / 1024) } END { print size }')

install -d "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<END
Package: redraw
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $size
Depends: $depends, sensible-utils
Recommends: ca-certificates
Section: graphics
Priority: optional
Description: looks at pictures, suggests tags and prompts, redraws on the CPU
 Redraw says which prompt, model and size would make a picture like one you
 have, lets you screen what it said, and redraws the picture from what you
 approved, wholly or only where a brush went over it. Everything runs on your
 own machine, on the CPU. A small encoder and two small generators come along;
 Stable Diffusion 1, 2 and XL checkpoints are read as they are.
END
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group ${DEB_COMPRESSION:--Zxz} --threads-max=1 --build "$root" "$out/redraw_${version}_$architecture.deb"
