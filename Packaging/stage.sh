#!/bin/sh
# stage.sh PROGRAM ROOT PREFIX LIBRARIES: what an installation has, below ROOT, from a built redraw.
#
# LIBRARIES: none, swift (the Swift runtime that the program needs) or all (every library but the C library's own). They go to PREFIX/lib/redraw, and the
# program looks for them there, wherever the whole is moved to. Every file gets the time SOURCE_DATE_EPOCH, so that packages of it have the same bytes.
set -eu
program=$1 root=$2 prefix=$3 libraries=$4
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")
: "${SOURCE_DATE_EPOCH:?}"
umask 022
to=$root$prefix
install -d "$to/bin" "$to/share/redraw/Models" "$to/share/man/man1" "$to/share/bash-completion/completions" \
    "$to/share/zsh/vendor-completions" "$to/share/fish/vendor_completions.d" "$to/share/doc/redraw"

install -m 755 "$program" "$to/bin/redraw"
"${STRIP:-strip}" --strip-unneeded --remove-section=.comment "$to/bin/redraw"
# The hashes of modules know the folder in which each was compiled, and only the compiler's next run wants them; the build's number is a digest of
# them, too, and is made anew. Both are overwritten where they stand: strip would take the hardening away with a section.
# overwrite NAME SKIPPED: what comes in takes the place of the program's section of that name, but for its first bytes.
overwrite() {
    place=$(readelf -SW "$to/bin/redraw" | sed -nE "s/^ *\\[ *[0-9]+\\] $1 +[A-Z0-9_]+ +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+) .*/0x\\1 0x\\2/p")
    [ -z "$place" ] || dd of="$to/bin/redraw" bs=1 seek=$((${place% *} + $2)) count=$((${place#* } - $2)) conv=notrunc status=none
}
overwrite '\.swift_modhash' 0 </dev/zero
overwrite '\.note\.gnu\.build-id' 16 </dev/zero
env printf "$(sha1sum <"$to/bin/redraw" | cut -c 1-40 | sed 's/../\\x&/g')" | overwrite '\.note\.gnu\.build-id' 16
ln -s redraw "$to/bin/analyze"

# libc and what belongs to it are the system's; they are older or newer than ours only together.
ours='^(libc|libm|libdl|librt|libpthread|libresolv|libutil|ld-linux[^.]*|linux-vdso)[.-]'
needed() {
    ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | while read -r library; do
        case $libraries in
        all) ! basename "$library" | grep -Eq "$ours" && echo "$library" ;;
        swift) case $library in */swift/linux/*) echo "$library" ;; esac ;;
        esac
    done || true
}
# The Debian package that a library is from. It is registered by its path before or after /lib became a link to /usr/lib.
package_of() {
    path=$(readlink -f "$1")
    if package=$(dpkg -S "$path" 2>/dev/null || dpkg -S "${path#/usr}" 2>/dev/null); then
        echo "${package%%:*}"
    else
        echo "$path is of no package: its licence does not come along" >&2
    fi
}
# Reads digests and files in the folder $1: every text once, below the files that have it.
terms() {
    awk -v folder="$1" '
        { file = substr($0, 67) }
        !($1 in first) { order[++count] = $1; first[$1] = file }
        { names[$1] = names[$1] "\n" file }
        END {
            for (i = 1; i <= count; i++) {
                print "\n----------------------------------------------------------------------" names[order[i]] "\n"
                while ((getline line < (folder "/" first[order[i]])) > 0) print line
            }
        }'
}
if ldd "$program" | grep -q 'not found'; then
    echo "$program lacks libraries here:" >&2
    ldd "$program" | grep 'not found' >&2
    exit 1
fi
found=$(needed)
if [ -n "$found" ]; then
    install -d "$to/lib/redraw"
    for library in $found; do
        install -m 644 "$(readlink -f "$library")" "$to/lib/redraw/$(basename "$library")"
        "${STRIP:-strip}" --strip-unneeded --remove-section=.comment "$to/lib/redraw/$(basename "$library")"
        # A library looks for the others beside it.
        patchelf --set-rpath "\$ORIGIN" "$to/lib/redraw/$(basename "$library")"
    done
    patchelf --set-rpath "\$ORIGIN/../lib/redraw" "$to/bin/redraw"
else
    # A build's own folders mean nothing elsewhere.
    patchelf --remove-rpath "$to/bin/redraw"
fi

cp -r "$source/Vocab" "$to/share/redraw/Vocab"
cp -r "$source/Sources/StudioWeb/Page" "$to/share/redraw/Page"
tar -C "$source/Models" --exclude=recipes -cf - . | tar -C "$to/share/redraw/Models" -xf -

# The manual pages and the completions say what this very program says.
version=$("$program" --version | cut -d' ' -f2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$program" --experimental-dump-help | jq --arg version "$version" --arg date "$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)" \
    -f "$here/manual.jq" >"$work/pages.json"
jq -r 'keys[]' "$work/pages.json" | while read -r page; do
    jq -rj --arg page "$page" '.[$page]' "$work/pages.json" | gzip -9n >"$to/share/man/man1/$page.gz"
done
ln -s redraw-analyze.1.gz "$to/share/man/man1/analyze.1.gz"
# The shell reads it; nobody runs it.
"$program" --generate-completion-script bash | sed '1{/^#!/d}' >"$to/share/bash-completion/completions/redraw"
"$program" --generate-completion-script zsh >"$to/share/zsh/vendor-completions/_redraw"
"$program" --generate-completion-script fish >"$to/share/fish/vendor_completions.d/redraw.fish"

# What is linked into the program, and under which terms. Texts that several packages have stand there once.
sources=$(dirname "$program")/../../checkouts
{
    if [ -d "$sources" ]; then
        echo 'redraw holds code of these Swift packages, and the Swift runtime (Apache License 2.0'
        echo 'with Runtime Library Exception) with ICU (Unicode License v3).'
        find "$sources" -type f \( -iname 'licen[cs]e*' -o -iname 'notice*' \) -not -path '*/.git/*' -not -path '*/Tests/*' -printf '%P\n' | sort |
            (cd "$sources" && tr '\n' '\0' | xargs -0 sha256sum) | terms "$sources"
    else
        echo "$program has no folder of Swift packages beside it: their licences do not come along" >&2
    fi
    if [ "$libraries" = all ]; then
        echo
        echo 'The libraries in lib/redraw come from these packages of the system it was built on.'
        # Their texts point to the licences that every Debian system has, and other systems have not.
        for library in $found; do package_of "$library"; done | sort -u | sed 's|.*|doc/&/copyright|' >"$work/copyrights"
        (
            cd /usr/share
            xargs grep -oh '/usr/share/common-licenses/[A-Za-z0-9.+-]*[A-Za-z0-9]' <"$work/copyrights" |
                xargs readlink -f | sort -u | sed 's|^/usr/share/||' | cat "$work/copyrights" - | xargs sha256sum
        ) | terms /usr/share
    fi
} >"$to/share/doc/redraw/third-party.txt"
# The documentation lies as it does in the source, so that its links lead on.
install -m 644 "$source"/README.md "$source"/CONTRIBUTING.md "$source"/NOTICE "$to/share/doc/redraw"
tar -C "$source" --exclude='*.sh' -cf - Documentation | tar -C "$to/share/doc/redraw" -xf -
ln -s ../../redraw/Models ../../redraw/Vocab "$to/share/doc/redraw"
chmod -R u=rwX,go=rX "$to"
find "$to/share/redraw" "$to/share/doc" -type f -exec chmod 644 {} +
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
