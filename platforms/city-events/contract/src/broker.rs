use seaworthy::messaging::{BrokerUrl, MessagingConfig};

/// The default broker file, which all services of a platform in one directory share.
const DEFAULT_BROKER: &str = "data/city-events/broker.db";
/// The exchange of the legacy services.
const DEFAULT_EXCHANGE: &str = "city.events";

/// Returns the default settings of the broker.
#[must_use]
pub fn embedded_broker() -> MessagingConfig {
    let mut broker = MessagingConfig {
        url: BrokerUrl::sqlite(DEFAULT_BROKER),
        ..MessagingConfig::default()
    };
    broker.rabbitmq.exchange = DEFAULT_EXCHANGE.to_owned();
    broker
}
