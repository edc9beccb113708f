//! The compose file and the images of the platform. Each service tests that its variables are
//! valid settings.

use std::{collections::BTreeSet, path::Path};

use seaworthy_testkit::compose::Compose;

const SERVICES: [&str; 12] = [
    "admin",
    "analytics",
    "booking",
    "chat",
    "course",
    "gateway",
    "notification",
    "payment",
    "student",
    "student-auth",
    "trainer",
    "trainer-auth",
];

#[test]
fn compose_file_runs_every_service_restricted_ship_2() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compose = Compose::read(&home.join("compose.yaml"));
    assert_eq!(compose.violations(&SERVICES), Vec::<String>::new());
    let services = compose.services();
    for service in SERVICES {
        assert!(home.join(service).join("src/main.rs").exists(), "{service}");
        assert_eq!(services[service]["build"]["args"]["SERVICE"], service);
    }
    // Only the gateway, the mailboxes, the documents and the attachments are published.
    let published: BTreeSet<_> = services
        .iter()
        .filter(|(_, service)| {
            let ports = service["ports"].as_array();
            ports.is_some_and(|ports| !ports.is_empty())
        })
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        published,
        ["chat", "course", "gateway", "student-auth", "trainer-auth"].into()
    );
}

#[test]
fn images_set_the_production_profile_conf_3() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile");
    let text = std::fs::read_to_string(file).unwrap();
    // Variables of the build stage are not in the image.
    let shipped = text.rsplit_once("\nFROM ").unwrap().1;
    for service in SERVICES {
        let name = service.replace('-', "_").to_uppercase();
        let set = format!("TUTORING_{name}__PROFILE=production");
        assert!(shipped.contains(&set), "{set}");
    }
}
