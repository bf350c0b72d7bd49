//! Compares the headers in `include` and two other files with what the sources say.
//!
//! The others are `tests/options.h` and the list of symbols. All are generated from this crate's
//! sources and the core's tables. A stale file fails the test, and this command rewrites it:
//! `BLESS=1 cargo test -p switchover-ffi --test header`.
//!
//! cbindgen parses Rust, but expands no macros. So it gets the rows of `export!` as plain
//! functions. The core's enums are written from their `ALL`, with the comments of the variants.

#[path = "header/layout.rs"]
mod layout;

use std::fmt::{Debug, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs};

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use switchover::binding::{self, ContentKind, EventKind, KnownField, METHODS, Method};
use switchover::bridge::OverHttp2;
use switchover::masque::{self, CapsuleFault};
use switchover::state::{ClientVersion, Expect, Phase, Rx, Tx, UpgradeState};
use switchover::trace::TraceStep;
use switchover::{
    Awaiting, Blame, Closing, End, ErrorKind, Ineligible, NoOffer, Order, Owes, Paused, Role,
    SwitchedBy, Why,
};

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = home().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn compare(path: &str, wanted: &str) {
    if env::var_os("BLESS").is_some() {
        fs::write(home().join(path), wanted).expect("a writable file");
    }
    assert!(read(path) == wanted, "{path} is stale; BLESS=1 rewrites it");
}

#[test]
fn the_headers() {
    let [core, profiles] = headers();
    compare("include/switchover.h", core);
    compare("include/switchover_profiles.h", profiles);
}

/// The options of the vectors' runner are the members of `swo_config`.
///
/// Only `struct_size` is no option. The options have the types of the members, and the runner sets
/// them by their names.
#[test]
fn the_options() {
    let source = read("src/config.rs");
    let member = |line: &str| {
        let (name, kind) = line.strip_prefix("    pub ")?.strip_suffix(',')?.split_once(": ")?;
        let is_option = name != "struct_size" && matches!(kind, "u32" | "u64");
        is_option.then(|| format!("OPTION({name}, {})\n", kind.replace('u', "uint") + "_t"))
    };
    let options: String = source.lines().filter_map(member).collect();
    compare(
        "tests/options.h",
        &format!("/* Written from src/config.rs by the test `header`; do not edit. */\n{options}"),
    );
}

/// The list of exported symbols equals the functions of both headers.
///
/// The list has one name per line.
#[test]
fn the_symbols() {
    let mut names: Vec<String> =
        sources().iter().flat_map(|source| exported(source)).map(|row| row.name).collect();
    names.sort_unstable();
    compare("symbols.txt", &(names.join("\n") + "\n"));
}

/// Each method in `METHODS` has a function in one of the headers.
///
/// No text for C has `::`, the Rust name of a limit or leniency, or that of a method with `_`.
#[test]
fn the_names_in_the_texts() {
    let header = headers().concat();
    for name in METHODS {
        assert!(header.contains(&format!(" swo_{name}(")), "there is no swo_{name}");
    }
    let texts = ErrorKind::ALL.iter().flat_map(|kind| [kind.text(), kind.advice()]).map(plain);
    for text in texts.chain([header.clone()]) {
        for rust in ["::", "`limits.", "`lenient."] {
            assert!(
                !text.contains(rust),
                "{rust} in {}",
                text.lines().find(|line| line.contains(rust)).unwrap_or("")
            );
        }
        for name in METHODS.iter().filter(|name| name.contains('_')) {
            assert!(!text.contains(&format!("`{name}`")), "`{name}` in the texts of C");
        }
    }
}

/// The files that may contain `unsafe`: the boundary and the allocator.
const UNSAFE: [&str; 3] = ["handle.rs", "handle/allocator.rs", "handle/memory.rs"];

