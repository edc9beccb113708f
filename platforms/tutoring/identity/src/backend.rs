use std::{pin::Pin, sync::Arc};

use seaworthy::{
    config::{Conversion, LegacyVariable, Settings},
    data::{Database, DatabaseConfig, MigrationSet},
    messaging::{BrokerUrl, Messaging, MessagingConfig, Publisher, Topics},
    outbox::{Consumer, Inbox, InboxConfig, Outbox, OutboxConfig},
    prelude::*,
    redis::RedisConfig,
};
use tutoring_contract::{AccessTokenConfig, ServiceTokenConfig, use_envelopes};

use crate::ActiveSessions;

/// The name of the database in logs, probes and settings.
pub const DATABASE: &str = "database";
/// The name of the broker in logs, probes and settings.
pub const BROKER: &str = "broker";
/// The broker of a platform in one directory.
const DEFAULT_BROKER: &str = "data/tutoring/broker.db";
/// The statement timeout of workers and consumers.
const STATEMENT_TIMEOUT: Timeout = Timeout::from_secs(30);
/// The statement timeout of requests, because a user waits for the response.
const REQUEST_STATEMENT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default networks of trusted proxies: a gateway on the same machine.
const LOOPBACK_NETWORKS: [&str; 2] = ["127.0.0.1/32", "::1/128"];
/// Requests per minute of one address. The gateway has lower limits per user.
const REQUESTS: u32 = 300;

/// Sets the defaults of a service that only the gateway calls. The ports are those of HTTP and of
/// the admin listener. `variable` is the legacy environment variable of the HTTP port.
#[must_use]
pub fn behind_gateway(service: Service, variable: &'static str, ports: [u16; 2]) -> Service {
    behind_gateway_with(service, variable, ports, REQUESTS)
}

/// Does the same for a service with another number of requests per minute of one address.
#[must_use]
pub fn behind_gateway_with(
    service: Service,
    variable: &'static str,
    [http, admin]: [u16; 2],
    requests: u32,
) -> Service {
    let port = LegacyVariable::converted(variable, "server.http.addr", Conversion::Port);
    service
        .default_value("server.http.addr", format!("127.0.0.1:{http}"))
        .default_value("admin.addr", format!("127.0.0.1:{admin}"))
        .default_value("server.http.trusted_proxies", LOOPBACK_NETWORKS.as_slice())
        .default_value("server.http.rate_limit.requests", requests)
        .default_value("server.http.rate_limit.window", "1m")
        .default_value("server.http.rate_limit.legacy_headers", true)
        .legacy_variables([port])
}

/// Sets the defaults of the client of another service of the platform on the same machine.
#[must_use]
pub fn with_client(service: Service, name: &str, port: u16, timeout: &str) -> Service {
    let key = |setting: &str| format!("clients.{name}.{setting}");
    service
        .default_value(key("base_url"), format!("http://127.0.0.1:{port}"))
        // Send the client address, because services use it for rate limits and audit entries.
        .default_value(key("propagation"), "address")
        .default_value(key("policies.total_timeout"), timeout)
}

/// Returns the settings of a database file, with the timeouts of the platform.
#[must_use]
pub fn embedded_database(file: &str) -> DatabaseConfig {
    DatabaseConfig {
        statement_timeout: STATEMENT_TIMEOUT,
        request_statement_timeout: Some(REQUEST_STATEMENT_TIMEOUT),
        ..DatabaseConfig::embedded(file)
    }
}

/// Returns the settings of the broker of a platform in one directory.
#[must_use]
pub fn embedded_broker() -> MessagingConfig {
    MessagingConfig {
        url: BrokerUrl::sqlite(DEFAULT_BROKER),
        // While the broker is unavailable, messages wait in the outbox.
        critical: false,
        ..MessagingConfig::default()
    }
}

/// The database, the broker and the access tokens of a service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackendConfig {
    /// The database of the service, also of messages until they are published.
    pub database: DatabaseConfig,
    /// The Redis of active sessions. Without it, a token is valid until it expires.
    pub redis: Option<RedisConfig>,
    /// The message broker.
    pub broker: MessagingConfig,
    /// The publication of messages.
    pub outbox: OutboxConfig,
    /// The record of handled messages.
    pub inbox: InboxConfig,
    /// The secret of access tokens. All services share it.
    pub access_tokens: AccessTokenConfig,
    /// The verification of tokens of other services. Without a secret they are rejected.
    pub service_tokens: ServiceTokenConfig,
}

impl BackendConfig {
    /// Returns the settings with a database file, and the broker of a platform in one directory.
    #[must_use]
    pub fn embedded(file: &str) -> Self {
        Self {
            database: embedded_database(file),
            broker: embedded_broker(),
            ..Self::default()
        }
    }
}

/// The connections of a service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Backend {
    /// The database.
    pub database: Database,
    /// The broker, for subscriptions.
    pub messaging: Messaging,
    /// The publisher, for messages that the outbox does not store.
    pub publisher: Publisher,
    /// The outbox.
    pub outbox: Outbox,
    inbox: InboxConfig,
}

impl Backend {
    /// Connects the database and the broker, and authenticates callers by access tokens. `topics`
    /// are those that the service publishes.
    ///
    /// # Errors
    /// [`StartError`] for invalid settings and unavailable dependencies.
    pub fn start<'a, C: Settings>(
        service: &'a Assembly<C>,
        config: &'a BackendConfig,
        topics: Topics,
        migrations: &'static [MigrationSet],
    ) -> Pin<Box<dyn Future<Output = Result<Self, StartError>> + Send + 'a>> {
        // Boxed, so that the type of the caller's future stays small enough for the compiler.
        Box::pin(Self::connect(service, config, topics, migrations))
    }

    async fn connect<C: Settings>(
        service: &Assembly<C>,
        config: &BackendConfig,
        topics: Topics,
        migrations: &'static [MigrationSet],
    ) -> Result<Self, StartError> {
        use_envelopes(service);
        let sessions = Some(ActiveSessions::new(config.redis.as_ref())?);
        let tokens = &config.access_tokens;
        service.authenticate(match config.service_tokens.secret {
            Some(_) => {
                let services = &config.service_tokens;
                tokens.authentication_with_services(service, sessions, services)?
            }
            None => tokens.authentication(service, sessions)?,
        });
        let database = Database::connect(service, DATABASE, &config.database, migrations).await?;
        let messaging = Messaging::connect(service, BROKER, &config.broker).await?;
        let publisher = messaging.publisher(topics).await?;
        let outbox = Outbox::start(service, &database, publisher.clone(), &config.outbox).await?;
        let backend = Self {
            database,
            messaging,
            publisher,
            outbox,
            inbox: config.inbox.clone(),
        };
        // One worker removes the messages of all inboxes, which share a table.
        backend.inbox(DATABASE).purge_regularly(service);
        Ok(backend)
    }

    /// Subscribes consumer groups.
    ///
    /// # Errors
    /// As [`Consumer::subscribe`].
    pub async fn consume<S: Send + Sync + 'static>(
        &self,
        groups: impl IntoIterator<Item = Consumer<S>>,
        state: &Arc<S>,
    ) -> Result<(), StartError> {
        let inbox = |group: &str| self.inbox(group);
        Consumer::subscribe(groups, &self.messaging, state, inbox).await
    }

    /// Returns the inbox of a consumer group.
    #[must_use]
    pub fn inbox(&self, group: &str) -> Inbox {
        Inbox::new(self.database.clone(), group, self.inbox.clone())
    }
}
