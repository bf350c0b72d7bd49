//! The case and the order of field names, for which the crate `http` has no place.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use switchover::{Field, Fields};

/// The names of the fields of a head, in their case and order.
///
/// It is an extension of a request or a response. With [`Config::field_names`] each received head
/// has it, except a 101 and a 2xx to CONNECT. In a head that you send, the fields leave in this
/// order and in this case. That is not so in HTTP/2, in a 101 and in interim responses. Fields that
/// it does not name follow, in lower case; names without a field are ignored. A request's `Host`
/// always comes first. Fields that the engine or a server adds, such as `Upgrade` and `Date`, keep
/// their own case and place.
///
/// ```
/// use switchover_tokio::FieldNames;
///
/// let mut response = http::Response::builder()
///     .header("etag", "\"1\"")
///     .header("x-device", "7")
///     .body(())?;
/// response.extensions_mut().insert(FieldNames::new(["X-DEVICE", "ETag"]));
/// # Ok::<_, http::Error>(())
/// ```
///
/// [`Config::field_names`]: crate::Config::field_names
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldNames(Arc<[Bytes]>);

impl FieldNames {
    /// Creates the list of names, one for each field line, in the order to send.
    pub fn new<N: AsRef<[u8]>>(names: impl IntoIterator<Item = N>) -> Self {
        Self(names.into_iter().map(|name| Bytes::copy_from_slice(name.as_ref())).collect())
    }

    /// Returns the names in order, one for each field line.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|name| &**name)
    }

    /// Copies the names of a received head.
    pub(crate) fn of(fields: Fields<'_>) -> Self {
        let mut all = BytesMut::new();
        let lens: Vec<_> = fields
            .iter()
            .map(|field| {
                all.extend_from_slice(field.name);
                field.name.len()
            })
            .collect();
        let mut all = all.freeze();
        Self(lens.into_iter().map(|len| all.split_to(len)).collect())
    }

    /// Returns the fields of a head in the order and case of these names.
    ///
    /// Fields that have no name in the list follow, in lower case.
    pub(crate) fn order<'a>(&'a self, headers: &'a HeaderMap) -> Vec<Field<'a>> {
        // For each name of the map, the number of its values that have a line already.
        let mut placed: Vec<(HeaderName, usize)> = Vec::new();
        let mut fields = Vec::with_capacity(headers.len());
        for spelled in self.iter() {
            let Ok(name) = HeaderName::from_bytes(spelled) else { continue };
            let at = placed.iter().position(|(placed, _)| *placed == name).unwrap_or_else(|| {
                placed.push((name.clone(), 0));
                placed.len() - 1
            });
            if let Some(value) = headers.get_all(&name).iter().nth(placed[at].1) {
                fields.push(Field { name: spelled, value: value.as_bytes() });
                placed[at].1 += 1;
            }
        }
        for name in headers.keys() {
            let known = placed.iter().find(|(placed, _)| placed == name);
            for value in headers.get_all(name).iter().skip(known.map_or(0, |(_, count)| *count)) {
                fields.push(Field { name: name.as_str().as_bytes(), value: value.as_bytes() });
            }
        }
        fields
    }
}
