//! The methods of `Connection` without arguments that return `Result<(), Error>`.
//!
//! Test vectors and the tapes of the fuzz targets call each of them.

use switchover::{Connection, Error};

/// A method of `Connection` without arguments that returns `Result<(), Error>`.
pub struct Plain {
    /// The name of the method in test vectors.
    pub short: &'static str,
    /// The name of the method in Rust.
    pub name: &'static str,
    pub(crate) call: fn(&mut Connection) -> Result<(), Error>,
}

/// All methods of `Connection` without arguments that return `Result<(), Error>`.
pub const PLAIN: &[Plain] = &[
    Plain { short: "skip", name: "skip_content", call: Connection::skip_content },
    Plain { short: "close", name: "close_after_response", call: Connection::close_after_response },
    Plain { short: "abandon", name: "abandon", call: Connection::abandon },
    Plain { short: "resume", name: "resume_http", call: Connection::resume_http },
];

pub(crate) fn plain(short: &str) -> Option<&'static Plain> {
    PLAIN.iter().find(|plain| plain.short == short)
}
