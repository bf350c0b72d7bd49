//! What stands behind a `swo_conn *`: a connection, a mark that tells it from other memory, and whether it is dead.

use std::ops::{Deref, DerefMut};
use std::thread;

use switchover::Connection;

use crate::error::{Done, Own};

/// One HTTP/1.1 connection, without its transport.
pub struct swo_conn {
    pub(crate) mark: u64,
    /// A panic has left it in the middle of something.
    pub(crate) is_dead: bool,
    pub(crate) connection: Connection,
}

impl swo_conn {
    pub(crate) fn new(mark: u64, connection: Connection) -> Self {
        Self { mark, is_dead: false, connection }
    }

    /// The connection, unless it is dead.
    pub(crate) fn alive(&self) -> Done<&Connection> {
        if self.is_dead { Err(Own::Panic.into()) } else { Ok(&self.connection) }
    }
}

/// Who owns the memory. Zeroed memory, and what was a connection, has neither mark.
pub(crate) const ON_HEAP: u64 = 0x7377_6f20_6865_6170;
pub(crate) const IN_PLACE: u64 = 0x7377_6f20_6865_7265;

/// A connection that may be changed.
pub(crate) struct Conn<'a> {
    conn: &'a mut swo_conn,
    /// The thread was unwinding when it called us, so that says nothing about this call.
    was_panicking: bool,
}

impl<'a> Conn<'a> {
    pub(crate) fn new(conn: &'a mut swo_conn) -> Done<Self> {
        conn.alive()?;
        Ok(Self { conn, was_panicking: thread::panicking() })
    }
}

impl Deref for Conn<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.conn.connection
    }
}

impl DerefMut for Conn<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.conn.connection
    }
}

impl Drop for Conn<'_> {
    fn drop(&mut self) {
        self.conn.is_dead |= thread::panicking() && !self.was_panicking;
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
        let mut conn = swo_conn::new(ON_HEAP, Connection::new(Role::Server));
        let outcome: swo_result = shielded(|| {
            let mut conn = Conn::new(&mut conn)?;
            conn.receive(b"GET")?;
            panic!("as a defect would");
        });
        assert_eq!(outcome.0, Own::Panic.code());
        assert_eq!(conn.alive().err(), Some(Own::Panic.into()));
        assert_eq!(Conn::new(&mut conn).err(), Some(Own::Panic.into()));
    }
}
