use std::{collections::BTreeSet, time::Instant};

use serde_json::Value;

use super::{
    json::{self, MAX_VALUES},
    rate::Rate,
};
use crate::{Event, EventType, event::WeakEventBus};

/// The maximum size of an event of a plugin in bytes. Queues keep many events, and every plugin
/// that handles the event gets it.
const MAX_SIZE: usize = 64 * 1024;

/// Publishes events of one plugin, of the types that the operator lists.
#[derive(Debug)]
pub(crate) struct EventAccess {
    /// Weak, because the bus owns the handlers, which own the plugin.
    bus: WeakEventBus,
    source: String,
    types: BTreeSet<EventType>,
    max_events_per_second: u32,
    rate: Rate,
}

impl EventAccess {
    /// Creates the access of a plugin.
    pub(crate) fn new(
        bus: WeakEventBus,
        plugin: &str,
        types: impl IntoIterator<Item = EventType>,
        max_events_per_second: u32,
    ) -> Self {
        Self {
            bus,
            source: format!("plugins/{plugin}"),
            types: types.into_iter().collect(),
            max_events_per_second,
            rate: Rate::new(max_events_per_second, Instant::now()),
        }
    }

    /// Queues an event. `size` is the size of its texts in bytes.
    ///
    /// # Errors
    /// The type is not granted, the data is not valid or too large, the plugin publishes too often,
    /// or the bus rejects the event. The text is for the plugin.
    pub(crate) fn publish(
        &self,
        kind: &str,
        data: &str,
        metadata: Vec<(String, String)>,
        size: usize,
    ) -> Result<(), String> {
        let granted = self.types.iter().find(|granted| granted.as_str() == kind);
        let Some(kind) = granted else {
            return Err(format!(
                "the type \"{kind}\" is not granted: list it in event_types"
            ));
        };
        if size > MAX_SIZE {
            return Err(format!("the event has more than {MAX_SIZE} bytes"));
        }
        let mut left = MAX_VALUES.saturating_sub(metadata.len());
        let data = match json::parse(data, &mut left) {
            Ok(Value::Object(data)) => data,
            Ok(_) => return Err("the data is not a JSON object: publish an object".to_owned()),
            Err(problem) => return Err(format!("the data {problem}")),
        };
        if !self.rate.take(Instant::now()) {
            let max = self.max_events_per_second;
            return Err(format!("the plugin exceeded max_events_per_second ({max})"));
        }
        let mut event = Event::new(kind.clone(), self.source.as_str());
        event.data = data;
        event.metadata = metadata.into_iter().collect();
        let Some(bus) = self.bus.upgrade() else {
            return Err("the service stops".to_owned());
        };
        bus.publish_async(event)
            .map_err(|error| error.message().to_owned())
    }
}
