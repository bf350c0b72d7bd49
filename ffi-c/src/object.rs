//! Tagged objects behind opaque C pointers.
//!
//! They are on the heap, except connections in the caller's memory. Each is a value, a mark (type
//! tag) that distinguishes it from other memory, and whether a panic has made it dead.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use switchover::binding::FieldLine;
#[cfg(feature = "h2c")]
use switchover::h2c::Splice;
use switchover::masque::Capsules;
use switchover::{Block, Connection, ErrorKind, Prepared};

use crate::error::{BindingError, Done};
use crate::panics::is_unwinding;
use crate::types::{swo_field, swo_slice};

/// One HTTP/1.1 connection, without its transport.
pub struct swo_conn {
    _opaque: [u8; 0],
}

/// Field lines that were converted to another version of HTTP.
///
/// swo_lines_get returns them, swo_lines_free frees them.
pub struct swo_lines {
    _opaque: [u8; 0],
}

/// A reader of the capsules after a 101.
///
/// swo_capsules_new makes it, swo_capsules_free frees it.
pub struct swo_capsules {
    _opaque: [u8; 0],
}

/// An adapter between a client that got a 101 for h2c and an HTTP/2 engine.
///
/// swo_splice_new makes it, swo_splice_free frees it.
pub struct swo_splice {
    _opaque: [u8; 0],
}

/// A whole response, checked and encoded once, to be sent any number of times.
///
/// swo_prepared_new makes it, swo_prepared_free frees it.
pub struct swo_prepared {
    _opaque: [u8; 0],
}

/// Field lines that were checked once, to be sent in any number of messages.
///
/// swo_block_new makes it, swo_block_free frees it.
pub struct swo_block {
    _opaque: [u8; 0],
}

/// An opaque type of C, with the Rust value behind its pointer.
pub(crate) trait Handle: Sized {
    type Value;

    /// The marks (type tags) that an [`Object`] of this type may have.
    ///
    /// The first is that of an object on the heap.
    const MARKS: &'static [u64];

    /// Makes an object on the heap, and returns the pointer to it for C.
    fn new(value: Self::Value) -> Done<*mut Self> {
        let mut place = Vec::new();
        place.try_reserve_exact(1).map_err(|_| ErrorKind::OutOfMemory)?;
        place.push(Object::new(Self::MARKS[0], value));
        Ok(Box::into_raw(place.into_boxed_slice()).cast())
    }
}

impl Handle for swo_conn {
    type Value = Connection;
    const MARKS: &'static [u64] = &[u64::from_be_bytes(*b"swo heap"), IN_PLACE];
}

impl Handle for swo_lines {
    type Value = Lines;
    const MARKS: &'static [u64] = &[u64::from_be_bytes(*b"swoLines")];
}

impl Handle for swo_capsules {
    type Value = Capsules;
    const MARKS: &'static [u64] = &[u64::from_be_bytes(*b"swoCapsl")];
}

#[cfg(feature = "h2c")]
impl Handle for swo_splice {
    type Value = Spliced;
    const MARKS: &'static [u64] = &[u64::from_be_bytes(*b"swSplice")];
}

impl Handle for swo_prepared {
    type Value = Prepared;
    const MARKS: &'static [u64] = &[u64::from_be_bytes(*b"swoReady")];
}

impl Handle for swo_block {
    type Value = Block;
    const MARKS: &'static [u64] = &[u64::from_be_bytes(*b"swoBlock")];
}

/// The mark (type tag) of a connection in the caller's memory.
pub(crate) const IN_PLACE: u64 = u64::from_be_bytes(*b"swo here");

/// Converted field lines, and the array of them that C gets.
pub(crate) struct Lines {
    fields: Vec<swo_field>,
    /// The memory that `fields` points to.
    ///
    /// It is on the heap and therefore does not move.
    _owned: Vec<FieldLine>,
}

