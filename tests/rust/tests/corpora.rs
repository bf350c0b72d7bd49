//! Tests of the engine on the inputs of three other projects, cut in many ways.
//!
//! If the engine differs from a strict one, `corpora/differences.md` names the clause.

use std::collections::BTreeSet;

use switchover_tests::corpus::{Case, Feed, OVER_TLS, Outcome, Score, Upgrade, judge, load, play};
use switchover_tests::path::sample;
use switchover_tests::{home, numbers};

/// The length in bytes up to which an input is cut in two at every position.
const SPLIT_UP_TO: usize = 2_048;

#[test]
fn outcomes_do_not_depend_on_the_feed() {
    for case in load().into_iter().step_by(sample()) {
        let whole = play(&case, Feed::Whole);
        for feed in feeds(&case) {
            assert_eq!(play(&case, feed), whole, "{} fed {feed:?}", case.id);
        }
    }
}

fn feeds(case: &Case) -> impl Iterator<Item = Feed> {
    let splits = if case.input.len() <= SPLIT_UP_TO { 1..case.input.len() } else { 0..0 };
    [Feed::Bytes, Feed::Random].into_iter().chain(splits.map(Feed::Split))
}

#[test]
fn every_case_is_right_by_the_rfcs() {
    let (right, failures) = scored(Score::Rfc);
    assert!(failures.is_empty(), "{failures:#?}");
    numbers::check("cases of the corpora", right);
}

#[test]
fn differences_from_strictness_are_written_down() {
    let (right, failures) = scored(Score::Strict);
    numbers::check("cases of the corpora, as a strict engine has them", right);
    let found: BTreeSet<String> = failures.into_iter().map(|(id, _)| id).collect();
    assert_eq!(found, listed("Less strict than could be"), "differences.md");
}

#[test]
fn refused_scripts_are_written_down() {
    let refuses =
        |case: &Case| matches!(play(case, Feed::Whole).upgrade, Some(Upgrade::Refused(_)));
    let found: BTreeSet<String> = load().into_iter().filter(refuses).map(|case| case.id).collect();
    assert_eq!(found, listed("Scripts that are not followed"), "differences.md");
}

#[test]
fn cases_over_tls_are_written_down() {
    let found: BTreeSet<String> = OVER_TLS.iter().map(|&id| id.to_owned()).collect();
    assert_eq!(found, listed("Cases that are run over TLS"), "differences.md");
}

/// Returns the number of correct cases, and each other case with its faults.
fn scored(score: Score) -> (usize, Vec<(String, Vec<String>)>) {
    let outcomes = load().into_iter().map(|case| {
        let outcome: Outcome = play(&case, Feed::Whole);
        (judge(&case, &outcome, score), case.id)
    });
    let (right, wrong): (Vec<_>, Vec<_>) = outcomes.partition(|(reasons, _)| reasons.is_empty());
    (right.len(), wrong.into_iter().map(|(reasons, id)| (id, reasons)).collect())
}

/// Returns the cases in the table below a heading of `differences.md`.
///
/// Each row must give a reason.
fn listed(heading: &str) -> BTreeSet<String> {
    let text =
        std::fs::read_to_string(home().join("corpora/differences.md")).expect("differences.md");
    let section = text.split("\n## ").find_map(|section| section.strip_prefix(heading));
    let rows =
        section.unwrap_or_else(|| panic!("no heading {heading:?}")).lines().filter_map(|line| {
            let row = line.strip_prefix("| `")?;
            let (id, why) = row.split_once("` |")?;
            assert!(why.contains("RFC "), "{id} names no clause");
            Some(id.to_owned())
        });
    rows.collect()
}
