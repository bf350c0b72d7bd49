//! The start of the audited server or proxy, and the wait until it listens.

use std::net::{TcpStream, ToSocketAddrs};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::process::Process;
use crate::target::Target;

/// The longest wait for a started command to accept connections, without `--wait`.
const START: Duration = Duration::from_secs(30);
/// The pause between two attempts to connect.
const GLANCE: Duration = Duration::from_millis(50);
/// The longest duration of an attempt to connect to an address.
const ATTEMPT: Duration = Duration::from_secs(1);

/// Starts the command, if any, and waits until the target accepts connections.
///
/// Does not wait without a command and without `wait`. The command ends when the result is dropped.
pub(crate) fn start(
    words: &[String],
    target: &Target,
    wait: Option<Duration>,
) -> Result<Option<Process>, String> {
    let mut process = match words {
        [] => None,
        [program, arguments @ ..] => {
            if is_listening(target) {
                return Err(format!(
                    "{} is in use before {program} is started; stop what listens there",
                    target.address
                ));
            }
            // Its output goes to the standard error, so that the report is alone on the output.
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::null()).stdout(std::io::stderr());
            let cannot = |error| format!("{program} cannot be started: {error}");
            Some(Process::start(&mut command).map_err(cannot)?)
        }
    };
    let Some(wait) = wait.or(process.as_ref().map(|_| START)) else { return Ok(None) };
    let deadline = Instant::now() + wait;
    while !is_listening(target) {
        if process.as_mut().is_some_and(Process::is_over) {
            return Err(format!("{} has ended before it listened on {}", words[0], target.address));
        }
        if Instant::now() >= deadline {
            return Err(format!(
                "{} accepted no connection within {} s",
                target.address,
                wait.as_secs_f64()
            ));
        }
        thread::sleep(GLANCE);
    }
    Ok(process)
}

fn is_listening(target: &Target) -> bool {
    let addresses = target.address.to_socket_addrs().into_iter().flatten();
    addresses.into_iter().any(|address| TcpStream::connect_timeout(&address, ATTEMPT).is_ok())
}
