use std::{
    io::Write as _,
    os::unix::ffi::OsStrExt as _,
    path::Path,
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

/// Reads the names of folders until the test binary has ended, and removes the folders. Servers
/// that end with the binary may write for a moment longer.
const SCRIPT: &str = r#"trap '' HUP INT TERM
while IFS= read -r folder; do set -- "$@" "$folder"; done
for attempt in 1 2 3 4 5; do
    rm -rf -- "$@" && exit
    sleep 1
done"#;

static REAPER: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();

/// Removes a folder when this process ends, also after a crash. A server that the tests of one
/// binary share is in a `static`. It is never dropped, and its databases would fill the disk.
pub(super) fn reap(folder: &Path) {
    let reaper = REAPER.get_or_init(|| {
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/");
        // If no shell can be started, the folders stay.
        command.spawn().ok()?.stdin.map(Mutex::new)
    });
    if let Some(reaper) = reaper {
        let mut reaper = reaper.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = folder.as_os_str().as_bytes().to_vec();
        line.push(b'\n');
        let _ = reaper.write_all(&line);
    }
}
