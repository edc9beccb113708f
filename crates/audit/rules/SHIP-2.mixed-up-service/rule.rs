//! A compose entry runs the image or has the host name of another entry.

use crate::model::Model;
use crate::model::facts::{ComposeService, is_store_image};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.mixed-up-service",
        title: "A compose entry runs the image or has the host name of another entry",
        severity: Severity::High,
        category: Category::Operations,
        meaning: "Two entries without a command of their own run one image, which is named after one of them only. Or the `hostname` of an entry is the name of another entry. Databases and brokers are excluded.",
        why: "The service is not there although its entry is, or requests for it reach another service.",
        fix: &[(
            "any",
            "Give each entry its own image and its own host name.",
        )],
        references: &["https://docs.docker.com/reference/compose-file/services/"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
    {
        let entries = found.facts.of::<ComposeService>();
        let entries = &entries.items;
        for entry in entries {
            let others = || entries.iter().filter(|other| other.name != entry.name);
            if let Some((hostname, span)) = &entry.hostname {
                let at = found
                    .file
                    .location(span.clone(), Some(entry.name.as_str().into()));
                match others().find(|other| other.name == *hostname) {
                    Some(other) => outcomes.push(
                        Breach::new(
                            at,
                            Confidence::High,
                            format!(
                                "the host name of `{}` is the name of the entry `{}`",
                                entry.name, other.name
                            ),
                        )
                        .related([other.at.clone()])
                        .into(),
                    ),
                    None => outcomes.push(Outcome::passed(
                        format!("`{}` has a host name of its own", entry.name),
                        Some(&at),
                    )),
                }
            }
            let (Some(image), Some(span)) = (&entry.image, &entry.image_span) else {
                continue;
            };
            let named_after = |other: &ComposeService| {
                let name = image.rsplit('/').next().unwrap_or(image);
                name.split([':', '@'])
                    .next()
                    .is_some_and(|name| name.contains(&other.name))
            };
            let twin = others().find(|other| {
                other.image.as_ref() == Some(image)
                    && other.command.is_empty()
                    && named_after(other)
                    && !named_after(entry)
            });
            if let Some(other) = twin
                && entry.command.is_empty()
                && entry.context.is_none()
                && !is_store_image(image)
            {
                let at = found
                    .file
                    .location(span.clone(), Some(entry.name.as_str().into()));
                outcomes.push(
                    Breach::new(
                        at,
                        Confidence::High,
                        format!("`{}` runs the image of `{}`", entry.name, other.name),
                    )
                    .related([entry.at.clone(), other.at.clone()])
                    .into(),
                );
            }
        }
    }
    outcomes
}
