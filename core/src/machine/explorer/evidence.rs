//! Tests that each rule of `rules.rs` is needed.
//!
//! The machine without the rule is explored until the fault appears that the rule prevents. Other
//! tests show that the complete machine does not have that fault.

use std::prelude::v1::*;
use std::{format, println};

use super::fault::Fault;
use super::foreign::{Against, Habit};
use super::roles::Alone;
use super::rules::{Machine, Rule};
use super::search::{Model, Until, search};
use super::side::Scope;
use crate::machine::Role;

/// The exploration in which the fault of a missing rule appears.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The exploration of a single role.
    Alone(Role),
    /// The exploration of a client and a server that are both correct.
    Product,
    /// The exploration of one role against a peer that breaks a rule.
    Against(Habit),
}

impl Rule {
    /// Returns the faults that appear without this rule, each with its `Place`.
    pub(super) fn evidence(self) -> &'static [(Place, Fault)] {
        use Place::{Against, Alone, Product};
        match self {
            Self::PipelinedCounts => &[(Product, Fault::Mismatched)],
            Self::EndHasAPlace => &[(Product, Fault::Blamed)],
            Self::OnlyOpenSwitches => {
                &[(Alone(Role::Client), Fault::Reopened), (Alone(Role::Server), Fault::Reopened)]
            }
            Self::IdleCloses => &[(Product, Fault::Deadlock)],
            Self::UnsentContinueCloses => {
                &[(Against(Habit::DropsContent), Fault::RequestAsContent)]
            }
            Self::OwedContinueNamesCaller => &[(Product, Fault::MutualWait)],
            Self::ResumeNeedsBoth => &[(Product, Fault::WrongLayer)],
            Self::ResumeTakesLeftover => {
                &[(Product, Fault::ForeignAtHttp), (Against(Habit::Injects), Fault::WrongLayer)]
            }
            Self::ResumeForgetsEnd => &[(Product, Fault::Blamed)],
            Self::NoUnaskedResponse => &[(Product, Fault::Mismatched)],
            Self::NothingAfterOffer => {
                &[(Product, Fault::HttpAtSwitched), (Product, Fault::ForeignAtHttp)]
            }
            Self::RefusedConnectCloses => &[(Against(Habit::SpeaksEarly), Fault::ForeignAtHttp)],
            Self::CloseDropsPipeline => &[(Product, Fault::Blamed)],
            Self::EndsDropPersist => &[
                (Alone(Role::Client), Fault::KeepAliveAfterEnd),
                (Alone(Role::Server), Fault::KeepAliveAfterEnd),
            ],
            Self::AcceptLooksAtFraming => &[(Alone(Role::Server), Fault::AcceptPostponed)],
            Self::LateCloseRefused => &[(Product, Fault::Blamed)],
            Self::RejectionIsLast => &[(Product, Fault::Mismatched)],
        }
    }

    /// Checks that each fault of `evidence` is found in the machine without this rule.
    fn is_needed(self) {
        for &(place, fault) in self.evidence() {
            let machine = Machine::without(self);
            let scope = Scope { machine, ..Scope::SMALL };
            match place {
                Place::Alone(role) => self.expect(fault, &Alone { role, machine }),
                Place::Product => self.expect(fault, &scope),
                Place::Against(habit) => self.expect(fault, &Against { scope, habit }),
            }
        }
    }

    fn expect<M: Model>(self, fault: Fault, model: &M) {
        let title = format!("without \"{}\"", self.name());
        let found = search(model, Until::Found(fault));
        found.print(&title);
        assert!(found.faults.contains_key(&fault), "{title}, this does not show: {}", fault.name());
    }

    /// Prints how often each fault occurs without this rule, in every exploration.
    fn count(self) {
        let machine = Machine::without(self);
        println!("without \"{}\":", self.name());
        for &role in Role::ALL {
            count(role.name(), &Alone { role, machine });
        }
        count("small product", &Scope { machine, ..Scope::SMALL });
        let scope = Scope { machine, ..Scope::FULL };
        count("full product", &scope);
        for &habit in Habit::ALL {
            count(habit.name(), &Against { scope, habit });
        }
    }
}

fn count<M: Model>(title: &str, model: &M) {
    for (fault, trace) in search(model, Until::Exhausted).faults {
        println!("  {title}: {}: {}", fault.name(), trace.count);
    }
}

#[test]
fn pipelined_requests_are_counted() {
    Rule::PipelinedCounts.is_needed();
}

#[test]
fn an_end_of_input_has_a_place() {
    Rule::EndHasAPlace.is_needed();
}

#[test]
fn only_an_open_direction_switches() {
    Rule::OnlyOpenSwitches.is_needed();
}

#[test]
fn close_while_idle_closes_at_once() {
    Rule::IdleCloses.is_needed();
}

#[test]
fn a_final_response_with_the_100_unsent_closes() {
    Rule::UnsentContinueCloses.is_needed();
}

#[test]
fn an_owed_100_names_the_caller() {
    Rule::OwedContinueNamesCaller.is_needed();
}

#[test]
fn resume_needs_both_directions() {
    Rule::ResumeNeedsBoth.is_needed();
}

#[test]
fn resume_needs_the_leftover_taken() {
    Rule::ResumeTakesLeftover.is_needed();
}

#[test]
fn resume_forgets_an_earlier_end() {
    Rule::ResumeForgetsEnd.is_needed();
}

#[test]
fn no_response_without_a_request() {
    Rule::NoUnaskedResponse.is_needed();
}

#[test]
fn nothing_is_pipelined_after_an_offer() {
    Rule::NothingAfterOffer.is_needed();
}

#[test]
fn a_refused_connect_closes() {
    Rule::RefusedConnectCloses.is_needed();
}

#[test]
fn a_closing_response_drops_the_pipeline() {
    Rule::CloseDropsPipeline.is_needed();
}

#[test]
fn all_that_ends_a_direction_drops_persist() {
    Rule::EndsDropPersist.is_needed();
}

#[test]
fn accept_looks_at_framing() {
    Rule::AcceptLooksAtFraming.is_needed();
}

#[test]
fn a_late_close_is_refused() {
    Rule::LateCloseRefused.is_needed();
}

#[test]
fn nothing_is_read_after_a_rejection() {
    Rule::RejectionIsLast.is_needed();
}

#[test]
#[ignore = "for a release build; it prints how often each fault occurs without each rule"]
fn count_what_each_rule_prevents() {
    Rule::ALL.iter().for_each(|rule| rule.count());
}