/// Only the files in `UNSAFE` use `unsafe`, and no source file has over 500 lines.
#[test]
fn unsafe_stands_at_the_boundary_and_no_file_is_long() {
    for (path, text) in files() {
        let lines = text.lines().count();
        assert!(lines <= 500, "{path} has {lines} lines");
        // The type of a C function is no use of `unsafe`.
        let without = |line: &str| line.replace("unsafe extern \"C\" fn(", "");
        let uses = text.lines().filter(|line| {
            !line.trim_start().starts_with("//") && without(line).contains("unsafe")
        });
        assert!(
            UNSAFE.contains(&path.as_str()) || uses.count() == 0,
            "{path} is none of {UNSAFE:?}"
        );
    }
}

/// Returns both headers.
///
/// They are generated once, as two tests at a time would write the same file.
fn headers() -> &'static [String; 2] {
    static HEADERS: LazyLock<[String; 2]> = LazyLock::new(print_headers);
    &HEADERS
}

fn print_headers() -> [String; 2] {
    let mut items = layout::items(&(macros() + &enums() + &results() + "\n" + &printed()));
    let first = [
        "SWO_VERSION",
        "SWO_ABI_VERSION",
        "SWO_CONN_SIZE_MAX",
        "SWO_NONE",
        "swo_result_code",
        "swo_result",
        "swo_flag",
        "swo_slice",
        "SWO_BYTES",
        "SWO_LEN",
        "SWO_TEXT",
        "swo_field",
        "SWO_HEAD",
        "SWO_BLOCK",
    ];
    let core = layout::print(layout::CORE, &first, 1, &mut items);
    let first = ["SWO_UDP_TEMPLATE", "SWO_IP_TEMPLATE", "SWO_UDP_PAYLOAD"];
    let number = layout::CORE.len() + 1;
    let profiles = layout::print(layout::PROFILES, &first, number, &mut items);
    let index = layout::index(layout::CORE, 1);
    let others = layout::index(layout::PROFILES, number);
    let core = wrapped(
        &read("tests/preamble.h").replace(" * @INDEX@\n", &index),
        "SWITCHOVER_H",
        "#include <stddef.h>\n#include <stdint.h>",
        &core,
    );
    let profiles = wrapped(
        &read("tests/preamble_profiles.h").replace(" * @INDEX@\n", &others),
        "SWITCHOVER_PROFILES_H",
        "#include \"switchover.h\"",
        &profiles,
    );
    layout::check(&items, [&core, &profiles]);
    [core, profiles]
}

/// Returns a header: a comment, a guard, what is included, and its parts.
fn wrapped(comment: &str, guard: &str, includes: &str, parts: &str) -> String {
    format!(
        "{}\n\n#ifndef {guard}\n#define {guard}\n\n{includes}\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n{parts}\
         #ifdef __cplusplus\n}}\n#endif\n\n#endif /* {guard} */\n",
        comment.trim_end()
    )
}

/// Returns the types and functions as cbindgen prints them.
fn printed() -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("boundary.rs");
    fs::write(&file, rust_for_cbindgen()).expect("a writable target directory");
    let config = Config {
        language: Language::C,
        style: Style::Both,
        no_includes: true,
        documentation_style: DocumentationStyle::Doxy,
        line_length: 100,
        tab_width: 4,
        usize_is_size_t: true,
        ..Config::default()
    };
    let mut header = Vec::new();
    Builder::new()
        .with_config(config)
        .with_src(&file)
        .generate()
        .expect("sources that cbindgen reads")
        .write(&mut header);
    String::from_utf8(header).expect("text")
}