impl Lines {
    pub(crate) fn new(owned: Vec<FieldLine>) -> Done<Self> {
        let field = |(name, value): &FieldLine| swo_field {
            name: swo_slice::of(name),
            value: swo_slice::of(value),
        };
        let mut fields = Vec::new();
        fields.try_reserve_exact(owned.len()).map_err(|_| ErrorKind::OutOfMemory)?;
        fields.extend(owned.iter().map(field));
        Ok(Self { fields, _owned: owned })
    }

    pub(crate) fn fields(&self) -> &[swo_field] {
        &self.fields
    }
}

/// A splice, and the bytes last taken from it, to which C has pointers.
#[cfg(feature = "h2c")]
pub(crate) struct Spliced {
    pub(crate) splice: Splice,
    pub(crate) for_engine: Vec<u8>,
    pub(crate) for_client: Vec<u8>,
}

#[cfg(feature = "h2c")]
impl Spliced {
    pub(crate) fn new(splice: Splice) -> Self {
        Self { splice, for_engine: Vec::new(), for_client: Vec::new() }
    }
}

/// An object that C has a pointer to.
///
/// Zeroed memory and a freed object have a mark that no type has. The mark is the first field, so
/// that its offset is the same in objects of every type.
#[repr(C)]
pub(crate) struct Object<T> {
    pub(crate) mark: u64,
    /// True if a panic interrupted a change of the value.
    is_dead: bool,
    pub(crate) value: T,
}

impl<T> Object<T> {
    pub(crate) fn new(mark: u64, value: T) -> Self {
        Self { mark, is_dead: false, value }
    }

    /// Returns the value; `Panic` if a panic has left the object dead.
    pub(crate) fn alive(&self) -> Done<&T> {
        if self.is_dead { Err(BindingError::Panic.into()) } else { Ok(&self.value) }
    }
}

/// A mutable reference to an object's value.
///
/// A panic while it exists marks the object dead.
pub(crate) struct Changed<'a, T> {
    object: &'a mut Object<T>,
    /// True if the thread was already unwinding after a panic when C called.
    ///
    /// Unwinding at the end of this call is then no sign of a panic in it.
    was_panicking: bool,
}

/// A mutable reference to a connection, which a panic marks dead.
pub(crate) type Conn<'a> = Changed<'a, Connection>;

impl<'a, T> Changed<'a, T> {
    pub(crate) fn new(object: &'a mut Object<T>) -> Done<Self> {
        object.alive()?;
        Ok(Self { object, was_panicking: is_unwinding() })
    }
}

impl<T> Deref for Changed<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.object.value
    }
}

impl<T> DerefMut for Changed<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.object.value
    }
}

impl<T> Drop for Changed<'_, T> {
    fn drop(&mut self) {
        self.object.is_dead |= is_unwinding() && !self.was_panicking;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::swo_result;
    use crate::outcome::shielded;
    use switchover::Role;

    #[test]
    fn a_panic_kills_the_connection_and_goes_no_further() {
        let mut conn = Object::new(IN_PLACE, Connection::new(Role::Server));
        let outcome: swo_result = shielded(|| {
            let mut conn = Conn::new(&mut conn)?;
            conn.receive(b"GET")?;
            panic!("as a defect would");
        });
        assert_eq!(outcome.0, BindingError::Panic.code());
        assert_eq!(conn.alive().err(), Some(BindingError::Panic.into()));
        assert_eq!(Conn::new(&mut conn).err(), Some(BindingError::Panic.into()));
    }

    /// Several threads may use a prepared response or a block at once.
    #[test]
    fn a_prepared_response_and_a_block_may_be_shared() {
        fn is_shared<T: Send + Sync>() {}
        is_shared::<Prepared>();
        is_shared::<Block>();
    }

    /// The marks (type tags) of the library's objects differ, and none is 0.
    #[test]
    fn every_mark_is_another() {
        let mut marks = [
            swo_conn::MARKS,
            swo_lines::MARKS,
            swo_capsules::MARKS,
            swo_splice::MARKS,
            swo_prepared::MARKS,
            swo_block::MARKS,
        ]
        .concat();
        let count = marks.len();
        marks.sort_unstable();
        marks.dedup();
        assert_eq!((marks.len(), marks.contains(&0)), (count, false));
    }
}
