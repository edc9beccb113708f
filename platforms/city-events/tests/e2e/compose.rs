//! The compose file and the images of the platform. Each service tests that its variables are
//! valid settings.

use std::{collections::BTreeSet, path::Path};

use seaworthy_testkit::compose::Compose;

const SERVICES: [&str; 8] = [
    "auth",
    "event",
    "join",
    "feed",
    "email",
    "media",
    "media-worker",
    "bff",
];

#[test]
fn compose_file_runs_every_service_restricted_ship_2() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compose = Compose::read(&home.join("compose.yaml"));
    assert_eq!(compose.violations(&SERVICES), Vec::<String>::new());
    for service in SERVICES {
        assert!(home.join(service).join("src/main.rs").exists(), "{service}");
        let built = &compose.services()[service]["build"]["args"]["SERVICE"];
        assert_eq!(built, service);
    }
    // Only the gateway, the mailbox and the pictures are published.
    let published: BTreeSet<String> = compose
        .services()
        .into_iter()
        .filter(|(_, service)| {
            service["ports"]
                .as_array()
                .is_some_and(|ports| !ports.is_empty())
        })
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        published,
        ["bff", "email", "media"].map(str::to_owned).into()
    );
}

#[test]
fn images_set_the_production_profile_conf_3() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = |file: &str| {
        let text = std::fs::read_to_string(home.join(file)).unwrap();
        // Variables of the build stage are not in the image.
        text.rsplit_once("\nFROM ").unwrap().1.to_owned()
    };
    let city_events = shipped("Dockerfile");
    for service in SERVICES {
        let name = match service {
            "bff" => "BFF".to_owned(),
            "media-worker" => "MEDIA_WORKER".to_owned(),
            service => format!("{}_SERVICE", service.to_uppercase()),
        };
        let set = format!("{name}__PROFILE=production");
        assert!(city_events.contains(&set), "{set}");
    }
    let symbols = shipped("../symbols/Dockerfile");
    for name in ["SYMBOL_SERVICE", "SYMBOL_WORKER"] {
        let set = format!("{name}__PROFILE=production");
        assert!(symbols.contains(&set), "{set}");
    }
}
