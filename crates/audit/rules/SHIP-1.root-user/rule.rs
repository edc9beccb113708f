//! The container runs as root.

use crate::model::facts::{Image, Stage};
use crate::model::{Model, Resolution, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity, start_of_image,
};
use crate::source::Located;

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-1.root-user",
        title: "The container runs as root",
        severity: Severity::Low,
        category: Category::Operations,
        meaning: "The shipped stage and the stages that it is built on set no user other than root. The base image is not known to set one, no entrypoint drops privileges, and no Kubernetes workload of the service sets a user. Low confidence if the user of the base image is not known.",
        why: "An attacker who escapes from the process is root in the container, and needs only one kernel vulnerability to control the host.",
        fix: &[(
            "any",
            "Create a user in the final stage and switch to it: `RUN adduser --system app` and `USER app`, or use a base image that ends in `nonroot`. Files that the service writes must belong to that user.",
        )],
        references: &[
            "https://docs.docker.com/build/building/best-practices/#user",
            "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
        ],
    },
    check: Check::Service(check),
};

/// Base images that already name an unprivileged user.
const NON_ROOT_BASES: &[&str] = &[
    "nonroot",
    "rootless",
    "unprivileged",
    "bitnami/",
    "chainguard/",
    "cgr.dev/",
];
/// Base images of programs whose own entrypoint drops privileges.
const DROPS_PRIVILEGES: &[&str] = &[
    "postgres",
    "mysql",
    "mariadb",
    "redis",
    "mongo",
    "rabbitmq",
    "nginx",
    "httpd",
    "elasticsearch",
    "memcached",
    "consul",
    "vault",
];
/// Public base images known to run as root.
const ROOT_BASES: &[&str] = &[
    "alpine",
    "debian",
    "ubuntu",
    "busybox",
    "scratch",
    "golang",
    "node",
    "python",
    "openjdk",
    "eclipse-temurin",
    "amazoncorretto",
    "rust",
    "ruby",
    "php",
    "fedora",
    "centos",
    "rockylinux",
    "almalinux",
    "amazonlinux",
    "maven",
    "gradle",
    "gcr.io/distroless",
    "oven/bun",
    "denoland/deno",
];
/// Programs that switch to another user and then become the service.
const SWITCHERS: &[&str] = &["gosu", "su-exec", "setpriv", "s6-setuidgid", "runuser"];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(image) = &service.image else {
        return Vec::new();
    };
    let Some(stage) = image.final_stage(service.target.as_deref()) else {
        return Vec::new();
    };
    let at = |span| {
        model
            .files
            .get(&image.at.path)
            .map(|found| found.file.location(span, None))
    };
    match image.user(service.target.as_deref()) {
        Resolution::Unknown(reason) => return vec![Outcome::unknown(reason)],
        Resolution::Known((user, span)) => {
            let name = user.split(':').next().unwrap_or(&user);
            if name != "root" && name != "0" {
                return vec![Outcome::passed(
                    format!("the image runs as `{user}`"),
                    at(span).as_ref(),
                )];
            }
            if let Some(kept) = kept_elsewhere(model, service, image, stage) {
                return vec![kept];
            }
            return at(span)
                .map(|at| {
                    Breach::new(
                        at,
                        Confidence::High,
                        "the last `USER` of the shipped stage is root",
                    )
                    .into()
                })
                .into_iter()
                .collect();
        }
        Resolution::Absent => {}
    }
    if let Some(kept) = kept_elsewhere(model, service, image, stage) {
        return vec![kept];
    }
    let lineage = image.lineage(stage);
    let base = lineage
        .last()
        .map_or("", |stage| stage.base.as_str())
        .to_lowercase();
    let named = |list: &[&str]| list.iter().any(|name| base.contains(name));
    if named(NON_ROOT_BASES) {
        return vec![Outcome::passed(
            format!("the base image `{base}` runs as another user"),
            at(stage.span.clone()).as_ref(),
        )];
    }
    // A stage that only holds files, for `docker build --output`, never runs.
    let runs = |stage: &&Stage| !stage.entrypoint.is_empty() || !stage.command.is_empty();
    if base == "scratch" && !lineage.iter().any(runs) {
        return Vec::new();
    }
    let repository = base.split(['@', ':']).next().unwrap_or(&base);
    let repository = repository.strip_prefix("docker.io/").unwrap_or(repository);
    let repository = repository.strip_prefix("library/").unwrap_or(repository);
    let last = repository.rsplit('/').next().unwrap_or(repository);
    if DROPS_PRIVILEGES.contains(&last) && stage.entrypoint.is_empty() {
        return vec![Outcome::unknown(format!(
            "the entrypoint of `{base}` may drop privileges"
        ))];
    }
    if !ROOT_BASES
        .iter()
        .any(|name| repository == *name || repository.starts_with(&format!("{name}/")))
    {
        let evidence =
            format!("the shipped stage sets no `USER`, and the user of `{base}` is not known here");
        return at(stage.span.clone())
            .map(|at| {
                Breach::review(at, evidence)
                    .related(start_of_image(model, &image.at.path))
                    .into()
            })
            .into_iter()
            .collect();
    }
    at(stage.span.clone())
        .map(|at| {
            Breach::new(
                at,
                Confidence::High,
                format!("the shipped stage sets no `USER`, and `{base}` runs as root"),
            )
            .related(start_of_image(model, &image.at.path))
            .into()
        })
        .into_iter()
        .collect()
}

