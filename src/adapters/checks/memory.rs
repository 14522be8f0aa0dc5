//! Our own memory holds the token and the keys: child processes of the same user must not read it.

/// Call first thing in `main`, before any thread is started. On Linux `/proc/<us>/environ`, `mem` and `maps` become unreadable for
/// other processes of the same user, no debugger may attach, no core file is written, and what we start as root loses the
/// capabilities that would go round that (it can then mount nothing either). Elsewhere it does nothing. A step that the kernel refuses is left out.
///
/// See <https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html>.
pub fn protect_own_memory() {
    #[cfg(target_os = "linux")]
    linux::protect();
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

    /// Ways to read another process's memory: by right, by measuring it, or through the kernel.
    const ROUND_ABOUT: [CapabilitySet; 6] = [
        CapabilitySet::SYS_PTRACE,
        CapabilitySet::SYS_ADMIN,
        CapabilitySet::PERFMON,
        CapabilitySet::BPF,
        CapabilitySet::SYS_MODULE,
        CapabilitySet::SYS_RAWIO,
    ];

    pub(super) fn protect() {
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        // The bounding set counts when a program is started: root's children then start without these.
        for capability in ROUND_ABOUT {
            let _ = remove_capability_from_bounding_set(capability);
        }
    }
}
