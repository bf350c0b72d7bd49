#!/usr/bin/env bash
# Installs header, shared and static library, pkg-config and CMake files. Build the libraries first, which takes about
# half a minute; with this profile they are those that the benches measure:
#
#   cargo build --profile binding -p switchover-ffi
#
#   PREFIX    where they will be used from (/usr/local)
#   LIBDIR    of the libraries (PREFIX/lib)
#   DESTDIR   put before every path, for packagers (none)
#   BUILT     the folder of the built libraries (target/binding, or that of CARGO_TARGET_DIR)
#   TARGET    of Rust, which they are built for (this machine's)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PREFIX=${PREFIX:-/usr/local}
LIBDIR=${LIBDIR:-$PREFIX/lib}
DESTDIR=${DESTDIR:-}
BUILT=${BUILT:-${CARGO_TARGET_DIR:-$here/../target}/binding}
TARGET=${TARGET:-$(rustc -vV | sed -n 's/^host: //p')}

# value NAME: of a macro of the header, which has them from Cargo.
value() {
    sed -n "s/^#define SWO_$1 \"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$here/include/switchover.h"
}
version=$(value VERSION) abi=$(value ABI_VERSION)

put() { # MODE FILE TO
    install -D -m "$1" "$2" "$DESTDIR$3"
}
put 644 "$here/include/switchover.h" "$PREFIX/include/switchover.h"
put 644 "$BUILT/libswitchover.a" "$LIBDIR/libswitchover.a"
# The shared library, and what the static one asks of the system.
case $TARGET in
*-windows-*)
    put 755 "$BUILT/switchover.dll" "$PREFIX/bin/switchover.dll"
    put 644 "$BUILT/libswitchover.dll.a" "$LIBDIR/libswitchover.dll.a"
    system="-lntdll -luserenv -lws2_32 -ldbghelp"
    ;;
*-darwin)
    put 755 "$BUILT/libswitchover.dylib" "$LIBDIR/libswitchover.$abi.dylib"
    ln -sf "libswitchover.$abi.dylib" "$DESTDIR$LIBDIR/libswitchover.dylib"
    system=
    ;;
# Rust has none for these: with musl a program is static.
*-musl) system=-lunwind ;;
*-wasip1) system= ;;
*)
    put 755 "$BUILT/libswitchover.so" "$LIBDIR/libswitchover.so.$version"
    ln -sf "libswitchover.so.$version" "$DESTDIR$LIBDIR/libswitchover.so.$abi"
    ln -sf "libswitchover.so.$abi" "$DESTDIR$LIBDIR/libswitchover.so"
    system="-lpthread -lm -ldl"
    ;;
esac
for licence in "$here"/../LICENSE-*; do
    put 644 "$licence" "$PREFIX/share/licenses/switchover/$(basename "$licence")"
done

# So that all of it can be moved: what find_package and `pkg-config --define-prefix` give is where it lies then.
include=$(realpath -m --relative-to="$LIBDIR/cmake/switchover" "$PREFIX/include")
bin=$(realpath -m --relative-to="$LIBDIR" "$PREFIX/bin")
pc_libdir=$LIBDIR
case $LIBDIR in "$PREFIX"/*) pc_libdir='${prefix}'${LIBDIR#"$PREFIX"} ;; esac

# filled FILE TO: a template with the paths of this installation.
filled() {
    mkdir -p "$(dirname "$DESTDIR$2")"
    sed -e "s|@PREFIX@|$PREFIX|g; s|@PC_LIBDIR@|$pc_libdir|g; s|@INCLUDE@|$include|g; s|@BIN@|$bin|g; s|@VERSION@|$version|g; s|@ABI@|$abi|g; s|@SYSTEM@|$system|g; s|@SYSTEM_LIST@|${system// /;}|g" "$1" >"$DESTDIR$2"
    chmod 644 "$DESTDIR$2"
}
filled "$here/packaging/switchover.pc.in" "$LIBDIR/pkgconfig/switchover.pc"
filled "$here/packaging/switchover-config.cmake.in" "$LIBDIR/cmake/switchover/switchover-config.cmake"
filled "$here/packaging/switchover-config-version.cmake.in" "$LIBDIR/cmake/switchover/switchover-config-version.cmake"
echo "switchover $version (ABI $abi) is in $DESTDIR$PREFIX"