fn macros() -> String {
    let (major, minor, patch) = (
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    );
    format!(
        r#"
/** The version that this header belongs to; swo_version says which one runs. */
#define SWO_VERSION "{}"
/** The first part of the version. */
#define SWO_VERSION_MAJOR {major}
/** The second part of the version. */
#define SWO_VERSION_MINOR {minor}
/** The third part of the version. */
#define SWO_VERSION_PATCH {patch}

/** Counts up with every change that a compiled program would notice; see swo_abi_version. */
#define SWO_ABI_VERSION {}

/** A pointer to bytes, for the macros below. */
#ifdef __cplusplus
#define SWO_BYTES(pointer) reinterpret_cast<const uint8_t *>(pointer)
#else
#define SWO_BYTES(pointer) ((const uint8_t *)(pointer))
#endif

/** A number of bytes, for the macros below. */
#ifdef __cplusplus
#define SWO_LEN(len) static_cast<size_t>(len)
#else
#define SWO_LEN(len) ((size_t)(len))
#endif

/** An initialiser of a swo_slice, from a string literal: `swo_slice name = SWO_TEXT("Host");` */
#define SWO_TEXT(literal) {{SWO_BYTES("" literal), sizeof(literal) - 1}}

/**
 * An initialiser of a swo_field that stands for field lines in a text of your own.
 *
 * `swo_field fields[] = {{SWO_HEAD(text, len), {{...}}}};` The text has lines `Name: value`, each
 * ended by CRLF, of which the last may lack; there is no empty line at its end. It is checked when
 * it is sent, as other field lines are, without a copy or memory. It may stand wherever an array of
 * field lines is passed. The index of a wrong field line counts each line of a text, and a block as
 * one; it is an index into the array only where neither is in it.
 */
#define SWO_HEAD(text, len) {{{{NULL, SIZE_MAX - 1}}, {{SWO_BYTES(text), SWO_LEN(len)}}}}

/**
 * An initialiser of a swo_field that stands for all lines of a swo_block.
 *
 * `swo_field fields[] = {{SWO_BLOCK(block), {{...}}}};`
 */
#define SWO_BLOCK(block) {{{{NULL, SIZE_MAX}}, {{SWO_BYTES(block), 0}}}}

/**
 * At least swo_conn_size() with this ABI, for a connection inside a struct of yours.
 *
 * `uint64_t place[SWO_CONN_SIZE_MAX / 8];` is aligned well enough; then
 * swo_conn_init(place, sizeof place, ...).
 */
#define SWO_CONN_SIZE_MAX {}

/** The path of the default URI template for `connect-udp` (RFC 9298, 2): for swo_udp_target. */
#define SWO_UDP_TEMPLATE "{}"

/** The path of the default URI template for `connect-ip` (RFC 9484, 3): for swo_ip_target. */
#define SWO_IP_TEMPLATE "{}"

/** The longest UDP payload (RFC 9298, 5): for swo_capsules_new. */
#define SWO_UDP_PAYLOAD {}

"#,
        env!("CARGO_PKG_VERSION"),
        env!("SWO_ABI"),
        conn_size_max(),
        masque::UdpTarget::TEMPLATE,
        masque::IpTarget::TEMPLATE,
        masque::Capsules::UDP_PAYLOAD
    )
}

/// Returns the value of `CONN_SIZE_MAX` in `connection.rs`.
fn conn_size_max() -> String {
    let source = read("src/connection.rs");
    let (_, rest) = source.split_once("const CONN_SIZE_MAX: usize = ").expect("the constant");
    rest.split(';').next().unwrap_or_default().to_owned()
}

// The Rust source for cbindgen.

fn files() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = ["", "handle/"]
        .iter()
        .flat_map(|folder| {
            let entries = fs::read_dir(home().join("src").join(folder)).expect("sources");
            entries.map(move |entry| {
                format!("{folder}{}", entry.expect("a file").file_name().display())
            })
        })
        .filter(|name| name.ends_with(".rs"))
        .map(|name| (name.clone(), read(format!("src/{name}"))))
        .collect();
    files.sort_unstable();
    files
}

