//! State changes that several inputs of the state machine share.

use super::{Phase, Role, Rx, State, Tx, UpgradeState};

impl State {
    /// Returns the state after the end of a final response.
    pub(super) fn answered(mut self, role: Role) -> Self {
        self.response = Phase::Done;
        if self.pipelined > 0 {
            self.pipelined -= 1;
            self.response = Phase::Idle;
        }
        self.close_cycle(role)
    }

    /// Closes directions once the last response has ended.
    ///
    /// Nothing changes while another request may follow, or while a response is incomplete. A
    /// server that still receives the request goes on to read it. A client truncates an unfinished
    /// request.
    pub(super) fn close_cycle(mut self, role: Role) -> Self {
        if self.persist || self.response != Phase::Done || self.pipelined > 0 {
            return self;
        }
        match role {
            // RFC 9112 9.6: after a response with "close" nothing more is processed but the rest
            // of this request.
            Role::Server => {
                self.stop_sending();
                if self.request != Phase::Body {
                    self.stop_reading();
                }
            }
            Role::Client => {
                self.abort_request(role);
                self.close();
            }
        }
        self
    }

    pub(super) fn close(&mut self) {
        self.persist = false;
        self.stop_sending();
        self.stop_reading();
    }

    pub(super) fn stop_sending(&mut self) {
        if self.tx == Tx::Open {
            self.tx = Tx::Closed;
        }
    }

    pub(super) fn stop_reading(&mut self) {
        if self.rx == Rx::Open {
            self.rx = Rx::Closed;
        }
    }

    /// Aborts an unfinished request, and closes the direction in which it is sent.
    pub(super) fn abort_request(&mut self, role: Role) {
        if self.request == Phase::Body {
            self.request = Phase::Aborted;
            match role {
                Role::Client => self.stop_sending(),
                Role::Server => self.stop_reading(),
            }
        }
    }

    pub(super) fn decline(&mut self) {
        if self.undecided() {
            self.upgrade = UpgradeState::Declined;
        }
    }
}
