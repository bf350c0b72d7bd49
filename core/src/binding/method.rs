//! The registered methods, for languages that compare numbers rather than strings.

use crate::enums::enums;

/// A method of the HTTP Method Registry of IANA, as a number for bindings.
///
/// A request also has its method as text, because an unregistered method has no value here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// The method `GET`, which is safe (RFC 9110, section 9.3.1).
    Get,
    /// The method `HEAD`, a GET without response content (RFC 9110, section 9.3.2).
    Head,
    /// The method `POST` (RFC 9110, section 9.3.3).
    Post,
    /// The method `PUT`, which is idempotent (RFC 9110, section 9.3.4).
    Put,
    /// The method `DELETE`, which is idempotent (RFC 9110, section 9.3.5).
    Delete,
    /// The method `CONNECT`, which opens a tunnel (RFC 9110, section 9.3.6).
    Connect,
    /// The method `OPTIONS`, which is safe (RFC 9110, section 9.3.7).
    Options,
    /// The method `TRACE`, which is safe (RFC 9110, section 9.3.8).
    Trace,
    /// The method `PATCH` (RFC 5789, section 2).
    Patch,
    /// The method `ACL`, which is idempotent (RFC 3744, section 8.1).
    Acl,
    /// The method `BASELINE-CONTROL`, which is idempotent (RFC 3253, section 12.6).
    BaselineControl,
    /// The method `BIND`, which is idempotent (RFC 5842, section 4).
    Bind,
    /// The method `CHECKIN`, which is idempotent (RFC 3253, sections 4.4 and 9.4).
    Checkin,
    /// The method `CHECKOUT`, which is idempotent (RFC 3253, sections 4.3 and 8.8).
    Checkout,
    /// The method `COPY`, which is idempotent (RFC 4918, section 9.8).
    Copy,
    /// The method `LABEL`, which is idempotent (RFC 3253, section 8.2).
    Label,
    /// The method `LINK`, which is idempotent (RFC 2068, section 19.6.1.2).
    Link,
    /// The method `LOCK` (RFC 4918, section 9.10).
    Lock,
    /// The method `MERGE`, which is idempotent (RFC 3253, section 11.2).
    Merge,
    /// The method `MKACTIVITY`, which is idempotent (RFC 3253, section 13.5).
    Mkactivity,
    /// The method `MKCALENDAR`, which is idempotent (RFC 4791, section 5.3.1).
    Mkcalendar,
    /// The method `MKCOL`, which is idempotent (RFC 4918, section 9.3).
    Mkcol,
    /// The method `MKREDIRECTREF`, which is idempotent (RFC 4437, section 6).
    Mkredirectref,
    /// The method `MKWORKSPACE`, which is idempotent (RFC 3253, section 6.3).
    Mkworkspace,
    /// The method `MOVE`, which is idempotent (RFC 4918, section 9.9).
    Move,
    /// The method `ORDERPATCH`, which is idempotent (RFC 3648, section 7).
    Orderpatch,
    /// The method `PRI`, reserved for the HTTP/2 preface (RFC 9113, section 3.4).
    Pri,
    /// The method `PROPFIND`, which is safe (RFC 4918, section 9.1).
    Propfind,
    /// The method `PROPPATCH`, which is idempotent (RFC 4918, section 9.2).
    Proppatch,
    /// The method `REBIND`, which is idempotent (RFC 5842, section 6).
    Rebind,
    /// The method `REPORT`, which is safe (RFC 3253, section 3.6).
    Report,
    /// The method `SEARCH`, which is safe (RFC 5323, section 2).
    Search,
    /// The method `UNBIND`, which is idempotent (RFC 5842, section 5).
    Unbind,
    /// The method `UNCHECKOUT`, which is idempotent (RFC 3253, section 4.5).
    Uncheckout,
    /// The method `UNLINK`, which is idempotent (RFC 2068, section 19.6.1.3).
    Unlink,
    /// The method `UNLOCK`, which is idempotent (RFC 4918, section 9.11).
    Unlock,
    /// The method `UPDATE`, which is idempotent (RFC 3253, section 7.1).
    Update,
    /// The method `UPDATEREDIRECTREF`, which is idempotent (RFC 4437, section 7).
    Updateredirectref,
    /// The method `VERSION-CONTROL`, which is idempotent (RFC 3253, section 3.5).
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
    /// Returns the registered method with exactly this text, or `None`.
    ///
    /// Case matters (RFC 9110, section 9.1). The most common methods are compared first.
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
