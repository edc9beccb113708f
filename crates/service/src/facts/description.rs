use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parking_lot::Mutex;
use seaworthy_facts::{Migrations, Subscription};

/// The topics, groups and tables of a service. The parts of the framework record it when a service
/// uses them. Cheap to clone, and clones share the record.
///
/// ```
/// use seaworthy_service::Description;
///
/// let description = Description::default();
/// description.publishes(["order.placed"]);
/// assert!(format!("{description:?}").contains("order.placed"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Description(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    published: BTreeSet<String>,
    subscriptions: BTreeMap<String, BTreeSet<String>>,
    migrations: BTreeMap<String, Vec<String>>,
}

impl Description {
    /// Records topics that the service publishes.
    pub fn publishes<'a>(&self, topics: impl IntoIterator<Item = &'a str>) {
        let topics = topics.into_iter().map(str::to_owned);
        self.0.lock().published.extend(topics);
    }

    /// Records topics that a consumer group of the service consumes.
    pub fn subscribes<'a>(&self, group: &str, topics: impl IntoIterator<Item = &'a str>) {
        let topics = topics.into_iter().map(str::to_owned);
        let mut inner = self.0.lock();
        let known = inner.subscriptions.entry(group.to_owned());
        known.or_default().extend(topics);
    }

    /// Records the migrations of a database, in their order.
    pub fn migrates(&self, database: &str, migrations: impl IntoIterator<Item = String>) {
        let migrations = migrations.into_iter().collect();
        let mut inner = self.0.lock();
        inner.migrations.insert(database.to_owned(), migrations);
    }

    /// Returns whether a database has the migrations of a part, such as `leases`.
    #[must_use]
    pub fn has_migrations(&self, database: &str, part: &str) -> bool {
        let inner = self.0.lock();
        let mut migrations = inner.migrations.get(database).into_iter().flatten();
        migrations.any(|name| name.split_once('/').is_some_and(|(set, _)| set == part))
    }

    pub(super) fn published(&self) -> Vec<String> {
        self.0.lock().published.iter().cloned().collect()
    }

    pub(super) fn subscriptions(&self) -> Vec<Subscription> {
        let inner = self.0.lock();
        let subscriptions = inner.subscriptions.iter();
        subscriptions
            .map(|(group, topics)| Subscription {
                group: group.clone(),
                topics: topics.iter().cloned().collect(),
            })
            .collect()
    }

    pub(super) fn migrations(&self) -> Vec<Migrations> {
        let inner = self.0.lock();
        let migrations = inner.migrations.iter();
        migrations
            .map(|(database, migrations)| Migrations {
                database: database.clone(),
                migrations: migrations.clone(),
            })
            .collect()
    }
}
