//! The recorded outcomes of a connection and of each request on it.
//!
//! The transcript itself records the engine's events and decisions.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

use switchover::{Connection, Event, Ineligible, Request, SwitchedBy, Why};
use switchover_tokio::Error;
use switchover_tokio::observe::{Decision, Observation, Observer};

use crate::live;
use crate::transcript::{Transcript, Verdict, What};

/// A connection's transcript, with remarks on offers and a verdict at the end.
pub(crate) struct SessionLog {
    transcript: Transcript,
    asked: Mutex<Asked>,
}

/// Properties of the latest request that explain a declined offer or an error.
#[derive(Default)]
struct Asked {
    /// The fault of the first ineligible protocol of the offer; `None` without one.
    flaw: Option<Ineligible>,
    /// True if `Connection` lists `upgrade` but the Upgrade field is missing.
    lacks_upgrade: bool,
    /// True if the server's response declined the request's offer.
    is_declined: bool,
    /// True once the connection has failed; later failures are not recorded.
    has_failed: bool,
}

impl SessionLog {
    pub(crate) fn new(transcript: Transcript) -> Self {
        Self { transcript, asked: Mutex::default() }
    }

    /// Records a new connection as the transcript's first entry.
    pub(crate) fn open(&self, peer: &str, setup: &str) {
        self.transcript.tell(&What::Opened { peer, setup });
    }

    pub(crate) fn say(&self, remark: impl Display) {
        self.transcript.say(remark);
    }

    /// Leaves further bytes of the new protocol out of the transcript.
    pub(crate) fn be_private(&self) {
        self.transcript.be_private();
    }

    /// Sets the failure of the connection as its verdict.
    ///
    /// Only the first failure counts; later ones follow from it.
    pub(crate) fn fail(&self, verdict: impl Display) {
        if !std::mem::replace(&mut self.asked().has_failed, true) {
            self.transcript.conclude(Verdict::new("failed", format_args!("closed; {verdict}")));
        }
    }

    /// Sets the verdict of a connection that ended before its protocol was detected.
    pub(crate) fn leave(&self, verdict: impl Display) {
        self.transcript.conclude(Verdict::new("closed", format_args!("closed; {verdict}")));
    }

    /// Records the verdict as the transcript's last entry, with `outcome` if it failed.
    pub(crate) fn close(&self, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            self.fail(format_args!("{error:#}"));
        }
        self.transcript.close();
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, request: &Request<'_>) {
        if live::is_the_pages_own(request.target()) {
            self.transcript.be_forgotten();
        }
        let fields = request.fields();
        let lists_upgrade =
            fields.list("connection").any(|option| option.eq_ignore_ascii_case(b"upgrade"));
        let mut asked = self.asked();
        asked.flaw =
            request.offers().ok().and_then(|mut offers| offers.find_map(|offer| offer.ineligible));
        asked.lacks_upgrade = lists_upgrade && fields.get("upgrade").is_none();
        asked.is_declined = false;
    }

    /// Records the reason why a response does not accept the request's offer.
    ///
    /// The reason becomes a remark and the verdict. Neither is recorded after a failure. For
    /// `NotOffered` they are recorded only if Connection lists `upgrade` without an Upgrade field.
    fn explain(&self, why: Option<Why>) {
        let Asked { flaw, lacks_upgrade, has_failed, .. } = *self.asked();
        self.asked().is_declined = why == Some(Why::Declined);
        let reason = match (why, flaw) {
            _ if has_failed => return,
            (Some(Why::NotOffered), _) if lacks_upgrade => {
                "Connection lists upgrade but there is no Upgrade; \
                 something between may have taken it out"
                    .into()
            }
            (None | Some(Why::NotOffered), _) => return,
            (Some(Why::Ineligible), Some(flaw)) => {
                format!("{}: {}", Why::Ineligible.text(), flaw.text())
            }
            (Some(why), _) => why.text().to_owned(),
        };
        self.say(format_args!("no switch: {reason}"));
        let verdict = Verdict::new("stayed", format_args!("closed; no switch: {reason}"));
        self.transcript.conclude(Verdict { why, ..verdict });
    }
}

impl Observer for SessionLog {
    fn observe(&self, what: Observation<'_>, http: &Connection) {
        self.transcript.observe(what, http);
        match what {
            Observation::Event(Event::Request(request)) => self.begin(&request),
            Observation::Event(Event::Switched(switched)) => {
                let lowest = switched.protocols.iter().next().map(|protocol| protocol.to_string());
                let is_http2 = switched.by == SwitchedBy::Http2Preface;
                let protocol = lowest.unwrap_or(if is_http2 { "h2c" } else { "" }.into());
                self.say(format_args!(
                    "speaks {protocol} now; {} bytes of it came along",
                    switched.leftover.len()
                ));
                let verdict =
                    Verdict::new("switched", format_args!("closed; switched to {protocol}"));
                self.transcript.conclude(verdict);
            }
            Observation::Failed(error) => {
                let after =
                    "; it stands after an offer that was declined, and may have been meant for it";
                let is_declined = self.asked().is_declined;
                self.fail(format_args!("{error}{}", if is_declined { after } else { "" }));
            }
            Observation::Decided(
                Decision::Response(_) | Decision::Respond(..) | Decision::Require(..),
                _,
            ) => {
                self.explain(http.why());
            }
            _ => {}
        }
    }
}
