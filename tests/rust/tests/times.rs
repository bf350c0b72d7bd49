//! Checks that the hosts have the timeouts and limits of `times.txt`.
//!
//! A host is a server that uses the engine. None may wait longer than another, or discard more.

use std::fs;

use switchover_tests::home;

/// Returns the number at the end of a piece of source, in any of the languages.
///
/// Examples are `30_000`, `4.0`, `1 << 20`, `2 ** 20`, `1024 * 1024` and `seconds(30)`.
fn number(source: &str) -> f64 {
    let source = source.trim_end_matches(')');
    let from = source.rfind(['=', ':', '(', ',']).map_or(0, |at| at + 1);
    let source = source[from..].trim().trim_start_matches('{').trim();
    let plain = |text: &str| {
        text.trim()
            .replace('_', "")
            .parse::<f64>()
            .unwrap_or_else(|_| panic!("no number: {text:?}"))
    };
    for (sign, act) in [
        ("<<", (|a, b| a * f64::powf(2.0, b)) as fn(f64, f64) -> f64),
        ("**", f64::powf),
        ("*", |a, b| a * b),
    ] {
        if let Some((a, b)) = source.split_once(sign) {
            return act(plain(a), plain(b));
        }
    }
    plain(source)
}

#[test]
fn every_host_has_the_same_times_and_bounds() {
    let table = fs::read_to_string(home().join("tools/times.txt")).expect("the table");
    let (mut wanted, mut unit, mut compared) = (0.0, "", 0);
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(host) = line.strip_prefix("    ") else {
            let (_, bound) = line.rsplit_once(": ").expect("a name and a bound");
            let (number, of) = bound.split_once(' ').expect("a number and its unit");
            (wanted, unit) = (number.parse().expect("a number"), of);
            continue;
        };
        let (path, piece) = host.split_once(": ").expect("a file and a piece of it");
        let (times, piece) = piece.strip_prefix("2x ").map_or((1.0, piece), |piece| (2.0, piece));
        let source = fs::read_to_string(home().join("..").join(path))
            .unwrap_or_else(|_| panic!("no {path}"));
        let after = source.split_once(piece).unwrap_or_else(|| panic!("{path} has no {piece:?}")).1;
        // The piece must contain the whole number, not just its first digits.
        assert!(!after.starts_with(|c: char| c.is_ascii_digit() || c == '_'), "{path}: {piece}");
        let found = number(piece) * times;
        let units = if unit == "s" { [1.0, 1_000.0] } else { [1.0, 1.0] };
        assert!(
            units.iter().any(|per| found == wanted * per),
            "{path}: {piece} where {wanted} {unit} is meant"
        );
        compared += 1;
    }
    assert!(compared > 60, "{compared} lines");
}
