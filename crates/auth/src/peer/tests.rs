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

fn ask(
    authentication: &PeerAuthentication,
    names: Option<&[&str]>,
    options: &RouteOptions,
) -> Authentication {
    ask_with(authentication, names, options, &[])
}

fn ask_with(
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

fn known(authentication: Authentication) -> Option<Identity> {
    match authentication {
        Authentication::Known(identity) => Some(identity),
        _ => None,
    }
}

#[test]
fn a_service_is_known_by_a_name_of_its_certificate_auth_6() {
    let grants = Grants::new([""; 0], ["charges:write"]);
    let peers = PeerAuthentication::new([
        Peer::new(ORDERS).grants(grants),
        Peer::new("events.internal"),
    ]);
    let options = RouteOptions::new().access(Access::Authenticated);
    let by_uri = known(ask(&peers, Some(&["other", ORDERS]), &options)).unwrap();
    assert_eq!(by_uri.actor.as_str(), ORDERS);
    assert!(by_uri.grants.has_scope("charges:write"));
    let by_dns = known(ask(&peers, Some(&["events.internal"]), &options)).unwrap();
    assert!(!by_dns.grants.has_scope("charges:write"));
    for stranger in [
        "spiffe://example.org/orders/x",
        "spiffe://evil.example/orders",
        "internal",
    ] {
        let refused = ask(&peers, Some(&[stranger]), &options);
        assert!(
            matches!(refused, Authentication::Refused(ref error) if error.reason() == "PEER_UNKNOWN")
        );
    }
    assert!(matches!(
        ask(&peers, None, &options),
        Authentication::Anonymous
    ));
}

/// Knows everybody as a person.
struct People;

impl Authenticate for People {
    fn authenticate(&self, _: &Parts, _: &Arc<RequestContext>, _: &RouteOptions) -> Authentication {
        Authentication::Known(Identity {
            actor: Actor::new("ada"),
            tenant: None,
            grants: Grants::default(),
            attachment: None,
        })
    }
}

#[test]
fn who_is_no_service_may_be_a_person_auth_6() {
    let peers = PeerAuthentication::new([Peer::new(ORDERS)]).or(People);
    let options = RouteOptions::new().access(Access::Authenticated);
    let actor = |names: Option<&[&str]>| known(ask(&peers, names, &options)).unwrap().actor;
    assert_eq!(actor(Some(&[ORDERS])).as_str(), ORDERS);
    assert_eq!(actor(Some(&["stranger"])).as_str(), "ada");
    assert_eq!(actor(None).as_str(), "ada");
}

#[test]
fn only_a_service_that_may_is_believed_whom_it_asks_for_msg_8_sec_6() {
    let peers = PeerAuthentication::new([
        Peer::new(ORDERS),
        Peer::new("gateway.internal").forwards_callers(),
    ]);
    let options = RouteOptions::new().access(Access::Authenticated);
    let told = [("x-actor-id", "ada"), ("x-tenant-id", "t1")];
    let orders = known(ask_with(&peers, Some(&[ORDERS]), &options, &told)).unwrap();
    assert_eq!(orders.actor.as_str(), ORDERS);
    assert!(orders.tenant.is_none());
    let gateway = Some(&["gateway.internal"][..]);
    let spoken = known(ask_with(&peers, gateway, &options, &told)).unwrap();
    assert_eq!(spoken.actor.as_str(), "ada");
    assert_eq!(spoken.tenant.unwrap().as_str(), "t1");
    let own = known(ask(&peers, gateway, &options)).unwrap();
    assert_eq!(own.actor.as_str(), "gateway.internal");
    let long = "a".repeat(257);
    for wrong in [
        &[("x-actor-id", "ada"), ("x-actor-id", "root")][..],
        &[("x-actor-id", "")],
        &[("x-tenant-id", long.as_str())],
    ] {
        let refused = ask_with(&peers, gateway, &options, wrong);
        assert!(matches!(refused, Authentication::Refused(_)), "{wrong:?}");
    }
    let nobody = ask_with(&peers, None, &options, &told);
    assert!(matches!(nobody, Authentication::Anonymous));
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
                prop_assert!(!text.chars().any(|one| one.is_control() && one != '\t'));
            }
            Err(_) => {}
        }
    }
}
