//! Checks of the memory of the process against the limit of its container (HLTH-4).

use std::{fs, path::Path};

use seaworthy_core::ByteSize;
use seaworthy_health::{CheckFailure, Probe};

/// The file with the resident memory of the process.
const STATUS: &str = "proc/self/status";
/// The line of the resident memory, in KiB.
const RESIDENT: &str = "VmRSS:";
/// Percent of the limit above which the service is degraded, so that an operator can react.
const DEGRADED_PERCENT: u64 = 80;
/// Percent of the limit above which the service is not ready: the next request may end the process.
const UNREADY_PERCENT: u64 = 95;

/// Returns the two checks. Without a limit they are always healthy.
pub(crate) fn memory_checks(root: &'static Path, limit: Option<ByteSize>) -> [Probe; 2] {
    let degraded = move || async move { check(root, limit, DEGRADED_PERCENT) };
    let unready = move || async move { check(root, limit, UNREADY_PERCENT) };
    [
        Probe::optional("memory", degraded),
        Probe::critical("memory_limit", unready),
    ]
}

fn check(root: &Path, limit: Option<ByteSize>, percent: u64) -> Result<(), CheckFailure> {
    let (Some(limit), Some(used)) = (limit, resident(root)) else {
        return Ok(());
    };
    let share = used.saturating_mul(100) / limit.get().max(1);
    if share <= percent {
        return Ok(());
    }
    let limit = limit.get();
    let failure = format!("the process uses {used} bytes, {share} % of its limit of {limit} bytes");
    Err(CheckFailure::new(failure))
}

/// Returns the resident memory of the process in bytes. `root` is `/`, or another folder in tests.
fn resident(root: &Path) -> Option<u64> {
    let status = fs::read_to_string(root.join(STATUS)).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(RESIDENT))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_within(resident_kib: u64, limit: Option<u64>, percent: u64) -> bool {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc/self")).unwrap();
        let status = format!("VmPeak:\t 900000 kB\nVmRSS:\t {resident_kib} kB\n");
        fs::write(root.path().join(STATUS), status).unwrap();
        check(root.path(), limit.map(ByteSize::bytes), percent).is_ok()
    }

    #[test]
    fn memory_near_the_limit_degrades_and_then_unreadies_hlth_4() {
        let mebibyte = Some(1024 * 1024);
        assert!(is_within(800, mebibyte, DEGRADED_PERCENT));
        assert!(!is_within(850, mebibyte, DEGRADED_PERCENT));
        assert!(is_within(850, mebibyte, UNREADY_PERCENT));
        assert!(!is_within(1000, mebibyte, UNREADY_PERCENT));
        assert!(is_within(1_000_000, None, UNREADY_PERCENT));
    }

    #[test]
    fn process_has_resident_memory_hlth_4() {
        assert!(resident(Path::new("/")).is_some_and(|bytes| bytes > 0));
    }
}
