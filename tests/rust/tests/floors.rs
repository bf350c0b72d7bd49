//! Checks of the dependencies between folders and files.
//!
//! No folders or files may depend on each other in a circle. Only the crate root and the module for
//! bindings may use `core/src/beside`. The state-machine explorer is not checked. The adapter for
//! tokio may use no hidden module of the core.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use switchover_tests::{files, home};

/// The folders and files of `core/src`, with the others that each may use.
const MAY_USE: [(&str, &str); 11] = [
    ("enums", ""),
    ("limits", ""),
    ("error", "enums"),
    ("trace", "enums"),
    ("wire", "error limits enums"),
    // The state machine does not handle bytes.
    ("machine", "error enums"),
    ("upgrade", "error limits enums machine wire"),
    ("event", "enums upgrade wire"),
    ("connection", "error event limits enums machine trace upgrade wire"),
    // The helpers in `beside` do not use a connection.
    ("beside", "error enums upgrade wire"),
    ("http", "event upgrade wire"),
];

#[test]
fn each_folder_uses_only_those_below_it() {
    let root = home().join("../core/src");
    for path in files(&root, "rs") {
        let name = path
            .strip_prefix(&root)
            .expect("a file of the core")
            .to_string_lossy()
            .replace('\\', "/");
        let folder = name.split(['/', '.']).next().unwrap_or_default();
        // The crate root and the module for bindings may use everything.
        if matches!(folder, "lib" | "binding") || name.contains("/explorer/") {
            continue;
        }
        let (_, may_use) =
            MAY_USE.iter().find(|(known, _)| *known == folder).unwrap_or_else(|| panic!("{name}"));
        let source = fs::read_to_string(&path).expect("a source");
        let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for used in code.flat_map(|line| line.split("crate::").skip(1)) {
            let used = used
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default();
            assert!(
                used == folder || may_use.split(' ').any(|one| one == used),
                "{name} uses {used}"
            );
        }
        assert!(!source.contains("super::super"), "{name} climbs");
    }
}

/// The files of two folders of `core/src`, each of which may use those before it.
const ORDERS: [(&str, &str); 2] = [
    (
        "wire",
        "memory scan syntax known buffer fields protocol source message head framing body encode",
    ),
    (
        "upgrade",
        "token context sorted extension deflate hop http2 h2c handshake masque sent_offer policy \
         request selection websocket",
    ),
];

#[test]
fn each_file_uses_only_those_before_it() {
    for (folder, order) in ORDERS {
        let order: Vec<&str> = order.split(' ').collect();
        let root = home().join("../core/src").join(folder);
        for path in files(&root, "rs") {
            let name = path.strip_prefix(&root).expect("a file of the folder");
            let is_below = name.components().count() > 1;
            let name = name.to_string_lossy().replace('\\', "/");
            let first = name.split(['/', '.']).next().unwrap_or_default();
            // The folder's `mod.rs` re-exports all its files.
            if first == "mod" {
                continue;
            }
            let place = order
                .iter()
                .position(|known| *known == first)
                .unwrap_or_else(|| panic!("{folder}/{name} has no place in the order"));
            let source = fs::read_to_string(&path).expect("a source");
            let code: String = source
                .split("#[cfg(test)]\nmod ")
                .next()
                .unwrap_or_default()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .fold(String::new(), |code, line| code + line + "\n");
            let from_root = format!("crate::{folder}::");
            let siblings = if is_below { "" } else { "super::" };
            for opening in [from_root.as_str(), siblings].into_iter().filter(|one| !one.is_empty())
            {
                for used in code.split(opening).skip(1) {
                    let used = used
                        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                        .next()
                        .unwrap_or_default();
                    let used_place = order.iter().position(|known| *known == used);
                    assert!(
                        used_place.is_some_and(|used| used <= place),
                        "{folder}/{name} uses {used:?}, which is not before it"
                    );
                }
            }
        }
    }
}

#[test]
fn the_adapter_uses_nothing_that_is_hidden() {
    let crate_root = fs::read_to_string(home().join("../core/src/lib.rs")).expect("lib.rs");
    let hidden: Vec<&str> = crate_root
        .split("#[doc(hidden)]\npub mod ")
        .skip(1)
        .filter_map(|rest| rest.split_once(';').map(|(name, _)| name))
        .collect();
    assert!(!hidden.is_empty());
    for source in files(&home().join("../core/tokio/src"), "rs") {
        let text = fs::read_to_string(&source).expect("a source");
        for name in &hidden {
            assert!(!text.contains(&format!("switchover::{name}")), "{}", source.display());
        }
    }
}

