//! How a request came out and how a connection ended, for the peer and for the transcript.

use std::fmt::Display;

use switchover::{Awaiting, Why};

use crate::session::{Session, TEXT};
use crate::transcript::Verdict;
use crate::wire::Ended;

impl Session<'_> {
    /// Why an offer came to nothing, or what looks like one.
    pub(crate) fn explain(&mut self) {
        let (why, question) = (self.wire.engine.ask().why(), self.question.as_ref());
        self.has_declined = why == Some(Why::Declined);
        let flaw = question.and_then(|question| question.flaw);
        match (why, flaw) {
            (Some(Why::NotOffered), _) if question.is_some_and(|question| question.lacks_upgrade) => self.conclude(
                "stayed",
                "no switch: Connection lists upgrade but there is no Upgrade; something between may have taken it out",
            ),
            (None | Some(Why::NotOffered), _) => {}
            (Some(Why::Ineligible), Some(flaw)) => {
                self.conclude("stayed", format_args!("no switch: {}: {}", Why::Ineligible.text(), flaw.text()));
            }
            (Some(why), _) => self.conclude("stayed", format_args!("no switch: {}", why.text())),
        }
    }

    /// Says to the peer what can still be said. What cannot, because an answer has begun, is left unfinished: that
    /// is how the client knows.
    pub(crate) fn give_up(&mut self, ended: Ended) {
        let _ = match ended {
            Ended::ByPeer(error) => {
                let after = "; it stands after an offer that was declined, and may have been meant for it";
                self.fail(format_args!("{error}{}", if self.has_declined { after } else { "" }));
                error.status().map(|status| self.reply(status, &[TEXT], format!("{error}\n")))
            }
            Ended::Slow => {
                // An idle connection comes to its end, and is not told.
                let is_idle = self.wire.engine.ask().awaiting() == Awaiting::Request
                    && self.wire.engine.ask().unread().is_empty();
                if !is_idle {
                    self.fail("the peer takes too long");
                }
                // RFC 9110, 15.5.9.
                let is_waiting = self.wire.engine.ask().awaiting() == Awaiting::Content;
                is_waiting.then(|| self.reply(408, &[TEXT, ("Connection", "close")], "That takes too long.\n"))
            }
            Ended::Io(error) => {
                self.fail(error);
                None
            }
            Ended::ByHost(error) => {
                self.fail(format_args!("a mistake of this example: {error}"));
                None
            }
            Ended::Owing(why) => {
                self.fail(format_args!("a mistake of this example: {} is left undone", why.name()));
                None
            }
        };
        // Where both directions have ended already there is nothing to abandon.
        let _ = self.wire.engine.abandon();
    }

    // What else to say.

    pub(crate) fn say(&self, remark: impl Display) {
        self.wire.engine.transcript.say(remark);
    }

    /// Says how a request came out, and at the end of the connection once more; unless that has failed.
    fn conclude(&self, outcome: &'static str, verdict: impl Display) {
        if !self.has_failed {
            self.say(&verdict);
            self.settle(outcome, verdict);
        }
    }

    /// How the connection has failed; nothing that is said of the answer to that changes it.
    fn fail(&mut self, verdict: impl Display) {
        self.settle("failed", verdict);
        self.has_failed = true;
    }

    fn settle(&self, outcome: &'static str, verdict: impl Display) {
        let why = self.wire.engine.ask().why();
        let verdict = Verdict { why, ..Verdict::new(outcome, format_args!("closed; {verdict}")) };
        self.wire.engine.transcript.conclude(verdict);
    }
}
