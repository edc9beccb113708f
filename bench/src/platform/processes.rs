//! CPU time and memory of processes, with their children.

use std::{collections::HashMap, fs, str::FromStr};

use crate::Failure;

/// The unit of CPU time in Linux, in milliseconds.
const TICK_MILLISECONDS: f64 = 10.0;
/// The size of a page in KiB. Linux reports resident memory in pages.
const PAGE_KIB: u64 = 4;

/// A process that is measured, as `NAME=PID`.
#[derive(Debug, Clone)]
pub(crate) struct MeasuredProcess {
    pub(super) name: String,
    pid: u32,
}

impl FromStr for MeasuredProcess {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, pid) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is not NAME=PID"))?;
        Ok(Self {
            name: name.to_owned(),
            pid: pid
                .parse()
                .map_err(|_| format!("`{pid}` is not a process ID"))?,
        })
    }
}

/// The use of a process and its children at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) cpu_milliseconds: f64,
    pub(super) resident_mib: f64,
}

/// The fields of `/proc/PID/stat` that this module uses.
struct Stat {
    parent: u32,
    ticks: u64,
    pages: u64,
}

/// Returns the use of each process.
pub(super) fn usages(processes: &[MeasuredProcess]) -> Result<Vec<Usage>, Failure> {
    let all = all()?;
    processes
        .iter()
        .map(|process| {
            if !all.contains_key(&process.pid) {
                return Err(
                    format!("process {} ({}) does not run", process.pid, process.name).into(),
                );
            }
            Ok(usage(&all, process.pid))
        })
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ticks and pages of a run are exact as floats"
)]
fn usage(all: &HashMap<u32, Stat>, root: u32) -> Usage {
    let (mut ticks, mut pages) = (0, 0);
    for (pid, stat) in all {
        if is_in_tree(all, *pid, root) {
            ticks += stat.ticks;
            pages += stat.pages;
        }
    }
    Usage {
        cpu_milliseconds: ticks as f64 * TICK_MILLISECONDS,
        resident_mib: (pages * PAGE_KIB) as f64 / 1_024.0,
    }
}

fn is_in_tree(all: &HashMap<u32, Stat>, mut pid: u32, root: u32) -> bool {
    // A parent is never its own descendant, and the chain ends at process 0.
    loop {
        if pid == root {
            return true;
        }
        match all.get(&pid) {
            Some(stat) if stat.parent != 0 => pid = stat.parent,
            _ => return false,
        }
    }
}

fn all() -> Result<HashMap<u32, Stat>, Failure> {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while this reads.
        if let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat"))
            && let Some(stat) = parse(&text)
        {
            all.insert(pid, stat);
        }
    }
    Ok(all)
}

/// Parses a line of proc(5). The name of the program, in parentheses, may contain anything.
fn parse(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(field(4)?).ok()?,
        ticks: field(14)? + field(15)?,
        pages: field(24)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_stat_with_any_program_name() {
        let line = "42 (a) b (c)) S 7 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 8 0 100 1000000 2560 18446744073709551615";
        let stat = parse(line).unwrap();
        assert_eq!((stat.parent, stat.ticks, stat.pages), (7, 200, 2_560));
    }
}
