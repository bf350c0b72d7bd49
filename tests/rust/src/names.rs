//! The spelling of the core's names in other languages.
//!
//! It is the case of letters, and the verbs that a language calls by a name of its own.

/// Writes `http-1.0` as `HTTP_1_0`.
pub fn upper_snake(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect()
}

/// Writes `NoOffer` as `no_offer`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Writes `field_line` as `fieldLine`.
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |out, word| out + &word[..1].to_uppercase() + &word[1..])
}

/// Returns a verb's name in C.
pub fn in_c(verb: &str) -> String {
    match verb {
        "commit" => "swo_receive_commit".into(),
        verb => format!("swo_{verb}"),
    }
}

/// Returns a verb's name in Python, where it is there.
pub fn in_python(verb: &str) -> Option<String> {
    let name = match verb {
        "receive" => "receive_data",
        // As in asyncio's `BufferedProtocol`.
        "receive_buffer" => "get_buffer",
        "commit" => "buffer_updated",
        same => same,
    };
    Some(name.to_owned()).filter(|_| !is_of_c(verb))
}

/// Returns a verb's name in JavaScript, where it is there.
pub fn in_javascript(verb: &str) -> Option<String> {
    Some(camel(verb)).filter(|_| !is_of_c(verb))
}

/// Returns whether a verb is for C alone.
///
/// It is for servers that have a writer of responses already.
fn is_of_c(verb: &str) -> bool {
    verb == "note_response"
}
