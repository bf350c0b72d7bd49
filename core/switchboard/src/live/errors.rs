//! The page `/errors`: the engine's table of errors, with clauses and advice.

use std::fmt::Write;

use switchover::{Blame, ErrorKind};

use crate::clause::linked;

/// Returns the page `/errors` as HTML, with a row for each kind of error.
pub(super) fn page() -> String {
    let mut rows = String::new();
    for kind in ErrorKind::ALL {
        let blame = match kind.blame() {
            Blame::Peer => "the peer’s",
            Blame::Local => "the caller’s",
        };
        let status = kind.status().map_or("–".into(), |status| status.to_string());
        let (code, name, advice) = (kind.code(), kind.name(), marked(kind.advice()));
        // Writing to a `String` never fails.
        let _ = writeln!(
            rows,
            "<tr id=\"e{code}\"><th scope=\"row\">{code}</th><td><code>{name}</code><br>{}</td>\
             <td>{}</td><td>{blame}</td><td>{status}</td><td>{advice}</td></tr>",
            kind.text(),
            linked(kind.clause()),
        );
    }
    include_str!("page/errors.html").replace("<!-- rows -->", &rows)
}

/// Returns text as HTML, with `<` escaped and text in backquotes marked as code.
fn marked(text: &str) -> String {
    let part = |(index, part): (usize, &str)| {
        if index % 2 == 1 { format!("<code>{part}</code>") } else { part.into() }
    };
    text.replace('<', "&lt;").split('`').enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_a_place_and_leads_to_its_clause() {
        let page = page();
        for kind in ErrorKind::ALL {
            assert!(page.contains(&format!("id=\"e{}\"", kind.code())), "{kind:?}");
        }
        assert!(page.contains("href=\"https://www.rfc-editor.org/rfc/rfc9112#section-6.3\""));
        assert!(page.contains("<code>limits.method</code>"));
    }
}
