//! A manifest runs an image without a fixed version.

use crate::model::facts::{ComposeService, Workload, is_store_image};
use crate::model::{Model, Resolution};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Location;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-3.unpinned-image",
        title: "A manifest runs an image without a fixed version",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A workload or a compose entry runs a third-party image without a tag, with `latest`, or with a tag without a version (`redis:alpine`). For images that the repository builds itself, the rule reports workloads with `latest` and compose entries without a tag. Other tags of such workloads are set by a deployment tool.",
        why: "A restart may start another version of the program, with other defaults and another format of its data.",
        fix: &[(
            "any",
            "Name a version and preferably the digest: `redis:8.2.1-alpine@sha256:…`.",
        )],
        references: &["https://kubernetes.io/docs/concepts/containers/images/#image-names"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let own = |image: &str| {
        let name = last_part(image)
            .split(['@', ':'])
            .next()
            .unwrap_or_default();
        model.services.iter().any(|service| {
            service.root.is_some() && (name.contains(&service.name) || service.name == name)
                || service.image.is_some() && service.name == name
        }) && !is_store_image(image)
    };
    let mut outcomes = Vec::new();
    for found in model.files.values() {
        let file = &found.file;
        if !file.role.is_deployed() {
            continue;
        }
        for workload in &found.facts.of::<Workload>().items {
            for container in &workload.containers {
                if let (Resolution::Known(image), Some(span)) =
                    (&container.image, &container.image_span)
                {
                    let at = file.location(span.clone(), Some(container.name.as_str().into()));
                    outcomes.extend(check_image(image, own(image), true, at));
                }
            }
        }
        for entry in &found.facts.of::<ComposeService>().items {
            if let (Some(image), Some(span), None) =
                (&entry.image, &entry.image_span, &entry.context)
            {
                let at = file.location(span.clone(), Some(entry.name.as_str().into()));
                outcomes.extend(check_image(image, own(image), false, at));
            }
        }
    }
    outcomes
}

fn last_part(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}

fn check_image(image: &str, own: bool, workload: bool, at: Location) -> Option<Outcome> {
    if image.contains(['$', '{', '<']) || image.is_empty() {
        return None;
    }
    let tag = last_part(image).split_once(':').map(|(_, tag)| tag);
    if image.contains("@sha256:") {
        return Some(Outcome::passed(
            "an image is pinned by its digest",
            Some(&at),
        ));
    }
    let evidence = match tag {
        Some("latest") if workload || !own => format!("`{image}` has the tag `latest`"),
        None if !own || !workload => format!("`{image}` has no tag"),
        Some(tag) if !own && !tag.contains(|letter: char| letter.is_ascii_digit()) => {
            format!("the tag of `{image}` names no version")
        }
        None | Some("latest") => return None,
        Some(_) => return Some(Outcome::passed("an image has a version", Some(&at))),
    };
    Some(Breach::new(at, Confidence::High, evidence).into())
}
