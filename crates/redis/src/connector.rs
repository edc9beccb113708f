use std::sync::Arc;

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisResult, TlsMode,
    aio::MultiplexedConnection,
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
};

use crate::{
    config::RedisConfig,
    sentinel::{Master, Sentinels},
    url::{RedisUrl, Topology},
};

/// The timeout of each cluster node is the caller's time divided by this. Opening a cluster tries
/// all nodes, some of them twice, so a node that does not respond delays the others by about that
/// timeout.
const NODE_SHARE: u32 = 2;

/// Opens connections.
pub(crate) enum Connector {
    Single(Client, AsyncConnectionConfig),
    Sentinel(Arc<Sentinels>),
    Cluster(ClusterClient),
}

/// An open connection. Clones share it.
#[derive(Clone)]
pub(crate) enum OpenConnection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connector {
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
                let sentinels = Sentinels::new(config, master, limits)?;
                Ok(Self::Sentinel(Arc::new(sentinels)))
            }
            Topology::Cluster => cluster(config).map(Self::Cluster),
        }
    }

    /// Opens a connection. Also returns the master, if Sentinels name it.
    pub(crate) async fn open(&self) -> RedisResult<(OpenConnection, Option<Master>)> {
        match self {
            Self::Single(client, limits) => client
                .get_multiplexed_async_connection_with_config(limits)
                .await
                .map(|connection| (OpenConnection::Server(connection), None)),
            Self::Sentinel(sentinels) => sentinels
                .open()
                .await
                .map(|(connection, master)| (OpenConnection::Server(connection), Some(master))),
            Self::Cluster(client) => client
                .get_async_connection()
                .await
                .map(|connection| (OpenConnection::Cluster(connection), None)),
        }
    }
}

fn cluster(config: &RedisConfig) -> RedisResult<ClusterClient> {
    let url = &config.url;
    let nodes: Vec<ConnectionInfo> = addresses(url)
        .into_iter()
        .map(|address| address.into_connection_info())
        .collect::<RedisResult<_>>()?;
    let mut builder = ClusterClientBuilder::new(nodes)
        .connection_timeout(config.timeout.get() / NODE_SHARE)
        .response_timeout(config.timeout.get())
        .overall_response_timeout(Some(config.timeout.get()));
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
        .map(|(host, port)| address(url, host, *port))
        .collect()
}

/// Returns the address of a host, encrypted if the URL requires it.
pub(crate) fn address(url: &RedisUrl, host: &str, port: u16) -> ConnectionAddr {
    let host = host.to_owned();
    if url.is_encrypted() {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    }
}

pub(crate) fn identity(config: &RedisConfig) -> RedisConnectionInfo {
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
