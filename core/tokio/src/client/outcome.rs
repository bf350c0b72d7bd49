//! The outcome of an offer, for a client.

use std::fmt;

use http::Response;
use switchover::Why;

use crate::Upgraded;
use crate::body::Body;

/// The outcome of a client's request that offers protocols, or of a CONNECT.
#[derive(Debug)]
#[must_use = "the server may have accepted, and then waits for the new protocol"]
pub enum Outcome {
    /// The server has accepted the offer, or a CONNECT.
    ///
    /// The engine has checked that a 101 names an offered protocol, unless a leniency is set, and
    /// follows that protocol's rules.
    Upgraded(Upgraded),
    /// The server has declined, which is no error: its response is ordinary.
    Declined(Declined),
}

/// An ordinary response to a request with an offer.
///
/// As an error, it displays the status, the reason, and the required protocols.
pub struct Declined {
    /// The response, with its content.
    pub response: Response<Body>,
    /// The reason why the offer was declined, if one is known.
    pub why: Option<Why>,
    /// The protocols that a 426 requires, in the server's order; otherwise empty.
    ///
    /// Offer some of them in the next request. RFC 9110, section 15.5.22.
    pub required: Vec<String>,
}

impl Outcome {
    /// Returns the upgraded stream.
    ///
    /// # Errors
    ///
    /// `Declined` with the response, if the server has declined.
    pub fn into_result(self) -> Result<Upgraded, Box<Declined>> {
        match self {
            Self::Upgraded(upgraded) => Ok(upgraded),
            Self::Declined(declined) => Err(Box::new(declined)),
        }
    }
}

/// Shows the status and the reason, but no fields, which may be secret.
impl fmt::Debug for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, why) = (self.response.status(), self.why.map(Why::text));
        f.debug_struct("Declined")
            .field("status", &status)
            .field("why", &why)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.why.map_or("no other protocol is spoken", Why::text);
        write!(f, "answered {}: {why}", self.response.status())?;
        match self.required.as_slice() {
            [] => Ok(()),
            required => write!(f, ": {}", required.join(", ")),
        }
    }
}

impl std::error::Error for Declined {}
