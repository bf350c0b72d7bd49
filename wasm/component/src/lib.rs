//! The engine as a component of WebAssembly.
//!
//! `wit/http1.wit` has the documentation of what it exports. It imports nothing. Each function
//! converts its arguments, calls the engine and converts the result.

// The types of resources must be as public as the generated traits, which nothing uses.
#![allow(unreachable_pub)]

mod engine;
mod events;
#[cfg(feature = "profiles")]
mod profiles;

#[allow(missing_docs, unsafe_code, clippy::all)]
mod wit {
    #[cfg(feature = "profiles")]
    wit_bindgen::generate!({ world: "http1-profiles", path: "wit" });
    #[cfg(not(feature = "profiles"))]
    wit_bindgen::generate!({ world: "http1", path: "wit" });

    export!(Component with_types_in self);

    /// The implementation of the world `http1`, or `http1-profiles` with `profiles`.
    pub struct Component;
}
