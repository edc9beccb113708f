//! The base image is not pinned.

use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.unpinned-base",
        title: "The base image is not pinned",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "The shipped stage uses an external image with the tag `latest`, or without a tag and digest. Earlier stages, `scratch` and bases from a build argument without a default are excluded.",
        why: "The same commit builds another image tomorrow, so faults cannot be reproduced and rollbacks are not exact.",
        fix: &[(
            "any",
            "Pin a version, preferably with its digest (`FROM node:22.4-alpine@sha256:…`), and let a bot update it.",
        )],
        references: &[
            "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(image) = service
        .image
        .as_ref()
        .filter(|image| image.at.role.is_deployed())
    else {
        return Vec::new();
    };
    let Some(stage) = image.final_stage(service.target.as_deref()) else {
        return Vec::new();
    };
    let Some(outer) = image.lineage(stage).last().copied() else {
        return Vec::new();
    };
    let base = outer.base.as_str();
    if base == "scratch" || base.is_empty() {
        return Vec::new();
    }
    if base.contains('$') {
        return vec![Outcome::unknown(format!(
            "the base `{base}` is a build argument"
        ))];
    }
    let Some(at) = model.location(&image.at.path, outer.span.clone(), None) else {
        return Vec::new();
    };
    let last = base.rsplit('/').next().unwrap_or(base);
    if base.contains("@sha256:") {
        return vec![Outcome::passed(
            format!("`{base}` is pinned by its digest"),
            Some(&at),
        )];
    }
    match last.split_once(':') {
        // The distroless images have no versions. Their tags name variants.
        _ if base.contains("distroless") => {
            vec![Outcome::unknown("distroless images have no version tags")]
        }
        Some((_, "latest")) => vec![
            Breach::new(
                at,
                Confidence::High,
                format!("the shipped stage uses `{base}`"),
            )
            .into(),
        ],
        None => vec![
            Breach::new(
                at,
                Confidence::High,
                format!("the shipped stage uses `{base}` without a tag"),
            )
            .into(),
        ],
        Some(_) => vec![Outcome::passed(
            format!("`{base}` names a version"),
            Some(&at),
        )],
    }
}