/// The source folders in which no files may use each other in a circle.
const PARTS: [&str; 6] =
    ["core/src", "core/tokio/src", "core/switchboard/src", "ffi-c/src", "py/src", "wasm/src"];

/// The files that each file uses, all given as module paths.
type Uses = BTreeMap<Vec<String>, BTreeSet<Vec<String>>>;

#[test]
fn no_files_use_each_other_in_a_circle() {
    for part in PARTS {
        let uses = uses(&home().join("..").join(part));
        assert!(uses.len() > 5 && uses.values().any(|used| !used.is_empty()), "{part}");
        let mut done = BTreeSet::new();
        for module in uses.keys() {
            follow(module, &uses, &mut Vec::new(), &mut done);
        }
    }
}

/// Follows the dependencies of a file, and panics if they form a circle.
fn follow(
    module: &[String],
    uses: &Uses,
    path: &mut Vec<String>,
    done: &mut BTreeSet<Vec<String>>,
) {
    let name = module.join("/");
    assert!(!path.contains(&name), "a circle: {} -> {name}", path.join(" -> "));
    if done.contains(module) {
        return;
    }
    path.push(name);
    uses[module].iter().for_each(|used| follow(used, uses, path, done));
    path.pop();
    done.insert(module.to_vec());
}

/// Returns the files below a root, each with the files that it uses.
///
/// A name that a parent module defines does not count as a use. The state-machine explorer is left
/// out.
fn uses(root: &Path) -> Uses {
    let sources: BTreeMap<Vec<String>, String> = files(root, "rs")
        .iter()
        // The explorer has a circle on purpose: each side sends to the other.
        .filter(|path| !path.components().any(|part| part.as_os_str() == "explorer"))
        .map(|path| (module(path.strip_prefix(root).expect("below")), code(path)))
        .collect();
    let used_by = |module: &Vec<String>, code: &str| {
        let paths = paths(code).into_iter().filter_map(|path| absolute(module, &path));
        let files = paths.filter_map(|path| {
            let lens = (1..=path.len()).rev();
            lens.map(|len| path[..len].to_vec()).find(|file| sources.contains_key(file))
        });
        files.filter(|file| !module.starts_with(file)).collect()
    };
    sources.iter().map(|(module, code)| (module.clone(), used_by(module, code))).collect()
}

/// Returns the module path of a file.
fn module(path: &Path) -> Vec<String> {
    let path = path.with_extension("");
    let names = path.iter().map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.pop_if(|name| ["mod", "lib", "main"].contains(&name.as_str()));
    names
}

/// Returns the code of a file without comments and tests.
fn code(path: &Path) -> String {
    let source = fs::read_to_string(path).expect("a source");
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the paths in code: those of imports, and other names with `::`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, piece) in code.split("use ").enumerate() {
        let (import, rest) =
            if at == 0 { ("", piece) } else { piece.split_once(';').unwrap_or(("", piece)) };
        found.extend(flat(import));
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let words = rest.split(|c| !is_name(c)).filter(|word| word.contains("::"));
        found.extend(words.flat_map(flat));
    }
    found
}

/// Returns the paths of an import; braces may contain several.
fn flat(import: &str) -> Vec<Vec<String>> {
    let Some((prefix, list)) = import.split_once('{') else {
        let path = import.split(" as ").next().unwrap_or_default();
        let names = path.split("::").map(|name| name.trim().to_owned());
        return vec![names.filter(|name| !name.is_empty()).collect()];
    };
    let list = list.rsplit_once('}').map_or(list, |(list, _)| list);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("one at least").push(c);
    }
    let paths = parts.iter().filter(|part| !part.trim().is_empty()).flat_map(|part| flat(part));
    paths.map(|path| [flat(prefix).concat(), path].concat()).collect()
}

/// Returns a path from the crate root, or `None` if it leads above that.
///
/// A path to another crate is treated as one in the module.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([module, rest].concat()),
        "super" => absolute_above(module.split_last()?.1, rest),
        _ => Some([module, path].concat()),
    }
}

fn absolute_above(module: &[String], path: &[String]) -> Option<Vec<String>> {
    match path.split_first() {
        Some((first, rest)) if first == "super" => absolute_above(module.split_last()?.1, rest),
        _ => Some([module, path].concat()),
    }
}
