#!/usr/bin/env bash
# Installs headers, shared and static libraries, pkg-config and CMake files. Build the libraries first, which takes about a
# minute; these are those that the benches measure, without their debug information:
#
#   cargo build --profile binding -p switchover-ffi
#   ffi-c/small
#
#   PREFIX    where they will be used from (/usr/local)
#   LIBDIR    of the libraries (PREFIX/lib)
#   DESTDIR   put before every path, for packagers (none)
#   FLAVOURS  which of them (std small; std alone where the objects are not ELF)
#   BUILT     the folder of the std flavour's libraries (target/binding, or that of CARGO_TARGET_DIR)
#   SMALL     the folder of the small flavour's (target/small, or that of CARGO_TARGET_DIR)
#   TARGET    of Rust, which they are built for (this machine's)
#
# LD, OBJCOPY, AR and STRIP name tools for another target.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}
PREFIX=${PREFIX:-/usr/local}
LIBDIR=${LIBDIR:-$PREFIX/lib}
DESTDIR=${DESTDIR:-}
BUILT=${BUILT:-$target/binding}
SMALL=${SMALL:-$target/small}
TARGET=${TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $TARGET in
*-windows-* | *-darwin | wasm*) is_elf= ;;
*) is_elf=yes ;;
esac
FLAVOURS=${FLAVOURS:-std${is_elf:+ small}}

# value NAME: of a macro of the header, which has them from Cargo.
value() {
    sed -n "s/^#define SWO_$1 \"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$here/include/switchover.h"
}
version=$(value VERSION) abi=$(value ABI_VERSION)

put() { # MODE FILE TO
    install -D -m "$1" "$2" "$DESTDIR$3"
}

# So that all of it can be moved: what find_package and pkg-config give is where it lies then.
include=$(realpath -m --relative-to="$LIBDIR/cmake/switchover" "$PREFIX/include")
bin=$(realpath -m --relative-to="$LIBDIR" "$PREFIX/bin")
up=$(realpath -m --relative-to="$LIBDIR/pkgconfig" "$PREFIX")
pc_libdir=$LIBDIR
case $LIBDIR in "$PREFIX"/*) pc_libdir='${prefix}'${LIBDIR#"$PREFIX"} ;; esac

# What the standard library asks of the system, but for what every C compiler links itself.
printf '' >"$work/empty.rs"
private=$(cd "$work" && rustc --print native-static-libs --crate-type staticlib --target "$TARGET" empty.rs 2>&1 |
    sed -n 's/^note: native-static-libs: //p' | tr ' ' '\n' |
    grep -v -x -E -e '-l(c|gcc|gcc_s|gcc_eh|kernel32|msvcrt|mingw.*|System|:libpthread.a)|' | uniq | paste -s -d ' ')

# filled FILE TO NAME FLAVOUR PRIVATE: a template with the paths of this installation.
filled() {
    mkdir -p "$(dirname "$DESTDIR$2")"
    sed -e "s|@UP@|$up|g; s|@PC_LIBDIR@|$pc_libdir|g; s|@INCLUDE@|$include|g; s|@BIN@|$bin|g; s|@VERSION@|$version|g" \
        -e "s|@ABI@|$abi|g; s|@NAME@|$3|g; s|@FLAVOUR@|$4|g; s|@PRIVATE@|$5|g; s|@CMAKE_PRIVATE@|${5// /;}|g" "$1" >"$DESTDIR$2"
    chmod 644 "$DESTDIR$2"
}

# shared NAME FILE: under the names by which the system looks for it. Where Rust makes none (musl, WASI), there is none.
shared() {
    local name=$LIBDIR/$1
    [ -e "$2" ] || return 0
    case $2 in
    *.dll)
        put 755 "$2" "$PREFIX/bin/switchover.dll"
        put 644 "${2%/*}/$1.dll.a" "$name.dll.a"
        ;;
    *.dylib)
        put 755 "$2" "$name.$abi.dylib"
        ln -sf "$1.$abi.dylib" "$DESTDIR$name.dylib"
        ;;
    *)
        put 755 "$2" "$name.so.$version"
        ln -sf "$1.so.$version" "$DESTDIR$name.so.$abi"
        ln -sf "$1.so.$abi" "$DESTDIR$name.so"
        ;;
    esac
}

pc() { # NAME FLAVOUR PRIVATE
    filled "$here/packaging/switchover.pc.in" "$LIBDIR/pkgconfig/$1.pc" "$1" "$2" "$3"
}

std() {
    local static=$BUILT/libswitchover.a so=$BUILT/libswitchover.so
    if [ -n "$is_elf" ]; then
        "$here/packaging/one-object" "$static" "$here/symbols.txt" "$work/libswitchover.a"
        static=$work/libswitchover.a
        [ ! -e "$so" ] || "${STRIP:-strip}" --strip-unneeded -o "$work/libswitchover.so" "$so"
        shared libswitchover "$work/libswitchover.so"
    else
        shared libswitchover "$BUILT/switchover.dll"
        shared libswitchover "$BUILT/libswitchover.dylib"
    fi
    put 644 "$static" "$LIBDIR/libswitchover.a"
    pc switchover '' "$private"
}

small() {
    shared libswitchover-small "$SMALL/libswitchover-small.so"
    put 644 "$SMALL/libswitchover-small.a" "$LIBDIR/libswitchover-small.a"
    pc switchover-small ', in its small flavour' ''
}

# Before anything is installed.
for flavour in $FLAVOURS; do
    case $flavour in
    std) built=$BUILT/libswitchover.a ;;
    small) built=$SMALL/libswitchover-small.a ;;
    *) echo "no flavour $flavour: std, small" >&2 && exit 2 ;;
    esac
    [ -e "$built" ] && continue
    echo "$built is not there. Build first: cargo build --profile binding -p switchover-ffi && ffi-c/small" >&2
    exit 1
done
for header in switchover.h switchover_profiles.h; do
    put 644 "$here/include/$header" "$PREFIX/include/$header"
done
for flavour in $FLAVOURS; do "$flavour"; done
for licence in "$here"/../LICENSE-*; do
    put 644 "$licence" "$PREFIX/share/licenses/switchover/$(basename "$licence")"
done
for file in switchover-config.cmake switchover-config-version.cmake; do
    filled "$here/packaging/$file.in" "$LIBDIR/cmake/switchover/$file" '' '' "$private"
done
echo "switchover $version (ABI $abi) is in $DESTDIR$PREFIX"
