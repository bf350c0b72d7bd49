//! The native Python module.
//!
//! It converts arguments, calls the engine and converts the results.
//!
//! `enums.rs` makes Python enums of the engine's enums, `args.rs` and `text.rs` convert arguments,
//! `output.rs` returns the bytes to send. `interned.rs` and `shared.rs` avoid copies of objects.
//! `headers.rs`, `head.rs`, `event.rs`, `values.rs` and `stage.rs` have the classes of results.
//! `config.rs` has the configuration, `error.rs` the exceptions, `exclusive.rs` rejects concurrent
//! calls. `connection/` has the methods of the connection. `websocket.rs`, `masque.rs`,
//! `bridge.rs` and `splice.rs` belong to particular protocols, `build_info.rs` says how the module
//! was built, and `h11/` is the native part of `switchover.h11`. `proposal.rs` reads an Upgrade
//! field that a program wrote itself. The documentation for users is in
//! `python/switchover/__init__.pyi` and `_h11.pyi`.

#![forbid(unsafe_code)]

mod args;
mod bridge;
mod build_info;
mod config;
mod connection;
mod enums;
mod error;
mod event;
mod exclusive;
mod h11;
mod head;
mod headers;
mod interned;
mod masque;
mod output;
mod proposal;
mod shared;
mod splice;
mod stage;
mod text;
mod values;
mod websocket;

/// The native part of the package `switchover`, which re-exports its public names.
#[pyo3::pymodule(name = "_switchover")]
mod native {
    use pyo3::prelude::*;
    use switchover::masque;

    #[pymodule_export]
    use crate::bridge::{check_http2, http1_fields, may_forward};
    #[pymodule_export]
    use crate::build_info::{features, scan_paths};
    #[pymodule_export]
    use crate::config::Config;
    #[pymodule_export]
    use crate::connection::{
        Connection, Events, Prepared, answer, next_scope, noted, panic_for_tests, propose, scope_of,
    };
    #[pymodule_export]
    use crate::event::{Data, EndOfMessage, Paused, Switched};
    #[pymodule_export]
    use crate::h11::module as h11;
    #[pymodule_export]
    use crate::head::{Informational, Request, Response};
    #[pymodule_export]
    use crate::headers::Headers;
    #[pymodule_export]
    use crate::masque::{
        Capsules, Datagram, IpTarget, UdpTarget, ip_target, says_capsules, udp_target,
    };
    #[pymodule_export]
    use crate::splice::Splice;
    #[pymodule_export]
    use crate::values::{Content, Offer, Protocol, Selection, State, Trace};
    #[pymodule_export]
    use crate::websocket::{Deflate, agreed_deflate, websocket_key};

    #[pymodule_export]
    const UDP_PAYLOAD: usize = masque::Capsules::UDP_PAYLOAD;
    #[pymodule_export]
    const UDP_TEMPLATE: &str = masque::UdpTarget::TEMPLATE;
    #[pymodule_export]
    const IP_TEMPLATE: &str = masque::IpTarget::TEMPLATE;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // The names of the fields whose values a transcript hides.
        module.add("_SECRETS", switchover::binding::SECRETS)?;
        // Makes `import switchover._h11` work.
        module
            .py()
            .import("sys")?
            .getattr("modules")?
            .set_item("switchover._h11", module.getattr("_h11")?)?;
        crate::enums::add_all(module)
    }
}
