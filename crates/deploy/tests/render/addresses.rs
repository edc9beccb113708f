//! The network policies of the platforms, compared with the addresses in their settings.

use seaworthy_deploy::{Files, Overlay, render};
use seaworthy_facts::{Dependency, Facts};

use crate::sample::{facts, join, overlay, platforms, repository};

/// Suffixes of settings with addresses to which the service does not connect, and the reason.
const NOT_OPENED: [(&str, &str); 9] = [
    (".addr", "a listener of the service"),
    ("allowed_origins", "the pages of browsers that CORS allows"),
    ("redirect_uris", "browsers return to it from the provider"),
    (
        "oauth.callback_url",
        "browsers return to it from the provider",
    ),
    ("oauth.frontend_origin", "the page of the browser"),
    ("verify_email.base_url", "a link in mails"),
    ("password_reset.base_url", "a link in mails"),
    ("pictures_url", "a link in pages"),
    ("certificate_url", "a link in certificates"),
];

/// Providers on the internet whose address is a default: the service and the setting.
const PROVIDERS: [(&str, &str); 9] = [
    ("auth-service", "oauth.google.issuer"),
    ("tutoring-notification", "clients.apns.base_url"),
    ("tutoring-notification", "clients.fcm.base_url"),
    ("tutoring-notification", "clients.google_tokens.base_url"),
    ("tutoring-payment", "clients.razorpay.base_url"),
    ("tutoring-student-auth", "google.issuer"),
    ("tutoring-student-auth", "sms.url"),
    ("tutoring-trainer-auth", "identity.google.issuer"),
    ("tutoring-trainer-auth", "identity.sms.url"),
];

/// Whether a value of a setting is the address of a server: a URL, or `host:port`.
fn is_address(value: &str) -> bool {
    if let Some((scheme, rest)) = value.split_once("://") {
        return scheme != "file" && !rest.is_empty() && !rest.starts_with('/');
    }
    let pair = value.rsplit_once(':');
    pair.is_some_and(|(host, port)| {
        let is_host = |it: char| it.is_ascii_alphanumeric() || ".-".contains(it);
        !host.is_empty() && host.chars().all(is_host) && port.parse::<u16>().is_ok()
    })
}

fn is_opened(key: &str) -> bool {
    let key = key.split_once('[').map_or(key, |(list, _)| list);
    !NOT_OPENED.iter().any(|(end, _)| key.ends_with(end))
}

#[test]
fn every_address_in_the_settings_is_a_dependency_ship_3() {
    let mut found = 0;
    for deploy in platforms() {
        for service in facts(&deploy) {
            let addresses = service
                .values
                .iter()
                .filter(|(key, value)| value.as_str().is_some_and(is_address) && is_opened(key));
            for (key, value) in addresses {
                found += 1;
                let mut known = service.dependencies.iter();
                let is_known = known.any(|dependency| dependency.setting == *key);
                assert!(is_known, "{}: {key}: {value}", service.name);
            }
        }
    }
    assert!(found > 50, "{found}");
}

#[test]
fn every_provider_by_default_is_a_dependency_ship_3() {
    let platforms = platforms();
    let all: Vec<Facts> = platforms.iter().flat_map(|deploy| facts(deploy)).collect();
    for (name, setting) in PROVIDERS {
        let service = all.iter().find(|facts| facts.name == name).unwrap();
        let mut known = service.dependencies.iter();
        let known = known.find(|dependency| dependency.setting == setting);
        assert_eq!(known.and_then(|it| it.port), Some(443), "{name}: {setting}");
    }
}

#[test]
fn every_dependency_has_an_egress_rule_ship_3() {
    for deploy in platforms() {
        let (facts, overlay) = (facts(&deploy), overlay(&deploy));
        let files = render(&facts, &overlay).unwrap();
        for service in &facts {
            let policy = &files[&format!("kubernetes/base/{}/network.yaml", service.name)];
            let (_, egress) = policy.split_once("  egress:\n").unwrap();
            for port in service.dependencies.iter().filter_map(|it| it.port) {
                let rule = format!("port: {port}}}");
                assert!(egress.contains(&rule), "{} {port}: {egress}", service.name);
            }
        }
    }
}

