//! The rules of `connect-udp`, `connect-ip` and `connect-tcp`.
//!
//! Capsules follow the head instead of content (RFC 9297).

use super::context::{OfferingRequest, is_any_there};
use crate::error::Ineligible;
use crate::wire::known::{KnownField, KnownFields};
use crate::wire::source::FieldSource;

/// Checks that a request has no content fields, because capsules follow its head.
///
/// They are `Content-Length`, `Content-Type` and `Transfer-Encoding`.
///
/// RFC 9297, section 3.2.
pub(crate) fn check(request: &OfferingRequest<'_>) -> Result<(), Ineligible> {
    if has_content_fields(request.fields) { Err(Ineligible::Content) } else { Ok(()) }
}

pub(crate) fn is_answer(answer: &dyn FieldSource) -> bool {
    !has_content_fields(answer)
}

fn has_content_fields(fields: &dyn FieldSource) -> bool {
    const CONTENT: KnownFields = KnownField::set(&[
        KnownField::ContentLength,
        KnownField::ContentType,
        KnownField::TransferEncoding,
    ]);
    is_any_there(fields, CONTENT)
}
