//! The HTML page of the report, which needs no other file.
//!
//! It can be read without scripts. A script draws the timelines, writes the run's time, copies
//! the commands that repeat a finding, and opens the finding that an address names.

use std::fmt::Write;

use super::story::Story;
use super::text::left;
use super::{Report, Role, TABLES, VERSION, cut, playground, tame};
use crate::audit::finding::{Evidence, Finding};
use crate::audit::verdict::Verdict;
use crate::clause::linked;

const PAGE: &str = include_str!("page/report.html");
const THEME: &str = include_str!("../../../../../wasm/playground/theme.css");
const STYLE: &str = include_str!("page/report.css");
const TIMELINE: &str = include_str!("../../live/page/timeline.js");
const SCRIPT: &str = include_str!("page/report.js");
/// The script's import of `timeline.js`; the page has both in one module instead.
const IMPORT: &str = "import { blank, draw } from \"./timeline.js\";\n";

/// The verdicts in the order of the page, each with its title.
const GROUPS: [(Verdict, &str); 4] = [
    (Verdict::Fail, "failed"),
    (Verdict::Warn, "warned"),
    (Verdict::Pass, "passed"),
    (Verdict::NotApplicable, "not applicable"),
];

pub(super) fn page(report: &Report, playground: Option<&str>) -> String {
    let script = format!("{TIMELINE}\n{}", SCRIPT.replace(IMPORT, ""));
    let groups: String =
        GROUPS.iter().map(|(verdict, title)| group(report, *verdict, title, playground)).collect();
    let subject = escaped(&report.subject);
    // In the order of the page: what replaces a mark is not searched for the next.
    let parts = [
        ("<!-- subject -->", &subject),
        ("/* style */", &format!("{THEME}{STYLE}")),
        ("<!-- role -->", &report.role.name().into()),
        ("<!-- subject -->", &subject),
        ("<!-- facts -->", &facts(report)),
        ("<!-- map -->", &map(report)),
        ("<!-- groups -->", &groups),
        ("/* script */", &script),
    ];
    let (mut page, mut rest) = (String::new(), PAGE);
    for (mark, part) in parts {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        page += before;
        page += part;
        rest = after;
    }
    page + rest
}

/// Returns the counts by verdict, and the run's command line, time and versions.
fn facts(report: &Report) -> String {
    let count = |(verdict, title): &(Verdict, &str)| {
        let (class, number) = (class(*verdict), report.count(*verdict));
        format!("<li class=\"{class}\"><a href=\"#{class}\"><b>{number}</b> {title}</a></li>")
    };
    let counts: String = GROUPS.iter().map(count).collect();
    let arguments: Vec<_> = report.arguments.iter().map(String::as_str).collect();
    format!(
        "<ul class=\"counts\">{counts}</ul>\n\
         <p class=\"run\"><code>switchboard {}</code><br><time data-seconds=\"{}\"></time>\
         {} s; version {VERSION}, tables {TABLES}</p>",
        escaped(&arguments.join(" ")),
        report.timestamp(),
        report.duration()
    )
}

/// Returns the checks by section, each as a link in the colour of its verdict.
fn map(report: &Report) -> String {
    let mut out = String::new();
    let mut section = "";
    for finding in &report.findings {
        let check = &finding.check;
        if check.section != section {
            section = check.section;
            let end = if out.is_empty() { "" } else { "</p>\n" };
            // Writing to a `String` never fails.
            let _ = write!(out, "{end}<h3>{}</h3><p>", escaped(section));
        }
        let (id, verdict, class) = (check.id, finding.verdict.name(), class(finding.verdict));
        let title = escaped(&format!("{verdict}: {}", check.title));
        let _ = write!(out, "<a class=\"{class}\" href=\"#{id}\" title=\"{title}\">{id}</a> ");
    }
    if out.is_empty() { out } else { out + "</p>" }
}

