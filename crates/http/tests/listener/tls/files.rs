//! Reloads of new TLS files, and errors of invalid ones.

use std::fs;

use rcgen::CertificateParams;
use seaworthy_core::Timeout;
use seaworthy_http::{
    server::{ListenError, Listener, ListenerConfig},
    tls::{ClientCertificates, Reload, TlsConfig},
};

use super::authority::Authority;

#[tokio::test]
async fn changed_tls_files_are_loaded_invalid_ones_are_ignored_sec_1() {
    let authority = Authority::new();
    let fixture = authority.start(|_| {}).await;
    let shown = async || {
        let stream = authority.client().connect(&fixture).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let first = shown().await;
    assert_eq!(
        fixture.server.reload_tls().await.unwrap(),
        Reload::Unchanged
    );

    authority.write_server_files();
    assert_eq!(fixture.server.reload_tls().await.unwrap(), Reload::Changed);
    let second = shown().await;
    assert_ne!(first, second);

    fs::write(authority.path("server.pem"), "half a file").unwrap();
    let error = fixture.server.reload_tls().await.unwrap_err().to_string();
    assert!(
        error.contains("server.pem contains no certificate"),
        "{error}"
    );
    assert_eq!(shown().await, second);
    let stats = fixture.server.stats();
    assert_eq!((stats.tls_reloads, stats.tls_reload_failures), (1, 1));
}

#[tokio::test]
async fn expiry_is_that_of_the_certificate_in_use_sec_1() {
    let authority = Authority::new();
    let write = |year| {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let (certificate, key) = authority.issue(&params);
        fs::write(authority.path("server.pem"), certificate).unwrap();
        fs::write(authority.path("server.key"), key).unwrap();
    };
    write(2040);
    let fixture = authority.start(|_| {}).await;
    assert_eq!(fixture.server.certificate_expires(), Some(2_208_988_800));
    write(2050);
    assert_eq!(fixture.server.reload_tls().await.unwrap(), Reload::Changed);
    assert_eq!(fixture.server.certificate_expires(), Some(2_524_608_000));
}

#[tokio::test]
async fn finds_new_files_by_itself_sec_1() {
    let authority = Authority::new();
    let fixture = authority
        .start(|tls| tls.reload_interval = Timeout::from_millis(20))
        .await;
    authority.write_server_files();
    fixture
        .until(|fixture| fixture.server.stats().tls_reloads > 0)
        .await;
}

#[tokio::test]
async fn invalid_files_are_named_with_their_error_sec_1() {
    let authority = Authority::new();
    let other = Authority::new();
    fs::write(authority.path("empty.pem"), "").unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    fs::write(authority.path("expired.pem"), authority.issue(&params).0).unwrap();
    let with_certificate =
        |name| TlsConfig::new(authority.path(name), authority.path("server.key"));
    let with_key = |key| TlsConfig::new(authority.path("server.pem"), key);
    let without_authority = TlsConfig {
        client_certificates: ClientCertificates::Required,
        ..authority.config()
    };
    let expired = "expired.pem contains a certificate that is valid only";
    let no_key = "server.pem contains no usable private key";
    for (expected, tls) in [
        ("absent.pem", with_certificate("absent.pem")),
        (
            "empty.pem contains no certificate",
            with_certificate("empty.pem"),
        ),
        (expired, with_certificate("expired.pem")),
        (no_key, with_key(authority.path("server.pem"))),
        (
            "does not belong to the certificate",
            with_key(other.path("server.key")),
        ),
        ("client_certificates needs client_ca", without_authority),
    ] {
        let config = ListenerConfig {
            address: ([127, 0, 0, 1], 0).into(),
            tls: Some(tls),
            ..ListenerConfig::default()
        };
        let error = Listener::bind(&config).await.unwrap_err();
        assert!(matches!(error, ListenError::Tls(_)));
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_without_end_is_an_error_that_names_it_sec_1() {
    let authority = Authority::new();
    let rejection = async |tls: TlsConfig| {
        let config = ListenerConfig {
            address: ([127, 0, 0, 1], 0).into(),
            tls: Some(tls),
            ..ListenerConfig::default()
        };
        let ListenError::Tls(error) = Listener::bind(&config).await.unwrap_err() else {
            unreachable!("the address is free");
        };
        error.to_string()
    };
    assert_eq!(
        rejection(TlsConfig::new("/dev/zero", authority.path("server.key"))).await,
        "the TLS file /dev/zero is not a regular file"
    );
    assert_eq!(
        rejection(TlsConfig::new(authority.path("server.pem"), "/dev/zero")).await,
        "the TLS file /dev/zero is not a regular file"
    );
    let large = authority.path("large.pem");
    fs::write(&large, vec![b'\n'; (1 << 20) + 1]).unwrap();
    assert_eq!(
        rejection(TlsConfig::new(&large, authority.path("server.key"))).await,
        format!(
            "the TLS file {} is larger than 1048576 bytes",
            large.display()
        )
    );
}
