//! Which folder of the core may use which.
//!
//! So there is no circle of folders, and nothing uses `beside`.

use std::fs;

use switchover_tests::{files, home};

/// A folder or file of `core/src`, and what it may use beside itself.
const MAY_USE: [(&str, &str); 11] = [
    ("enums", ""),
    ("limits", ""),
    ("error", "enums"),
    ("trace", "enums"),
    ("wire", "error limits enums"),
    // The machine knows no byte.
    ("machine", "error enums"),
    ("upgrade", "error limits enums machine wire"),
    ("event", "enums upgrade wire"),
    ("connection", "error event limits enums machine trace upgrade wire"),
    // What stands beside a connection knows none.
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
        // The root shows all of them, and so does what bindings use.
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

/// The files of a folder of `core/src`, each of which may use those before it.
const ORDERS: [(&str, &str); 2] = [
    ("wire", "scan syntax known buffer fields message head framing body encode"),
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
            // The folder's own file shows all of them.
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
