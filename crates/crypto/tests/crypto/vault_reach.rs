//! Vault with TLS and with namespaces (SEC-5).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_core::Secret;
use seaworthy_crypto::{Context, CryptoError, KeyId, Sealer, VaultTransit, VaultTransitConfig};
use seaworthy_testkit::{
    authority::{Authority, Identity},
    requirement::required,
    vault::VaultServer,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// Starts a TLS proxy for a server on loopback. Returns its address.
async fn behind_tls(identity: &Identity, server: SocketAddr) -> SocketAddr {
    let chain = CertificateDer::pem_file_iter(&identity.certificate).unwrap();
    let chain: Vec<_> = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&identity.key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that rejects the certificate closes the connection.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut server = TcpStream::connect(server).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            });
        }
    });
    address
}

fn transit(
    url: &str,
    token: &str,
    ca: Option<PathBuf>,
    namespace: Option<&str>,
) -> Result<VaultTransit, CryptoError> {
    let mut client = HttpClientConfig {
        base_url: Some(url.parse().unwrap()),
        ..HttpClientConfig::default()
    };
    client.tls.ca = ca;
    let client = HttpClient::builder("vault").config(client).build().unwrap();
    let config = VaultTransitConfig {
        namespace: namespace.map(str::to_owned),
        ..VaultTransitConfig::new(KeyId::new("events").unwrap())
    };
    VaultTransit::new(client, Secret::new(token.to_owned()), config)
}

#[tokio::test]
async fn vault_is_trusted_only_by_its_authority_sec_5() {
    let Some(program) = required("SEAWORTHY_TEST_VAULT") else {
        return;
    };
    let vault = VaultServer::start(program).unwrap();
    vault
        .call("POST", "transit/keys/events", &Value::Null)
        .unwrap();
    let own = Authority::new("own").unwrap();
    let other = Authority::new("own").unwrap();
    let address = behind_tls(&own.server().unwrap(), vault.address()).await;
    let url = format!("https://localhost:{}", address.port());
    let context = Context::new("users", "phone");
    let trusted = transit(&url, vault.root_token(), Some(own.certificate()), None);
    let sealer = Sealer::new(trusted.unwrap());
    let value = sealer.seal(&7_u32, &context).await.unwrap();
    sealer.renew_data_key();
    assert_eq!(sealer.open(&value, &context).await.unwrap(), 7);
    // The authorities of the system did not sign the certificate.
    for ca in [None, Some(other.certificate())] {
        let untrusting = transit(&url, vault.root_token(), ca, None).unwrap();
        let error = Sealer::new(untrusting).open(&value, &context).await;
        let error = error.unwrap_err();
        assert!(matches!(error, CryptoError::Unreachable(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(vault.root_token()));
    }
}

/// Answers one request as Vault responds to a rotation. Returns the head of the request.
async fn one_request(listener: TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = String::new();
    while !head.contains("\r\n\r\n") {
        let mut part = [0; 1_024];
        match stream.read(&mut part).await.unwrap() {
            0 => panic!("it ends at {head:?}"),
            length => head.push_str(str::from_utf8(part.get(..length).unwrap()).unwrap()),
        }
    }
    let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    stream.write_all(answer).await.unwrap();
    head.to_lowercase()
}

#[tokio::test]
async fn vault_requests_contain_namespace_sec_5() {
    for namespace in [Some("team-a/services"), None] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let head: JoinHandle<String> = tokio::spawn(one_request(listener));
        let transit = transit(&url, "token", None, namespace).unwrap();
        Sealer::new(transit).rotate().await.unwrap();
        let head = head.await.unwrap();
        assert!(
            head.starts_with("post /v1/transit/keys/events/rotate http/1.1"),
            "{head}"
        );
        let sent = head.contains("x-vault-namespace: team-a/services\r\n");
        assert_eq!(sent, namespace.is_some(), "{head}");
    }
    assert!(transit("http://127.0.0.1", "token", None, Some("a\nb")).is_err());
}
