use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::address::{AddressDenied, AllowedAddresses};

/// A future of the addresses of a name.
pub type ResolveFuture = BoxFuture<'static, io::Result<Vec<IpAddr>>>;

/// Resolves names. A client resolves a name for every connection.
pub trait Resolve: Send + Sync + 'static {
    /// Returns the addresses of a name in the order of preference.
    fn resolve(&self, host: &str) -> ResolveFuture;
}

/// The resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> ResolveFuture {
        let host = host.to_owned();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// Returns the resolver of the operating system.
#[must_use]
pub fn system_resolver() -> Arc<dyn Resolve> {
    Arc::new(SystemResolver)
}

/// A resolver that removes addresses that the client may not connect to. The client connects to the
/// checked address, so that a name cannot change in between.
#[derive(Clone)]
pub(super) struct Guarded {
    resolver: Arc<dyn Resolve>,
    addresses: AllowedAddresses,
}

impl Guarded {
    pub(super) fn new(resolver: Arc<dyn Resolve>, addresses: AllowedAddresses) -> Self {
        Self {
            resolver,
            addresses,
        }
    }
}

impl Service<Name> for Guarded {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolving, guard) = (self.resolver.resolve(name.as_str()), self.addresses);
        Box::pin(async move {
            let mut denied: Option<AddressDenied> = None;
            let mut allowed = Vec::new();
            for address in resolving.await? {
                match guard.check(address) {
                    Ok(()) => allowed.push(SocketAddr::new(address, 0)),
                    Err(error) => denied = Some(error),
                }
            }
            match denied {
                Some(error) if allowed.is_empty() => Err(io::Error::other(error)),
                _ if allowed.is_empty() => Err(io::ErrorKind::NotFound.into()),
                _ => Ok(allowed.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A name that changes its address with every query.
    struct Rebinding(AtomicUsize);

    impl Resolve for Rebinding {
        fn resolve(&self, _: &str) -> ResolveFuture {
            let answers = ["8.8.8.8", "127.0.0.1", "::ffff:169.254.169.254"];
            let asked = self.0.fetch_add(1, Ordering::Relaxed);
            let address = answers[asked % answers.len()].parse().unwrap();
            Box::pin(async move { Ok(vec![address]) })
        }
    }

    async fn ask(guarded: &mut Guarded) -> Result<Vec<SocketAddr>, String> {
        let answer = guarded.call("rebind.example".parse().unwrap()).await;
        answer
            .map(Iterator::collect)
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn rebinding_name_is_denied_res_4() {
        let mut guarded = Guarded::new(
            Arc::new(Rebinding(AtomicUsize::new(0))),
            AllowedAddresses::Public,
        );
        assert_eq!(
            ask(&mut guarded).await.unwrap(),
            ["8.8.8.8:0".parse().unwrap()]
        );
        for denied in ["127.0.0.1", "::ffff:169.254.169.254"] {
            let error = ask(&mut guarded).await.unwrap_err();
            assert!(error.contains(denied), "{error}");
        }
    }

    #[tokio::test]
    async fn public_addresses_of_mixed_name_are_used_res_4() {
        struct Mixed;
        impl Resolve for Mixed {
            fn resolve(&self, _: &str) -> ResolveFuture {
                let addresses = ["10.0.0.1", "8.8.8.8", "::1"].map(|text| text.parse().unwrap());
                Box::pin(async move { Ok(addresses.to_vec()) })
            }
        }
        let mut guarded = Guarded::new(Arc::new(Mixed), AllowedAddresses::Public);
        assert_eq!(
            ask(&mut guarded).await.unwrap(),
            ["8.8.8.8:0".parse().unwrap()]
        );
    }
}
