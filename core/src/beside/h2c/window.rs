//! The connection window of the engine, and what the client assumes of it.

/// The initial window of a connection, in bytes (RFC 9113, section 6.9.2).
pub(super) const FIRST_WINDOW: usize = 65_535;

/// The engine's connection window, until it agrees with the client's.
#[derive(Debug)]
pub(super) struct Window {
    /// The bytes of DATA that the engine still allows.
    ///
    /// DATA passed to the engine lowers it, and the engine's WINDOW_UPDATE frames for the
    /// connection raise it. Once the debt is paid, it is not used any more.
    engine: i64,
    /// The bytes by which the window that the client assumes exceeds the engine's.
    debt: u32,
}

impl Window {
    /// Creates the window of an engine that receives `content` bytes uncounted.
    ///
    /// The client does not know that they are DATA in HTTP/2.
    pub(super) fn new(content: usize) -> Self {
        Self { engine: FIRST_WINDOW as i64 - content as i64, debt: content as u32 }
    }

    pub(super) fn has_debt(&self) -> bool {
        self.debt > 0
    }

    /// Cancels the debt: the engine receives no content.
    pub(super) fn cancel(&mut self) {
        self.debt = 0;
    }

    /// Subtracts DATA passed to the engine from the engine's window.
    pub(super) fn count(&mut self, len: usize) {
        self.engine -= len as i64;
    }

    /// Returns how many bytes of DATA may be passed to the engine now.
    pub(super) fn room(&self) -> u32 {
        if self.debt == 0 { u32::MAX } else { u32::try_from(self.engine).unwrap_or(0) }
    }

    /// Subtracts the debt from a window that the engine grants.
    ///
    /// Returns what is to be granted to the client. A WINDOW_UPDATE of 0 is the engine's own error,
    /// and is left to the client to detect.
    pub(super) fn pay(&mut self, given: u32) -> Option<u32> {
        let paid = self.debt.min(given);
        self.debt -= paid;
        self.engine += i64::from(given);
        (paid < given || given == 0).then_some(given - paid)
    }
}
