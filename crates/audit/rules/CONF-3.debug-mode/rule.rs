//! Debug mode is enabled in the code.

use crate::model::facts::{Practice, SwitchArgument, SwitchParameter};
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-3.debug-mode",
        title: "Debug mode is enabled in the code",
        severity: Severity::High,
        category: Category::Configuration,
        meaning: "Flask runs with `debug=True` (low under `if __name__ == \"__main__\"`), FastAPI is created with it, or Django settings set `DEBUG = True`. Django settings for development are excluded. Low confidence for a Gin server without release mode, and for a literal `true` that a call passes to a parameter such as `debug`.",
        why: "Error pages show tracebacks and settings. The Flask console lets any visitor run code.",
        fix: &[(
            "any",
            "Read the flag from the environment, with `False` as the default. Make startup fail in production if it is true.",
        )],
        references: &["https://docs.djangoproject.com/en/stable/ref/settings/#debug"],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = observed(service, Practice::DebugMode);
    let parameters = service.facts.of::<SwitchParameter>();
    let arguments = service.facts.of::<SwitchArgument>();
    outcomes.extend(arguments.deployed().filter_map(|argument| {
        let switch = parameters.deployed().find(|parameter| {
            parameter.function == argument.function && parameter.index == argument.index
        })?;
        let evidence = format!(
            "a literal switches `{}` of `{}` on in every environment",
            switch.name, switch.function
        );
        Some(
            Breach::review(argument.at.clone(), evidence)
                .related(std::iter::once(switch.at.clone()))
                .into(),
        )
    }));
    outcomes
}
