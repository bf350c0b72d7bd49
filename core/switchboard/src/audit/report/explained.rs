//! The description of a check, for `--explain`.
//!
//! Lists the rule, what the check needs, its failures and warnings, and what it sends.

use std::fmt::Write;

use crate::audit::table::{By, Check, Line, What};
use crate::audit::{client, needs, proxy, symptoms};

/// Returns the description of a check, for --explain.
pub(crate) fn explanation(check: &Check) -> String {
    let Check { id, level, clause, title, rules, .. } = check;
    let mut out = format!("{id}: {title}\n  rule     {clause} ({level}): {}\n", rules.says);
    let (symptoms, lacks) = vocabulary(check);
    let told = |word: &&str| sentence(&symptoms, word);
    let lacking = |need: &&str| lacks.iter().find(|(name, ..)| name == need);
    let others =
        rules.needs.iter().filter(|need| lacking(need).is_none()).map(|need| (*need).into());
    let lacks = rules
        .needs
        .iter()
        .filter_map(lacking)
        .map(|(_, what, remedy)| format!("{}: {remedy}", general(what)));
    let moot = rules.moot.iter().map(|word| format!("{}: {}", told(word), rules.apply));
    part(&mut out, "needs", others);
    part(&mut out, "n/a", lacks.chain(moot));
    part(&mut out, "fail", rules.fail.iter().map(told));
    part(&mut out, "warn", rules.warn.iter().map(told));
    out + &sends(check)
}

/// Appends a part of a check's description; its first line begins with `name`.
fn part(out: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    for (number, line) in lines.enumerate() {
        let _ = writeln!(out, "  {:<8} {line}", if number == 0 { name } else { "" });
    }
}

type Needs = &'static [(&'static str, &'static str, &'static str)];

/// Returns the symptoms and the needs that the checks of one table may name.
///
/// The first letter of the check's ID tells its table: C for clients, P for intermediaries, any
/// other for servers.
fn vocabulary(check: &Check) -> (Vec<(&'static str, &'static str)>, Needs) {
    match check.id.as_bytes()[0] {
        b'C' => (texts(client::symptoms::SYMPTOMS), client::NEEDS),
        b'P' => (texts(proxy::symptoms::SYMPTOMS), proxy::NEEDS),
        _ => ([texts(symptoms::SYMPTOMS), texts(symptoms::HEAD_RULES)].concat(), needs::NEEDS),
    }
}

fn texts<T>(symptoms: &[(&'static str, T, &'static str)]) -> Vec<(&'static str, &'static str)> {
    symptoms.iter().map(|(name, _, text)| (*name, *text)).collect()
}

/// Returns the reason why a check does not apply, without its part on one client.
///
/// That part begins with `, and this `, as in `, and this one offers OFFERED`.
fn general(what: &str) -> &str {
    what.split(", and this ").next().unwrap_or(what)
}

/// Returns the sentence that describes a symptom which a check names.
///
/// For a symptom of one kind of proxy, it says which kind.
fn sentence(symptoms: &[(&str, &str)], word: &str) -> String {
    let (name, whose) = proxy::symptoms::named(word);
    let whose =
        whose.map_or(
            "",
            |is_forward| if is_forward { " (with --forward)" } else { " (without --forward)" },
        );
    let text = symptoms.iter().find(|(each, _)| *each == name).map_or(word, |(_, text)| text);
    format!("{text}{whose}")
}

/// Returns the lines that a check and its control send, marked for display.
fn sends(check: &Check) -> String {
    if check.lines.is_empty() {
        return "  sends    nothing of its own: it looks at what came in the checks before it\n"
            .into();
    }
    let legend = "(+ is what the control leaves out, - is what only the control sends)";
    let mut out = String::from("  sends");
    let _ = writeln!(
        out,
        "{}",
        if check.has_control() { format!("    {legend}") } else { String::new() }
    );
    for Line { by, what } in &check.lines {
        let mark = match by {
            By::Both => ' ',
            By::Check => '+',
            By::Control => '-',
        };
        let _ = match what {
            What::Text(text) => writeln!(out, "         {mark} {text}"),
            What::Empty => writeln!(out),
            What::Bytes(text) => writeln!(out, "         | {text}"),
            What::Wait(text) => writeln!(out, "         ~ {text}"),
        };
    }
    out
}
