//! The start of an audit, in the role that the command line chooses.

use std::time::Instant;

use super::args::AuditArgs;
use super::auditor::{Auditor, Findings, ServerError};
use super::client::{self, ClientLauncher, Identity};
use super::endpoint::Endpoint;
use super::proxy::{self, Origin, Proxy};
use super::roles::RoleArgs;
use super::run::Run;
use super::script::Places;
use super::server::{self, Server};
use super::table::Check;
use crate::target::Target;

/// An audit that has begun, or the reason why it cannot.
type Begun<'a> = Result<Box<dyn Auditor + 'a>, ServerError>;

/// Begins the audit of a client, with a certificate if --tls is given.
pub(crate) fn client<'a>(args: &AuditArgs, run: &Run, checks: &'a [Check]) -> Begun<'a> {
    let RoleArgs { command, tls, .. } = &args.roles;
    let caller = if command.is_empty() {
        ClientLauncher::Person
    } else {
        ClientLauncher::Command(command.clone())
    };
    run.report().subject = caller.subject();
    let cannot = |error| format!("no certificate can be made: {error}");
    let identity = tls.then(Identity::make).transpose().map_err(cannot)?;
    let audit = client::Audit::begin(caller, identity, args.timeout, findings(args), checks)?;
    Ok(Box::new(audit))
}

/// Begins the audit of a server, or of an intermediary if --proxy names one.
pub(crate) fn server_or_proxy<'a>(
    args: &'a AuditArgs,
    endpoint: Endpoint<'a>,
    checks: &'a [Check],
) -> Begun<'a> {
    let RoleArgs { proxy: is_proxy, origin_port, forward, .. } = &args.roles;
    if is_proxy.is_some() {
        let port = origin_port.unwrap_or_default();
        let cannot = |error| format!("port {port} cannot be the origin's: {error}");
        let origin = Origin::listen(port).map_err(cannot)?;
        let proxy = Proxy {
            endpoint,
            is_forward: *forward,
            host: args.host.clone(),
            fields: args.fields(),
            options: args.of_requests(),
        };
        return Ok(Box::new(proxy::Audit::begin(proxy, origin, findings(args), checks)?));
    }
    let target = endpoint.target;
    let server = Server {
        endpoint,
        places: places(args, target),
        has_websocket: args.websocket.is_some() || target.is_websocket,
        offers: &args.offer,
    };
    Ok(Box::new(server::Audit::begin(server, findings(args), checks)?))
}

/// Returns an empty list of findings, with the deadline of --budget, if any.
fn findings(args: &AuditArgs) -> Findings {
    Findings::until(args.budget.and_then(|budget| Instant::now().checked_add(budget)))
}

/// Returns the values of the placeholders in the checks of a server.
fn places(args: &AuditArgs, target: &Target) -> Places {
    Places {
        is_secure: target.is_secure,
        authority: args.host.clone().unwrap_or_else(|| target.authority.clone()),
        address: target.address.clone(),
        plain: target.path.clone(),
        echo: args.post.clone().unwrap_or_else(|| target.path.clone()),
        websocket: args.websocket.clone().unwrap_or_else(|| target.path.clone()),
        token: None,
        fields: args.fields(),
        subprotocol: args.subprotocol.clone(),
    }
}
