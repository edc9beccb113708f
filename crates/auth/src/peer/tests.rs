use std::net::SocketAddr;

use http::Request;
use proptest::prelude::*;
use seaworthy_core::{RequestId, ServiceIdentity, TraceContext};
use seaworthy_http::tls::{TlsSession, TlsVersion};

use super::*;

const ORDERS: &str = "spiffe://example.org/orders";

fn certificate(names: &[&str]) -> PeerCertificate {
    use rcgen::{CertificateParams, KeyPair, SanType};
    let mut params = CertificateParams::default();
    for name in names {
        params.subject_alt_names.push(match name.contains("://") {
            true => SanType::URI((*name).try_into().unwrap()),
            false => SanType::DnsName((*name).try_into().unwrap()),
        });
    }
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    PeerCertificate::read(&[certificate.der().clone()]).unwrap()
}

fn authenticate(
    authentication: &PeerAuthentication,
    names: Option<&[&str]>,
    options: &RouteOptions,
) -> Authentication {
    authenticate_with(authentication, names, options, &[])
}

fn authenticate_with(
    authentication: &PeerAuthentication,
    names: Option<&[&str]>,
    options: &RouteOptions,
    headers: &[(&'static str, &str)],
) -> Authentication {
    let address = SocketAddr::from(([192, 0, 2, 1], 9));
    let session = names.map(|names| TlsSession::new(TlsVersion::Tls13, Some(certificate(names))));
    let mut request = Request::new(());
    request
        .extensions_mut()
        .insert(ConnectionInfo::new(address, address, session));
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    let (parts, ()) = request.into_parts();
    let identity = ServiceIdentity::new("payments", "1.0.0");
    let context = RequestContext::new(identity, RequestId::generate(), TraceContext::root(false));
    authentication.authenticate(&parts, &Arc::new(context), options)
}

fn identity_of(authentication: Authentication) -> Option<Identity> {
    match authentication {
        Authentication::Authenticated(identity) => Some(identity),
        _ => None,
    }
}

#[test]
fn peer_is_identified_by_certificate_name_auth_6() {
    let grants = Grants::new([""; 0], ["charges:write"]);
    let peers = PeerAuthentication::new([
        Peer::new(ORDERS).grants(grants),
        Peer::new("events.internal"),
    ]);
    let options = RouteOptions::new().access(Access::Authenticated);
    let by_uri = identity_of(authenticate(&peers, Some(&["other", ORDERS]), &options)).unwrap();
    assert_eq!(by_uri.actor.as_str(), ORDERS);
    assert!(by_uri.grants.has_scope("charges:write"));
    let by_dns = identity_of(authenticate(&peers, Some(&["events.internal"]), &options)).unwrap();
    assert!(!by_dns.grants.has_scope("charges:write"));
    for unknown in [
        "spiffe://example.org/orders/x",
        "spiffe://evil.example/orders",
        "internal",
    ] {
        let refused = authenticate(&peers, Some(&[unknown]), &options);
        assert!(
            matches!(refused, Authentication::Rejected(ref error) if error.reason() == "PEER_UNKNOWN")
        );
    }
    assert!(matches!(
        authenticate(&peers, None, &options),
        Authentication::Anonymous
    ));
}

/// Authenticates every caller as a user.
struct Users;

impl Authenticate for Users {
    fn authenticate(&self, _: &Parts, _: &Arc<RequestContext>, _: &RouteOptions) -> Authentication {
        Authentication::Authenticated(Identity {
            actor: Actor::new("ada"),
            tenant: None,
            grants: Grants::default(),
            attachment: None,
        })
    }
}

#[test]
fn unknown_peers_go_to_the_next_authenticator_auth_6() {
    let peers = PeerAuthentication::new([Peer::new(ORDERS)]).or(Users);
    let options = RouteOptions::new().access(Access::Authenticated);
    let actor = |names: Option<&[&str]>| {
        identity_of(authenticate(&peers, names, &options))
            .unwrap()
            .actor
    };
    assert_eq!(actor(Some(&[ORDERS])).as_str(), ORDERS);
    assert_eq!(actor(Some(&["unknown"])).as_str(), "ada");
    assert_eq!(actor(None).as_str(), "ada");
}

#[test]
fn only_forwarding_peers_may_name_the_caller_msg_8_sec_6() {
    let peers = PeerAuthentication::new([
        Peer::new(ORDERS),
        Peer::new("gateway.internal").forwards_callers(),
    ]);
    let options = RouteOptions::new().access(Access::Authenticated);
    let headers = [("x-actor-id", "ada"), ("x-tenant-id", "t1")];
    let orders = identity_of(authenticate_with(
        &peers,
        Some(&[ORDERS]),
        &options,
        &headers,
    ))
    .unwrap();
    assert_eq!(orders.actor.as_str(), ORDERS);
    assert!(orders.tenant.is_none());
    let gateway = Some(&["gateway.internal"][..]);
    let forwarded = identity_of(authenticate_with(&peers, gateway, &options, &headers)).unwrap();
    assert_eq!(forwarded.actor.as_str(), "ada");
    assert_eq!(forwarded.tenant.unwrap().as_str(), "t1");
    let own = identity_of(authenticate(&peers, gateway, &options)).unwrap();
    assert_eq!(own.actor.as_str(), "gateway.internal");
    let long = "a".repeat(257);
    for wrong in [
        &[("x-actor-id", "ada"), ("x-actor-id", "root")][..],
        &[("x-actor-id", "")],
        &[("x-tenant-id", long.as_str())],
    ] {
        let refused = authenticate_with(&peers, gateway, &options, wrong);
        assert!(matches!(refused, Authentication::Rejected(_)), "{wrong:?}");
    }
    let anonymous = authenticate_with(&peers, None, &options, &headers);
    assert!(matches!(anonymous, Authentication::Anonymous));
}

proptest! {
    #[test]
    fn hostile_identity_headers_are_rejected_or_printable_auth_6(
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..3),
    ) {
        let mut request = Request::new(());
        for value in &values {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request.headers_mut().append(ACTOR, value);
            }
        }
        let count = request.headers().get_all(ACTOR).iter().count();
        let (parts, ()) = request.into_parts();
        match identifier(&parts, ACTOR) {
            Ok(None) => prop_assert_eq!(count, 0),
            Ok(Some(text)) => {
                prop_assert_eq!(count, 1);
                prop_assert!(!text.is_empty() && text.len() <= MAX_IDENTIFIER_LENGTH);
                prop_assert!(!text.chars().any(|character| character.is_control() && character != '\t'));
            }
            Err(_) => {}
        }
    }
}
