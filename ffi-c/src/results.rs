//! Descriptions of a result: its name, text, advice, rule, status and blame.

use core::ffi::{CStr, c_char};

use switchover::{Blame, ErrorKind};

use crate::error::{BindingError, Done, swo_result};
use crate::names;
use crate::types::swo_flag;

export! {
    /// Returns a description of a result for people.
    ///
    /// `success` for SWO_OK, `unknown` for a number that is no result. Never NULL, static.
    fn swo_error_text(result: swo_result) -> *const c_char = error_text(result);

    /// Returns advice about a SWO_ERROR_*; empty for other results.
    ///
    /// Never NULL, static.
    fn swo_error_advice(result: swo_result) -> *const c_char = error_advice(result);

    /// Returns the rule that a SWO_ERROR_* refers to, such as `RFC 9112, 6.3`.
    ///
    /// It is that of an RFC, or `the contract` of this library. Empty for other results. Never
    /// NULL, static.
    fn swo_error_clause(result: swo_result) -> *const c_char = error_clause(result);

    /// Returns the stable name of a result, such as `bare-lf`.
    ///
    /// `ok` for SWO_OK, `unknown` for a number that is no result. Never NULL, static.
    fn swo_error_name(result: swo_result) -> *const c_char = error_name(result);

    /// Returns whether a result is a peer error or SWO_PANIC, which end receiving.
    ///
    /// Other results, such as SWO_ERROR_CLOSED and SWO_ERROR_FAILED, give 0. After a peer error a
    /// server may still send one final response (swo_error_status says which status); then close
    /// the transport. After SWO_PANIC the connection is dead: free it.
    fn swo_is_fatal(result: swo_result) -> swo_flag = is_fatal(result);

    /// Returns the status of a server's response to a peer error; 0 for none.
    ///
    /// RFC 9110, section 15. If the error occurred while a response was being sent,
    /// swo_send_response returns SWO_ERROR_ANSWERED, and that response is still unfinished. Do not
    /// send the text of the error as its content, but close the transport.
    fn swo_error_status(result: swo_result) -> u32 = error_status(result);

    /// Returns who caused an error: SWO_BLAME_PEER or SWO_BLAME_LOCAL.
    ///
    /// SWO_NONE for SWO_OK and unknown numbers.
    fn swo_error_blame(result: swo_result) -> u32 = error_blame(result);
}

fn kind(result: swo_result) -> Option<ErrorKind> {
    ErrorKind::from_code(result.0)
}

fn error_text(result: swo_result) -> Done<&'static CStr> {
    Ok(names::result_text(result.0))
}

fn error_advice(result: swo_result) -> Done<&'static CStr> {
    Ok(names::result_advice(result.0))
}

fn error_clause(result: swo_result) -> Done<&'static CStr> {
    Ok(names::result_clause(result.0))
}

fn error_name(result: swo_result) -> Done<&'static CStr> {
    Ok(names::result_name(result.0))
}

fn is_fatal(result: swo_result) -> Done<bool> {
    Ok(kind(result)
        .map_or(result.0 == BindingError::Panic.code(), |kind| kind.blame() == Blame::Peer))
}

fn error_status(result: swo_result) -> Done<u32> {
    Ok(kind(result).and_then(ErrorKind::status).map_or(0, u32::from))
}

fn error_blame(result: swo_result) -> Done<u32> {
    let own = BindingError::ALL.iter().find(|own| own.code() == result.0).map(|_| Blame::Local);
    let blame = kind(result).map(ErrorKind::blame).or(own).ok_or(BindingError::BadEnum)?;
    Ok(blame.number())
}
