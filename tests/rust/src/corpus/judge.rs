//! The comparison of a run's outcome with the outcome that its case expects.
//!
//! There are two scores. By `Score::Rfc`, a case may leave the verdict open where the RFCs do.
//! `Score::Strict` expects the verdict of an engine that is strict by default.

use super::{Case, ExpectedMessage, FieldLine, Outcome, Upgrade, Verdict};
use crate::message::Message;

/// A choice between the two expected verdicts of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Score {
    /// Any verdict that the RFCs allow.
    Rfc,
    /// The verdict of an engine that is strict by default.
    Strict,
}

/// Returns the differences from the expected outcome; empty if there are none.
pub fn judge(case: &Case, outcome: &Outcome, score: Score) -> Vec<String> {
    let expected = &case.expected;
    let verdict = match score {
        Score::Strict => expected.strict.or(expected.verdict),
        Score::Rfc => expected.verdict,
    };
    match verdict {
        Some(verdict) if verdict != outcome.verdict => {
            let error = outcome.error.map_or(String::new(), |error| format!(": {error}"));
            vec![format!("{:?} instead of {verdict:?}{error}", outcome.verdict)]
        }
        _ if outcome.verdict == Verdict::Reject => too_many(case, outcome).into_iter().collect(),
        _ => [messages(case, outcome), upgrade(case, outcome)].concat(),
    }
}

/// Reports more messages before a rejection than the input has.
///
/// Checked only in cases that leave the verdict open: there, an engine might have read further.
fn too_many(case: &Case, outcome: &Outcome) -> Option<String> {
    let (got, most) = (outcome.messages.len(), case.expected.total?);
    (case.expected.verdict.is_none() && got > most)
        .then(|| format!("{got} messages before the error, at most {most}"))
}

fn messages(case: &Case, outcome: &Outcome) -> Vec<String> {
    let expected = &case.expected;
    let is_accept = expected.verdict == Some(Verdict::Accept);
    let got = outcome.messages.len();
    let mut wrong = Vec::new();
    if let Some(total) = expected.total
        && (got > total || (is_accept && outcome.verdict == Verdict::Accept && got < total))
    {
        wrong.push(format!("{got} messages instead of {total}"));
    }
    for (index, (expected, got)) in expected.messages.iter().zip(&outcome.messages).enumerate() {
        wrong.extend(
            differing(expected, got, is_accept).map(|part| format!("message {index}: {part}")),
        );
    }
    wrong
}

/// Returns the names of the parts in which a message differs from the expected one.
///
/// Trailers are compared only if the RFCs require the input to be accepted.
fn differing(
    expected: &ExpectedMessage,
    got: &Message,
    is_accept: bool,
) -> impl Iterator<Item = &'static str> {
    let same_fields = |want: &Option<Vec<FieldLine>>, got: &[FieldLine]| {
        want.as_ref().is_none_or(|want| comparable(want) == comparable(got))
    };
    [
        ("method", expected.method.as_ref().is_none_or(|method| method == got.method.as_bytes())),
        ("target", expected.target.as_ref().is_none_or(|target| target == got.target.as_bytes())),
        (
            "version",
            expected.version.as_ref().is_none_or(|version| *version == format!("1.{}", got.minor)),
        ),
        ("status", expected.status.is_none_or(|status| status == got.status)),
        ("content", expected.body.as_ref().is_none_or(|body| *body == got.content)),
        ("fields", same_fields(&expected.fields, &got.fields)),
        ("trailers", !is_accept || same_fields(&expected.trailers, &got.trailers)),
        (
            "offer",
            expected.offered.as_ref().is_none_or(|offered| folded(offered) == folded(&got.offered)),
        ),
    ]
    .into_iter()
    .filter_map(|(part, is_same)| (!is_same).then_some(part))
}

/// Returns field lines in a form without differences that are not compared.
///
/// These are the order among names, the case of names and the amount of whitespace. Content-Length
/// and Transfer-Encoding are removed, as repeated values may be merged (RFC 9110, section 8.6).
fn comparable(lines: &[FieldLine]) -> Vec<FieldLine> {
    let mut lines: Vec<FieldLine> = lines
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), collapsed(value)))
        .filter(|(name, _)| !matches!(name.as_slice(), b"content-length" | b"transfer-encoding"))
        .collect();
    // Lines with the same name keep their order, which has a meaning (RFC 9110, section 5.3).
    lines.sort_by(|one, other| one.0.cmp(&other.0));
    lines
}

fn collapsed(value: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> =
        value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

fn folded(list: &[String]) -> Vec<String> {
    list.iter().map(|entry| entry.split_whitespace().collect::<String>().to_lowercase()).collect()
}

fn upgrade(case: &Case, outcome: &Outcome) -> Vec<String> {
    let (Some((switches, rest)), Some(got), Verdict::Accept) =
        (&case.expected.upgrade, &outcome.upgrade, outcome.verdict)
    else {
        return Vec::new();
    };
    let (trailing, is_wrong) = match got {
        Upgrade::Switched(trailing) => (trailing, !switches),
        Upgrade::Undecided(trailing) => (trailing, *switches),
        // Without the scripted 101 it is unknown whether the connection would have switched.
        Upgrade::Refused(trailing) => (trailing, false),
    };
    let mut wrong = Vec::new();
    if is_wrong {
        wrong.push(format!("it should {}switch", if *switches { "" } else { "not " }));
    }
    if trailing != rest {
        wrong.push(format!(
            "{} bytes after the messages instead of {}",
            trailing.len(),
            rest.len()
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Feed, load, play};

    /// A change of a compared part of a right outcome is reported.
    ///
    /// The changes are those of the verdict, the messages, the switch and each part of a message.
    #[test]
    fn every_part_is_compared() {
        type Change = fn(&mut Outcome);
        let cases = load();
        let offers: [Change; 9] = [
            |outcome| outcome.verdict = Verdict::Incomplete,
            |outcome| outcome.messages.clear(),
            |outcome| outcome.messages[0].method.push('X'),
            |outcome| outcome.messages[0].target.push('X'),
            |outcome| outcome.messages[0].minor += 1,
            |outcome| outcome.messages[0].content.push(b'X'),
            |outcome| outcome.messages[0].fields[0].1.push(b'X'),
            |outcome| outcome.messages[0].offered.clear(),
            |outcome| outcome.upgrade = Some(Upgrade::Switched(Vec::new())),
        ];
        let trailers: [Change; 1] = [|outcome| outcome.messages[0].trailers[0].1.push(b'X')];
        let status: [Change; 1] = [|outcome| outcome.messages[0].status += 1];
        let changes: [(&str, &[Change]); 3] = [
            ("p11-comp-upgrade-post", &offers),
            ("ll-request-transfer-encoding-trailing-headers", &trailers),
            ("ll-response-connection-proxy-connection", &status),
        ];
        for (id, changes) in changes {
            let case = cases.iter().find(|case| case.id == id).expect("the case");
            let right = play(case, Feed::Whole);
            assert_eq!(judge(case, &right, Score::Strict), [""; 0]);
            for (index, change) in changes.iter().enumerate() {
                let mut wrong = right.clone();
                change(&mut wrong);
                assert_eq!(judge(case, &wrong, Score::Strict).len(), 1, "{id}, change {index}");
            }
        }
    }
}