/// A rendered Service for clients.
struct ClientService {
    name: String,
    /// The service whose pods it selects.
    selected: String,
    ports: Vec<u16>,
    is_headless: bool,
}

fn services(files: &Files) -> Vec<ClientService> {
    let texts = files
        .iter()
        .filter(|(path, _)| path.ends_with("/deployment.yaml"));
    let objects = texts.flat_map(|(_, text)| text.split("---\n"));
    let services = objects.filter(|text| text.contains("kind: Service\n"));
    services
        .map(|text| {
            let after = |start: &str| {
                let (_, rest) = text.split_once(start).unwrap();
                rest.split([',', '}']).next().unwrap().to_owned()
            };
            let ports = text.split(", port: ").skip(1);
            let ports = ports.map(|port| port.split_once(',').unwrap().0.parse().unwrap());
            ClientService {
                name: after("metadata: {name: "),
                selected: after("selector: {app.kubernetes.io/name: "),
                ports: ports.collect(),
                is_headless: text.contains("clusterIP: None"),
            }
        })
        .collect()
}

/// Other hosts do not exist in a cluster. A caller whose settings have another port gets no rule to
/// the pods of the service.
#[test]
fn clients_have_the_name_port_and_authority_of_services_ship_3() {
    let mut found = 0;
    for deploy in platforms() {
        let platform = facts(&deploy);
        let files = render(&platform, &overlay(&deploy)).unwrap();
        let services = services(&files);
        for caller in &platform {
            let policy = |name: &str| &files[&format!("kubernetes/base/{name}/network.yaml")];
            let pods = |name: &str| {
                format!("{{podSelector: {{matchLabels: {{seaworthy.dev/network: {name}}}}}}}")
            };
            let of_http = |setting: &str| setting.starts_with("clients.") || setting == "auth_url";
            for client in &caller.dependencies {
                let (setting, host) = (&client.setting, client.host.as_deref().unwrap_or_default());
                let is_grpc = setting.starts_with("grpc_clients.");
                // A provider on the internet has a domain.
                if !(is_grpc || of_http(setting)) || is_provider(&caller.name, setting) {
                    continue;
                }
                found += 1;
                let port = client.port.unwrap();
                let known = services.iter().find(|service| {
                    service.name == host
                        && service.ports.contains(&port)
                        && service.is_headless == is_grpc
                });
                let Some(ClientService { selected, .. }) = known else {
                    panic!("{}: {setting}: {host}:{port}", caller.name);
                };
                let (egress, ingress) = (policy(&caller.name), policy(selected));
                let to = format!(
                    "to: [{}]\n      ports: [{{protocol: TCP, port: {port}}}]",
                    pods(selected)
                );
                assert!(egress.contains(&to), "{to}: {egress}");
                assert!(ingress.contains(&pods(&caller.name)), "{ingress}");
                // A private authority issues the certificates of services inside a platform.
                let section = match setting.rsplit_once('.') {
                    Some((section, _)) => section,
                    None => "clients.auth",
                };
                let authority = caller.values.get(&format!("{section}.tls.ca"));
                assert!(authority.is_some(), "{}: {section}", caller.name);
            }
        }
    }
    assert!(found > 20, "{found}");
}

fn is_provider(service: &str, setting: &str) -> bool {
    PROVIDERS.contains(&(service, setting))
}

#[test]
fn unused_provider_has_no_egress_rule_ship_3() {
    let mut facts = join();
    facts.dependencies.push(Dependency {
        setting: "sms.url".to_owned(),
        scheme: Some("https".to_owned()),
        host: Some("control.example.org".to_owned()),
        port: Some(8443),
    });
    let policy = |overlay: &str| {
        let overlay = Overlay::read(overlay).unwrap();
        let files = render(&[facts.clone()], &overlay).unwrap();
        files["kubernetes/base/join-service/network.yaml"].clone()
    };
    assert!(policy("").contains("port: 8443"));
    let unused = policy("[addresses.join-service]\n\"sms.url\" = \"unused\"\n");
    assert!(!unused.contains("port: 8443"), "{unused}");
}

