//! The name under which programs look for the shared library at run time: it changes with the ABI, not with the version.

/// Counts up with every change that a compiled program would notice.
const ABI: u32 = 1;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=SWO_ABI={ABI}");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libswitchover.so.{ABI}");
}
