//! What is audited if it is no server: a client, or a proxy.

use std::time::Duration;

use clap::Args;

use super::client::{self, Caller};
use super::finding::Finding;
use super::server::{self, Trouble};
use super::table::{self, Check};

#[derive(Args)]
pub(crate) struct RoleArgs {
    /// Audit a client: print a URL for each check, and wait until it is opened
    #[arg(long, conflicts_with = "url")]
    client: bool,
    /// Run this for each check instead of waiting, with {url}, {ws}, {port} and {id} filled in; it finds a line on standard
    /// input, and is killed when it takes too long
    #[arg(last = true, value_name = "COMMAND", requires = "client")]
    command: Vec<String>,
}

impl RoleArgs {
    /// The checks of the role; of all roles, where any may be explained.
    pub(crate) fn checks(&self, of_all: bool) -> Result<Vec<Check>, String> {
        let tables = [(!self.client, server::TABLE), (self.client, client::TABLE)];
        let wanted = tables.into_iter().filter(|(is_role, _)| of_all || *is_role);
        Ok(wanted.map(|(_, table)| table::parse(table)).collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Who was audited, and what was found; `None` where it is a server.
    pub(crate) fn audit(
        &self,
        checks: &[Check],
        wanted: &[&Check],
        patience: Duration,
    ) -> Option<Result<(String, Vec<Finding>), Trouble>> {
        self.client.then(|| {
            let caller = if self.command.is_empty() { Caller::Person } else { Caller::Command(self.command.clone()) };
            let mut audit = client::Audit::begin(caller, patience, checks)?;
            let findings = wanted.iter().map(|check| audit.judge(check)).collect::<Result<_, _>>()?;
            Ok((audit.subject(), findings))
        })
    }
}
