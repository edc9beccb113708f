use std::{
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Uri, uri::Scheme};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use seaworthy_core::Timeout;
use tokio::net::TcpStream;
use tower_service::Service;

use super::{
    address::Addresses,
    resolver::{Guarded, Resolve},
    tls::{FollowedTls, Presents},
};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The way to an open connection took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no connection within {0:?}")]
pub(crate) struct ConnectTimedOut(pub(crate) Duration);

/// Opens connections.
#[derive(Clone)]
pub(crate) struct Connector {
    tcp: HttpConnector<Guarded>,
    tls: Arc<FollowedTls>,
    presents: Presents,
    addresses: Addresses,
    limit: Duration,
}

impl Connector {
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        addresses: Addresses,
        tls: FollowedTls,
        limit: Timeout,
    ) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Guarded::new(resolver, addresses));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self {
            tcp,
            tls: Arc::new(tls),
            presents: Presents::Identity,
            addresses,
            limit: limit.get(),
        }
    }

    /// Returns the connector without the client's certificate. `None` if it has none.
    pub(crate) fn anonymous(&self) -> Option<Self> {
        self.tls.has_identity().then(|| Self {
            presents: Presents::Nothing,
            ..self.clone()
        })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // An address that stands in the URL is never asked of the resolver.
        let written = uri
            .host()
            .and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        if let Some(Err(denied)) = written.map(|address| self.addresses.check(address)) {
            return Box::pin(async move { Err(denied.into()) });
        }
        let (tcp, tls, limit) = (self.tcp.clone(), Arc::clone(&self.tls), self.limit);
        let presents = self.presents;
        let looks = tls.has_files() && uri.scheme() == Some(&Scheme::HTTPS);
        let connecting = async move {
            let tls = if looks {
                tokio::task::spawn_blocking(move || tls.look(presents)).await?
            } else {
                tls.known(presents)
            };
            HttpsConnector::from((tcp, tls)).call(uri).await
        };
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(result) => result,
                Err(_) => Err(ConnectTimedOut(limit).into()),
            }
        })
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
