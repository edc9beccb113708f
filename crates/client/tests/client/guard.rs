//! RES-4: a client for URLs of callers does not connect to internal addresses.

use std::net::{IpAddr, Ipv4Addr};

use seaworthy_client::{AllowedAddresses, ClientError, Resolve, ResolveFuture};

use crate::fixture::{Server, answer, builder};

/// Every name is this machine.
struct Inward;

impl Resolve for Inward {
    fn resolve(&self, _: &str) -> ResolveFuture {
        Box::pin(async { Ok(vec![IpAddr::from(Ipv4Addr::LOCALHOST)]) })
    }
}

#[tokio::test]
async fn client_rejects_internal_addresses_in_all_forms_res_4() {
    let server = Server::start(|_, _| answer("200 OK", "", "secret")).await;
    let port = server.address.port();
    let client = builder(|config| config.addresses = AllowedAddresses::Public).resolver(Inward);
    let client = client.build().unwrap();
    for host in [
        "innocent.example",
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "169.254.169.254",
    ] {
        let url = format!("http://{host}:{port}/latest/meta-data");
        let error = client.get(&url).send().await.unwrap_err();
        assert!(
            matches!(error, ClientError::AddressDenied { .. }),
            "{host}: {error:?}"
        );
    }
    assert!(server.seen().is_empty());
    assert_eq!(client.policies().snapshot().retry.retries, 0);
    assert!(client.policies().snapshot().breaker.trips.is_empty());
}

#[tokio::test]
async fn client_calls_internal_addresses_by_default_res_4() {
    let server = Server::start(|_, _| answer("200 OK", "", "well")).await;
    let client = builder(|_| {}).resolver(Inward).build().unwrap();
    let url = format!("http://stock.internal:{}/", server.address.port());
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "well");
}
