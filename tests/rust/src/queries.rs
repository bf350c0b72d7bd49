//! The queries of test vectors to a connection: methods that only return a value.
//!
//! They have no arguments and cannot fail. A vector calls a query by its verb.

use switchover::{Connection, Content};

use crate::script::{event_line, offers_value};
use crate::text::summary;

/// A query of a test vector: a method of `Connection` that only returns a value.
///
/// Its output is one line: the query's verb and the value.
pub struct Query {
    /// The verb of the query in test vectors.
    pub short: &'static str,
    /// Returns the value as text; empty if there is nothing to show.
    pub(crate) value: fn(&Connection) -> String,
}

/// All queries but `request`, a verb that also stands for sending a request.
pub const QUERIES: &[Query] = &[
    Query { short: "agreed", value: |connection| connection.agreed().to_string() },
    Query { short: "awaiting", value: |connection| connection.awaiting().name().into() },
    Query { short: "closing", value: |connection| connection.closing().name().into() },
    Query { short: "content", value: |connection| content(connection.content()) },
    Query { short: "event", value: event },
    Query { short: "may-speak", value: |connection| connection.may_speak().to_string() },
    Query { short: "offers", value: |connection| offers_value(connection.request()) },
    Query { short: "owes", value: |connection| connection.owes().name().into() },
    Query { short: "persists", value: |connection| connection.persists().to_string() },
    Query { short: "required", value: |connection| connection.required().to_string() },
    Query { short: "unanswered", value: |connection| connection.unanswered().to_string() },
    Query { short: "unread", value: |connection| summary(connection.unread()) },
    Query { short: "wants-input", value: |connection| connection.wants_input().to_string() },
    Query {
        short: "why",
        value: |connection| connection.why().map_or("none", |why| why.name()).into(),
    },
];

/// Returns the query that test vectors call by this verb; `None` if there is none.
pub(crate) fn query(short: &str) -> Option<&'static Query> {
    QUERIES.iter().find(|query| query.short == short)
}

fn content(content: Content) -> String {
    match content {
        Content::None => "none".into(),
        Content::Length(left) => format!("length {left}"),
        Content::Chunked(left) => format!("chunked {left}"),
        Content::UntilClose => "until-close".into(),
    }
}

fn event(connection: &Connection) -> String {
    match connection.event() {
        Some(event) => event_line(&event, connection.position(), true),
        None => "none".into(),
    }
}
