use seaworthy_facts::Facts;

use super::{SECOND, WAVE, annotated, config, object, pod};
use crate::{
    Overlay,
    yaml::{Yaml, map},
};

pub(super) const COMMENT: &str = "\
The service is ready only if its migrations are applied. Run this job before a rollout.
Argo CD runs it as a hook of each sync, and deletes the job of an earlier sync first. With kubectl,
delete the job of an earlier run, because an applied job cannot change. Then apply the job of your
overlay by its label, and wait for it. The name of the job has a hash of its pod, so another image
or other settings are another job.";

/// The annotation that makes the job an Argo CD hook. Kubernetes removes finished jobs, and a
/// sync of a plain job with another image would fail.
const HOOK: &str = "argocd.argoproj.io/hook";
const HOOK_DELETE_POLICY: &str = "argocd.argoproj.io/hook-delete-policy";

/// The name of a job has at most 63 letters, and 9 of them are the hash.
const MAX_VERSIONED: usize = 54;

/// Returns the job that applies the migrations of this version.
pub(super) fn objects(facts: &Facts, overlay: &Overlay) -> Vec<Yaml> {
    let name = format!("{}-migrate", facts.name);
    let container = pod::container(facts, overlay, &["migrate", "up"]);
    let mut spec = pod::spec(facts, container);
    spec.push("restartPolicy", "Never");
    let metadata = map([("labels", pod::labels(&name, facts))]);
    let template = map([("metadata", metadata), ("spec", spec)]);
    let hash = config::hash(&template.document(""));
    let job = map([
        ("backoffLimit", 3_i64.into()),
        ("activeDeadlineSeconds", 600_i64.into()),
        ("ttlSecondsAfterFinished", 86_400_i64.into()),
        ("template", template),
    ]);
    let version = facts.version.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    });
    let versioned: String = format!("{name}-")
        .chars()
        .chain(version)
        .take(MAX_VERSIONED)
        .collect();
    let versioned = format!("{}-{hash}", versioned.trim_end_matches('-'));
    let job = object("batch/v1", "Job", &versioned, &name, vec![("spec", job)]);
    let annotations = [
        (HOOK, "Sync".into()),
        (HOOK_DELETE_POLICY, "BeforeHookCreation".into()),
        (WAVE, SECOND.into()),
    ];
    vec![annotated(job, annotations)]
}
