//! The command-line options for the audited program's role and command.

use clap::Args;

use super::client;
use super::proxy;
use super::report::Role;
use super::server;
use super::table::{self, Check};
use crate::target::Target;

#[derive(Args)]
pub(crate) struct RoleArgs {
    /// Audit a client: for each check run COMMAND, or print a URL for a person to open.
    #[arg(long, conflicts_with_all = ["url", "proxy"])]
    pub(crate) client: bool,
    /// Audit an intermediary that forwards to 127.0.0.1 and the origin's port.
    #[arg(long, value_name = "URL", conflicts_with = "url", requires = "origin_port")]
    pub(crate) proxy: Option<Target>,
    /// The port of the scripted origin.
    #[arg(long, value_name = "N", requires = "proxy")]
    pub(crate) origin_port: Option<u16>,
    /// Send absolute-form requests for the origin, as to a forward proxy.
    #[arg(long, requires = "proxy", conflicts_with = "host")]
    pub(crate) forward: bool,
    /// Serve the client in TLS, by https and wss; {ca} is the file of the certificate.
    #[arg(long, requires = "client")]
    pub(crate) tls: bool,
    /// Run this client for each check, or this server or proxy for the whole run.
    ///
    /// For a client {url}, {ws}, {port}, {id} and {ca} are replaced. It gets a line on standard
    /// input, and is killed if it takes too long.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

impl RoleArgs {
    pub(crate) fn role(&self) -> Role {
        match self {
            Self { client: true, .. } => Role::Client,
            Self { proxy: Some(_), .. } => Role::Proxy,
            _ => Role::Server,
        }
    }

    /// Returns the checks of the chosen role, or of all roles if `of_all`.
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
}
