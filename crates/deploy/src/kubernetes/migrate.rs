use seaworthy_facts::Facts;

use super::{SECOND, in_wave, object, pod};
use crate::{
    Overlay,
    yaml::{Yaml, map},
};

pub(super) const COMMENT: &str = "\
The service is ready only if its migrations are applied. Run this job before a rollout:
Argo CD does so because of the annotations. With kubectl, apply prerequisites.yaml, network.yaml and
this file, and wait for the job.";

/// Returns the job that applies the migrations of this version.
pub(super) fn objects(facts: &Facts, overlay: &Overlay) -> Vec<Yaml> {
    let name = format!("{}-migrate", facts.name);
    let container = pod::container(facts, overlay, &["migrate", "up"]);
    let mut spec = pod::spec(facts, container);
    spec.push("restartPolicy", "Never");
    let metadata = map([("labels", pod::labels(&name, facts))]);
    let job = map([
        ("backoffLimit", 3_i64.into()),
        ("activeDeadlineSeconds", 600_i64.into()),
        ("ttlSecondsAfterFinished", 86_400_i64.into()),
        ("template", map([("metadata", metadata), ("spec", spec)])),
    ]);
    let version: String = facts
        .version
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let versioned = format!("{name}-{version}");
    let job = object("batch/v1", "Job", &versioned, &name, vec![("spec", job)]);
    vec![in_wave(job, SECOND)]
}