/// Returns the sources of the types and functions in the headers, in a fixed order.
fn sources() -> Vec<String> {
    let order = "types config defaults object connection inbound event block send respond upgrade websocket splice masque \
                 gateway bridge getters error results names";
    let order: Vec<&str> = order.split_whitespace().collect();
    let files = files();
    let exporting =
        files.iter().filter(|(name, text)| name != "handle.rs" && text.contains("export! {"));
    exporting.for_each(|(name, _)| {
        assert!(order.contains(&name.trim_end_matches(".rs")), "{name} is not listed")
    });
    order.iter().map(|name| read(format!("src/{name}.rs"))).collect()
}

/// A row of `export!`: an exported function.
struct Row {
    comment: String,
    name: String,
    signature: String,
}

/// Returns the rows of `export!` in a file, which are separated by empty lines.
///
/// A row is a comment, `fn name(arguments) -> result`, and after the `=` the function that it
/// calls.
fn exported(source: &str) -> Vec<Row> {
    let Some((_, block)) = source.split_once("\nexport! {\n") else { return Vec::new() };
    let (block, _) = block.split_once("\n}\n").expect("an end of export!");
    let row = |text: &str| {
        let (comment, function) =
            text.split_once("    fn ").unwrap_or_else(|| panic!("no function in {text}"));
        let signature = function
            .split('=')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let name = signature.split('(').next().unwrap_or_default().to_owned();
        Row { comment: comment.to_owned(), name, signature }
    };
    block.split("\n\n").map(row).collect()
}

fn rust_for_cbindgen() -> String {
    let mut text = String::new();
    for source in sources() {
        let plain = source.split("\nexport! {\n").next().unwrap_or_default();
        let plain: String = plain
            .lines()
            .filter(|line| !line.starts_with("//!"))
            .fold(String::new(), |text, line| text + &default_of(line) + line + "\n");
        text.push_str(&plain);
        for row in exported(&source) {
            writeln!(
                text,
                "{}#[unsafe(no_mangle)] pub extern \"C\" fn {} {{}}",
                row.comment, row.signature
            )
            .expect("a string");
        }
    }
    text
}

/// Returns the comment with a member's default; empty for any other line.
fn default_of(line: &str) -> String {
    static DEFAULTS: LazyLock<String> =
        LazyLock::new(|| format!("{:?}", switchover::Config::default()));
    let member = line.strip_prefix("    pub ").and_then(|line| line.split_once(": u"));
    let Some((name, _)) = member.filter(|_| line.ends_with(',')) else { return String::new() };
    let Some((_, rest)) = DEFAULTS.split_once(&format!(" {name}: ")) else { return String::new() };
    let value = rest.split([',', ' ']).next().unwrap_or_default();
    let number = match (value, value.parse()) {
        ("false", _) => "0".to_owned(),
        ("true", _) => "1".to_owned(),
        (_, Ok(u64::MAX)) => "UINT64_MAX, which is no limit".to_owned(),
        (_, number) => grouped(number.expect("a number")),
    };
    format!("    ///\n    /// Default: {number}.\n")
}

/// Returns a number with commas between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

// The core's enums.

