//! The command line and the start of an audit of a client or an intermediary.

use std::time::Duration;

use clap::Args;

use super::auditor::ServerError;
use super::client::{self, ClientLauncher, Identity};
use super::proxy::{self, Origin};
use super::run::Run;
use super::server;
use super::table::{self, Check};
use crate::target::Target;

#[derive(Args)]
pub(crate) struct RoleArgs {
    /// Audit a client: print a URL for each check and wait for the client's request.
    #[arg(long, conflicts_with_all = ["url", "proxy"])]
    client: bool,
    /// Audit an intermediary that forwards to 127.0.0.1 and the origin's port.
    #[arg(long, value_name = "URL", conflicts_with = "url", requires = "origin_port")]
    pub(crate) proxy: Option<Target>,
    /// The port of the scripted origin.
    #[arg(long, value_name = "N", requires = "proxy")]
    origin_port: Option<u16>,
    /// Send absolute-form requests for the origin, as to a forward proxy.
    #[arg(long, requires = "proxy")]
    forward: bool,
    /// Serve the client in TLS, by https and wss; {ca} is the file of the certificate.
    #[arg(long, requires = "client")]
    tls: bool,
    /// Run this client for each check, or this server or proxy for the whole run.
    ///
    /// For a client {url}, {ws}, {port}, {id} and {ca} are replaced. It gets a line on standard
    /// input, and is killed if it takes too long.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

impl RoleArgs {
    /// Returns the checks of the chosen role, or of all roles for `--explain`.
    pub(crate) fn checks(&self, of_all: bool) -> Result<Vec<Check>, String> {
        let is_server = !self.client && self.proxy.is_none();
        let tables = [
            (is_server, server::TABLE),
            (self.client, client::TABLE),
            (self.proxy.is_some(), proxy::TABLE),
        ];
        let wanted = tables.into_iter().filter(|(is_role, _)| of_all || *is_role);
        Ok(wanted.map(|(_, table)| table::parse(table)).collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Audits a client or an intermediary; `None` if neither is chosen.
    pub(crate) fn audit(
        &self,
        run: &Run,
        checks: &[Check],
        wanted: &[&Check],
        timeout: Duration,
    ) -> Option<Result<(), ServerError>> {
        match &self.proxy {
            Some(target) => Some(self.audit_proxy(target, run, checks, wanted, timeout)),
            None => self.client.then(|| self.audit_client(run, checks, wanted, timeout)),
        }
    }

    fn audit_client(
        &self,
        run: &Run,
        checks: &[Check],
        wanted: &[&Check],
        timeout: Duration,
    ) -> Result<(), ServerError> {
        let caller = if self.command.is_empty() {
            ClientLauncher::Person
        } else {
            ClientLauncher::Command(self.command.clone())
        };
        run.report().subject = caller.subject();
        let cannot = |error| format!("no certificate can be made: {error}");
        let identity = self.tls.then(Identity::make).transpose().map_err(cannot)?;
        let mut audit = client::Audit::begin(caller, identity, timeout, checks)?;
        run.carry_out(&mut audit, wanted)
    }

    fn audit_proxy(
        &self,
        target: &Target,
        run: &Run,
        checks: &[Check],
        wanted: &[&Check],
        timeout: Duration,
    ) -> Result<(), ServerError> {
        let port = self.origin_port.unwrap_or_default();
        let cannot = |error| format!("port {port} cannot be the origin's: {error}");
        let origin = Origin::listen(port).map_err(cannot)?;
        let mut audit = proxy::Audit::begin(target, origin, self.forward, timeout, checks)?;
        run.carry_out(&mut audit, wanted)
    }
}
