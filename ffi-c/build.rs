//! The linker options of the shared library, such as its soname or install name.
//!
//! The name contains the ABI number, not the version of the library.

use std::env;

/// The ABI number; incremented with every change that breaks compiled programs.
const ABI: u32 = 1;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=SWO_ABI={ABI}");
    let of_target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    // Windows and WebAssembly have no such name.
    let name = match (of_target("FAMILY").as_str(), of_target("VENDOR").as_str()) {
        ("unix", "apple") => format!("-install_name,@rpath/libswitchover.{ABI}.dylib"),
        // A build id depends on the folder of the build, so no two builds would be the same. To
        // strip it later would cost the header of RELRO, which binutils drop where lld has linked.
        ("unix", _) => format!("-soname,libswitchover.so.{ABI},--build-id=none"),
        _ => return,
    };
    println!("cargo:rustc-cdylib-link-arg=-Wl,{name}");
}
