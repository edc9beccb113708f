//! A variable that is needed and not given.

use crate::model::facts::EnvironmentRead;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.variable-never-set",
        title: "The code needs a variable that its deployment does not set",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "The code ends when a variable is not set (`os.environ[\"X\"]` at the top of a Python module, `env::var(\"X\").expect(…)` in Rust), a workload lists the variables of the service in full, and this one is not among them, nor in the image.",
        why: "The container ends at once, in an environment that nobody tried.",
        fix: &[(
            "any",
            "Set it in the deployment, from a secret when it is one.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let (variables, complete) = service.variables();
    if variables.is_empty() {
        return Vec::new();
    }
    service
        .facts
        .of::<EnvironmentRead>()
        .deployed()
        .filter(|read| read.required)
        .filter_map(|read| {
            let name = read.name.known()?;
            let stage = service
                .image
                .as_ref()
                .and_then(|image| image.final_stage(service.target.as_deref()));
            let set = variables.iter().any(|variable| variable.name == *name)
                || stage.is_some_and(|stage| stage.environment.iter().any(|(own, _)| own == name));
            Some(if set {
                Outcome::passed(format!("`{name}` is set"), Some(&read.at))
            } else if !complete {
                Outcome::unknown(format!(
                    "`{name}` may be set by a file or a reference of the deployment"
                ))
            } else {
                Breach::new(
                    read.at.clone(),
                    Confidence::Medium,
                    format!(
                        "`{name}` must be set, and no deployment of `{}` does",
                        service.name
                    ),
                )
                .into()
            })
        })
        .collect()
}
