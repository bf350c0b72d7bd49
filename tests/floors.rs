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
