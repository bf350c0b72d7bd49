//! The launcher of the audited client.
//!
//! Runs a command for each check, or prints a URL that a person opens in the client.

use std::io::{self, Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::identity::Identity;
use crate::audit::process::{Process, quoted};

/// The most bytes that are kept of the output of a client's command.
const KEPT: usize = 64 * 1024;
/// The least time that a person gets to open a check's URL in the audited client.
const STROLL: Duration = Duration::from_secs(60);
/// The interval of polling for the end of a process or for a connection.
pub(crate) const GLANCE: Duration = Duration::from_millis(5);
/// The longest wait for the rest of a command's output.
///
/// A process that outlives the command may hold its pipes open.
const LAST_OUTPUT: Duration = Duration::from_secs(1);
/// The bytes written to the standard input of a client's command.
///
/// The pipe stays open until the check is over.
const INPUT: &[u8] = b"hello\n";

pub(crate) enum ClientLauncher {
    Person,
    /// A command with the placeholders `{url}`, `{ws}`, `{port}`, `{id}` and `{ca}`.
    Command(Vec<String>),
    #[cfg(test)]
    Thread(Arc<dyn Fn(u16) + Send + Sync>),
}

/// A client that was started for a check.
#[derive(Default)]
pub(crate) struct Call {
    process: Option<Process>,
    /// The command's standard input, which is kept open.
    _input: Option<ChildStdin>,
    output: Arc<Mutex<Vec<u8>>>,
    /// A channel that disconnects once both pipes of the output have ended.
    readers: Option<Receiver<()>>,
}

/// The exit status and output of a command that has ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended {
    /// The exit status; `None` if the audit killed the command, or a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) output: Vec<u8>,
}

impl ClientLauncher {
    /// Starts the client for a check, or asks a person to open the check's URL in it.
    ///
    /// The URL has the port of the scripted server and the check's ID. With an identity, it is an
    /// https or wss URL.
    pub(crate) fn call(
        &self,
        port: u16,
        id: &str,
        identity: Option<&Identity>,
    ) -> io::Result<Call> {
        let (s, at) = (if identity.is_some() { "s" } else { "" }, format!("127.0.0.1:{port}/{id}"));
        let ca =
            identity.map_or(String::new(), |identity| identity.authority().display().to_string());
        let words = match self {
            Self::Command(words) => words,
            Self::Person => {
                let whom =
                    if identity.is_some() { format!(", and trust {ca}") } else { String::new() };
                eprintln!("{id}: have the client open http{s}://{at} or ws{s}://{at}{whom}");
                return Ok(Call::default());
            }
            #[cfg(test)]
            Self::Thread(client) => {
                let client = Arc::clone(client);
                thread::spawn(move || client(port));
                return Ok(Call::default());
            }
        };
        let fill = |word: &String| {
            let word = word
                .replace("{url}", &format!("http{s}://{at}"))
                .replace("{ws}", &format!("ws{s}://{at}"));
            word.replace("{port}", &port.to_string()).replace("{id}", id).replace("{ca}", &ca)
        };
        let words: Vec<String> = words.iter().map(fill).collect();
        Call::run(&words)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", words[0])))
    }

    /// Returns the time to wait for the client's connection, at least `timeout`.
    ///
    /// It is at least a minute for a person, and five times `timeout` for a command.
    pub(crate) fn timeout(&self, timeout: Duration) -> Duration {
        // A command gets more time, because a program may have to be loaded first.
        if matches!(self, Self::Person) { STROLL.max(timeout) } else { timeout * 5 }
    }

    /// Returns whether a check can be repeated without a person's help.
    pub(crate) fn is_patient(&self) -> bool {
        !matches!(self, Self::Person)
    }

    /// Returns the name of the audited client for the report.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Command(words) => words.join(" "),
            _ => "a client".into(),
        }
    }

    /// Returns the shell command that audits the client again with one check only.
    pub(crate) fn again(&self, id: &str, is_secure: bool) -> String {
        let words = match self {
            Self::Command(words) => words.iter().map(|word| quoted(word)).collect(),
            _ => Vec::new(),
        };
        let command =
            if words.is_empty() { String::new() } else { format!(" -- {}", words.join(" ")) };
        let tls = if is_secure { " --tls" } else { "" };
        format!("switchboard audit --client{tls} --only {id} -v{command}")
    }
}

impl Call {
    fn run(words: &[String]) -> io::Result<Self> {
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let child = process.child();
        let output = Arc::default();
        let (reader, readers) = mpsc::channel();
        keep(child.stdout.take(), &output, reader.clone());
        keep(child.stderr.take(), &output, reader);
        let mut input = child.stdin.take();
        if let Some(input) = &mut input {
            // A command need not read its standard input.
            let _ = input.write_all(INPUT);
        }
        Ok(Self { process: Some(process), _input: input, output, readers: Some(readers) })
    }

    /// Returns whether the client's command has ended; false if there is no command.
    pub(crate) fn is_over(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_over)
    }

    /// Closes the command's standard input, and returns its exit status and output.
    ///
    /// Waits at most for `grace` until it ends, then kills it. Returns `None` if there is no
    /// command.
    pub(crate) fn end(mut self, grace: Duration) -> Option<Ended> {
        self.process.as_ref()?;
        drop(self._input.take());
        let deadline = Instant::now() + grace;
        while !self.is_over() && Instant::now() < deadline {
            thread::sleep(GLANCE);
        }
        let status = self.process.as_mut().map(|process| process.child().try_wait());
        let code = status.and_then(|status| status.ok().flatten()).and_then(|status| status.code());
        drop(self.process.take());
        // The last output may still be in a pipe. Nothing is sent on the channel: it disconnects
        // once the threads that read the pipes have ended.
        if let Some(readers) = &self.readers {
            let _ = readers.recv_timeout(LAST_OUTPUT);
        }
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(Ended { code, output })
    }
}

/// Starts a thread that reads a pipe, and appends what it reads to `output`.
///
/// Bytes for which `output` has no room are read and discarded. At the end of the pipe the thread
/// drops `reader`, on which nothing is sent: its receiver so learns of the end.
fn keep(
    pipe: Option<impl Read + Send + 'static>,
    output: &Arc<Mutex<Vec<u8>>>,
    reader: Sender<()>,
) {
    let (Some(mut pipe), output) = (pipe, Arc::clone(output)) else { return };
    thread::spawn(move || {
        let _reader = reader;
        let mut piece = [0; 4096];
        while let Ok(len @ 1..) = pipe.read(&mut piece) {
            let mut kept = output.lock().unwrap_or_else(PoisonError::into_inner);
            let room = KEPT.saturating_sub(kept.len());
            kept.extend_from_slice(&piece[..len.min(room)]);
        }
    });
}
