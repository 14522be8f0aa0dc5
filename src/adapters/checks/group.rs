//! A check's processes, all of them: its process group, and on Linux also what left the group.

use rustix::process::{Pid, Signal, kill_process_group};

/// The variable that marks a check's processes, so that a daemon that left the group is still found.
pub(super) const MARK: &str = "AUTONOMY_CHECK";

/// Ends the whole group when dropped, whatever way the caller takes out.
#[derive(Debug)]
pub(super) struct Group {
    leader: Option<Pid>,
    mark: String,
}

impl Group {
    /// `leader` is the id of a child that was started in a group of its own.
    pub(super) fn new(leader: Option<u32>, mark: String) -> Self {
        let leader = leader.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Self { leader, mark }
    }

    /// Kills what is left, without asking first: a check that was over time or has ended owes us nothing.
    pub(super) fn kill(&self) {
        if let Some(leader) = self.leader {
            // An error means that nobody is left in the group.
            let _ = kill_process_group(leader, Signal::KILL);
        }
        #[cfg(target_os = "linux")]
        stragglers::kill(&self.mark);
        #[cfg(not(target_os = "linux"))]
        let _ = &self.mark;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Processes that started a session of their own (`setsid`, daemons) keep the environment they were started with.
#[cfg(target_os = "linux")]
mod stragglers {
    use std::io::Read as _;

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    /// A process can start another while we look: look again until a round finds none, within reason.
    const ROUNDS: usize = 10;
    const LARGEST_ENVIRONMENT: u64 = 1024 * 1024;

    pub(super) fn kill(mark: &str) {
        let entry = format!("{}={mark}", super::MARK).into_bytes();
        for _ in 0..ROUNDS {
            let found = processes().filter(|pid| kill_if_marked(*pid, &entry)).count();
            if found == 0 {
                return;
            }
        }
    }

    fn processes() -> impl Iterator<Item = Pid> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Pid::from_raw)
    }

    /// The handle is taken before the environment is read, so that a reused id is never signalled.
    fn kill_if_marked(pid: Pid, entry: &[u8]) -> bool {
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
        let mut environment = Vec::new();
        let Ok(file) = std::fs::File::open(format!("/proc/{}/environ", pid.as_raw_nonzero())) else { return false };
        if file.take(LARGEST_ENVIRONMENT).read_to_end(&mut environment).is_err() {
            return false;
        }
        environment.split(|byte| *byte == 0).any(|variable| variable == entry)
            && pidfd_send_signal(&handle, Signal::KILL).is_ok()
    }
}