/// Whether the repository holds a script, and the script switches to no other user.
fn is_read_without_switch(
    model: &Model,
    service: &Service,
    image: &Located<Image>,
    script: &str,
) -> bool {
    let name = script.rsplit('/').next().unwrap_or(script);
    let folder = image
        .at
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let contexts = service
        .compose
        .iter()
        .filter_map(|entry| entry.context.as_deref());
    std::iter::once(folder).chain(contexts).any(|folder| {
        let path = if folder.is_empty() {
            name.to_owned()
        } else {
            format!("{folder}/{name}")
        };
        model.files.get(path.as_str()).is_some_and(|found| {
            let text = &found.file.text;
            !SWITCHERS.iter().any(|switcher| text.contains(switcher))
                && !["su ", "runuser", "chroot", "sudo -u"]
                    .iter()
                    .any(|other| text.contains(other))
        })
    })
}

/// Whether the workloads or the entrypoint name another user.
fn kept_elsewhere(
    model: &Model,
    service: &Service,
    image: &Located<Image>,
    stage: &Stage,
) -> Option<Outcome> {
    let commands = stage.entrypoint.iter().chain(&stage.command);
    if let Some(switcher) = commands
        .clone()
        .find(|word| SWITCHERS.contains(&word.as_str()))
    {
        return Some(Outcome::passed(
            format!("the entrypoint switches the user with `{switcher}`"),
            None,
        ));
    }
    let script = commands
        .into_iter()
        .find(|word| word.ends_with("entrypoint.sh") || word.ends_with("docker-entrypoint"));
    if script.is_some_and(|script| !is_read_without_switch(model, service, image, script)) {
        return Some(Outcome::unknown(
            "the entrypoint script may drop privileges",
        ));
    }
    let containers: Vec<_> = service
        .workloads
        .iter()
        .flat_map(|workload| &workload.containers)
        .collect();
    if containers
        .iter()
        .any(|container| container.runs_as_non_root.is_unknown())
    {
        return Some(Outcome::unknown(
            "a template of the workload may set the user",
        ));
    }
    let all = !containers.is_empty()
        && containers
            .iter()
            .all(|container| container.runs_as_non_root == Resolution::Known(true));
    all.then(|| {
        Outcome::passed(
            "the workload runs as another user",
            service.workloads.first().map(|workload| &workload.at),
        )
    })
}
