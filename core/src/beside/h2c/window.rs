//! The HTTP/2 engine's window for the connection, and the client's view of it.

/// The initial window of a connection, in bytes (RFC 9113, section 6.9.2).
pub(super) const FIRST_WINDOW: usize = 65_535;

/// The engine's connection window, until it agrees with the client's.
#[derive(Debug)]
pub(super) struct Window {
    /// The number of bytes of DATA that the engine still allows on the connection.
    ///
    /// DATA passed to the engine lowers it, and the engine's WINDOW_UPDATE frames for the
    /// connection raise it. Once the debt is 0, it limits nothing.
    engine: i64,
    /// The number of bytes by which the client overestimates the engine's window.
    debt: u32,
}

impl Window {
    /// Creates the window, given the length of the upgraded request's content.
    ///
    /// The engine receives the content as DATA. The client sent it in HTTP/1.1 and does not
    /// subtract it from its window, so its length is the debt.
    pub(super) fn new(content: usize) -> Self {
        Self { engine: FIRST_WINDOW as i64 - content as i64, debt: content as u32 }
    }

    pub(super) fn has_debt(&self) -> bool {
        self.debt > 0
    }

    /// Cancels the debt: the engine receives no content of the upgraded request.
    pub(super) fn cancel(&mut self) {
        self.debt = 0;
    }

    /// Subtracts DATA passed to the engine from the engine's window.
    pub(super) fn count(&mut self, len: usize) {
        self.engine -= len as i64;
    }

    /// Returns how many bytes of DATA may be passed to the engine at the moment.
    ///
    /// `u32::MAX`, that is without limit, once the debt is 0.
    pub(super) fn room(&self) -> u32 {
        if self.debt == 0 { u32::MAX } else { u32::try_from(self.engine).unwrap_or(0) }
    }

    /// Subtracts the debt from `given`, the increment of the engine's WINDOW_UPDATE.
    ///
    /// Returns the increment for the client; `None` if the debt uses up all of it. An increment of
    /// 0 is an error of the engine, and is passed on for the client to detect.
    pub(super) fn pay(&mut self, given: u32) -> Option<u32> {
        let paid = self.debt.min(given);
        self.debt -= paid;
        self.engine += i64::from(given);
        (paid < given || given == 0).then_some(given - paid)
    }
}
