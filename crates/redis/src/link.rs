use crate::{
    config::RedisConfig,
    url::{RedisUrl, Topology},
};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisResult, TlsMode,
    aio::MultiplexedConnection,
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
    sentinel::{SentinelClientBuilder, SentinelServerType},
};

/// How connections are made.
pub(crate) enum Link {
    Single(Client, AsyncConnectionConfig),
    Sentinel(RedisConfig, String, AsyncConnectionConfig),
    Cluster(ClusterClient),
}

/// A connection that is open. Clones share it.
#[derive(Clone)]
pub(crate) enum Open {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    pub(crate) fn new(config: &RedisConfig) -> RedisResult<Self> {
        let url = &config.url;
        let timeout = Some(config.timeout.get());
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(timeout)
            .set_response_timeout(timeout);
        match url.topology() {
            Topology::Single => {
                let first = addresses(url).into_iter().next();
                let address = first.unwrap_or_else(|| ConnectionAddr::Tcp(String::new(), 0));
                let info = address
                    .into_connection_info()?
                    .set_redis_settings(identity(config));
                Ok(Self::Single(Client::open(info)?, limits))
            }
            Topology::Sentinel { master } => {
                Ok(Self::Sentinel(config.clone(), master.clone(), limits))
            }
            Topology::Cluster => cluster(config).map(Self::Cluster),
        }
    }

    pub(crate) async fn open(&self) -> RedisResult<Open> {
        match self {
            Self::Single(client, limits) => client
                .get_multiplexed_async_connection_with_config(limits)
                .await
                .map(Open::Server),
            Self::Sentinel(config, master, limits) => {
                sentinel(config, master, limits).await.map(Open::Server)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Open::Cluster),
        }
    }
}

/// Asks the Sentinels anew each time: who was the master before may have been replaced.
async fn sentinel(
    config: &RedisConfig,
    master: &str,
    limits: &AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    let url = &config.url;
    let sentinels = addresses(url);
    let mut builder = SentinelClientBuilder::new(sentinels, master, SentinelServerType::Master)?
        .set_client_to_redis_db(url.database());
    if url.is_encrypted() {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    if let Some(user) = url.user() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = password(config) {
        builder = builder.set_client_to_redis_password(password);
    }
    builder
        .build()?
        .get_async_connection_with_config(limits)
        .await
}

fn cluster(config: &RedisConfig) -> RedisResult<ClusterClient> {
    let url = &config.url;
    let nodes: Vec<ConnectionInfo> = addresses(url)
        .into_iter()
        .map(|address| address.into_connection_info())
        .collect::<RedisResult<_>>()?;
    let mut builder = ClusterClientBuilder::new(nodes)
        .connection_timeout(config.timeout.get())
        .response_timeout(config.timeout.get());
    if url.is_encrypted() {
        builder = builder.tls(TlsMode::Secure);
    }
    if let Some(user) = url.user() {
        builder = builder.username(user);
    }
    if let Some(password) = password(config) {
        builder = builder.password(password);
    }
    builder.build()
}

fn addresses(url: &RedisUrl) -> Vec<ConnectionAddr> {
    url.hosts()
        .iter()
        .map(|(host, port)| {
            if url.is_encrypted() {
                ConnectionAddr::TcpTls {
                    host: host.clone(),
                    port: *port,
                    insecure: false,
                    tls_params: None,
                }
            } else {
                ConnectionAddr::Tcp(host.clone(), *port)
            }
        })
        .collect()
}

fn identity(config: &RedisConfig) -> RedisConnectionInfo {
    let mut identity = RedisConnectionInfo::default().set_db(config.url.database());
    if let Some(user) = config.url.user() {
        identity = identity.set_username(user);
    }
    if let Some(password) = password(config) {
        identity = identity.set_password(password);
    }
    identity
}

fn password(config: &RedisConfig) -> Option<&str> {
    config.url.password().or_else(|| {
        config
            .password
            .as_ref()
            .map(|secret| secret.expose().as_str())
    })
}
