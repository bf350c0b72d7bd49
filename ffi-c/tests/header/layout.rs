//! The layout of the headers: their parts in the order of use.
//!
//! Every function is listed here. A type or an enum stands where it is used first.

use std::collections::BTreeSet;
use std::fmt::Write;

/// A part of a header: its title, a summary, and its functions in order.
pub(crate) struct Part {
    title: &'static str,
    summary: &'static str,
    functions: &'static str,
}

/// The parts of `switchover.h`.
pub(crate) const CORE: &[Part] = &[
    Part {
        title: "Basics",
        summary: "versions, results, bytes, field lines",
        functions: "swo_version swo_abi_version swo_set_memory",
    },
    Part {
        title: "Life",
        summary: "a connection from its configuration to its end",
        functions: "swo_config_init swo_conn_new swo_conn_free swo_conn_size swo_conn_align \
                    swo_conn_init swo_conn_deinit swo_set_limits swo_release",
    },
    Part {
        title: "Receive",
        summary: "bytes of the peer in",
        functions: "swo_receive swo_receive_buffer swo_receive_commit swo_receive_eof \
                    swo_wants_input swo_unread swo_position",
    },
    Part {
        title: "Events",
        summary: "what has come: heads, content, the end of a message, a switch",
        functions: "swo_next_event swo_receive_event swo_current_event swo_event_fields \
                    swo_event_field_at swo_event_field_index swo_event_field swo_event_list \
                    swo_current_request swo_method swo_request_authority swo_target_path \
                    swo_target_query swo_request_fields swo_content swo_pass_content \
                    swo_skip_content swo_take_end",
    },
    Part {
        title: "Decide",
        summary: "what is owed, which deadline runs, when and how to close",
        functions: "swo_owes swo_awaiting swo_may_speak swo_persists swo_closing swo_unanswered \
                    swo_close_after_response swo_abandon",
    },
    Part {
        title: "Send",
        summary: "requests and responses, whole or piece by piece",
        functions: "swo_respond swo_respond_head swo_reject swo_prepared_new \
                    swo_respond_prepared swo_prepared_free swo_block_new swo_block_free \
                    swo_send_informational swo_send_response swo_send_request swo_send_data \
                    swo_send_data_parts swo_send_end swo_note_response swo_reason",
    },
    Part {
        title: "Switch",
        summary: "offers, their acceptance, and the new protocol",
        functions: "swo_offers swo_select swo_selection_preference swo_selection_early swo_accept \
                    swo_require swo_advertise swo_advertised swo_agreed swo_required swo_why \
                    swo_protocol_is swo_take_leftover swo_hand_over swo_resume_http",
    },
    Part {
        title: "Errors and names",
        summary: "whose fault, which status, what to do; names for logs",
        functions: "swo_failure swo_is_fatal swo_error_status swo_error_blame swo_error_text \
                    swo_error_advice swo_error_clause swo_error_name swo_name swo_text swo_state \
                    swo_trace",
    },
];

/// The parts of `switchover_profiles.h`.
pub(crate) const PROFILES: &[Part] = &[
    Part {
        title: "WebSocket",
        summary: "the handshake of RFC 6455, and permessage-deflate",
        functions: "swo_websocket_key swo_websocket_subprotocols swo_select_subprotocol \
                    swo_select_deflate swo_agreed_deflate swo_deflate_write",
    },
    Part {
        title: "h2c",
        summary: "HTTP/2 by upgrade, in front of an HTTP/2 library",
        functions: "swo_splice_new swo_splice_client_sent swo_splice_client_ended \
                    swo_splice_engine_sent swo_splice_take_for_engine swo_splice_take_for_client \
                    swo_splice_wants_client swo_splice_is_waiting swo_splice_is_done \
                    swo_splice_free",
    },
    Part {
        title: "MASQUE",
        summary: "connect-udp and connect-ip: targets, capsules, datagrams",
        functions: "swo_udp_target swo_ip_target swo_says_capsules swo_capsules_new \
                    swo_capsules_receive swo_capsules_next swo_capsules_finish swo_capsules_free \
                    swo_datagram_write",
    },
    Part {
        title: "Gateway",
        summary: "what an intermediary forwards",
        functions: "swo_forwardable swo_may_forward swo_end_to_end swo_lines_get swo_lines_free",
    },
    Part {
        title: "HTTP/2",
        summary: "conversion of heads between HTTP/1.1 and HTTP/2",
        functions: "swo_check_http2 swo_http2_fields swo_http2_request swo_extended_connect \
                    swo_http1_fields",
    },
];

/// A declaration with its comment.
pub(crate) struct Item {
    name: String,
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Macro,
    Enum,
    Type,
    Function,
}

/// Returns the items of a text, which empty lines separate.
pub(crate) fn items(text: &str) -> Vec<Item> {
    text.split("\n\n").map(str::trim).filter_map(item).collect()
}

