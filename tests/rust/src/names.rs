//! The spelling of the core's names in C, Python and JavaScript.
//!
//! The functions convert the case of names, and know which methods have another name in a language.

/// Converts a name to upper snake case: `http-1.0` to `HTTP_1_0`.
pub fn upper_snake(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect()
}

/// Converts a name to snake case: `NoOffer` to `no_offer`.
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

/// Converts a name to camel case: `field_line` to `fieldLine`.
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |out, word| out + &word[..1].to_uppercase() + &word[1..])
}

/// Returns the name of the C function for a method of the core.
pub fn in_c(verb: &str) -> String {
    match verb {
        "commit" => "swo_receive_commit".into(),
        verb => format!("swo_{verb}"),
    }
}

/// Returns the name of a core method in Python; `None` if Python lacks it.
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

/// Returns the name of a core method in JavaScript; `None` if JavaScript lacks it.
pub fn in_javascript(verb: &str) -> Option<String> {
    Some(camel(verb)).filter(|_| !is_of_c(verb))
}

/// Returns whether C alone of the three languages has a method.
///
/// Such a method is for servers that already have code to write responses.
fn is_of_c(verb: &str) -> bool {
    verb == "note_response"
}
