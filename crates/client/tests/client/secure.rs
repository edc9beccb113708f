//! SEC-1 for calls: certificates are verified, and https stays https.

use std::sync::Arc;

use parking_lot::Mutex;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use seaworthy_client::{BuildError, ClientError, HttpClientConfig, HttpVersion, RedirectProblem};
use seaworthy_testkit::authority::Authority;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::fixture::{answer, builder, client, once, serve};

/// A server for `localhost`, with its authority. It redirects `/down` to http.
async fn start() -> (Authority, String) {
    let authority = Authority::new("authority").unwrap();
    let identity = authority.server().unwrap();
    let certificate = CertificateDer::from_pem_file(identity.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(identity.key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let reply = |_: usize, seen: &crate::fixture::Seen| match seen.line.as_str() {
                    "GET /down HTTP/1.1" => {
                        answer("302 Found", "location: http://localhost:1/\r\n", "")
                    }
                    _ => answer("200 OK", "", "well"),
                };
                serve(stream, &reply, &Mutex::default()).await;
            });
        }
    });
    (authority, format!("https://localhost:{port}"))
}

pub(super) fn trusting(authority: &Authority) -> impl FnOnce(&mut HttpClientConfig) {
    let ca = authority.certificate();
    move |config| {
        once(config);
        config.tls.ca = Some(ca);
    }
}

#[tokio::test]
async fn client_trusts_configured_authority_only_sec_1() {
    let (authority, url) = start().await;
    let response = client(trusting(&authority)).get(&url).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "well");
    let (other, _) = start().await;
    let error = client(trusting(&other)).get(&url).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn redirect_to_http_needs_setting_sec_1() {
    let (authority, url) = start().await;
    let down = format!("{url}/down");
    let error = client(trusting(&authority)).get(&down).send().await;
    match error.unwrap_err() {
        ClientError::Redirect { problem, .. } => assert_eq!(problem, RedirectProblem::Downgrade),
        other => panic!("{other:?}"),
    }
    let trusting = trusting(&authority);
    let allowed = client(|config| {
        trusting(config);
        config.redirects.allow_downgrade = true;
    });
    // Port 1 has no listener, so the client followed the redirect.
    let error = allowed.get(&down).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
}

#[test]
fn build_error_contains_path_of_tls_file_sec_1() {
    let broken = |change: fn(&mut HttpClientConfig)| builder(change).build().unwrap_err();
    let error = broken(|config| config.tls.ca = Some("no/such/ca.pem".into()));
    assert!(error.to_string().contains("no/such/ca.pem"), "{error}");
    let error = broken(|config| config.tls.key = Some("client.key".into()));
    assert!(
        matches!(error, BuildError::IncompleteIdentity { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn client_uses_http_2_if_configured_res_3() {
    use http_body_util::Full;
    use hyper::{Response, service::service_fn};
    use hyper_util::{
        rt::{TokioExecutor, TokioIo},
        server::conn::auto,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service_fn(
            |request: hyper::Request<hyper::body::Incoming>| async move {
                let version = format!("{:?}", request.version());
                Ok::<_, std::convert::Infallible>(Response::new(Full::new(bytes::Bytes::from(
                    version,
                ))))
            },
        );
        let server = auto::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(stream), service).await;
    });
    let client = client(|config| config.version = HttpVersion::Http2);
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "HTTP/2.0");
}
