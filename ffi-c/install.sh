#!/usr/bin/env bash
# Installs header, shared and static libraries, pkg-config and CMake files, for ELF systems. Build the libraries first, which
# takes about a minute; these are those that the benches measure, without their debug information:
#
#   cargo build --profile binding -p switchover-ffi
#   ffi-c/small
#
#   PREFIX    where they will be used from (/usr/local)
#   LIBDIR    of the libraries (PREFIX/lib)
#   DESTDIR   put before every path, for packagers (none)
#   FLAVOURS  which of them (std small)
#   BUILT     the folder of the std flavour's libraries (target/binding, or that of CARGO_TARGET_DIR)
#   SMALL     the folder of the small flavour's (target/small, or that of CARGO_TARGET_DIR)
#
# LD, OBJCOPY, AR and STRIP name tools for another target, and RUST_TARGET that target.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}
PREFIX=${PREFIX:-/usr/local}
LIBDIR=${LIBDIR:-$PREFIX/lib}
DESTDIR=${DESTDIR:-}
BUILT=${BUILT:-$target/binding}
SMALL=${SMALL:-$target/small}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

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
up=$(realpath -m --relative-to="$LIBDIR/pkgconfig" "$PREFIX")
pc_libdir=$LIBDIR
case $LIBDIR in "$PREFIX"/*) pc_libdir='${prefix}'${LIBDIR#"$PREFIX"} ;; esac

# What the standard library asks of the system, but for what every C compiler links itself.
printf '' >"$work/empty.rs"
private=$(cd "$work" && rustc --print native-static-libs --crate-type staticlib ${RUST_TARGET:+--target "$RUST_TARGET"} empty.rs 2>&1 |
    sed -n 's/^note: native-static-libs: //p' | tr ' ' '\n' | grep -v -x -E -e '-l(c|gcc|gcc_s|gcc_eh)|' | uniq | paste -s -d ' ')

# filled FILE TO NAME FLAVOUR PRIVATE: a template with the paths of this installation.
filled() {
    mkdir -p "$(dirname "$DESTDIR$2")"
    sed -e "s|@UP@|$up|g; s|@PC_LIBDIR@|$pc_libdir|g; s|@INCLUDE@|$include|g; s|@VERSION@|$version|g; s|@ABI@|$abi|g" \
        -e "s|@NAME@|$3|g; s|@FLAVOUR@|$4|g; s|@PRIVATE@|$5|g; s|@CMAKE_PRIVATE@|${5// /;}|g" "$1" >"$DESTDIR$2"
    chmod 644 "$DESTDIR$2"
}

flavour() { # NAME FOLDER FLAVOUR PRIVATE
    put 755 "$2/$1.so" "$LIBDIR/$1.so.$version"
    put 644 "$2/$1.a" "$LIBDIR/$1.a"
    ln -sf "$1.so.$version" "$DESTDIR$LIBDIR/$1.so.$abi"
    ln -sf "$1.so.$abi" "$DESTDIR$LIBDIR/$1.so"
    filled "$here/packaging/switchover.pc.in" "$LIBDIR/pkgconfig/${1#lib}.pc" "${1#lib}" "$3" "$4"
}

put 644 "$here/include/switchover.h" "$PREFIX/include/switchover.h"
for flavour in ${FLAVOURS:-std small}; do
    case $flavour in
    std)
        "${STRIP:-strip}" --strip-unneeded -o "$work/libswitchover.so" "$BUILT/libswitchover.so"
        "$here/packaging/one-object" "$BUILT/libswitchover.a" "$here/symbols.txt" "$work/libswitchover.a"
        flavour libswitchover "$work" '' "$private"
        ;;
    small) flavour libswitchover-small "$SMALL" ', in its small flavour' '' ;;
    *) echo "no flavour $flavour: std, small" >&2 && exit 2 ;;
    esac
done
for licence in "$here"/../LICENSE-*; do
    put 644 "$licence" "$PREFIX/share/licenses/switchover/$(basename "$licence")"
done
for file in switchover-config.cmake switchover-config-version.cmake; do
    filled "$here/packaging/$file.in" "$LIBDIR/cmake/switchover/$file" '' '' "$private"
done
echo "switchover $version (ABI $abi) is in $DESTDIR$PREFIX"
