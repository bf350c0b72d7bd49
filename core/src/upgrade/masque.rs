//! What offers of `connect-udp`, `connect-ip` and `connect-tcp` have in common: capsules come after the head (RFC 9297).

use super::rules::{Asking, is_any_there};
use crate::error::Ineligible;
use crate::wire::fields::FieldSource;
use crate::wire::known::{KnownField, KnownFields};

/// RFC 9297, 3.2: the data stream begins after the head, so nothing frames content.
pub(crate) fn check(request: &Asking<'_>) -> Result<(), Ineligible> {
    if has_content_fields(request.fields) { Err(Ineligible::Content) } else { Ok(()) }
}

pub(crate) fn is_answer(answer: &dyn FieldSource) -> bool {
    !has_content_fields(answer)
}

fn has_content_fields(fields: &dyn FieldSource) -> bool {
    const CONTENT: KnownFields =
        KnownField::set(&[KnownField::ContentLength, KnownField::ContentType, KnownField::TransferEncoding]);
    is_any_there(fields, CONTENT)
}
