use std::{collections::BTreeMap, fmt, sync::Arc};

use futures::future::BoxFuture;

use crate::{Envelope, Failure, Topic, event::Undecodable};

/// Decodes a message and calls its handler. The arguments are the envelope, the attempt and the
/// number of deliveries.
pub(crate) type Route = Arc<
    dyn Fn(Arc<Envelope>, u32, u32) -> Result<BoxFuture<'static, Result<(), Failure>>, Undecodable>
        + Send
        + Sync,
>;

/// Finds the handler of a message.
#[derive(Default)]
pub(crate) struct Router {
    /// The handlers by event type and version.
    types: BTreeMap<&'static str, BTreeMap<u32, Route>>,
    topics: BTreeMap<Topic, Route>,
}

impl Router {
    /// Adds a handler for an event type. Returns `false` if there is one already.
    pub(crate) fn add(&mut self, event_type: &'static str, version: u32, route: Route) -> bool {
        let versions = self.types.entry(event_type).or_default();
        versions.insert(version, route).is_none()
    }

    /// Adds a handler for a topic. Returns `false` if there is one already.
    pub(crate) fn add_topic(&mut self, topic: &Topic, route: Route) -> bool {
        self.topics.insert(topic.clone(), route).is_none()
    }

    /// Returns the handler of a message. A message without a version goes to the only version of
    /// its event type that has a handler.
    ///
    /// # Errors
    /// The reason why the message has no handler.
    pub(crate) fn route(&self, envelope: &Envelope) -> Result<&Route, String> {
        let whole_topic = self.topics.get(envelope.topic());
        let Some(versions) = self.types.get(envelope.event_type()) else {
            return whole_topic.ok_or_else(|| {
                format!("no handler for the event type {:?}", envelope.event_type())
            });
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
                "no handler for version {version} of the event type {:?}: handlers exist for {:?}",
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
            .field("types", &self.types.keys())
            .field("topics", &self.topics.keys())
            .finish()
    }
}
