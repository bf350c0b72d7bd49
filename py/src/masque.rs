//! Proxying UDP and IP by upgrade: the targets of requests, and capsules.
//!
//! `connect-udp` and `connect-ip` (RFC 9297, RFC 9298, RFC 9484).

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use switchover::masque as core;

use crate::args::{Chunk, FieldLines};
use crate::error::forbidden;
use crate::exclusive::Exclusive;
use crate::output::{Into, OutputTarget, Written};
use crate::text::Text;
use crate::values::{Tuple, show};

/// Returns whether a message with these field lines announces capsules.
///
/// RFC 9297, section 3.4.
#[pyfunction]
pub(crate) fn says_capsules(fields: FieldLines) -> bool {
    core::says_capsules(&fields)
}

/// Parses the target of a connect-udp request.
///
/// None if it does not match the template, or a variable is invalid: then respond with a 400. RFC
/// 9298, section 3.
#[pyfunction]
#[pyo3(
    signature = (target, template = Text::Owned(core::UdpTarget::TEMPLATE.into())),
    text_signature = "(target, template=...)"
)]
pub(crate) fn udp_target(target: Text, template: Text) -> Option<UdpTarget> {
    let core::UdpTarget { host, port } = core::UdpTarget::parse(&template, &target)?;
    Some(UdpTarget { host, port })
}

/// Parses the target of a connect-ip request.
///
/// None if it does not match the template, or a variable is invalid: then respond with a 400. RFC
/// 9484, section 4.6.
#[pyfunction]
#[pyo3(
    signature = (target, template = Text::Owned(core::IpTarget::TEMPLATE.into())),
    text_signature = "(target, template=...)"
)]
pub(crate) fn ip_target(target: Text, template: Text) -> Option<IpTarget> {
    let core::IpTarget { target, protocol } = core::IpTarget::parse(&template, &target)?;
    Some(IpTarget { target, protocol })
}

/// The destination of a connect-udp request's datagrams.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UdpTarget {
    host: String,
    port: u16,
}

#[pymethods]
impl UdpTarget {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["host", "port"])
    }

    #[new]
    fn new(host: String, port: u16) -> Self {
        Self { host, port }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["host", "port"])
    }
}

/// The hosts and the protocol that a connect-ip request wants to reach.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IpTarget {
    target: Option<String>,
    protocol: Option<u8>,
}

#[pymethods]
impl IpTarget {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["target", "protocol"])
    }

    #[new]
    #[pyo3(signature = (target = None, protocol = None))]
    fn new(target: Option<String>, protocol: Option<u8>) -> Self {
        Self { target, protocol }
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["target", "protocol"])
    }
}

/// One datagram of a stream of capsules.
#[pyclass(frozen, eq, hash, get_all, module = "switchover")]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Datagram {
    context: u64,
    payload: PyBackedBytes,
}

/// The greatest context ID of a datagram, plus one.
///
/// A context ID is a variable-length integer of QUIC, which has 62 bits (RFC 9000, section 16).
const CONTEXTS: u64 = 1 << 62;

#[pymethods]
impl Datagram {
    #[classattr]
    fn __match_args__() -> Tuple<&'static str> {
        Tuple(vec!["context", "payload"])
    }

    #[new]
    fn new(context: u64, payload: PyBackedBytes) -> PyResult<Self> {
        if context >= CONTEXTS {
            return Err(PyValueError::new_err(format!(
                "a context is less than 2 to the 62, got {context}"
            )));
        }
        Ok(Self { context, payload })
    }

    /// Encodes the datagram as a DATAGRAM capsule, returned or appended to `into`.
    ///
    /// With `into` it returns the number of bytes appended.
    ///
    /// Next: send the bytes after the 101. RFC 9297, section 3.5.
    #[pyo3(signature = (*, into = None))]
    fn write<'py>(&self, py: Python<'py>, into: Into<'_, 'py>) -> Written<'py> {
        let datagram = core::Datagram { context: self.context, payload: &self.payload };
        let room = OutputTarget::open(into, datagram.written_len())?;
        let written = PyBytes::new_with(py, datagram.written_len(), |mut space| {
            datagram.write(&mut space);
            Ok(())
        })?;
        room.fill_with(written)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        show(slf, &["context", "payload"])
    }
}

/// A reader of datagrams in the bytes after a 101.
///
/// It skips capsules of other types. RFC 9297, section 3.2.
#[pyclass(frozen, module = "switchover")]
pub(crate) struct Capsules(Exclusive<core::Capsules>);

#[pymethods]
impl Capsules {
    // 32 bits, so that no sum of lengths can overflow.
    #[new]
    #[pyo3(
        signature = (longest = core::Capsules::UDP_PAYLOAD as u32),
        text_signature = "(longest=...)"
    )]
    fn new(longest: u32) -> Self {
        Self(Exclusive::new("reader", core::Capsules::new(longest as usize)))
    }

    /// Appends received bytes of the stream, beginning with the leftover of the 101.
    ///
    /// Next: next_datagram until it is None.
    fn receive_data(&self, py: Python<'_>, data: Chunk<'_, '_>) -> PyResult<()> {
        let bytes = data.bytes(py)?;
        self.0.with(|capsules| capsules.receive(&bytes))
    }

    /// Returns the next datagram; None if more bytes are needed.
    ///
    /// Raises ProfileError if the stream is malformed: abort it then.
    fn next_datagram(&self, py: Python<'_>) -> PyResult<Option<Datagram>> {
        let came = self.0.with(|capsules| {
            let owned = |datagram: core::Datagram<'_>| Datagram {
                context: datagram.context,
                payload: PyBytes::new(py, datagram.payload).into(),
            };
            capsules.next_datagram().map(|came| came.map(owned))
        })?;
        came.map_err(|fault| forbidden(py, fault, fault.text()))
    }

    /// Checks that the stream has not ended inside a capsule; call it at EOF.
    ///
    /// Raises ProfileError if it has, if not all capsules have been read, or for an earlier fault.
    /// RFC 9297, section 3.3.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        self.0
            .with(|capsules| capsules.finish())?
            .map_err(|fault| forbidden(py, fault, fault.text()))
    }
}
