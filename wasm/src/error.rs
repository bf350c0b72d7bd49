//! Errors for the face to throw, and the faults of particular protocols.

use switchover::{Error, Ineligible};

use crate::result::ResultBuffer;

/// Returns whether it went well, and puts the error if not.
pub(crate) fn done(result: Result<(), Error>, out: &mut ResultBuffer) -> bool {
    match result {
        Ok(()) => true,
        Err(error) => {
            put(&error, out);
            false
        }
    }
}

/// Writes the error alone to the result.
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

/// Writes a fault that is not one of the engine's: its name and its sentence.
#[cfg(feature = "profiles")]
#[inline(never)]
pub(crate) fn put_fault(name: &str, text: &str, out: &mut ResultBuffer) {
    out.text(name.as_bytes());
    out.text(text.as_bytes());
}
