//! Printer of the core's tables as TypeScript.
//!
//! Each enum that JavaScript sees becomes one constant and one type; limits, leniencies, flags and
//! a few values become constants.

use std::fmt::Write;

use switchover::binding::{ContentKind, EventKind, SECRETS};
use switchover::bridge::OverHttp2;
use switchover::masque::{CapsuleFault, Capsules, IpTarget, UdpTarget};
use switchover::state::{ClientVersion, Expect, Phase, Rx, Tx, UpgradeState};
use switchover::trace::TraceStep;
use switchover::{
    Awaiting, Blame, Closing, Config, End, ErrorKind, Ineligible, Lenient, Limits, NoOffer, Order,
    Owes, Paused, Role, SwitchedBy, Why,
};

const HEADER: &str = "\
// Made from the core's tables by `BLESS=1 wasm/tests/run`; do not edit.
//
// For each enum a constant that maps every name to its number, in the order of the numbers, and the
// union of the names.
";

/// Returns the text of the generated TypeScript file.
pub(crate) fn typescript() -> String {
    let mut out = String::from(HEADER);
    out += &state();
    out += &events();
    out += &upgrades();
    let errors = ErrorKind::ALL.iter().map(|kind| (kind.name(), u64::from(kind.code())));
    out += &table("ErrorKind", "What went wrong, with its stable number.", errors);
    // A value above `Number.MAX_SAFE_INTEGER` is printed as that number, which limits as well.
    const SAFE: u64 = (1 << 53) - 1;
    let limits: Vec<_> =
        Limits::DEFAULT.table().map(|(name, value)| (camel(name), value.min(SAFE))).collect();
    out += &object(
        "Limits",
        "Every bound with its default.",
        limits.iter().map(|(name, value)| (name.as_str(), value)),
    );
    let lenient: Vec<_> =
        Lenient::none().table().map(|(name, value)| (camel(name), value)).collect();
    let lenient = lenient.iter().map(|(name, value)| (name.as_str(), value));
    out += &object("Lenient", "Every leniency with its default.", lenient);
    let flags: Vec<_> =
        Config::default().flags().map(|(name, value)| (camel(name), value)).collect();
    let flags = flags.iter().map(|(name, value)| (name.as_str(), value));
    out += &object("Flags", "What else can be configured, with its default.", flags);
    out + &constants()
}

fn state() -> String {
    names("Role", "Which end the engine is.", Role::ALL, Role::name)
        + &names("Phase", "How far a message has come.", Phase::ALL, Phase::name)
        + &names("Rx", "The peer's direction.", Rx::ALL, Rx::name)
        + &names("Tx", "Our direction.", Tx::ALL, Tx::name)
        + &names(
            "UpgradeState",
            "The effect of the latest request on the connection.",
            UpgradeState::ALL,
            UpgradeState::name,
        )
        + &names("Expect", "The client's `Expect: 100-continue`.", Expect::ALL, Expect::name)
        + &names(
            "ClientVersion",
            "The version that the client of a server speaks.",
            ClientVersion::ALL,
            ClientVersion::name,
        )
        + &names(
            "Awaiting",
            "Whom the engine waits for; set deadlines by it.",
            Awaiting::ALL,
            Awaiting::name,
        )
        + &names("Closing", "How to close the transport.", Closing::ALL, Closing::name)
        + &names(
            "Owes",
            "What the peer waits for that only your code can send.",
            Owes::ALL,
            Owes::name,
        )
        + &names(
            "ContentKind",
            "How the end of content is found.",
            ContentKind::ALL,
            ContentKind::name,
        )
}

fn events() -> String {
    names("EventKind", "The kinds of event.", EventKind::ALL, EventKind::name)
        + &names(
            "Paused",
            "What your code has to do before receiving goes on.",
            Paused::ALL,
            Paused::name,
        )
        + &names(
            "SwitchedBy",
            "What made the peer's direction leave HTTP.",
            SwitchedBy::ALL,
            SwitchedBy::name,
        )
        + &names("End", "How the peer's bytes ended.", End::ALL, End::name)
        + &names("TraceStep", "What kind of thing happened.", TraceStep::ALL, TraceStep::name)
        + &names("Blame", "Who has to change something.", Blame::ALL, Blame::name)
}

fn upgrades() -> String {
    names("NoOffer", "Why a request offers nothing at all.", NoOffer::ALL, NoOffer::name)
        + &names(
            "Ineligible",
            "Why one protocol of an offer cannot be accepted.",
            Ineligible::ALL,
            Ineligible::name,
        )
        + &names("Order", "Whose order of preference counts.", Order::ALL, Order::name)
        + &names("Why", "Why this cycle's upgrade did not happen.", Why::ALL, Why::name)
        + &names("OverHttp2", "What has no place in HTTP/2.", OverHttp2::ALL, OverHttp2::name)
        + &names(
            "CapsuleFault",
            "What is wrong with a stream of capsules.",
            CapsuleFault::ALL,
            CapsuleFault::name,
        )
}

fn constants() -> String {
    let secrets =
        "The fields that commonly hold a credential, in lower case: for redaction in logs.";
    let udp = "The path of the default URI template for `connect-udp` (RFC 9298, 2).";
    let ip = "The path of the default URI template for `connect-ip` (RFC 9484, 3).";
    constant("UDP_TEMPLATE", udp, &format!("{:?}", UdpTarget::TEMPLATE))
        + &constant("IP_TEMPLATE", ip, &format!("{:?}", IpTarget::TEMPLATE))
        + &constant(
            "UDP_PAYLOAD",
            "The longest UDP payload, in bytes (RFC 9298, 5).",
            &Capsules::UDP_PAYLOAD.to_string(),
        )
        + &constant("SECRET_FIELDS", secrets, &format!("{:?} as const", SECRETS))
}

fn constant(name: &str, text: &str, value: &str) -> String {
    format!("\n/** {text} */\nexport const {name} = {value};\n")
}

fn names<T: Copy>(table_name: &str, text: &str, all: &[T], name: fn(T) -> &'static str) -> String {
    table(
        table_name,
        text,
        all.iter().enumerate().map(|(number, &value)| (name(value), number as u64)),
    )
}

fn table(name: &str, text: &str, rows: impl Iterator<Item = (&'static str, u64)>) -> String {
    object(name, text, rows)
        + &format!("/** {text} */\nexport type {name} = keyof typeof {name};\n")
}

fn object<'a>(
    name: &str,
    text: &str,
    rows: impl IntoIterator<Item = (&'a str, impl ToString)>,
) -> String {
    let mut out = format!("\n/** {text} */\nexport const {name} = {{\n");
    for (key, value) in rows {
        let is_word = key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let key = if is_word { key.to_owned() } else { format!("{key:?}") };
        writeln!(out, "  {key}: {},", value.to_string()).expect("a string");
    }
    out + "} as const;\n"
}

/// Converts a name such as `start_line` to `startLine`.
fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            _ if upper => {
                out.push(letter.to_ascii_uppercase());
                upper = false;
            }
            _ => out.push(letter),
        }
    }
    out
}
