//! Requests and limits of pods.

use seaworthy_deploy::{Overlay, render};

use crate::sample::join;

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
