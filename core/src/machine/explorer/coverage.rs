//! Tests that every part of the state machine is used, or known to be impossible.
//!
//! Every value, error and input occurs in each role, or is listed with the reason why it does not.

use std::collections::BTreeSet;
use std::format;
use std::prelude::v1::*;

use super::project::{FIELDS, name};
use super::roles::{Alone, inputs};
use super::rules::Machine;
use super::search::{Until, search};
use crate::error::ErrorKind;
use crate::machine::transition::PIPELINE;
use crate::machine::{
    Awaiting, ClientVersion, Expect, Input, Phase, RequestInfo, Role, Rx, State, Tx, UpgradeState,
};

/// The values, errors and inputs that do not occur in a role, with the reason.
const IMPOSSIBLE: &[(Role, &str, &str)] = &[
    (Role::Client, "client_version 1.0", "our client speaks HTTP/1.1"),
    (Role::Client, "accepts preface", "a client sends it, as HTTP/2"),
    (Role::Client, "accepts reject", "a client answers nothing"),
    (Role::Client, "awaiting request", "it is the client's to send"),
    (Role::Client, "awaiting head", "a state knows no bytes: the connection says it"),
    (Role::Client, "refuses as unanswered", "a client may pipeline"),
    (Role::Client, "refuses as body-pending", "a client takes a 101 whenever it comes"),
    (Role::Client, "refuses as http-1.0-peer", "a client takes what an old server sends"),
    (Role::Client, "refuses as too-late", "a client's head cannot promise for the next one"),
    (
        Role::Client,
        "refuses as pipeline-full",
        "beyond the bound of the exploration; tested by itself below",
    ),
    (Role::Server, "awaiting response", "it is the server's to send"),
    (Role::Server, "awaiting head", "a state knows no bytes: the connection says it"),
    (Role::Server, "awaiting continue", "it is the server's to send"),
    (Role::Server, "refuses as pipeline-full", "a server reads one request at a time"),
    (Role::Server, "refuses as wrong-role", "a server may receive a preface and reject a request"),
];

/// The errors with which the machine rejects an input.
const REFUSALS: &[ErrorKind] = &[
    ErrorKind::Unasked,
    ErrorKind::Answered,
    ErrorKind::RequestUnfinished,
    ErrorKind::Unanswered,
    ErrorKind::OfferPending,
    ErrorKind::PipelineFull,
    ErrorKind::NotPersistent,
    ErrorKind::NoContent,
    ErrorKind::Http10Peer,
    ErrorKind::NothingOffered,
    ErrorKind::BodyPending,
    ErrorKind::NothingOwed,
    ErrorKind::TooLate,
    ErrorKind::Truncated,
    ErrorKind::Closed,
    ErrorKind::Switched,
    ErrorKind::Failed,
    ErrorKind::WrongRole,
];

/// Returns the names of all values, errors and inputs, for either role.
fn all() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut add = |kind: &str, names: Vec<&str>| {
        all.extend(names.iter().map(|name| format!("{kind} {name}")))
    };
    add("request", Phase::ALL.iter().map(|value| value.name()).collect());
    add("response", Phase::ALL.iter().map(|value| value.name()).collect());
    add("rx", Rx::ALL.iter().map(|value| value.name()).collect());
    add("tx", Tx::ALL.iter().map(|value| value.name()).collect());
    add("upgrade", UpgradeState::ALL.iter().map(|value| value.name()).collect());
    add("expect", Expect::ALL.iter().map(|value| value.name()).collect());
    add("persist", Vec::from(["yes", "no"]));
    add("client_version", ClientVersion::ALL.iter().map(|value| value.name()).collect());
    add("awaiting", Awaiting::ALL.iter().map(|value| value.name()).collect());
    add("refuses as", REFUSALS.iter().map(|value| value.name()).collect());
    let kinds: BTreeSet<_> =
        inputs(Role::Server, UpgradeState::Connect).into_iter().map(name).collect();
    add("accepts", kinds.into_iter().collect());
    all
}

/// Returns the names of the values, errors and inputs that `role` can reach.
///
/// The values are those of the state's fields, except `pipelined`, and of `awaiting`. The inputs
/// are those that some state accepts; the errors are those of rejected ones.
fn occurring(role: Role) -> BTreeSet<String> {
    let mut occurring = BTreeSet::new();
    for state in search(&Alone { role, machine: Machine::WHOLE }, Until::Exhausted).nodes {
        let fields = FIELDS.iter().filter(|field| field.name != "pipelined");
        occurring.extend(fields.map(|field| format!("{} {}", field.name, (field.value)(state))));
        occurring.insert(format!("awaiting {}", state.awaiting(role).name()));
        occurring.extend(inputs(role, state.upgrade).into_iter().map(|input| {
            match state.apply(role, input) {
                Ok(_) => format!("accepts {}", name(input)),
                Err(reason) => format!("refuses as {}", reason.name()),
            }
        }));
    }
    occurring
}

#[test]
fn everything_occurs_or_is_impossible() {
    for &role in Role::ALL {
        let mut expected = all();
        for (_, what, why) in IMPOSSIBLE.iter().filter(|entry| entry.0 == role) {
            assert!(expected.remove(*what), "there is no {what} ({why})");
        }
        let occurring = occurring(role);
        let missing: Vec<_> = expected.difference(&occurring).collect();
        let surprising: Vec<_> = occurring.difference(&expected).collect();
        assert!(
            missing.is_empty() && surprising.is_empty(),
            "{role:?}: missing {missing:?}, surprising {surprising:?}"
        );
    }
}

#[test]
fn a_pipeline_is_bounded() {
    let ask = Input::Request(RequestInfo {
        upgrade: UpgradeState::None,
        content: false,
        expect: false,
        persist: true,
        version: ClientVersion::Http11,
    });
    let ask_again = |state: State| state.apply(Role::Client, ask);
    let full = (0..=PIPELINE).try_fold(State::NEW, |state, _| ask_again(state));
    assert_eq!(full.map(|full| full.pipelined), Ok(PIPELINE));
    assert_eq!(full.and_then(ask_again), Err(ErrorKind::PipelineFull));
}
