use std::fs;

use crate::Failure;

/// CPU time of a thread of this process. Other programs on the machine do not change it.
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

    /// Returns nanoseconds since the start of the thread, including system calls.
    pub(crate) fn nanos(self) -> Result<u64, Failure> {
        let path = format!("/proc/self/task/{}/schedstat", self.0);
        let text = fs::read_to_string(path)?;
        Ok(text.split_whitespace().next().unwrap_or_default().parse()?)
    }
}
