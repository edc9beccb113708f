//! A base image that changes under the build.

use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.unpinned-base",
        title: "The base image of the shipped stage is not pinned",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "The stage that is shipped starts from an outside image with the tag `latest` or with no tag and no digest. Names of earlier stages, `scratch` and bases that come from a build argument without a default are left out.",
        why: "The same commit builds another image tomorrow: a fault cannot be reproduced, and a rollback is not one.",
        fix: &[(
            "any",
            "Name a version, better with its digest (`FROM node:22.4-alpine@sha256:…`), and let a bot raise it.",
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
        // The distroless images have no versions; a tag names a variant.
        _ if base.contains("distroless") => {
            vec![Outcome::unknown("distroless images have no version tags")]
        }
        Some((_, "latest")) => vec![
            Breach::new(
                at,
                Confidence::High,
                format!("the shipped stage is built on `{base}`"),
            )
            .into(),
        ],
        None => vec![
            Breach::new(
                at,
                Confidence::High,
                format!("the shipped stage is built on `{base}`, without a tag"),
            )
            .into(),
        ],
        Some(_) => vec![Outcome::passed(
            format!("`{base}` names a version"),
            Some(&at),
        )],
    }
}