/// Sentinels name the server with the data, whose address is not in the settings.
#[test]
fn servers_that_sentinels_name_have_egress_ship_3() {
    let mut facts = join();
    for host in ["a.example.org", "b.example.org"] {
        facts.dependencies.push(Dependency {
            setting: "cache.redis.address".to_owned(),
            scheme: Some("rediss+sentinel".to_owned()),
            host: Some(host.to_owned()),
            port: Some(26379),
        });
    }
    let rendered = |address: &str| {
        let overlay = match address {
            "" => Overlay::default(),
            address => {
                let line = format!("\"cache.redis.address\" = \"{address}\"\n");
                Overlay::read(&format!("[addresses.join-service]\n{line}")).unwrap()
            }
        };
        let files = render(&[facts.clone()], &overlay).map_err(|error| error.to_string())?;
        let policy = &files["kubernetes/base/join-service/network.yaml"];
        let has = |port: u16| policy.contains(&format!("port: {port}}}"));
        Ok::<_, String>([26379, 6379, 6380, 6381].map(has))
    };
    assert_eq!(rendered(""), Ok([true, true, false, false]));
    let several = rendered("redis-0.example.org:6380, redis-1.example.org:6381");
    assert_eq!(several, Ok([true, false, true, true]));
    let error = rendered("redis-0.example.org:6380,redis-1").unwrap_err();
    assert!(error.contains("[addresses.join-service]"), "{error}");
}

#[test]
fn unknown_address_of_a_secret_is_rejected_ship_3() {
    let mut facts = join();
    facts.dependencies.push(Dependency {
        setting: "rate_limit.redis.address".to_owned(),
        scheme: None,
        host: None,
        port: None,
    });
    let error = render(&[facts.clone()], &Overlay::default()).unwrap_err();
    assert!(
        error.to_string().contains("[addresses.join-service]"),
        "{error}"
    );
    let overlay = "[addresses.join-service]\n\"rate_limit.redis.address\" = \"redis:6380\"\n";
    let files = render(&[facts], &Overlay::read(overlay).unwrap()).unwrap();
    assert!(files["kubernetes/base/join-service/network.yaml"].contains("port: 6380"));
}

#[test]
fn callers_match_by_the_name_of_the_service_ship_3() {
    let deploy = repository().join("platforms/tutoring/deploy");
    let facts = facts(&deploy);
    let files = render(&facts, &overlay(&deploy)).unwrap();
    let policy = |name: &str| &files[&format!("kubernetes/base/{name}/network.yaml")];
    let pods =
        |name: &str| format!("{{podSelector: {{matchLabels: {{seaworthy.dev/network: {name}}}}}}}");
    let gateway = "tutoring-gateway";
    assert!(facts.len() > 10);
    for service in facts.iter().filter(|service| service.name != gateway) {
        let name = &service.name;
        let (ingress, _) = policy(name).split_once("  egress:\n").unwrap();
        assert!(ingress.contains(&pods(gateway)), "{name}: {ingress}");
        let (_, egress) = policy(gateway).split_once("  egress:\n").unwrap();
        assert!(egress.contains(&pods(name)), "{name}: {egress}");
    }
    // The authentication service does not call the profiles of students.
    let (ingress, _) = policy("tutoring-student")
        .split_once("  egress:\n")
        .unwrap();
    assert!(!ingress.contains("tutoring-student-auth"), "{ingress}");
}

#[test]
fn loopback_listener_is_rejected_ship_3() {
    let mut facts = join();
    facts.listeners[0].ip = "127.0.0.1".to_owned();
    let error = render(&[facts], &Overlay::default()).unwrap_err();
    assert!(
        error.to_string().contains("server.http.addr=0.0.0.0:"),
        "{error}"
    );
}
