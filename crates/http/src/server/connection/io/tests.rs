use std::num::NonZeroU32;

use rcgen::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{PrivateKeyDer, ServerName};
use seaworthy_core::Timeout;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::*;
use crate::server::registry::Registry;

const TIMEOUT: Duration = Duration::from_secs(20);

/// The two ends of a connection under TLS.
async fn connected() -> (server::TlsStream<TcpStream>, client::TlsStream<TcpStream>) {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let name = "localhost";
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let connector = TlsConnector::from(Arc::new(client));
    let connect = connector.connect(ServerName::try_from(name).unwrap(), socket);
    let accept = TlsAcceptor::from(Arc::new(server)).accept(accepted);
    tokio::try_join!(accept, connect).unwrap()
}

#[tokio::test]
async fn peer_without_close_notify_is_dropped_after_linger_sec_3() {
    let (stream, client) = connected().await;
    let socket = stream.get_ref().0;
    while tokio::time::timeout(Duration::from_millis(100), socket.writable())
        .await
        .is_ok()
    {
        while socket.try_write(&[0; 4096]).is_ok() {}
    }
    let registry = Arc::new(Registry::new(NonZeroU32::MIN, None));
    let Ok((state, ticket)) = registry.admit(socket.peer_addr().unwrap()) else {
        unreachable!("it is the first connection");
    };
    let mut limits = LimitsConfig::default();
    limits.connections.linger = Timeout::from_millis(50);
    let mut io = ConnectionIo::new(Stream::Tls(Box::new(stream)), state, ticket, &limits);
    let end = tokio::time::timeout(TIMEOUT, io.shutdown()).await.unwrap();
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(client);
}
