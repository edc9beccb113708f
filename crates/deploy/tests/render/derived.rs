//! The derived values of every service of every platform: a changed fact changes its file.

use seaworthy_deploy::{Files, Overlay, render};
use seaworthy_facts::Facts;

use crate::sample::{facts, overlay, platforms};

/// The first of the ports that no service has.
const PORT: u16 = 7_100;
/// The address of a server that the service does not use.
const UNUSED: &str = "unused";

/// A service of a platform, rendered without the others.
struct Service {
    facts: Facts,
    overlay: Overlay,
    before: Files,
}

impl Service {
    fn new(facts: Facts, overlay: &Overlay) -> Self {
        let overlay = Overlay {
            // The other services of the platform.
            public: Vec::new(),
            ..overlay.clone()
        };
        Self {
            before: render(std::slice::from_ref(&facts), &overlay).unwrap(),
            facts,
            overlay,
        }
    }

    /// Returns a file before and after a change of the facts. `NAME` in the path is the service.
    fn change(&self, path: &str, change: impl FnOnce(&mut Facts)) -> [String; 2] {
        let path = path.replace("NAME", &self.facts.name);
        let mut facts = self.facts.clone();
        change(&mut facts);
        let after = render(&[facts], &self.overlay).unwrap();
        [&self.before, &after].map(|files| files[&path].clone())
    }

    /// Asserts that each text is in the file only after the change.
    #[track_caller]
    fn assert_appear(&self, path: &str, texts: &[String], change: impl FnOnce(&mut Facts)) {
        let name = &self.facts.name;
        let [before, after] = self.change(path, change);
        for text in texts {
            assert!(!before.contains(text), "{name}: {text}: {before}");
            assert!(after.contains(text), "{name}: {text}: {after}");
        }
    }
}

/// Returns the services of all platforms.
fn services() -> Vec<Service> {
    let mut all = Vec::new();
    for deploy in platforms() {
        let overlay = overlay(&deploy);
        let services = facts(&deploy).into_iter();
        all.extend(services.map(|facts| Service::new(facts, &overlay)));
    }
    all
}

/// Returns the new port of the listener or the dependency with this number.
fn port(number: usize) -> u16 {
    PORT + u16::try_from(number).unwrap()
}

#[test]
fn ports_and_probes_of_every_service_are_facts_ship_3() {
    const DEPLOYMENT: &str = "kubernetes/base/NAME/deployment.yaml";
    for service in services() {
        let numbers = 0..service.facts.listeners.len();
        let ports: Vec<_> = numbers
            .map(|number| format!("containerPort: {}", port(number)))
            .collect();
        let change_ports = |facts: &mut Facts| {
            for (number, listener) in facts.listeners.iter_mut().enumerate() {
                listener.port = port(number);
            }
        };
        service.assert_appear(DEPLOYMENT, &ports, change_ports);
        let admin = |facts: &mut Facts| {
            let mut listeners = facts.listeners.iter_mut();
            listeners.find(|it| it.name == "admin").unwrap().port = PORT;
        };
        let monitor = "kubernetes/base/NAME/monitor.yaml";
        service.assert_appear(monitor, &[format!("port: {PORT}")], admin);

        let paths = ["/new-startup", "/new-ready", "/new-live"];
        service.assert_appear(
            DEPLOYMENT,
            &paths.map(|path| format!("path: {path}")),
            |facts| {
                let probes = &mut facts.probes;
                let probes = [&mut probes.startup, &mut probes.ready, &mut probes.live];
                for (probe, path) in probes.into_iter().zip(paths) {
                    path.clone_into(&mut probe.path);
                }
            },
        );
        let seconds = [
            "terminationGracePeriodSeconds: 707",
            "failureThreshold: 808",
        ];
        service.assert_appear(DEPLOYMENT, &seconds.map(str::to_owned), |facts| {
            facts.lifecycle.total_timeout_ms = 702_000;
            facts.lifecycle.connect_timeout_ms = 808_000;
        });
        let [before, after] = service.change(DEPLOYMENT, |facts| {
            facts.listeners.iter_mut().for_each(|it| it.tls = !it.tls);
        });
        assert_ne!(before, after, "{}: TLS", service.facts.name);
    }
}

#[test]
fn dependencies_of_every_service_are_facts_ship_3() {
    for service in services() {
        let facts = &service.facts;
        let addresses = service.overlay.addresses.get(&facts.name);
        let is_used = |setting: &str| {
            let address = addresses.and_then(|addresses| addresses.get(setting));
            address.is_none_or(|address| address != UNUSED)
        };
        let used = facts.dependencies.iter().enumerate();
        let ports: Vec<_> = used
            .filter(|(_, dependency)| is_used(&dependency.setting))
            .map(|(number, _)| format!("port: {}", port(number)))
            .collect();
        service.assert_appear("kubernetes/base/NAME/network.yaml", &ports, |facts| {
            for (number, dependency) in facts.dependencies.iter_mut().enumerate() {
                dependency.port = Some(port(number));
            }
        });
    }
}

#[test]
fn settings_of_every_service_are_facts_ship_3() {
    const SETTINGS: &str = "kubernetes/base/NAME/prerequisites.yaml";
    for service in services() {
        let value = |number: usize| format!("new-value-{number}-");
        let values: Vec<_> = (0..service.facts.values.len()).map(value).collect();
        service.assert_appear(SETTINGS, &values, |facts| {
            for (number, setting) in facts.values.values_mut().enumerate() {
                *setting = value(number).into();
            }
        });
        let profile = ["config.new-profile.yaml".to_owned()];
        service.assert_appear(SETTINGS, &profile, |facts| {
            "new-profile".clone_into(&mut facts.profile);
        });
        let version = ["new-version".to_owned()];
        service.assert_appear("kubernetes/base/NAME/deployment.yaml", &version, |facts| {
            "new-version".clone_into(&mut facts.version);
        });
    }
}

#[test]
fn metrics_and_workers_of_every_service_are_facts_obs_9() {
    for service in services() {
        let facts = &service.facts;
        let mut found = 0;
        for path in ["grafana/NAME.json", "prometheus/NAME.rules.yaml"] {
            let [before, after] = service.change(path, |facts| facts.metrics.clear());
            for metric in &facts.metrics {
                found += usize::from(before.contains(&metric.name));
                let name = &metric.name;
                assert!(!after.contains(name), "{}: {name}: {after}", facts.name);
            }
        }
        assert!(found > 20, "{}: {found}", facts.name);
        if !facts.workers.is_empty() {
            // Three missed intervals.
            let late = ["> 2331".to_owned()];
            service.assert_appear("prometheus/NAME.rules.yaml", &late, |facts| {
                let workers = facts.workers.iter_mut();
                workers.for_each(|it| it.max_gap_seconds = Some(777));
            });
        }
    }
}
