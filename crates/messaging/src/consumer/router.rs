use std::{collections::BTreeMap, fmt, sync::Arc};

use futures::future::BoxFuture;

use crate::{Envelope, Failure, Topic, event::Undecodable};

/// Decodes a message and begins to handle it: the envelope, the attempt, and how often it was delivered.
pub(crate) type Route = Arc<
    dyn Fn(Arc<Envelope>, u32, u32) -> Result<BoxFuture<'static, Result<(), Failure>>, Undecodable>
        + Send
        + Sync,
>;

/// Which handler a message belongs to.
#[derive(Default)]
pub(crate) struct Router {
    /// By kind, then by version.
    kinds: BTreeMap<&'static str, BTreeMap<u32, Route>>,
    topics: BTreeMap<Topic, Route>,
}

impl Router {
    /// `false` where there is a handler already.
    pub(crate) fn add(&mut self, kind: &'static str, version: u32, route: Route) -> bool {
        let versions = self.kinds.entry(kind).or_default();
        versions.insert(version, route).is_none()
    }

    /// `false` where there is a handler already.
    pub(crate) fn add_topic(&mut self, topic: &Topic, route: Route) -> bool {
        self.topics.insert(topic.clone(), route).is_none()
    }

    /// The handler of a message. One that tells no version is taken to be of the only one that is handled.
    ///
    /// # Errors
    /// What is unknown about it, for people.
    pub(crate) fn route(&self, envelope: &Envelope) -> Result<&Route, String> {
        let whole_topic = self.topics.get(envelope.topic());
        let Some(versions) = self.kinds.get(envelope.event_type()) else {
            return whole_topic
                .ok_or_else(|| format!("no handler for the kind {:?}", envelope.event_type()));
        };
        let mut all = versions.values();
        let found = match (envelope.version(), versions.len()) {
            (Some(version), _) => versions.get(&version),
            (None, 1) => all.next(),
            (None, _) => None,
        };
        found.or(whole_topic).ok_or_else(|| {
            let version = envelope
                .version()
                .map_or_else(|| "unknown".to_owned(), |version| version.to_string());
            format!(
                "no handler for version {version} of {:?}; there are {:?}",
                envelope.event_type(),
                versions.keys()
            )
        })
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Router")
            .field("kinds", &self.kinds.keys())
            .field("topics", &self.topics.keys())
            .finish()
    }
}
