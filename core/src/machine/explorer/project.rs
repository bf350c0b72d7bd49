//! Names of states and inputs, for tables and diagrams.

use std::format;
use std::prelude::v1::*;

use crate::machine::{Input, State};

pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) value: fn(State) -> String,
}

/// All fields of [`State`], in declaration order.
pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "request",
        meaning: "the latest request",
        value: |state| state.request.name().into(),
    },
    Field {
        name: "response",
        meaning: "the response to the oldest unanswered request",
        value: |state| state.response.name().into(),
    },
    Field { name: "rx", meaning: "the peer's direction", value: |state| state.rx.name().into() },
    Field { name: "tx", meaning: "our direction", value: |state| state.tx.name().into() },
    Field {
        name: "upgrade",
        meaning: "what the latest request does to the connection",
        value: |state| state.upgrade.name().into(),
    },
    Field {
        name: "expect",
        meaning: "the latest request's expectation",
        value: |state| state.expect.name().into(),
    },
    Field {
        name: "persist",
        meaning: "a further request may follow",
        value: |state| if state.persist { "yes" } else { "no" }.into(),
    },
    Field {
        name: "client_version",
        meaning: "the version that the client speaks",
        value: |state| state.client_version.name().into(),
    },
    Field {
        name: "pipelined",
        meaning: "complete requests before the latest whose final response has not ended",
        value: |state| format!("{}", state.pipelined),
    },
];

/// Returns the name of an input, without its properties other than `early`.
pub(super) fn name(input: Input) -> &'static str {
    match input {
        Input::Request(_) => "request",
        Input::RequestContent => "request content",
        Input::RequestEnd => "request end",
        Input::Continue => "100",
        Input::Informational => "1xx",
        Input::Switch { early: false } => "101",
        Input::Switch { early: true } => "101 early",
        Input::Response(_) => "response",
        Input::ResponseEnd => "response end",
        Input::End => "end",
        Input::Fail => "fail",
        Input::DrainLimit => "drain limit",
        Input::Reject => "reject",
        Input::CloseAfterResponse => "close after response",
        Input::Abandon => "abandon",
        Input::Resume => "resume",
        Input::Preface => "preface",
    }
}
