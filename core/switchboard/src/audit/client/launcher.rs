//! The launcher of the client that is audited.
//!
//! It runs a command for each check, or shows a URL to a person.

use std::io::{self, Read, Write};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::identity::Identity;

/// The bytes of a command's output that are kept.
const KEPT: usize = 64 * 1024;
/// The time that a person may take.
const STROLL: Duration = Duration::from_secs(60);
/// The pause between two looks at whether something has ended or come.
pub(crate) const GLANCE: Duration = Duration::from_millis(5);
/// The longest wait for the rest of an output.
///
/// A process that outlives the command may hold its pipes.
const LAST_OUTPUT: Duration = Duration::from_secs(1);
/// The exit status after ^C, as shells have it.
const INTERRUPTED: i32 = 130;
/// The standard input of a command.
///
/// It stays open until the check is over.
const INPUT: &[u8] = b"hello\n";

/// The process group of the command that runs; 0 for none.
///
/// A ^C does not reach it by itself.
static RUNNING: AtomicU32 = AtomicU32::new(0);

pub(crate) enum ClientLauncher {
    Person,
    /// A command, with `{url}`, `{ws}`, `{port}`, `{id}` and `{ca}` in its words.
    Command(Vec<String>),
    #[cfg(test)]
    Thread(Arc<dyn Fn(u16) + Send + Sync>),
}

/// A client that was called.
#[derive(Default)]
pub(crate) struct Call {
    child: Option<Child>,
    /// The command's standard input, kept open.
    _input: Option<ChildStdin>,
    output: Arc<Mutex<Vec<u8>>>,
    /// Disconnected once the readers of the output have come to its end.
    readers: Option<Receiver<()>>,
}

/// The exit of a command, and its output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended {
    /// The exit code of the command, if it ended by itself.
    pub(crate) code: Option<i32>,
    pub(crate) output: Vec<u8>,
}

impl ClientLauncher {
    /// Starts the client, or asks for it, for a check.
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

    /// Returns the time to wait for the client.
    pub(crate) fn timeout(&self, timeout: Duration) -> Duration {
        // A program may have to be loaded first.
        if matches!(self, Self::Person) { STROLL.max(timeout) } else { timeout * 5 }
    }

    /// Returns whether the same can be tried again without asking anyone.
    pub(crate) fn is_patient(&self) -> bool {
        !matches!(self, Self::Person)
    }

    /// Returns a name for the client that is audited.
    pub(crate) fn subject(&self) -> String {
        match self {
            Self::Command(words) => words.join(" "),
            _ => "a client".into(),
        }
    }

    /// Returns the command line that runs one check again.
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

fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,{}".contains(letter);
    if word.chars().all(is_plain) && !word.is_empty() {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
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
        // A shell has children, which end with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        RUNNING.store(child.id(), Ordering::SeqCst);
        let output = Arc::default();
        let (reader, readers) = mpsc::channel();
        keep(child.stdout.take(), &output, reader.clone());
        keep(child.stderr.take(), &output, reader);
        let mut input = child.stdin.take();
        if let Some(input) = &mut input {
            // A command that does not read is none the worse for it.
            let _ = input.write_all(INPUT);
        }
        Ok(Self { child: Some(child), _input: input, output, readers: Some(readers) })
    }

    /// Returns whether the command has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_)) | Err(_)))
    }

    /// Waits for the command to end, and then ends it.
    pub(crate) fn end(mut self, grace: Duration) -> Option<Ended> {
        self.child.as_ref()?;
        drop(self._input.take());
        let deadline = Instant::now() + grace;
        while !self.is_over() && Instant::now() < deadline {
            thread::sleep(GLANCE);
        }
        let code = self
            .child
            .as_mut()
            .and_then(|child| child.try_wait().ok().flatten())
            .and_then(|status| status.code());
        self.kill();
        // What was written last is on its way through a pipe. No reader sends; each ends.
        if let Some(readers) = &self.readers {
            let _ = readers.recv_timeout(LAST_OUTPUT);
        }
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(Ended { code, output })
    }

    fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        RUNNING.store(0, Ordering::SeqCst);
        kill_group(child.id());
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Ends the running command when the audit is ended.
pub(crate) fn end_with_us() {
    // A second handler is not needed.
    let _ = ctrlc::set_handler(|| {
        if let group @ 1.. = RUNNING.load(Ordering::SeqCst) {
            kill_group(group);
        }
        process::exit(INTERRUPTED);
    });
}

/// Kills a process group, where there are groups.
fn kill_group(group: u32) {
    if cfg!(unix) {
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{group}")])
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Keeps what comes out of a pipe, up to a limit; the rest is read and dropped.
///
/// `reader` is held until the pipe has ended.
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