fn enums() -> String {
    [
        list("role", "Role", Role::ALL, Role::name, "machine/mod.rs"),
        list("phase", "Phase", Phase::ALL, Phase::name, "machine/mod.rs"),
        list("rx", "Rx", Rx::ALL, Rx::name, "machine/mod.rs"),
        list("tx", "Tx", Tx::ALL, Tx::name, "machine/mod.rs"),
        list(
            "upgrade_state",
            "UpgradeState",
            UpgradeState::ALL,
            UpgradeState::name,
            "machine/mod.rs",
        ),
        list("expect", "Expect", Expect::ALL, Expect::name, "machine/mod.rs"),
        list(
            "client_version",
            "ClientVersion",
            ClientVersion::ALL,
            ClientVersion::name,
            "machine/mod.rs",
        ),
        list("awaiting", "Awaiting", Awaiting::ALL, Awaiting::name, "machine/mod.rs"),
        list("owes", "Owes", Owes::ALL, Owes::name, "connection/mod.rs"),
        list("closing", "Closing", Closing::ALL, Closing::name, "connection/mod.rs"),
        list("content_kind", "Content", ContentKind::ALL, ContentKind::name, "wire/body/mod.rs"),
        list("end", "End", End::ALL, End::name, "connection/mod.rs"),
        list("blame", "Blame", Blame::ALL, Blame::name, "error/mod.rs"),
        list("event_kind", "Event", EventKind::ALL, EventKind::name, "event/mod.rs"),
        list("known_field", "KnownField", KnownField::ALL, KnownField::name, "wire/known.rs"),
        list("method", "Method", Method::ALL, Method::name, "binding/method.rs"),
        list("paused", "Paused", Paused::ALL, Paused::name, "event/mod.rs"),
        list("switched_by", "SwitchedBy", SwitchedBy::ALL, SwitchedBy::name, "event/mod.rs"),
        list("no_offer", "NoOffer", NoOffer::ALL, NoOffer::name, "upgrade/request.rs"),
        list("ineligible", "Ineligible", Ineligible::ALL, Ineligible::name, "error/ineligible.rs"),
        list("order", "Order", Order::ALL, Order::name, "upgrade/token.rs"),
        list("why", "Why", Why::ALL, Why::name, "upgrade/mod.rs"),
        list("over_http2", "OverHttp2", OverHttp2::ALL, OverHttp2::name, "upgrade/http2.rs"),
        list(
            "capsule_fault",
            "CapsuleFault",
            CapsuleFault::ALL,
            CapsuleFault::name,
            "beside/masque/capsule.rs",
        ),
        list("trace_step", "TraceStep", TraceStep::ALL, TraceStep::name, "trace.rs"),
        tables(),
    ]
    .concat()
}

/// Returns the C enum `swo_table`, which numbers the enums that swo_name knows.
fn tables() -> String {
    let row =
        |(number, name): (usize, &str)| format!("    SWO_TABLE_{} = {number},\n", upper(name));
    let source = read("src/names.rs");
    let (_, rows) = source.split_once("\ntables! {\n").expect("the tables");
    let names = rows
        .lines()
        .map_while(|line| line.trim().strip_prefix('"')?.split_once('"').map(|(name, _)| name));
    let rows: String = names.enumerate().map(row).collect();
    format!("/** The enums above, for swo_name and swo_text. */\nenum swo_table {{\n{rows}}};\n\n")
}

fn upper(name: &str) -> String {
    name.replace(['-', '.'], "_").to_uppercase()
}

fn list<T: Copy + Debug>(
    name: &str,
    commented: &str,
    all: &[T],
    name_of: fn(T) -> &'static str,
    file: &str,
) -> String {
    let source = read(format!("../core/src/{file}"));
    let comments = Comments::of(&source, commented);
    // The type `swo_content_left` already says what the number is.
    let prefix = if name == "content_kind" { "content" } else { name };
    let mut text = format!("{}enum swo_{name} {{\n", comments.of_enum);
    for (number, &value) in all.iter().enumerate() {
        let constant = format!("SWO_{}_{}", upper(prefix), upper(name_of(value)));
        writeln!(text, "{}    {constant} = {number},", comments.of_variant(&format!("{value:?}")))
            .expect("a string");
    }
    if name == "event_kind" {
        text.push_str("    /** Nothing happens before more bytes come: read the transport. */\n");
        text.push_str("    SWO_EVENT_KIND_NEED_DATA = 1000,\n");
        text.push_str("    /** Nothing happens before the caller acts; `u.paused` says how. */\n");
        text.push_str("    SWO_EVENT_KIND_PAUSED = 1001,\n");
    }
    text + "};\n\n"
}

/// The comments of an enum in the core's source, converted to C comments.
struct Comments<'s> {
    of_enum: String,
    body: &'s str,
}

