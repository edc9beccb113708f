//! Requests and limits of pods.

use seaworthy_deploy::{Overlay, render};

use crate::sample::join;

/// A default must not look like a measurement.
#[test]
fn manifest_separates_measured_requests_from_defaults_ship_3() {
    const CPU: &str = "cpu_millicores = 200\n";
    const MEMORY: &str = "memory_mib = 130\n";
    for (usage, comment, requests) in [
        (
            "",
            "# The requests of CPU and memory are defaults,",
            r#"cpu: "100m", memory: "128Mi""#,
        ),
        (
            CPU,
            "# The CPU request follows the measured use in overlay.toml. The memory request is a default.",
            r#"cpu: "290m", memory: "128Mi""#,
        ),
        (
            MEMORY,
            "# The memory request follows the measured use in overlay.toml. The CPU request is a default.",
            r#"cpu: "100m", memory: "176Mi""#,
        ),
        (
            &[CPU, MEMORY].concat(),
            "# The requests of CPU and memory follow the measured use in overlay.toml.",
            r#"cpu: "290m", memory: "176Mi""#,
        ),
    ] {
        let overlay = Overlay::read(&format!("[usage.join-service]\n{usage}")).unwrap();
        let files = render(&[join()], &overlay).unwrap();
        let text = &files["kubernetes/base/join-service/deployment.yaml"];
        assert!(text.contains(comment), "{usage}: {text}");
        assert!(text.contains(requests), "{usage}: {text}");
    }
}

#[test]
fn resources_follow_the_measured_use_ship_3() {
    let resources = |overlay: &str| {
        let files = render(&[join()], &Overlay::read(overlay).unwrap()).unwrap();
        ["deployment.yaml", "migrate.yaml"].map(|file| {
            let text = &files[&format!("kubernetes/base/join-service/{file}")];
            let (_, requests) = text.split_once("requests: {").unwrap();
            let (_, limits) = text.split_once("limits: {").unwrap();
            [requests, limits].map(|text| text.split_once(", ephemeral").unwrap().0.to_owned())
        })
    };
    let pair = |requests: &str, limits: &str| {
        let both = [requests.to_owned(), limits.to_owned()];
        [both.clone(), both]
    };
    assert_eq!(
        resources(""),
        pair(r#"cpu: "100m", memory: "128Mi""#, r#"memory: "256Mi""#)
    );
    // 200 is 70 % of 286. 130 MiB and a quarter are 162.5 MiB.
    assert_eq!(
        resources("[usage.join-service]\ncpu_millicores = 200\nmemory_mib = 130\n"),
        pair(r#"cpu: "290m", memory: "176Mi""#, r#"memory: "352Mi""#)
    );
    assert_eq!(
        resources("[usage.other]\ncpu_millicores = 200\nmemory_mib = 130\n"),
        resources("")
    );
}
