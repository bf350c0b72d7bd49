//! A differential test of the engine, httparse and llhttp on random heads.
//!
//! The engine parses each head with every scan path. If it accepts what another parser rejects, or
//! the reverse, `explained.rs` must have a rule. If both accept a head, they must return the same
//! parts.
//!
//! `HEADS` is the number of heads, and `SEED` the seed that they are made from. Without `SEED` the
//! clock gives the seed, and the test prints it. A head with an unexplained difference is reduced
//! and printed.

mod explained;
mod mutate;
mod parsers;

use std::collections::BTreeMap;
use std::time::Instant;

use explained::{OURS, THEIRS};
use mutate::{Input, Mutator};
use parsers::{Ours, Parsers, Verdict};
use switchover::binding::ScanPath;
use switchover_tests::random::seed;

/// The maximum number of unexplained heads that are printed.
const SHOWN: usize = 12;

/// The number of differences that each rule has explained.
type Uses = BTreeMap<Rule, usize>;

/// The name of another parser, and the reason why it differs from the engine.
type Rule = (&'static str, &'static str);

/// The parsers agree on random heads, or a rule explains the difference.
///
/// It is the only test in this file, as it changes the scan path of the whole process.
#[test]
fn heads_are_read_as_httparse_and_llhttp_read_them() {
    let heads =
        std::env::var("HEADS").map_or(20_000, |number| number.parse().expect("HEADS is a number"));
    println!("# seed {:#x}", seed());
    let (start, mut mutator, mut parsers) = (Instant::now(), Mutator::new(seed()), Parsers::new());
    let (mut uses, mut read, mut failures) = (Uses::new(), 0, BTreeMap::new());
    for _ in 0..heads {
        let (input, cut) = mutator.next();
        match judge(&mut parsers, &input, cut) {
            Ok((is_read, found)) => {
                read += usize::from(is_read);
                found.into_iter().for_each(|why| *uses.entry(why).or_default() += 1);
            }
            Err(failure) if failures.len() < SHOWN => drop(failures.insert(failure, input)),
            Err(_) => {}
        }
    }
    let paths: Vec<_> = ScanPath::available().collect();
    println!(
        "# {heads} heads on {paths:?} against {}: {read} read alike by all, {} rules where they differ, {:.1} s",
        parsers.names().join(" and "),
        uses.len(),
        start.elapsed().as_secs_f32()
    );
    for (rule, number) in &uses {
        println!("{number:>9} {}: {}", rule.0, rule.1);
    }
    for (failure, input) in &failures {
        let small = smallest(&mut parsers, input, failure);
        println!("\n{failure}\n  {}", small.bytes.escape_ascii());
        for (name, verdict) in parsers.read(&small) {
            println!("    {name}: {verdict}");
        }
    }
    let again = format!(
        "SEED={:#x} HEADS={heads} cargo test -p switchover-tests --test differential",
        seed()
    );
    assert!(
        failures.is_empty(),
        "{} differences that nothing explains; again: {again}",
        failures.len()
    );
    assert!(read * 4 > heads, "too few heads survive to say much");
    // A rule that explains no difference is wrong, or no longer needed.
    if heads >= 1_000_000 && parsers.names().len() > 1 {
        let ours =
            OURS.iter().flat_map(|(_, peers, why)| peers.iter().map(move |&peer| (peer, *why)));
        let theirs = THEIRS.iter().map(|(peer, _, why, _)| (*peer, *why));
        let idle: Vec<_> = ours.chain(theirs).filter(|rule| !uses.contains_key(rule)).collect();
        assert!(idle.is_empty(), "rows that explain nothing: {idle:#?}");
    }
}

/// Compares the results of all parsers on an input.
///
/// Returns whether all accept it with the same parts, and the rules for their differences. The
/// error is a difference without a rule, or an error of the engine at a wrong byte. So is a result
/// of the engine that depends on the scan path or the cut.
fn judge(parsers: &mut Parsers, input: &Input, cut: usize) -> Result<(bool, Vec<Rule>), String> {
    let mut ours: Option<Ours> = None;
    for path in ScanPath::available() {
        assert!(path.force(), "{path:?} is available");
        for (pieces, verdict) in parsers.ours(input, cut) {
            match &ours {
                None => ours = Some(verdict),
                Some(before) if *before == verdict => {}
                Some(_) => return Err(format!("{path:?} differs on {pieces}")),
            }
        }
    }
    let ours = ours.expect("a path");
    if let Err((kind, at)) = ours
        && !explained::is_right(kind, input, at)
    {
        return Err(format!("{} is said of a byte that it does not fit", kind.name()));
    }
    let mut found = Vec::new();
    for (peer, theirs) in parsers.theirs(input) {
        let why = match (&ours, &theirs) {
            (Ok(None), Ok(None)) | (Err(_), Ok(None) | Err(_)) => continue,
            // The engine checks a line when it has ended, and this head has not ended.
            (Ok(None), Err(_)) if !input.has_ended() => continue,
            (Ok(Some(ours)), Ok(Some(theirs))) if ours == theirs => continue,
            (Ok(Some(_)), Err(why)) => explained::theirs(peer, why, input)
                .ok_or_else(|| format!("{peer} alone refuses: {why}")),
            (Err((kind, _)), Ok(Some(_))) => explained::ours(peer, *kind)
                .ok_or_else(|| format!("{peer} takes what is refused as {}", kind.name())),
            (Ok(Some(_)), Ok(Some(_))) => Err(format!("{peer} reads something else")),
            (ours, theirs) => {
                Err(format!("{} here, {peer}: {}", ours.in_a_word(), theirs.in_a_word()))
            }
        };
        found.push((peer, why?));
    }
    Ok((ours.is_ok_and(|head| head.is_some()) && found.is_empty(), found))
}

/// Reduces an input as long as its failure stays the same.
fn smallest(parsers: &mut Parsers, input: &Input, failure: &str) -> Input {
    let mut small = input.clone();
    for len in [256, 64, 16, 4, 1, 1] {
        let mut at = 0;
        while at < small.bytes.len() {
            let mut less = small.clone();
            less.bytes.drain(at..small.bytes.len().min(at + len));
            let cut = less.bytes.len() / 2;
            match judge(parsers, &less, cut) {
                Err(still) if still == failure => small = less,
                _ => at += len,
            }
        }
    }
    small
}
