//! The deployment omits a variable that the code requires.

use crate::model::facts::EnvironmentRead;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.variable-never-set",
        title: "The deployment omits a variable that the code requires",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "The code exits if a variable is not set (`os.environ[\"X\"]` at the top level of a Python module, `env::var(\"X\").expect(…)` in Rust). A workload lists all variables of the service, and neither the workload nor the image sets this one.",
        why: "The container exits at startup.",
        fix: &[(
            "any",
            "Set the variable in the deployment. Use a secret reference if it is sensitive.",
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
                    "a file or reference of the deployment may set `{name}`"
                ))
            } else {
                Breach::new(
                    read.at.clone(),
                    Confidence::Medium,
                    format!(
                        "the code requires `{name}`, and no deployment of `{}` sets it",
                        service.name
                    ),
                )
                .into()
            })
        })
        .collect()
}
