//! The contents of an image, by its Dockerfile and well-known base images.

use super::{Image, Stage};
use crate::model::Resolution;

/// Tools of public bases: a prefix of the base, a part of its tag (empty for any), the tools that
/// are there, and whether there is a shell. Sources: the Dockerfiles of the official images. The
/// first line that fits decides.
const BASES: &[(&str, &str, &[&str], bool)] = &[
    ("scratch", "", &[], false),
    ("gcr.io/distroless/", "debug", &["wget"], true),
    ("gcr.io/distroless/", "", &[], false),
    ("alpine", "", &["wget", "nc"], true),
    ("busybox", "", &["wget", "nc"], true),
    ("node", "alpine", &["wget", "nc", "node"], true),
    ("node", "slim", &["node"], true),
    ("node", "", &["curl", "wget", "node"], true),
    (
        "python",
        "alpine",
        &["wget", "nc", "python", "python3"],
        true,
    ),
    ("python", "slim", &["python", "python3"], true),
    ("python", "", &["curl", "wget", "python", "python3"], true),
    ("golang", "alpine", &["wget", "nc"], true),
    ("golang", "", &["curl", "wget"], true),
    ("debian", "", &[], true),
    ("ubuntu", "", &[], true),
];
/// Network tools of health checks whose presence this module can determine.
const TOOLS: &[&str] = &["curl", "wget", "nc"];

impl Image {
    /// The first base of the shipped stage, outside this file.
    #[must_use]
    pub fn outer_base(&self, target: Option<&str>) -> Option<&str> {
        let stage = self.final_stage(target)?;
        self.lineage(stage).last().map(|stage| stage.base.as_str())
    }

    /// Whether a network tool is in the shipped stage.
    #[must_use]
    pub fn has_tool(&self, target: Option<&str>, tool: &str) -> Resolution<()> {
        let Some(stage) = self.final_stage(target) else {
            return Resolution::Unknown("the Dockerfile has no stage".to_owned());
        };
        if !TOOLS.contains(&tool) {
            return Resolution::Unknown(format!("`{tool}` is not a known program"));
        }
        let lineage = self.lineage(stage);
        let mentioned = |stage: &&Stage| {
            stage.runs.iter().any(|run| run.contains(tool))
                || stage.copies.iter().any(|copied| {
                    copied.destination.contains(tool)
                        || copied.sources.iter().any(|source| source.contains(tool))
                })
        };
        if lineage.iter().any(mentioned) {
            return Resolution::Known(());
        }
        // `RUN apk add $PACKAGES`, `RUN ./install.sh`: what they bring is not in this file.
        let opaque = |run: &String| {
            run.contains(".sh")
                || (["apk ", "apt-get ", "apt ", "yum ", "dnf "]
                    .iter()
                    .any(|tool| run.contains(tool))
                    && (run.contains('$') || run.contains("xargs")))
        };
        if let Some(run) = lineage
            .iter()
            .flat_map(|stage| &stage.runs)
            .find(|run| opaque(run))
        {
            let shown: String = run.chars().take(40).collect();
            return Resolution::Unknown(format!("`RUN {shown}` may install it"));
        }
        match self.known_base(target) {
            Some((tools, _)) if tools.contains(&tool) => Resolution::Known(()),
            Some(_) => Resolution::Absent,
            None => Resolution::Unknown(format!(
                "the contents of the base image `{}` are unknown",
                self.outer_base(target).unwrap_or_default()
            )),
        }
    }

    /// Whether an absolute path outside the system's folders is in the shipped stage.
    #[must_use]
    pub fn has_file(&self, target: Option<&str>, path: &str) -> Resolution<()> {
        let unknown = |reason: &str| Resolution::Unknown(reason.to_owned());
        let Some(stage) = self.final_stage(target) else {
            return unknown("the Dockerfile has no stage");
        };
        if !path.starts_with('/') || path.contains('$') {
            return unknown("the path is not absolute");
        }
        let Some((_, shell)) = self.known_base(target) else {
            return unknown("the contents of the base image are unknown");
        };
        let system = ["/bin/", "/sbin/", "/usr/", "/lib", "/opt/", "/etc/"];
        if shell && system.iter().any(|folder| path.starts_with(folder)) {
            return unknown("the base image may contain it");
        }
        let mut doubt = None;
        for stage in self.lineage(stage) {
            if stage.runs.iter().any(|run| {
                run.contains(path) || run.contains(path.rsplit('/').next().unwrap_or(path))
            }) {
                return Resolution::Known(());
            }
            if !stage.runs.is_empty() {
                doubt = Some("a `RUN` of the shipped stage may create it");
            }
            for copied in &stage.copies {
                let base = stage.workdir.as_deref().unwrap_or("/");
                let destination = absolute(base, &copied.destination);
                if destination == path.trim_end_matches('/') {
                    return Resolution::Known(());
                }
                let folder = if destination == "/" {
                    "/".to_owned()
                } else {
                    format!("{destination}/")
                };
                if let Some(rest) = path.strip_prefix(&folder) {
                    let first = rest.split('/').next().unwrap_or(rest);
                    if copied.sources.iter().any(|source| {
                        source.trim_end_matches('/').rsplit('/').next() == Some(first)
                    }) {
                        return Resolution::Known(());
                    }
                    let opaque = copied.sources.iter().any(|source| {
                        let source = source.trim_end_matches('/');
                        let name = source.rsplit('/').next().unwrap_or(source);
                        source.is_empty()
                            || source.contains(['*', '$', '?'])
                            || !name.contains('.')
                            || name == "."
                            || name == ".."
                    });
                    if opaque || copied.destination.contains('$') {
                        doubt = Some("a copied directory may contain it");
                    }
                }
                if copied.destination.contains('$') {
                    doubt = Some("the destination of a `COPY` is an argument");
                }
            }
        }
        doubt.map_or(Resolution::Absent, unknown)
    }

    fn known_base(&self, target: Option<&str>) -> Option<(&'static [&'static str], bool)> {
        let base = self.outer_base(target)?.to_lowercase();
        let base = base.strip_prefix("docker.io/").unwrap_or(&base);
        let base = base.strip_prefix("library/").unwrap_or(base);
        let (name, tag) = base.split_once([':', '@']).unwrap_or((base, ""));
        BASES
            .iter()
            .find(|(prefix, part, _, _)| {
                let fits = if prefix.ends_with('/') {
                    name.starts_with(prefix)
                } else {
                    name == *prefix
                };
                // An unresolved tag may be any variant.
                fits && !base.contains('$')
                    && (tag.contains(part) || name.contains("distroless") && name.contains(part))
            })
            .map(|(_, _, tools, shell)| (*tools, *shell))
    }
}

/// A path of the image, from the working folder.
fn absolute(folder: &str, path: &str) -> String {
    let joined = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}/{path}", folder.trim_end_matches('/'))
    };
    let parts: Vec<&str> = joined
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    format!("/{}", parts.join("/"))
}
