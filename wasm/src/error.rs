//! Encoding of engine errors and protocol-specific faults for JavaScript.

use switchover::{Error, Ineligible};

use crate::result::ResultBuffer;

/// Returns true for `Ok`; otherwise writes the error to the result buffer.
pub(crate) fn done(result: Result<(), Error>, out: &mut ResultBuffer) -> bool {
    match result {
        Ok(()) => true,
        Err(error) => {
            put(&error, out);
            false
        }
    }
}

/// Replaces the contents of the result buffer with an error.
#[cold]
#[inline(never)]
pub(crate) fn leave(error: &Error, out: &mut ResultBuffer) {
    out.clear();
    put(error, out);
    out.publish();
}

#[inline(never)]
pub(crate) fn put(error: &Error, out: &mut ResultBuffer) {
    out.number(error.code().into());
    out.number(error.blame().number());
    out.option(error.status().map(u32::from));
    out.number(error.offset().is_some().into());
    out.large(error.offset().unwrap_or_default());
    out.option(error.field().map(|index| index as u32));
    out.option(error.ineligible().map(Ineligible::number));
    out.text(error.kind().name().as_bytes());
    out.display(error);
}

/// Writes a protocol-specific fault to the result buffer: its name and its text.
#[cfg(feature = "profiles")]
#[inline(never)]
pub(crate) fn put_fault(name: &str, text: &str, out: &mut ResultBuffer) {
    out.text(name.as_bytes());
    out.text(text.as_bytes());
}
