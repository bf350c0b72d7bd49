//! Rules for a response head by itself; an error describes the violation.

use super::response_reader::Head;

pub(crate) fn with_upgrade(head: &Head) -> Result<(), String> {
    if head.has("upgrade") { Ok(()) } else { Err(format!("a {} without Upgrade", head.status)) }
}

pub(crate) fn with_option(head: &Head) -> Result<(), String> {
    let is_right = head.lists("connection", "upgrade");
    if is_right {
        Ok(())
    } else {
        Err(format!("a {} with Upgrade, and without Connection: upgrade", head.status))
    }
}

pub(crate) fn without_framing(head: &Head) -> Result<(), String> {
    let field = ["Content-Length", "Transfer-Encoding"].into_iter().find(|name| head.has(name));
    field.map_or(Ok(()), |name| Err(format!("a {} with {name}", head.status)))
}

pub(crate) fn with_one_framing(head: &Head) -> Result<(), String> {
    let mut lengths: Vec<_> =
        head.all("content-length").flat_map(|value| value.split(',')).map(str::trim).collect();
    lengths.dedup();
    match (head.has("transfer-encoding"), lengths.len()) {
        (true, 1..) => Err(format!("a {} with Content-Length and Transfer-Encoding", head.status)),
        (_, 2..) => Err(format!("a {} with lengths that differ", head.status)),
        _ => Ok(()),
    }
}
