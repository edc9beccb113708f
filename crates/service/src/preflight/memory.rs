//! Reads the memory limit of the process from its control groups.

use std::{fs, path::Path};

use seaworthy_core::ByteSize;

/// The folder in which Linux mounts control groups, in containers too.
const CONTROL_GROUPS: &str = "sys/fs/cgroup";
/// The file that lists the groups of the process.
const OWN_GROUPS: &str = "proc/self/cgroup";
/// A limit from this value on means "no limit". Version 1 reports a multiple of a page near 2^63.
const UNLIMITED: u64 = 1 << 62;

/// Returns the memory limit of the container, if it has one. `root` is `/`, or another folder in
/// tests.
///
/// The limits of a group and of all groups above it apply, so the lowest one counts.
pub(crate) fn memory_limit(root: &Path) -> Option<ByteSize> {
    let groups = fs::read_to_string(root.join(OWN_GROUPS)).ok()?;
    let mounted = root.join(CONTROL_GROUPS);
    let limits = groups.lines().flat_map(|line| {
        // `hierarchy:controllers:path`. Version 2 has no controllers.
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next(), fields.next(), fields.next());
        let (folder, file) = match controllers {
            Some("") => (mounted.clone(), "memory.max"),
            Some(names) if names.split(',').any(|name| name == "memory") => {
                (mounted.join("memory"), "memory.limit_in_bytes")
            }
            _ => return Vec::new(),
        };
        let path = Path::new(path.unwrap_or_default().trim_start_matches('/'));
        // In a container the path may be that of the host, while only the root is mounted.
        path.ancestors()
            .filter_map(|group| read(&folder.join(group).join(file)))
            .collect()
    });
    limits.min().map(ByteSize::bytes)
}

fn read(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.trim().parse().ok().filter(|limit| *limit < UNLIMITED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        memory_limit(root.path()).map(ByteSize::get)
    }

    #[test]
    fn lowest_limit_of_all_groups_applies_sec_3() {
        let own = ("proc/self/cgroup", "0::/pod/container\n");
        let pod = ("sys/fs/cgroup/pod/memory.max", "268435456\n");
        let container = ("sys/fs/cgroup/pod/container/memory.max", "max\n");
        assert_eq!(limit(&[own, pod, container]), Some(268_435_456));
        let container = ("sys/fs/cgroup/pod/container/memory.max", "1024\n");
        assert_eq!(limit(&[own, pod, container]), Some(1_024));
        let root = ("sys/fs/cgroup/memory.max", "2048\n");
        assert_eq!(limit(&[("proc/self/cgroup", "0::/\n"), root]), Some(2_048));
        // The path of the host, of which only the root is mounted in the container.
        assert_eq!(limit(&[own, root]), Some(2_048));
    }

    #[test]
    fn reads_limits_of_cgroup_version_1_sec_3() {
        let own = (
            "proc/self/cgroup",
            "5:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/\n",
        );
        let file = "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes";
        assert_eq!(limit(&[own, (file, "536870912\n")]), Some(536_870_912));
        assert_eq!(limit(&[own, (file, "9223372036854771712\n")]), None);
    }

    #[test]
    fn machine_without_control_groups_has_no_limit_sec_3() {
        assert_eq!(limit(&[]), None);
        assert_eq!(limit(&[("proc/self/cgroup", "\u{fffd}\n::\n\n")]), None);
    }
}
