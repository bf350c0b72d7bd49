//! The registered methods, for languages that compare numbers rather than strings.

use crate::enums::enums;

/// A method of the IANA registry.
///
/// The text of a request remains its method: an unregistered method has no value here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// RFC 9110, section 9.3.1: safe.
    Get,
    /// RFC 9110, section 9.3.2: safe; a GET without the content of its response.
    Head,
    /// RFC 9110, section 9.3.3.
    Post,
    /// RFC 9110, section 9.3.4: idempotent.
    Put,
    /// RFC 9110, section 9.3.5: idempotent.
    Delete,
    /// RFC 9110, section 9.3.6: a tunnel.
    Connect,
    /// RFC 9110, section 9.3.7: safe.
    Options,
    /// RFC 9110, section 9.3.8: safe.
    Trace,
    /// RFC 5789, section 2.
    Patch,
    /// RFC 3744, section 8.1: idempotent.
    Acl,
    /// RFC 3253, section 12.6: idempotent.
    BaselineControl,
    /// RFC 5842, section 4: idempotent.
    Bind,
    /// RFC 3253, sections 4.4 and 9.4: idempotent.
    Checkin,
    /// RFC 3253, sections 4.3 and 8.8: idempotent.
    Checkout,
    /// RFC 4918, section 9.8: idempotent.
    Copy,
    /// RFC 3253, section 8.2: idempotent.
    Label,
    /// RFC 2068, section 19.6.1.2: idempotent.
    Link,
    /// RFC 4918, section 9.10.
    Lock,
    /// RFC 3253, section 11.2: idempotent.
    Merge,
    /// RFC 3253, section 13.5: idempotent.
    Mkactivity,
    /// RFC 4791, section 5.3.1: idempotent.
    Mkcalendar,
    /// RFC 4918, section 9.3: idempotent.
    Mkcol,
    /// RFC 4437, section 6: idempotent.
    Mkredirectref,
    /// RFC 3253, section 6.3: idempotent.
    Mkworkspace,
    /// RFC 4918, section 9.9: idempotent.
    Move,
    /// RFC 3648, section 7: idempotent.
    Orderpatch,
    /// RFC 9113, section 3.4: never a request's; the HTTP/2 preface begins with it.
    Pri,
    /// RFC 4918, section 9.1: safe.
    Propfind,
    /// RFC 4918, section 9.2: idempotent.
    Proppatch,
    /// RFC 5842, section 6: idempotent.
    Rebind,
    /// RFC 3253, section 3.6: safe.
    Report,
    /// RFC 5323, section 2: safe.
    Search,
    /// RFC 5842, section 5: idempotent.
    Unbind,
    /// RFC 3253, section 4.5: idempotent.
    Uncheckout,
    /// RFC 2068, section 19.6.1.3: idempotent.
    Unlink,
    /// RFC 4918, section 9.11: idempotent.
    Unlock,
    /// RFC 3253, section 7.1: idempotent.
    Update,
    /// RFC 4437, section 7: idempotent.
    Updateredirectref,
    /// RFC 3253, section 3.5: idempotent.
    VersionControl,
}

enums! {
    Method {
        Get = "GET", Head = "HEAD", Post = "POST", Put = "PUT", Delete = "DELETE",
        Connect = "CONNECT", Options = "OPTIONS", Trace = "TRACE", Patch = "PATCH", Acl = "ACL",
        BaselineControl = "BASELINE-CONTROL", Bind = "BIND", Checkin = "CHECKIN",
        Checkout = "CHECKOUT", Copy = "COPY", Label = "LABEL", Link = "LINK", Lock = "LOCK",
        Merge = "MERGE", Mkactivity = "MKACTIVITY", Mkcalendar = "MKCALENDAR", Mkcol = "MKCOL",
        Mkredirectref = "MKREDIRECTREF", Mkworkspace = "MKWORKSPACE", Move = "MOVE",
        Orderpatch = "ORDERPATCH", Pri = "PRI", Propfind = "PROPFIND", Proppatch = "PROPPATCH",
        Rebind = "REBIND", Report = "REPORT", Search = "SEARCH", Unbind = "UNBIND",
        Uncheckout = "UNCHECKOUT", Unlink = "UNLINK", Unlock = "UNLOCK", Update = "UPDATE",
        Updateredirectref = "UPDATEREDIRECTREF", VersionControl = "VERSION-CONTROL",
    }
}

impl Method {
    /// Returns the registered method with exactly this text, if there is one.
    ///
    /// Methods are compared with case (RFC 9110, section 9.1). The common ones are compared first.
    pub fn of(text: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.name().as_bytes() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_text_and_no_other_is() {
        for &method in Method::ALL {
            assert_eq!(Method::of(method.name().as_bytes()), Some(method));
        }
        for text in ["", "get", "GETS", "GE", "FOO", "BASELINE_CONTROL"] {
            assert_eq!(Method::of(text.as_bytes()), None, "{text}");
        }
    }
}
