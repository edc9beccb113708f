//! Publish/subscribe messaging over RabbitMQ, NATS JetStream, Redis Streams, Kafka, Dapr and an
//! embedded broker.
//!
//! The broker URL chooses the engine. An engine implements [`transport::Transport`]: it publishes
//! with confirms, delivers and acknowledges. This crate implements everything else once for all
//! engines: concurrency, order by key, retries, dead letters, circuit breakers, metrics and
//! graceful shutdown. One conformance suite tests it on every engine.
//!
//! ```
//! use seaworthy_messaging::{Event, Failure, Message, Messaging, MessagingConfig, Received, Subscription, Topics};
//! use seaworthy_service::{Assembly, NoSettings, StartError};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct SymbolCreated { id: u64 }
//!
//! impl Event for SymbolCreated {
//!     const TYPE: &'static str = "symbol.created";
//!     const VERSION: u32 = 1;
//! }
//!
//! async fn assemble(service: &Assembly<NoSettings>) -> Result<(), StartError> {
//!     let messaging = Messaging::connect(service, "broker", &MessagingConfig::default()).await?;
//!     messaging.subscribe(Subscription::new("audit").on(created)).await?;
//!     let publisher = messaging.publisher(Topics::from_event::<SymbolCreated>()).await?;
//!     publisher
//!         .publish(Message::from_event(&SymbolCreated { id: 7 }).key("symbol-7"))
//!         .await
//!         .map_err(|error| StartError::with_cause("the event cannot be published", error))
//! }
//!
//! async fn created(event: Received<SymbolCreated>) -> Result<(), Failure> {
//!     tracing::info!(id = event.id, "a symbol was created");
//!     Ok(())
//! }
//! ```

mod admin;
mod broker_url;
mod command;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod consumer;
mod consumer_group;
#[cfg(feature = "dapr")]
pub mod dapr;
pub mod dead_letter;
pub mod dead_letters;
mod embedded;
mod engine;
pub mod envelope;
mod error;
mod event;
mod failure;
#[cfg(feature = "kafka")]
pub mod kafka;
mod message;
mod messaging;
mod metrics;
mod name;
#[cfg(feature = "nats")]
pub mod nats;
mod publisher;
#[cfg(feature = "rabbitmq")]
pub mod rabbitmq;
mod received;
#[cfg(feature = "redis")]
pub mod redis;
mod subscription;
mod topics;
pub mod transport;

pub use broker_url::{BrokerUrl, Engine, InvalidBrokerUrl};
pub use command::dead_letters_command;
pub use config::{EmbeddedConfig, MessagingConfig, SubscriptionConfig, SubscriptionOverrides};
pub use consumer::ConsumerReport;
pub use consumer_group::ConsumerGroup;
pub use dead_letter::{DeadLetter, DeadLetterId, DeadLetterReason, TruncatedPayload};
pub use dead_letters::DeadLetters;
pub use embedded::{MemoryBroker, SqliteBroker};
pub use envelope::{Envelope, InvalidMessageId, MessageId};
pub use error::{MessagingError, PublishError};
pub use event::Event;
pub use failure::Failure;
pub use message::Message;
pub use messaging::Messaging;
pub use name::{GroupName, InvalidName, Topic};
pub use publisher::Publisher;
pub use received::Received;
pub use subscription::Subscription;
pub use topics::Topics;
