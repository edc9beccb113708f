//! A compose service starts before its database is ready.

use crate::model::facts::{ComposeService, is_store_image};
use crate::model::{FileFacts, Model};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::source::Located;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.start-order",
        title: "A compose service starts before its database is ready",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "A compose entry names a database, cache or broker in `depends_on` without `condition: service_healthy`. The rule reports one finding per file. Development files are excluded. Low confidence: a service starts before another service of the repository is ready, or waits for other entries and not for a store that its variables name.",
        why: "The service starts while its database still starts, fails or caches an error, and restarts until the order happens to be right.",
        fix: &[(
            "any",
            "Add a `healthcheck` to the database, and `depends_on: {db: {condition: service_healthy}}` to the service.",
        )],
        references: &["https://docs.docker.com/compose/how-tos/startup-order/"],
    },
    check: Check::Repository(check),
};

/// A service that starts when another service of the repository has started, and not when it is
/// ready.
fn unready(found: &FileFacts, entries: &[Located<ComposeService>]) -> Option<Outcome> {
    let is_built = |name: &str| {
        entries
            .iter()
            .any(|entry| entry.name == name && entry.context.is_some())
    };
    let (first, name) = entries
        .iter()
        .filter(|entry| entry.context.is_some())
        .find_map(|entry| {
            let early = entry
                .depends_on
                .iter()
                .find(|(name, healthy)| !healthy && is_built(name))?;
            Some((entry, &early.0))
        })?;
    let span = first
        .depends_on_span
        .clone()
        .unwrap_or_else(|| first.at.span.clone());
    let at = found.file.location(span, Some(first.name.as_str().into()));
    let evidence = format!(
        "`{}` starts when `{name}` has started, and not when it is ready",
        first.name
    );
    Some(Breach::review(at, evidence).into())
}

/// Words of variables of a store, and of the image of the store.
const STORES: &[(&str, &str)] = &[
    ("REDIS", "redis"),
    ("RABBIT", "rabbitmq"),
    ("AMQP", "rabbitmq"),
    ("KAFKA", "kafka"),
    ("NATS", "nats"),
    ("MONGO", "mongo"),
    ("POSTGRES", "postgres"),
    ("MYSQL", "mysql"),
    ("ELASTIC", "elasticsearch"),
];

/// A migration uses only the database, and often has all variables of its service.
fn is_migration(entry: &ComposeService) -> bool {
    let mut words = entry.command.iter().chain([&entry.name]);
    words.any(|word| word.contains("migrat"))
}

/// A service that waits for other entries of its file, and not for a store of the file that its
/// variables name.
fn unnamed(found: &FileFacts, entries: &[Located<ComposeService>]) -> Option<Outcome> {
    let (entry, store) = entries
        .iter()
        .filter(|entry| entry.context.is_some() && !entry.depends_on.is_empty())
        .filter(|entry| !is_migration(entry))
        .find_map(|entry| {
            let store = entries.iter().find(|store| {
                let image = store.image.as_deref().unwrap_or_default();
                let named = STORES.iter().any(|(variable, word)| {
                    image.contains(word)
                        && entry
                            .environment
                            .iter()
                            .any(|own| own.name.contains(variable))
                });
                let waits = entry.depends_on.iter().any(|(name, _)| {
                    let waited = entries.iter().find(|other| other.name == *name);
                    waited.is_some_and(|other| {
                        other.name == store.name
                            || other
                                .depends_on
                                .iter()
                                .any(|(inner, _)| *inner == store.name)
                    })
                });
                named && is_store_image(image) && !waits
            })?;
            Some((entry, &store.name))
        })?;
    let span = entry.depends_on_span.clone()?;
    let at = found.file.location(span, Some(entry.name.as_str().into()));
    let evidence = format!(
        "`{}` has variables for `{store}`, and its start does not wait for it",
        entry.name
    );
    Some(Breach::review(at, evidence).into())
}

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
    {
        let entries = found.facts.of::<ComposeService>();
        let is_store = |name: &str| {
            entries.items.iter().any(|entry| {
                entry.name == name && entry.image.as_deref().is_some_and(is_store_image)
            })
        };
        let depending: Vec<_> = entries
            .items
            .iter()
            .filter_map(|entry| {
                let store = entry.depends_on.iter().find(|(name, _)| is_store(name))?;
                let waits = entry
                    .depends_on
                    .iter()
                    .all(|(name, healthy)| *healthy || !is_store(name));
                Some((entry, &store.0, waits))
            })
            .collect();
        let early: Vec<_> = depending.iter().filter(|(_, _, waits)| !waits).collect();
        outcomes.extend(unready(found, &entries.items));
        outcomes.extend(unnamed(found, &entries.items));
        let Some((first, store, _)) = early.first() else {
            outcomes.extend(depending.first().map(|(entry, _, _)| {
                Outcome::passed(
                    "services start when their databases are healthy",
                    Some(&entry.at),
                )
            }));
            continue;
        };
        let span = first
            .depends_on_span
            .clone()
            .unwrap_or_else(|| first.at.span.clone());
        let at = found.file.location(span, Some(first.name.as_str().into()));
        outcomes.push(
            Breach::new(
                at,
                Confidence::High,
                format!(
                    "{} of {} services do not wait until `{store}` or another store is healthy",
                    early.len(),
                    depending.len()
                ),
            )
            .related(early.iter().map(|(entry, ..)| {
                let span = entry
                    .depends_on_span
                    .clone()
                    .unwrap_or_else(|| entry.at.span.clone());
                found.file.location(span, Some(entry.name.as_str().into()))
            }))
            .into(),
        );
    }
    outcomes
}
