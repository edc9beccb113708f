//! Dapr: publish and subscribe over the gRPC API of the sidecar (`daprd`), on any of its
//! components.
//!
//! A publication is one CloudEvent. It is confirmed when the component has confirmed it to Dapr, so
//! its durability is that of the component. A batch uses the bulk API of Dapr.
//!
//! A session has one streaming subscription (`SubscribeTopicEventsAlpha1`) for each topic, so Dapr
//! does not call the service. Dapr 1.16 or later is needed, because earlier versions allow one
//! stream for each topic.
//!
//! A consumer group of Dapr is a property of a component: its `consumerID`, which is the ID of the
//! Dapr application by default. So each group needs its own component ([`DaprConfig::groups`]), and
//! a group without one is rejected.
//!
//! Dapr has no API for these functions:
//!
//! - The lag of a group. A subscription with `max_lag` is rejected.
//! - The order of a group. [`Subscription::ordered`](crate::Subscription::ordered) is rejected. A
//!   member handles the messages of a key one at a time, in the order in which Dapr delivers them.
//! - The number of deliveries. It is always 1, and `max_deliveries` has no effect.
//! - Reading a topic without consuming it. So dead letters need a state store component
//!   ([`DaprConfig::dead_letters`]). Without it they are messages of their topic, and listing,
//!   replaying and discarding them is rejected.
//! - The subscriptions of a topic. Publishing to a topic without a group is not an error.
//! - The groups of a topic ([`Event::GROUPS`](crate::Event::GROUPS)). The component decides
//!   whether a group receives messages from before its first start.
//! - Confirming an acknowledgement. A message may be delivered again after a stop or a crash.

mod api;
mod broker;
mod config;
mod deliveries;
mod letters;
mod publications;
mod state;
mod wire;

pub use broker::DaprBroker;
pub use config::DaprConfig;