impl<'s> Comments<'s> {
    fn of(source: &'s str, name: &str) -> Self {
        let (before, rest) = source
            .split_once(&format!("pub enum {name} {{\n"))
            .or_else(|| source.split_once(&format!("pub enum {name}<'a> {{\n")))
            .unwrap_or_else(|| panic!("no enum {name}"));
        let (body, _) = rest.split_once("\n}\n").expect("an end of the enum");
        Self { of_enum: comment_before(before), body }
    }

    fn of_variant(&self, name: &str) -> String {
        let at = self.body.match_indices(&format!("    {name}")).find(|(at, text)| {
            matches!(self.body[at + text.len()..].chars().next(), Some(',' | '(' | ' ') | None)
        });
        let (at, _) = at.unwrap_or_else(|| panic!("no variant {name}"));
        let comment = comment_before(&self.body[..at]);
        assert!(!comment.is_empty(), "{name} has no comment");
        comment
    }
}

/// Returns the comment at the end of a source text, as a C comment.
///
/// It skips attributes, and replaces links by their text.
fn comment_before(text: &str) -> String {
    let mut lines: Vec<&str> = text
        .lines()
        .rev()
        .skip_while(|line| line.trim_start().starts_with("#["))
        .take_while(|line| line.trim_start().starts_with("///"))
        .collect();
    lines.reverse();
    let Some(first) = lines.first() else { return String::new() };
    let indent = &first[..first.len() - first.trim_start().len()];
    let texts: Vec<String> = lines
        .iter()
        .map(|line| match plain(line.trim_start().trim_start_matches("///").trim_start()) {
            text if text.is_empty() => format!("{indent} *"),
            text => format!("{indent} *  {text}"),
        })
        .collect();
    let text = texts.join("\n");
    let last = texts.last().map_or(0, String::len);
    let end = if last > 97 { format!("\n{indent} */") } else { " */".into() };
    format!("{indent}/** {}{end}\n", text.trim_start().trim_start_matches("*  "))
}

/// Converts a line of a comment to the names of C, without links.
///
/// "[`advance`](crate::Connection::advance)" becomes `advance`, and "[`Connection::owes`]" becomes
/// `swo_owes`.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("[`") {
        let (text, after) = after.split_once("`]").expect("an end of the link's text");
        out.push_str(before);
        match text.strip_prefix("Connection::") {
            Some(question) => out.push_str(&format!("swo_{question}")),
            None => out.push_str(&format!("`{text}`")),
        }
        rest = match after.strip_prefix('(') {
            Some(target) => target.split_once(')').expect("an end of the link").1,
            None => after,
        };
    }
    let text = out + rest;
    assert!(text.len() < binding::LONGEST / 2, "{text}");
    binding::Spelled::new(&text, binding::Language::C).as_str().to_owned()
}

/// Returns the enum of the result codes.
///
/// Errors of the engine have the engine's numbers, those of the binding the numbers in `error.rs`.
fn results() -> String {
    let mut text = String::from(
        "/** The result of a call. */\nenum swo_result_code {\n    /** Success. */\n    SWO_OK = 0,\n",
    );
    for kind in ErrorKind::ALL {
        writeln!(
            text,
            "{}    SWO_ERROR_{} = {},",
            layout::comment(&plain(kind.text())),
            upper(kind.name()),
            kind.code()
        )
        .expect("a string");
    }
    let source = read("src/error.rs");
    let own = Comments::of(&source, "BindingError");
    for line in own.body.lines().filter_map(|line| line.trim().strip_suffix(',')) {
        let Some((variant, number)) = line.split_once(" = ") else { continue };
        let name = variant.char_indices().fold(String::new(), |name, (at, c)| {
            if c.is_uppercase() && at > 0 {
                name + "_" + &c.to_string()
            } else {
                name + &c.to_uppercase().to_string()
            }
        });
        writeln!(text, "{}    SWO_{name} = {number},", own.of_variant(variant)).expect("a string");
    }
    text + "};\n"
}