fn group(report: &Report, verdict: Verdict, title: &str, playground: Option<&str>) -> String {
    let findings: Vec<_> =
        report.findings.iter().filter(|finding| finding.verdict == verdict).collect();
    if findings.is_empty() {
        return String::new();
    }
    let (class, is_bad) = (class(verdict), verdict >= Verdict::Warn);
    let open = if is_bad { " open" } else { "" };
    let told: String =
        findings.iter().map(|finding| entry(report, finding, is_bad, playground)).collect();
    format!(
        "<details class=\"group\" id=\"{class}\"{open}><summary><h2>{} {title}</h2></summary>\n\
         {told}</details>\n",
        findings.len()
    )
}

fn entry(report: &Report, finding: &Finding, is_open: bool, playground: Option<&str>) -> String {
    let check = &finding.check;
    let known = report.known.accepts(finding);
    let open = if is_open && !known { " open" } else { "" };
    let known = if known { " <span class=\"known\">known</span>" } else { "" };
    let reasons: String =
        finding.reasons.iter().map(|reason| format!("<li>{}</li>", escaped(reason))).collect();
    let told = finding.evidence.as_ref();
    let told = told.map_or(String::new(), |told| evidence(report.role, told, playground));
    format!(
        "<details class=\"finding {}\" id=\"{id}\"{open}>\n\
         <summary><h3><code>{id}</code> {}{known}</h3></summary>\n\
         <ul class=\"reasons\">{reasons}</ul>\n\
         <p class=\"rule\">{} ({}): {}</p>\n{told}</details>\n",
        class(finding.verdict),
        escaped(check.title),
        linked(check.clause),
        check.level,
        escaped(check.rules.says),
        id = check.id,
    )
}

fn evidence(role: Role, evidence: &Evidence, playground: Option<&str>) -> String {
    let Evidence { sent, came, control, arrived, again, .. } = evidence;
    let (sender, receiver) = role.sides();
    let other = control.as_ref().filter(|control| left(control) != left(came));
    let mut parts = figure("", &Story::of(&came.timeline, role, sent, &came.bytes));
    if let Some(control) = other {
        let story = Story::of(&control.timeline, role, &[], &control.bytes);
        parts += &figure("<figcaption>control</figcaption>", &story);
    }
    parts += "<div class=\"bytes\">";
    parts += &bytes(sender, &cut(sent));
    if let Some(arrived) = arrived {
        parts += &bytes("Arrived at the origin", &cut(arrived));
    }
    parts += &bytes(receiver, &left(came));
    if let Some(control) = other {
        parts += &bytes("Control, without the offer", &left(control));
    } else if control.is_some() {
        parts += "<p class=\"same\">The control was answered alike.</p>";
    }
    parts += "</div>\n";
    let links = playground.map(|url| playground::links(url, role, evidence)).unwrap_or_default();
    let link = |(address, text): &(String, &str)| {
        format!("<li><a href=\"{}\">{text}</a></li>", escaped(address))
    };
    let links: String = links.iter().map(link).collect();
    if !links.is_empty() {
        parts += &format!("<p>In the playground:</p><ul class=\"links\">{links}</ul>\n");
    }
    let again = escaped(again);
    parts + &format!("<div class=\"again\"><h4>Again</h4><pre tabindex=\"0\">{again}</pre></div>\n")
}

fn bytes(title: &str, text: &str) -> String {
    let text = escaped(text.trim_end());
    format!("<section><h4>{title}</h4><pre tabindex=\"0\">{text}</pre></section>\n")
}

/// Returns a figure with a timeline's data, which the page's script draws.
fn figure(caption: &str, story: &Story) -> String {
    // The value has only strings and numbers, so this cannot fail.
    let story = escaped(&serde_json::to_string(story).unwrap_or_default());
    format!("<figure data-story=\"{story}\">{caption}</figure>\n")
}

/// Returns the CSS class of a verdict, which is also the anchor of its group.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "moot",
        other => other.name(),
    }
}

/// Escapes control characters as `tame` does, and then markup, for HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in tame(text).chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            letter => out.push(letter),
        }
    }
    out
}