fn item(text: &str) -> Option<Item> {
    // A comment stands before each.
    let (_, code) = text.split_once("*/\n")?;
    let first = |text: &str| text.split(|c| !is_of_name(c)).next().map(str::to_owned);
    let last = |text: &str| text.rsplit(|c| !is_of_name(c)).next().map(str::to_owned);
    let (kind, name) = if let Some((_, rest)) = code.split_once("#define ") {
        (Kind::Macro, first(rest))
    } else if let Some(rest) = code.strip_prefix("enum ") {
        (Kind::Enum, first(rest))
    } else if code.starts_with("typedef ") {
        // The name stands last, or in the brackets of a pointer to a function.
        let in_brackets = code.split_once("(*").map(|(_, rest)| first(rest));
        (Kind::Type, in_brackets.unwrap_or_else(|| last(code.trim_end_matches(';'))))
    } else {
        (Kind::Function, code.split_once('(').and_then(|(before, _)| last(before)))
    };
    Some(Item { name: name?, text: text.to_owned(), kind })
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Item {
    /// Returns whether a text uses this item.
    ///
    /// A type is used by its name, an enum by its constants.
    fn is_used_by(&self, text: &str) -> bool {
        let uses = |name: &str, whole: bool| {
            text.match_indices(name).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                let after = text[at + name.len()..].chars().next();
                !(before.is_some_and(is_of_name) || whole && after.is_some_and(is_of_name))
            })
        };
        match self.kind {
            Kind::Enum => {
                let name = if self.name == "swo_content_kind" { "swo_content" } else { &self.name };
                uses(&format!("{}_", name.to_uppercase()), false)
            }
            Kind::Macro | Kind::Type => uses(&self.name, true),
            Kind::Function => false,
        }
    }
}

/// Prints the parts of a header; what was printed is removed from `items`.
///
/// `first` are the names of the items that the first part begins with.
pub(crate) fn print(
    parts: &[Part],
    first: &[&str],
    number: usize,
    items: &mut Vec<Item>,
) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        let (rule, number) = ("=".repeat(94), number + at);
        let Part { title, summary, .. } = part;
        text.push_str(&format!(
            "/* {rule} */\n\n/**\n * @defgroup {} {number}. {title}\n * {}.\n * @{{\n */\n\n",
            id(title),
            capital(summary)
        ));
        if at == 0 {
            for name in first {
                place(name, false, items, &mut text);
            }
        }
        for name in part.functions.split_whitespace() {
            place(name, true, items, &mut text);
        }
        text.push_str("/** @} */\n\n");
    }
    text
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

fn id(title: &str) -> String {
    let letters = title.chars().filter(char::is_ascii_alphanumeric);
    format!("swo_{}", letters.collect::<String>().to_lowercase())
}

/// Prints an item, and before it the types and enums that it uses.
///
/// A function and an enum may have the same name: `is_function` selects one.
fn place(name: &str, is_function: bool, items: &mut Vec<Item>, text: &mut String) {
    let is_it = |item: &Item| item.name == name && is_function == (item.kind == Kind::Function);
    let at = items.iter().position(is_it);
    let item = items.remove(at.unwrap_or_else(|| panic!("{name} is in no source, or twice here")));
    let used: BTreeSet<usize> = (0..items.len())
        .filter(|&at| items[at].kind != Kind::Macro && items[at].is_used_by(&item.text))
        .collect();
    let used: Vec<String> = used.into_iter().map(|at| items[at].name.clone()).collect();
    for name in used {
        // Another one may have placed it.
        if items.iter().any(|item| item.name == name && item.kind != Kind::Function) {
            place(&name, false, items, text);
        }
    }
    text.push_str(&item.text);
    text.push_str("\n\n");
}

/// Returns the index of the parts: their numbers, titles, summaries and functions.
pub(crate) fn index(parts: &[Part], number: usize) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        let macros = if number + at == 1 { "SWO_TEXT SWO_HEAD SWO_BLOCK " } else { "" };
        writeln!(text, " *  - {} {}: {}", number + at, part.title, part.summary).expect("a string");
        let mut line = format!(" *    {macros}");
        for name in part.functions.split_whitespace() {
            if line.len() + name.len() + 1 > 100 {
                writeln!(text, "{}", line.trim_end()).expect("a string");
                line = String::from(" *    ");
            }
            line.push_str(name);
            line.push(' ');
        }
        writeln!(text, "{}", line.trim_end()).expect("a string");
    }
    text
}

/// Returns the comment of a constant, in lines of at most 100 characters.
pub(crate) fn comment(sentence: &str) -> String {
    let mut lines = vec![String::from("    /**")];
    for word in format!("{sentence}. */").split_inclusive(' ') {
        let line = lines.last_mut().expect("a line");
        if line.len() + word.len() + 1 > 98 {
            *line = line.trim_end().to_owned();
            lines.push(format!("     *  {word}"));
        } else if line.ends_with("/**") {
            line.push_str(&format!(" {word}"));
        } else {
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

/// Checks that everything was printed, and that no line is too long.
pub(crate) fn check(left: &[Item], headers: [&str; 2]) {
    let left: Vec<_> = left.iter().map(|item| &*item.name).collect();
    assert!(left.is_empty(), "in no part of a header: {left:?}");
    for line in headers.iter().flat_map(|header| header.lines()) {
        assert!(line.chars().count() <= 100, "longer than 100: {line}");
    }
}
