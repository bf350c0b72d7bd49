//! A check in words, without running it: what it needs, what is a failure and what a warning, and what it sends.

use std::fmt::Write;

use crate::audit::table::{By, Check, Line, What};
use crate::audit::{client, proxy, server, symptoms};

/// All that is known of a check.
pub(crate) fn explanation(check: &Check) -> String {
    let Check { id, level, clause, title, rules, .. } = check;
    let mut out = format!("{id}: {title}\n  rule     {clause} ({level}): {}\n", rules.says);
    let lists = [("needs", &rules.needs), ("fail", &rules.fail), ("warn", &rules.warn), ("n/a", &rules.moot)];
    for (name, words) in lists {
        for (number, word) in words.iter().enumerate() {
            let _ = writeln!(out, "  {:<8} {}", if number == 0 { name } else { "" }, sentence(check, word));
        }
    }
    out + &sends(check)
}

/// What a word of the table stands for. The first letter of a check is that of its table.
fn sentence(check: &Check, word: &str) -> String {
    let (needs, symptoms) = match check.id.as_bytes()[0] {
        b'C' => (client::NEEDS, texts(client::symptoms::SYMPTOMS)),
        b'P' => (proxy::NEEDS, texts(proxy::symptoms::SYMPTOMS)),
        _ => (server::NEEDS, [texts(symptoms::SYMPTOMS), texts(symptoms::HEAD_RULES)].concat()),
    };
    if check.rules.needs.contains(&word) {
        let lack = needs.iter().find(|(name, ..)| *name == word);
        return lack.map_or(format!("{word} has to pass"), |(_, what, remedy)| format!("not if {what}: {remedy}"));
    }
    let (name, whose) = match (word.strip_suffix("-of-proxy"), word.strip_suffix("-of-gateway")) {
        (Some(name), _) => (name, " (with --forward)"),
        (_, Some(name)) => (name, " (without --forward)"),
        _ => (word, ""),
    };
    let text = symptoms.iter().find(|(each, _)| *each == name).map_or(word, |(_, text)| text);
    format!("{text}{whose}")
}

fn texts<T>(symptoms: &[(&'static str, T, &'static str)]) -> Vec<(&'static str, &'static str)> {
    symptoms.iter().map(|(name, _, text)| (*name, *text)).collect()
}

/// What it sends, line by line.
fn sends(check: &Check) -> String {
    if check.lines.is_empty() {
        return "  sends    nothing of its own: it looks at what came in the checks before it\n".into();
    }
    let legend = "(+ is what the control leaves out, - is what only the control sends)";
    let mut out = String::from("  sends");
    let _ = writeln!(out, "{}", if check.has_control() { format!("    {legend}") } else { String::new() });
    for Line { by, what } in &check.lines {
        let mark = match by {
            By::Both => ' ',
            By::Check => '+',
            By::Control => '-',
        };
        let _ = match what {
            What::Text(text) => writeln!(out, "         {mark} {text}"),
            What::Empty => writeln!(out),
            What::Octets(text) => writeln!(out, "         | {text}"),
            What::Wait(text) => writeln!(out, "         ~ {text}"),
        };
    }
    out
}
