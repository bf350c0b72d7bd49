//! Commands that the audit starts: the audited client, server or intermediary.
//!
//! On Unix each is in a process group of its own, and is ended with the whole group.

use std::io;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The process groups of the commands that the audit has started and not dropped.
///
/// ^C in a terminal does not reach these groups, so the audit's handler of ^C kills them.
static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Returns a word for a shell, in quotes if a shell might change or split it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,{}".contains(letter);
    // A list or a range in braces is several words for some shells.
    let is_several = word.contains('{') && (word.contains(',') || word.contains(".."));
    if word.chars().all(is_plain) && !word.is_empty() && !is_several {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A running command, which is killed when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a command; on Unix, in a process group of its own.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        // The processes that a shell starts are in its group, and are killed with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn()?;
        groups().push(child.id());
        Ok(Self(child))
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Returns whether the command has ended, or its state is unknown.
    pub(crate) fn is_over(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)) | Err(_))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        groups().retain(|group| *group != self.0.id());
        kill(self.0.id());
        // The command may have ended by itself, which is no error.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Kills the groups of all running commands; for a handler that ends the audit.
pub(crate) fn kill_all() {
    groups().iter().for_each(|group| kill(*group));
}

fn groups() -> MutexGuard<'static, Vec<u32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills a process group; does nothing on systems without groups.
fn kill(group: u32) {
    if cfg!(unix) {
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{group}")])
            .stderr(Stdio::null())
            .status();
    }
}
