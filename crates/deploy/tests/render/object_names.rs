//! The names and labels of rendered objects.

use seaworthy_deploy::{Files, Overlay, render};
use seaworthy_facts::Facts;

use crate::sample::{files, join};

/// Returns the names of the objects of a kind.
fn names<'a>(files: &'a Files, kind: &str) -> Vec<&'a str> {
    let texts = files
        .iter()
        .filter(|(path, _)| path.starts_with("kubernetes/base/"));
    let objects = texts.flat_map(|(_, text)| text.split("\n---\n"));
    let named = objects.filter(|text| text.contains(&format!("kind: {kind}\n")));
    named
        .filter_map(|text| {
            let (_, name) = text.split_once("name: ")?;
            name.split([',', '\n', '}']).next()
        })
        .collect()
}

/// A rollback applies an earlier pod template, and its ConfigMap must still have the same settings.
#[test]
fn changed_settings_rename_config_map_and_job_ship_3() {
    let before = files(join());
    let mut facts = join();
    let value = facts
        .values
        .insert("waitlist.max_length".to_owned(), 7.into());
    assert!(value.is_none());
    let after = files(facts);
    let mut used = Vec::new();
    for files in [&before, &after] {
        let known = names(files, "ConfigMap").into_iter();
        let name = known.last().unwrap();
        assert!(name.starts_with("join-service-"), "{name}");
        let reference = format!("configMap: {{name: {name}}}");
        for file in ["deployment.yaml", "migrate.yaml"] {
            let text = &files[&format!("kubernetes/base/join-service/{file}")];
            assert!(text.contains(&reference), "{reference}: {text}");
        }
        used.push((name, names(files, "Job")[0]));
    }
    assert!(used[0].0 != used[1].0 && used[0].1 != used[1].1, "{used:?}");
    assert_eq!(names(&before, "Deployment"), names(&after, "Deployment"));
    assert_eq!(before, files(join()));
}

#[test]
fn changed_pod_renames_job_within_length_limit_ship_3() {
    let job = |change: fn(&mut Facts), overlay: &str| {
        let mut facts = join();
        change(&mut facts);
        let files = render(&[facts], &Overlay::read(overlay).unwrap()).unwrap();
        names(&files, "Job")[0].to_owned()
    };
    let usage = "[usage.join-service]\ncpu_millicores = 999\nmemory_mib = 999\n";
    assert_ne!(job(|_| (), ""), job(|_| (), usage));
    let long = job(
        |it| it.version = "10.20.30-beta.4+build.5678".to_owned(),
        "",
    );
    assert!(long.len() <= 63, "{long}");
}

/// Operators delete ConfigMaps of earlier settings by the name label of the service.
#[test]
fn dashboard_is_not_among_the_settings_of_a_service_ship_3() {
    let files = files(join());
    for (file, name) in [
        ("prerequisites", "join-service}"),
        ("dashboard", "join-service-dashboard,"),
    ] {
        let text = &files[&format!("kubernetes/base/join-service/{file}.yaml")];
        let label = format!("labels: {{app.kubernetes.io/name: {name}");
        assert!(text.contains(&label), "{label}: {text}");
    }
}
