//! A service that publishes messages and handles or rejects them. The tests of dead letters start
//! and kill it.

use std::{fs::File, io::Write as _, process::ExitCode, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use schemars::JsonSchema;
use seaworthy_messaging::{
    Failure, Message, Messaging, MessagingConfig, Received, Subscription, Topics,
    dead_letters_command,
};
use seaworthy_service::{Assembly, Commands, Service, StartError};
use serde::{Deserialize, Serialize};

const TOPIC: &str = "trial.happened";

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TrialConfig {
    /// The broker.
    broker: MessagingConfig,
    /// The number of messages that the service publishes at its start.
    publish: u32,
    /// Whether the handler rejects messages.
    reject: bool,
    /// The file to which the handler appends messages.
    record: String,
}

fn main() -> ExitCode {
    let topics = || Topics::new().with_topic(TOPIC);
    let commands = Commands::new().with(dead_letters_command(
        "broker",
        |settings: &TrialConfig| &settings.broker,
        topics,
    ));
    Service::new("letters-trial", env!("CARGO_PKG_VERSION")).main_with(commands, assemble)
}

async fn assemble(service: &Assembly<TrialConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let messaging = Messaging::connect(service, "broker", &settings.broker).await?;
    let record = File::options()
        .create(true)
        .append(true)
        .open(&settings.record)
        .map_err(|error| StartError::with_cause("the record cannot be opened", error))?;
    let (record, reject) = (Arc::new(Mutex::new(record)), settings.reject);
    let subscription =
        Subscription::new("trial").on_topic(TOPIC, move |received: Received<Bytes>| {
            let number = String::from_utf8_lossy(received.event()).into_owned();
            let written = if reject {
                Err(Failure::reject(format!("number {number} is not wanted")))
            } else {
                writeln!(record.lock(), "{number}").map_err(Failure::retry)
            };
            async move { written }
        });
    messaging.subscribe(subscription).await?;
    let publisher = messaging.publisher(Topics::new().with_topic(TOPIC)).await?;
    for number in 0..settings.publish {
        let message = Message::raw(TOPIC, "text/plain", number.to_string());
        let published = publisher.publish(message).await;
        published
            .map_err(|error| StartError::with_cause("a message cannot be published", error))?;
    }
    Ok(())
}
