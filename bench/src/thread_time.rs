use std::fs;

use crate::Failure;

/// The time that a thread of this process spends on a core, which other programs of the machine do not take from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThreadTime(u64);

impl ThreadTime {
    pub(crate) fn of_this_thread() -> Result<Self, Failure> {
        let link = fs::read_link("/proc/thread-self")?;
        let name = link
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        Ok(Self(name.parse()?))
    }

    /// Since the start of the thread, system calls included.
    pub(crate) fn nanos(self) -> Result<u64, Failure> {
        let path = format!("/proc/self/task/{}/schedstat", self.0);
        let text = fs::read_to_string(path)?;
        Ok(text.split_whitespace().next().unwrap_or_default().parse()?)
    }
}
