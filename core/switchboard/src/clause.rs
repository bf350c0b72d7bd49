//! Links to the clauses of RFCs, for pages.

/// Returns a clause such as `RFC 9112, 6.3` as a link to the RFC, in HTML.
pub(crate) fn linked(clause: &str) -> String {
    let place = clause.strip_prefix("RFC ").and_then(|rest| rest.split_once(", "));
    place.map_or(clause.into(), |(rfc, section)| {
        format!(
            "<a href=\"https://www.rfc-editor.org/rfc/rfc{rfc}#section-{section}\">{clause}</a>"
        )
    })
}
